package share

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sort"
	"time"

	"option150/dhcp/share/history"
)

// The world of the model: an engine, boxes with disks and clocks, clients, and
// what goes wrong among them. Moments are seconds of a clock nobody has.

const (
	lead, skew, lease = 60, 4, 90
	addresses         = 8
)

func addr(i int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 0x0a000000+uint32(i))
	return netip.AddrFrom4(b)
}

// engine is what all members together are.
type engine struct {
	rev, cluster int64
	gen          uint64
	at           map[netip.Addr]Entry
	beats        map[string]Beat
	downs        map[string]Down
	log          []netip.Addr // what changed, for the watches
}

func (e *engine) copy() *engine {
	c := &engine{rev: e.rev, cluster: e.cluster, gen: e.gen, at: map[netip.Addr]Entry{}, beats: map[string]Beat{}, downs: map[string]Down{}}
	for k, v := range e.at {
		c.at[k] = v
	}
	for k, v := range e.beats {
		c.beats[k] = v
	}
	for k, v := range e.downs {
		c.downs[k] = v
	}
	return c
}

// swap carries a grant out, if all it relies on is as it was.
func (e *engine) swap(a netip.Addr, g Grant, l Lease) bool {
	if e.at[a].Mod != g.Mod {
		return false
	}
	for b, mod := range g.Downs {
		if e.downs[b].Mod != mod {
			return false
		}
	}
	e.rev++
	e.at[a] = Entry{l, e.rev}
	e.log = append(e.log, a)
	return true
}

// box is one box: what it has on disk outlives it.
type box struct {
	name    string
	w       *world
	dom     *Domain
	off     int64 // of its clock
	up, cut bool
	own     bool

	disk         map[netip.Addr]Lease
	rev, cluster int64 // last seen, on disk
	gen          uint64
	last         int64
	seen         int     // of the engine's log
	of           *engine // whose log that is
}

func (b *box) now() int64 { return b.w.now + b.off }

func (b *box) start() {
	var boxes []string
	for _, x := range b.w.boxes {
		boxes = append(boxes, x.name)
	}
	b.dom = New(Rules{Box: b.name, Boxes: boxes, Lead: lead, Skew: skew, OwnShare: b.own})
	b.up, b.dom.Started = true, b.now()
	b.dom.Last = b.last
	if b.disk == nil {
		b.disk, b.rev, b.cluster, b.gen = map[netip.Addr]Lease{}, 0, 0, 0
	}
}

// isolated is what no answer makes of it.
func (b *box) isolated() { b.dom.Connected = false }

// join reads everything, enters what it knows and is connected then. It may be cut
// off on the way.
func (b *box) join() {
	e, d := b.w.engine, b.dom
	if b.cut || b.w.dead {
		return
	}
	if b.cluster != 0 && (e.cluster != b.cluster || e.rev < b.rev) || e.gen < b.gen {
		e.gen = max(e.gen, b.gen) + 1
		e.rev++
	}
	d.Gen, b.gen, b.cluster, b.rev = e.gen, e.gen, e.cluster, e.rev
	for _, a := range sorted(b.disk) {
		d.At[a] = e.at[a]
		put, keep, clash := d.Enter(b.now(), a, b.disk[a])
		if clash {
			b.w.clashes = append(b.w.clashes, fmt.Sprintf("%d: %s: %v: %+v and %+v", b.w.now, b.name, a, b.disk[a], e.at[a]))
		}
		switch {
		case put:
			if b.w.rnd.IntN(20) == 0 {
				return // cut off
			}
			l := b.disk[a]
			if o := e.at[a].Lease; o.Client == l.Client {
				l.Start, l.Expiry = max(l.Start, o.Start), max(l.Expiry, o.Expiry)
			}
			e.swap(a, Grant{Mod: e.at[a].Mod}, l)
		case !keep:
			b.disk[a] = e.at[a].Lease
		}
	}
	if _, ok := e.downs[b.name]; ok {
		delete(e.downs, b.name)
		e.rev++
	}
	d.At = map[netip.Addr]Entry{}
	b.of, b.seen = e, 0
	for a, x := range e.at {
		b.learn(a, x)
	}
	b.seen = len(e.log)
	b.look()
	b.rev = e.rev
	d.Heard = e.beats[b.name].Stamp != 0 && e.beats[b.name].Gen == e.gen
	d.Whole(b.now())
	b.last = d.Last
}

func (b *box) learn(a netip.Addr, x Entry) {
	b.dom.At[a] = x
	if x.Newer(b.disk[a]) || x.Client == b.disk[a].Client {
		b.disk[a] = x.Lease
	}
}

// look is the small keys, which the model does not delay.
func (b *box) look() {
	e := b.w.engine
	b.dom.Beats, b.dom.Downs, b.dom.Gen = map[string]Beat{}, map[string]Down{}, e.gen
	for k, v := range e.beats {
		b.dom.Beats[k] = v
	}
	for k, v := range e.downs {
		b.dom.Downs[k] = v
	}
}

