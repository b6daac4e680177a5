package session_test

import (
	"strings"
	"testing"

	"option150/platform/config"
	"option150/platform/running"
	"option150/platform/service"
)

// FuzzLine: whatever two operators type in turn, nothing falls over, the
// configuration stays valid, and what is printed can be typed again.
func FuzzLine(f *testing.F) {
	for _, s := range []string{
		"configure terminal\nhostname X\n\nend\n", "conf t\nephone 1\n\x00no ephone 1\ntype 7960\n",
		"conf t\nip dhcp pool V\nnetwork 10.0.0.0 /24\noption 150 ip 10.0.0.1\nexit\nno ip dhcp pool V\n",
		"conf t\nbanner motd #\nbanner motd #Hi#\nno banner motd\n", "show version | include (\n", "do do do\nconf t\ndo \n do  show clock\n",
		"conf t\nline vty 0 15\nlength 0\nline vty 3\nno line vty 2\n", "terminal length 0\nterminal width 1\nexit\n",
		"conf t\nephone-dn 1 dual-line\nhuntstop\nephone-dn 1 octo-line\nno huntstop\n", "conf t\nephone-template 1\nfoo\nno foo\nno ephone-template 1\n",
		"conf t\narchive\nlog config\nhidekeys\nend\n", "?\n!\n \t \n", "disable\nenable\nconf t\n", "conf t\nno no no\ndefault default\nno\n",
	} {
		f.Add(s)
	}
	b := newBox(f)
	factory := config.Default(b.Store.Facts())
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 {
			return
		}
		if err := b.Store.Replace(t.Context(), running.Who{}, factory, service.Interactive); err != nil {
			t.Fatal(err)
		}
		one, two := b.login(15), b.login(15)
		one.types(t, "configure terminal")
		two.types(t, "configure terminal")
		for i, line := range strings.Split(text, "\n") {
			o := one
			if strings.HasPrefix(line, "\x00") {
				o, line = two, line[1:]
			}
			if skipped(line) || i > 60 {
				continue
			}
			out := o.types(t, line)
			if strings.Contains(out, "Internal fault") && !strings.Contains(line, "\n") && o.Prompt() != "" && !touchesServices(line) {
				t.Fatalf("%q: %s", line, out)
			}
			_ = o.Help(line)
			_, _ = o.Complete(line)
		}
		c := b.Store.Current()
		if err := config.Refusal(c.Validate(b.Store.Facts())); err != nil {
			t.Fatalf("the current configuration does not validate: %v", err)
		}
		rep, err := b.Language.Load(b.Language.RenderText(c), config.Default(b.Store.Facts()), nil)
		if err != nil || len(rep.Rejected) > 0 || !rep.Config.Equal(c) {
			t.Fatalf("what is printed cannot be typed again: %v %v\n%s", err, rep.Rejected, b.Language.RenderText(c))
		}
	})
}

// touchesServices: exec commands ask services, which this box does not have.
func touchesServices(line string) bool {
	w := strings.Fields(line)
	return len(w) > 0 && !strings.HasPrefix("no", strings.ToLower(w[0]))
}

// skipped: a hash of a password takes its time by design, and so does a ping
// that nobody answers.
func skipped(line string) bool {
	l := strings.ToLower(line)
	for w := range strings.FieldsSeq(l) {
		if strings.HasPrefix("ping", w) {
			return true
		}
	}
	return strings.Contains(l, "sec") || strings.Contains(l, "pas") || strings.Contains(l, "user") || strings.Contains(l, "ena")
}
