package dhcp

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
)

// tlv is an option of a test request, in the order given.
type tlv struct {
	code byte
	val  []byte
}

// request is a packet under construction.
type testRequest struct {
	op, htype, hlen, hops byte
	xid                   uint32
	secs, flags           uint16
	ciaddr, giaddr        string
	mac                   ether.MAC
	opts                  []tlv
	file, sname           []byte
	noCookie, noEnd       bool
	tail                  []byte
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func ipb(s ...string) []byte {
	var b []byte
	for _, a := range s {
		v := ip(a).As4()
		b = append(b, v[:]...)
	}
	return b
}

func mac(hi, lo byte) ether.MAC { return ether.MAC{2, 0, 0, 0, hi, lo} }

func idMAC(m ether.MAC) []byte { return append([]byte{1}, m[:]...) }

const phoneClass = "Cisco Systems, Inc. IP Phone CP-7961G\x00"

// phoneRequest is a request as a 7961 sends it. [phones.md 1.1]
func phoneRequest(m ether.MAC, typ byte, more ...tlv) testRequest {
	r := testRequest{op: 1, htype: 1, hlen: 6, xid: 0x1b3a, mac: m}
	r.opts = []tlv{{53, []byte{typ}}, {61, idMAC(m)}, {12, []byte(m.Device())}, {60, []byte(phoneClass)}}
	r.opts = append(r.opts, more...)
	r.opts = append(r.opts, tlv{55, []byte{1, 66, 6, 3, 15, 150, 35}})
	return r
}

// pcRequest is a request of something that is not a phone.
func pcRequest(m ether.MAC, typ byte, more ...tlv) testRequest {
	r := testRequest{op: 1, htype: 1, hlen: 6, xid: 7, mac: m}
	r.opts = append([]tlv{{53, []byte{typ}}}, more...)
	return r
}

func (r testRequest) bytes() []byte {
	b := make([]byte, headerLen)
	b[0], b[1], b[2], b[3] = r.op, r.htype, r.hlen, r.hops
	binary.BigEndian.PutUint32(b[4:], r.xid)
	binary.BigEndian.PutUint16(b[8:], r.secs)
	binary.BigEndian.PutUint16(b[10:], r.flags)
	if r.ciaddr != "" {
		copy(b[12:], ipb(r.ciaddr))
	}
	if r.giaddr != "" {
		copy(b[24:], ipb(r.giaddr))
	}
	copy(b[28:], r.mac[:])
	copy(b[offSname:offFile], r.sname)
	copy(b[offFile:], r.file)
	if r.noCookie {
		return b
	}
	b = append(b, cookie...)
	for _, o := range r.opts {
		b = append(append(b, o.code, byte(len(o.val))), o.val...)
	}
	if !r.noEnd {
		b = append(b, optEnd)
	}
	return append(b, r.tail...)
}

// got is a reply taken apart without the codec under test.
type got struct {
	reply
	typ    byte
	yiaddr netip.Addr
	order  []byte
	opts   map[byte][]byte
}

func (g got) has(code byte) bool { _, ok := g.opts[code]; return ok }

func takeApart(t testing.TB, r reply) got {
	t.Helper()
	b := r.payload
	if len(b) < minReply || b[0] != opReply || b[3] != 0 {
		t.Fatalf("reply of %d bytes begins % x", len(b), b[:min(len(b), 8)])
	}
	g := got{reply: r, opts: map[byte][]byte{}, yiaddr: addrOf(b[16:20])}
	o := b[headerLen+cookieLen:]
	for {
		if len(o) == 0 {
			t.Fatal("reply without END")
		}
		if o[0] == optEnd {
			break
		}
		g.order = append(g.order, o[0])
		g.opts[o[0]] = append(g.opts[o[0]], o[2:2+int(o[1])]...)
		if g.opts[o[0]] == nil {
			g.opts[o[0]] = []byte{}
		}
		o = o[2+int(o[1]):]
	}
	if v := g.opts[53]; len(v) > 0 {
		g.typ = v[0]
	}
	return g
}

// world is an engine with a clock and a disk that always works.
type world struct {
	t      testing.TB
	e      *engine
	now    time.Time
	events []journal.Event
	disk   []record
	probes []probeOrder
	watch  []string
}

var epoch = time.Date(2026, 2, 9, 19, 41, 0, 0, time.UTC)

// baseSpec is the set-up of reference/dhcp.md 5.6 and 9.
func baseSpec() Spec {
	c := Default()
	c.PingPackets = 0
	c.Excluded = []Range{{ip("10.77.0.1"), ip("10.77.0.99")}, {ip("10.77.0.200"), ip("10.77.0.254")},
		{ip("10.88.0.1"), ip("10.88.0.99")}, {ip("10.88.0.200"), ip("10.88.0.254")}}
	voice := Pool{
		Name: "VOICE", Network: netip.MustParsePrefix("10.77.0.0/24"), Lease: 600 * time.Second, DomainName: "branch.example",
		DefaultRouters: []netip.Addr{ip("10.77.0.1")}, DNSServers: []netip.Addr{ip("10.77.0.53")},
		Options: []Option{{Code: 66, Kind: OptionASCII, Text: "10.77.0.1"}, {Code: 150, Kind: OptionIP, Addrs: []netip.Addr{ip("10.77.0.1"), ip("10.77.0.2")}}},
	}
	c.Pools = []Pool{voice,
		{Name: "REMOTE", Network: netip.MustParsePrefix("10.88.0.0/24"), Lease: 600 * time.Second, DefaultRouters: []netip.Addr{ip("10.88.0.1")}, Options: voice.Options},
		{Name: "DESK", Host: netip.MustParsePrefix("10.77.0.50/24"), ClientID: idMAC(mac(0x0a, 1))},
	}
	return Spec{Config: c, Interfaces: []Interface{{Name: "GigabitEthernet0/0", Device: "vs0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")}}}}
}

