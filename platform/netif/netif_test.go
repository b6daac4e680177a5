package netif

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vishvananda/netlink"

	"option150/platform/journal"
	"option150/platform/netns"
	"option150/platform/service"
	"option150/platform/testkit"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// pair makes a cable between two devices, both down.
func pair(t *testing.T, a, b string) {
	t.Helper()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = a
	if err := netlink.LinkAdd(&netlink.Veth{LinkAttrs: attrs, PeerName: b}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if l, err := netlink.LinkByName(a); err == nil {
			netlink.LinkDel(l)
		}
	})
}

func setUp(t *testing.T, device string, up bool) {
	t.Helper()
	l, err := netlink.LinkByName(device)
	if err == nil && up {
		err = netlink.LinkSetUp(l)
	} else if err == nil {
		err = netlink.LinkSetDown(l)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// lines is a recorder of log lines and addresses.
type lines struct {
	mu  sync.Mutex
	all []string
}

func (l *lines) Record(e journal.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e := e.(type) {
	case journal.Logged:
		if m, ok := e.LogMessage(); ok {
			l.all = append(l.all, m.String())
		}
	case AddressChanged:
		if e.Addr.Addr().Is4() {
			l.all = append(l.all, fmt.Sprintf("%s %s %v", e.Interface, e.Addr, e.Added))
		}
	}
}

func (l *lines) has(s string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Contains(l.all, s)
}

func TestDevicesAndState(t *testing.T) {
	netns.Need(t)
	pair(t, "ta0", "tb0")
	devices, err := Devices()
	if err != nil {
		t.Fatal(err)
	}
	if slices.Contains(devices, "lo") || !slices.Contains(devices, "ta0") || !slices.Contains(devices, "tb0") {
		t.Errorf("devices %v", devices)
	}
	mapping := []Mapping{{Name: "GigabitEthernet0/0", Device: "ta0"}, {Name: "GigabitEthernet0/1", Device: "absent0"}}
	want := func(status, protocol string) Interface {
		t.Helper()
		var list []Interface
		testkit.Until(t, status+" "+protocol, func() bool {
			if list, err = Read(mapping); err != nil {
				t.Fatal(err)
			}
			return list[0].Status() == status && list[0].Protocol() == protocol
		})
		if list[1].Present || list[1].Status() != "down" {
			t.Errorf("absent device: %+v", list[1])
		}
		return list[0]
	}
	want("administratively down", "down")
	setUp(t, "ta0", true)
	want("down", "down")
	setUp(t, "tb0", true)
	i := want("up", "up")
	if i.MAC.IsZero() || i.MTU != 1500 || i.Index == 0 || i.Speed != 10000 || i.Duplex != "Full" {
		t.Errorf("%+v", i) // a veth says 10 Gbit/s, full duplex
	}
}

func TestWatch(t *testing.T) {
	netns.Need(t)
	pair(t, "ta1", "tb1")
	setUp(t, "ta1", true)
	setUp(t, "tb1", true)
	var log lines
	changes := make(chan struct{}, 1000)
	m := New(Options{Mapping: []Mapping{{Name: "GigabitEthernet0/0", Device: "ta1"}}, Recorder: &log,
		Changed: func() { changes <- struct{}{} }})
	testkit.Until(t, "link up", func() bool { i, err := m.Interfaces(); return err == nil && i[0].LineUp })
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	step := func(what string, want ...string) {
		t.Helper()
		testkit.Until(t, what, func() bool {
			for _, w := range want {
				if !log.has(w) {
					return false
				}
			}
			return true
		})
		log.mu.Lock()
		log.all = nil
		log.mu.Unlock()
	}
	const g = "Interface GigabitEthernet0/0, changed state to "
	setUp(t, "tb1", false)
	step("cable out", "%LINK-3-UPDOWN: "+g+"down", "%LINEPROTO-5-UPDOWN: Line protocol on "+g+"down")
	setUp(t, "tb1", true)
	step("cable in", "%LINK-3-UPDOWN: "+g+"up", "%LINEPROTO-5-UPDOWN: Line protocol on "+g+"up")
	setUp(t, "ta1", false)
	step("shut", "%LINK-5-CHANGED: "+g+"administratively down")
	l, _ := netlink.LinkByName("ta1")
	if err := netlink.AddrAdd(l, address(netip.MustParsePrefix("10.9.0.1/24"))); err != nil {
		t.Fatal(err)
	}
	step("address", "GigabitEthernet0/0 10.9.0.1/24 true")
	if err := netlink.LinkDel(l); err != nil {
		t.Fatal(err)
	}
	step("unplugged", "%LINK-3-UPDOWN: "+g+"down", "GigabitEthernet0/0 10.9.0.1/24 false")
	pair(t, "ta1", "tb1")
	step("plugged again", "%LINK-5-CHANGED: "+g+"administratively down")
	if len(changes) == 0 {
		t.Error("nobody was told")
	}
}

func TestManaged(t *testing.T) {
	netns.Need(t)
	pair(t, "ta2", "tb2")
	mapping := Mapping{Name: "GigabitEthernet0/0", Device: "ta2", Managed: true}
	m := New(Options{Mapping: []Mapping{mapping}})
	defer m.Close()
	p := netip.MustParsePrefix
	apply := func(c Config) {
		t.Helper()
		ch, err := m.Prepare(t.Context(), nil, Spec{Interfaces: []ManagedInterface{{Mapping: mapping, Config: c}}})
		if err != nil {
			t.Fatal(err)
		}
		ch.Commit()
		if st := m.Status(); st.State != service.Running {
			t.Fatalf("status %+v", st)
		}
		list, err := m.Interfaces()
		if err != nil {
			t.Fatal(err)
		}
		var want []netip.Prefix
		if c.Address.IsValid() {
			want = append([]netip.Prefix{c.Address}, c.Secondary...)
		}
		if !sameAddrs(list[0].Addrs, want) || list[0].AdminUp == c.Shutdown {
			t.Errorf("%+v gives %v, up %v", c, list[0].Addrs, list[0].AdminUp)
		}
	}
	for _, c := range []Config{
		{Address: p("10.1.0.1/24")},
		{Address: p("10.1.0.1/24"), Secondary: []netip.Prefix{p("10.1.0.2/24"), p("10.2.0.1/24")}},
		{Address: p("10.1.0.1/24"), Secondary: []netip.Prefix{p("10.2.0.1/24")}},
		{Address: p("10.2.0.1/24"), Secondary: []netip.Prefix{p("10.1.0.1/24")}}, // the primary changes
		{Address: p("10.2.0.1/16")},
		{Address: p("10.2.0.1/16"), Shutdown: true},
		{Address: p("10.3.0.1/24"), Shutdown: true},
		{},
	} {
		apply(c)
	}
}

func TestPrepareRefuses(t *testing.T) {
	netns.Need(t)
	pair(t, "ta3", "tb3")
	m := New(Options{})
	defer m.Close()
	try := func(mapping Mapping, c Config) error {
		_, err := m.Prepare(t.Context(), nil, &Spec{Interfaces: []ManagedInterface{{Mapping: mapping, Config: c}}})
		return err
	}
	good := Config{Address: netip.MustParsePrefix("10.4.0.1/24")}
	err := try(Mapping{Name: "GigabitEthernet0/0", Device: "absent0", Managed: true}, good)
	var typed *Error
	if !errors.Is(err, ErrNoDevice) || !errors.As(err, &typed) || typed.Interface != "GigabitEthernet0/0" {
		t.Errorf("absent device: %v", err)
	}
	bad := good
	bad.Secondary = []netip.Prefix{netip.MustParsePrefix("224.0.0.1/24")}
	if err := try(Mapping{Name: "GigabitEthernet0/0", Device: "ta3", Managed: true}, bad); !errors.Is(err, ErrBadAddress) {
		t.Errorf("bad address: %v", err)
	}
	// Not managed: neither checked nor touched.
	ch, err := m.Prepare(t.Context(), nil, Spec{Interfaces: []ManagedInterface{{Mapping: Mapping{Name: "x", Device: "ta3"}, Config: good}}})
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
	list, _ := Read([]Mapping{{Device: "ta3"}})
	if list[0].AdminUp || len(list[0].Addrs) != 0 {
		t.Errorf("an unmanaged interface was changed: %+v", list[0])
	}
	// The device goes between Prepare and Commit: status, not a crash.
	ch, err = m.Prepare(t.Context(), nil, Spec{Interfaces: []ManagedInterface{{Mapping: Mapping{Name: "Gi", Device: "ta3", Managed: true}, Config: good}}})
	if err != nil {
		t.Fatal(err)
	}
	l, _ := netlink.LinkByName("ta3")
	netlink.LinkDel(l)
	ch.Commit()
	if st := m.Status(); st.State != service.Failed || !strings.Contains(st.Why, "no such device") {
		t.Errorf("status %+v", st)
	}
	if ch, err := m.Prepare(t.Context(), nil, nil); err != nil {
		t.Error(err)
	} else if ch.Commit(); m.Status().State != service.Disabled {
		t.Error("not disabled")
	}
	if _, err := m.Prepare(t.Context(), nil, 1); err == nil {
		t.Error("a spec of another kind was taken")
	}
}

func TestDefaultMapping(t *testing.T) {
	got := DefaultMapping([]string{"eth0", "wlan0"})
	if len(got) != 2 || got[1] != (Mapping{Name: "GigabitEthernet0/1", Device: "wlan0"}) {
		t.Errorf("%+v", got)
	}
	m := New(Options{Mapping: got})
	defer m.Close()
	if len(m.Mapping()) != 2 {
		t.Errorf("mapping %v", m.Mapping())
	}
}
