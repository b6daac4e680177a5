package engine

import (
	"container/heap"
	"container/list"
	"math"
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/wire"
	"option150/platform/ether"
)

// Forever is the expiry of a lease that does not end.
const Forever = int64(math.MaxInt64)

// binding is what is known of an address that a client has or had. The last
// owner is remembered after the lease so that the same phone gets the same
// address back.
//
// Its Start and Expiry are those that were read from disk; granted and until
// are what counts.
type binding struct {
	Record
	granted Instant       // when the lease was last granted
	until   Instant       // when it ends, never if it does not
	ended   bool          // it had ended when it was read from disk
	dated   bool          // Start and Expiry are right whatever the clock says, and are what is written
	guess   bool          // granted and until are not: by the clock it is not granted yet
	sub     *subnet       // nil if no pool has the address now
	leased  bool          // the lease runs
	source  ether.MAC     // Ethernet source of who asked for it, zero if it came by a relay
	proven  bool          // somebody answered there since, see answeredLease
	asked   Instant       // when it was asked for last, 0 = not yet
	back    bool          // its client has given the address back, or left it
	gave    int64         // revision of the record that it gave back, 0 = not known
	written bool          // the lease is on disk
	durable Instant       // the end of it that is
	since   Instant       // when that was granted
	told    span          // what this box told its client last, see redate
	freed   *list.Element // in sub.freed
	index   int           // in the expiry heap, -1 = not there
}

// span is a lease from when it was granted until it ends.
type span struct{ from, until Instant }

// offer is an address held for a client that has not asked for it yet.
type offer struct {
	addr   netip.Addr
	key    string
	mac    ether.MAC
	sub    *subnet // nil for a manual binding outside every pool
	host   *host
	iface  string
	lender ether.MAC // its source, zero if it came by a relay
	counts bool      // takes an address off sub.free
	until  Instant
	place  *list.Element
}

// conflict is an address somebody else was found to have.
type conflict struct {
	addr   netip.Addr
	method string
	since  Instant
}

// The detection methods of `show ip dhcp conflict`. [genieparser goldens]
const (
	MethodPing = "Ping"
	MethodARP  = "Gratuitous ARP"
)

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

// adopt puts a binding into the indexes of the engine.
func (e *Engine) adopt(b *binding) {
	e.bindings[b.Addr] = b
	e.clients[b.Key] = append(e.clients[b.Key], b)
	b.sub = e.t.subnetOf(b.Addr)
	if b.sub != nil {
		b.sub.set(b.Addr)
	}
}

