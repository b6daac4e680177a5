package host

import (
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
