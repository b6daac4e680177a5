package grammar

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

var byAddr = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// TestCaret holds lines whose column counts the
// prompt, and the examples of facts/ios-cli.md 1.3.
func TestCaret(t *testing.T) {
	exec, config := declare(t, execText), declare(t, configText)
	for _, c := range []struct {
		g            *Graph
		prompt, line string
		level        int
		kind         Kind
		column       int // of the caret
	}{
		{exec, "Router#", "shw clock", 15, Invalid, 9},
		{exec, "Router#", "show ip interfce brief", 15, Invalid, 21},
		{config, "Router(config)#", "ip http port 99999", 15, Invalid, 28},
		{config, "Router(config)#", "ip http port", 15, Incomplete, 0},
		{exec, "Router#", "sh i", 15, Ambiguous, 0},
		{exec, "Router#", "show version extra", 15, Invalid, 20},
		{exec, "Router(config)#do ", "show vesion", 15, Invalid, 25},
		{exec, "Router#", "foo", 15, Invalid, 7},
		{exec, "Router>", "configure terminal", 1, Invalid, 10}, // `connect` is there
		{exec, "Router>", "show running-config", 1, Invalid, 12},
		{exec, "", "show asdf", 15, Invalid, 7},
		{exec, "", "  show\t asdf", 15, Invalid, 10},
		{config, "R1(config)#", "show ip", 15, Invalid, 12}, // `source-interface`, `speed`
		{config, "R1(config)#", "xhow ip", 15, Invalid, 11},
		{config, "R1(config)#", "logging 0255.255.1", 15, Invalid, 19},
		{config, "", "logging bufferd", 15, Invalid, 14},
		{config, "", "no ip http prt", 15, Invalid, 12},
		{config, "", "default ip http port 0", 15, Invalid, 21},
		{config, "", "no foo", 15, Invalid, 3},
		{config, "", "no i", 15, Ambiguous, 0},
		{config, "", "default ip http port x", 15, Invalid, 21},
		{config, "", "no", 15, Incomplete, 0},
		{config, "", "ip dhcp excluded-address 10.0.0.1 10.0.0.9 x", 15, Invalid, 43},
		{config, "", "source-interface fa 0/0", 15, Invalid, 17},
		{config, "", "option 150 ip 10.0.0.1 ten", 15, Invalid, 23},
		{config, "", "option 150 ip 1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4 5.5.5.5 6.6.6.6 7.7.7.7 8.8.8.8 9.9.9.9", 15, Invalid, 78},
		{config, "", "network 10.0.0.0 255.0.255.0", 15, Invalid, 17},
		{config, "", `name "open ended`, 15, Invalid, 5},
		{config, "", "number 1 label a label b", 15, Invalid, 17},
		{config, "", "number 1 no-reg", 15, Incomplete, 0},
		{config, "", "option 150", 15, Incomplete, 0},
		{config, "", "description", 15, Incomplete, 0},
		{config, "", "description a\x01b", 15, Invalid, 12},
		{config, "", "access 7 deny", 15, Invalid, 9},
		{config, "", "access 150 permit", 15, Invalid, 11},
		{config, "", "access 60 log", 15, Invalid, 10},
	} {
		r := c.g.Match(c.line, c.level)
		column := 0
		if r.Kind == Invalid {
			column = len(c.prompt) + r.Offset
		}
		if r.Kind != c.kind || column != c.column {
			t.Errorf("%q: %v at column %d, want %v at %d", c.prompt+c.line, r.Kind, column, c.kind, c.column)
		}
	}
}

