package fileserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/acl"
	"option150/platform/ether"
	"option150/platform/flash"
	"option150/platform/journal"
	"option150/telephony/phone"
)

// Options are what a Server serves from. All may be empty.
type Options struct {
	Flash     *flash.Flash
	Generated Lookup          // asked first
	Fallback  Lookup          // generated files that one of the same name on flash: replaces
	Names     func() []string // of generated files that are not for one phone, for suggestions; may be nil
	// Chosen says which file of flash: a client gets under a name that is not
	// looked up, because several files have it and which one is right depends on
	// the client; handled false = the name is looked up. nil = none is chosen.
	Chosen func(r Request, name string) (path string, handled bool)
	First  []Route            // asked before all others
	Before []Route            // asked then, for what another server has to answer
	Routes []Route            // asked last, in this order
	Peer   func(Request) bool // another file server asks; nil = none does
	// Holder tells whether an address is that of a phone; with wait it may ask the
	// wire and take some 300 ms. nil = nothing is known.
	Holder func(ctx context.Context, mac ether.MAC, a netip.Addr, wait bool) Holding
	// Reach tells how this machine reaches an address. It is asked for every
	// request. nil = everybody is of a known network.
	Reach func(netip.Addr) Reach
	// Building reports that generated files are being built, for `file-server
	// rebuild busy`; nil = they never are.
	Building func() bool
	Recorder journal.Recorder
}

// Server is the one look-up of files. Use New. It implements Opener and
// service.Service.
type Server struct {
	opt   Options
	rec   journal.Recorder
	gate  *gate
	count tally
	now   atomic.Pointer[settings]

	quiet limiter
	near  nearMemo
	guard guard
	live  live

	mu    sync.Mutex // guards since and on
	on    bool
	since time.Time
}

// settings are what follows from a Spec. Never changed.
type settings struct {
	cfg      Config
	home     string
	access   access
	lists    []acl.List
	lists6   []acl.List6
	networks []netip.Prefix
	relays   map[netip.Addr]bool
	chain    []Route
}

// New returns a server with the factory configuration. It serves at once.
func New(o Options) *Server {
	s := &Server{opt: o, rec: journal.Or(o.Recorder), gate: newGate(DefaultServingCount)}
	s.guard = guard{hosts: map[netip.Addr]*host{}, phones: map[ether.MAC]*Exposed{}, told: map[netip.Addr]time.Time{}}
	s.count.started = time.Now()
	s.now.Store(s.settle(Spec{Config: Default()}, ""))
	return s
}

func (s *Server) settle(c Spec, home string) *settings {
	st := &settings{cfg: c.Config, home: home, access: accessOf(c), lists: c.Lists, lists6: c.Lists6, networks: c.Networks, relays: map[netip.Addr]bool{}}
	for _, a := range c.Relays {
		st.relays[a.Unmap()] = true
	}
	add := func(ok bool, r Route) {
		if ok {
			st.chain = append(st.chain, r)
		}
	}
	var busy func() bool
	if c.RebuildBusy {
		busy = s.opt.Building
	}
	for _, r := range s.opt.First {
		add(true, r)
	}
	add(c.Listing != "", listing{s})
	for _, r := range s.opt.Before {
		add(true, abroad{r})
	}
	add(s.opt.Generated != nil, generated{s.opt.Generated, busy})
	add(len(c.Bindings) > 0, bound{s.opt.Flash, s.opt.Generated, bind(c.Bindings)})
	add(s.opt.Flash != nil && s.opt.Chosen != nil, chosen{s.opt.Flash, s.opt.Chosen, &st.access})
	add(s.opt.Flash != nil, loose{s.opt.Flash, home, &st.access})
	add(s.opt.Fallback != nil, generated{s.opt.Fallback, busy})
	for _, r := range s.opt.Routes {
		add(true, abroad{r})
	}
	return st
}

// Open implements Opener.
func (s *Server) Open(ctx context.Context, r Request) (*File, error) {
	start := time.Now()
	asked := printable(r.Name)
	clean, nameErr := flash.CleanName(r.Name)
	q := question{r.Client.Addr().Unmap(), clean, s.Many(r.Client.Addr())}
	if r.Transport == TFTP { // of HTTP only a 503 is remembered
		q.name = strings.ToLower(clean)
	}
	again := nameErr == nil && s.gate.again(r.Transport, q)

	r.Peer = s.opt.Peer != nil && s.opt.Peer(r)

	s.count.begin(r.Transport)
	s.rec.Record(Asked{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, UserAgent: printable(r.UserAgent), BlockSize: r.BlockSize, Again: again, Peer: r.Peer})
	if nameErr != nil {
		return nil, s.badName(r, asked, nameErr)
	}
	st := s.now.Load()
	err := s.stranger(st, r)
	if err == nil {
		err = s.admits(ctx, st, r, clean)
	}
	if err != nil {
		return nil, s.refuse(r, asked, q, err)
	}
	if err := s.enter(ctx, again, q); err != nil {
		return nil, s.refuse(r, asked, q, err)
	}
	place := &seat{g: s.gate, q: q, taken: true}
	admitted := true
	defer func() { // also when a route panics
		if admitted {
			place.end()
			if p := recover(); p != nil {
				s.aborted(r, asked, start, "defect in a route")
				panic(p)
			}
		}
	}()
	hit, route, err := s.find(ctx, r, clean, place)
	if err != nil {
		place.end()
		admitted = false
		return nil, s.refuse(r, asked, q, err)
	}
	admitted = false
	s.given(ctx, st, r, clean)
	s.count.add(func(c *Counters) { c.family(deviceKind(clean), true) })
	return s.file(r, asked, place, hit, route, start), nil
}

