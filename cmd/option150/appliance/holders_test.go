package appliance

import (
	"context"
	"net/netip"
	"testing"

	"option150/dhcp"
	"option150/dhcp/engine"
	v6 "option150/dhcp/v6"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/host"
	"option150/platform/journal"
)

// TestHolders: an address is a phone's as long as nothing ended its lease, and
// what is known in one family says nothing of the other.
func TestHolders(t *testing.T) {
	phone, other := ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}, ether.MAC{0, 0x1e, 0x7a, 0, 0, 2}
	four, five := netip.MustParseAddr("10.77.0.100"), netip.MustParseAddr("10.77.0.101")
	six, seven, eight := netip.MustParseAddr("2001:db8:77::6"), netip.MustParseAddr("2001:db8:77::7"), netip.MustParseAddr("2001:db8:77::8")
	device := ether.MAC{0x10, 0, 0x1e, 0x7a, 0, 0} // whose first port is phone, by its name
	link := netip.MustParseAddr("fe80::21e:7aff:fe00:1")
	got4, got6 := dhcp.Ack{MAC: phone, Addr: four}, v6.Sent{Type: "REPLY", MAC: phone, Addr: six}
	for _, c := range []struct {
		name   string
		events []journal.Event
		seen   []host.Neighbour
		addr   netip.Addr
		want   fileserver.Holding
	}{
		{"a lease of IPv4", []journal.Event{got4}, nil, four, fileserver.Held},
		{"a lease of IPv6", []journal.Event{got6}, nil, six, fileserver.Held},
		{"both, asked by the first", []journal.Event{got6, got4}, nil, six, fileserver.Held},
		{"both, asked by the second", []journal.Event{got6, got4}, nil, four, fileserver.Held},
		{"the address of another association", []journal.Event{v6.Sent{Type: "REPLY", MAC: phone, Addr: six, Also: []netip.Addr{seven}}}, nil, seven, fileserver.Held},
		{"an offer is no lease", []journal.Event{v6.Sent{Type: "ADVERTISE", MAC: phone, Addr: six}}, nil, six, fileserver.Unknown},
		{"released", []journal.Event{got6, v6.Released{Addr: six}}, nil, six, fileserver.Unknown},
		{"expired", []journal.Event{got6, v6.Expired{Addr: six}}, nil, six, fileserver.Unknown},
		{"declined", []journal.Event{got6, v6.Conflict{Addr: six, MAC: phone}}, nil, six, fileserver.Unknown},
		{"cleared", []journal.Event{got6, v6.Cleared{Addr: six, What: "binding"}}, nil, six, fileserver.Unknown},
		{"moved", []journal.Event{got6, dhcp.Moved{MAC: phone, From: six, To: seven}, v6.Sent{Type: "REPLY", MAC: phone, Addr: seven}}, nil, six, fileserver.Foreign},
		{"IPv4 released", []journal.Event{got4, dhcp.Release{Addr: four}}, nil, four, fileserver.Unknown},
		{"IPv4 expired", []journal.Event{got4, dhcp.Expired{Addr: four}}, nil, four, fileserver.Unknown},
		{"IPv4 declined", []journal.Event{got4, dhcp.Conflict{Addr: four, MAC: phone}}, nil, four, fileserver.Unknown},
		{"IPv4 cleared", []journal.Event{got4, dhcp.Cleared{Addr: four, What: "binding"}}, nil, four, fileserver.Unknown},
		{"IPv4 moved", []journal.Event{got4, dhcp.Moved{MAC: phone, From: four, To: five}, dhcp.Ack{MAC: phone, Addr: five}}, nil, four, fileserver.Foreign},
		{"given to another", []journal.Event{got6, v6.Sent{Type: "REPLY", MAC: other, Addr: six}}, nil, six, fileserver.Unknown},
		{"elsewhere in the same family", []journal.Event{got6}, nil, eight, fileserver.Foreign},
		{"known in the other family alone", []journal.Event{got4}, nil, six, fileserver.Unknown},
		{"the other family ends, this one stays known", []journal.Event{got6, got4, dhcp.Expired{Addr: four}}, nil, eight, fileserver.Foreign},
		{"one of two ends, the other stays", []journal.Event{got6, v6.Sent{Type: "REPLY", MAC: phone, Addr: seven}, v6.Released{Addr: seven}}, nil, eight, fileserver.Foreign},
		{"the device of which it is a port", []journal.Event{dhcp.Ack{MAC: device, Addr: four}}, nil, four, fileserver.Held},
		{"seen on the wire as that device", nil, []host.Neighbour{{Addr: six, MAC: device, Device: "eth0"}}, six, fileserver.Held},
		{"seen on the wire", nil, []host.Neighbour{{Addr: six, MAC: phone, Device: "eth0"}}, six, fileserver.Held},
		{"seen by its link-local address alone", nil, []host.Neighbour{{Addr: link, MAC: phone, Device: "eth0"}}, six, fileserver.Unknown},
		{"asked from there", nil, []host.Neighbour{{Addr: link, MAC: phone, Device: "eth0"}}, link.WithZone("eth0"), fileserver.Held},
		{"that address on another wire", nil, []host.Neighbour{{Addr: link, MAC: phone, Device: "eth0"}}, link.WithZone("eth1"), fileserver.Unknown},
	} {
		h := &holders{bindings: func() []engine.Binding { return nil }, bindings6: func() []v6.Binding { return nil }, neighbours: func() []host.Neighbour { return c.seen }}
		for _, e := range c.events {
			h.Fold(journal.Entry{Event: e})
		}
		if got := h.holds(context.Background(), phone, c.addr, false); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
		if mac, ok := h.at(c.addr); ok != (c.want == fileserver.Held) && mac != other && mac != device {
			t.Errorf("%s: at is %s, %v", c.name, mac, ok)
		}
	}
}
