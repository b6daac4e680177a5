// Package cnfstore holds the phone files in force. It is the service "cnf":
// told a telephony configuration it builds the files beside the ones being
// served, and at the commit point swaps the whole set at once.
//
//	Prepare: cnf.Build (pure)    Commit: swap, generation + 1, cnf.Built
//
// Follows DESIGN 4 and 7: during a rebuild the previous set is served, never a
// mixture. The generation counts the sets that differed from the one before;
// building the same again changes neither it nor any stamp.
//
// Concurrency: Lookup and Current may be called by any number of goroutines at
// any time and never wait. Prepare, Commit and Rebuild may be called by several
// goroutines as well; Rebuild holds off a Commit while it works.
//
// Failure: Prepare fails when the set would be too large (cnf.ErrTooMuch);
// what is merely left out is in the Problems of the set, and the state is
// Degraded. Testing: construct with journal.Discard, Prepare and Commit.
package cnfstore

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/journal"
	"option150/platform/service"
	"option150/telephony/cnf"
)

// Name is the name of the service.
const Name = "cnf"

// Spec is what the files are built from. Prepare takes a bare cnf.Config as
// well.
type Spec struct {
	Config  cnf.Config
	Options cnf.Options // Generation is set by the store
}

// Store holds the set in force. Use New.
type Store struct {
	// Asked at each build and, when a file is asked for, by Refresh; set before
	// the first.
	Sources

	rec     journal.Recorder
	current atomic.Pointer[published]

	building sync.Mutex // held by Rebuild and by commit: one after the other

	mu         sync.Mutex // guards what follows; readers of current do not take it
	spec       *Spec
	generation uint64
	counters   Counters
	under      map[int]time.Time // builds that are under way, since when
	nth        int
	state      service.State
	why        string
	since      time.Time
}

var _ service.Service = (*Store)(nil)

// New returns an empty store.
func New(rec journal.Recorder) *Store {
	return &Store{rec: journal.Or(rec), state: service.Disabled, since: time.Now()}
}

// Name implements service.Service.
func (s *Store) Name() string { return Name }

// published is a set with the time since when each of its files has the
// content it has.
type published struct {
	set *cnf.Set
	mod map[string]time.Time // by File.Name
}

// Current is the set in force; nil, which is an empty set, before the first.
func (s *Store) Current() *cnf.Set {
	if p := s.current.Load(); p != nil {
		return p.set
	}
	return nil
}

// Generated finds a file that comes before those of flash:, in the form
// fileserver.Options.Generated wants. The time is when the content changed.
func (s *Store) Generated(name string) (content []byte, modTime time.Time, etag string, ok bool) {
	return s.find(name, false)
}

// Fallback finds a file that one of the same name on flash: replaces, for
// fileserver.Options.Fallback.
func (s *Store) Fallback(name string) (content []byte, modTime time.Time, etag string, ok bool) {
	return s.find(name, true)
}

func (s *Store) find(name string, fallback bool) ([]byte, time.Time, string, bool) {
	p := s.current.Load()
	if p == nil {
		return nil, time.Time{}, "", false
	}
	f, ok := p.set.Lookup(name)
	if !ok || f.Fallback != fallback {
		return nil, time.Time{}, "", false
	}
	return f.Content, p.mod[f.Name], f.ETag, true
}

// Names are all names files are served under.
func (s *Store) Names() []string {
	var out []string
	for _, f := range s.Current().Files() {
		out = append(out, f.Names()...)
	}
	return out
}

// specOf accepts what a plan may carry.
func specOf(v service.Spec) (*Spec, error) {
	switch t := v.(type) {
	case nil:
		return nil, nil
	case Spec:
		return &t, nil
	case cnf.Config:
		return &Spec{Config: t}, nil
	}
	return nil, fmt.Errorf("cnf: a spec of type %T", v)
}

// Prepare implements service.Service: it builds the files of new and touches
// nothing that is served.
func (s *Store) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	spec, err := specOf(new)
	if err != nil {
		return nil, err
	}
	done, began := s.begin(), time.Now()
	set, err := s.build(s.Current(), spec)
	if err != nil {
		done()
		return nil, err
	}
	took := time.Since(began)
	return service.Funcs{
		OnCommit: func() { s.commit(spec, set); s.built(set, took); done() },
		OnAbort:  func() { s.aborted(set); done() },
	}, nil
}