func (s *Server) enter(ctx context.Context, again bool, q question) error {
	if again {
		s.count.add(func(c *Counters) { c.AskedAgain++ })
	}
	waited, err := s.gate.enter(ctx, again, q)
	if waited && err == nil {
		s.count.add(func(c *Counters) { c.Queued++ })
	}
	return err
}

// find asks the routes in order. The place is given back while another server
// is asked: whoever waits for that keeps nobody out.
func (s *Server) find(ctx context.Context, r Request, clean string, place *seat) (*Hit, string, error) {
	st := s.now.Load()
	if err := st.access.name(r, clean); err != nil {
		return nil, "", err
	}
	none := ErrNotFound
	for _, route := range st.chain {
		var hit *Hit
		var err error
		if far, ok := route.(abroad); ok {
			hit, err = far.open(ctx, r, clean, place)
		} else {
			hit, err = route.Open(ctx, r, clean)
		}
		if err != nil {
			var said Nowhere
			if errors.As(err, &said) {
				none = said
			}
		}
		switch {
		case err != nil && (!errors.Is(err, ErrNotFound) || errors.Is(err, errNone)):
			return nil, "", err
		case err != nil || hit == nil:
			continue
		case hit.Size == 0 && !hit.Empty: // counts as absent [facts/files.md 10]
			closeHit(hit)
			s.count.add(func(c *Counters) { c.ZeroLength++ })
			continue
		}
		return hit, route.Name(), nil
	}
	return nil, "", none
}

func closeHit(h *Hit) {
	if h.Close != nil {
		_ = h.Close()
	}
}

// badName answers a name that cannot be one. What is only too long or empty
// does not exist; the rest was not asked by a phone.
func (s *Server) badName(r Request, asked string, err error) error {
	if errors.Is(err, flash.ErrEmptyName) || errors.Is(err, flash.ErrLongName) {
		return s.refuse(r, asked, question{}, ErrNotFound)
	}
	return s.refuse(r, asked, question{}, fmt.Errorf("%w: %w", ErrDenied, err))
}

// Deny records a request that was refused before it came to a look-up (a
// method other than GET, an access class) and returns ErrDenied.
func (s *Server) Deny(r Request, why string) error {
	asked := printable(r.Name)
	s.count.begin(r.Transport)
	s.rec.Record(Asked{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, UserAgent: printable(r.UserAgent), Odd: true})
	err := fmt.Errorf("%w: %s", ErrDenied, why)
	s.live.add(Asking{At: time.Now(), Transport: r.Transport, Client: r.Client, Name: asked, Result: "refused", Why: reason(err)})
	s.count.end(r.Transport, notFound, func(c *Counters) { c.Denied++ })
	s.rec.Record(Denied{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, Why: reason(err), Quiet: s.quiet.over(), Odd: true})
	return err
}

