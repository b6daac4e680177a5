package listen

import (
	"context"
	"errors"
	"slices"
	"syscall"
)

// Step is a prepared change of a Set. Exactly one of Commit and Abort is
// called, once; neither waits for a client.
type Step[S Socket, V Server[S]] struct {
	set     *Set[S, V]
	places  []*Place[S, V] // in the order wanted
	wants   []Want
	fresh   []*Place[S, V] // of places: new
	stale   []*Place[S, V] // no longer wanted
	leaving []*Place[S, V] // from steps before, their sockets still open
	way     []*Place[S, V] // of stale and leaving: in the way of a new one
	held    []*Place[S, V] // of way: closed already
	shared  []*Place[S, V] // of way: open, their port shared
	beside  []*Place[S, V] // of fresh: share their port with one of those
}

// Prepare opens what is wanted and not open yet. The first failure undoes the
// rest and is returned, unless the place is Spare, or partly is set, which is
// for a start nobody is waiting at: then the place is down and dialled again.
func (s *Set[S, V]) Prepare(ctx context.Context, want []Want, partly bool) (*Step[S, V], error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, ErrClosed
	}
	st := &Step[S, V]{set: s, wants: want, stale: slices.Clone(s.places), leaving: slices.Clone(s.leaving)}
	s.mu.Unlock()
	for i, w := range want {
		for _, o := range want[:i] {
			if o.Endpoint.Overlaps(w.Endpoint) {
				return nil, &Error{Endpoint: w.Endpoint, Err: syscall.EADDRINUSE, Owner: o.Endpoint.Owner}
			}
		}
		if i := slices.IndexFunc(st.stale, func(p *Place[S, V]) bool { return p.want.same(w) }); i >= 0 {
			st.places = append(st.places, st.stale[i])
			st.stale = slices.Delete(st.stale, i, i+1)
			continue
		}
		p := newPlace(s, w)
		st.places, st.fresh = append(st.places, p), append(st.fresh, p)
	}
	for _, p := range st.fresh {
		sock, err := st.open(ctx, p)
		if err == nil {
			p.take(sock)
			continue
		}
		if !partly && !p.want.Spare {
			st.undo()
			return nil, err
		}
		p.fail(err)
	}
	return st, nil
}

// open opens a new place beside what is in its way.
func (st *Step[S, V]) open(ctx context.Context, p *Place[S, V]) (S, error) {
	e, k := p.want.Endpoint, &st.set.kind
	for _, o := range slices.Concat(st.stale, st.leaving) {
		if !e.Overlaps(o.bound()) || slices.Contains(st.way, o) {
			continue
		}
		st.way = append(st.way, o)
		if !o.up() || o.share(true) != nil { // one that is down is not to come back now
			st.hold(o)
			continue
		}
		st.shared = append(st.shared, o)
	}
	if !slices.ContainsFunc(st.shared, func(o *Place[S, V]) bool { return e.Overlaps(o.bound()) }) {
		return k.Open(ctx, e)
	}
	sock, err := k.Open(context.WithValue(ctx, shareKey{}, k.Share), e)
	if err == nil {
		st.beside = append(st.beside, p)
	}
	if !errors.Is(err, ErrShare) {
		return sock, err // held by somebody else: to close our own would not help
	}
	for _, o := range slices.Clone(st.shared) {
		if e.Overlaps(o.bound()) {
			st.hold(o)
		}
	}
	return k.Open(ctx, e)
}

func (st *Step[S, V]) hold(o *Place[S, V]) {
	o.hold()
	st.held = append(st.held, o)
	st.shared = slices.DeleteFunc(st.shared, func(x *Place[S, V]) bool { return x == o })
}

// Places are those after the step, in the order wanted. The new ones serve
// from Commit on.
func (st *Step[S, V]) Places() []*Place[S, V] { return st.places }

// Commit puts the step in force. Sockets that go are closed when it returns,
// but for those whose Server asked for time and that are in nobody's way.
func (st *Step[S, V]) Commit() {
	s := st.set
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		st.undo()
		return
	}
	for i, p := range st.places {
		p.rename(st.wants[i].Endpoint.Owner)
	}
	s.places = st.places
	s.leaving = append(s.leaving, st.stale...)
	for _, p := range st.fresh {
		p.start()
	}
	s.mu.Unlock()
	for _, p := range st.stale {
		p.leave()
	}
	for _, p := range st.way {
		p.finish()
	}
	for _, p := range st.beside {
		_ = p.share(false) // only processes of the same user could come beside it at all
	}
}

// Abort closes what was opened and opens again what had to be closed.
func (st *Step[S, V]) Abort() { st.undo() }

func (st *Step[S, V]) undo() {
	for _, p := range slices.Backward(st.fresh) {
		p.finish() // Serve was never called
	}
	for _, p := range slices.Backward(st.shared) {
		_ = p.share(false)
	}
	for _, p := range slices.Backward(st.held) {
		p.resume()
	}
}
