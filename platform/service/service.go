// Package service is the contract between the configuration and what runs.
//
// A service is told what is wanted (its Spec) in two steps: Prepare does all
// that can fail (open sockets, read files) and touches nothing that works;
// then either Commit, which cannot fail, or Abort, which gives back what
// Prepare took. The Supervisor does this for all services of a plan at once:
// the first failure undoes the others in reverse order and the change is
// refused. At boot a failure does not refuse: the service is Failed with its
// reason and is tried again.
//
// Follows DESIGN 4 and FRR's northbound transactions (validate, prepare,
// commit or abort). Failure: see Policy. Testing: a fake service that counts.
package service

import (
	"context"
	"strings"
	"time"

	"option150/platform/equal"
	"option150/platform/listen"
)

// Spec is what a service is to do: comparable data, never a handler or a
// socket. A nil Spec means the service is not wanted. Who gives a Spec away
// never changes it again, so a service may keep it without a copy.
type Spec any

// Equal reports whether two specs ask for the same; equal specs do nothing.
func Equal(a, b Spec) bool { return equal.Any(a, b) }

// Change is a prepared step from one spec to another. Exactly one of Commit
// and Abort is called, once. Neither blocks: what must wind down (a listener
// with a phone on it) winds down in the background with a deadline.
type Change interface {
	Commit()
	Abort()
}

// Service is a part of the appliance that runs by a Spec.
type Service interface {
	// Name is the name in plans and messages, "httpd".
	Name() string
	// Prepare does everything that can fail on the way from old to new. old is
	// the spec in force (nil if none), new the spec wanted (nil = stop). At boot
	// the services are prepared at the same time.
	Prepare(ctx context.Context, old, new Spec) (Change, error)
	// Status tells how it stands now.
	Status() Status
}

// Degradable is a service that can do a part of what is wanted: when one of
// several ports is held by a foreign process at boot, the others are served,
// and the service itself goes on trying.
type Degradable interface {
	PrepareDegraded(ctx context.Context, old, new Spec) (Change, error)
}

// State is one word for how a service stands.
type State string

// The states. Configured and working are two different things: these are the
// second.
const (
	Disabled State = "disabled"
	Waiting  State = "waiting" // Why says for what
	Starting State = "starting"
	Running  State = "running"
	Degraded State = "degraded" // works with a restriction named in Why
	Failed   State = "failed"   // Why, Since, NextRetry
	Stopping State = "stopping"
)

// Status is how a service stands.
type Status struct {
	State     State
	Why       string
	Since     time.Time
	NextRetry time.Time // zero if no retry is due
	Told      bool      // Why is that of sockets, whose keeper has it in the log
	Listeners []listen.Endpoint
}

// Funcs makes a Change of two functions; nil means nothing to do.
type Funcs struct{ OnCommit, OnAbort func() }

// Commit implements Change.
func (f Funcs) Commit() {
	if f.OnCommit != nil {
		f.OnCommit()
	}
}

// Abort implements Change.
func (f Funcs) Abort() {
	if f.OnAbort != nil {
		f.OnAbort()
	}
}

// Wanted is one service in a plan.
type Wanted struct {
	Service string
	Spec    Spec   // nil = not wanted
	Waiting string // why a configured service has no Spec: "ip http server is off"
}

// Listening is the status of a service that is at work on these places.
func Listening(places []listen.State, since time.Time) Status {
	st := Status{State: Disabled, Since: since}
	var down, cures []string
	for _, p := range places {
		if p.Since.After(st.Since) {
			st.Since = p.Since
		}
		if p.Up {
			st.Listeners = append(st.Listeners, p.At())
			continue
		}
		down = append(down, p.Endpoint.String()+": "+p.Why)
		if p.Cure != "" {
			cures = append(cures, p.Cure)
		}
		if st.NextRetry.IsZero() || p.NextRetry.Before(st.NextRetry) {
			st.NextRetry = p.NextRetry
		}
	}
	st.Why, st.Told = strings.Join(down, "; "), len(down) > 0
	switch {
	case len(places) == 0:
	case len(down) == 0:
		st.State = Running
	case len(down) < len(places):
		st.State = Degraded
	default:
		st.State = Failed
		st.Why = strings.Join(append([]string{st.Why}, cures...), "; ")
	}
	return st
}
