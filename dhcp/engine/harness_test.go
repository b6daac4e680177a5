package engine

import (
	"maps"
	"net/netip"
	"slices"
	"testing"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/journal"
)

// got is a reply with how it travels.
type got struct {
	Reply
	parsed
}

func takeApart(t testing.TB, r Reply) got {
	t.Helper()
	p, err := parse(r.Payload)
	if err != nil || len(r.Payload) < 300 { // relays drop less (RFC 1542 2.1)
		t.Fatalf("%d bytes: %v", len(r.Payload), err)
	}
	return got{r, p}
}

// world is an engine with a clock and a disk that always works.
type world struct {
	t      testing.TB
	e      *Engine
	now    Instant
	events []journal.Event
	disk   []Record
	probes []Probe
	watch  []Look
	late   []got // replies that waited for a probe
	domain *domain
}

func newWorld(t testing.TB, change ...func(*Spec)) *world {
	t.Helper()
	s := baseSpec()
	for _, f := range change {
		f(&s)
	}
	w := &world{t: t, e: New(epoch)}
	w.set(s)
	return w
}

func (w *world) set(s Spec) {
	w.t.Helper()
	tab, err := Compile(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.e.Apply(w.now, tab)
	w.collect()
}

// collect plays committer and sockets.
func (w *world) collect() []got {
	w.t.Helper()
	o := w.e.Take()
	if w.domain != nil {
		w.domain.claims(w, &o)
	}
	w.events = append(w.events, o.First...)
	w.events = append(append(w.events, o.Then...), o.Acked...)
	w.disk = append(w.disk, o.Records...)
	w.probes = append(w.probes, o.Probes...)
	w.watch = append(w.watch, o.Watch...)
	if o.Seq > 0 {
		w.e.Committed(o.Seq)
	}
	for _, s := range w.e.t.subnets {
		n := 0
		for _, p := range s.probes {
			if p.listed() {
				n++
			}
		}
		if n != s.listing {
			w.t.Errorf("%d probes are for the ready list of %s, counted %d", n, s.prefix, s.listing)
		}
	}
	if len(o.Acks) > 0 && len(o.Records) == 0 {
		w.t.Errorf("%d replies wait for no record", len(o.Acks))
	}
	for _, r := range o.Replies {
		if g := takeApart(w.t, r); g.Type == wire.MsgAck && !w.e.DiskBad && g.Opts[51] != nil {
			w.t.Errorf("an ACK of %s waits for no record", g.YIAddr)
		}
	}
	var out []got
	for _, r := range append(o.Replies, o.Acks...) {
		out = append(out, takeApart(w.t, r))
	}
	return out
}

// arrives handles a packet that came by broadcast; scribbling over its buffer
// afterwards shows who kept a piece of it.
func (w *world) arrives(r testRequest, change ...func(*Inbound)) []got {
	w.t.Helper()
	return w.raw(r.Bytes(), append([]func(*Inbound){func(in *Inbound) { in.Source = r.MAC }}, change...)...)
}

func (w *world) raw(b []byte, change ...func(*Inbound)) []got {
	w.t.Helper()
	in := &Inbound{Data: b, Interface: "GigabitEthernet0/0", From: netip.MustParseAddrPort("0.0.0.0:68"), Broadcast: true}
	for _, f := range change {
		f(in)
	}
	w.e.Packet(w.now, in)
	for i := range b {
		b[i] = 0xA5
	}
	return w.collect()
}

func fromUnicast(a string) func(*Inbound) {
	return func(in *Inbound) { in.From, in.Broadcast = netip.AddrPortFrom(ip(a), 68), false }
}

func fromRelay(a string) func(*Inbound) {
	return func(in *Inbound) {
		in.From, in.Broadcast, in.Source = netip.AddrPortFrom(ip(a), 67), false, mac(0xee, 0xee)
	}
}

func (w *world) one(r testRequest, change ...func(*Inbound)) got {
	w.t.Helper()
	g := w.arrives(r, change...)
	if len(g) != 1 {
		w.t.Fatalf("%d replies, want one; last event %#v", len(g), w.last())
	}
	return g[0]
}

func (w *world) silent(r testRequest, change ...func(*Inbound)) {
	w.t.Helper()
	if g := w.arrives(r, change...); len(g) != 0 {
		w.t.Fatalf("reply type %d yiaddr %s, want silence", g[0].Type, g[0].YIAddr)
	}
}

func (w *world) last() journal.Event {
	if len(w.events) == 0 {
		return nil
	}
	return w.events[len(w.events)-1]
}

func (w *world) pass(d time.Duration) {
	w.t.Helper()
	end := w.now + d
	for w.now < end {
		next := w.e.Tick(w.now)
		w.late = append(w.late, w.collect()...)
		if next > end {
			next = end
		}
		w.now = next
	}
	w.e.Tick(w.now)
	w.late = append(w.late, w.collect()...)
}

func (g got) is(t testing.TB, typ byte, addr string) got {
	t.Helper()
	want := netip.Addr{}
	if addr != "" {
		want = ip(addr)
	}
	if g.Type != typ || g.YIAddr != want {
		t.Fatalf("reply type %d yiaddr %s (%s), want type %d yiaddr %s", g.Type, g.YIAddr, g.Opts[56], typ, addr)
	}
	return g
}

// lease takes a client through DISCOVER, OFFER, REQUEST, ACK.
func (w *world) lease(m ether.MAC, more ...tlv) netip.Addr {
	w.t.Helper()
	o := w.one(phoneRequest(m, wire.MsgDiscover, more...))
	a := o.YIAddr
	g := w.one(phoneRequest(m, wire.MsgRequest, opt(50, ipb(a.String())), opt(54, o.Opts[54])))
	g.is(w.t, wire.MsgAck, a.String())
	return a
}

func has[T journal.Event](w *world) (T, bool) {
	for i := len(w.events) - 1; i >= 0; i-- {
		if e, ok := w.events[i].(T); ok {
			return e, true
		}
	}
	var none T
	return none, false
}

// kept is what a store makes of the records: the last of every address.
func (w *world) kept() []Record {
	type key struct {
		conflict bool
		addr     netip.Addr
	}
	last := map[key]Record{}
	for _, r := range w.disk {
		k := key{r.Kind == RecordConflict || r.Kind == RecordResolved, r.Addr}
		if last[k] = r; r.Kind == RecordForget || r.Kind == RecordResolved {
			delete(last, k)
		}
	}
	return slices.Collect(maps.Values(last))
}
