package inventory

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/wire"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// station finds the phone behind a frame: by its hardware address, else, behind
// a router, by its address.
func (v *Inventory) station(mac ether.MAC, a netip.Addr) *record {
	if r := v.phones[mac]; r != nil {
		return r
	}
	if r := v.byIP[a.Unmap()]; r != nil {
		return r
	}
	return v.nobody[a.Unmap()]
}

// refused: a client was refused at the file port.
func (v *Inventory) refused(at time.Time, x wire.Refused) {
	r := v.station(x.MAC, x.Client)
	if r == nil || r.now() == nil {
		return
	}
	v.saw(r, at)
	b := r.now()
	if !b.refused.IsZero() && b.refusedAt == x.Server.Unmap() {
		return // once per boot tells it
	}
	b.refused, b.refusedAt = at, x.Server.Unmap()
	b.say(Line{At: at, Transport: "TCP", What: "!", Name: "connection to port " + itoa(int64(x.Port)) + " of " + dash(addrText(x.Server)) + " was refused", Bytes: -1, Remark: "observed"})
}

// secure: it wants its files by HTTPS.
func (v *Inventory) secure(at time.Time, x wire.Secure) {
	r := v.station(x.MAC, x.Client)
	if r == nil || r.now() == nil {
		return
	}
	v.saw(r, at)
	b := r.now()
	if b.secure.IsZero() {
		b.say(Line{At: at, Transport: "TCP", What: "!", Name: "opens a connection to port " + itoa(int64(x.Port)) + " of " + dash(addrText(x.Server)) + " for HTTPS", Bytes: -1, Remark: "observed"})
	}
	b.secure, b.secureAt = at, x.Server.Unmap()
}

// sought: a phone asks for somebody's hardware address. A station nobody knows
// is remembered: a phone that never asks for an address shows itself like this
// only.
func (v *Inventory) sought(at time.Time, x wire.Sought) {
	v.twin(at, x)
	r := v.phones[x.MAC]
	if r == nil {
		v.sign(at, x)
		return
	}
	b := r.now()
	if b == nil {
		return
	}
	target := x.Target.Unmap()
	s := b.sought[target]
	if s == nil {
		if len(b.sought) >= maxSought {
			return
		}
		if b.sought == nil {
			b.sought = map[netip.Addr]*sought{}
		}
		s = &sought{first: at}
		b.sought[target] = s
	}
	switch {
	case s.n > 0 && at.Sub(s.last) < seekAgain:
		return // the same request, seen on a mirror port too
	case s.n > 0 && at.Sub(s.last) >= seekPause:
		s.n, s.first = 0, at // what it asked before was answered, or given up
	}
	s.n++
	s.last = at
	if s.n == 1 || s.n == soughtOften {
		remark := ""
		if s.n > 1 {
			remark = "again and again"
		}
		b.say(Line{At: at, Transport: "ARP", What: "asks", Name: "who has " + target.String(), Bytes: -1, Remark: remark})
	}
}

// twin: another station sends from the address of a phone that holds a lease.
func (v *Inventory) twin(at time.Time, x wire.Sought) {
	r := v.byIP[x.Client.Unmap()]
	if r == nil || r.mac == x.MAC || r.mac.IsZero() || r.ackedAt().IsZero() || r.now().stranger {
		return
	}
	b := r.now()
	if b.conflict == "" || b.conflictAt != r.addr {
		b.say(Line{At: at, Transport: "ARP", What: "!", Name: addrText(x.Client) + " is used by " + x.MAC.String(), Bytes: -1, Remark: "observed"})
	}
	b.conflict, b.conflictAt, b.conflicted = addrText(x.Client)+" is used by "+x.MAC.String()+" too, seen by ARP", r.addr, at
}

// soughtOften is how many requests for one address say that it does not
// answer: a stack sends one, and three where nobody does. [RFC 1122 2.3.2.1]
const soughtOften = 3

// seekAgain is sooner than any stack asks again. [RFC 1122 2.3.2.1: at most one
// request a second]
const seekAgain = 400 * time.Millisecond

// seekPause is longer than a stack waits before it asks again: a request after
// it is a new question, as when an entry has grown old.
const seekPause = 30 * time.Second

