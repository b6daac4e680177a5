package host

import (
	"context"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"option150/platform/netns"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

func TestLoad(t *testing.T) {
	start := time.Unix(0, 0)
	s := &Sampler{}
	for i := range 100 { // half a processor for the last five seconds, idle before
		cpu := time.Duration(0)
		if i == 99 {
			cpu = 2500 * time.Millisecond
		}
		s.take(start.Add(time.Duration(i)*sampleEvery), cpu)
	}
	if f, o, m := s.CPU(); f != 50 || o != 4 || m != 0 {
		t.Errorf("%d%% %d%% %d%%", f, o, m)
	}
	if len(s.list) != keep {
		t.Errorf("%d samples kept", len(s.list))
	}
}

func TestMemory(t *testing.T) {
	got := kilobytes("MemTotal:  1024 kB\nHugePages:   3\nbroken\nMemFree: x kB\n")
	if len(got) != 1 || got["MemTotal"] != 1<<20 {
		t.Errorf("%v", got)
	}
	if m := ReadMemory(); m.Total == 0 || m.Resident == 0 || m.Total < m.Available {
		t.Errorf("%+v", m)
	}
}

func TestRoutesAndNeighbours(t *testing.T) {
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
	if _, err := lan.Plug(h, netns.Cable{Addr: netip.MustParsePrefix("10.9.0.1/24")}); err != nil {
		t.Fatal(err)
	}
	if err := h.SetGateway(netip.MustParseAddr("10.9.0.254")); err != nil {
		t.Fatal(err)
	}
	_ = h.Do(func() error {
		var connected, gateway bool
		for _, r := range Routes() {
			connected = connected || r.Dst == netip.MustParsePrefix("10.9.0.0/24") && !r.Gateway.IsValid() && r.Device == "eth0"
			gateway = gateway || r.Dst.Bits() == 0 && r.Gateway == netip.MustParseAddr("10.9.0.254")
		}
		if !connected || !gateway {
			t.Errorf("routes %+v", Routes())
		}
		for _, n := range Neighbours() {
			if n.Device == "" {
				t.Errorf("neighbour %+v", n)
			}
		}
		return nil
	})
}

// Another machine answers, an address nobody has does not, and a router that
// knows no way says so.
func TestPing(t *testing.T) {
	netns.Need(t)
	lan, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	defer lan.Close()
	host := func(name, addr string) *netns.Host {
		h, err := netns.NewHost(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		if _, err := lan.Plug(h, netns.Cable{Addr: netip.MustParsePrefix(addr)}); err != nil {
			t.Fatal(err)
		}
		return h
	}
	one := host("one", "10.9.0.1/24")
	host("two", "10.9.0.2/24")
	_ = one.Do(func() error {
		p, err := NewPinger(netip.MustParseAddr("10.9.0.1"))
		if err != nil {
			t.Error(err)
			return nil
		}
		defer p.Close()
		for range 3 {
			if a, took := p.Ping(t.Context(), netip.MustParseAddr("10.9.0.2"), 1500, 5*time.Second); a != Replied || took <= 0 {
				t.Errorf("answer %v after %s", a, took)
			}
		}
		if a, _ := p.Ping(t.Context(), netip.MustParseAddr("10.9.0.3"), 100, 50*time.Millisecond); a != NoAnswer {
			t.Errorf("nobody answered %v", a)
		}
		if a, _ := p.Ping(t.Context(), netip.MustParseAddr("192.0.2.1"), 100, 50*time.Millisecond); a != NoAnswer {
			t.Errorf("without a route: %v", a)
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, cancel)
		start := time.Now()
		if a, _ := p.Ping(ctx, netip.MustParseAddr("10.9.0.3"), 100, time.Minute); a != NoAnswer || time.Since(start) > 10*time.Second {
			t.Errorf("interrupted: %v after %s", a, time.Since(start))
		}
		return nil
	})
}

// What a router sends back holds the beginning of the request: of another
// request it is no answer.
func TestPingJudge(t *testing.T) {
	p := &Pinger{id: 0x1234, seq: 7}
	from, to := &net.IPAddr{IP: net.IPv4(10, 9, 0, 2)}, netip.MustParseAddr("10.9.0.2")
	packet := func(kind byte, inner ...byte) []byte { return append([]byte{kind, 1, 0, 0}, inner...) }
	header := func(id, seq byte) []byte {
		ip := make([]byte, 28)
		ip[0], ip[20], ip[24], ip[25], ip[27] = 0x45, 8, 0x12, id, seq
		return append(make([]byte, 4), ip...)
	}
	for _, c := range []struct {
		name string
		b    []byte
		want Answer
	}{
		{"reply", packet(0, 0x12, 0x34, 0, 7), Replied},
		{"a reply to the one before", packet(0, 0x12, 0x34, 0, 6), NoAnswer},
		{"of another program", packet(0, 0x12, 0x35, 0, 7), NoAnswer},
		{"our own request", packet(8, 0x12, 0x34, 0, 7), NoAnswer},
		{"unreachable", packet(3, header(0x34, 7)...), Unreachable},
		{"unreachable, another request", packet(3, header(0x34, 6)...), NoAnswer},
		{"cut short", packet(3, header(0x34, 7)[:20]...), NoAnswer},
		{"nothing", nil, NoAnswer},
	} {
		if got := p.judge(c.b, from, to); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
