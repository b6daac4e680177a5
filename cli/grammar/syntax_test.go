package grammar

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSyntaxText(t *testing.T) {
	for _, c := range [][3]string{
		{`ip("h") http("h") port("h") <p:1-65535>("h")`, "ip http port <1-65535>", "ip"},
		{"a [ b | c ]  ( d|<e:WORD> )\n{f|g h}", "a [b | c] (d | WORD) {f | g h}", "a"},
		{"a ![<x:A.B.C.D>] [b]", "a ![A.B.C.D] [b]", "a"},
		{"a <x:0-9>(\"h\")+8 (b (c))", "a <0-9>+8 b c", "a"},
		{"(A$x | b) `|` `(`", "(A | b) | (", "A"},
		{"<x:WORD> verify/md5 flash: a-b.c", "WORD verify/md5 flash: a-b.c", ""},
		{"t <x:-5-5>", "t <-5-5>", "t"},
	} {
		s, err := Parse(c[0], nil)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.String() != c[1] || s.FirstWord() != c[2] {
			t.Errorf("%q: %q, first word %q", c[0], s, s.FirstWord())
		}
	}
}

func TestTokens(t *testing.T) {
	s := MustParse(`show$what("Show it") <n:1-9>("Number")+3 x`, nil)
	want := []Token{
		{Word: "show", Name: "what", Help: "Show it"},
		{Name: "n", Type: Number(1, 9), Help: "Number", Repeat: 3},
		{Word: "x"},
	}
	if d := cmp.Diff(want, s.Tokens(), cmp.Comparer(func(a, b Type) bool { return a == b })); d != "" {
		t.Error(d)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                               "nothing here",
		"a | b":                          "need ( )",
		"a (":                            "nothing here",
		"a ( b":                          "')' is missing",
		"a [ b )":                        "unexpected ')'",
		"a ]":                            "unexpected ']'",
		"a\x00b":                         "printable ASCII",
		"a \x00":                         "unexpected",
		"a ()":                           "nothing here",
		"a (b|)":                         "nothing here",
		"a !b":                           "[ must follow !",
		"a$":                             "name must follow $",
		"a >":                            "unexpected '>'",
		"a <x>":                          "<name:TYPE>",
		"a <:WORD>":                      "<name:TYPE>",
		"a <x:WORD":                      "> is missing",
		"a <x:NOTYPE>":                   "no type",
		"a <x:9-1>":                      "no type",
		"a <x:1->":                       "no type",
		"a <x:->":                        "no type",
		"a <x:>":                         "no type",
		"a <x:1-99999999999999999999>":   "no type",
		"a <x:WORD>+0":                   "repetition",
		"a <x:WORD>+":                    "repetition",
		"a <x:WORD>+999":                 "repetition",
		"a`":                             "a blank is missing",
		"`a":                             "` is missing",
		"``":                             "unexpected",
		"`!a`":                           "comments",
		"é":                              "printable ASCII",
		`a("")`:                          "help text",
		`a("x`:                           "help text",
		`a("x\n")`:                       "help text",
		`a("x"`:                          ") must follow",
		`a("x")b("y")`:                   "a blank is missing",
		"[a]":                            "optional",
		"{a | b}":                        "optional",
		"a { [b] | c }":                  "may be empty",
		"a { ![b] | c }":                 "may be empty",
		"a <x:LINE> b":                   "nothing can follow",
		"a <x:LINE>+2":                   "nothing can follow",
		"a (b | b)":                      "two ways",
		"a [b] [b]":                      "two ways",
		"a ![b] [b]":                     "two ways",
		"a { b [c] | c }":                "two ways",
		"a <x:1-5>+3 [<y:4-9>]":          "two ways",
		"a (<x:WORD> | <y:STRING>)":      "two ways",
		`a (b("x") c | b("y") d)`:        "help of the last word",
		"a <x:WORD> <x:WORD>":            "twice on one way",
		"a { b$x | c$x }":                "twice on one way",
		"a (<x:1-5> | <x:A.B.C.D>+2)":    "a value and a list",
		strings.Repeat("(", 99):          "groups in each other",
		strings.Repeat("a ", 600):        "more than 512 tokens",
		strings.Repeat("a ", 9000):       "longer than",
		"a {" + strings.Repeat("b|", 40): "nothing here",
	} {
		if _, err := Lawful(text, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"a (b x | b y)", "a [b] b", "a (<x:1-5> | <x:A.B.C.D> | <x:WORD>)", "a [b [c [d]]]", "a <x:1-5> <y:1-5>"} {
		if _, err := Lawful(text, nil); err != nil {
			t.Error(err)
		}
	}
}

// nameless is a type that does not keep to the rules.
type nameless struct{ word }

func (nameless) Label() string { return "" }

func TestParseBadType(t *testing.T) {
	if _, err := Parse("a <x:BAD>", Types{"BAD": nameless{}}); err == nil {
		t.Error("a type without a label is taken")
	}
	if _, err := Parse("a <x:NIL>", Types{"NIL": nil}); err == nil {
		t.Error("a nil type is taken")
	}
}

func TestAddErrors(t *testing.T) {
	type command struct {
		text      string
		negatable bool
	}
	for _, c := range []struct {
		first, second command
		want          string
	}{
		{command{`a("h") b("h")`, false}, command{`a b`, false}, "both match"},
		{command{`a("h") b("h")`, false}, command{`A("h") B("h")`, false}, "both match"},
		{command{`a("h") [b("h")]`, false}, command{`a`, false}, "both match"},
		{command{`a("h") <x:WORD>("h")`, false}, command{`a <y:WORD>`, false}, "both match"},
		{command{`a("h") <x:1-9>("h")`, false}, command{`a <y:5-20>("h")`, false}, "both match"},
		{command{`a("h") { b("h") | c("h") }`, false}, command{`a c b`, false}, "both match"},
		{command{`a("h") <x:1-9>("h")+3`, false}, command{`a <x:1-9> <y:1-9>`, false}, "both match"},
		{command{`a("h") b("h")`, true}, command{`a ![b] c("h")`, true}, ""},
		{command{`a("h") b("h")`, true}, command{`a b ![c("h")]`, true}, "forms no"},
		{command{`a("h") b("h")`, true}, command{`a b ![c("h")]`, false}, ""},
		{command{`a("h") b("h")`, false}, command{`a("x") c("h")`, false}, "help of the last word"},
		{command{`a("h") <x:1-9>("h")`, false}, command{`a <x:1-9>("x") c("h")`, false}, "help of the last word"},
		{command{`a("h") b("h")`, false}, command{`a c`, false}, `no help for "c"`},
		{command{`a("h") b("h")`, false}, command{`a <x:WORD>`, false}, `no help for "WORD"`},
		{command{`a("h") <x:WORD>("h") b("h")`, false}, command{`a <x:STRING> c("h")`, false}, `no help for "WORD"`},
		{command{`a("h") b("h")`, false}, command{`c("h") b`, false}, `no help for "b"`},
		{command{`a("h") b("h")`, false}, command{`no("h") b("h")`, false}, "generated"},
		{command{`a("h") b("h")`, false}, command{`(c("h") | DEFAULT("h")) b("h")`, false}, "generated"},
		{command{`a("h") <x:1-9>("h")`, false}, command{`a <y:10-20>("h")`, false}, ""},
		{command{`a("h") <x:A.B.C.D>("h")`, false}, command{`a <y:WORD>("h")`, false}, ""},
		{command{`a("h") b("h")`, false}, command{`a <y:WORD>("h")`, false}, ""},
		{command{`a("h") <x:WORD>("h") b("h")`, false}, command{`a <y:WORD> c("h")`, false}, ""},
		{command{`a("h") (b("h") | c("h"))`, false}, command{`a b d("h")`, false}, ""},
	} {
		g := NewGraph()
		add := func(c command) error {
			s, err := Parse(c.text, nil)
			if err != nil {
				return err
			}
			return g.Try(s, c.text, Options{Negatable: c.negatable})
		}
		if err := add(c.first); err != nil {
			t.Error(err)
			continue
		}
		before := len(g.entries)
		err := add(c.second)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q after %q: %v, want %q", c.second.text, c.first.text, err, c.want)
		}
		if err != nil && (len(g.Commands()) != 1 || len(g.entries) != before) {
			t.Errorf("%q: refused, but in the graph", c.second.text)
		}
	}
}

