package callcontrol

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"option150/telephony/inventory"
)

func TestAsk(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	answers, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	go func() {
		buf := make([]byte, 2048)
		for {
			_, from, err := answers.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			_, _ = answers.WriteToUDPAddrPort([]byte("SIP/2.0 404 x\r\n\r\n"), from)
		}
	}()
	silent, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	port := func(a net.Addr) netip.AddrPort { return netip.MustParseAddrPort(a.String()) }
	for _, c := range []struct {
		name  string
		t     Target
		ok    bool
		basis inventory.Basis
	}{
		{"SCCP", Target{port(tcp.Addr()), false}, true, inventory.Observed},
		{"SCCP closed", Target{port(closed.Addr()), false}, false, inventory.Observed},
		{"SIP", Target{port(answers.LocalAddr()), true}, true, inventory.Observed},
		{"SIP over TCP only", Target{port(tcp.Addr()), true}, true, inventory.Observed},
		{"SIP silent", Target{port(silent.LocalAddr()), true}, false, inventory.Inferred},
		{"SIP closed", Target{port(closed.Addr()), true}, false, inventory.Observed},
	} {
		if a := Ask(t.Context(), c.t); a.OK != c.ok || a.Basis != c.basis || a.Why == "" {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
}

// TestBounds: a round asks a bounded number of addresses, each once.
func TestBounds(t *testing.T) {
	asked := 0
	p := New(func() []Target {
		asked++
		var out []Target
		for i := range 100 {
			out = append(out, Target{Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(1+i))})
		}
		return out
	}, time.Hour)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); p.Run(ctx) }()
	for len(p.Answers()) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	<-done
	if n := len(p.Answers()); n != MaxTargets || asked != 1 {
		t.Errorf("%d answers, %d rounds", n, asked)
	}
	var none *Prober
	if none.Answers() != nil {
		t.Error("answers of nobody")
	}
}
