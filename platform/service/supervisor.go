package service

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"option150/platform/journal"
)

// Policy says what a failed Prepare does.
type Policy int

const (
	// Interactive refuses the whole change: someone is typing and can be told.
	Interactive Policy = iota
	// Boot accepts: the service becomes Failed with its reason and is retried.
	Boot
)

// The back-off of retries: quick steps at first, because most causes at boot
// are gone in a moment (a link that comes up), then slow. [corerad's dialer]
const (
	firstRetry = 250 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Supervisor brings all services from one plan to the next as one step. Its
// methods are safe for concurrent use; one transaction is under way at a time.
type Supervisor struct {
	rec      journal.Recorder
	services map[string]Service
	life     context.Context
	stop     context.CancelFunc
	retries  sync.WaitGroup

	txn sync.Mutex // held from Prepare to the end of Commit or Abort, and by a retry

	mu     sync.Mutex // guards slots; taken after txn, never held while a service is called
	slots  map[string]*slot
	closed bool // no plan and no retry any more
}

// ErrClosed is the error of Prepare after Close.
var ErrClosed = errors.New("the box is stopping")

// slot is what the supervisor knows of one service.
type slot struct {
	running Spec   // in force
	broken  bool   // a Commit failed half-way: running is not what runs
	wanted  Spec   // by the last plan; differs from running after a failure
	waiting string // by the last plan
	failed  error
	since   time.Time
	next    time.Time
	backoff time.Duration
	cancel  context.CancelFunc // of the retry
	last    Status
	at      time.Time // of last
}

// NewSupervisor returns a supervisor of these services; all are stopped.
func NewSupervisor(rec journal.Recorder, services ...Service) *Supervisor {
	life, stop := context.WithCancel(context.Background())
	s := &Supervisor{rec: journal.Or(rec), services: map[string]Service{}, life: life, stop: stop, slots: map[string]*slot{}}
	for _, v := range services {
		s.services[v.Name()] = v
		s.slots[v.Name()] = &slot{last: Status{State: Disabled}}
	}
	return s
}

// Transaction is a prepared step of all services. Exactly one of Commit and
// Abort is to be called, once.
type Transaction struct {
	s     *Supervisor
	steps []step
	plan  []Wanted
}

type step struct {
	name   string
	change Change // nil: nothing to do, or err
	spec   Spec
	err    error // Boot policy: could not be prepared
}

// Prepare prepares every difference between what runs and the plan. With the
// policy Interactive the first failure undoes the others in reverse order and
// is returned; nothing that works was touched. With Boot it never fails.
func (s *Supervisor) Prepare(ctx context.Context, plan []Wanted, policy Policy) (*Transaction, error) {
	s.txn.Lock()
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if closed {
		s.txn.Unlock()
		return nil, ErrClosed
	}
	return s.prepareAll(ctx, plan, policy)
}

// prepareAll is Prepare with the transaction lock held, which it gives back
// with an error and hands over with a Transaction.
func (s *Supervisor) prepareAll(ctx context.Context, plan []Wanted, policy Policy) (*Transaction, error) {
	t := &Transaction{s: s, plan: plan}
	for _, w := range plan {
		if s.services[w.Service] == nil {
			t.Abort()
			return nil, fmt.Errorf("plan names the unknown service %q", w.Service)
		}
	}
	if policy == Boot {
		// Nobody refuses, so nobody has to wait for what another says: the
		// disk of one, the sockets of another and the files of a third.
		steps := make([]*step, len(plan))
		var all sync.WaitGroup
		for i, w := range plan {
			all.Go(func() { steps[i] = s.prepareOne(ctx, w, policy) })
		}
		all.Wait()
		for _, st := range steps {
			if st != nil {
				t.steps = append(t.steps, *st)
			}
		}
		return t, nil
	}
	for _, w := range plan {
		st := s.prepareOne(ctx, w, policy)
		if st == nil {
			continue
		}
		if st.err != nil {
			t.Abort()
			return nil, st.err
		}
		t.steps = append(t.steps, *st)
	}
	return t, nil
}

// prepareOne prepares one service; nil if there is nothing to do.
func (s *Supervisor) prepareOne(ctx context.Context, w Wanted, policy Policy) *step {
	svc := s.services[w.Service]
	s.mu.Lock()
	sl := s.slots[w.Service]
	running, wanted, failed, broken := sl.running, sl.wanted, sl.failed, sl.broken
	s.mu.Unlock()
	switch {
	case failed == nil && Equal(running, w.Spec):
		return nil // it runs so already
	case failed != nil && Equal(running, w.Spec) && !broken:
		// Back to what runs, or to nothing: the retry of the plan that
		// failed must end, or it would bring that plan back one day.
		return &step{name: w.Service, spec: w.Spec}
	case failed != nil && policy == Interactive && Equal(wanted, w.Spec):
		return nil // its retry is under way
	}
	change, err := prepare(ctx, svc.Prepare, w.Service, running, w.Spec)
	if d, ok := svc.(Degradable); ok && err != nil && policy == Boot {
		change, err = prepare(ctx, d.PrepareDegraded, w.Service, running, w.Spec)
	}
	return &step{w.Service, change, w.Spec, err}
}

// prepare keeps a panic of one service from taking the box down with it.
func prepare(ctx context.Context, f func(context.Context, Spec, Spec) (Change, error), name string, old, new Spec) (c Change, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fault(name, r)
		}
	}()
	c, err = f(ctx, old, new)
	if c == nil && err == nil {
		c = Funcs{}
	}
	return c, err
}

