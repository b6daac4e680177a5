package rules

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// private matches paths that exist on one machine only. They are put together
// here so that this file does not contain them.
var private = regexp.MustCompile(`(?:^|[\s"'(=` + "`" + `])(/(?:ho` + `me|Us` + `ers)/[a-z][\w.-]*/|/ro` + `ot/|/wo` + `rk/|[A-Z]:\\Us` + `ers\\)`)

func TestNoPathsOfOneMachine(t *testing.T) {
	dir := topDir(t)
	here := filepath.Dir(dir) + "/"
	if strings.Count(here, "/") < 3 {
		here = "" // "/tmp/" and the like are in everybody's files
	}
	for _, name := range tracked(t) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			continue // not a text
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := private.FindStringSubmatch(line); m != nil {
				t.Errorf("%s:%d: %q is a path of one machine: use a relative path, t.TempDir() or a path of the product", name, i+1, m[1])
			} else if here != "" && strings.Contains(line, here) {
				t.Errorf("%s:%d: contains the directory of this checkout", name, i+1)
			}
		}
	}
}

func TestPrivateIsSeen(t *testing.T) {
	for line, want := range map[string]bool{
		"cd /ho" + "me/anna/src": true, `f("/ro` + `ot/x")`: true, "see /wo" + "rk/main": true,
		"/var/lib/option150": false, "flash:/home/phones/": false, "platform/wo" + "rk/x": false, "https://host/wo" + "rk/": false,
	} {
		if got := private.MatchString(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