// watch brings up to n changes.
func (b *box) watch(n int) {
	e := b.w.engine
	if !b.up || !b.dom.Connected || b.cut || b.w.dead {
		return
	}
	if b.of != e { // its connections ended with the engine that was
		b.isolated()
		return
	}
	if e.gen != b.gen {
		b.isolated() // somebody found that it went back
		return
	}
	for ; n > 0 && b.seen < len(e.log); n-- {
		a := e.log[b.seen]
		b.seen++
		b.learn(a, e.at[a])
	}
	b.look()
	b.rev = e.rev
	if b.seen == len(e.log) {
		b.dom.Came(b.now())
	}
	b.dom.Settle(b.now())
	b.dom.Seen(b.now())
	b.last = b.dom.Last
}

func (b *box) beat() {
	d := b.dom
	if !b.up || !d.MayBeat(b.now()) {
		return
	}
	x := d.Beat(b.now())
	switch {
	case b.cut || b.w.dead || b.of != b.w.engine:
		b.isolated()
	default:
		b.w.engine.rev++
		b.w.engine.beats[b.name] = x
		d.Heard = true
	}
}

// claim is an exchange about an address that ends in an ACK, or does not.
func (b *box) claim(a netip.Addr, c string, kind string) bool {
	d, w := b.dom, b.w
	if !d.Connected {
		was := b.disk[a]
		until, err := d.Alone(b.now(), a, c, was, b.now()+lease)
		if err != nil {
			return false
		}
		if was.Client != c {
			kind = "new alone"
		} else if until > was.Expiry {
			kind = "longer alone"
		} else {
			kind = "no longer alone"
		}
		b.disk[a] = Lease{c, b.now(), until}
		w.ack(b, a, c, until, kind)
		return true
	}
	g, err := d.Decide(b.now(), a, c, b.disk[a])
	if err != nil {
		return false
	}
	switch {
	case b.disk[a].Client == c:
	case len(g.Downs) > 0 && d.Owner(a) != b.name:
		kind = "of a box that is down"
	case b.disk[a].Client != "":
		kind = "used again"
	default:
		kind = "new"
	}
	l := Lease{c, b.now(), b.now() + lease}
	if b.cut || w.dead {
		if w.rnd.IntN(3) == 0 {
			w.late = append(w.late, func() { w.engine.swap(a, g, l) })
		}
		d.Unanswered(b.now(), a, c)
		b.isolated()
		return false
	}
	rev := w.engine.rev
	ok := w.engine.swap(a, g, l)
	if rev < b.rev || w.rnd.IntN(30) == 0 {
		d.Unanswered(b.now(), a, c)
		b.isolated()
		return false
	}
	if !ok {
		return false
	}
	d.At[a] = w.engine.at[a]
	if w.rnd.IntN(50) == 0 {
		b.crash(false) // before it is on its disk
		return false
	}
	b.disk[a] = l
	w.ack(b, a, c, l.Expiry, kind)
	return true
}

func (b *box) crash(lost bool) {
	b.up, b.dom = false, nil
	if !lost {
		return
	}
	for _, c := range b.w.clients { // what only this disk had
		if e := b.w.engine.at[c.last.Addr]; c.last.Box == b.name && (e.Client != c.name || e.Expiry < b.disk[c.last.Addr].Expiry) {
			c.gone = c.last
		}
		c.only = c.last // and what the engine has besides
		for _, x := range b.w.boxes {
			if x != b && x.disk[c.last.Addr].Client == c.name && x.disk[c.last.Addr].Expiry >= b.disk[c.last.Addr].Expiry {
				c.only = history.Ack{}
			}
		}
	}
	b.disk, b.last = nil, 0
}

type client struct {
	name string
	last history.Ack
	gone history.Ack // the disk that alone had it died
	only history.Ack // no disk has it any more
}

type world struct {
	rnd      *rand.Rand
	now      int64
	engine   *engine
	backup   *engine
	backupAt int64
	dead     bool // a majority is
	late     []func()
	boxes    []*box
	clients  []*client
	history  history.History
	clashes  []string
	faults   []string
}

// moment is one of the model's seconds as a time.
func moment(n int64) time.Time { return time.Unix(n, 0).UTC() }

func (w *world) ack(b *box, a netip.Addr, c string, until int64, kind string) {
	x := history.Ack{At: moment(w.now), Until: moment(until - b.off), Addr: a, Client: c, Box: b.name, Kind: kind}
	w.history.Add(x)
	for _, k := range w.clients {
		if k.name == c {
			k.last = x
		}
	}
}

func (w *world) fault(f string, x ...any) {
	w.faults = append(w.faults, fmt.Sprintf("%d: ", w.now)+fmt.Sprintf(f, x...))
}

func sorted[V any](m map[netip.Addr]V) []netip.Addr {
	var all []netip.Addr
	for a := range m {
		all = append(all, a)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Less(all[j]) })
	return all
}
