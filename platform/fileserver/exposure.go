package fileserver

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/acl"
	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// Binding of files to addresses: the configuration of a phone is for the address
// that is known to be that phone's.

// Bind is `file-server bind-lease`.
type Bind int

// The ways to treat who asks for the configuration of a phone from an address
// that is not known to be the phone's.
const (
	BindWarn    Bind = iota // it is served, counted, and told if the phone is known to be elsewhere
	BindOff                 // nobody looks
	BindEnforce             // it is refused, in the words of a file that is not there
)

func (b Bind) String() string { return [...]string{"warn", "off", "enforce"}[b] }

// Holding is what is known of an address and a hardware address.
type Holding int

// The holdings.
const (
	Unknown Holding = iota // nothing is known of either
	Held                   // the address has our lease for it, or is seen with it on the wire
	Foreign                // the phone has another address
)

// Scan is `file-server scan-guard`: more different phones than Names asked for
// from one address within Seconds, whose files are not here or are another
// address's, are a search. The zero value is the default.
type Scan struct {
	Names, Seconds int
	Off            bool
}

// DefaultScan is five names in a minute: a phone asks for its own.
var DefaultScan = Scan{Names: 5, Seconds: 60}

func (s Scan) limits() (int, time.Duration) {
	if s.Names == 0 {
		s = DefaultScan
	}
	return s.Names, time.Duration(s.Seconds) * time.Second
}

// hidden is refused in the words of a file that is not there: who searches
// learns nothing.
type hidden struct{ why string }

func (h hidden) Error() string { return h.why }

// Unwrap makes it an ErrNotFound.
func (h hidden) Unwrap() error { return ErrNotFound }

// guard knows who asked for whose files.
type guard struct {
	mu     sync.Mutex
	hosts  map[netip.Addr]*host
	phones map[ether.MAC]*Exposed
	told   map[netip.Addr]time.Time
	far    map[netip.Prefix]*Far

	dropped int // phones that were remembered and made room
}

// host is an address that asked for files of phones that are not known as its.
type host struct {
	since time.Time
	names map[ether.MAC]bool // of phones it is not, or that are not here
	given map[ether.MAC]bool // of phones it was given the files of, and nothing speaks against it
	until time.Time          // it searches
	last  time.Time
}

// Exposed is who asked for the configuration of one phone.
type Exposed struct {
	MAC    ether.MAC
	File   string
	Askers []Asker // the last ones
}

// Asker is one address that did.
type Asker struct {
	Addr    netip.Addr
	Holding Holding
	Served  int
	Refused int
	Last    time.Time
}

// Bounds of what is remembered.
const (
	maxGuarded = 4096
	maxAskers  = 8
	guardTime  = 10 * time.Minute // one who searches is kept out for so long after his last question
)

// trusted reports that an address is exempt: another file server, or one of
// `file-server bind-lease trust`.
func (st *settings) trusted(r Request) bool {
	if r.Peer {
		return true
	}
	return st.trusts(r.flow())
}

// trusts reports that `file-server bind-lease trust` names who asks.
func (st *settings) trusts(f acl.Flow) bool { return st.grants(st.cfg.Trust, st.cfg.Trust6, f) }

// grants reports that a list lets somebody have something that nobody has
// without it: only a rule that permits does, not a list that is missing or empty.
func (st *settings) grants(name, name6 string, f acl.Flow) bool {
	if a := f.From.Addr().Unmap(); a.Is4() {
		e := acl.Find(st.lists, name).Decides(a)
		return name != "" && e != nil && e.Permit
	}
	e := acl.Find6(st.lists6, name6).Decides(f)
	return name6 != "" && e != nil && e.Permit
}

// flow is what a request is to an access list.
func (r *Request) flow() acl.Flow {
	f := acl.Flow{From: r.Client, To: r.Local, Proto: "tcp"}
	if r.Transport == TFTP {
		f.Proto = "udp"
	}
	return f
}

// owner is the phone whose configuration a name is; ok says that it is one. All
// that is named after one phone is, for whatever kind of phone (ATA..., VGC...,
// WLAN... with the keys of its radio), but trust lists, which are no secret.
func owner(name string) (ether.MAC, bool) {
	if phone.TrustFile(name) {
		return ether.MAC{}, false
	}
	return phone.MACOfFile(name)
}

