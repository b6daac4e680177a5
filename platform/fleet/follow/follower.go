package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"option150/platform/fleet/leader"
	"option150/platform/journal"
	"option150/platform/service"
)

// Name is the service in plans.
const Name = "follow"

// Engine is the keys of the domain.
type Engine interface {
	leader.Engine
	// Answered is when the engine answered this box last, zero = never.
	Answered() time.Time
}

// ErrLater says that sections cannot be taken now, for a reason that goes away.
var ErrLater = errors.New("a confirmed change is under way on this box")

// Box is the box that follows.
type Box interface {
	// Take puts the sections in force, as one transaction that goes back after
	// Within unless Confirm is called; changed is false when they are in force
	// already. The error is ErrLater or says why nothing was changed.
	Take(ctx context.Context, leader string, s Sections) (changed bool, err error)
	// Confirm keeps what Take changed.
	Confirm()
	// Holds reports that the sections are in force.
	Holds(s Sections) bool
	// Version is the number of this box's configuration.
	Version() int
}

// Times of a follower.
const (
	// Within is the time in which the engine has to answer after sections were
	// taken; else the configuration before them comes back.
	Within = 5 * time.Minute
	look   = time.Second
	// settled is how long the box runs by new sections before an answer of the
	// engine says that it can be reached with them.
	settled = 3 * time.Second
	// maxTries is how often the same sections are taken that went back: the engine may
	// have died for reasons of its own.
	maxTries = 3
)

// Options are what a Follower is made of. Engine and Box are required.
type Options struct {
	Engine   Engine
	Box      Box
	Recorder journal.Recorder
}

// Follower is the service. Use New.
type Follower struct {
	leader.Work
	opt Options

	mu    sync.Mutex
	state State
	since service.Since
}

// State is how a follower stands.
type State struct {
	Leader  string // "" = none
	Heard   bool   // the leader has published sections
	Number  int    // of the leader's configuration that is in force here, 0 = none since the start
	Taken   time.Time
	Pending bool   // it goes back unless the engine answers
	Why     string // the newest sections are not in force, "" = they are
	At      time.Time
	Offered Sections // the newest, without text
}

// New returns one that follows nobody.
func New(o Options) *Follower {
	o.Recorder = journal.Or(o.Recorder)
	f := &Follower{opt: o}
	f.Work = leader.Work{Begin: f.begin, Run: f.run}
	return f
}

// Name implements service.Service.
func (*Follower) Name() string { return Name }

func (f *Follower) begin(leader string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = State{Leader: leader}
}

// State is how it stands now.
func (f *Follower) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Status implements service.Service.
func (f *Follower) Status() service.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, why := service.Running, ""
	switch s := &f.state; {
	case !f.Running():
		st = service.Disabled
	case !s.Heard:
		st, why = service.Waiting, s.Leader+" has published no sections that this box has seen"
	case s.Why != "":
		st, why = service.Degraded, fmt.Sprintf("the sections of %s are not in force: %s", s.Leader, s.Why)
	}
	return service.Status{State: st, Why: why, Since: f.since.Note(st, why)}
}

// turn is what one run knows.
type turn struct {
	leader  string
	value   string
	there   bool
	fresh   bool // value was not judged yet
	offered Sections
	refused int       // number of this box's configuration when it was refused; -1 = not to be tried again
	taken   time.Time // and to be confirmed; zero = nothing is
	back    time.Time // when it went back; zero = it did not
	tries   int
}

func (f *Follower) run(ctx context.Context, from string) {
	t := turn{leader: from}
	leader.Hear(ctx, f.opt.Engine, from, Kind, look, func(value string, there bool) {
		if there && (!t.there || value != t.value) {
			t.value, t.there, t.fresh = value, true, true
		}
		f.step(ctx, &t)
	})
}

// step does what is to be done now.
func (f *Follower) step(ctx context.Context, t *turn) {
	if !t.taken.IsZero() {
		f.settle(t)
	}
	if !t.taken.IsZero() {
		return // what comes meanwhile has time: a leader is edited line by line
	}
	again := t.refused > 0 && f.opt.Box.Version() != t.refused ||
		!t.back.IsZero() && t.tries < maxTries && f.opt.Engine.Answered().After(t.back)
	if !t.fresh && !again {
		return
	}
	if t.fresh {
		s, err := Decode(t.value)
		if err != nil {
			t.fresh, t.refused, t.back = false, -1, time.Time{}
			f.refused(ctx, t, Sections{}, err)
			return
		}
		t.offered, t.tries = s, 0
	}
	number := f.opt.Box.Version()
	changed, err := f.opt.Box.Take(ctx, t.leader, t.offered)
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, ErrLater):
		f.note(ctx, func(s *State) { s.Heard, s.Offered, s.Why, s.At = true, head(t.offered), err.Error(), time.Now() })
	case err != nil:
		said := !t.fresh && f.State().Why == err.Error()
		t.fresh, t.refused, t.back = false, number, time.Time{}
		if !said {
			f.refused(ctx, t, t.offered, err)
		}
	default:
		t.fresh, t.refused, t.back = false, 0, time.Time{}
		now := time.Now()
		if changed {
			t.taken = now
			t.tries++
		}
		f.note(ctx, func(s *State) {
			s.Heard, s.Offered, s.Number, s.Taken, s.Pending, s.Why, s.At = true, head(t.offered), t.offered.Number, now, changed, "", now
		})
		if changed {
			f.opt.Recorder.Record(Taken{Leader: t.leader, Number: t.offered.Number})
		}
	}
}

// settle ends the time in which what was taken goes back.
func (f *Follower) settle(t *turn) {
	switch {
	case !f.opt.Box.Holds(t.offered):
		// It went back, or somebody here took the leader's lines out.
		t.taken, t.refused, t.back = time.Time{}, -1, time.Now()
		f.note(context.Background(), func(s *State) {
			s.Pending, s.Number, s.Why, s.At = false, 0, "they were taken back", time.Now()
		})
		f.opt.Recorder.Record(Refused{Leader: t.leader, Number: t.offered.Number, Why: "they were taken back"})
	case f.opt.Engine.Answered().After(t.taken.Add(settled)):
		t.taken = time.Time{}
		f.opt.Box.Confirm()
		f.note(context.Background(), func(s *State) { s.Pending = false })
	}
}

func head(s Sections) Sections { s.Text = ""; return s }

func (f *Follower) refused(ctx context.Context, t *turn, s Sections, err error) {
	f.note(ctx, func(st *State) { st.Heard, st.Offered, st.Why, st.At = true, head(s), err.Error(), time.Now() })
	if ctx.Err() == nil {
		f.opt.Recorder.Record(Refused{Leader: t.leader, Number: s.Number, Why: err.Error()})
	}
}

// note changes the state, unless another leader is followed by now.
func (f *Follower) note(ctx context.Context, change func(*State)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() == nil {
		change(&f.state)
	}
}
