package message

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want string
	}{
		{ConfigChanged.With("admin on vty0 (10.0.0.5)"), "%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.5)"},
		{LinkUpDown.With("GigabitEthernet0/0", "down"), "%LINK-3-UPDOWN: Interface GigabitEthernet0/0, changed state to down"},
		{DHCPHighUtil.With("VOICE", 200, 250, 80), `%DHCPD-6-HIGH_UTIL: Pool "VOICE" is in high utilization state (200 addresses used out of 250). Threshold set at 80%.`},
		{Message{}, ""},
	} {
		if got := c.m.String(); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}

var verb = regexp.MustCompile(`%[sdqvx]`)

// TestCatalogue: every entry is whole, its tag is its own, and its text takes
// plain arguments.
func TestCatalogue(t *testing.T) {
	tag := regexp.MustCompile(`^[A-Z][A-Z0-9_]*-[0-7]-[A-Z][A-Z0-9_]*$`)
	seen := map[string]bool{}
	for _, e := range All() {
		if !tag.MatchString(e.Tag()) || seen[e.Tag()] {
			t.Errorf("%s: not a tag, or used twice", e.Tag())
		}
		seen[e.Tag()] = true
		if e.Text == "" || e.Explanation == "" || e.Action == "" {
			t.Errorf("%s: text, explanation or action is missing", e.Tag())
		}
		for _, s := range []string{e.Explanation, e.Action} {
			if !strings.HasSuffix(s, ".") || strings.Contains(s, "\n") {
				t.Errorf("%s: not whole sentences on one line: %q", e.Tag(), s)
			}
		}
		var args []any
		for _, v := range verb.FindAllString(e.Text, -1) {
			if v == "%d" {
				args = append(args, 7)
			} else {
				args = append(args, "x")
			}
		}
		if m := e.With(args...).String(); strings.Contains(m, "%!") || !strings.HasPrefix(m, "%"+e.Tag()+": ") {
			t.Errorf("%s: its text does not take its arguments: %q", e.Tag(), m)
		}
	}
}

func TestFixedAnswers(t *testing.T) {
	if got := fmt.Sprintf(Ambiguous, "sh i"); got != `% Ambiguous command:  "sh i"` {
		t.Errorf("got %q", got)
	}
}