func TestMatch(t *testing.T) {
	exec, config := declare(t, execText), declare(t, configText)
	for _, c := range []struct {
		g      *Graph
		line   string
		action string
		form   Form
		full   bool
		args   Args
	}{
		{exec, "show version", "version", Plain, true, Args{}},
		{exec, "SHOW Version", "version", Plain, true, Args{}},
		{exec, "sh ver ", "version", Plain, false, Args{}},
		{exec, "sh ver | i  a|b ", "version", Plain, false, Args{"filter": "i  a|b"}},
		{exec, "show ip int br", "ipint", Plain, false, Args{"brief": "brief"}},
		{exec, "show ip interface gi0/0", "ipint", Plain, true, Args{"if": "GigabitEthernet0/0"}},
		{exec, "show ip interface Gi  0/0 brief", "ipint", Plain, true, Args{"if": "GigabitEthernet0/0", "brief": "brief"}},
		{exec, "sh run int gi0/0", "run", Plain, false, Args{"if": "GigabitEthernet0/0"}},
		{exec, "sh run int GigabitEthernet 0/0", "run", Plain, false, Args{"if": "GigabitEthernet0/0"}},
		{exec, "sh run ALL", "run", Plain, false, Args{"all": "all"}},
		{exec, "show internals", "secret", Plain, true, Args{}},
		{exec, "show int", "secret", Plain, false, Args{}}, // no other `int...`
		{exec, "show inv", "inventory", Plain, false, Args{}},
		{exec, "ping 10.0.0.1", "ping", Plain, true, Args{"addr": addr("10.0.0.1")}},
		{exec, "ping i 10.0.0.1", "ping", Plain, false, Args{"addr": addr("10.0.0.1")}},
		{exec, "ping ipx", "ping", Plain, true, Args{"host": "ipx"}},
		{exec, "ping 10.0.0", "ping", Plain, true, Args{"host": "10.0.0"}},
		{exec, "no debug tftp events", "debug", No, true, Args{}},
		{config, "ip http port 6970", "port", Plain, true, Args{"port": 6970}},
		{config, "ip http port 0080", "port", Plain, true, Args{"port": 80}},
		{config, "no ip http port", "port", No, true, Args{}},
		{config, "no ip http port 80", "port", No, true, Args{"port": 80}},
		{config, "def ip ht po", "port", Default, false, Args{}},
		{config, "ip do", "lookup", Plain, false, Args{}},
		{config, "logging 10.0.0.1", "loghost", Plain, true, Args{"host": addr("10.0.0.1")}},
		{config, "logging host 10.0.0.1", "logging", Plain, true, Args{"host": addr("10.0.0.1")}},
		{config, "logging buffered 2147483647", "logging", Plain, true, Args{"size": 2147483647}},
		{config, "hostname Branch-CME", "hostname", Plain, true, Args{"name": "Branch-CME"}},
		{config, "description  two  blanks\tin  ", "desc", Plain, true, Args{"text": "two  blanks\tin"}},
		{config, "description | ! no default", "desc", Plain, true, Args{"text": "| ! no default"}},
		{config, `name "Front  desk" label x`, "name", Plain, true, Args{"name": "Front  desk", "label": "x"}},
		{config, `name ""`, "name", Plain, true, Args{"name": ""}},
		{config, `name a"b`, "name", Plain, true, Args{"name": `a"b`}},
		{config, "option 150 ip 10.0.0.1 10.0.0.2", "option", Plain, true, Args{"code": 150, "ip": []any{addr("10.0.0.1"), addr("10.0.0.2")}}},
		{config, "option 66 ascii a b", "option", Plain, true, Args{"code": 66, "text": "a b"}},
		{config, "network 10.0.0.0 255.255.255.0", "network", Plain, true, Args{"net": addr("10.0.0.0"), "mask": addr("255.255.255.0")}},
		{config, "network 10.0.0.0", "network", Plain, true, Args{"net": addr("10.0.0.0")}},
		{config, "number 1001 no-reg primary secondary 2002", "dn", Plain, true, Args{"number": "1001", "reg": "no-reg", "which": "primary", "second": "2002"}},
		{config, "number 1001 sec 2 lab x n b", "dn", Plain, false, Args{"number": "1001", "second": "2", "label": "x", "reg": "no-reg", "which": "both"}},
		{config, "speed 10", "speed", Plain, true, Args{"speed": 10}},
		{config, "speed 10h", "speed", Plain, false, Args{"speed": "10half"}},
		{config, "speed a", "speed", Plain, false, Args{"speed": "auto"}},
		{config, "access 7 permit", "acl", Plain, true, Args{"list": 7}},
		{config, "access 60 permit", "acl", Plain, true, Args{"list": 60}},
		{config, "access 60 deny", "acl", Plain, true, Args{"list": 60}},
	} {
		r := c.g.Match(c.line, 15)
		if r.Kind != OK || r.Action != c.action || r.Form != c.form || r.Full != c.full {
			t.Errorf("%q: %v %v %v full %v, want %v %v full %v", c.line, r.Kind, r.Action, r.Form, r.Full, c.action, c.form, c.full)
			continue
		}
		if d := cmp.Diff(c.args, r.Args, byAddr); d != "" {
			t.Errorf("%q: arguments (-want +got)\n%s", c.line, d)
		}
	}
}

// Depth tells whether the parent mode may be tried: the word of a form does
// not count.
func TestDepth(t *testing.T) {
	g := declare(t, configText)
	for line, want := range map[string]int{
		"foo": 0, "no foo": 0, "default foo": 0, "no": 0, "ip foo": 1, "no ip foo": 1, "ip http foo": 2,
		"source-interface gi 0/0 x": 3, "no source-interface gi 0/0 x": 3, "i": 0,
	} {
		if r := g.Match(line, 15); r.Depth != want || r.Kind == OK {
			t.Errorf("%q: %v, depth %d, want %d", line, r.Kind, r.Depth, want)
		}
	}
}

