package grammar

import (
	"strings"
	"testing"
)

// FuzzLine: nothing an operator can type makes the engine panic, loop, or point
// outside the line; what matches can be written and read back.
func FuzzLine(f *testing.F) {
	for _, s := range []string{
		"show ip interface gi 0/0 brief", "no ip http port 80", `name "a b" label "c`, "option 150 ip 10.0.0.1 10.0.0.2",
		"number 1 sec 2 lab x n b", "description  a | b ", "access 60 deny", "def ip ht", "\x00\xff", "! x", "ping 10.0.0", "speed 10h",
		"show ip dhcp pool V", strings.Repeat("a ", 300), "sh ver | i a|b",
	} {
		f.Add(s, 15)
	}
	exec, config := declare(f, execText), declare(f, configText)
	f.Fuzz(func(t *testing.T, line string, level int) {
		for _, g := range []*Graph{exec, config} {
			m := g.Match(line, level)
			if m.Offset < 0 || m.Offset > len(line) || m.Kind == Invalid && m.Offset >= len(line) {
				t.Errorf("%q: caret at %d", line, m.Offset)
			}
			if (m.Kind == OK) != (m.Syntax != nil) || m.Kind == OK && m.Args == nil {
				t.Errorf("%q: %+v", line, m)
			}
			if m.Kind == OK {
				text, err := m.Syntax.RenderForm(m.Form, m.Args)
				if err != nil {
					t.Errorf("%q cannot be written: %v", line, err)
				} else if again := g.Match(text, level); again.Kind != OK || again.Syntax != m.Syntax || again.Form != m.Form {
					t.Errorf("%q is written %q, which is %v", line, text, again.Kind)
				}
			}
			h := g.Help(line, level)
			for _, width := range []int{0, 1, 24, 80} {
				h.Lines(width)
			}
			if h.Kind == OK && len(h.Items)+len(h.Words) == 0 {
				t.Errorf("%q: empty help", line)
			}
			if rest, ok := g.Complete(line, level); ok && (rest == "" || strings.TrimRight(line, blanks) != line) {
				t.Errorf("%q: Tab appends %q", line, rest)
			}
		}
	})
}

// FuzzSyntax: any text is a syntax or an error, and one that is accepted can be
// added, printed, asked and matched against.
func FuzzSyntax(f *testing.F) {
	for _, l := range strings.Split(execText+configText, "\n") {
		if _, syntax, ok := strings.Cut(l, ": "); ok {
			f.Add(syntax, "a b 1")
		}
	}
	f.Add("a [[[b]] {c|d [e]}] ![f] (g|<h:1-9>+3) `|`", "a c d e")
	f.Fuzz(func(t *testing.T, text, line string) {
		s, err := Lawful(text, toyTypes())
		if err != nil {
			return
		}
		if s.String() == "" || len(s.Tokens()) == 0 {
			t.Errorf("%q is nothing", text)
		}
		g := NewGraph()
		if g.Try(s, nil, Options{Negatable: true}) != nil {
			return
		}
		if err := g.Try(s, nil, Options{}); err == nil {
			t.Errorf("%q was added twice", text)
		}
		g.Help(line, 0)
		g.Complete(line, 0)
		if m := g.Match(line, 0); m.Kind == OK {
			if _, err := s.RenderForm(m.Form, m.Args); err != nil {
				t.Errorf("%q: %q: %v", text, line, err)
			}
		}
	})
}
