package tftp

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"option150/platform/listen"
)

// A power cut: two thousand phones ask for their configuration at once. No
// request is lost, unless the kernel says that its queue was too small (the
// enlarged one needs a capability), and nobody waits for another.
func TestStorm(t *testing.T) {
	const phones = 2000
	content := fileOf(3000)
	w := newWorld(t, testSet{}, map[string][]byte{"SEP001E7A000001.cnf.xml": content})
	w.apply(Spec{Endpoints: []listen.Endpoint{endpoint("127.0.0.1", 0)}})
	var wg sync.WaitGroup
	var failed atomic.Int64
	start := make(chan struct{})
	for i := range phones {
		p := w.probeFrom(fmt.Sprintf("127.1.%d.%d", i/250, 1+i%250))
		p.wait = 15 * time.Second // a client that has to ask again is a failure
		wg.Go(func() {
			<-start
			got, err := p.get("SEP001E7A000001.cnf.xml", "octet")
			if err != nil || !bytes.Equal(got, content) {
				failed.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	w.until("the last acknowledgements", func() bool { return w.Counters().RequestsInProgress == 0 })
	c := w.Counters()
	if failed.Load() != 0 || c.RequestsProcessed != phones || c.Requests != phones || c.DuplicateRequests > c.ListenQueueDrops {
		t.Errorf("%d failed, %+v", failed.Load(), c)
	}
	if n := len(w.Clients()); n != phones {
		t.Errorf("%d clients remembered", n)
	}
	t.Logf("%d requests repeated, %d retransmissions, %d lost in the queue", c.DuplicateRequests, c.Retransmits, c.ListenQueueDrops)
}

func addressOf(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}) }

// The table of clients is bounded, and forgets who was idle for longest.
func TestClientTableIsBounded(t *testing.T) {
	table := newClientTable()
	table.bound = 10
	busy, _, _ := table.meet(addressOf(0), "", 1, 1000)
	table.begin(busy, 1, 1000)
	for i := 1; i < 500; i++ {
		c, _, ok := table.meet(addressOf(i), "", 1, 1000)
		if !ok || !table.begin(c, 1, 1000) {
			t.Fatal(i)
		}
		if _, _, ok := table.meet(addressOf(i), "", 1, 1000); ok {
			t.Fatal("two transfers where one is allowed")
		}
		table.release(c, rtt{smoothed: time.Duration(i)}, true, 1, 0)
	}
	for i := 500; i < 900; i++ { // forged ones push out nobody who has answered
		c, _, _ := table.meet(addressOf(i), "", 1, 1000)
		table.release(c, rtt{}, false, 0, 0)
	}
	if n := len(table.list()); n != 11 {
		t.Errorf("%d clients", n)
	}
	table.release(busy, rtt{}, true, 1, 0)
	if _, k, _ := table.meet(addressOf(499), "", 1, 1000); k.rtt.smoothed != 499 || !k.answered {
		t.Errorf("%+v", k)
	}
	c, _, _ := table.meet(addressOf(7), "", 1, 1000)
	table.begin(c, 1, 1)
	if _, _, ok := table.meet(addressOf(8), "", 1, 1); ok {
		t.Error("beyond the total")
	}
}

// Whatever clients do, the requests add up (world.check) and the server
// answers the next one.
func TestTorture(t *testing.T) {
	w := serve(t, testSet{settings: settings{MaxPerClient: 20, MaxLookups: 8, RTOInitial: 5 * time.Millisecond, RTOMin: time.Millisecond, RTOMax: 10 * time.Millisecond, GiveUp: 50 * time.Millisecond}}, map[string][]byte{"a": fileOf(5000), "b": nil})
	packets := [][]byte{rrq("a", "octet"), rrq("b", "octet", "tsize=0"), rrq("c", "octet"), rrq("a", "netascii", "windowsize=9"),
		rrq("a", "mail"), ackPacket(0), ackPacket(1), ackPacket(2), ackPacket(3), ackPacket(65535), {0, 5, 0, 0}, {0, 5}, {0}, {0, 9, 1, 1}, {0, 2, 'x', 0}}
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(i), 7))
			for range 10 {
				p := w.probeFrom(fmt.Sprintf("127.2.0.%d", 1+i))
				p.tid = w.at
				for range 60 {
					b := packets[rnd.IntN(len(packets))]
					to := p.tid
					if opcode(b) == opRRQ || rnd.IntN(10) == 0 {
						to = w.at
					}
					_, _ = p.conn.WriteToUDPAddrPort(b, to)
					p.read(time.Duration(rnd.IntN(2000)) * time.Microsecond)
				}
			}
		})
	}
	wg.Wait()
	w.until("all to end", func() bool { return w.Counters().RequestsInProgress == 0 })
	if got := w.probe().fetch("a", "octet"); len(got) != 5000 {
		t.Errorf("%d octets", len(got))
	}
	c := w.Counters()
	if c.Requests < 100 || c.RequestsProcessed == 0 || c.RequestsAborted == 0 || c.RequestsNotFound == 0 || c.Panics != 0 {
		t.Errorf("%+v", c)
	}
}
