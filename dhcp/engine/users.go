package engine

import (
	"container/list"
	"net/netip"
	"slices"
	"time"

	"option150/platform/ether"
)

// A box that replaces another one comes to a LAN whose phones have their
// addresses from elsewhere. An address that somebody answers for is set aside
// for that station: it is neither free nor a conflict, and its owner gets a
// lease of it as soon as it asks. What counts is an answer to a probe of ours;
// everything else that is heard is a reason to probe. [RFC 5227]
const (
	userFor     = 10 * time.Minute // an address stays set aside after the last answered probe
	userAgain   = 4 * time.Minute  // it is asked again before that
	maxUsers    = 1 << 14
	maxClaims   = 8 // addresses of pools that one station may answer for; a proxy answers for more
	maxProxies  = 256
	maxHints    = 16 // addresses of a network that are asked for because somebody was heard there
	hintAgain   = 10 * time.Second
	proxyFor    = time.Hour
	forgedFor   = time.Minute // what is said of an address counts for nothing
	routerAgain = time.Minute
	maxReported = 8 // rows of `show ip dhcp conflict` of one network at a time
)

// Sighting is a station seen using an address.
type Sighting struct {
	Addr  netip.Addr
	MAC   ether.MAC // zero when an echo was answered: it does not tell
	Reply bool      // an answer to a question; other ARP packets are claims of their senders
}

// user is an address in use by a station that has no lease of it here.
type user struct {
	addr  netip.Addr
	macs  []ether.MAC // who answered, two at most; none when only echoes did
	since Instant
	at    Instant // the last answered probe
	asked Instant
	dry   bool // asked because its network has nothing else: no answer frees it
	sub   *subnet
	shown bool // a row of `show ip dhcp conflict`
	told  bool // said, alone or with others
	named bool // said that two claim it
	place *list.Element
}

// mine reports whether nobody but the client was heard at the address: by its
// own address, or by the one its frame came from (a bridge in between).
func (u *user) mine(c *call) bool {
	return len(u.macs) > 0 && !u.other(c)
}

// other reports whether somebody else was heard there.
func (u *user) other(c *call) bool {
	return slices.ContainsFunc(u.macs, func(m ether.MAC) bool { return m != c.p.MAC && (m != c.in.Source || c.p.GIAddr.IsValid()) })
}

// Answered handles a sign of life from an address.
func (e *Engine) Answered(now Instant, x Sighting) {
	if asked, ok := e.t.routers[x.Addr]; ok {
		if x.Reply && !x.MAC.IsZero() && now-*asked < time.Second {
			e.isProxy(now, x.MAC) // it may answer for others
		}
		return
	}
	s := e.t.subnetOf(x.Addr)
	if s == nil {
		return
	}
	if s.link != "" {
		e.hear(now, s.link)
	}
	if s.reserved(x.Addr) {
		return
	}
	if b := e.bindings[x.Addr]; b != nil && b.leased {
		e.answeredLease(now, b, x)
		return // a recorded lease beats whoever answers
	}
	if at, ok := e.proxies[x.MAC]; ok && now-at < proxyFor {
		e.proxies[x.MAC] = now
		return
	}
	if at, ok := e.forged[x.Addr]; ok && now-at < forgedFor {
		return
	}
	if !x.Reply || !e.askedFor(now, s, x.Addr) {
		e.hint(now, s, x)
		return
	}
	e.used(now, s, x)
}

// askedFor reports whether a probe of ours for the address is out.
func (e *Engine) askedFor(now Instant, s *subnet, a netip.Addr) bool {
	if p := s.probes[a]; p != nil {
		return p.sent
	}
	window := 2 * e.window(s)
	if u := e.users[a]; u != nil && now-u.asked < window {
		return true
	}
	i := slices.IndexFunc(s.ready, func(r candidate) bool { return r.addr == a })
	return i >= 0 && now-s.ready[i].probed < window
}

// hint asks for an address at which somebody was heard, unless too many are
// being asked for: claims cost their sender nothing.
func (e *Engine) hint(now Instant, s *subnet, x Sighting) {
	if u := e.users[x.Addr]; u != nil && (x.MAC.IsZero() || slices.Contains(u.macs, x.MAC)) {
		return
	}
	if at, ok := e.hints[x.Addr]; ok && now-at < hintAgain || s.probes[x.Addr] != nil || !e.probing(s) {
		return
	}
	n := 0
	for _, p := range s.probes {
		if p.hint {
			n++
		}
	}
	if n >= maxHints {
		return
	}
	if len(e.hints) >= maxUsers {
		clear(e.hints)
	}
	e.hints[x.Addr] = now
	e.ask(now, s, x.Addr, false)
	s.probes[x.Addr].hint = true
}

