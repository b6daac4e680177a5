package netif

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"

	"option150/platform/netns"
	"option150/platform/service"
	"option150/platform/testkit"
)

// table is the routes of a device with a next hop, as text.
func table(t *testing.T, device string) []string {
	t.Helper()
	l, err := netlink.LinkByName(device)
	if err != nil {
		t.Fatal(err)
	}
	list, err := netlink.RouteList(l, netlink.FAMILY_V4)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range list {
		if r.Protocol == 2 { // of the kernel: connected
			continue
		}
		dst := "default"
		if ones, _ := r.Dst.Mask.Size(); ones > 0 {
			dst = r.Dst.String()
		}
		out = append(out, strings.TrimSpace(dst+" "+strings.Trim(r.Gw.String(), "<nil>")))
	}
	slices.Sort(out)
	return out
}

// TestRoutes: static routes are put into the kernel's table with the change,
// come back after the link was down, go with their line, and a change that is
// refused leaves the table as it was. Routes of the host stay.
func TestRoutes(t *testing.T) {
	netns.Need(t)
	pair(t, "ra0", "rb0")
	setUp(t, "rb0", true)
	p, a := netip.MustParsePrefix, netip.MustParseAddr
	mapping := Mapping{Name: "GigabitEthernet0/0", Device: "ra0", Managed: true}
	m := New(Options{Mapping: []Mapping{mapping}})
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	at := Config{Name: mapping.Name, Address: p("10.7.0.1/24")}
	spec := func(c Config, routes ...ManagedRoute) Spec {
		return Spec{Interfaces: []ManagedInterface{{Mapping: mapping, Config: c}}, Routes: routes}
	}
	commit := func(s Spec) {
		t.Helper()
		ch, err := m.Prepare(t.Context(), nil, s)
		if err != nil {
			t.Fatal(err)
		}
		ch.Commit()
		if st := m.Status(); st.State != service.Running {
			t.Fatalf("status %+v", st)
		}
	}
	has := func(want ...string) {
		t.Helper()
		testkit.Until(t, strings.Join(want, ", "), func() bool { return slices.Equal(table(t, "ra0"), want) })
	}
	gateway := ManagedRoute{Dst: p("0.0.0.0/0"), NextHop: a("10.7.0.254"), Device: "ra0", Distance: 1}
	branch := ManagedRoute{Dst: p("10.9.0.0/16"), NextHop: a("10.7.0.253"), Device: "ra0", Distance: 5}
	wire := ManagedRoute{Dst: p("192.0.2.0/24"), Device: "ra0", Distance: 1}
	commit(spec(at))
	has()
	commit(spec(at, gateway, branch, wire))
	all := []string{"10.9.0.0/16 10.7.0.253", "192.0.2.0/24", "default 10.7.0.254"}
	has(all...)

	// Refused: nothing is touched.
	bad := at
	bad.Secondary = []netip.Prefix{p("224.0.0.1/24")}
	if _, err := m.Prepare(t.Context(), nil, spec(bad)); !errors.Is(err, ErrBadAddress) {
		t.Errorf("a bad address: %v", err)
	}
	elsewhere := gateway
	elsewhere.Device = "rb0"
	if _, err := m.Prepare(t.Context(), nil, spec(at, elsewhere)); err == nil {
		t.Error("a route by a device that is not managed was taken")
	}
	ch, err := m.Prepare(t.Context(), nil, spec(at, branch)) // the change is given up
	if err != nil {
		t.Fatal(err)
	}
	ch.Abort()
	has(all...)

	// The kernel takes routes away with the link, whoever switches it off.
	setUp(t, "ra0", false)
	has()
	setUp(t, "ra0", true)
	has(all...)
	shut := at
	shut.Shutdown = true
	commit(spec(shut))
	has()
	commit(spec(at, gateway, branch, wire))
	has(all...)

	// Another address and another next hop are one change.
	moved := Config{Name: mapping.Name, Address: p("10.8.0.1/24")}
	gateway.NextHop = a("10.8.0.254")
	commit(spec(moved, gateway))
	has("default 10.8.0.254")

	// What the host has is the host's.
	l, _ := netlink.LinkByName("ra0")
	_, dst, _ := net.ParseCIDR("198.51.100.0/24")
	foreign := &netlink.Route{LinkIndex: l.Attrs().Index, Dst: dst, Gw: net.IPv4(10, 8, 0, 9), Priority: 7}
	if err := netlink.RouteAdd(foreign); err != nil {
		t.Fatal(err)
	}
	commit(spec(moved))
	has("198.51.100.0/24 10.8.0.9")
	taken := ManagedRoute{Dst: p("198.51.100.0/24"), NextHop: a("10.8.0.10"), Device: "ra0", Distance: 7}
	ch, err = m.Prepare(t.Context(), nil, spec(moved, taken))
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
	if st := m.Status(); st.State != service.Degraded || !strings.Contains(st.Why, ErrRouteTaken.Error()) {
		t.Errorf("status %+v", st)
	}
	has("198.51.100.0/24 10.8.0.9")
	commit(spec(moved))
}