// finish runs Commit or Abort. Both are not allowed to fail; one that panics
// all the same must neither keep the other services from theirs nor pass for a
// success.
func finish(name string, f func()) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault(name, r)
		}
	}()
	f()
	return nil
}

func fault(name string, r any) error { return fmt.Errorf("%s: internal fault: %v", name, r) }

// Abort gives back what Prepare took, in reverse order.
func (t *Transaction) Abort() {
	for _, st := range slices.Backward(t.steps) {
		if st.change != nil {
			_ = finish(st.name, st.change.Abort) // the others are undone whatever happens
		}
	}
	t.s.txn.Unlock()
}

// Commit puts the plan in force. It cannot fail: a service that could not be
// prepared is Failed and is tried again in the background.
func (t *Transaction) Commit() {
	s := t.s
	defer s.txn.Unlock()
	for _, st := range t.steps {
		broken := false
		if st.change != nil && st.err == nil {
			st.err = finish(st.name, st.change.Commit)
			broken = st.err != nil
		}
		s.settle(st.name, st.spec, st.err, broken)
	}
	s.mu.Lock()
	for _, w := range t.plan {
		s.slots[w.Service].waiting = w.Waiting
	}
	s.mu.Unlock()
	for _, w := range t.plan {
		s.note(w.Service)
	}
}

// settle records what a step led to and starts or ends the retry. broken says
// that it failed half-way: what runs is neither the old nor the new.
func (s *Supervisor) settle(name string, spec Spec, err error, broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[name]
	if sl.cancel != nil {
		sl.cancel()
		sl.cancel = nil
	}
	if err != nil && sl.failed == nil {
		sl.since = time.Now()
	}
	sl.wanted, sl.failed = spec, err
	if err == nil {
		sl.running, sl.broken, sl.backoff, sl.next = spec, false, 0, time.Time{}
		return
	}
	sl.broken = sl.broken || broken
	sl.backoff = min(max(2*sl.backoff, firstRetry), lastRetry)
	sl.next = time.Now().Add(sl.backoff)
	ctx, cancel := context.WithCancel(s.life)
	sl.cancel = cancel
	s.retries.Add(1)
	go s.retry(ctx, name, sl.backoff)
}

func (s *Supervisor) retry(ctx context.Context, name string, after time.Duration) {
	defer s.retries.Done()
	select {
	case <-ctx.Done():
		return
	case <-time.After(after):
	}
	s.txn.Lock()
	defer s.txn.Unlock()
	s.mu.Lock()
	sl := s.slots[name]
	running, wanted := sl.running, sl.wanted
	s.mu.Unlock()
	if ctx.Err() != nil { // a newer plan has taken over
		return
	}
	// Not with ctx: a Kick ends the retry it replaces, but not one at work.
	change, err := prepare(s.life, s.services[name].Prepare, name, running, wanted)
	broken := false
	if err == nil {
		err = finish(name, change.Commit)
		broken = err != nil
	}
	s.settle(name, wanted, err, broken)
	s.note(name)
}

// Kicked is a service that goes on trying by itself (see Degradable): Kick has
// it try at once.
type Kicked interface{ Kick() }

// Kick retries every failed service at once, after a fact changed that may
// have been in its way (an interface came up).
func (s *Supervisor) Kick() {
	for _, v := range s.services {
		if k, ok := v.(Kicked); ok {
			k.Kick()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for name, sl := range s.slots {
		if sl.failed == nil || sl.cancel == nil {
			continue
		}
		sl.cancel()
		ctx, cancel := context.WithCancel(s.life)
		sl.cancel, sl.backoff = cancel, 0
		s.retries.Add(1)
		go s.retry(ctx, name, 0)
	}
}

// Status tells how one service stands; the zero Status for an unknown name.
func (s *Supervisor) Status(name string) Status {
	svc, ok := s.services[name]
	if !ok {
		return Status{}
	}
	own := svc.Status()
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[name]
	switch {
	case sl.failed != nil:
		own.State, own.Why, own.Since, own.NextRetry, own.Told = Failed, sl.failed.Error(), sl.since, sl.next, false
	case sl.waiting != "":
		own.State, own.Why, own.Since = Waiting, sl.waiting, sl.at
	case sl.running == nil && own.State != Stopping:
		own.State, own.Why, own.Since = Disabled, "", sl.at
	}
	return own
}

// Names lists the services in alphabetical order.
func (s *Supervisor) Names() []string { return slices.Sorted(maps.Keys(s.services)) }

// note records a change of state since the last look.
func (s *Supervisor) note(name string) {
	st := s.Status(name)
	s.mu.Lock()
	sl := s.slots[name]
	if sl.last.State == st.State {
		s.mu.Unlock()
		return
	}
	was := sl.last
	sl.last, sl.at = st, time.Now()
	s.mu.Unlock()
	s.rec.Record(changed(name, was, st))
}

// Close stops every service and waits for retries to end. Prepare returns
// ErrClosed from then on; a second Close does nothing.
func (s *Supervisor) Close() {
	s.stop()
	s.txn.Lock() // a transaction under way comes to its end
	s.mu.Lock()
	again := s.closed
	s.closed = true
	s.mu.Unlock()
	if again {
		s.txn.Unlock()
		return
	}
	var plan []Wanted
	for _, n := range s.Names() {
		plan = append(plan, Wanted{Service: n})
	}
	if t, err := s.prepareAll(context.Background(), plan, Boot); err == nil {
		t.Commit()
	}
	s.retries.Wait()
}
