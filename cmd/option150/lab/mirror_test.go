package lab

import (
	"strings"
	"testing"
	"time"

	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// TestRegistrationOnAMirrorPort: phones whose firmware comes from elsewhere, of
// which nothing else tells that they are up: their registration does, SCCP and
// SIP, with the load they run; one that call control refuses is told at once.
func TestRegistrationOnAMirrorPort(t *testing.T) {
	if alone(t) {
		return
	}
	all := simphone.Catalogue()
	phones := []simphone.Spec{all[0], all[9]}
	l, err := New(Options{Root: t.TempDir(), SSH: "127.0.0.1:0", Mirror: true, Hold: true, Phones: phones, Lines: " service phone loadServer " + nobody.String() + "\n"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	inv := l.Box.Box().Inventory
	boot := func(s simphone.Spec) {
		t.Helper()
		if err := l.Replug(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range phones {
		boot(s)
		wait(t, 30*time.Second, s.Model+" to be up", func() string {
			p, ok := inv.Phone(s.MAC, time.Now())
			if ok && p.Up() && p.Basis == inventory.Observed && p.Load == s.Load && p.LoadBasis == inventory.Observed && strings.Contains(p.Verdict.Evidence, "a mirror port shows that 10.150.0.2 registered it") {
				return ""
			}
			return inventory.ShowBoots(p, time.Now(), "", 3)
		})
	}
	if facts := l.typed(t, "show phones facts"); strings.Count(facts, "mirror") != 2 || strings.Count(facts, "10.150.0.2") != 2 {
		t.Errorf("%s", facts)
	}
	l.Control.Rejects.Store(true)
	for i, why := range []string{"No Such Device", "403 Forbidden"} {
		boot(phones[i])
		wait(t, 30*time.Second, "R26", func() string {
			p, ok := inv.Phone(phones[i].MAC, time.Now())
			if ok && p.Verdict.Code == "R26" && p.Verdict.Basis == inventory.Observed && strings.Contains(p.Verdict.Text, "10.150.0.2 does not register it: "+why) {
				return ""
			}
			return inventory.ShowBoots(p, time.Now(), "", 3)
		})
	}
}
