package grammar

import "testing"

func TestReachAndRelevel(t *testing.T) {
	g := NewGraph()
	for i, c := range []struct {
		text  string
		level int
	}{{`show("s") clock("c")`, 0}, {`show logging("l") [ <n:1-9>("n") ]`, 1}, {`show running-config("r")`, 15}, {`debug("d") tftp("t")`, 15}} {
		g.MustAdd(c.text, nil, i, Options{Level: c.level, Negatable: i == 3})
	}
	for _, c := range []struct {
		line, words string
		n, complete int
	}{{"sh", "show", 3, 0}, {"sh log", "show logging", 1, 1}, {"SHOW LOGGING 3", "show logging 3", 1, 1}, {"deb", "debug", 1, 0},
		{"x", "", 0, 0}, {"", "", 0, 0}, {"show x", "", 0, 0}, {"no debug", "", 0, 0}} {
		words, all, ok := g.Reach(c.line)
		complete := 0
		for _, r := range all {
			if r.Complete {
				complete++
			}
		}
		if len(all) != c.n || complete != c.complete || ok != (c.n > 0) || ok && words != c.words {
			t.Errorf("%q: %q %+v %t", c.line, words, all, ok)
		}
	}
	low := g.Relevel(func(a any, level int) int {
		if a == 2 {
			return 3
		}
		return level
	})
	if low.Match("show running-config", 3).Kind != OK || g.Match("show running-config", 3).Kind != Invalid {
		t.Error("levels leak between graphs, or do not change")
	}
}