// used takes note of an answer.
func (e *Engine) used(now Instant, s *subnet, x Sighting) {
	a := x.Addr
	if p := s.probes[a]; p != nil {
		s.judge(p, p.list, true) // the window goes on: two may answer
	}
	o := e.offers[a]
	if o != nil && o.mac == x.MAC {
		return // the client itself
	}
	u := e.users[a]
	if u == nil {
		if len(e.users) >= maxUsers {
			e.unuse(e.userList.Front().Value.(*user))
		}
		u = &user{addr: a, since: now, asked: now, sub: s}
		u.place = e.userList.PushBack(u)
		e.users[a] = u
		s.aside++
		s.set(a)
	}
	u.at, u.dry = now, false
	e.userList.MoveToBack(u.place)
	if m := x.MAC; !m.IsZero() && !slices.Contains(u.macs, m) {
		if len(u.macs) == 2 { // three: not stations but somebody who makes them up
			e.unuse(u)
			if len(e.forged) >= maxUsers {
				clear(e.forged)
			}
			e.forged[a] = now
			return
		}
		u.macs = append(u.macs, m)
		e.answers[m] = append(e.answers[m], a)
		if len(e.answers[m]) > maxClaims {
			e.isProxy(now, m)
		}
	}
	if e.users[a] != u {
		return // it was a proxy's
	}
	s.ready = slices.DeleteFunc(s.ready, func(r candidate) bool { return r.addr == a })
	if o != nil {
		e.drop(o)
		e.report(u)
	}
	e.refill(now, s)
}

// isProxy takes back what a station answered that answers for others.
func (e *Engine) isProxy(now Instant, m ether.MAC) {
	if len(e.proxies) >= maxProxies {
		for x, at := range e.proxies {
			if now-at > proxyFor || len(e.proxies) >= maxProxies {
				delete(e.proxies, x)
			}
		}
	}
	e.proxies[m] = now
	for _, a := range slices.Clone(e.answers[m]) {
		u := e.users[a]
		e.unanswer(u, m)
		if u.macs = slices.DeleteFunc(u.macs, func(x ether.MAC) bool { return x == m }); len(u.macs) == 0 {
			if p := u.sub.probes[a]; p != nil {
				u.sub.judge(p, p.list, false)
			}
			e.unuse(u)
		}
	}
}

func (e *Engine) unanswer(u *user, m ether.MAC) {
	left := slices.DeleteFunc(e.answers[m], func(a netip.Addr) bool { return a == u.addr })
	if e.answers[m] = left; len(left) == 0 {
		delete(e.answers, m)
	}
}

// unuse ends that an address is set aside.
func (e *Engine) unuse(u *user) {
	for _, m := range u.macs {
		e.unanswer(u, m)
	}
	e.userList.Remove(u.place)
	delete(e.users, u.addr)
	if u.sub != nil {
		u.sub.aside--
		e.release(u.sub, u.addr)
	}
}

// heardAt is an address of these networks at which nobody but the client was
// heard, the one that answered last.
func (e *Engine) heardAt(c *call, subnets []*subnet) (*user, bool) {
	var best *user
	for _, a := range e.answers[c.p.MAC] {
		if u := e.users[a]; slices.Contains(subnets, u.sub) && u.mine(c) && (best == nil || u.at > best.at) && e.available(c, u.sub, a) {
			best = u
		}
	}
	return best, best != nil
}

// passedOver reports the addresses in use that came before one that is given
// out: it is when IOS would have pinged them. Many at once are a LAN that has
// its addresses from elsewhere, and no conflicts.
func (e *Engine) passedOver(s *subnet, given netip.Addr) {
	if s.aside == 0 || s.told == s.aside {
		return
	}
	s.told = s.aside
	var list []*user
	for el := e.userList.Front(); el != nil; el = el.Next() {
		if u := el.Value.(*user); u.sub == s && !u.told && u.addr.Less(given) {
			list = append(list, u)
		}
	}
	if len(list) > maxReported {
		for _, u := range list {
			u.told = true
		}
		e.Event(InUse{Pool: s.pool.conf.Name, Count: len(list), First: list[0].addr})
		return
	}
	for _, u := range list {
		e.report(u)
	}
}

