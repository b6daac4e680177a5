package engine

import (
	"net/netip"
	"time"
)

// Probing in the background: an OFFER never waits for it. Each network on a
// wire keeps a list of addresses that were asked for by ARP within the last
// minute and that nobody answered for; allocation takes from it. Addresses
// that must be offered unprobed are probed while the client makes up its mind.
// Behind relays ICMP echoes do the same, while there is demand. [RFC 5227,
// facts/dhcp.md 3]
const (
	readyWant  = 64
	readyMost  = 2048 // where so many are wanted within the time of a probe
	readyCalm  = time.Minute
	readyFor   = 60 * time.Second
	readyAgain = 45 * time.Second // asked again before it is stale
	arpWindow  = 150 * time.Millisecond
	demandFor  = 10 * time.Minute // probing behind relays after the last DISCOVER
	maxPings   = 512              // echoes a second to networks behind relays
)

// probe is a question that is out.
type probe struct {
	tries    int
	due      Instant // when the window of the last try is over
	list     bool    // goes to the ready list when nobody answers
	hint     bool    // somebody was heard there: not to be given out meanwhile
	sent     bool    // something went out that can be answered
	answered bool
	parked   []parked // requests that wait for it
}

// maxTries is more than any probe is repeated.
const maxTries = 100

// Probe asks for a probe to be sent.
type Probe struct {
	Interface string // ARP on its wire; "" = ICMP echo by routing
	Addr      netip.Addr
}

// probing reports whether addresses of s can be and are to be probed.
func (e *Engine) probing(s *subnet) bool {
	if e.t.Spec.PingPackets <= 0 {
		return false
	}
	if s.link != "" {
		return e.CanProbe
	}
	return e.CanICMP
}

func (e *Engine) window(s *subnet) time.Duration {
	if s.link != "" {
		return arpWindow
	}
	return max(e.t.Spec.PingTimeout, 100*time.Millisecond)
}

// ask sends a probe and remembers it.
func (e *Engine) ask(now Instant, s *subnet, a netip.Addr, list bool) {
	s.set(a)
	if s.link == "" {
		e.pinged++
	}
	s.forget(a)
	s.probes[a] = &probe{tries: 1, due: now + e.window(s), list: list, sent: true}
	if list {
		s.listing++
		s.asking = append(s.asking, a)
	}
	e.out.Probes = append(e.out.Probes, Probe{Interface: s.link, Addr: a})
	e.soon(s.probes[a].due)
}

// listed reports whether a probe is to bring an address to the ready list.
func (p *probe) listed() bool { return p != nil && p.list && !p.answered }

// judge says where the address of a probe goes when it is over.
func (s *subnet) judge(p *probe, list, answered bool) {
	was := p.listed()
	p.list, p.answered = list, answered
	switch now := p.listed(); {
	case now && !was:
		s.listing++
	case was && !now:
		s.listing--
	}
}

// forget ends a probe.
func (s *subnet) forget(a netip.Addr) {
	if s.probes[a].listed() {
		s.listing--
	}
	delete(s.probes, a)
}

// parallel probes an address that is being offered unprobed. b is the client's
// own former binding, nil if it is not: behind a relay the answer could be the
// client's own, and ICMP does not tell.
func (e *Engine) parallel(now Instant, s *subnet, a netip.Addr, b *binding) {
	if !e.probing(s) || s.probes[a] != nil || b != nil && (b.leased || s.link == "") {
		return
	}
	e.ask(now, s, a, false)
}

// unfinished takes the next address whose probe is still out. A network that was
// just configured has nothing else: to go past what is being asked for would
// give the first client the 65th address. The probe goes on beside the offer,
// as that of parallel does.
func (e *Engine) unfinished(c *call, s *subnet) (netip.Addr, bool) {
	for len(s.asking) > 0 {
		a := s.asking[0]
		s.asking = s.asking[1:]
		if p := s.probes[a]; p != nil && p.list && e.bindings[a] == nil && e.available(c, s, a) {
			s.judge(p, false, p.answered)
			return a, true
		}
	}
	return netip.Addr{}, false
}

// short has more addresses probed ahead: an ACK may have to wait for the probe of
// one that was not. When a whole branch asks at once it is twice as many as were
// missing within the time that probes take.
func (e *Engine) short(now Instant, s *subnet) {
	if s.link == "" || !e.probing(s) {
		return
	}
	switch since := now - s.shortAt; {
	case since > 4*arpWindow: // another burst
		s.shortAt, s.missing = now, 0
	case since >= 2*arpWindow:
		s.ahead = min(max(s.ahead, 2*s.missing), readyMost)
		s.shortAt, s.missing = now, 0
	}
	s.missing++
}

// calm has fewer, when few were wanted for a minute.
func (e *Engine) calm(now Instant, s *subnet) {
	if now-s.calmAt < readyCalm {
		return
	}
	if s.calmAt = now; s.ahead > readyWant && s.taken < s.ahead/4 {
		s.ahead = max(s.ahead/2, readyWant)
		for len(s.ready) > s.ahead {
			last := s.ready[len(s.ready)-1].addr
			s.ready = s.ready[:len(s.ready)-1]
			e.release(s, last)
		}
	}
	s.taken = 0
}