// Check names every command that breaks a law, and goes on behind it.
func TestCheckNamesAll(t *testing.T) {
	g := NewGraph()
	for i, text := range []string{`a("h") b("h")`, `a b`, `c("h") [d("h")] [d("h")]`, `e("h") (f$x("h") | g("h")) <x:WORD>("h")`, `no("h") a`, `a c("h")`, `h`} {
		g.Add(MustParse(text, nil), i, Options{})
	}
	err := g.Check()
	if err == nil {
		t.Fatal("nothing is wrong")
	}
	for _, want := range []string{`"a b" and "a b": both match`, `"c [d] [d]": "c d" can be read in two ways`, `used twice`, `the form "no" is generated`, `no help for "h"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), `"a c"`) {
		t.Errorf("one too many:\n%v", err)
	}
}

// Add after use takes effect, and Commands keeps the order.
func TestAddLater(t *testing.T) {
	g := NewGraph()
	g.MustAdd(`a("h") b("h")`, nil, 1, Options{})
	if r := g.Match("a c", 1); r.Kind != Invalid {
		t.Error(r.Kind)
	}
	s := g.MustAdd(`a c("h")`, nil, 2, Options{Level: 1})
	if r := g.Match("a c", 1); r.Kind != OK || r.Action != 2 || r.Syntax != s {
		t.Error(r)
	}
	c := g.Commands()
	if len(c) != 2 || c[0].Action != 1 || c[1].Syntax != s || c[1].Options.Level != 1 {
		t.Error(c)
	}
}

func TestMustPanics(t *testing.T) {
	for name, f := range map[string]func(){
		"MustParse": func() { MustParse("", nil) },
		"MustAdd":   func() { NewGraph().MustAdd("a", nil, nil, Options{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}

func TestRender(t *testing.T) {
	config := declare(t, configText)
	syntax := map[any]*Syntax{}
	for _, c := range config.Commands() {
		syntax[c.Action] = c.Syntax
	}
	for _, c := range []struct {
		action string
		form   Form
		args   Args
		want   string // begins with "error: " for a part of an error
	}{
		{"port", Plain, Args{"port": 80}, "ip http port 80"},
		{"port", Plain, Args{"port": uint16(80)}, "ip http port 80"},
		{"port", No, Args{}, "no ip http port"},
		{"port", No, Args{"port": 80}, "no ip http port 80"},
		{"port", Default, nil, "default ip http port"},
		{"port", Plain, Args{}, "error: port: is missing"},
		{"port", Plain, Args{"port": 0}, `error: port: "0" is no <1-65535>`},
		{"port", Plain, Args{"port": "80x"}, "error: is no"},
		{"port", Plain, Args{"port": 80, "prot": 1}, `error: no argument "prot"`},
		{"server", Plain, nil, "ip http server"},
		{"excluded", Plain, Args{"low": addr("10.0.0.1")}, "ip dhcp excluded-address 10.0.0.1"},
		{"excluded", Plain, Args{"low": addr("10.0.0.1"), "high": nil}, "ip dhcp excluded-address 10.0.0.1"},
		{"excluded", Plain, Args{"low": addr("10.0.0.1"), "high": addr("10.0.0.9")}, "ip dhcp excluded-address 10.0.0.1 10.0.0.9"},
		{"excluded", Plain, Args{"low": addr("::1")}, "error: is no A.B.C.D"},
		{"excluded", Plain, Args{"low": netip.Addr{}}, "error: is no A.B.C.D"},
		{"logging", Plain, Args{}, "logging buffered"},
		{"logging", Plain, Args{"size": 4096}, "logging buffered 4096"},
		{"logging", Plain, Args{"host": addr("10.0.0.1")}, "logging host 10.0.0.1"},
		{"logging", Plain, Args{"host": addr("10.0.0.1"), "size": 4096}, "error: no place for"},
		{"hostname", Plain, Args{"name": "a b"}, "error: is no WORD"},
		{"hostname", Plain, Args{"name": ""}, "error: is no WORD"},
		{"hostname", Plain, Args{"name": "a\nend"}, "error: is no WORD"},
		{"desc", Plain, Args{"text": "a  b"}, "description a  b"},
		{"desc", Plain, Args{"text": " a"}, "error: is no LINE"},
		{"desc", Plain, Args{"text": "a\nb"}, "error: is no LINE"},
		{"name", Plain, Args{"name": "Front desk", "label": ""}, `name "Front desk" label ""`},
		{"name", Plain, Args{"name": `say "x"`}, "error: is no WORD"},
		{"option", Plain, Args{"code": 150, "ip": []any{addr("1.1.1.1"), addr("2.2.2.2")}}, "option 150 ip 1.1.1.1 2.2.2.2"},
		{"option", Plain, Args{"code": 150, "ip": []netip.Addr{addr("1.1.1.1")}}, "option 150 ip 1.1.1.1"},
		{"option", Plain, Args{"code": 150, "ip": addr("1.1.1.1")}, "option 150 ip 1.1.1.1"},
		{"option", Plain, Args{"code": 150, "ip": []netip.Addr{}, "text": "x"}, "option 150 ascii x"},
		{"option", Plain, Args{"code": 150, "ip": make([]netip.Addr, 9)}, "error: 9 values, at most 8"},
		{"option", Plain, Args{"code": 150, "ip": []any{addr("1.1.1.1"), 7}}, "error: is no A.B.C.D"},
		{"dn", Plain, Args{"number": "1", "label": "x", "second": "2", "reg": "no-reg", "which": "primary"}, "number 1 secondary 2 no-reg primary label x"},
		{"dn", Plain, Args{"number": "1", "reg": "no-reg"}, "error: no place for reg"},
		{"dn", Plain, Args{"number": "1", "reg": "", "which": ""}, "number 1"},
		{"speed", Plain, Args{"speed": 10}, "speed 10"},
		{"speed", Plain, Args{"speed": "auto"}, "speed auto"},
		{"speed", Plain, Args{"speed": "10half"}, "speed 10half"},
		{"speed", Plain, Args{"speed": "fast"}, "error: speed"},
		{"source", Plain, Args{"if": "GigabitEthernet0/0"}, "source-interface GigabitEthernet0/0"},
		{"source", Plain, Args{"if": "gi 0/0"}, "error: is no IFNAME"}, // not canonical
		{"network", Plain, Args{"net": addr("10.0.0.0"), "mask": addr("255.255.0.0")}, "network 10.0.0.0 255.255.0.0"},
		{"network", Plain, Args{"net": addr("10.0.0.0"), "mask": addr("255.0.255.0")}, "error: mask: "},
	} {
		got, err := syntax[c.action].RenderForm(c.form, c.args)
		if want, ok := strings.CutPrefix(c.want, "error: "); ok {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %v: %q, %v, want %q", c.action, c.args, got, err, want)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s %v: %q, %v, want %q", c.action, c.args, got, err, c.want)
		}
	}
}

// picky is a type whose Format takes nothing but its own values.
type picky struct{ word }

func (picky) Format(v any) string { return v.(string) }

func TestRenderForeignValue(t *testing.T) {
	s := MustParse("a <x:PICKY>", Types{"PICKY": picky{}})
	if _, err := s.Render(Args{"x": 7}); err == nil {
		t.Error("a value of another type is written")
	}
}

func TestTypes(t *testing.T) {
	b := Builtin()
	big := Number(0, 4294967295)
	for _, c := range []struct {
		t    Type
		in   string
		want any // nil: does not fit
		back string
	}{
		{Number(1, 10), "10", 10, "10"}, {Number(1, 10), "010", 10, "10"}, {Number(1, 10), "11", nil, ""},
		{Number(1, 10), "+1", nil, ""}, {Number(1, 10), "", nil, ""}, {Number(1, 10), "1x", nil, ""},
		{Number(-5, 5), "-5", -5, "-5"}, {big, "4294967295", int64(4294967295), "4294967295"}, {big, "7", int64(7), "7"},
		{b["A.B.C.D"], "10.0.0.1", addr("10.0.0.1"), "10.0.0.1"}, {b["A.B.C.D"], "::1", nil, ""}, {b["A.B.C.D"], "10.0.0", nil, ""},
		{b["MASK"], "0.0.0.0", addr("0.0.0.0"), "0.0.0.0"}, {b["MASK"], "255.255.255.255", addr("255.255.255.255"), "255.255.255.255"},
		{b["MASK"], "255.255.254.0", addr("255.255.254.0"), "255.255.254.0"}, {b["MASK"], "0.0.0.255", nil, ""},
		{b["STRING"], `"a b"`, "a b", `"a b"`}, {b["STRING"], `"ab"`, "ab", "ab"}, {b["STRING"], `"`, nil, ""}, {b["STRING"], `""`, "", `""`},
		{b["STRING"], `"a"b"`, nil, ""}, {b["STRING"], `"a"b`, nil, ""}, {b["WORD"], "a b", nil, ""}, {b["WORD"], "é", "é", "é"},
	} {
		v, err := c.t.Parse(c.in)
		if c.want == nil {
			if err == nil {
				t.Errorf("%s %q: %v", c.t.Label(), c.in, v)
			}
			continue
		}
		if err != nil || v != c.want || c.t.Format(v) != c.back {
			t.Errorf("%s %q: %v %v", c.t.Label(), c.in, v, err)
		}
	}
	for _, c := range []struct {
		t    Type
		in   string
		want bool
	}{
		{Number(10, 20), "1", true}, {Number(10, 20), "21", false}, {Number(10, 20), "x", false}, {Number(-5, 5), "-", true},
		{Number(-5, 5), "-9", false}, {Number(0, 5), "-0", false}, {Number(0, 5), "", false},
		{b["A.B.C.D"], "1.", true}, {b["A.B.C.D"], "1..", false}, {b["A.B.C.D"], "256", false}, {b["A.B.C.D"], "1.2.3.4", true},
		{b["A.B.C.D"], "1.2.3.4.", false}, {b["A.B.C.D"], "01", false},
	} {
		if got := c.t.(Partial).Partial(c.in); got != c.want {
			t.Errorf("%s %q may become a value: %v", c.t.Label(), c.in, got)
		}
	}
}
