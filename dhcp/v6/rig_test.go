package v6

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	afpacket "github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/dhcp/dhcptest"
	"option150/dhcp/v6/engine"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/netns"
	"option150/platform/service"
	"option150/platform/testkit"
)

func TestMain(m *testing.M) {
	if os.Getenv(killEnv) != "" {
		os.Exit(killChild())
	}
	for _, a := range os.Args[1:] {
		if strings.HasPrefix(a, "-test.fuzz") && !strings.HasPrefix(a, "-test.fuzzcachedir") {
			os.Exit(m.Run())
		}
	}
	os.Exit(netns.Run(m))
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func mac(hi, lo byte) ether.MAC { return ether.MAC{2, 0, 0, 6, hi, lo} }

// heard is the events of a server.
type heard struct {
	mu  sync.Mutex
	all []journal.Event
}

func (h *heard) Record(e journal.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, e)
}

func (h *heard) names() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for _, e := range h.all {
		out = append(out, e.EventName())
	}
	return strings.Join(out, " ")
}

func (h *heard) last(match func(journal.Event) bool) journal.Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i := len(h.all) - 1; i >= 0; i-- {
		if match(h.all[i]) {
			return h.all[i]
		}
	}
	return nil
}

// labSpec is the set-up of the checks: a pool for the link, one for a relayed
// network of which it has no address, and one of sixteen addresses.
func labSpec() engine.Spec {
	return engine.Spec{
		Config: engine.Config{
			Pools: []engine.Pool{
				{Name: "VOICE6", Prefix: netip.MustParsePrefix("2001:db8:77::/64"), Valid: 600 * time.Second, Preferred: 400 * time.Second,
					DNSServers: []netip.Addr{ip("2001:db8:77::53")}, Domains: []string{"branch.example"}, Refresh: 3600 * time.Second,
					Vendors: []engine.Vendor{
						{Enterprise: 9, Options: []engine.Suboption{
							{Code: 1, Kind: engine.Address, Addrs: []netip.Addr{ip("2001:db8:77::1"), ip("2001:db8:77::2")}},
							{Code: 2, Kind: engine.ASCII, Text: "tftp.branch.example"}}},
						{Enterprise: 4491, Options: []engine.Suboption{{Code: 32, Kind: engine.Hex, Hex: []byte{1, 2, 3}}}}}},
				{Name: "FAR", Prefix: netip.MustParsePrefix("2001:db8:88::/64"), Networks: []netip.Prefix{netip.MustParsePrefix("2001:db8:88::/64")},
					Vendors: []engine.Vendor{{Enterprise: 9, Options: []engine.Suboption{{Code: 1, Kind: engine.Address, Addrs: []netip.Addr{ip("2001:db8:77::1")}}}}}},
				{Name: "SMALL", Prefix: netip.MustParsePrefix("2001:db8:99::/126"), Networks: []netip.Prefix{netip.MustParsePrefix("2001:db8:99::/64")}},
			},
			Links: []engine.Link{{Name: "GigabitEthernet0/0", Pool: "VOICE6", Rapid: true, Preference: 20}},
		},
		Interfaces: []engine.Interface{{Name: "GigabitEthernet0/0", Device: "vs0", Addrs: []netip.Prefix{netip.MustParsePrefix("2001:db8:77::1/64"), netip.MustParsePrefix("fe80::1/64")}}},
	}
}

// rig is the server on one end of a cable, on the other a station that speaks
// raw frames and answers for the addresses it pretends to have.
type rig struct {
	t    *testing.T
	s    *Server
	ev   *heard
	lan  *netns.LAN
	far  *netns.Host
	conn *afpacket.Conn
	own  ether.MAC

	mu      sync.Mutex
	pretend map[netip.Addr]ether.MAC
	asked   map[netip.Addr]int // neighbour solicitations of the box, by target
	frames  chan frame
}

type frame struct {
	dst      ether.MAC
	from, to netip.AddrPort
	payload  []byte
}

