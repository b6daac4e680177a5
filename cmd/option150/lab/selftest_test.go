package lab

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// TestSelfTest: the box asks itself for a file over both transports and finds
// itself well, and no phone comes of it; a port that takes connections and
// answers with something else is found.
func TestSelfTest(t *testing.T) {
	if alone(t) {
		return
	}
	o, _ := parse(nil)
	o.Root, o.SSH, o.Hold = t.TempDir(), "127.0.0.1:0", true
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	b := l.Box.Box()
	faults := func() (out []string) {
		for _, f := range b.Audit(t.Context(), b.Store.Current(), true).Findings {
			if f.Code == "A05" {
				out = append(out, f.Text)
			}
		}
		return out
	}
	if f := faults(); len(f) > 0 {
		t.Errorf("%q", f)
	}
	if p := b.Inventory.Phones(time.Now()); len(p) > 0 {
		t.Errorf("the box is a phone: %+v", p)
	}
	// Somebody else's server stands where phones are told to ask.
	if out := l.typed(t, "configure terminal", "no ip http server", "end"); strings.Contains(out, "%") {
		t.Fatal(out)
	}
	other, err := net.Listen("tcp4", netip.AddrPortFrom(boxAddr, 6970).String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if out := l.typed(t, "show provisioning audit"); !strings.Contains(out, "A05") && !strings.Contains(out, "A07") {
		t.Errorf("%s", out)
	}
}
