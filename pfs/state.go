package pfs

import (
	"container/list"
	"net/netip"
	"slices"
	"sync"
	"time"

	dhcp "option150/dhcp/engine"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/wire"
	"option150/telephony/phone"
)

// Bounds of the state.
const (
	MaxPhones    = 1000
	MaxTransfers = 4096
	maxOwn       = 64 // transfers of one caller
	maxFetches   = 64 // of one phone
	maxBursts    = 8
	maxLogged    = 64
	maxBoots     = 4
	takeOver     = 10 * time.Minute // of an address whose phone was silent so long
	sameBoot     = 2 * time.Second  // a second question for the configuration so soon is not another boot
)

// State is what is known of phones and of how they get firmware: a fold of the
// journal (DHCP, files, and the facts of this package). Use NewState.
type State struct {
	mu        sync.Mutex
	phones    map[ether.MAC]*peer
	line      list.List // *peer, the one seen longest ago first
	byAddr    map[netip.Addr]ether.MAC
	transfers map[uint64]Transfer
	sent      map[ether.MAC][]uint64 // the transfers of who called, oldest first
	strange   session                // of a log that names no phone that is known
	order     []uint64               // all of them, oldest first
	evicted   uint64
	changes   uint64
}

// peer is what is kept of a phone.
type peer struct {
	mac     ether.MAC
	addr    netip.Addr
	model   phone.Model
	known   bool // model is valid
	subnet  netip.Prefix
	relay   netip.Addr
	seen    time.Time
	fetches []Fetch // by name, the one asked for last at the end
	bursts  []Broadcast
	session session
	boots   []Boot
	runs    string // the load it says it runs, by CDP, LLDP or its page
	told    time.Time
	place   *list.Element // in State.line
}

// Boot is what a phone did after it asked for its configuration.
type Boot struct {
	Config time.Time // its own file was asked for
	Load   time.Time // firmware was asked for here
	Next   time.Time // a file of the next phase was: tones, locale, rings
}

// Fetch is one firmware file a phone fetched from this box, in the newest
// distribution of it.
type Fetch struct {
	File      string
	Transport fileserver.Transport
	First     time.Time // it asked the first time that it was served completely
	Whole     time.Time // and had it
	Asked     time.Time // it asked last
	End       time.Time // of that try; zero: not yet
	Bytes     int64     // of that try
	Size      int64
	Complete  bool // that try is
	Copies    int  // times it was served completely
}

// began is when it asked: for what it was given, else at all.
func (f *Fetch) began() time.Time {
	if f.Copies > 0 {
		return f.First
	}
	return f.Asked
}

// session is what a phone's own log says.
type session struct {
	records []Record
	total   int
	last    time.Time
	xid     string
	root    netip.Addr
	path    string
	model   string
	h       string
	confirm bool
	kids    int // children at most, by its own account
}

// NewState returns an empty state; give it to journal.New.
func NewState() *State {
	s := &State{}
	s.reset()
	return s
}

func (s *State) reset() {
	s.phones, s.byAddr, s.transfers, s.strange = map[ether.MAC]*peer{}, map[netip.Addr]ether.MAC{}, map[uint64]Transfer{}, session{}
	s.line.Init()
	s.sent, s.order = map[ether.MAC][]uint64{}, nil
}

// Clear forgets everything.
func (s *State) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reset()
}

// Phone implements Directory.
func (s *State) Phone(mac ether.MAC, addr netip.Addr) (ether.MAC, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.phones[mac]; ok {
		return mac, true
	}
	m, ok := s.byAddr[addr.Unmap()]
	return m, ok
}

// At finds the phone that holds an address.
func (s *State) At(addr netip.Addr) (ether.MAC, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.byAddr[addr.Unmap()]
	return m, ok
}

// Heard notes the address of a phone that is known by its hardware address:
// an ARP frame said so.
func (s *State) Heard(mac ether.MAC, addr netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.phones[mac]; p != nil {
		s.place(p, addr)
	}
}

// Fold implements journal.Fold.
func (s *State) Fold(e journal.Entry) {
	switch x := e.Event.(type) {
	case dhcp.Ack:
		s.locked(func() { s.ack(e.Time, x) })
	case fileserver.Asked:
		if !x.Peer {
			s.locked(func() { s.asked(e.Time, x) })
		}
	case fileserver.Served:
		if !x.Peer {
			s.locked(func() { s.served(e.Time, x) })
		}
	case wire.Told:
		s.locked(func() { s.says(e.Time, x) })
	case Broadcast:
		s.locked(func() { s.broadcast(x) })
	case Transfer:
		s.locked(func() { s.transfer(x) })
	case Logged:
		s.locked(func() { s.logged(e.Time, x) })
	}
}