// refill brings the ready list to its length, all in one burst.
func (e *Engine) refill(now Instant, s *subnet) {
	if !e.probing(s) || s.link == "" && (now-s.demand) > demandFor {
		return
	}
	there, most := len(s.ready)+s.listing, max(s.ahead, readyWant)
	want := most - there
	if s.link == "" {
		want = min(want, e.pings(now))
	}
	if want < most/4 && len(s.ready) > 0 {
		return // not worth a burst
	}
	cursor := s.cursor
	for ; want > 0; want-- {
		a, ok := s.fresh()
		if !ok {
			break
		}
		e.ask(now, s, a, true)
		s.advance(a)
	}
	s.cursor = cursor
	if want = min(want, readyWant-len(s.ready)-s.listing); want <= 0 {
		return
	}
	listed := map[netip.Addr]bool{}
	for _, r := range s.ready {
		listed[r.addr] = true
	}
	for el := s.freed.Front(); el != nil && want > 0; el = el.Next() {
		b := el.Value.(*binding)
		if listed[b.Addr] || s.probes[b.Addr] != nil || e.offers[b.Addr] != nil || e.conflicts[b.Addr] != nil || e.users[b.Addr] != nil || s.reserved(b.Addr) || s.other(b.Addr) {
			continue
		}
		e.ask(now, s, b.Addr, true)
		want--
	}
}

// pings is how many echoes may be sent: a box may have a thousand networks
// behind relays, and all begin at once.
func (e *Engine) pings(now Instant) int {
	if now-e.pingAt >= time.Second {
		e.pingAt, e.pinged = now, 0
	}
	return max(maxPings-e.pinged, 0)
}

// inherit takes over what the network learned by probing before a line of the
// configuration was changed: a pasted pool must not have the same addresses
// asked for again with each of its lines.
func (e *Engine) inherit(s, was *subnet) {
	if !e.probing(s) {
		return
	}
	s.proven, s.ahead = was.proven, was.ahead
	usable := func(a netip.Addr) bool {
		b := e.bindings[a]
		return s.holds(a) && !s.reserved(a) && e.offers[a] == nil && e.conflicts[a] == nil && e.users[a] == nil && (b == nil || !b.leased)
	}
	for _, r := range was.ready {
		if usable(r.addr) {
			s.ready = append(s.ready, r)
			s.set(r.addr)
		}
	}
	for a, p := range was.probes {
		if usable(a) && p.list {
			s.probes[a] = p
			s.set(a)
			if p.listed() {
				s.listing++
			}
		}
	}
	for _, a := range was.asking {
		if s.probes[a] != nil {
			s.asking = append(s.asking, a)
		}
	}
}

// heard reports whether anything came in by an interface since its link is up.
// Until then silence is no answer: the port of a switch passes nothing for the
// first half minute, and one whose cable ends elsewhere never does.
func (e *Engine) heard(link string) bool {
	w := e.watch[link]
	return w == nil || w.heard
}

// hear takes note that something came in by an interface. For the first time
// all is asked for again that nobody answered for when nobody could.
func (e *Engine) hear(now Instant, link string) {
	w := e.watch[link]
	if w == nil || w.heard {
		return
	}
	w.heard = true
	for _, s := range e.t.subnets {
		if s.link != link || !e.probing(s) {
			continue
		}
		s.proven = false
		again := s.asking
		for _, r := range s.ready {
			again = append(again, r.addr)
		}
		s.ready, s.asking = nil, nil
		for _, a := range again {
			switch p := s.probes[a]; {
			case p == nil:
				e.ask(now, s, a, true)
			case p.list:
				parked := p.parked
				e.ask(now, s, a, true)
				s.probes[a].parked = parked
			}
		}
	}
}

func (e *Engine) leasedNow(a netip.Addr) bool {
	b := e.bindings[a]
	return b != nil && b.leased
}

// advanceProbes repeats and concludes the probes that are due.
func (e *Engine) advanceProbes(now Instant, s *subnet) {
	tries := min(e.t.Spec.PingPackets, 2)
	if s.ahead > readyMost/4 {
		tries = 1 // a thousand are asked for within a second: broadcasts enough
	}
	var done []netip.Addr
	for a, p := range s.probes {
		switch {
		case now < p.due:
		case p.tries < tries && !p.answered && !e.leasedNow(a): // nothing depends on it once it is leased
			p.tries++
			p.due = now + e.window(s)
			e.out.Probes = append(e.out.Probes, Probe{Interface: s.link, Addr: a})
		default:
			done = append(done, a)
		}
	}
	sortAddrs(done)
	for _, a := range done {
		p := s.probes[a]
		s.forget(a)
		s.proven = s.proven || p.sent && e.heard(s.link)
		if b := e.bindings[a]; p.list && e.offers[a] == nil && e.conflicts[a] == nil && e.users[a] == nil && (b == nil || !b.leased) {
			s.ready = append(s.ready, candidate{a, now})
		} else {
			e.release(s, a)
		}
		e.resume(now, s, a, p.parked)
	}
	for len(s.asking) > 0 && (s.probes[s.asking[0]] == nil || !s.probes[s.asking[0]].list) {
		s.asking = s.asking[1:]
	}
	for i := range s.ready {
		if r := &s.ready[i]; (now-r.probed) > readyAgain && (s.link != "" || (now-s.demand) < demandFor) {
			r.probed = now // an answer takes it off the list
			e.out.Probes = append(e.out.Probes, Probe{Interface: s.link, Addr: r.addr})
		}
	}
}