func cable(t *testing.T) *rig {
	t.Helper()
	netns.Need(t)
	w := &rig{t: t, ev: &heard{}, pretend: map[netip.Addr]ether.MAC{}, asked: map[netip.Addr]int{}, frames: make(chan frame, 256)}
	var err error
	if w.lan, err = netns.NewLAN(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.lan.Close() })
	here, err := netns.Here()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { here.Close() })
	if _, err := w.lan.Plug(here, netns.Cable{Interface: "vs0"}); err != nil {
		t.Fatal(err)
	}
	l, err := netlink.LinkByName("vs0")
	if err != nil {
		t.Fatal(err)
	}
	w.own = ether.MAC(l.Attrs().HardwareAddr)
	for _, a := range []string{"fe80::1/64", "2001:db8:77::1/64"} {
		p, _ := netlink.ParseAddr(a)
		p.Flags = unix.IFA_F_NODAD
		if err := netlink.AddrReplace(l, p); err != nil {
			testkit.Missing(t, fmt.Sprintf("no IPv6 on this machine: %v", err))
		}
	}
	for _, n := range []string{"2001:db8:88::/64", "2001:db8:99::/64", "2001:db8:aa::/64"} {
		_, dst, _ := net.ParseCIDR(n)
		if err := netlink.RouteReplace(&netlink.Route{Dst: dst, LinkIndex: l.Attrs().Index, Scope: netlink.SCOPE_LINK}); err != nil {
			t.Fatal(err)
		}
	}
	if w.far, err = netns.NewHost("far"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.far.Close() })
	if _, err = w.lan.Plug(w.far, netns.Cable{Interface: "vc0"}); err != nil {
		t.Fatal(err)
	}
	err = w.far.Do(func() error {
		ifi, err := net.InterfaceByName("vc0")
		if err != nil {
			return err
		}
		w.conn, err = afpacket.Listen(ifi, afpacket.Raw, unix.ETH_P_ALL, nil)
		return err
	})
	if err == nil {
		err = w.conn.SetPromiscuous(true)
	}
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); w.listen() }()
	t.Cleanup(func() { w.conn.SetReadDeadline(time.Unix(1, 0)); <-done; w.conn.Close() })
	return w
}

func (w *rig) serve(o Options, sp engine.Spec) {
	w.t.Helper()
	o.Recorder = w.ev
	w.s = New(o)
	change(w.t, w.s, sp)
	w.t.Cleanup(func() { w.s.Close() })
	waitFor(w.t, func() bool { return len(w.s.Status().Listeners) == len(sp.Interfaces) })
}

func change(t testing.TB, s *Server, sp service.Spec) {
	t.Helper()
	c, err := s.Prepare(t.Context(), nil, sp)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

func waitFor(t testing.TB, what func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if what() {
			return
		}
	}
	t.Fatal("it did not come to that")
}

// listen answers neighbour solicitations and sorts what comes.
func (w *rig) listen() {
	buf := make([]byte, 16384)
	for {
		n, _, err := w.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		f := append([]byte(nil), buf[:n]...)
		if len(f) < 62 || binary.BigEndian.Uint16(f[12:]) != 0x86dd || ether.MAC(f[6:12]) != w.own {
			continue
		}
		p := f[14:]
		src, dst := netip.AddrFrom16([16]byte(p[8:24])), netip.AddrFrom16([16]byte(p[24:40]))
		switch {
		case p[6] == 58 && p[40] == 135 && len(p) >= 64:
			w.solicited(f, src, netip.AddrFrom16([16]byte(p[48:64])))
		case p[6] == 17:
			u := p[40:]
			w.frames <- frame{ether.MAC(f[:6]), netip.AddrPortFrom(src, binary.BigEndian.Uint16(u)), netip.AddrPortFrom(dst, binary.BigEndian.Uint16(u[2:])), u[8:]}
		}
	}
}

// solicited answers for an address that is pretended.
func (w *rig) solicited(f []byte, src, target netip.Addr) {
	w.mu.Lock()
	w.asked[target]++
	m, ok := w.pretend[target]
	w.mu.Unlock()
	if !ok || src.IsUnspecified() {
		return
	}
	t := target.As16()
	icmp := append([]byte{136, 0, 0, 0, 0x60, 0, 0, 0}, t[:]...)
	icmp = append(append(icmp, 2, 1), m[:]...)
	w.write(packet6(ether.MAC(f[6:12]), m, target, src, 58, 255, 2, icmp))
}

// packet6 is a frame; sum is where in the payload its checksum belongs.
func packet6(dst, src ether.MAC, from, to netip.Addr, next, hops byte, sum int, payload []byte) []byte {
	f, t := from.As16(), to.As16()
	pseudo := append(append([]byte{}, f[:]...), t[:]...)
	pseudo = append(pseudo, 0, 0, byte(len(payload)>>8), byte(len(payload)), 0, 0, 0, next)
	total := uint32(0)
	all := append(pseudo, payload...)
	for i := 0; i+1 < len(all); i += 2 {
		total += uint32(all[i])<<8 | uint32(all[i+1])
	}
	if len(all)%2 == 1 {
		total += uint32(all[len(all)-1]) << 8
	}
	for total > 0xffff {
		total = total>>16 + total&0xffff
	}
	payload = append([]byte(nil), payload...)
	binary.BigEndian.PutUint16(payload[sum:], ^uint16(total))
	b := append(append(append([]byte{}, dst[:]...), src[:]...), 0x86, 0xdd, 0x60, 0, 0, 0, byte(len(payload)>>8), byte(len(payload)), next, hops)
	return append(append(append(b, f[:]...), t[:]...), payload...)
}

