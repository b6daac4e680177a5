package cnfstore

import (
	"net/netip"
	"slices"
	"testing"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/telephony/cnf"
)

// A change is counted once for each phone whose files it made different; one that
// makes the same files, and a build of the same again, is none.
func TestChangeNotifications(t *testing.T) {
	s := New(journal.Discard)
	put := func(c cnf.Config) {
		t.Helper()
		ch, err := s.Prepare(t.Context(), nil, Spec{Config: c})
		if err != nil {
			t.Fatal(err)
		}
		ch.Commit()
	}
	c := cnf.Default()
	g := &c.Global
	g.Present, g.Mode, g.SourceAddress.Addr, g.MaxPool, g.MaxDN = true, "cme", netip.MustParseAddr("10.9.9.9"), 10, 10
	c.DNs = []cnf.RegisterDN{{Tag: 1, Number: "2001"}, {Tag: 2, Number: "2002"}}
	for i := range 2 {
		c.Pools = append(c.Pools, cnf.RegisterPool{Tag: i + 1, MAC: ether.MAC{0, 0x1e, 0x7a, 0, 0, byte(i + 1)}, Type: "7841", Numbers: []cnf.PoolNumber{{Position: 1, DN: i + 1}}})
	}
	put(c)
	first := s.Counters()
	if first.DeviceChangeNotifications != 2 || first.SoftkeyChangeNotifications == 0 || first.ChangeNotifications < 3 {
		t.Fatalf("%+v", first)
	}
	one := c.Clone()
	one.DNs = slices.Clone(one.DNs)
	one.DNs[1].Name = "Bob"
	put(one)
	if n := s.Counters().DeviceChangeNotifications; n != 3 {
		t.Errorf("%d after one phone changed, want 3", n)
	}
	put(one)
	if _, _, err := s.Rebuild(); err != nil {
		t.Fatal(err)
	}
	if n := s.Counters(); n.DeviceChangeNotifications != 3 || n.ChangeNotifications != first.ChangeNotifications+1 {
		t.Errorf("%+v after the same again", n)
	}
}
