package inventory

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// Options are what the inventory is told.
type Options struct {
	Outside // asked outside of Fold only
}

// Inventory is the fold. Use New.
type Inventory struct {
	out Outside

	mu     sync.Mutex
	events uint64 // folded so far, of the kinds that change something
	phones map[ether.MAC]*record
	byIP   map[netip.Addr]*record // the phone that holds or used the address
	nobody map[netip.Addr]*record // address known, hardware address not yet
	hosts  map[netip.Addr]*scan
}

// scan is what one address named within a window.
type scan struct {
	since time.Time
	macs  map[ether.MAC]bool
}

// New returns an empty inventory; give it to journal.New.
func New(o Options) *Inventory {
	return &Inventory{out: o.Outside, phones: map[ether.MAC]*record{}, byIP: map[netip.Addr]*record{},
		nobody: map[netip.Addr]*record{}, hosts: map[netip.Addr]*scan{}}
}

// Phones tells where every phone stands at a time, in the order of their
// names. The boots are left out.
func (v *Inventory) Phones(now time.Time) []Phone {
	return v.list(now, func(*record) bool { return true }, false)
}

// Phone tells where one phone stands, with its boots.
func (v *Inventory) Phone(mac ether.MAC, now time.Time) (Phone, bool) {
	l := v.list(now, func(r *record) bool { return r.mac == mac && !mac.IsZero() }, true)
	if len(l) == 0 {
		return Phone{}, false
	}
	return l[0], true
}

// Find returns the phone an operator means by a device name, a hardware
// address or an IP address, with its boots.
func (v *Inventory) Find(what string, now time.Time) (Phone, bool) {
	mac, err := phone.ParseDevice(what)
	if err != nil {
		mac, err = ether.ParseMAC(what)
	}
	if err == nil {
		return v.Phone(mac, now)
	}
	a, err := netip.ParseAddr(what)
	if err != nil {
		return Phone{}, false
	}
	l := v.list(now, func(r *record) bool { return r.addr == a.Unmap() }, true)
	if len(l) == 0 {
		return Phone{}, false
	}
	// Of several that used the address the last one is meant.
	return slices.MaxFunc(l, func(a, b Phone) int { return a.Seen.Compare(b.Seen) }), true
}

// Counts is the number of phones in each state.
func (v *Inventory) Counts(now time.Time) map[State]int {
	out := map[State]int{}
	for _, p := range v.Phones(now) {
		out[p.State]++
	}
	return out
}

// Clear forgets every phone.
func (v *Inventory) Clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.phones)
	clear(v.byIP)
	clear(v.nobody)
	clear(v.hosts)
}

func (v *Inventory) list(now time.Time, want func(*record) bool, boots bool) []Phone {
	w := v.look(want)
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []Phone
	v.each(want, func(r *record) { out = append(out, r.snapshot(now, w, boots)) })
	slices.SortFunc(out, func(a, b Phone) int {
		return cmp.Or(strings.Compare(a.Device(), b.Device()), a.Addr.Compare(b.Addr))
	})
	return out
}

// each calls f for the records that are wanted, named or not. The lock is held.
func (v *Inventory) each(want func(*record) bool, f func(*record)) {
	for _, r := range v.phones {
		if want(r) {
			f(r)
		}
	}
	for _, r := range v.nobody {
		if want(r) {
			f(r)
		}
	}
}

// outlook is what was asked outside for a list of phones.
type outlook struct {
	setups map[ether.MAC]Setup
	loads  map[string]firmware.State
	others map[string][]string // whole loads for the images of a load
	box    Box
}

// look asks outside. The questions may read a disk, so no lock is held and each
// is asked once.
func (v *Inventory) look(want func(*record) bool) outlook {
	w := outlook{setups: map[ether.MAC]Setup{}, loads: map[string]firmware.State{}, others: map[string][]string{}, box: v.out.box()}
	v.mu.Lock()
	v.each(want, func(r *record) {
		w.setups[r.mac] = Setup{}
		if b := r.now(); b != nil && b.load != nil {
			w.loads[loadName(b.load.name)] = firmware.State{}
		}
	})
	v.mu.Unlock()
	for mac := range w.setups {
		w.setups[mac] = v.out.setup(mac)
	}
	for load := range w.loads {
		w.loads[load], w.others[load] = v.out.load(load), v.out.loads(load)
	}
	return w
}

func (r *record) snapshot(now time.Time, w outlook, boots bool) Phone {
	p := Phone{MAC: r.mac, Addr: r.addr, Model: r.num, Class: r.class, Pool: r.pool, Load: r.load, Seen: r.seen, State: Seen}
	b := r.now()
	if b == nil {
		return p
	}
	p.Boot, p.Started = b.number, b.start
	e := &evidence{r: r, b: b, now: now, setup: w.setups[r.mac], box: w.box}
	if len(r.boots) > 1 {
		e.before = r.boots[len(r.boots)-2]
		p.Restart = b.afterLoad(e.before)
	}
	if b.load != nil {
		if set := w.loads[loadName(b.load.name)].Set; set != nil {
			e.parts = set.Names()
		}
	}
	e.judge(&p)
	if p.Load == "" && p.State == Provisioned {
		p.Load = e.setup.Load
	}
	if boots {
		for _, x := range r.boots {
			p.Boots = append(p.Boots, Boot{Number: x.number, Start: x.start, Lines: slices.Clone(x.lines), Dropped: x.first})
		}
	}
	return p
}
