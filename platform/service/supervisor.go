package service

import (
	"context"
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

	mu    sync.Mutex // guards slots
	slots map[string]*slot
}

// slot is what the supervisor knows of one service.
type slot struct {
	running Spec   // in force
	wanted  Spec   // by the last plan; differs from running after a failure
	waiting string // by the last plan
	failed  error
	since   time.Time
	next    time.Time
	backoff time.Duration
	cancel  context.CancelFunc // of the retry
	history []Transition
	last    State
}

// NewSupervisor returns a supervisor of these services; all are stopped.
func NewSupervisor(rec journal.Recorder, services ...Service) *Supervisor {
	life, stop := context.WithCancel(context.Background())
	s := &Supervisor{rec: journal.Or(rec), services: map[string]Service{}, life: life, stop: stop, slots: map[string]*slot{}}
	for _, v := range services {
		s.services[v.Name()] = v
		s.slots[v.Name()] = &slot{last: Disabled}
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
	change Change
	spec   Spec
	err    error // Boot policy: could not be prepared
}

// Prepare prepares every difference between what runs and the plan. With the
// policy Interactive the first failure undoes the others in reverse order and
// is returned; nothing that works was touched. With Boot it never fails.
func (s *Supervisor) Prepare(ctx context.Context, plan []Wanted, policy Policy) (*Transaction, error) {
	s.txn.Lock()
	t := &Transaction{s: s, plan: plan}
	for _, w := range plan {
		svc, ok := s.services[w.Service]
		if !ok {
			t.Abort()
			return nil, fmt.Errorf("plan names the unknown service %q", w.Service)
		}
		s.mu.Lock()
		sl := s.slots[w.Service]
		running, wanted, failed := sl.running, sl.wanted, sl.failed
		s.mu.Unlock()
		if Equal(running, w.Spec) || failed != nil && policy == Interactive && Equal(wanted, w.Spec) {
			continue // it runs so already, or its retry is under way
		}
		change, err := prepare(ctx, svc, running, w.Spec)
		if d, ok := svc.(Degradable); ok && err != nil && policy == Boot {
			change, err = d.PrepareDegraded(ctx, running, w.Spec)
		}
		if err != nil && policy == Interactive {
			t.Abort()
			return nil, err
		}
		t.steps = append(t.steps, step{w.Service, change, w.Spec, err})
	}
	return t, nil
}

// prepare keeps a panic of one service from taking the box down with it.
func prepare(ctx context.Context, svc Service, old, new Spec) (c Change, err error) {
	defer func() {
		if r := recover(); r != nil {
			c, err = nil, fmt.Errorf("%s: internal fault: %v", svc.Name(), r)
		}
	}()
	c, err = svc.Prepare(ctx, old, new)
	if c == nil && err == nil {
		c = Funcs{}
	}
	return c, err
}

// Abort gives back what Prepare took, in reverse order.
func (t *Transaction) Abort() {
	for _, st := range slices.Backward(t.steps) {
		if st.change != nil {
			st.change.Abort()
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
		if st.change != nil {
			st.change.Commit()
		}
		s.settle(st.name, st.spec, st.err)
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

// settle records what a step led to and starts or ends the retry.
func (s *Supervisor) settle(name string, spec Spec, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sl := s.slots[name]
	if sl.cancel != nil {
		sl.cancel()
		sl.cancel = nil
	}
	sl.wanted, sl.failed = spec, err
	if err == nil {
		sl.running, sl.backoff, sl.next = spec, 0, time.Time{}
		return
	}
	if sl.backoff == 0 {
		sl.since = time.Now()
	}
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
	change, err := prepare(ctx, s.services[name], running, wanted)
	if err == nil {
		change.Commit()
	}
	s.settle(name, wanted, err)
	s.note(name)
}

// Kick retries every failed service at once, after a fact changed that may
// have been in its way (an interface came up).
func (s *Supervisor) Kick() {
	s.mu.Lock()
	defer s.mu.Unlock()
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
		own.State, own.Why, own.Since, own.NextRetry = Failed, sl.failed.Error(), sl.since, sl.next
	case sl.waiting != "":
		own.State, own.Why = Waiting, sl.waiting
	case sl.running == nil && own.State != Stopping:
		own.State, own.Why = Disabled, ""
	}
	own.History = slices.Clone(sl.history)
	return own
}

// Names lists the services in alphabetical order.
func (s *Supervisor) Names() []string { return slices.Sorted(maps.Keys(s.services)) }

// historySize is how many transitions of a service are kept.
const historySize = 64

// note records a change of state since the last look.
func (s *Supervisor) note(name string) {
	st := s.Status(name)
	s.mu.Lock()
	sl := s.slots[name]
	if sl.last == st.State {
		s.mu.Unlock()
		return
	}
	tr := Transition{time.Now(), sl.last, st.State, st.Why}
	sl.last = st.State
	sl.history = append(sl.history, tr)
	if n := len(sl.history); n > historySize {
		sl.history = slices.Clone(sl.history[n-historySize:])
	}
	s.mu.Unlock()
	s.rec.Record(StateChanged{name, tr.From, tr.To, tr.Why})
}

// Close stops every service and waits for retries to end.
func (s *Supervisor) Close() {
	s.stop()
	s.retries.Wait()
	var plan []Wanted
	for _, n := range s.Names() {
		plan = append(plan, Wanted{Service: n})
	}
	if t, err := s.Prepare(context.Background(), plan, Boot); err == nil {
		t.Commit()
	}
	s.stopRetries()
}

func (s *Supervisor) stopRetries() {
	s.stop()
	s.retries.Wait()
}