// build takes over what it can from the set before; nil = make all anew.
func (s *Store) build(was *cnf.Set, spec *Spec) (*cnf.Set, error) {
	if spec == nil {
		return nil, nil
	}
	set, err := cnf.Rebuild(was, spec.Config, s.Options(&spec.Config, spec.Options))
	if err != nil {
		return nil, fmt.Errorf("cnf: %w", err)
	}
	return set, nil
}

// Rebuild builds the set in force again, as `create cnf-files` asks, and
// returns the set before and after; the same configuration gives the same set.
func (s *Store) Rebuild() (old, new *cnf.Set, err error) {
	s.building.Lock()
	defer s.building.Unlock()
	s.mu.Lock()
	spec := s.spec
	s.mu.Unlock()
	defer s.begin()()
	old, began := s.Current(), time.Now()
	set, err := s.build(nil, spec)
	if err != nil {
		return old, old, err
	}
	took := time.Since(began)
	s.publish(spec, set)
	s.built(set, took)
	return old, set, nil
}

// Refresh builds the files again if the policy says something else than when
// they were built: a component has gone, or a phone has shown what it runs.
func (s *Store) Refresh() {
	if s.Policy == nil {
		return
	}
	s.building.Lock()
	defer s.building.Unlock()
	s.mu.Lock()
	spec := s.spec
	s.mu.Unlock()
	was := s.Current()
	if spec == nil || was == nil {
		return
	}
	began := time.Now()
	set, err := s.build(was, spec)
	took := time.Since(began)
	switch {
	case err != nil:
	case cnf.SameFiles(was, set):
		// Nobody is told, but the next look finds what it was made of.
		set.Generation = was.Generation
		s.current.Store(&published{set, s.times(set, cnf.Summary{})})
	default:
		s.publish(spec, set)
		s.built(set, took)
	}
}

// commit is the commit point of a change; it waits for a Rebuild under way,
// which takes milliseconds.
func (s *Store) commit(spec *Spec, set *cnf.Set) {
	s.building.Lock()
	defer s.building.Unlock()
	s.publish(spec, set)
}

// publish puts a set in force and records it.
func (s *Store) publish(spec *Spec, set *cnf.Set) {
	s.mu.Lock()
	old := s.Current()
	var sum cnf.Summary
	if !cnf.SameFiles(old, set) {
		sum = cnf.Summarise(old, set)
	}
	changed := sum.Names()
	s.notified(changed)
	if len(changed) > 0 || old.Len() != set.Len() {
		s.generation++
	}
	if set != nil {
		// The set is still private: nobody has seen it.
		set.Generation = s.generation
	}
	s.spec = spec
	s.current.Store(&published{set, s.times(set, sum)})
	s.enter(set)
	event := cnf.NewBuilt(set, s.generation, changed)
	phones, differ := cnf.NewPhones(old, set)
	s.mu.Unlock()
	s.rec.Record(event)
	if differ {
		s.rec.Record(phones)
	}
}

// times keeps the time of every name whose content stays the same.
func (s *Store) times(set *cnf.Set, sum cnf.Summary) map[string]time.Time {
	was := s.current.Load()
	if was != nil && cnf.SameFiles(was.set, set) {
		return was.mod // nobody writes to it after it was published
	}
	now := time.Now()
	if was == nil {
		mod := make(map[string]time.Time, set.Len())
		for _, f := range set.Files() {
			mod[f.Name] = now
		}
		return mod
	}
	mod := maps.Clone(was.mod)
	for _, name := range sum.Removed {
		delete(mod, name)
	}
	for _, name := range sum.Added {
		mod[name] = now
	}
	for _, name := range sum.Changed {
		mod[name] = now
	}
	return mod
}

// enter sets the state for a set.
func (s *Store) enter(set *cnf.Set) {
	state, why := service.Running, ""
	switch {
	case set == nil:
		state = service.Disabled
	case len(set.LeftOut()) > 0:
		state, why = service.Degraded, set.LeftOut()[0].String()
	}
	if state == s.state && why == s.why {
		return
	}
	s.state, s.why, s.since = state, why, time.Now()
}

// Status implements service.Service.
func (s *Store) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return service.Status{State: s.state, Why: s.why, Since: s.since}
}
