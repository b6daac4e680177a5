package netif

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/vishvananda/netlink"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// TestLatest: the picture is right at once after a change of our own, and when
// Changed is called after a change of somebody else's.
func TestLatest(t *testing.T) {
	netns.Need(t)
	pair(t, "ta3", "tb3")
	setUp(t, "tb3", true)
	mapping := Mapping{Name: "GigabitEthernet0/0", Device: "ta3", Managed: true}
	told := make(chan []netip.Prefix, 1000)
	var m *Service
	m = New(Options{Mapping: []Mapping{mapping}, Changed: func() {
		list, err := m.Latest()
		if err != nil {
			t.Error(err)
		}
		told <- list[0].Addrs
	}})
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, a := range []string{"10.1.0.1/24", "10.1.0.2/24", "10.2.0.1/16"} {
		p := netip.MustParsePrefix(a)
		ch, err := m.Prepare(t.Context(), nil, Spec{Interfaces: []ManagedInterface{{Mapping: mapping, Config: Config{Address: p}}}})
		if err != nil {
			t.Fatal(err)
		}
		ch.Commit()
		for range 3 {
			if list, err := m.Latest(); err != nil || !slices.Equal(list[0].Addrs, []netip.Prefix{p}) {
				t.Fatalf("after %s: %v %v", p, list, err)
			}
		}
	}
	l, err := netlink.LinkByName("ta3")
	if err != nil {
		t.Fatal(err)
	}
	foreign := netip.MustParsePrefix("10.9.0.1/24")
	if err := netlink.AddrAdd(l, address(foreign)); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "the address of somebody else", func() bool {
		return slices.Contains(<-told, foreign)
	})
	list, err := m.Latest()
	if err != nil {
		t.Fatal(err)
	}
	list[0].Addrs = nil // what the caller got is his
	if list, _ := m.Latest(); !slices.Contains(list[0].Addrs, foreign) {
		t.Error("the caller changed the picture")
	}
}