// refuse counts and records the end of a request without a file and returns
// what the transport is told.
func (s *Server) refuse(r Request, asked string, q question, err error) error {
	switch {
	case errors.Is(err, context.Canceled):
		s.aborted(r, asked, time.Now(), "client has gone")
		return err
	case errors.As(err, new(hidden)):
		why, _ := asHidden(err)
		s.live.add(Asking{At: time.Now(), Transport: r.Transport, Client: r.Client, Name: asked, Result: "refused", Why: why})
		s.count.end(r.Transport, notFound, func(c *Counters) { c.Denied++ })
		s.rec.Record(Denied{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, Why: why,
			Quiet: !s.guard.tell(r.Client.Addr().Unmap(), time.Now()), Hidden: true})
		return ErrNotFound
	case errors.Is(err, ErrNotFound):
		var said Nowhere
		_ = errors.As(err, &said)
		s.live.add(Asking{At: time.Now(), Transport: r.Transport, Client: r.Client, Name: asked, Result: "absent", Why: said.Asked})
		s.absent(r, asked, said)
		return ErrNotFound
	case errors.Is(err, ErrDenied), errors.Is(err, ErrMalformed):
		s.live.add(Asking{At: time.Now(), Transport: r.Transport, Client: r.Client, Name: asked, Result: "refused", Why: reason(err)})
		s.count.end(r.Transport, notFound, func(c *Counters) { c.Denied++ })
		d := Denied{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, Why: reason(err), Peer: r.Peer}
		var far strange
		if errors.As(err, &far) { // of a network of phones one message is enough
			d.Cure, d.Quiet = far.cure, !s.guard.tell(far.network.Addr(), time.Now())
		} else {
			d.Quiet = s.quiet.over()
		}
		s.rec.Record(d)
		return err
	}
	// Everything else is "ask again", never a false "no such file".
	if r.Transport == HTTP && q.name != "" {
		q.name = strings.ToLower(q.name)
		s.gate.put503(q)
	}
	s.count.end(r.Transport, overflow, nil)
	why := ""
	var far Elsewhere
	remote, built := errors.As(err, &far), errors.As(err, new(rebuilding))
	if remote {
		why = string(far)
	} else if built {
		why = rebuilding{}.Error()
	} else if !errors.Is(err, ErrBusy) {
		why, err = reason(err), fmt.Errorf("%w: %w", ErrBusy, err)
	}
	s.live.add(Asking{At: time.Now(), Transport: r.Transport, Client: r.Client, Name: asked, Result: "busy", Why: why})
	serving, limit, _ := s.gate.state()
	s.rec.Record(Busy{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, Serving: serving, Limit: limit,
		Why: why, Quiet: built || s.quiet.over(), Remote: remote, Rebuild: built, Peer: r.Peer})
	return err
}

func (s *Server) aborted(r Request, asked string, start time.Time, why string) {
	s.live.add(Asking{At: time.Now(), Transport: r.Transport, Client: r.Client, Name: asked, Result: "cut off", Took: time.Since(start), Why: why})
	s.count.end(r.Transport, aborted, nil)
	s.rec.Record(Served{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked,
		Duration: time.Since(start), Why: why, Peer: r.Peer})
}

func (s *Server) absent(r Request, asked string, elsewhere Nowhere) {
	clean, err := flash.CleanName(r.Name)
	if err != nil {
		clean = ""
	}
	e := NotFound{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: asked, Expected: phone.ExpectedAbsent(clean), Asked: elsewhere.Asked, Unsure: elsewhere.Unsure, Peer: r.Peer}
	if !e.Expected && clean != "" {
		e.Nearest = s.nearestTo(clean)
		e.Quiet = e.Nearest == "" || s.quiet.over()
	}
	if clean != "" {
		s.gone(s.now.Load(), r, clean)
	}
	s.count.end(r.Transport, notFound, func(c *Counters) {
		c.family(deviceKind(clean), false)
		if e.Expected {
			c.Expected++
		}
	})
	s.rec.Record(e)
}

// names calls yield with every name there is.
func (s *Server) names(yield func(string) bool) {
	more := true
	each := func(n string) bool { more = more && yield(n); return more }
	if s.opt.Names != nil {
		for _, n := range s.opt.Names() {
			if !each(n) {
				return
			}
		}
	}
	st := s.now.Load()
	for _, b := range st.cfg.Bindings {
		n := b.Alias
		if n == "" {
			n = last(b.File)
		}
		if !each(n) {
			return
		}
	}
	if s.opt.Flash != nil {
		s.opt.Flash.Names(st.home, func(n string) bool { return Protected(n) || each(n) })
	}
}

// reason is an error in plain words, without paths of the machine.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return strings.TrimPrefix(strings.TrimPrefix(err.Error(), ErrDenied.Error()+": "), ErrMalformed.Error()+": ")
}

// Serving is the number of requests being served and the most that are at a
// time.
func (s *Server) Serving() (now, max int) {
	now, max, _ = s.gate.state()
	return now, max
}

// Many reports that many phones may be behind an address: a router that relays
// for them, another file server, or whoever `file-server bind-lease trust` names.
// It has a share of the places of its own.
func (s *Server) Many(a netip.Addr) bool {
	st := s.now.Load()
	a = a.Unmap()
	return st.relays[a] || st.trusts(acl.Of(a)) ||
		s.opt.Peer != nil && s.opt.Peer(Request{Client: netip.AddrPortFrom(a, 0)})
}

// Waiting is the number of requests in the queue.
func (s *Server) Waiting() int {
	_, _, n := s.gate.state()
	return n
}

// Counters is a snapshot in which the sums hold.
func (s *Server) Counters() Counters {
	c := s.count.snapshot()
	_, limit, _ := s.gate.state()
	c.MaxServingCount = uint64(limit)
	return c
}

// Bindings are the tftp-server lines in force, in the order typed.
func (s *Server) Bindings() []Binding { return slices.Clone(s.now.Load().cfg.Bindings) }

// HomePath is the directory of flash: loose names are looked up in, "flash:/"
// for the root.
func (s *Server) HomePath() string { return "flash:/" + s.now.Load().home }