// Changes counts what was folded that may change a tree.
func (s *State) Changes() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changes
}

func (s *State) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changes++
	f()
}

func (s *State) get(mac ether.MAC, at time.Time) *peer {
	p := s.phones[mac]
	if p == nil {
		if mac.IsZero() {
			return nil
		}
		if len(s.phones) >= MaxPhones {
			s.evict()
		}
		p = &peer{mac: mac}
		s.phones[mac] = p
	}
	s.saw(p, at)
	return p
}

// saw puts a phone to the end of the line in which they are forgotten.
func (s *State) saw(p *peer, at time.Time) {
	p.seen = at
	if p.place == nil {
		p.place = s.line.PushBack(p)
	} else {
		s.line.MoveToBack(p.place)
	}
}

// evict forgets the phone that was seen longest ago.
func (s *State) evict() {
	old := s.line.Remove(s.line.Front()).(*peer)
	if s.byAddr[old.addr] == old.mac {
		delete(s.byAddr, old.addr)
	}
	delete(s.phones, old.mac)
	s.evicted++
}

func (s *State) place(p *peer, a netip.Addr) {
	a = a.Unmap()
	if !a.IsValid() || a.IsUnspecified() || p.addr == a && s.byAddr[a] == p.mac {
		return
	}
	if s.byAddr[p.addr] == p.mac {
		delete(s.byAddr, p.addr)
	}
	p.addr = a
	s.byAddr[a] = p.mac
	if !p.subnet.Contains(a) {
		p.subnet = netip.Prefix{}
	}
}

// ack: only who is a phone by its class or name, or has been one before.
func (s *State) ack(at time.Time, x dhcp.Ack) {
	c := phone.ParseClass(x.VendorClass)
	_, err := phone.ParseDevice(x.Hostname)
	if !phone.IsCisco(x.VendorClass) && err != nil && s.phones[x.MAC] == nil {
		return
	}
	p := s.get(x.MAC, at)
	if p == nil {
		return
	}
	if c.Known {
		p.model, p.known = c.Model, true
	}
	s.place(p, x.Addr)
	if m, err := netip.ParseAddr(x.Mask); err == nil && m.Is4() && x.Addr.Is4() {
		if n := maskBits(m.As4()); n >= 0 {
			p.subnet = netip.PrefixFrom(x.Addr, n).Masked()
		}
	}
	if p.relay = x.Relay; x.Relay.IsUnspecified() {
		p.relay = netip.Addr{}
	}
}

func maskBits(m [4]byte) int {
	v := uint32(m[0])<<24 | uint32(m[1])<<16 | uint32(m[2])<<8 | uint32(m[3])
	n := 0
	for ; v&0x80000000 != 0; v <<= 1 {
		n++
	}
	if v != 0 {
		return -1
	}
	return n
}

// of finds the phone a request is from: by its address, or by the name SEP<mac>
// it asks for.
func (s *State) of(at time.Time, client netip.AddrPort, name string) *peer {
	a := client.Addr().Unmap()
	if mac, ok := phone.MACOfFile(baseName(name)); ok {
		// One address names one phone: who asks for many names fills no table.
		holder, held := s.byAddr[a]
		if !held || holder == mac || at.Sub(s.phones[holder].seen) >= takeOver {
			p := s.get(mac, at)
			if p != nil {
				s.place(p, a)
			}
			return p
		}
	}
	if mac, ok := s.byAddr[a]; ok {
		return s.get(mac, at)
	}
	return nil
}

func (s *State) asked(at time.Time, x fileserver.Asked) {
	p := s.of(at, x.Client, x.Name)
	if p == nil {
		return
	}
	name := baseName(x.Name)
	switch {
	case ownConfig(name):
		if n := len(p.boots); n == 0 || at.Sub(p.boots[n-1].Config) >= sameBoot {
			p.boots = append(p.boots, Boot{Config: at})
			p.boots = trim(p.boots, maxBoots)
		}
	case Firmware(name):
		if n := len(p.boots); n > 0 && p.boots[n-1].Load.IsZero() {
			p.boots[n-1].Load = at
		}
		f := p.fetch(name)
		if at.Sub(later(f.Asked, f.End)) > waveGap {
			*f = Fetch{File: f.File} // another distribution
		}
		f.Asked, f.Transport, f.End, f.Complete = at, x.Transport, time.Time{}, false
	case nextPhase(name):
		if n := len(p.boots); n > 0 && p.boots[n-1].Next.IsZero() {
			p.boots[n-1].Next = at
		}
	}
}

