package running

import (
	"context"
	"errors"
	"sync"
	"time"

	"option150/platform/config"
	"option150/platform/journal"
	"option150/platform/service"
)

// The reasons a confirmed change is not begun or ended.
var (
	ErrPending   = errors.New("a rollback confirmed change is pending already")
	ErrNoPending = errors.New("no rollback confirmed change pending")
)

// ahead is how long before it happens a rollback is announced. A timer that is
// not longer is announced by its command alone: a program that has just set it
// would take the announcement for its next answer.
const ahead = time.Minute

// Pending is a change that is taken back unless somebody confirms it.
type Pending struct {
	Who    Who
	Set    time.Time     // when the timer was set or set anew
	After  time.Duration // from Set
	Backup string        // how the configuration before is named to operators
}

// Confirm is the confirmed change of the box: one at a time, whoever began it.
// It belongs to the box and not to a session, so that an operator whose change
// cut him off gets back in. The configuration before the change is kept as the
// value it was; going back is one transaction.
//
// Follows facts/ios-cli.md 1.9 (configure terminal revert timer, configure
// confirm, configure revert). Failure: a rollback that a
// rule refuses leaves what runs as it is and is logged. Testing: synctest.
type Confirm struct {
	store *Store
	rec   journal.Recorder

	mu      sync.Mutex // guards what follows
	pending *Pending
	target  *config.Config
	gen     int // of the timers
	timers  []*time.Timer
	closed  bool
	work    sync.WaitGroup // rollbacks by the timer
}

// NewConfirm returns one for a store.
func NewConfirm(s *Store, r journal.Recorder) *Confirm {
	return &Confirm{store: s, rec: journal.Or(r)}
}

// Arm begins a confirmed change: after the time, target comes back. backup is
// its name for operators. ErrPending if one is under way.
func (c *Confirm) Arm(who Who, target *config.Config, after time.Duration, backup string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending != nil {
		return ErrPending
	}
	c.target = target
	c.set(Pending{Who: who, After: after, Backup: backup})
	return nil
}

// Reset sets the time anew, counted from now.
func (c *Confirm) Reset(who Who, after time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		return ErrNoPending
	}
	c.set(Pending{Who: who, After: after, Backup: c.pending.Backup})
	return nil
}

// set starts the timers. c.mu is held.
func (c *Confirm) set(p Pending) {
	p.Set = time.Now()
	c.stop()
	c.pending = &p
	c.rec.Record(RollbackScheduled{p})
	if c.closed {
		return
	}
	gen := c.gen
	c.timers = []*time.Timer{time.AfterFunc(p.After, func() { c.fire(gen) })}
	if p.After > ahead {
		c.timers = append(c.timers, time.AfterFunc(p.After-ahead, func() { c.warn(gen) }))
	}
}

// stop ends the timers. c.mu is held.
func (c *Confirm) stop() {
	c.gen++
	for _, t := range c.timers {
		t.Stop()
	}
	c.timers = nil
}

func (c *Confirm) warn(gen int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gen == c.gen && c.pending != nil {
		c.rec.Record(RollbackWarning{*c.pending})
	}
}

func (c *Confirm) fire(gen int) {
	c.mu.Lock()
	if gen != c.gen || c.pending == nil || c.closed {
		c.mu.Unlock()
		return
	}
	p, target := c.take()
	c.work.Add(1)
	c.mu.Unlock()
	defer c.work.Done()
	_ = c.back(context.Background(), p.Who, RollbackStarted{Pending: p}, target)
}

// take ends the change. c.mu is held.
func (c *Confirm) take() (Pending, *config.Config) {
	p, target := *c.pending, c.target
	c.stop()
	c.pending, c.target = nil, nil
	return p, target
}

// back puts the configuration before the change in force. It is accepted even
// if a service cannot do its part at once, as at boot: that is status.
func (c *Confirm) back(ctx context.Context, who Who, start RollbackStarted, target *config.Config) error {
	c.rec.Record(start)
	if err := c.store.Replace(ctx, who, target, service.Boot); err != nil {
		c.rec.Record(RollbackFailed{start.Pending, err.Error()})
		return err
	}
	c.rec.Record(Replaced{Who: who})
	return nil
}

// Confirm keeps the change.
func (c *Confirm) Confirm(who Who) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		return ErrNoPending
	}
	c.take()
	c.rec.Record(RollbackConfirmed{Who: who})
	return nil
}

// Revert takes the change back now.
func (c *Confirm) Revert(ctx context.Context, who Who) error {
	c.mu.Lock()
	if c.pending == nil {
		c.mu.Unlock()
		return ErrNoPending
	}
	p, target := c.take()
	c.mu.Unlock()
	return c.back(ctx, who, RollbackStarted{p, true}, target)
}

// Pending tells about the change under way.
func (c *Confirm) Pending() (Pending, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pending == nil {
		return Pending{}, false
	}
	return *c.pending, true
}

// Close ends the timers and waits for a rollback under way. The change stays.
func (c *Confirm) Close() {
	c.mu.Lock()
	c.closed = true
	c.stop()
	c.mu.Unlock()
	c.work.Wait()
}