func newWorld(t testing.TB, change ...func(*Spec)) *world {
	t.Helper()
	s := baseSpec()
	for _, f := range change {
		f(&s)
	}
	w := &world{t: t, e: newEngine(), now: epoch}
	w.set(s)
	return w
}

func (w *world) set(s Spec) {
	w.t.Helper()
	tab, err := compile(s)
	if err != nil {
		w.t.Fatal(err)
	}
	w.e.apply(w.now, tab)
	w.collect()
}

// collect plays committer and sockets.
func (w *world) collect() []got {
	w.t.Helper()
	o := w.e.take()
	w.events = append(w.events, o.first...)
	w.events = append(w.events, o.then...)
	w.disk = append(w.disk, o.records...)
	w.probes = append(w.probes, o.probes...)
	w.watch = append(w.watch, o.watch...)
	if o.seq > 0 {
		w.e.committed(o.seq)
	}
	if o.durable != (len(o.replies) > 0 && o.replies[0].payload[headerLen+cookieLen+2] == msgAck && len(o.records) > 0) {
		w.t.Errorf("durable = %v with %d records and %d replies", o.durable, len(o.records), len(o.replies))
	}
	var out []got
	for _, r := range o.replies {
		out = append(out, takeApart(w.t, r))
	}
	return out
}

// arrives handles a packet that came by broadcast; scribbling over its buffer
// afterwards is failure F8 of exemplars.md.
func (w *world) arrives(r testRequest, change ...func(*inbound)) []got {
	w.t.Helper()
	return w.raw(r.bytes(), append([]func(*inbound){func(in *inbound) { in.source = r.mac }}, change...)...)
}

func (w *world) raw(b []byte, change ...func(*inbound)) []got {
	w.t.Helper()
	in := &inbound{data: b, iface: "GigabitEthernet0/0", from: netip.MustParseAddrPort("0.0.0.0:68"), broadcast: true}
	for _, f := range change {
		f(in)
	}
	w.e.packet(w.now, in)
	for i := range b {
		b[i] = 0xA5
	}
	return w.collect()
}

func fromUnicast(a string) func(*inbound) {
	return func(in *inbound) { in.from, in.broadcast = netip.AddrPortFrom(ip(a), 68), false }
}

func fromRelay(a string) func(*inbound) {
	return func(in *inbound) {
		in.from, in.broadcast, in.source = netip.AddrPortFrom(ip(a), 67), false, mac(0xee, 0xee)
	}
}

func (w *world) one(r testRequest, change ...func(*inbound)) got {
	w.t.Helper()
	g := w.arrives(r, change...)
	if len(g) != 1 {
		w.t.Fatalf("%d replies, want one; last event %#v", len(g), w.last())
	}
	return g[0]
}

func (w *world) silent(r testRequest, change ...func(*inbound)) {
	w.t.Helper()
	if g := w.arrives(r, change...); len(g) != 0 {
		w.t.Fatalf("reply type %d yiaddr %s, want silence", g[0].typ, g[0].yiaddr)
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
	end := w.now.Add(d)
	for w.now.Before(end) {
		next := w.e.tick(w.now)
		w.collect()
		if next.After(end) {
			next = end
		}
		w.now = next
	}
	w.e.tick(w.now)
	w.collect()
}

func (g got) is(t testing.TB, typ byte, addr string) got {
	t.Helper()
	want := netip.Addr{}
	if addr != "" {
		want = ip(addr)
	}
	if g.typ != typ || g.yiaddr != want {
		t.Fatalf("reply type %d yiaddr %s (%s), want type %d yiaddr %s", g.typ, g.yiaddr, g.opts[56], typ, addr)
	}
	return g
}

// lease takes a client through DISCOVER, OFFER, REQUEST, ACK.
func (w *world) lease(m ether.MAC, more ...tlv) netip.Addr {
	w.t.Helper()
	o := w.one(phoneRequest(m, msgDiscover, more...))
	a := o.yiaddr
	g := w.one(phoneRequest(m, msgRequest, tlv{50, ipb(a.String())}, tlv{54, o.opts[54]}))
	g.is(w.t, msgAck, a.String())
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
