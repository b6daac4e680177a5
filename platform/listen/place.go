package listen

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"option150/platform/journal"
)

// Place is one endpoint of a Set: the socket, if there is one, and who serves
// on it.
type Place[S Socket, V Server[S]] struct {
	Value V

	set  *Set[S, V]
	bell chan struct{} // something changed

	mu      sync.Mutex
	want    Want
	sock    S
	open    bool // sock is one
	turn    int  // counts the sockets
	running bool // run was started
	held    bool // closed to make room: not to be dialled
	ended   bool
	at      netip.AddrPort // where it is bound, or was
	err     error          // why it is down
	since   time.Time
	next    time.Time
	pause   time.Duration
}

// State tells how a place stands.
type State struct {
	Endpoint  Endpoint // as wanted
	Bound     netip.AddrPort
	Up        bool
	Why       string // why it is down, "address already in use, held by nginx (pid 812)"
	Cure      string // what helps where no other place is up; "" = nothing known
	Since     time.Time
	NextRetry time.Time
}

// At is the endpoint with the port it really has.
func (s State) At() Endpoint {
	e := s.Endpoint
	if s.Bound.IsValid() {
		e.Port = s.Bound.Port()
	}
	return e
}

func newPlace[S Socket, V Server[S]](s *Set[S, V], w Want) *Place[S, V] {
	return &Place[S, V]{set: s, want: w, Value: s.kind.New(w), bell: make(chan struct{}, 1), since: time.Now()}
}

// State tells how the place stands.
func (p *Place[S, V]) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state()
}

func (p *Place[S, V]) state() State {
	return State{Endpoint: p.want.Endpoint, Bound: p.at, Up: p.open, Why: holding(p.err), Cure: cure(p.err), Since: p.since, NextRetry: p.next}
}

// Socket is the socket that is open now; false if there is none.
func (p *Place[S, V]) Socket() (S, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sock, p.open
}

// Err is why the place is down, nil if it is up.
func (p *Place[S, V]) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// bound is the endpoint with the port it has, or had.
func (p *Place[S, V]) bound() Endpoint { return p.State().At() }

func (p *Place[S, V]) up() bool { return p.State().Up }

func (p *Place[S, V]) rename(owner string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.want.Endpoint.Owner = owner
}

// take makes sock the socket of the place; false if it is not wanted any more.
func (p *Place[S, V]) take(sock S) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended || p.held {
		return false
	}
	p.adopt(sock)
	return true
}

// adopt is called with the lock held.
func (p *Place[S, V]) adopt(sock S) {
	p.sock, p.open, p.at = sock, true, localAddr(sock)
	p.turn++
	p.err, p.next, p.since = nil, time.Time{}, time.Now()
}

// fail notes why there is no socket and when the next is dialled.
func (p *Place[S, V]) fail(err error) {
	p.mu.Lock()
	e, first := p.failed(err)
	p.mu.Unlock()
	if first {
		p.tell(e)
	}
}

// failed is fail with the lock held; it tells whether it is news.
func (p *Place[S, V]) failed(err error) (Down, bool) {
	first := p.err == nil
	if first {
		p.since = time.Now()
	}
	p.open, p.err = false, err
	p.pause = min(max(2*p.pause, p.set.kind.First), p.set.kind.Last)
	p.next = time.Now().Add(p.pause)
	return Down{Endpoint: p.bare(), Why: why(err), NextRetry: p.next}, first && p.running && !p.set.kind.Quiet(err)
}

func (p *Place[S, V]) tell(e journal.Event) {
	p.set.rec.Record(e)
	p.set.kind.Changed()
}

// bare is the endpoint as wanted, at the port it has.
func (p *Place[S, V]) bare() Endpoint { return p.state().At() }