func TestEmpty(t *testing.T) {
	g := declare(t, configText)
	for _, line := range []string{"", " ", "\t ", "!", " ! comment", "!x"} {
		if r := g.Match(line, 15); r.Kind != Empty {
			t.Errorf("%q: %v", line, r.Kind)
		}
	}
	if r := NewGraph().Match("x", 15); r.Kind != Invalid || r.Offset != 0 {
		t.Errorf("empty graph: %+v", r)
	}
}

// Level hides commands, and what is hidden makes nothing ambiguous.
func TestLevel(t *testing.T) {
	g := declare(t, `
		a: show("Show") clock("Time")
		b 15: show configuration("Configuration")
		c: show("Show") clock detail("More")
		d 15: show clock detail all("All")
	`)
	for _, c := range []struct {
		line  string
		level int
		kind  Kind
	}{
		{"show c", 15, Ambiguous}, {"show c", 1, OK}, {"show co", 1, Invalid}, {"show co", 15, OK},
		{"show clock detail all", 1, Invalid}, {"show clock detail all", 15, OK}, {"show", 0, Invalid},
	} {
		if r := g.Match(c.line, c.level); r.Kind != c.kind {
			t.Errorf("%q at %d: %v, want %v", c.line, c.level, r.Kind, c.kind)
		}
	}
	if h := g.Help("show clock detail ", 1); len(h.Items) != 1 || h.Items[0].Name != Enter {
		t.Errorf("help: %+v", h)
	}
}

func TestBounds(t *testing.T) {
	g := declare(t, configText)
	long := "description " + strings.Repeat("x", MaxLine)
	if r := g.Match(long, 15); r.Kind != Invalid || r.Offset != MaxLine {
		t.Errorf("long line: %v at %d", r.Kind, r.Offset)
	}
	if r := g.Match(long[:MaxLine], 15); r.Kind != OK {
		t.Errorf("longest line: %v", r.Kind)
	}
	if r := g.Match(strings.Repeat(" ", MaxLine+1), 15); r.Kind != Invalid || r.Offset != MaxLine {
		t.Errorf("blanks: %v at %d", r.Kind, r.Offset)
	}
	words := "description" + strings.Repeat(" x", MaxTokens)
	if r := g.Match(words, 15); r.Kind != Invalid || r.Offset != len(words)-1 {
		t.Errorf("many words: %v at %d", r.Kind, r.Offset)
	}
	if r := g.Match(words[:len(words)-2], 15); r.Kind != OK {
		t.Errorf("as many words as go: %v", r.Kind)
	}
}

// A { } of many alternatives has more places than are kept: matching goes on
// and memory does not grow without end.
func TestCacheBound(t *testing.T) {
	var alternatives, order []string
	for i := range 16 {
		word := string(rune('a'+i)) + "word"
		alternatives = append(alternatives, word+"$"+word+`("Help")`)
		order = append(order, word)
	}
	g := NewGraph()
	g.MustAdd(`set("Set") { `+strings.Join(alternatives, " | ")+` }`, nil, nil, Options{})
	first := g.current()
	for set := range 1 << 15 {
		var b strings.Builder
		b.WriteString("set")
		for i, w := range order {
			if set&(1<<i) != 0 {
				b.WriteString(" " + w)
			}
		}
		if set%3 != 0 {
			continue
		}
		if r := g.Match(b.String(), 15); r.Kind != OK {
			t.Fatalf("%q: %v", b.String(), r.Kind)
		}
	}
	last := g.current()
	if first == last {
		t.Error("the cache was never renewed")
	}
	if last.count > maxStates || len(last.states) > maxStates {
		t.Errorf("%d states", last.count)
	}
}

func TestConcurrentMatch(t *testing.T) {
	g := declare(t, configText)
	done := make(chan struct{})
	for range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			for range 200 {
				if r := g.Match("number 1001 sec 2 lab x n b", 15); r.Kind != OK || r.Args.String("which") != "both" {
					t.Errorf("%+v", r)
				}
				g.Match("access 60 deny", 15)
				g.Help("no ip ", 15)
				g.Complete("ip http p", 15)
			}
		}()
	}
	for range 4 {
		<-done
	}
}

func TestArgs(t *testing.T) {
	a := Args{"n": 7, "big": int64(1 << 40), "s": "x", "nil": nil, "l": []any{1, "two", 3}, "t": []int{4}}
	if !a.Has("n") || a.Has("nil") || a.Has("none") {
		t.Error("Has")
	}
	if a.Int("n") != 7 || a.Int("s") != 0 || a.Int64("big") != 1<<40 || a.String("s") != "x" || a.String("n") != "" {
		t.Error("values")
	}
	if Get[int](a, "n") != 7 || Get[string](a, "n") != "" || Get[netip.Addr](nil, "n").IsValid() {
		t.Error("Get")
	}
	if d := cmp.Diff([]int{1, 3}, List[int](a, "l")); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{4}, List[int](a, "t")); d != "" || List[int](a, "n") != nil {
		t.Error("List", d)
	}
}