// start makes the lease of b run until b.until.
func (e *Engine) start(b *binding) {
	if b.freed != nil {
		b.sub.freed.Remove(b.freed)
		b.freed = nil
	}
	if !b.leased {
		b.leased = true
		e.count(b, +1)
	}
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

// end stops the lease of b; its record stays for the same client.
func (e *Engine) end(b *binding) {
	if b.index >= 0 {
		heap.Remove(&e.expiries, b.index)
	}
	if b.leased {
		b.leased = false
		e.count(b, -1)
		b.proven, b.asked = false, 0
	}
	if b.sub != nil && b.freed == nil {
		b.freed = b.sub.freed.PushBack(b)
	}
}

// giveBack ends a lease that its client has no more.
func (e *Engine) giveBack(b *binding) {
	e.end(b)
	b.back, b.gave = true, e.share.rev(b.Addr)
}

// count keeps the numbers of leases.
func (e *Engine) count(b *binding, n int) {
	if b.Manual {
		e.manual += n
	} else {
		e.automatic += n
	}
	e.leasesOn[b.Interface] += n
	e.lend(b, n)
	if b.sub != nil && !b.sub.reserved(b.Addr) {
		b.sub.live += n
		e.utilization(b.sub.pool)
	}
}

// forget removes a binding altogether.
func (e *Engine) forget(b *binding) {
	e.end(b)
	if b.freed != nil {
		b.sub.freed.Remove(b.freed)
		b.freed = nil
	}
	if e.bindings[b.Addr] == b {
		delete(e.bindings, b.Addr)
		if b.sub != nil {
			e.release(b.sub, b.Addr)
		}
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

// release makes an address fresh if nothing is known of it any more.
func (e *Engine) release(s *subnet, a netip.Addr) {
	if s == nil || e.bindings[a] != nil || e.offers[a] != nil || e.conflicts[a] != nil || e.users[a] != nil || s.probes[a] != nil {
		return
	}
	for _, c := range s.ready {
		if c.addr == a {
			return
		}
	}
	s.clear(a)
}

// hold reserves an address for a client for a minute. [facts/dhcp.md 3]
func (e *Engine) hold(now Instant, o *offer) {
	o.until = now + offerHold
	o.place = e.offerQueue.PushBack(o)
	e.offers[o.addr] = o
	e.offersOf[o.key] = o
	if o.sub != nil {
		if b := e.bindings[o.addr]; (b == nil || !b.leased) && !o.sub.reserved(o.addr) {
			o.counts = true
			o.sub.offered++
			e.offersOn[o.iface]++
			e.borrow(o.lender, +1)
		}
		o.sub.set(o.addr)
	}
}

// drop ends an offer.
func (e *Engine) drop(o *offer) {
	e.offerQueue.Remove(o.place)
	delete(e.offers, o.addr)
	if e.offersOf[o.key] == o {
		delete(e.offersOf, o.key)
	}
	if o.counts {
		o.sub.offered--
		e.offersOn[o.iface]--
		e.borrow(o.lender, -1)
	}
	e.release(o.sub, o.addr)
}

// bind leases addr to the client of c and writes the record of it. The caller
// has made sure that the client may have it.
func (e *Engine) bind(now Instant, c *call, addr netip.Addr, h *host, lease time.Duration) *binding {
	if o := e.offers[addr]; o != nil {
		e.drop(o)
	}
	if o := e.offersOf[string(c.key)]; o != nil {
		e.drop(o)
	}
	b := e.bindings[addr]
	if b != nil && b.Key != string(c.key) {
		e.forget(b) // ended long ago, or it was the same manual host under another name
		b = nil
	}
	// A client has one address on a link.
	for _, other := range slices.Clone(e.clients[string(c.key)]) {
		if other.Addr != addr && other.leased && slices.Contains(c.subnets, other.sub) {
			e.giveBack(other)
			e.save(other)
			e.Event(Moved{MAC: other.MAC, From: other.Addr, To: addr, Pool: other.Pool})
		}
	}
	if b == nil {
		b = &binding{Record: Record{Kind: RecordBinding, Addr: addr, Key: string(c.key)}, index: -1}
		e.adopt(b)
	}
	if manual := h != nil; b.leased && b.Manual != manual {
		e.count(b, -1)
		b.Manual = manual
		e.count(b, +1)
	} else {
		b.Manual = manual
	}
	p := c.p
	b.MAC, b.HType, b.granted, b.State, b.ended, b.dated, b.guess, b.back, b.Imported = p.MAC, p.HType, now, StateLeased, false, false, false, false, false
	if b.leased && b.Interface != c.in.Interface {
		e.leasesOn[b.Interface]--
		e.leasesOn[c.in.Interface]++
	}
	if src := c.lender(); src != b.source {
		if b.leased {
			e.lend(b, -1)
			e.borrow(src, +1)
		}
		b.source, b.proven, b.asked = src, false, 0
	}
	b.Pool, b.Interface, b.Relay = c.poolName(h, b.sub), c.in.Interface, p.GIAddr
	if p.Host != "" {
		b.Hostname = p.Host
	}
	if p.Vendor != "" {
		b.Vendor = p.Vendor
	}
	b.until, b.Lease = never, math.MaxUint32
	if lease != Infinite {
		b.Lease = wire.Seconds(lease)
		b.until = now + time.Duration(b.Lease)*time.Second
	}
	e.start(b)
	e.save(b)
	e.bound = len(e.out.Records) - 1
	if u := e.users[addr]; u != nil {
		if u.mine(c) && !b.proven {
			e.prove(b)
		}
		e.unuse(u) // it is on record now
	}
	e.nearBound(c)
	e.resolve(addr)
	return b
}

// record is b as it is written: in wall time.
func (e *Engine) record(b *binding) Record {
	r := b.Record
	if !b.dated {
		r.Start, r.Expiry = e.stamp(b.granted), e.stamp(b.until)
	}
	if r.State = StateFree; b.leased {
		r.State = StateLeased
	}
	return r
}

// save appends the record of b to what the committer gets.
func (e *Engine) save(b *binding) { e.write(e.record(b), b) }

// write hands a record to the committer. owner is the binding to be marked
// durable by it, nil for other records.
func (e *Engine) write(r Record, owner *binding) {
	e.Changes++
	if e.DiskBad {
		return // the whole state is written when the disk works again
	}
	e.out.Records = append(e.out.Records, r)
	if owner != nil && owner.leased {
		e.fresh = append(e.fresh, uncommitted{b: owner, from: owner.granted, until: owner.until})
	}
}
