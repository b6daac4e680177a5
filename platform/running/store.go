// Package running is the running configuration: the one current value, the
// transactions that change it, and the versions it went through.
//
//	lock -> clone -> the command works on the clone -> equal? done
//	-> share what did not change -> Validate -> Plan -> prepare every difference -> commit point:
//	publish, version + 1 -> commit each prepared change -> journal
//
// All that can fail happens before the commit point and is undone in reverse;
// nothing after it fails. Readers never wait: Current is an atomic pointer to
// an immutable value.
//
// Follows DESIGN 4. Failure: Change and Replace return the error of the rule
// or of the service that refused, and Current is the same pointer as before.
// Testing: a fake service that counts, fails and panics on demand.
package running

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/config"
	"option150/platform/journal"
	"option150/platform/service"
)

// Who made a change, for the log and the history.
type Who struct {
	User string // "" on the console of a box without users, and at boot
	Line string // "console", "vty0 (10.0.0.5)", "startup-config"

	Leads bool // the box whose sections this one follows
}

func (w Who) String() string {
	if w.User == "" {
		return w.Line
	}
	return w.User + " on " + w.Line
}

// Version is one value the configuration had.
type Version struct {
	Number int
	Config *config.Config
	Who    Who
	Time   time.Time
}

// Options are what a Store is made of.
type Options struct {
	Initial    *config.Config      // current before anything was loaded; not planned
	Facts      func() config.Facts // asked once per transaction
	Supervisor *service.Supervisor
	Recorder   journal.Recorder
}

// Store holds the running configuration. Use New.
type Store struct {
	opt     Options
	current atomic.Pointer[Version]

	writer  sync.Mutex // one change at a time
	seen    sync.Mutex
	changes []Change // guarded by seen
}

// New returns a store whose current value is the initial one.
func New(o Options) *Store {
	o.Recorder = journal.Or(o.Recorder)
	s := &Store{opt: o}
	v := Version{Config: o.Initial, Time: time.Now()}
	s.current.Store(&v)
	return s
}

// Current is the configuration in force. It must not be changed.
func (s *Store) Current() *config.Config { return s.current.Load().Config }

// Version is the version in force with who made it and when.
func (s *Store) Version() Version { return *s.current.Load() }

// Facts is the view of the world the next transaction would use.
func (s *Store) Facts() config.Facts { return s.opt.Facts() }

// Change runs edit on a copy of the current configuration and makes it
// current, as one transaction. It reports whether anything changed. A refused
// change leaves Current the same pointer and every service untouched.
func (s *Store) Change(ctx context.Context, who Who, edit func(*config.Config) error) (bool, error) {
	s.writer.Lock()
	defer s.writer.Unlock()
	cand := s.Current().Clone()
	if err := edit(cand); err != nil {
		return false, err
	}
	return s.replace(ctx, who, cand, service.Interactive)
}

// Replace makes a whole configuration current as one transaction: startup,
// copy to running-config, configure replace. Ports may be swapped; the order
// of lines does not matter. The candidate stays the caller's.
func (s *Store) Replace(ctx context.Context, who Who, cand *config.Config, policy service.Policy) error {
	s.writer.Lock()
	defer s.writer.Unlock()
	_, err := s.replace(ctx, who, cand.Clone(), policy)
	return err
}

// Replan puts the same configuration in force again after the facts changed:
// an interface got an address. What cannot be done is status, not a refusal.
func (s *Store) Replan(ctx context.Context) {
	s.writer.Lock()
	defer s.writer.Unlock()
	cur := s.Current()
	if t, err := s.opt.Supervisor.Prepare(ctx, cur.Plan(s.opt.Facts()), service.Boot); err == nil {
		t.Commit()
	}
}

func (s *Store) replace(ctx context.Context, who Who, cand *config.Config, policy service.Policy) (bool, error) {
	cur := s.current.Load()
	if cand.Share(cur.Config) && policy == service.Interactive {
		return false, nil
	}
	if err := cand.Led(cur.Config); err != nil && !who.Leads {
		return false, err
	}
	if policy == service.Interactive {
		if err := cand.Renamed(cur.Config); err != nil {
			return false, err
		}
	}
	facts := s.opt.Facts()
	if err := config.Refusal(cand.Validate(facts)); err != nil {
		return false, err
	}
	t, err := s.opt.Supervisor.Prepare(ctx, cand.Plan(facts), policy)
	if err != nil {
		return false, err
	}
	next := &Version{Number: cur.Number + 1, Config: cand, Who: who, Time: time.Now()}
	s.current.Store(next) // the commit point
	t.Commit()
	s.remember(cur, next)
	s.opt.Recorder.Record(Changed{Version: next.Number, Who: who})
	return true, nil
}