// told: a phone says of itself what it runs and where it is registered; a mirror
// port shows that it registers.
func (v *Inventory) told(at time.Time, x wire.Told) {
	r := v.phones[x.MAC]
	if x.By == wire.Mirror && r == nil {
		r = v.byIP[x.Addr.Unmap()] // it did not give its name
	}
	if r == nil || r.now() == nil {
		return
	}
	v.saw(r, at)
	b := r.now()
	line := func(what string) {
		l := Line{At: at, Transport: string(x.By), What: "says", Name: what, Bytes: -1}
		if x.By == wire.Mirror {
			l.What = "shows"
		}
		if x.Inferred {
			l.Remark = "an encrypted connection carries data both ways"
		}
		b.say(l)
	}
	if l := keep(phone.Load(x.Load).Canonical()); l != "" && b.told.say(l, x.By, at) {
		line("it runs " + l)
	}
	control := keep(x.CallControl)
	switch {
	case x.Refused != "":
		if news := b.turnedWhy != keep(x.Refused); b.turned.say(control, x.By, at) || news {
			b.turnedWhy = keep(x.Refused)
			line(control + " does not register it: " + b.turnedWhy)
		}
		b.active.say("", x.By, at)
	case control != "" && x.Inferred && b.active.what != "" && !b.active.inferred: // more is known
	case control != "":
		r.spoke, b.turned, b.turnedWhy = true, told{}, ""
		if b.active.say(control, x.By, at) {
			line("it is registered at " + control)
		}
		b.active.inferred = x.Inferred
	case x.Idle && b.active.say("", x.By, at):
		if x.By == wire.Mirror {
			line("its registration has ended")
			return
		}
		line("it is registered nowhere")
	}
}

// sign keeps a sign of life of a station that is no phone so far.
func (v *Inventory) sign(at time.Time, x wire.Sought) {
	s, ok := v.signs[x.MAC]
	if !ok && len(v.signs) >= maxSigns {
		var old ether.MAC
		n := 0
		for mac, y := range v.signs {
			if o, have := v.signs[old]; !have || y.last.Before(o.last) {
				old = mac
			}
			if n++; n >= 32 {
				break
			}
		}
		delete(v.signs, old)
	}
	if !ok || at.Sub(s.last) > bootQuiet {
		s.first = at
	}
	s.last = at
	if x.Client.IsValid() {
		s.addr = x.Client.Unmap()
	}
	v.signs[x.MAC] = s
}

// sign is when a station was seen by ARP.
type sign struct {
	first, last time.Time
	addr        netip.Addr
}

// shared: it looks for phones that share firmware with it.
func (v *Inventory) shared(at time.Time, x wire.Shared) {
	r := v.station(x.MAC, x.Client)
	if r == nil || r.now() == nil {
		return
	}
	v.saw(r, at)
	b := r.now()
	if b.shared.IsZero() {
		b.say(Line{At: at, Transport: "PFS", What: "asks", Name: "phones nearby for firmware, port 4051", Bytes: -1})
	}
	b.shared = at
}

// listed keeps which phones are configured: they are never forgotten for
// others.
func (v *Inventory) listed(x cnf.Phones) {
	for _, mac := range x.Removed {
		delete(v.configured, mac)
		if r := v.phones[mac]; r != nil && r.listed {
			r.listed = false
			v.line(r)
		}
	}
	for _, mac := range x.Added {
		v.configured[mac] = true
		if r := v.phones[mac]; r != nil && !r.listed {
			r.listed = true
			v.line(r)
		}
	}
}

// line puts a phone that is not configured to the end of the line in which they
// are forgotten: those that were never given anything go first.
func (v *Inventory) line(r *record) {
	to := &v.strangers
	switch {
	case r.listed:
		to = nil
	case r.proven:
		to = &v.guests
	}
	switch {
	case r.line == to && to != nil:
		to.MoveToBack(r.place)
		return
	case r.line != nil:
		r.line.Remove(r.place)
	}
	if r.line = to; to != nil {
		r.place = to.PushBack(r)
	}
}

// saw notes that a phone gave a sign of life.
func (v *Inventory) saw(r *record, at time.Time) {
	r.seen = at
	if v.phones[r.mac] == r {
		v.line(r)
	}
}

// prove: it was given something.
func (v *Inventory) prove(r *record) {
	if !r.proven {
		r.proven = true
		if v.phones[r.mac] == r {
			v.line(r)
		}
	}
}

// unconfigured is how many phones there are that are not configured.
func (v *Inventory) unconfigured() int { return v.strangers.Len() + v.guests.Len() }

// evict forgets one of them, the one seen longest ago, of those that were given
// something only while the others have no more than their share: a phone that
// starts among a thousand is to be known until it has an address. A flood must
// not cost a look at all for each phone.
func (v *Inventory) evict() {
	el := v.strangers.Front()
	if v.guests.Len() > 0 && v.strangers.Len() <= maxStrangers {
		el = v.guests.Front()
	}
	if el != nil {
		v.drop(el.Value.(*record))
	}
}

func (v *Inventory) drop(r *record) {
	if r.line != nil {
		r.line.Remove(r.place)
		r.line = nil
	}
	delete(v.phones, r.mac)
	v.unlink(r)
}
