package session_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJSONTyped: as an operator types it. What prints no table refuses, before it
// runs; so does a form of a command that prints none where another does.
func TestJSONTyped(t *testing.T) {
	b := newBox(t)
	o := b.login(15)
	for line, want := range map[string]string{
		"show aliases | j":                         "[\n  {\"alias\": \"h\", \"command\": \"help\"},\n",
		"show aliases | json x":                    "% Invalid input detected",
		"show aliases | json | json":               "% Invalid input detected",
		"show aliases | json |":                    "% Incomplete command.",
		"show aliases | json | include \"resume\"": "| json | include \"resume\"\n  {\"alias\": \"r\", \"command\": \"resume\"},\n",
		"show aliases|json|count alias":            "Number of lines which match regexp = 8\n",
		"show aliases | json | begin where":        "| json | begin where\n  {\"alias\": \"w\", \"command\": \"where\"}\n]\n",
		"show clock | json":                        "| json\n% The output of this command is no table\n",
		"show version | json | include x":          "include x\n% The output of this command is no table\n",
		"show running-config | json":               "| json\n% The output of this command is no table\n",
		"show sessions | json":                     "| json\n[]\n",
	} {
		if got := o.types(t, line); !strings.Contains(got, want) {
			t.Errorf("%s: %q", line, got)
		}
	}
	for typed, has := range map[string]bool{"show aliases | ": true, "show clock | ": false, "show aliases | json | ": false, "show aliases | j": true, "show clock | j": false} {
		if got := o.Help(typed); strings.Contains(got, "json") != has {
			t.Errorf("%s?: %s", typed, got)
		}
	}
	if got := o.Help("show aliases | json "); !strings.Contains(got, "<cr>") || !strings.Contains(got, "| ") {
		t.Error(got)
	}
	if rest, ok := o.Complete("show aliases | js"); rest != "on" || !ok {
		t.Error(rest, ok)
	}
	if _, ok := o.Complete("show clock | js"); ok {
		t.Error("it completes what is refused")
	}
	text := o.types(t, "show aliases | json")
	text = text[strings.Index(text, "[\n"):]
	text = text[:strings.LastIndex(text, "]")+1]
	var all []map[string]string
	if err := json.Unmarshal([]byte(text), &all); err != nil || len(all) != 8 {
		t.Error(err, text)
	}
}
