package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/dhcp/dhcptest"
	"option150/dhcp/share/history"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
)

const campus = `hostname BOX
enable secret lab
ip dhcp excluded-address 10.150.0.1 10.150.0.20
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.0.0
 lease 0 8
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address ADDRESS 255.255.0.0
fleet
 name NAME
 domain CAMPUS
 server http://10.150.0.5:2379
 bindings share
 bindings when-isolated own-share
 lead-time 60
line vty 0 15
 login local
`

// callers asks the boxes for many clients, as a relay with both as its helpers does, and
// keeps the history of the ACKs.
type callers struct {
	t     *testing.T
	conn  *net.UDPConn
	boxes []netip.AddrPort

	history history.History

	mu   sync.Mutex
	wait map[ether.MAC]chan dhcptest.Reply
}

func newCallers(t *testing.T, h *netns.Host, boxes ...string) *callers {
	r := &callers{t: t, wait: map[ether.MAC]chan dhcptest.Reply{}}
	for _, b := range boxes {
		r.boxes = append(r.boxes, netip.AddrPortFrom(netip.MustParseAddr(b), 67))
	}
	if err := h.Do(func() (err error) {
		r.conn, err = net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(10, 150, 0, 5), Port: 67})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.conn.Close() })
	go func() {
		b := make([]byte, 2048)
		for {
			n, from, err := r.conn.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			p, err := dhcptest.Parse(b[:n])
			if err != nil {
				continue
			}
			m := ether.MAC(b[28:34])
			if p.Type == 5 {
				r.history.Add(history.Ack{At: time.Now(), Until: time.Now().Add(leaseOf(p)), Addr: p.YIAddr, Client: m.String(), Box: from.Addr().String()})
			}
			r.mu.Lock()
			c := r.wait[m]
			r.mu.Unlock()
			if c != nil {
				select {
				case c <- p:
				default:
				}
			}
		}
	}()
	return r
}

// leaseOf is for how long an ACK says that the address is the client's.
func leaseOf(p dhcptest.Reply) time.Duration {
	if len(p.Opts[51]) != 4 {
		return 0
	}
	o := p.Opts[51]
	return time.Duration(uint32(o[0])<<24|uint32(o[1])<<16|uint32(o[2])<<8|uint32(o[3])) * time.Second
}

// clientOf is the hardware address of the client of an ACK.
func clientOf(x history.Ack) ether.MAC {
	m, err := ether.ParseMAC(x.Client)
	if err != nil {
		panic(err) // it was printed by one
	}
	return m
}

func (r *callers) send(q dhcptest.Request) {
	q.GIAddr = "10.150.0.5"
	q.XID = uint32(q.MAC[4])<<8 | uint32(q.MAC[5])
	for _, b := range r.boxes {
		_, _ = r.conn.WriteToUDPAddrPort(q.Bytes(), b)
	}
}

// answer sends a request, again while nobody answers, and returns the first answer of a
// type; one of NAK ends it.
func (r *callers) answer(q dhcptest.Request, typ byte) (p dhcptest.Reply, ok bool) {
	c := make(chan dhcptest.Reply, 16)
	r.mu.Lock()
	r.wait[q.MAC] = c
	r.mu.Unlock()
	for range 3 {
		r.send(q)
		limit := time.After(2 * time.Second)
		for again := false; !again; {
			select {
			case p = <-c:
				if p.Type == typ {
					return p, true
				}
				if p.Type == 6 {
					return p, false
				}
			case <-limit:
				again = true
			}
		}
	}
	return p, false
}

// take leases an address for a client, from the beginning as often as it takes.
func (r *callers) take(m ether.MAC) netip.Addr {
	for range 12 {
		o, ok := r.answer(dhcptest.Phone(m, 1), 2)
		if !ok {
			continue
		}
		a := o.YIAddr.As4()
		p, ok := r.answer(dhcptest.Phone(m, 3, dhcptest.NewOption(50, a[:]), dhcptest.NewOption(54, o.Opts[54])), 5)
		if ok {
			return p.YIAddr
		}
	}
	r.t.Errorf("%s was not served", m)
	return netip.Addr{}
}

// TestSharedBindings: two boxes and an etcd serve one pool to 2000 clients behind a relay
// that asks both, while etcd and a box are killed. Nobody has another's address, and
// what a dead box gave out the other renews.
func TestSharedBindings(t *testing.T) {
	t.Parallel()
	etcd := testkit.NeedProgram(t, "etcd", "etcd-server")
	conf := func(address, name string) string {
		return strings.NewReplacer("ADDRESS", address, "NAME", name).Replace(campus)
	}
	a := newWorld(t, setup{config: conf("10.150.0.1", "BOX-A"), off: true})
	b := &world{&testbox.World{T: t, LAN: a.LAN, Desk: a.Desk, Dir: t.TempDir()}}
	b.Root = b.Dir + "/root"
	b.Box = a.Host("box2", netip.Prefix{})
	b.file("root/flash/.keep", nil)
	b.file("root/nvram/startup-config", []byte(conf("10.150.0.2", "BOX-B")))
	b.file("settings.toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = \"none\"\n", b.Root))
	data := t.TempDir()
	engine := func() *testbox.Process {
		return testbox.Run(t, a.Desk, exec.Command(etcd, "--data-dir", data, "--listen-client-urls", "http://10.150.0.5:2379", "--advertise-client-urls", "http://10.150.0.5:2379", "--log-level", "error"))
	}
	e := engine()
	a.start()
	b.start()
	connected := func() {
		t.Helper()
		a.Within(60*time.Second, "the boxes are not connected", func() bool {
			s := a.Exec("show fleet bindings")
			return strings.Contains(s, "Engine: answers") && strings.Contains(s, "BOX-A ") && strings.Contains(s, "BOX-B ") && !strings.Contains(s, "New clients get nothing")
		})
	}
	connected()
	r := newCallers(t, a.Desk, "10.150.0.1", "10.150.0.2")
	serve := func(from, to int) {
		var all sync.WaitGroup
		slots := make(chan struct{}, 64)
		for n := from; n < to; n++ {
			slots <- struct{}{}
			all.Go(func() { r.take(dhcptest.MAC(byte(n>>8), byte(n))); <-slots })
		}
		all.Wait()
	}
	serve(0, 800)
	var both sync.WaitGroup
	both.Go(func() { serve(800, 1400) })
	e.Kill()
	both.Wait()
	engine()
	connected()
	both.Go(func() { serve(1400, 2000) })
	b.Proc.Kill()
	both.Wait()
	b.start()
	connected()
	if bad := r.history.Overlaps(); len(bad) > 0 || r.history.Len() < 2000 {
		t.Errorf("%d ACKs; %v", r.history.Len(), bad)
	}
	some := slices.DeleteFunc(r.history.All(), func(x history.Ack) bool { return x.Box != "10.150.0.1" })
	if len(some) == 0 {
		t.Fatal("the first box gave out nothing")
	}
	a.Proc.Kill()
	for _, x := range some[:min(len(some), 20)] { // REBIND
		q := dhcptest.Phone(clientOf(x), 3)
		q.CIAddr = x.Addr.String()
		if p, ok := r.answer(q, 5); !ok || p.YIAddr != x.Addr {
			t.Errorf("%s was not renewed: type %d, %s", x.Addr, p.Type, p.YIAddr)
		}
	}
}