// admits decides whether an address may have the files of the phone in a name,
// and takes down who asked.
func (s *Server) admits(ctx context.Context, st *settings, r Request, name string) error {
	held, err := s.judge(ctx, st, r, name, true)
	mac, device := phone.MACOfFile(name)
	if !device || held == Held || err == nil && held != Foreign {
		return err
	}
	a, now := r.Client.Addr().Unmap(), time.Now()
	s.guard.note(st, r, mac, now)
	if _, config := owner(name); config && err != nil {
		s.guard.asked(mac, name, a, held, false, now)
	}
	return err
}

// judge is admits without taking anything down.
func (s *Server) judge(ctx context.Context, st *settings, r Request, name string, wait bool) (Holding, error) {
	mac, device := phone.MACOfFile(name)
	if !device || st.trusted(r) {
		return Held, nil
	}
	a, held := r.Client.Addr().Unmap(), Unknown
	if st.cfg.BindLease != BindOff && s.opt.Holder != nil {
		held = s.opt.Holder(ctx, mac, a, wait && st.cfg.BindLease == BindEnforce)
	}
	_, config := owner(name)
	switch {
	case held == Held:
		return held, nil
	case !st.cfg.Scan.Off && s.guard.searches(a, time.Now()):
		return held, hidden{"file-server scan-guard: the address asked for the files of many phones"}
	case config && st.cfg.BindLease == BindEnforce:
		return held, hidden{fmt.Sprintf("file-server bind-lease enforce: %s is not known to be the address of %s", a, mac.Device())}
	}
	return held, nil
}

// gone is told of a name that is not here. Trust lists are not anywhere on most
// sites: phones of other clusters behind one address all ask for theirs first,
// and whoever asks for nothing else learns nothing.
func (s *Server) gone(st *settings, r Request, name string) {
	if mac, ok := owner(name); ok && !phone.ExpectedAbsent(name) && !st.trusted(r) && !s.builds(mac) {
		s.guard.note(st, r, mac, time.Now())
	}
}

// builds reports that there is a configuration of a phone: it asks for trust
// lists that are not here at every boot, with many others behind one address.
func (s *Server) builds(mac ether.MAC) bool {
	if s.opt.Generated == nil {
		return false
	}
	for _, n := range []string{mac.Device() + ".cnf.xml", "SIP" + mac.Hex() + ".cnf", "gk" + strings.ToLower(mac.Hex()), "ld" + strings.ToLower(mac.Hex()), "ATA" + mac.Hex() + ".cnf.xml", "VGC" + mac.Hex() + ".cnf.xml"} {
		if _, _, _, ok := s.opt.Generated(n); ok {
			return true
		}
	}
	return false
}

// given is told of a configuration that is being served.
func (s *Server) given(ctx context.Context, st *settings, r Request, name string) {
	mac, ok := owner(name)
	if !ok || r.Peer {
		return
	}
	a, held := r.Client.Addr().Unmap(), Unknown
	if s.opt.Holder != nil && st.cfg.BindLease != BindOff {
		held = s.opt.Holder(ctx, mac, a, false)
	}
	now := time.Now()
	s.guard.asked(mac, name, a, held, true, now)
	if held == Unknown {
		_, within := st.cfg.Scan.limits()
		s.guard.mu.Lock()
		if h := s.guard.at(a, within, now); h != nil && len(h.given) < maxNames {
			h.given[mac] = true
		}
		s.guard.mu.Unlock()
	}
	if held == Foreign && !st.trusted(r) && s.guard.tell(a, now) {
		s.rec.Record(Unbound{Client: a, Name: printable(name), MAC: mac})
	}
}

// relayedNames is how many phones another file server may ask for in vain
// within the time of the guard.
const relayedNames = 1000

// maxNames bounds the phones that are counted for one address.
const maxNames = 1024

// at is what is counted of an address, nil if there is no room. The lock is
// held.
func (g *guard) at(a netip.Addr, within time.Duration, now time.Time) *host {
	h := g.hosts[a]
	if h == nil {
		if len(g.hosts) >= maxGuarded {
			for k, o := range g.hosts {
				if now.Sub(o.last) > within && now.After(o.until) {
					delete(g.hosts, k)
				}
			}
			if len(g.hosts) >= maxGuarded {
				return nil
			}
		}
		h = &host{since: now, names: map[ether.MAC]bool{}, given: map[ether.MAC]bool{}}
		g.hosts[a] = h
	}
	h.last = now
	return h
}

