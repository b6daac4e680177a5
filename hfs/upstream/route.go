package upstream

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"option150/platform/fileserver"
	"option150/telephony/phone"
)

// RouteName is what events call a file that came from here.
const RouteName = "upstream"

// Route is asked when nobody here has a file.
func (s *Server) Route() fileserver.Route { return last{s} }

// Home is asked first: with `common-files home` the cluster of a phone has the
// word about files that every cluster has.
func (s *Server) Home() fileserver.Route { return first{s} }

// Relayed reports that another file server asks, so that nobody takes it for a
// phone: an alternate, or whoever brings a question of ours back.
func (s *Server) Relayed(r fileserver.Request) bool {
	st := s.now.Load()
	return st != nil && (s.mine(r) || st.alternate(r.Client.Addr()) != nil)
}

// maxVia bounds the file servers a question may have come by.
const maxVia = 4

// mine reports a question of this box that comes back.
func (s *Server) mine(r fileserver.Request) bool {
	for entry := range strings.SplitSeq(r.Via, ",") {
		if f := strings.Fields(entry); len(f) >= 2 && f[1] == s.opt.ID {
			return true
		}
	}
	return false
}

// alternate is the one that has this address.
func (st *settings) alternate(a netip.Addr) *peer {
	a = a.Unmap().WithZone("")
	for _, p := range st.peers {
		p.mu.Lock()
		for _, b := range p.addrs {
			if a == b {
				p.mu.Unlock()
				return p
			}
		}
		p.mu.Unlock()
	}
	return nil
}

// stays reports that a name does not leave the box for this client.
func (s *Server) stays(st *settings, r fileserver.Request, name string) bool {
	if fileserver.Protected(name) {
		return true
	}
	if s.ofPhone(name) {
		return true
	}
	if s.mine(r) {
		s.mu.Lock()
		log := time.Since(s.looped) > time.Minute
		if log {
			s.looped = time.Now()
		}
		s.mu.Unlock()
		s.rec.Record(fileserver.Looped{From: r.Client.Addr().Unmap(), Name: name, Log: log})
		return true
	}
	return strings.Count(r.Via, ",") >= maxVia || st.alternate(r.Client.Addr()) != nil
}

type last struct{ s *Server }

func (last) Name() string { return RouteName }

// Silent implements fileserver.Silent.
func (t last) Silent(r fileserver.Request, name string) bool {
	st := t.s.now.Load()
	return st == nil || t.s.cache.names(name) == nil && (len(st.peers) == 0 || t.s.stays(st, r, name))
}

func (t last) Open(ctx context.Context, r fileserver.Request, name string) (*fileserver.Hit, error) {
	s := t.s
	st := s.now.Load()
	if st == nil {
		return nil, nil
	}
	if h := s.cache.open(name); h != nil {
		s.mu.Lock()
		s.hits++
		s.mu.Unlock()
		return h, nil
	}
	if len(st.peers) == 0 || s.stays(st, r, name) {
		return nil, nil
	}
	home := s.homes.of(r.Client.Addr(), name)
	q := question{name: name}
	if _, device := phone.MACOfFile(name); !device && !isFirmware(name) {
		q.home = home
	}
	f, err := s.find(ctx, st, q, r.Via, s.patience(r))
	if err == errTooMany && !isConfig(name) && home == "" {
		return nil, fileserver.Nowhere{Asked: errTooMany.Error(), Unsure: true} // as of a chain that cannot be reached
	}
	if err != nil {
		return nil, err
	}
	if f.file != nil {
		return s.board(ctx, r, name, f)
	}
	var none fileserver.Nowhere
	if errors.As(f.err, &none) && none.Unsure && (isConfig(name) || home != "") {
		return nil, fileserver.Elsewhere(none.Asked)
	}
	return nil, f.err
}

// patience is how long a transport waits for the end of a search: a phone that
// got 503 asks by TFTP, and that question has to get the result. A file server
// has an end of its own to its patience: it is answered before.
func (s *Server) patience(r fileserver.Request) time.Duration {
	switch {
	case r.Via != "":
		return s.tune.Decide * 3 / 4
	case r.Transport == fileserver.HTTP:
		return s.tune.Decide
	}
	return s.tune.Search + time.Second
}

// board makes an answer of a flight.
func (s *Server) board(ctx context.Context, r fileserver.Request, name string, sr *search) (*fileserver.Hit, error) {
	f := sr.file
	if !f.hold() {
		return nil, fileserver.Elsewhere("the fetch has just ended")
	}
	if _, of := phone.MACOfFile(name); of && !s.Relayed(r) {
		s.homes.learn(r.Client.Addr(), name, f.from.alt.String())
	}
	if r.Transport != fileserver.HTTP {
		ctx = s.ctx // that of a TFTP request is over when it has its file
	}
	h := &fileserver.Hit{Name: f.from.alt.String() + "/" + name, Size: f.size, ETag: f.etag, Content: &reader{f: f, ctx: ctx},
		Close: func() error { f.release(); return nil }}
	h.ModTime, _ = http.ParseTime(f.modified)
	return h, nil
}

type first struct{ s *Server }

func (first) Name() string { return RouteName }

// Silent implements fileserver.Silent.
func (t first) Silent(r fileserver.Request, name string) bool {
	st := t.s.now.Load()
	if st != nil && len(st.peers) > 0 {
		if mac, of := phone.MACOfFile(name); of && t.s.opt.Here(mac) {
			t.s.homes.leave(r.Client.Addr())
		}
	}
	return st == nil || !st.spec.CommonHome || len(st.peers) == 0 || !isCommon(name) ||
		t.s.homes.of(r.Client.Addr(), name) == "" || t.s.stays(st, r, name)
}

func (t first) Open(ctx context.Context, r fileserver.Request, name string) (*fileserver.Hit, error) {
	s := t.s
	st := s.now.Load()
	if st == nil {
		return nil, nil
	}
	home := s.homes.of(r.Client.Addr(), name)
	f, err := s.find(ctx, st, question{name: name, home: home, only: true}, r.Via, s.patience(r))
	switch {
	case err != nil:
		return nil, err
	case f.file != nil:
		return s.board(ctx, r, name, f)
	case f.silent: // any other copy has a signature the phone refuses
		return nil, fileserver.Elsewhere(home + ", the home of this phone, does not answer")
	case f.err != nil && !isNowhere(f.err):
		return nil, f.err
	}
	return nil, nil
}
