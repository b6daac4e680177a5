package command

import (
	"strings"
	"testing"

	"option150/platform/config"
)

// TestOverlappingPools: a network that shares addresses with that of another
// pool is kept and its pool inactive, whichever of the two the operator touched
// last; what is printed is read as the same.
func TestOverlappingPools(t *testing.T) {
	b, f := testBox(t)
	read := func(base *config.Config, text string) *config.Config {
		t.Helper()
		rep, err := b.Language.Candidate(text, base, func(c *config.Config) error { return config.Refusal(c.Validate(f)) })
		if err != nil || len(rep.Rejected) > 0 {
			t.Fatal(err, rep.Rejected)
		}
		again, err := b.Language.Load(b.Language.RenderText(rep.Config), config.Default(f), nil)
		if err != nil || !again.Config.Equal(rep.Config) {
			t.Fatalf("what is printed is read as another configuration: %v\n%s", err, b.Language.RenderText(rep.Config))
		}
		return rep.Config
	}
	is := func(c *config.Config, want string) {
		t.Helper()
		var out []string
		for _, k := range c.DHCP.Inactive() {
			out = append(out, k.Pool+" by "+k.Other)
		}
		if got := strings.Join(out, ", "); got != want {
			t.Errorf("inactive: %q, want %q\n%s", got, want, b.Language.RenderText(c))
		}
	}
	c := read(config.Default(f), "ip dhcp pool A\n network 10.1.0.0 255.255.255.0\nip dhcp pool B\n network 10.2.0.0 255.255.255.0\n")
	is(c, "")
	is(read(c, "ip dhcp pool C\n network 10.0.0.0 255.0.0.0\n"), "C by A")
	is(read(c, "ip dhcp pool A\n network 10.2.0.128 255.255.255.128\n"), "A by B") // the one that was touched
	is(read(c, "ip dhcp pool B\n network 10.1.0.0 255.255.255.0\n"), "")           // the same network: told, and used second
	is(read(c, "ip dhcp pool A\n network 10.2.0.64 255.255.255.192 secondary\n"), "A by B")
	wrong := read(c, "ip dhcp pool A\n network 10.2.0.0 255.255.0.0\n")
	is(wrong, "A by B")
	if n := strings.Join(wrong.Notes(c), "\n"); n != "pool A is inactive: its network 10.2.0.0/16 and 10.2.0.0/24 of pool B share addresses" {
		t.Errorf("the operator hears %q", n)
	}
	is(read(wrong, "ip dhcp pool A\n network 10.1.0.0 255.255.255.0\n"), "")
}
