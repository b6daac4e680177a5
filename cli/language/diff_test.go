package language

import (
	"strings"
	"testing"

	"option150/cli/grammar"
)

func diffText(a, b string, fold bool) string {
	var w strings.Builder
	for _, d := range Compare(strings.Split(a, "\n"), strings.Split(b, "\n"), fold) {
		w.WriteString(strings.TrimLeft(string(d.Sign), " ") + d.Line + "\n")
	}
	return w.String()
}

const before = `!
hostname A
!
ip dhcp pool X
 network 10.0.0.0 255.255.255.0
 option 150 ip 10.0.0.1
!
archive
 log config
  logging enable
  hidekeys
 path flash:a
!
banner motd ^C
hello
!
^C
line con 0
line vty 0 4
!
end`

func TestCompare(t *testing.T) {
	plain := noLanguage(t)
	for _, c := range []struct{ name, old, new, want, commands string }{
		{"a value", "hostname A", "hostname B", "-hostname A\n+hostname B\n", "no hostname A\nhostname B"},
		{"below a section", "option 150 ip 10.0.0.1", "option 150 ip 10.0.0.2",
			"ip dhcp pool X\n- option 150 ip 10.0.0.1\n+ option 150 ip 10.0.0.2\n", "ip dhcp pool X\n no option 150 ip 10.0.0.1\n option 150 ip 10.0.0.2"},
		{"a section in a section", "  hidekeys\n", "", "archive\n log config\n-  hidekeys\n", "archive\n log config\n  no hidekeys"},
		{"a whole section goes", "archive\n log config\n  logging enable\n  hidekeys\n path flash:a\n!\n", "",
			"-archive\n- log config\n-  logging enable\n-  hidekeys\n- path flash:a\n", "no archive"},
		{"a whole section comes", "line con 0\n", "interface GigabitEthernet0/0\n no ip address\nline con 0\n", "+interface GigabitEthernet0/0\n+ no ip address\n", "interface GigabitEthernet0/0\n no ip address"},
		{"a negated line goes", "line con 0\n", "line con 0\nno logging console\n", "+no logging console\n", "no logging console"},
		{"a banner is one value", "hello\n", "hello\nworld\n",
			"-banner motd ^C\n-hello\n-!\n-^C\n+banner motd ^C\n+hello\n+world\n+!\n+^C\n", "no banner motd\nbanner motd ^C\nhello\nworld\n!\n^C"},
		{"separators are nothing", "!\nhostname", "!\n!\n!\nhostname", "", ""},
	} {
		after := strings.Replace(before, c.old, c.new, 1)
		if got := diffText(before, after, false); got != c.want {
			t.Errorf("%s:\n%s\nnot\n%s", c.name, got, c.want)
		}
		diff := Compare(strings.Split(before, "\n"), strings.Split(after, "\n"), false)
		if got := strings.Join(plain.Commands(nil, diff), "\n"); got != c.commands {
			t.Errorf("%s: commands\n%s\nnot\n%s", c.name, got, c.commands)
		}
	}
	if got := diffText("no ip x\n", "", false) + strings.Join(plain.Commands(nil, Compare([]string{"no ip x"}, nil, false)), "\n"); got != "-no ip x\ndefault ip x" {
		t.Errorf("a negated line that goes: %q", got)
	}
	if got := diffText("hostname A", "HOSTNAME a", true); got != "" {
		t.Errorf("ignorecase: %q", got)
	}
}

// Beyond the size of the table lines are paired greedily.
func TestCompareLarge(t *testing.T) {
	var a, b []string
	for i := range 3000 {
		line := strings.Repeat("x", 1+i%7) + strings.Repeat("y", i/7%50) + strings.Repeat("z", i/350)
		a = append(a, line+" a")
		b = append(b, line+" b")
		if i%100 == 50 {
			a, b = append(a, line+" both"), append(b, line+" both")
		}
	}
	plus, minus := 0, 0
	for _, d := range Compare(a, b, false) {
		switch d.Sign {
		case '+':
			plus++
		case '-':
			minus++
		}
	}
	if plus != 3000 || minus != 3000 {
		t.Errorf("+%d -%d", plus, minus)
	}
}

// FuzzCompare: a text is no different from itself, and what goes and what
// comes accounts for every line.
func FuzzCompare(f *testing.F) {
	f.Add(before, strings.Replace(before, "hostname A", "hostname B", 1), false)
	f.Add("banner motd ^C\nx\n^C", "banner motd ^C\n x\n", true)
	f.Add(" a\nb\n  c\n d", "", false)
	plain := noLanguage(f)
	f.Fuzz(func(t *testing.T, x, y string, fold bool) {
		a, b := strings.Split(x, "\n"), strings.Split(y, "\n")
		if len(a) > 300 || len(b) > 300 {
			t.Skip("longer than what a router prints at a time")
		}
		if d := Compare(a, a, fold); len(d) > 0 {
			t.Fatalf("different from itself: %v", d)
		}
		diff := Compare(a, b, fold)
		n := size(tree(a, fold))
		for _, d := range diff {
			switch d.Sign {
			case '+':
				n++
			case '-':
				n--
			case ' ':
			default:
				t.Fatalf("sign %q", d.Sign)
			}
		}
		if n != size(tree(b, fold)) {
			t.Fatalf("the difference does not add up: %d lines, not %d", n, size(tree(b, fold)))
		}
		plain.Commands(nil, diff)
	})
}

func size(n *node) int {
	s := 0
	for _, c := range n.children {
		s += 1 + size(c)
	}
	return s
}

// noLanguage knows no command: every line goes away with `no`.
func noLanguage(t testing.TB) *Language {
	t.Helper()
	l, err := New(grammar.Builtin(), []Mode{{Name: Global}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return l
}
