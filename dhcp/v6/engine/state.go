package engine

import (
	"container/heap"
	"container/list"
	"math"
	"net/netip"
	"slices"
	"time"

	v4 "option150/dhcp/engine"
	"option150/platform/ether"
)

const (
	never  = Instant(math.MaxInt64)
	minute = time.Minute
)

// binding is what is known of an address that a client has or had. Its Start and
// Expiry are those that were read from disk; granted and until are what counts.
type binding struct {
	v4.Record
	granted Instant
	until   Instant
	ended   bool // it had ended when it was read from disk
	leased  bool
	source  ether.MAC // whom it is counted for
	written bool
	durable Instant
	freed   *list.Element
	index   int // in the expiry heap, -1 = not there
}

// offer is an address held for a client that has not asked for it yet.
type offer struct {
	addr  netip.Addr
	key   string
	until Instant
	place *list.Element
}

// conflict is an address somebody else was found to have.
type conflict struct {
	addr  netip.Addr
	since Instant
}

// expiries is a heap of leased bindings, the first to end first.
type expiries []*binding

func (x expiries) Len() int           { return len(x) }
func (x expiries) Less(i, j int) bool { return x[i].until < x[j].until }
func (x expiries) Swap(i, j int)      { x[i], x[j] = x[j], x[i]; x[i].index, x[j].index = i, j }

// Push implements heap.Interface.
func (x *expiries) Push(v any) { b := v.(*binding); b.index = len(*x); *x = append(*x, b) }

// Pop implements heap.Interface.
func (x *expiries) Pop() any {
	old := *x
	b := old[len(old)-1]
	old[len(old)-1] = nil
	*x = old[:len(old)-1]
	b.index = -1
	return b
}

// adopt puts a binding into the indexes.
func (e *Engine) adopt(b *binding) {
	e.bindings[b.Addr] = b
	e.clients[b.Key] = append(e.clients[b.Key], b)
}

// start makes the lease of b run until b.until.
func (e *Engine) start(b *binding) {
	if b.freed != nil {
		e.freed.Remove(b.freed)
		b.freed = nil
	}
	if !b.leased {
		b.leased = true
		e.count(b, +1)
	}
	e.lend(b.source, +1)
	switch {
	case b.until == never:
		if b.index >= 0 {
			heap.Remove(&e.expiries, b.index)
		}
	case b.index >= 0:
		heap.Fix(&e.expiries, b.index)
	default:
		heap.Push(&e.expiries, b)
	}
}

// unlend takes a lease that runs off the account of its source.
func (e *Engine) unlend(b *binding) {
	if b.leased {
		e.lend(b.source, -1)
	}
	b.source = ether.MAC{}
}

// end makes the address of b free; its client stays its last owner.
func (e *Engine) end(now Instant, b *binding) {
	if !b.leased {
		return
	}
	e.unlend(b)
	b.leased = false
	b.until = min(b.until, now)
	e.count(b, -1)
	if b.index >= 0 {
		heap.Remove(&e.expiries, b.index)
	}
	b.freed = e.freed.PushBack(b)
}

// count keeps the numbers of the pool an address is of.
func (e *Engine) count(b *binding, n int) {
	p := e.t.of(b.Addr)
	if p == nil {
		return
	}
	p.leased += n
	duid := string(duidOf(b.Key))
	if p.clients[duid] += n; p.clients[duid] <= 0 {
		delete(p.clients, duid)
	}
}

// remove forgets a binding altogether.
func (e *Engine) remove(b *binding) {
	if b.leased {
		e.end(b.until, b)
	}
	if b.freed != nil {
		e.freed.Remove(b.freed)
		b.freed = nil
	}
	if e.bindings[b.Addr] == b {
		delete(e.bindings, b.Addr)
	}
	mine := e.clients[b.Key]
	if i := slices.Index(mine, b); i >= 0 {
		if mine = slices.Delete(mine, i, i+1); len(mine) == 0 {
			delete(e.clients, b.Key)
		} else {
			e.clients[b.Key] = mine
		}
	}
}

// hold keeps an address for a client for a minute.
func (e *Engine) hold(now Instant, o *offer) {
	if last := e.offersOf[o.key]; last != nil {
		if last.addr == o.addr {
			last.until = now + offerHold
			e.offerQueue.MoveToBack(last.place)
			return
		}
		e.drop(last)
	}
	if len(e.offers) >= maxOffers {
		e.drop(e.offerQueue.Front().Value.(*offer))
	}
	o.until = now + offerHold
	o.place = e.offerQueue.PushBack(o)
	e.offers[o.addr], e.offersOf[o.key] = o, o
}

// drop ends an offer.
func (e *Engine) drop(o *offer) {
	e.offerQueue.Remove(o.place)
	delete(e.offers, o.addr)
	if e.offersOf[o.key] == o {
		delete(e.offersOf, o.key)
	}
}

// clash keeps an address away from everybody: its client found somebody else
// there.
func (e *Engine) clash(now Instant, a netip.Addr, c *call) {
	if e.conflicts[a] != nil {
		return
	}
	x := &conflict{addr: a, since: now}
	e.conflicts[a] = x
	if p := e.t.of(a); p != nil {
		p.conflicts++
	}
	e.write(e.conflictRecord(x), nil)
	e.Event(Conflict{Addr: a, MAC: c.mac, DUID: c.client, Interface: c.in.Interface})
}

func (e *Engine) conflictRecord(x *conflict) v4.Record {
	return v4.Record{Kind: v4.RecordConflict, Addr: x.addr, Method: MethodDAD, Start: e.stamp(x.since)}
}

// MethodDAD is how a conflict was found: by the client, which asks before it
// uses an address. [RFC 4862 5.4]
const MethodDAD = "DAD"

// resolve ends a conflict.
func (e *Engine) resolve(a netip.Addr) bool {
	if e.conflicts[a] == nil {
		return false
	}
	delete(e.conflicts, a)
	if p := e.t.of(a); p != nil {
		p.conflicts--
	}
	e.write(v4.Record{Kind: v4.RecordResolved, Addr: a}, nil)
	return true
}

// record is b as it is written: in wall time.
func (e *Engine) record(b *binding) v4.Record {
	r := b.Record
	r.Start, r.Expiry = e.stamp(b.granted), e.stamp(b.until)
	if r.State = v4.StateFree; b.leased {
		r.State = v4.StateLeased
	}
	return r
}

// save appends the record of b to what the committer gets.
func (e *Engine) save(b *binding) { e.write(e.record(b), b) }

func (e *Engine) write(r v4.Record, owner *binding) {
	if e.DiskBad {
		return // the whole state is written when the disk works again
	}
	e.out.Records = append(e.out.Records, r)
	if owner != nil && owner.leased {
		e.fresh = append(e.fresh, uncommitted{b: owner, until: owner.until})
	}
}