func (w *rig) write(frame []byte) {
	if _, err := w.conn.WriteTo(frame, &afpacket.Addr{HardwareAddr: frame[:6]}); err != nil {
		w.t.Error(err)
	}
}

// be makes the station answer for an address.
func (w *rig) be(a netip.Addr, m ether.MAC) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pretend[a] = m
}

var allServers = netip.MustParseAddr("ff02::1:2")

// put sends a datagram as a frame from a station.
func (w *rig) put(m ether.MAC, from netip.AddrPort, to netip.Addr, payload []byte) {
	w.be(from.Addr(), m)
	dst := ether.MAC{0x33, 0x33, 0, 1, 0, 2}
	if !to.IsMulticast() {
		dst = w.own
	}
	udp := binary.BigEndian.AppendUint16(nil, from.Port())
	udp = binary.BigEndian.AppendUint16(udp, 547)
	udp = binary.BigEndian.AppendUint16(udp, uint16(8+len(payload)))
	w.write(packet6(dst, m, from.Addr(), to, 17, 64, 6, append(append(udp, 0, 0), payload...)))
}

const (
	answerWait = 5 * time.Second
	silentWait = 120 * time.Millisecond
)

// got is a reply with the frame it came in.
type got struct {
	frame
	dhcptest.Reply6
}

// next waits for the reply to xid.
func (w *rig) next(xid uint32, wait time.Duration) (got, bool) {
	w.t.Helper()
	limit := time.After(wait)
	for {
		select {
		case f := <-w.frames:
			p, err := dhcptest.Parse6(f.payload)
			if err != nil {
				w.t.Fatal(err)
			}
			if p.XID == xid {
				return got{f, p}, true
			}
		case <-limit:
			return got{}, false
		}
	}
}

// ask sends a message of a station to the group and waits for the reply. As
// stations do it sends it again when none came: the box asks the kernel for the
// neighbour first, and on a busy machine that may take longer than it waits.
// [RFC 8415 15]
func (w *rig) ask(m ether.MAC, r dhcptest.Message6) got {
	w.t.Helper()
	g, ok := got{}, false
	for tries := 0; tries < 3 && !ok; tries++ {
		w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), allServers, r.Bytes())
		g, ok = w.next(r.XID, answerWait)
	}
	if !ok {
		w.t.Fatalf("no reply; events %s", w.ev.names())
	}
	return g
}

// silence sends a message and fails when it is answered.
func (w *rig) silence(m ether.MAC, r dhcptest.Message6) {
	w.t.Helper()
	w.put(m, netip.AddrPortFrom(dhcptest.LinkLocal(m), 546), allServers, r.Bytes())
	if g, ok := w.next(r.XID, silentWait); ok {
		w.t.Fatalf("answered by type %d, status %d", g.Type, g.Status)
	}
}

// via sends bytes as a relay does, from that address, and waits for the reply.
func (w *rig) via(from string, xid uint32, b []byte) (got, bool) {
	w.t.Helper()
	at, err := netip.ParseAddrPort(from)
	if err != nil {
		at = netip.AddrPortFrom(ip(from), 547)
	}
	w.put(ether.MAC{2, 0, 0, 6, 0xee, 1}, at, ip("2001:db8:77::1"), b)
	return w.next(xid, silentWait*10)
}

// take leases an address.
func (w *rig) take(m ether.MAC) (got, netip.Addr) {
	w.t.Helper()
	a := w.ask(m, dhcptest.Phone6(m, 1, dhcptest.IA6(1)))
	q := dhcptest.Phone6(m, 3, dhcptest.Opt6(2, a.Val(2)...), dhcptest.IA6(1, a.Addr()))
	g := w.ask(m, q)
	if g.Type != 7 || !g.Addr().IsValid() || g.Addr() != a.Addr() {
		w.t.Fatalf("offered %s, got type %d, %s", a.Addr(), g.Type, g.Addr())
	}
	return g, g.Addr()
}
