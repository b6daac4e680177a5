package recording

import (
	"container/list"
	"net/netip"
	"slices"
	"sync"

	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/sorted"
	"option150/platform/wire"
)

// Bounds of a tape: about 12 MB when it is full.
const (
	maxEvents  = 384    // of one phone: three boots of a chatty one
	maxSegment = 64     // of the segment
	maxAll     = 30_000 // of all phones
	maxAddrs   = 16_384
)

// Tape keeps the last events of every phone. It is a fold of the journal; use
// NewTape.
type Tape struct {
	mu      sync.Mutex
	phones  map[ether.MAC]*reel
	nobody  map[netip.Addr]*reel // address known, hardware address not yet
	byAddr  map[netip.Addr]ether.MAC
	line    list.List // *reel, silent longest first
	segment []journal.Entry
	all     int
}

// reel is the events of one phone, oldest first.
type reel struct {
	mac     ether.MAC
	addr    netip.Addr   // where mac is not known
	addrs   []netip.Addr // that were told of mac, newest last
	entries []journal.Entry
	place   *list.Element // in Tape.line
}

const maxOwn = 8 // addresses of a reel

// NewTape returns an empty tape.
func NewTape() *Tape {
	return &Tape{phones: map[ether.MAC]*reel{}, nobody: map[netip.Addr]*reel{}, byAddr: map[netip.Addr]ether.MAC{}}
}

// Fold implements journal.Fold.
func (t *Tape) Fold(e journal.Entry) {
	mac, addr, all := whose(e.Event) // of what is not kept, nobody's
	e.Event = v6.Bare(e.Event)
	t.mu.Lock()
	defer t.mu.Unlock()
	if all {
		t.segment = keep(t.segment, e, maxSegment)
		return
	}
	if mac.IsZero() && addr.IsValid() {
		mac = t.byAddr[addr]
	}
	var r *reel
	switch {
	case !mac.IsZero():
		if r = t.phones[mac]; r == nil {
			r = t.begin(&reel{mac: mac})
			t.phones[mac] = r
		}
		if had, ok := t.byAddr[addr]; addr.IsValid() && (!ok || had != mac && !claimed(e.Event)) {
			if len(t.byAddr) >= maxAddrs {
				clear(t.byAddr)
			}
			t.byAddr[addr] = mac
			if len(r.addrs) >= maxOwn {
				t.vacate(mac, r.addrs[:1])
				r.addrs = slices.Delete(r.addrs, 0, 1)
			}
			r.addrs = append(r.addrs, addr)
			if n := t.nobody[addr]; n != nil { // it is known now who that was
				t.drop(n)
				for _, x := range n.entries {
					t.put(r, x)
				}
			}
		}
	case addr.IsValid():
		if r = t.nobody[addr]; r == nil {
			r = t.begin(&reel{addr: addr})
			t.nobody[addr] = r
		}
	default:
		return
	}
	t.put(r, e)
	t.line.MoveToBack(r.place)
	for t.all > maxAll { // the phone that was silent longest is forgotten
		t.drop(t.line.Front().Value.(*reel))
	}
}

// claimed reports that the address in an event is only what the sender says: it
// does not take it from a phone that holds it.
func claimed(e journal.Event) bool {
	switch e.(type) {
	case wire.Refused, wire.Secure, wire.Sought, wire.Shared, pfs.Roles:
		return true
	}
	return false
}

func (t *Tape) put(r *reel, e journal.Entry) {
	n := len(r.entries)
	r.entries = keep(r.entries, e, maxEvents)
	t.all += len(r.entries) - n
}

// keep appends and drops the oldest quarter when it is too much.
func keep(l []journal.Entry, e journal.Entry, most int) []journal.Entry {
	if len(l) >= most {
		l = slices.Delete(l, 0, most/4)
	}
	return append(l, e)
}

func (t *Tape) begin(r *reel) *reel {
	r.place = t.line.PushBack(r)
	return r
}

// drop forgets a reel.
func (t *Tape) drop(r *reel) {
	t.all -= len(r.entries)
	t.line.Remove(r.place)
	if r.mac.IsZero() {
		delete(t.nobody, r.addr)
		return
	}
	delete(t.phones, r.mac)
	t.vacate(r.mac, r.addrs)
}

// vacate forgets that addresses are a phone's, as far as they still are.
func (t *Tape) vacate(mac ether.MAC, addrs []netip.Addr) {
	for _, a := range addrs {
		if t.byAddr[a] == mac {
			delete(t.byAddr, a)
		}
	}
}

// Of are the events of a phone and of its segment, in the order they happened.
func (t *Tape) Of(mac ether.MAC, addr netip.Addr) []journal.Entry {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.phones[mac]
	if mac.IsZero() {
		r = t.nobody[addr]
	}
	if r == nil {
		return nil
	}
	out := slices.Concat(r.entries, t.segment, t.rivals(mac, r))
	sorted.Stable(out, func(a, b journal.Entry) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return int(int64(a.Seq) - int64(b.Seq))
	})
	return out
}

// rivals are the leases of other phones at the addresses of this one: who else
// has had them is part of its verdict.
func (t *Tape) rivals(mac ether.MAC, r *reel) (out []journal.Entry) {
	mine := map[netip.Addr]bool{}
	for _, e := range r.entries {
		if _, a, _ := whose(e.Event); a.IsValid() {
			mine[a] = true
		}
	}
	for m, o := range t.phones {
		if m == mac {
			continue
		}
		for _, e := range o.entries {
			switch x := e.Event.(type) {
			case dhcp.Ack:
				if mine[x.Addr] {
					out = append(out, e)
				}
			case v6.Sent:
				if x.Type == "REPLY" && mine[x.Addr] {
					out = append(out, e)
				}
			case v6.Released:
				if mine[x.Addr] {
					out = append(out, e)
				}
			case dhcp.Release:
				if mine[x.Addr] {
					out = append(out, e)
				}
			}
		}
	}
	return out
}