// report tells of an address in use as IOS does.
func (e *Engine) report(u *user) {
	if u.shown {
		return
	}
	u.shown, u.told = true, true
	var m ether.MAC
	if len(u.macs) > 0 {
		m = u.macs[0]
	}
	e.Event(Conflict{Addr: u.addr, Method: MethodPing, MAC: m, Logged: e.t.Spec.ConflictLogging})
}

// contested: two claim an address that nobody has a lease of. Neither gets one
// and neither is refused: both may be phones at work.
func (e *Engine) contested(c *call, s *subnet, a netip.Addr, others ...ether.MAC) {
	e.Stats.Extra.Contested++
	u := e.users[a]
	if u == nil {
		e.used(c.now, s, Sighting{Addr: a, Reply: true})
		if u = e.users[a]; u == nil {
			return
		}
	}
	if u.named {
		return
	}
	u.named = true
	for _, m := range u.macs {
		if m != c.p.MAC {
			others = append(others, m)
		}
	}
	x := Contested{Addr: a, MAC: c.p.MAC, Interface: c.in.Interface, Pool: s.pool.conf.Name}
	if len(others) > 0 {
		x.Other = others[0]
	}
	e.Event(x)
}

// tickUsers asks again for what is set aside and lets go what no longer
// answers.
func (e *Engine) tickUsers(now Instant) {
	budget := readyWant
	for el := e.userList.Front(); el != nil && budget > 0; {
		u := el.Value.(*user)
		el = el.Next()
		switch {
		case now-u.at >= userFor, u.dry && now-u.asked > 2*e.window(u.sub):
			e.unuse(u)
		case now-u.at > userAgain && now-u.asked > routerAgain/2 && e.probing(u.sub):
			budget--
			e.askUser(now, u)
		case now-u.at <= userAgain && !u.dry:
			return // those behind answered later
		}
	}
}

func (e *Engine) askUser(now Instant, u *user) {
	u.asked = now
	e.out.Probes = append(e.out.Probes, Probe{Interface: u.sub.link, Addr: u.addr})
}

// runDry asks for the addresses that are set aside for the longest time when
// there is nothing else to give: those that do not answer are free.
func (e *Engine) runDry(now Instant, subnets []*subnet) {
	n := 0
	for el := e.userList.Front(); el != nil && n < readyWant; el = el.Next() {
		u := el.Value.(*user)
		if !slices.Contains(subnets, u.sub) || !e.probing(u.sub) || now-u.asked < time.Second {
			continue
		}
		n++
		u.dry = true
		e.askUser(now, u)
	}
	if n > 0 {
		e.soon(now + 3*arpWindow)
	}
}

// tickRouters learns who answers for the default routers: a router may answer
// for its neighbours too (proxy ARP).
func (e *Engine) tickRouters(now Instant) {
	for a, asked := range e.t.routers {
		if now-*asked < routerAgain || !e.CanProbe || e.t.Spec.PingPackets <= 0 {
			continue
		}
		for _, s := range e.t.subnets {
			if s.link != "" && s.prefix.Contains(a) {
				*asked = now
				e.out.Probes = append(e.out.Probes, Probe{Interface: s.link, Addr: a})
				break
			}
		}
	}
}

// usersAgain puts what is set aside into new tables.
func (e *Engine) usersAgain() {
	for el := e.userList.Front(); el != nil; {
		u := el.Value.(*user)
		el = el.Next()
		u.sub = e.t.subnetOf(u.addr)
		if u.sub == nil || u.sub.reserved(u.addr) {
			u.sub = nil
			e.unuse(u)
			continue
		}
		u.sub.aside++
		u.sub.set(u.addr)
	}
}

// ownRelay reports whether an address of the network is that of a relay that
// was seen: it is never offered. Only the last few count, since anybody can
// write one into a request.
func (s *subnet) ownRelay(a netip.Addr) bool { return slices.Contains(s.relays[:], a) }

func (s *subnet) sawRelay(a netip.Addr) {
	if s.holds(a) && !s.ownRelay(a) {
		copy(s.relays[1:], s.relays[:])
		s.relays[0] = a
	}
}