func (s *State) served(at time.Time, x fileserver.Served) {
	p := s.of(at, x.Client, x.Name)
	if p == nil || !Firmware(baseName(x.Name)) {
		return
	}
	f := p.fetch(baseName(x.Name))
	if f.Asked.IsZero() {
		f.Asked = at.Add(-x.Duration)
	}
	f.Transport, f.End, f.Bytes, f.Size, f.Complete = x.Transport, at, x.Bytes, x.Size, x.Complete
	if x.Complete {
		if f.Copies++; f.Copies == 1 {
			f.First, f.Whole = f.Asked, at
		}
	}
}

// says takes what a phone tells of itself. It makes no phone known: whoever
// likes can send such a frame.
func (s *State) says(at time.Time, x wire.Told) {
	p := s.phones[x.MAC]
	if p == nil {
		return
	}
	if x.Load != "" {
		p.runs, p.told = phone.Load(x.Load).Canonical(), at
	}
	if c := phone.ParseClass("Cisco Systems, Inc. IP Phone " + x.Model); c.Known && !p.known {
		p.model, p.known = c.Model, true
	}
	if x.Addr.IsValid() {
		s.place(p, x.Addr)
	}
}

// Introduce makes a phone known that nothing else shows: for a capture from
// elsewhere, in which it named itself.
func (s *State) Introduce(mac ether.MAC, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.get(mac, at)
}

// fetch is the entry of a file, moved to the end.
func (p *peer) fetch(name string) *Fetch {
	i := slices.IndexFunc(p.fetches, func(f Fetch) bool { return f.File == name })
	f := Fetch{File: keep(name)}
	if i >= 0 {
		f = p.fetches[i]
		p.fetches = slices.Delete(p.fetches, i, i+1)
	}
	p.fetches = trim(append(p.fetches, f), maxFetches)
	return &p.fetches[len(p.fetches)-1]
}

func (s *State) broadcast(x Broadcast) {
	p := s.phones[x.MAC]
	if p == nil {
		return
	}
	s.saw(p, x.Last)
	for i := range slices.Backward(p.bursts) {
		switch b := &p.bursts[i]; {
		case b.First.Equal(x.First) && b.Interface == x.Interface:
			*b = x
			return
		case b.Interface != x.Interface && b.First.Sub(x.First).Abs() < copyTime:
			return // the same burst, seen on another interface
		}
	}
	p.bursts = trim(append(p.bursts, x), maxBursts)
}

// transfer keeps the newest state of a connection. Each phone that called has
// so many places, and makes room among its own first.
func (s *State) transfer(x Transfer) {
	if had, ok := s.transfers[x.ID]; ok {
		x.A, x.B = had.A, had.B
		s.transfers[x.ID] = x
		return
	}
	if l := s.sent[x.A]; len(l) >= maxOwn {
		s.forget(l[0])
	}
	if len(s.transfers) >= MaxTransfers {
		s.forget(s.order[0])
	}
	s.transfers[x.ID] = x
	s.sent[x.A] = append(s.sent[x.A], x.ID)
	s.order = append(s.order, x.ID)
}

func (s *State) forget(id uint64) {
	a := s.transfers[id].A
	is := func(o uint64) bool { return o == id }
	delete(s.transfers, id)
	if s.sent[a] = slices.DeleteFunc(s.sent[a], is); len(s.sent[a]) == 0 {
		delete(s.sent, a)
	}
	s.order = slices.DeleteFunc(s.order, is)
	s.evicted++
}

func (s *State) logged(at time.Time, x Logged) {
	l := &s.strange
	if p := s.phones[x.MAC]; p != nil {
		l = &p.session
	}
	l.add(at, x.Record)
}

func (l *session) add(at time.Time, r Record) {
	if r.Kind == LogListen { // a new session; what was said before is history
		*l = session{}
	}
	l.total++
	l.last = at
	l.records = trim(append(l.records, r), maxLogged)
	if r.XID != "" {
		l.xid = r.XID
	}
	switch r.Kind {
	case LogConfirm:
		l.confirm = true
	case LogRoot:
		l.root, l.path, l.model, l.h = r.Root, r.Path, r.Model, r.H
	case LogSlots:
		n := 0
		for _, fd := range r.Children {
			if fd >= 0 {
				n++
			}
		}
		l.kids = max(l.kids, n)
	}
}

// trim keeps the last n of a list without holding on to those before.
func trim[T any](l []T, n int) []T {
	if len(l) > n {
		l = append(make([]T, 0, n), l[len(l)-n:]...)
	}
	return l
}
