package dhcp

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	afpacket "github.com/mdlayher/packet"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/netns"
)

// rig is the set-up of facts/dhcp.md 5.6: the server on one end of a
// cable, on the other a station that speaks raw frames and answers ARP for its
// pretended addresses.
type rig struct {
	t    *testing.T
	s    *Server
	ev   *heardEvents
	lan  *netns.LAN
	box  *netns.Port
	far  *netns.Host
	conn *afpacket.Conn
	own  ether.MAC // of the box's interface
	bits string    // of its network

	mu      sync.Mutex
	pretend map[netip.Addr]ether.MAC
	probes  map[netip.Addr]int
	frames  chan wire.Datagram
	onQuery func(wire.Datagram) // called for every DHCP request of the box
}

// cable makes the network; nothing serves yet.
func cable(t *testing.T) *rig { return cableOf(t, "24") }

func cableOf(t *testing.T, bits string) *rig {
	t.Helper()
	netns.Need(t)
	w := &rig{t: t, bits: bits, ev: &heardEvents{}, pretend: map[netip.Addr]ether.MAC{}, probes: map[netip.Addr]int{}, frames: make(chan wire.Datagram, 256)}
	var err error
	if w.lan, err = netns.NewLAN(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.lan.Close() })
	w.plug()
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

// plug gives the box its interface vs0 with the routes of the checks.
func (w *rig) plug() {
	w.t.Helper()
	here, err := netns.Here()
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { here.Close() })
	w.box, err = w.lan.Plug(here, netns.Cable{Interface: "vs0", Addr: netip.MustParsePrefix("10.77.0.1/" + w.bits)})
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := netlink.LinkByName("vs0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.own = ether.MAC(l.Attrs().HardwareAddr)
	w.mu.Unlock()
	for _, n := range []string{"10.88.0.0/24", "10.99.0.0/24", "192.168.99.0/24"} {
		_, dst, _ := net.ParseCIDR(n)
		if err := netlink.RouteReplace(&netlink.Route{Dst: dst, LinkIndex: l.Attrs().Index, Scope: netlink.SCOPE_LINK}); err != nil {
			w.t.Fatal(err)
		}
	}
}

// serve starts the server.
func (w *rig) serve(o Options, change ...func(*engine.Spec)) {
	w.t.Helper()
	sp := labSpec()
	for _, f := range change {
		f(&sp)
	}
	o.Recorder = w.ev
	if o.Store == "" {
		o.Store = w.t.TempDir()
	}
	w.s = New(o)
	c, err := w.s.Prepare(w.t.Context(), nil, sp)
	if err != nil {
		w.t.Fatal(err)
	}
	c.Commit()
	w.t.Cleanup(func() { w.s.Close() })
}

// listen answers ARP and sorts what comes.
func (w *rig) listen() {
	buf := make([]byte, 4096)
	for {
		n, _, err := w.conn.ReadFrom(buf)
		if err != nil {
			return
		}
		f := append([]byte(nil), buf[:n]...)
		if len(f) >= wire.EtherLen+wire.ARPLen && binary.BigEndian.Uint16(f[12:]) == wire.TypeARP && f[21] == wire.ARPRequest {
			w.arp(f)
			continue
		}
		w.mu.Lock()
		own, query := w.own, w.onQuery
		w.mu.Unlock()
		if d, ok := wire.ParseUDP(f); ok && d.Source == own {
			switch {
			case d.From.Port() == wire.PortServer:
				w.frames <- d
			case d.To.Port() == wire.PortServer && query != nil:
				query(d)
			}
		}
	}
}

func (w *rig) arp(f []byte) {
	target, sender := wire.AddrOf(f[38:42]), wire.AddrOf(f[28:32])
	w.mu.Lock()
	m, ok := w.pretend[target]
	if !sender.IsValid() {
		w.probes[target]++
	}
	w.mu.Unlock()
	if !ok {
		return
	}
	var b []byte
	b = append(append(b, f[6:12]...), m[:]...)
	b = append(b, 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
	b = append(wire.AppendAddr(append(b, m[:]...), target), f[22:32]...)
	w.write(ether.MAC(f[6:12]), b)
}

func (w *rig) write(to ether.MAC, frame []byte) {
	if _, err := w.conn.WriteTo(frame, &afpacket.Addr{HardwareAddr: to[:]}); err != nil {
		w.t.Error(err)
	}
}

// be makes the station answer ARP for an address.
func (w *rig) be(a string, m ether.MAC) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pretend[ip(a)] = m
}

// put sends a request as a frame.
func (w *rig) put(r testRequest, from, to string, dst ether.MAC) {
	src := r.MAC
	if r.GIAddr != "" {
		src = mac(0xee, 1)
	}
	w.write(dst, wire.AppendUDP(nil, dst, src, netip.MustParseAddrPort(from), netip.MustParseAddrPort(to), r.Bytes()))
}

// frame is a reply with the frame it came in.
type frame struct {
	wire.Datagram
	parsed
}

// next waits for the reply to xid.
func (w *rig) next(xid uint32, wait time.Duration) (frame, bool) {
	w.t.Helper()
	limit := time.After(wait)
	for {
		select {
		case d := <-w.frames:
			if len(d.Payload) > 8 && binary.BigEndian.Uint32(d.Payload[4:]) == xid {
				p, err := parse(d.Payload)
				if err != nil {
					w.t.Fatal(err)
				}
				return frame{d, p}, true
			}
		case <-limit:
			return frame{}, false
		}
	}
}

const (
	answerWait = 3 * time.Second
	silentWait = 150 * time.Millisecond
)

// ask sends a request by broadcast and waits for the reply.
func (w *rig) ask(r testRequest) frame {
	w.t.Helper()
	w.put(r, "0.0.0.0:68", "255.255.255.255:67", wire.BroadcastMAC)
	f, ok := w.next(r.XID, answerWait)
	if !ok {
		w.t.Fatalf("no reply; events %s", w.ev.names())
	}
	return f
}

// via sends a request as relay a does.
func (w *rig) via(r testRequest, a string) frame {
	w.t.Helper()
	w.put(r, a+":67", "10.77.0.1:67", w.own)
	f, ok := w.next(r.XID, answerWait)
	if !ok {
		w.t.Fatalf("no reply; events %s", w.ev.names())
	}
	return f
}

// take leases an address.
func (w *rig) take(m ether.MAC, xid uint32) netip.Addr {
	w.t.Helper()
	r := phoneRequest(m, wire.MsgDiscover)
	r.XID = xid
	o := w.ask(r)
	q := phoneRequest(m, wire.MsgRequest, opt(50, ipb(o.YIAddr.String())), opt(54, o.Opts[54]))
	q.XID = xid
	a := w.ask(q)
	if a.Type != wire.MsgAck {
		w.t.Fatalf("type %d", a.Type)
	}
	w.be(a.YIAddr.String(), m)
	return a.YIAddr
}
