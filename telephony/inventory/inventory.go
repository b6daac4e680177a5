package inventory

import (
	"cmp"
	queue "container/list"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// Options are what the inventory is told.
type Options struct {
	Outside        // asked outside of Fold only
	Waits   *Waits // nil = DefaultWaits
}

// Inventory is the fold. Use New.
type Inventory struct {
	out   Outside
	waits Waits

	mu         sync.Mutex
	events     uint64 // folded so far, of the kinds that change something
	phones     map[ether.MAC]*record
	guests     queue.List             // *record that are not configured and were given something, seen longest ago first
	strangers  queue.List             // and those that were not
	configured map[ether.MAC]bool     // hardware addresses that are
	byIP       map[netip.Addr]*record // the phone that holds or used the address
	nobody     map[netip.Addr]*record // address known, hardware address not yet
	hosts      map[netip.Addr]*scan
	signs      map[ether.MAC]sign    // stations seen by ARP only
	others     map[netip.Addr]string // DHCP servers seen, with their option 150
	routers    map[string]router     // routers of IPv6, by interface
}

// New returns an empty inventory; give it to journal.New.
func New(o Options) *Inventory {
	v := &Inventory{out: o.Outside, waits: DefaultWaits(), configured: map[ether.MAC]bool{}}
	if o.Waits != nil {
		v.waits = *o.Waits
	}
	v.forget()
	return v
}

// forget makes the tables anew; what is configured stays.
func (v *Inventory) forget() {
	v.phones, v.byIP = map[ether.MAC]*record{}, map[netip.Addr]*record{}
	v.guests.Init()
	v.strangers.Init()
	v.nobody, v.hosts = map[netip.Addr]*record{}, map[netip.Addr]*scan{}
	v.signs, v.others = map[ether.MAC]sign{}, map[netip.Addr]string{}
	if v.routers == nil { // what is known of the network is of no phone
		v.routers = map[string]router{}
	}
}

// Waits are the times the rules go by.
func (v *Inventory) Waits() Waits { return v.waits }

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
	l := v.list(now, func(r *record) bool { return r.addr == a.Unmap() || r.addr6 == bare(a) }, true)
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

// Events is how many events were folded that change something.
func (v *Inventory) Events() uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.events
}

// Clear forgets every phone.
func (v *Inventory) Clear() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.forget()
}

