package pfs

import (
	"container/list"
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
)

// Directory knows which phones there are.
type Directory interface {
	// Phone finds the phone of a frame by its hardware address, or by its IP
	// address where a mirror does not show the phone's own; false = no phone
	// that is known.
	Phone(mac ether.MAC, addr netip.Addr) (ether.MAC, bool)
}

// Counters count what a tracker was given.
type Counters struct {
	Broadcasts uint64 // of known phones
	Segments   uint64 // of TCP between known phones
	Strangers  uint64 // from or to who is no known phone: not looked at
	Copies     uint64 // seen twice on a mirror port
	Other      uint64 // UDP 4051 to one phone alone
	Bursts     uint64
	Flows      uint64
	Evicted    uint64 // flows that made room
	Muted      uint64 // facts that were not recorded: one phone had too many in a second
}

// perSecond bounds the facts recorded of one phone: a forger who takes a
// phone's name drowns nobody else.
const perSecond = 50

// Tracker turns frames into facts. It is for one goroutine.
type Tracker struct {
	PerSecond int // facts recorded of one phone at most; of a file, which ends, it may be any number

	dir    Directory
	rec    journal.Recorder
	ifname string
	next   uint64 // ID of the next flow; two trackers count from different bases
	bursts map[ether.MAC]*burst
	flows  map[flowKey]*list.Element // of *flow
	order  *list.List                // of *flow, the one used longest ago first
	dialed map[ether.MAC]int         // flows by who sent the first frame
	swept  time.Time
	second time.Time         // since when spoke counts
	spoke  map[ether.MAC]int // facts recorded since swept
	Counters
}

// NewTracker returns a tracker of one interface; base is where its flow
// numbers begin.
func NewTracker(dir Directory, rec journal.Recorder, ifname string, base uint64) *Tracker {
	return &Tracker{PerSecond: perSecond, dir: dir, rec: journal.Or(rec), ifname: ifname, next: base, bursts: map[ether.MAC]*burst{},
		flows: map[flowKey]*list.Element{}, order: list.New(), dialed: map[ether.MAC]int{}, spoke: map[ether.MAC]int{}}
}

// record tells a fact about a phone.
func (t *Tracker) record(of ether.MAC, e journal.Event) {
	if t.spoke[of] >= t.PerSecond {
		t.Muted++
		return
	}
	t.spoke[of]++
	t.rec.Record(e)
}

// Packet takes one frame from or to port 4051.
func (t *Tracker) Packet(p *Packet) {
	if t.swept.IsZero() || p.Time.Sub(t.swept) >= time.Second {
		t.Tick(p.Time)
	}
	if p.TCP {
		t.segment(p)
		return
	}
	mac, ok := t.dir.Phone(p.SrcMAC, p.Src.Addr())
	if !ok {
		t.Strangers++
		return
	}
	if p.DstMAC[0]&1 == 0 {
		t.Other++
		return
	}
	b := t.bursts[mac]
	if b != nil && (p.Time.Sub(b.e.Last) > burstGap || p.Time.Before(b.e.First)) {
		t.endBurst(b)
		b = nil
	}
	if b == nil {
		b = newBurst(mac, p.Src.Addr(), t.ifname, p.Time)
		t.bursts[mac] = b
		t.Bursts++
	}
	if b.copied(p.mark()) {
		t.Copies++
		return
	}
	t.Broadcasts++
	if b.frame(p) {
		t.record(b.e.MAC, b.e)
	}
}

func (t *Tracker) endBurst(b *burst) {
	delete(t.bursts, b.e.MAC)
	b.e.Ended = true
	if b.e.Frames > 1 {
		t.record(b.e.MAC, b.e)
	}
}

func (t *Tracker) segment(p *Packet) {
	k, fromLo := keyOf(p)
	from := 1
	if fromLo {
		from = 0
	}
	el := t.flows[k]
	if el == nil {
		if p.Flags&rst != 0 || p.Size == 0 && p.Flags&syn == 0 {
			return // the rest of something that is over
		}
		src, ok1 := t.dir.Phone(p.SrcMAC, p.Src.Addr())
		dst, ok2 := t.dir.Phone(p.DstMAC, p.Dst.Addr())
		if !ok1 || !ok2 || src == dst {
			t.Strangers++
			return
		}
		el = t.open(k, from, src, dst, p.Time)
	}
	f := el.Value.(*flow)
	fresh, copied := f.add(p, from)
	if copied {
		t.Copies++
		return
	}
	t.Segments++
	t.order.MoveToBack(el)
	switch {
	case f.over():
		t.end(el, f.reset)
	case f.told.IsZero() && p.Size > 0, fresh > 0 && p.Time.Sub(f.told) >= tellEvery:
		f.told = p.Time
		t.record(f.opener(), f.event(false, false))
	}
}

func (t *Tracker) open(k flowKey, from int, src, dst ether.MAC, at time.Time) *list.Element {
	if t.dialed[src] >= maxOfPhone {
		for el := t.order.Front(); el != nil; el = el.Next() {
			if el.Value.(*flow).opener() == src {
				t.evict(el)
				break
			}
		}
	}
	if len(t.flows) >= maxFlows {
		t.evict(t.order.Front())
	}
	f := &flow{id: t.next, key: k, caller: -1, start: at, end: at, first: from}
	f.mac[from], f.mac[1-from] = src, dst
	t.next++
	t.Flows++
	t.dialed[src]++
	el := t.order.PushBack(f)
	t.flows[k] = el
	return el
}

// opener is the phone whose frame was the first of the connection.
func (f *flow) opener() ether.MAC { return f.mac[f.first] }

func (t *Tracker) evict(el *list.Element) {
	t.Evicted++
	t.end(el, true)
}

func (t *Tracker) end(el *list.Element, broken bool) {
	f := el.Value.(*flow)
	t.order.Remove(el)
	delete(t.flows, f.key)
	if t.dialed[f.opener()]--; t.dialed[f.opener()] <= 0 {
		delete(t.dialed, f.opener())
	}
	t.record(f.opener(), f.event(true, broken))
}

// Tick ends what has been silent; it is to be called about once a second when
// no frames come.
func (t *Tracker) Tick(now time.Time) {
	if t.swept = now; now.Sub(t.second) >= time.Second || now.Before(t.second) {
		t.second = now
		clear(t.spoke)
	}
	for _, b := range t.bursts {
		if now.Sub(b.e.Last) > burstGap {
			t.endBurst(b)
		}
	}
	for el := t.order.Front(); el != nil; el = t.order.Front() {
		if f := el.Value.(*flow); now.Sub(f.end) < idleFlow {
			return
		}
		t.end(el, true)
	}
}

// Flush ends everything: the input is at its end.
func (t *Tracker) Flush() {
	for _, b := range t.bursts {
		t.endBurst(b)
	}
	for el := t.order.Front(); el != nil; el = t.order.Front() {
		t.end(el, false)
	}
}