// note counts a phone that an address asked for without being it. Many phones
// may be behind one address: as long as it was given the files of more of them
// than it asked for in vain it does not search.
//
// A file server that has this one among its alternates asks here for the phones
// of all clusters. It says so in Via, as anybody can: it may ask for as many
// phones as a large site has.
func (g *guard) note(st *settings, r Request, mac ether.MAC, now time.Time) {
	a := r.Client.Addr().Unmap()
	names, within := st.cfg.Scan.limits()
	if r.Via != "" {
		names = max(names, relayedNames)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.at(a, within, now)
	if h == nil {
		return
	}
	if now.Sub(h.since) > within {
		h.since = now
		clear(h.names)
	}
	if len(h.names) < maxNames {
		h.names[mac] = true
	}
	if len(h.names) > names && len(h.names) > len(h.given) {
		h.until = now.Add(guardTime)
	}
}

// searches reports that an address is kept out.
func (g *guard) searches(a netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	h := g.hosts[a]
	if h == nil || now.After(h.until) {
		return false
	}
	h.until = now.Add(guardTime)
	return true
}

// tell reports whether something is to be said about an address: once in ten
// minutes.
func (g *guard) tell(a netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.told[a]) < guardTime {
		return false
	}
	if len(g.told) >= maxGuarded {
		clear(g.told)
	}
	g.told[a] = now
	return true
}

// asked remembers who asked for the configuration of a phone.
func (g *guard) asked(mac ether.MAC, name string, a netip.Addr, held Holding, served bool, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	x := g.phones[mac]
	if x == nil {
		g.makeRoom()
		x = &Exposed{MAC: mac}
		g.phones[mac] = x
	}
	x.File = name
	i := slices.IndexFunc(x.Askers, func(k Asker) bool { return k.Addr == a })
	if i < 0 {
		if len(x.Askers) >= maxAskers {
			x.Askers = slices.Delete(x.Askers, 0, 1)
		}
		x.Askers = append(x.Askers, Asker{Addr: a})
		i = len(x.Askers) - 1
	}
	k := &x.Askers[i]
	k.Holding, k.Last = held, now
	if served {
		k.Served++
	} else {
		k.Refused++
	}
}

// makeRoom drops a phone if too many are remembered: one whose file nobody got,
// of those that are looked at. Names that are made up do not push out what was
// given away. The lock is held.
func (g *guard) makeRoom() {
	const look = 64
	var worst ether.MAC
	n, least := 0, time.Time{}
	if len(g.phones) < maxGuarded {
		return
	}
	for mac, x := range g.phones {
		served, last := 0, time.Time{}
		for _, k := range x.Askers {
			served += k.Served
			if k.Last.After(last) {
				last = k.Last
			}
		}
		if served == 0 {
			worst = mac
			break
		}
		if n == 0 || last.Before(least) {
			worst, least = mac, last
		}
		if n++; n == look {
			break
		}
	}
	delete(g.phones, worst)
	g.dropped++
}

// Exposed is who asked for which phone's configuration since the start, by
// hardware address.
func (s *Server) Exposed() []Exposed {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	var out []Exposed
	for _, x := range s.guard.phones {
		c := *x
		c.Askers = slices.Clone(x.Askers)
		out = append(out, c)
	}
	sorted.By(out, func(a, b Exposed) int { return strings.Compare(a.MAC.Hex(), b.MAC.Hex()) })
	return out
}

// Forgotten is how many phones more would be among the Exposed if there were room.
func (s *Server) Forgotten() int {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	return s.guard.dropped
}

// Searching are the addresses the scan guard keeps out.
func (s *Server) Searching() []netip.Addr {
	s.guard.mu.Lock()
	defer s.guard.mu.Unlock()
	var out []netip.Addr
	for a, h := range s.guard.hosts {
		if time.Now().Before(h.until) {
			out = append(out, a)
		}
	}
	sorted.By(out, netip.Addr.Compare)
	return out
}

// asHidden is the reason of a refusal that looks like a file that is not there.
func asHidden(err error) (string, bool) {
	var h hidden
	return h.why, errors.As(err, &h)
}
