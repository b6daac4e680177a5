package service

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"option150/platform/journal"
)

// fake is a service that counts, fails and panics on demand. Its "sockets" are
// what Prepare took and neither Commit nor Abort gave back.
type fake struct {
	name string
	log  *events

	mu       sync.Mutex
	prepares int
	taken    int  // prepared and not yet committed or aborted
	running  Spec // what Commit put in force
	fail     error
	panics   string // "prepare", "commit", "abort"
}

func (f *fake) Name() string { return f.name }

func (f *fake) Prepare(_ context.Context, old, new Spec) (Change, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prepares++
	if f.panics == "prepare" {
		panic("prepare of " + f.name)
	}
	if f.fail != nil {
		return nil, f.fail
	}
	f.taken++
	f.log.add("prepare %s %v", f.name, new)
	end := func(what string) func() {
		return func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.taken--
			if f.panics == what {
				panic(what + " of " + f.name)
			}
			f.log.add("%s %s", what, f.name)
			if what == "commit" {
				f.running = new
			}
		}
	}
	return Funcs{OnCommit: end("commit"), OnAbort: end("abort")}, nil
}

func (f *fake) Status() Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == nil {
		return Status{State: Disabled}
	}
	return Status{State: Running}
}

func (f *fake) set(fail error, panics string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.panics = fail, panics
}

func (f *fake) look() (prepares, taken int, running Spec) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.prepares, f.taken, f.running
}

// partial can do half of what is wanted.
type partial struct{ fake }

func (p *partial) PrepareDegraded(_ context.Context, _, new Spec) (Change, error) {
	return Funcs{OnCommit: func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.running = fmt.Sprint("half of ", new)
	}}, nil
}

// events is what happened, in order.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, fmt.Sprintf(format, args...))
}

func (e *events) take() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.list
	e.list = nil
	return l
}

// states is a fold that keeps the changes of state and what is logged of them.
type states struct {
	mu    sync.Mutex
	moves []string
	logs  []string
}

func (s *states) Fold(e journal.Entry) {
	c, ok := e.Event.(StateChanged)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moves = append(s.moves, fmt.Sprintf("%s %s->%s %s", c.Service, c.From, c.To, c.Why))
	if m, ok := c.LogMessage(); ok {
		s.logs = append(s.logs, m.String())
	}
}

func (s *states) take() (moves, logs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	moves, logs = s.moves, s.logs
	s.moves, s.logs = nil, nil
	return moves, logs
}

var errHeld = errors.New("address already in use")

func want(kv ...any) []Wanted {
	var out []Wanted
	for i := 0; i+1 < len(kv); i += 2 {
		w := Wanted{Service: kv[i].(string), Spec: kv[i+1]}
		if s, ok := kv[i+1].(waits); ok {
			w.Spec, w.Waiting = nil, string(s)
		}
		out = append(out, w)
	}
	return out
}

type waits string
