package command

import (
	"math/rand/v2"
	"strings"
	"testing"

	"option150/platform/config"
)

// bad are arguments that fit the grammar of some command and its meaning not,
// or not everywhere.
var bad = []string{
	"4 $4$notahash", "5 nohash", "7 zz", "8 $8$", "9 $9$x", "0", "1x1", "99:1", "1:0", "1:1001", "@@@", "-", "a_b!", "9lives",
	"http://" + strings.Repeat("x", 600), strings.Repeat("y", 300), strings.Repeat("1", 28), "show", "no such command", "0000.0000.0000", "ffff.ffff.ffff", "\"open",
}

// TestRefusedHasNoEffect is a law over all declarations: a command that says no
// has changed nothing of the candidate it was given. The store throws the
// candidate away, a file that is loaded goes on with it.
func TestRefusedHasNoEffect(t *testing.T) {
	b, f := testBox(t)
	for seed := range histories(t) / 4 {
		o := &operator{r: rand.New(rand.NewPCG(uint64(seed), 152)), l: b.Language, f: f, c: config.Default(f), spoil: true}
		for range 80 {
			if o.type1(); o.half != "" {
				t.Fatalf("%s| %s is refused, and changes\n%s", o.section().Header, o.half, b.Language.RenderText(o.c))
			}
		}
	}
}

// TestRefusedInFile: the same of a file. What it rejects is as if it were not
// there, and the value is that of the rest.
func TestRefusedInFile(t *testing.T) {
	b, f := testBox(t)
	for _, line := range []string{
		"username op privilege 15 secret 4 rcXvMzUYYp8YRrD6Wm1XZm1cEgHnlmW6Ib3rTQhXAZE", "username op privilege 15 nopassword",
		"username op privilege 15 secret 5 nohash", "username " + strings.Repeat("n", 65) + " privilege 15 secret x",
		"enable secret 4 x", "enable secret level 5 4 x", "enable password level 7 9 x",
		"ip dhcp excluded-address 10.0.0.9 10.0.0.1", "clock timezone MUCHTOOLONG 1", "hostname a_b!",
		"access-list 10 permit 10.0.0.1 extra", "ip access-list standard 9lives", "privilege exec level 5 no such command",
	} {
		before := config.Default(f)
		rep, err := b.Language.Load(line+"\n", before, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(rep.Rejected) != 1 || !rep.Config.Equal(config.Default(f)) || !before.Equal(config.Default(f)) {
			t.Errorf("%q: rejected %v, and there is\n%s", line, rep.Rejected, b.Language.RenderText(rep.Config))
		}
	}
}
