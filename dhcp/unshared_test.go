package dhcp

import (
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"option150/dhcp/durable"
	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/journal"
)

var errCannot = errors.New("no file")

// answers is what a box said.
type answers struct {
	mu     sync.Mutex
	offers int
	last   netip.Addr // of an offer
	acks   []engine.Ack
}

func (a *answers) Record(e journal.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e := e.(type) {
	case engine.Offer:
		a.offers++
		a.last = e.Addr
	case engine.Ack:
		a.acks = append(a.acks, e)
	}
}

func (a *answers) take() (offers int, acks []engine.Ack) {
	a.mu.Lock()
	defer a.mu.Unlock()
	offers, acks = a.offers, a.acks
	a.offers, a.acks = 0, nil
	return offers, acks
}

// A box that is to share its pools and cannot begin gives out nothing new, which another
// box may give out too; who has an address keeps it as long as he has it.
func TestUnshared(t *testing.T) {
	heard := &answers{}
	s := New(Options{Store: t.TempDir(), Recorder: heard, Share: func(share.Config) (Sharing, error) { return nil, errCannot }})
	r, err := s.prepareRun()
	if err != nil {
		t.Fatal(err)
	}
	conf := engine.Default()
	conf.PingPackets = 0
	conf.Pools = []engine.Pool{{Name: "VOICE", Network: netip.MustParsePrefix("10.77.0.0/28"), Lease: time.Hour}}
	tab, err := engine.Compile(engine.Spec{Config: conf, Interfaces: []engine.Interface{{Name: "GigabitEthernet0/0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.14/28")}}}})
	if err != nil {
		t.Fatal(err)
	}
	r.com = durable.NewCommitter(r.store, func(list []engine.Outcome) {
		for i := range list {
			r.recordAll(list[i].Acked)
		}
	}, func() { durable.Ring(r.wake) })
	r.mailbox.Put(func() { r.e.Apply(r.clock.Now(), tab) })
	go r.loop()
	defer func() {
		r.shareBy(share.Config{})
		r.agents.close()
		close(r.quit)
		<-r.ended
		r.com.Close()
		r.care.Wait()
		r.lans.Close()
		_ = r.root.Close()
	}()
	ask := func(q testRequest) {
		r.do(func(e *engine.Engine, now engine.Instant) {
			e.Packet(now, &engine.Inbound{Data: q.Bytes(), Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true, Source: q.MAC})
		})
	}
	ack := func(m ether.MAC, a string) (got []engine.Ack) {
		t.Helper()
		q := phoneRequest(m, wire.MsgRequest)
		q.CIAddr = a
		ask(q)
		for range 200 {
			if _, got = heard.take(); len(got) > 0 {
				return got
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatalf("%s has no answer", m)
		return nil
	}
	known, stranger := mac(2, 1), mac(2, 2)
	ask(phoneRequest(known, wire.MsgDiscover))
	r.do(func(*engine.Engine, engine.Instant) {})
	addr := heard.last.String()
	ask(phoneRequest(known, wire.MsgRequest, opt(50, ipb(addr)), opt(54, ipb("10.77.0.14"))))
	first := ack(known, addr)[0]

	for _, c := range []share.Config{{Waits: "the section fleet has no line name"}, {Box: "A", Domain: "D"}} { // the second cannot be begun
		r.shareBy(c)
		heard.take()
		ask(phoneRequest(stranger, wire.MsgDiscover))
		again := ack(known, first.Addr.String())[0]
		if offers, _ := heard.take(); offers != 0 || again.Addr != first.Addr || again.Lease > first.Lease {
			t.Errorf("%+v: %d offers, %+v after %+v", c, offers, again, first)
		}
		if x := r.shared(); !x.On || x.Connected || x.Why == "" || x.Alone == "" {
			t.Errorf("%+v: %+v", c, x)
		}
	}
	r.shareBy(share.Config{})
	ask(phoneRequest(stranger, wire.MsgDiscover))
	r.do(func(*engine.Engine, engine.Instant) {})
	if offers, _ := heard.take(); offers != 1 {
		t.Errorf("alone again: %d offers", offers)
	}
}
