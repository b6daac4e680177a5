package dhcp

import (
	"errors"
	"slices"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// A window opens by what comes back, after a while, and wider where little does.
func TestWindow(t *testing.T) {
	w := window{most: minOpen}
	now := time.Now()
	fill := func() (n int) {
		for ; w.room(now); n++ {
			w.offer()
		}
		return n
	}
	if n := fill(); n != minOpen {
		t.Errorf("%d under way", n)
	}
	for range minOpen {
		w.request()
	}
	if n := fill(); n != minOpen {
		t.Errorf("%d more after as many REQUESTs", n)
	}
	now = now.Add(openFor)
	if w.room(now) {
		t.Error("an OFFER counted too short")
	}
	now = now.Add(1)
	if n := fill(); n != minOpen {
		t.Errorf("%d once half of them brought REQUESTs", n)
	}
	for _, want := range []int{80, 160, 320, 640, maxOpen, maxOpen} { // nothing came
		now = now.Add(openFor + 1)
		if n := fill(); n != want {
			t.Errorf("%d, not %d, where nothing comes back", n, want)
		}
	}
	for range maxOpen * 2 {
		w.request()
	}
	now = now.Add(openFor + 1)
	if n := fill(); n != minOpen {
		t.Errorf("%d once they come back again", n)
	}
}

// What is held back for want of REQUESTs comes out when one comes, or later, and
// no REQUEST is held back.
func TestQueueHoldsOffersBack(t *testing.T) {
	q := newQueue()
	q.cost = time.Millisecond
	now := time.Now()
	for n := range 200 {
		q.put(now, nil, numbered(n, wire.MsgDiscover))
	}
	if n := len(q.take(now, nil, 1000, nil)); n != minOpen {
		t.Fatalf("%d OFFERs at once", n)
	}
	for n := range 5 {
		q.put(now, nil, numbered(1000+n, wire.MsgRequest))
	}
	ds := q.take(now, nil, 1000, nil)
	if len(ds) != 10 {
		t.Fatalf("%d", len(ds))
	}
	for i, d := range ds {
		if (d.key.typ == wire.MsgRequest) != (i < 5) {
			t.Errorf("%d is of type %d", i, d.key.typ)
		}
	}
	if n := len(q.take(now.Add(openFor+1), nil, 1000, nil)); n < minOpen {
		t.Errorf("%d after a while", n)
	}
}

// A station that asks and asks waits behind all others, whatever it asks; a
// router, from which the renewals of many come, is no such station.
func TestQueueIsFair(t *testing.T) {
	now := time.Now()
	from := func(n int, typ byte, source byte, all bool) *datagram {
		d := numbered(n, typ)
		d.in.Source, d.in.Broadcast = mac(9, source), all
		return d
	}
	for _, typ := range []byte{wire.MsgRequest, wire.MsgDiscover} {
		q := newQueue()
		q.cost, q.window = 100*time.Microsecond, window{most: maxOpen, began: now}
		for n := range 1000 {
			q.put(now, nil, from(n, typ, 1, true))
		}
		for n := range 20 {
			q.put(now, nil, from(2000+n, wire.MsgRequest, byte(100+n), true), from(3000+n, wire.MsgDiscover, byte(150+n), true))
		}
		others := 0
		for _, d := range q.take(now, nil, ofStation+40, nil) {
			if d.in.Source != mac(9, 1) {
				others++
			}
		}
		if others != 40 {
			t.Errorf("type %d: %d of 40 go before the rest of the station that asks and asks", typ, others)
		}
		rest := q.take(now, nil, 2000, nil)
		if len(rest) != 1000-ofStation || len(q.of) != 0 {
			t.Errorf("type %d: %d are left, %d stations", typ, len(rest), len(q.of))
		}
	}
	q := newQueue()
	for n := range 1000 {
		q.put(now, nil, from(n, wire.MsgRequest, 1, false))
	}
	if n := q.lanes[surplus].count; n != 0 {
		t.Errorf("%d renewals through a router wait behind all others", n)
	}
}

// When REQUESTs alone are too much, DISCOVERs have a share.
func TestQueueRequestsLeaveRoom(t *testing.T) {
	q := newQueue()
	q.cost = time.Hour
	now := time.Now()
	for n := range 100 {
		q.put(now, nil, numbered(n, wire.MsgRequest), numbered(1000+n, wire.MsgDiscover))
	}
	discovers := 0
	for _, d := range q.take(now, nil, 40, nil) {
		if d.key.typ == wire.MsgDiscover {
			discovers++
		}
	}
	if discovers != 40/toOthers {
		t.Errorf("%d DISCOVERs of 40", discovers)
	}
}

// fakeSource has so many datagrams.
type fakeSource struct {
	has   int
	reads int
	err   error
}

func (s *fakeSource) read(to sink, wait bool) (int, error) {
	if wait {
		panic("the loop waits")
	}
	s.reads++
	n := min(s.has, batch)
	s.has -= n
	return n, s.err
}

// A socket is lent while the loop is busy and comes back when it is not; the
// loop takes what there is, within bounds, and an error of one is not the other's.
func TestLent(t *testing.T) {
	var x lent
	lend := func(s *fakeSource) *intake { return &intake{source: s, back: make(chan struct{}, 1)} }
	many, bad := &fakeSource{has: mostTaken*batch + 1}, &fakeSource{err: errors.New("gone")}
	a, b := lend(many), lend(bad)
	if x.lend(a) || x.take() {
		t.Fatal("lent to a loop that is not busy")
	}
	x.set(true)
	if !x.lend(b) || !x.lend(a) {
		t.Fatal("not lent")
	}
	if !x.take() || many.has != 1 || many.reads != mostTaken || bad.reads != 1 {
		t.Errorf("%d are left after %d reads; %d reads of the one that fails", many.has, many.reads, bad.reads)
	}
	if !x.take() || x.take() {
		t.Error("what is left was not told")
	}
	x.set(false)
	if len(a.back) != 1 || len(b.back) != 1 || x.take() || x.lend(a) {
		t.Error("not given back")
	}
}

// Under more DISCOVERs than are answered in time, clients that end an exchange
// are answered first, in their order, and the newest DISCOVER next. What goes
// first is looked at as facts, which are in the order in which the engine decided.
func TestRequestsFirst(t *testing.T) {
	var ev heardEvents
	s, at := start(t, Options{Store: t.TempDir(), Recorder: &ev}, loopSpec("8"))
	c := dial(t, at)
	const known, flood = 8, 600
	var addrs []string
	for n := range uint32(known) {
		a := c.dora(n+1, 5*time.Second)
		if !a.IsValid() {
			t.Fatal("no lease")
		}
		addrs = append(addrs, a.String())
	}
	waitFor(t, func() bool { return s.Statistics().Sent.Ack == known })
	of := func(n int) ether.MAC { // as dora names them
		m := mac(byte(n>>8), byte(n))
		m[1], m[2] = byte(n>>24), byte(n>>16)
		return m
	}
	run, _ := s.runs.Current()
	gate := make(chan struct{})
	run.mailbox.Put(func() { <-gate })
	q := run.to.packets
	for n := range flood {
		r := phoneRequest(of(10000+n), wire.MsgDiscover)
		r.XID, r.GIAddr = uint32(10000+n), "127.0.0.1"
		_, _ = c.conn.Write(r.Bytes())
	}
	for n, a := range addrs {
		r := phoneRequest(of(n+1), wire.MsgRequest, opt(50, ipb(a)))
		r.XID, r.GIAddr = uint32(20000+n), "127.0.0.1"
		_, _ = c.conn.Write(r.Bytes())
	}
	waitFor(t, func() bool { q.mu.Lock(); defer q.mu.Unlock(); return q.count == flood+known })
	q.mu.Lock()
	q.cost = maxCost
	q.mu.Unlock()
	ev.mu.Lock()
	from := len(ev.all)
	ev.mu.Unlock()
	close(gate)
	waitFor(t, func() bool {
		x := s.Statistics()
		return x.Received.Discover+x.Extra.Late == known+flood && x.Sent.Ack == 2*known
	})
	ev.mu.Lock()
	defer ev.mu.Unlock()
	var order []string
	for _, e := range ev.all[from:] {
		switch x := e.(type) {
		case engine.Requested:
			order = append(order, x.Addr.String())
		case engine.Discover:
			order = append(order, x.MAC.String())
		}
	}
	newest := of(10000 + flood - 1).String()
	if len(order) < known+1 || !slices.Equal(order[:known], addrs) || order[known] != newest {
		t.Errorf("%v come first, not %v and then %s", order[:min(len(order), known+2)], addrs, newest)
	}
}
