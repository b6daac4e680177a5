package tftp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// A phone that erases its flash acknowledges late: what was sent ended long
// before, but it is listened to.
func TestLateFirstAck(t *testing.T) {
	everyMode(t, testSet{settings: settings{RTOInitial: 20 * time.Millisecond, RTOMin: 10 * time.Millisecond, GiveUp: 20 * time.Second}}, func(t *testing.T, set testSet) {
		w := serve(t, set, map[string][]byte{"a": fileOf(900)})
		p := w.probe()
		p.ask("a", "octet")
		for range unvalidatedPackets {
			p.expect("DATA 1 512")
		}
		p.silence(300 * time.Millisecond)
		p.ack(1)
		p.expect("DATA 2 388")
		p.ack(2)
		if r := w.result(0); !r.Complete {
			t.Errorf("%+v", r)
		}
		// The address has answered: its next file is sent as long as it takes.
		p = w.probe()
		p.ask("a", "octet")
		for range unvalidatedPackets + 3 {
			if p.read(5*time.Second) == nil {
				t.Fatal("no more packets to an address that answered before")
			}
		}
	})
}

// `timeout` that is acknowledged is used: nothing is repeated before it.
func TestTimeoutOptionOnTheWire(t *testing.T) {
	w := serve(t, testSet{settings: settings{RTOInitial: 20 * time.Millisecond}}, map[string][]byte{"a": fileOf(900)})
	p := w.probe()
	p.ask("a", "octet", "timeout=2")
	p.expect("OACK timeout 2")
	p.ack(0)
	p.expect("DATA 1 512")
	begin := time.Now()
	p.expect("DATA 1 512")
	if d := time.Since(begin); d < 1900*time.Millisecond {
		t.Errorf("repeated after %v", d)
	}
}

// A forger who knows every port of ours and acknowledges blindly in the name of
// his victim: what the victim gets.
func TestReflectionByABlindForger(t *testing.T) {
	w := serve(t, testSet{settings: settings{PoolSize: PoolSize, RTOMin: 20 * time.Millisecond, RTOMax: 300 * time.Millisecond, RTOInitial: 30 * time.Millisecond, GiveUp: time.Second}},
		map[string][]byte{"firmware": fileOf(4_000_000)})
	var ports []netip.AddrPort
	for _, s := range w.set.States()[1:] {
		ports = append(ports, netip.AddrPortFrom(w.at.Addr(), s.Bound.Port()))
	}
	if len(ports) < 256 {
		t.Fatalf("%d ports", len(ports))
	}
	const forged = 200
	var mu sync.Mutex
	var wg sync.WaitGroup
	hits, all, most := 0, 0, 0
	for i := range forged {
		victim, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 3, byte(i>>8), byte(i))})
		if err != nil {
			t.Fatal(err)
		}
		defer victim.Close()
		_ = victim.SetReadBuffer(1 << 20)
		wg.Go(func() {
			_, _ = victim.WriteToUDPAddrPort(rrq("firmware", "octet", "blksize=1428", "windowsize=64"), w.at)
			time.Sleep(20 * time.Millisecond)
			guesses := rand.Perm(len(ports))
			for n := 0; n <= 256; n += 64 { // he goes on as if he had been heard
				for _, g := range guesses {
					_, _ = victim.WriteToUDPAddrPort(ackPacket(n), ports[g])
				}
			}
			got, b := 0, make([]byte, 2000)
			_ = victim.SetReadDeadline(time.Now().Add(1500 * time.Millisecond))
			for {
				k, err := victim.Read(b)
				if err != nil {
					break
				}
				got += k
			}
			mu.Lock()
			defer mu.Unlock()
			if all += got; got > 20_000 {
				hits++
			} else {
				most = max(most, got)
			}
		})
		if i%50 == 49 {
			wg.Wait() // loopback loses what its queues do not hold
		}
	}
	wg.Wait()
	drawn := float64(all) / forged
	if hits > 0 { // the mean without the luck of this run
		drawn = float64(all)/float64(hits)*maxWrong/float64(len(ports)) + float64(most)
	}
	t.Logf("%d of %d guesses hit, %.0f octets a forged request, %d in vain", hits, forged, drawn, most)
	if hits > 25 || drawn > 5000+float64(most) || most > 4500 {
		t.Errorf("%d of %d guesses hit, %.0f octets a forged request, %d in vain", hits, forged, drawn, most)
	}
}

// Forged requests fill no table: the oldest goes, and who answers is served.
func TestForgedRequestsHoldNothing(t *testing.T) {
	w := serve(t, testSet{settings: settings{Workers: 1, MaxUnheard: 30, MaxTransfers: 10}}, map[string][]byte{"a": fileOf(2000)})
	for i := range 400 {
		p := w.probeFrom(fmt.Sprintf("127.4.%d.%d", i>>8, i&255))
		p.ask("a", "octet")
		p.conn.Close()
		if i%50 == 49 {
			if got := w.probeFrom("127.0.0.9").fetch("a", "octet"); !bytes.Equal(got, w.files["a"]) {
				t.Fatalf("a phone got %d octets", len(got))
			}
		}
	}
	w.until("the requests", func() bool { return w.Counters().Requests >= 400 })
	if n := len(w.Sessions()); n > 31 {
		t.Errorf("%d transfers", n)
	}
}