func (v *Inventory) list(now time.Time, want func(*record) bool, boots bool) []Phone {
	w := v.look(now, want)
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []Phone
	v.each(want, func(r *record) { out = append(out, r.snapshot(now, w, boots)) })
	out = append(out, v.hidden(now, w, want)...)
	sorted.By(out, func(a, b Phone) int {
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

// hidden are phones that are configured, show a sign of life and never asked
// for an address: R01.
func (v *Inventory) hidden(now time.Time, w outlook, want func(*record) bool) (out []Phone) {
	for mac, s := range v.signs {
		setup := w.setups[mac]
		if setup.Section == "" || now.Sub(s.first) < v.waits.NoDiscover || v.phones[mac] != nil {
			continue
		}
		r := &record{mac: mac, addr: s.addr, seen: s.last}
		if want(r) {
			out = append(out, unseen(r, s, setup))
		}
	}
	return out
}

// outlook is what was asked outside for a list of phones, and what the phones
// tell about one another.
type outlook struct {
	waits  Waits
	box    Box
	setups map[ether.MAC]Setup
	loads  map[string]firmware.State
	here   map[string][]string // whole loads for the images of a load
	where  map[string]string   // place of a component that is not served
	placed map[string]Given    // phone files in flash: that were sent
	shared map[string][]sharing
	others map[netip.Addr]string

	routers map[string]router
}

// sharing is a phone that looked for others with its firmware.
type sharing struct {
	mac ether.MAC
	at  time.Time
}

// look asks outside. The questions may read a disk, so no lock is held and each
// is asked once.
func (v *Inventory) look(now time.Time, want func(*record) bool) outlook {
	w := outlook{waits: v.waits, setups: map[ether.MAC]Setup{}, loads: map[string]firmware.State{}, here: map[string][]string{},
		where: map[string]string{}, placed: map[string]Given{}, shared: map[string][]sharing{}, others: map[netip.Addr]string{}, box: v.out.box()}
	deep := map[string]bool{}
	v.mu.Lock()
	v.each(want, func(r *record) {
		w.setups[r.mac] = Setup{}
		b := r.now()
		if b != nil && b.byHand() {
			w.placed[b.own.name] = Given{}
		}
		if r.fetched != "" {
			w.loads[r.fetched] = firmware.State{}
		}
		if b == nil || b.load == nil {
			return
		}
		load := loadName(b.load.name)
		w.loads[load] = firmware.State{}
		if old := r.before(); old != nil && old.load != nil && loadName(old.load.name) == load && old.fetchedAll() {
			deep[load] = true
		}
	})
	for mac := range v.signs {
		w.setups[mac] = Setup{}
	}
	for _, r := range v.phones {
		if b := r.now(); b != nil && !b.shared.IsZero() && now.Sub(b.shared) < bootQuiet {
			w.shared[r.num] = append(w.shared[r.num], sharing{r.mac, b.shared})
		}
	}
	for a, o := range v.others {
		w.others[a] = o
	}
	w.routers = maps.Clone(v.routers)
	v.mu.Unlock()
	for mac := range w.setups {
		s := v.out.setup(mac)
		w.setups[mac] = s
		names := []string{s.Load}
		if s.Given != nil {
			names = append(names, s.Given.Load)
		}
		for _, l := range names {
			if _, ok := w.loads[l]; !ok && l != "" {
				w.loads[l] = firmware.State{}
			}
		}
	}
	for name := range w.placed {
		g := v.out.placed(name)
		w.placed[name] = g
		if _, ok := w.loads[g.Load]; !ok && g.Load != "" {
			w.loads[g.Load] = firmware.State{}
		}
	}
	for load := range w.loads {
		st := v.out.load(load)
		if deep[load] && st.Complete() {
			st = v.out.deep(load)
		}
		w.loads[load], w.here[load] = st, v.out.loads(load)
		for _, m := range st.Missing {
			if m.Kind == firmware.Absent {
				w.where[strings.ToLower(m.File)] = v.out.where(m.File)
			}
		}
	}
	return w
}

func (r *record) before() *boot {
	if len(r.boots) < 2 {
		return nil
	}
	return r.boots[len(r.boots)-2]
}

func (r *record) snapshot(now time.Time, w outlook, boots bool) Phone {
	p := Phone{MAC: r.mac, Addr: r.addr, Addr6: r.addr6, Model: r.num, Class: r.class, Pool: r.pool, Seen: r.seen, State: Seen}
	if !p.Addr.IsValid() {
		p.Addr = p.Addr6
	}
	e := &evidence{r: r, b: r.now(), before: r.before(), now: now, waits: w.waits, setup: w.setups[r.mac], box: w.box, w: w}
	if p.Model == "" && e.setup.Type != "" {
		p.Model, p.Typed = e.setup.Type, true
		if m, ok := phone.Lookup(e.setup.Type); ok && !r.known {
			e.model, e.modelKnown = m, true
		}
	}
	if e.b == nil {
		p.Verdict = Verdict{Code: Open, Text: "Nothing of a boot was seen yet.", Basis: Observed}
		return p
	}
	e.read()
	p.Boot, p.Started = e.b.number, e.b.start
	if e.before != nil {
		p.Restart = e.b.afterLoad(e.before)
	}
	e.judge(&p)
	if boots {
		for _, x := range r.boots {
			p.Boots = append(p.Boots, Boot{Number: x.number, Start: x.start, Lines: slices.Clone(x.lines), Dropped: x.first})
		}
	}
	return p
}
