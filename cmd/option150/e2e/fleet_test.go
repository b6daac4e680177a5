package e2e

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/dhcp/dhcptest"
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

	mu    sync.Mutex
	wait  map[ether.MAC]chan dhcptest.Reply
	acks  map[netip.Addr]map[ether.MAC]bool
	count int
}

func newCallers(t *testing.T, h *netns.Host, boxes ...string) *callers {
	r := &callers{t: t, wait: map[ether.MAC]chan dhcptest.Reply{}, acks: map[netip.Addr]map[ether.MAC]bool{}}
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
			n, err := r.conn.Read(b)
			if err != nil {
				return
			}
			p, err := dhcptest.Parse(b[:n])
			if err != nil {
				continue
			}
			m := ether.MAC(b[28:34])
			r.mu.Lock()
			if p.Type == 5 {
				r.count++
				if r.acks[p.YIAddr] == nil {
					r.acks[p.YIAddr] = map[ether.MAC]bool{}
				}
				r.acks[p.YIAddr][m] = true // leases are longer than the test
			}
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
	r.mu.Lock()
	for addr, who := range r.acks {
		if len(who) > 1 {
			t.Errorf("%s was acknowledged to %v", addr, who)
		}
	}
	if r.count < 2000 {
		t.Errorf("%d ACKs", r.count)
	}
	// Some that each of the boxes gave out.
	var some []netip.Addr
	of := map[netip.Addr]ether.MAC{}
	for addr, who := range r.acks {
		for m := range who {
			of[addr] = m
		}
		if len(some) < 20 {
			some = append(some, addr)
		}
	}
	r.mu.Unlock()
	a.Proc.Kill()
	for _, addr := range some { // REBIND
		q := dhcptest.Phone(of[addr], 3)
		q.CIAddr = addr.String()
		if p, ok := r.answer(q, 5); !ok || p.YIAddr != addr {
			t.Errorf("%s was not renewed: type %d, %s", addr, p.Type, p.YIAddr)
		}
	}
}
