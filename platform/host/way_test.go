package host

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"option150/platform/netns"
)

// TestWayOfTheKernel: each kind of address by the routes of a machine with two
// wires, a gateway, and routes to networks; what changes is seen after Forget.
func TestWayOfTheKernel(t *testing.T) {
	netns.Need(t)
	lan, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	defer lan.Close()
	h, err := netns.NewHost("one")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for name, a := range map[string]string{"eth0": "10.9.0.1/24", "eth1": "198.51.100.1/28"} {
		if _, err := lan.Plug(h, netns.Cable{Interface: name, Addr: netip.MustParsePrefix(a)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := h.SetGateway(netip.MustParseAddr("10.9.0.254")); err != nil {
		t.Fatal(err)
	}
	six := h.AddAddr("eth0", netip.MustParsePrefix("2001:db8:7:1::1/64")) == nil
	route := func(dst, gateway string) {
		t.Helper()
		_, n, err := net.ParseCIDR(dst)
		if err != nil {
			t.Fatal(err)
		}
		if err := netlink.RouteAdd(&netlink.Route{Dst: n, Gw: net.ParseIP(gateway)}); err != nil {
			t.Fatalf("%s: %v", dst, err)
		}
	}
	err = h.Do(func() error {
		route("203.0.113.0/25", "10.9.0.254")
		route("192.0.2.7/32", "10.9.0.254")
		if six {
			route("::/0", "2001:db8:7:1::fe")
			route("2001:db8:99::/48", "2001:db8:7:1::fe")
		}
		var w Ways
		check := func(want map[string]Way) {
			t.Helper()
			for a, way := range want {
				if got := w.Of(netip.MustParseAddr(a)); got != way {
					t.Errorf("%s: %d, want %d", a, got, way)
				}
			}
		}
		check(map[string]Way{"10.9.0.1": WayNear, "10.9.0.77": WayNear, "10.9.0.255": WayNear, "198.51.100.3": WayNear, "127.0.0.1": WayNear, "::1": WayNear,
			"fe80::1%eth0": WayNear, "::ffff:10.9.0.7": WayNear, "203.0.113.5": WayRouted, "192.0.2.7": WayRouted,
			"192.0.2.8": WayOutside, "203.0.113.200": WayOutside, "8.8.8.8": WayOutside, "198.51.100.17": WayOutside,
			"10.77.0.1": WayInside, "172.16.3.4": WayInside, "192.168.1.9": WayInside, "100.64.0.1": WayOutside})
		if six {
			check(map[string]Way{"2001:db8:7:1::5": WayNear, "2001:db8:99:2::5": WayRouted, "2001:db8:7:2::5": WayInside, "fd00:1::5": WayInside, "2001:db8:8::5": WayOutside})
		}
		if err := h.AddAddr("eth1", netip.MustParsePrefix("192.0.2.1/24")); err != nil {
			return err
		}
		w.Forget()
		check(map[string]Way{"192.0.2.7": WayRouted}) // asked first: what is known of its network holds for it too
		check(map[string]Way{"192.0.2.8": WayNear})
		if err := h.FlushAddrs("eth1"); err != nil {
			return err
		}
		w.Forget()
		check(map[string]Way{"192.0.2.8": WayOutside, "198.51.100.3": WayOutside})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWaysAreKept: an answer holds for its network, one of an outsider for
// himself and shortly, and their number is bounded.
func TestWaysAreKept(t *testing.T) {
	asked := 0
	w := Ways{ask: func(a netip.Addr) (Way, int) {
		asked++
		switch b := a.As4(); b[0] {
		case 10:
			return WayInside, 0
		case 11:
			return WayRouted, 32
		}
		return WayOutside, 0
	}}
	for i := range 250 {
		w.Of(netip.AddrFrom4([4]byte{10, 1, 2, byte(i)}))
	}
	if asked != 1 {
		t.Errorf("one network: asked %d times", asked)
	}
	for i := range 10 {
		w.Of(netip.AddrFrom4([4]byte{11, 1, 2, byte(i)}))
		w.Of(netip.AddrFrom4([4]byte{12, 1, 2, byte(i)}))
	}
	if asked != 21 {
		t.Errorf("hosts with routes of their own and outsiders: asked %d times", asked)
	}
	for k, v := range w.known {
		if most := time.Until(v.until); v.way == WayOutside && most > outsideTime || most > wayTime {
			t.Errorf("%s is kept for %v", k, most)
		}
	}
	for i := range 2 * maxWays {
		if i%maxAsks == maxAsks-100 {
			w.second-- // as if a second had gone by
		}
		w.Of(netip.AddrFrom4([4]byte{13, byte(i >> 8), byte(i), 1}))
	}
	if len(w.known) > maxWays {
		t.Errorf("%d are kept", len(w.known))
	}
	asked = 0
	begun := time.Now()
	for i := range 20 * maxAsks {
		w.Of(netip.AddrFrom4([4]byte{14, byte(i >> 8), byte(i), 1}))
	}
	if seconds := int(time.Since(begun)/time.Second) + 2; asked > seconds*maxAsks {
		t.Errorf("a flood of networks: the kernel was asked %d times in %d s", asked, seconds)
	}
}