// start begins to serve; the lock of the set is held.
func (p *Place[S, V]) start() {
	p.mu.Lock()
	p.running = true
	down := !p.open && !p.set.kind.Quiet(p.err)
	e := Down{Endpoint: p.bare(), Why: why(p.err), NextRetry: p.next}
	p.mu.Unlock()
	if down { // known from the first look on
		p.set.rec.Record(e)
	}
	p.set.group.Go(func() error { p.run(); return nil })
}

// run serves until the end, on one socket after the other.
func (p *Place[S, V]) run() {
	for {
		p.mu.Lock()
		sock, turn, open, held, ended, next := p.sock, p.turn, p.open, p.held, p.ended, p.next
		p.mu.Unlock()
		switch {
		case ended:
			return
		case open:
			began := time.Now()
			err := p.Value.Serve(sock)
			_ = sock.Close()
			p.lost(turn, err, time.Since(began))
		case held:
			<-p.bell
		case time.Until(next) > 0:
			timer := time.NewTimer(time.Until(next))
			select {
			case <-timer.C:
			case <-p.bell:
			}
			timer.Stop()
		default:
			p.dial()
		}
	}
}

// lost notes that Serve returned from the socket of that turn.
func (p *Place[S, V]) lost(turn int, err error, lived time.Duration) {
	p.mu.Lock()
	if p.turn != turn || !p.open { // closed on purpose
		p.mu.Unlock()
		return
	}
	if lived > p.set.kind.Last {
		p.pause = 0
	}
	if err == nil {
		err = net.ErrClosed
	}
	e, first := p.failed(err)
	p.mu.Unlock()
	if first {
		p.tell(e)
	}
}

// dial opens the socket again; on port 0 the port it had.
func (p *Place[S, V]) dial() {
	p.mu.Lock()
	e, was := p.bare(), p.err
	p.mu.Unlock()
	sock, err := p.set.kind.Open(p.set.life, e)
	if err != nil {
		p.fail(err)
		return
	}
	if !p.take(sock) {
		_ = sock.Close()
		return
	}
	if was != nil && !p.set.kind.Quiet(was) {
		p.tell(Up{Endpoint: e})
	}
}

// hold closes the socket to make room; resume ends it.
func (p *Place[S, V]) hold() {
	p.mu.Lock()
	p.held = true
	p.shut()
	p.mu.Unlock()
}

// resume opens what hold closed. What cannot be had back is down.
func (p *Place[S, V]) resume() {
	p.mu.Lock()
	e := p.bare()
	p.mu.Unlock()
	sock, err := p.set.kind.Open(p.set.life, e)
	p.mu.Lock()
	p.held = false
	was, news := p.err, false
	var down Down
	switch {
	case err != nil:
		down, news = p.failed(err)
	case p.ended:
		_ = sock.Close()
	default:
		p.adopt(sock)
	}
	p.mu.Unlock()
	p.ring()
	switch {
	case news:
		p.tell(down)
	case err == nil && was != nil:
		p.tell(Up{Endpoint: e})
	}
}

// leave tells the server that the place is no longer wanted.
func (p *Place[S, V]) leave() { p.Value.Leave(p.finish) }

// finish is the end of the place.
func (p *Place[S, V]) finish() {
	p.mu.Lock()
	p.ended = true
	p.shut()
	p.mu.Unlock()
	p.ring()
	p.set.gone(p)
}

// shut closes the socket. The lock is held.
func (p *Place[S, V]) shut() {
	if p.open {
		p.open = false
		_ = p.sock.Close()
	}
}

func (p *Place[S, V]) kick() {
	p.mu.Lock()
	if !p.open {
		p.next, p.pause = time.Time{}, 0
	}
	p.mu.Unlock()
	p.ring()
}

func (p *Place[S, V]) ring() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

// share lets the socket share its port, or no longer.
func (p *Place[S, V]) share(on bool) (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.open {
		return nil
	}
	raw, err := p.sock.SyscallConn()
	if err != nil {
		return err
	}
	if cerr := raw.Control(func(fd uintptr) { err = p.set.kind.Share(fd, on) }); cerr != nil {
		return cerr
	}
	return err
}