// What is hidden is understood, but neither listed nor in anybody's way.
func TestHidden(t *testing.T) {
	g := declare(t, `
		a: show("Show") interfaces("Interfaces")
		b h: show internals("Internals")
		c h: show intern("Hidden, too") all("All")
		d h: test("Hidden word") <text:LINE>("Hidden text")
	`)
	for _, c := range []struct {
		line   string
		kind   Kind
		action any
	}{
		{"show int", OK, "a"}, {"show internals", OK, "b"}, {"show internal", OK, "b"}, {"show intern all", OK, "c"},
		{"show intex", Invalid, nil}, {"tes x", OK, "d"}, {"show in", OK, "a"},
	} {
		if r := g.Match(c.line, 15); r.Kind != c.kind || r.Action != c.action {
			t.Errorf("%q: %v %v", c.line, r.Kind, r.Action)
		}
	}
	if r := g.Match("show internx", 15); r.Offset != len("show inter") {
		t.Errorf("the caret at %d tells of a hidden word", r.Offset)
	}
	for line, want := range map[string]int{"": 1, "show ": 1, "test x ": 1} { // the last: <cr>
		if h := g.Help(line, 15); len(h.Items) != want {
			t.Errorf("help of %q: %+v", line, h.Items)
		}
	}
	if _, ok := g.Complete("tes", 15); ok {
		t.Error("a hidden word is completed")
	}
	both := declare(t, `
		a h: x("X") abc("1")
		b h: x abd("2")
	`)
	if r := both.Match("x ab", 1); r.Kind != Ambiguous {
		t.Errorf("two hidden words: %v", r.Kind)
	}
}

// Of types of one rank the one that takes most words wins; if all take the same
// the words behind decide.
func TestSameRank(t *testing.T) {
	for _, text := range []string{`
		s: x("X") <a:STRING>("Text") one("One")
		w: x <b:WORD>("Word") two("Two")`, `
		w: x("X") <b:WORD>("Word") two("Two")
		s: x <a:STRING>("Text") one("One")`,
	} {
		g := declare(t, text)
		for line, want := range map[string]Args{
			`x "a b" one`: {"a": "a b"}, `x a one`: {"a": "a"}, `x "a" one`: {"a": "a"}, `x "a" two`: {"b": `"a"`}, `x a t`: {"b": "a"},
		} {
			if r := g.Match(line, 1); r.Kind != OK || cmp.Diff(want, r.Args) != "" {
				t.Errorf("%q: %v %v", line, r.Kind, r.Args)
			}
		}
		if r := g.Match(`x "a b" two`, 1); r.Kind != Invalid || r.Offset != 8 {
			t.Errorf("%v at %d", r.Kind, r.Offset)
		}
	}
}

func TestNames(t *testing.T) {
	for want, s := range map[string]interface{ String() string }{
		"ok": OK, "empty": Empty, "invalid": Invalid, "ambiguous": Ambiguous, "incomplete": Incomplete, "Kind(9)": Kind(9),
		"plain": Plain, "no": No, "default": Default, "Form(9)": Form(9),
	} {
		if s.String() != want {
			t.Errorf("%q, want %q", s, want)
		}
	}
}

// A word declared with ~ is what abbreviations of it and of its longer forms
// mean; without it, and beside words that are no longer forms, they are
// ambiguous.
func TestShortWord(t *testing.T) {
	g := NewGraph()
	for _, s := range []string{
		`show("s") phone~("one") [ <name:WORD>("name") ]`, `show phones("all")`, `show phantom("p")`,
		`clear("c") line("l")`, `clear lines("ls")`, `reset("r") a~("a")`, `reset ab("b")`,
	} {
		g.MustAdd(s, nil, s, Options{})
	}
	for line, want := range map[string]string{
		"show pho": "one", "sh phone": "one", "sh phon x": "one", "show phones": "all", "show PHONES": "all", "sh ph": "ambiguous", "show pha": "p",
		"clear li": "ambiguous", "clear line": "l", "reset a": "a",
	} {
		r := g.Match(line, 15)
		got := r.Kind.String()
		if r.Kind == OK {
			tokens := r.Syntax.Tokens()
			got = tokens[1].Help
		}
		if got != want {
			t.Errorf("%q is %s, want %s", line, got, want)
		}
	}
	if h := g.Help("show pho", 15); len(h.Words) != 2 {
		t.Errorf("? lists %q, both are words", h.Words)
	}
	if s := MustParse("show(\"s\") phone~$x(\"one\")", nil); s.String() != `show phone` {
		t.Errorf("the syntax reads %q", s)
	}
}
