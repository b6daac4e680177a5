package observe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"option150/pfs"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/sorted"
)

// Name is the name of the service.
const Name = "pfs"

// Spec is what is wanted.
type Spec struct {
	Interfaces []Interface
	Log        []listen.Endpoint // none or one
	Announced  string            // what phones are told of it, for show
	Ring       int               // bytes of frames kept, 0 = none
}

// Interface is one to look at.
type Interface struct {
	Name   string // IOS name
	Device string
	Mirror bool // frames for others come here
	Auto   bool // it serves phones; no line names it
}

// Options are what a Server is made of.
type Options struct {
	State    *pfs.State // whom phones are known by; also a fold of the journal
	Recorder journal.Recorder
	// Watch looks at a mirror port for what is not of firmware sharing, until the
	// context ends; nil = nobody does.
	Watch func(ctx context.Context, device string) error
}

// Server is the observer. Use New.
type Server struct {
	opt  Options
	logs *listen.Set[*net.UDPConn, *receiver]
	base atomic.Uint64 // of flow numbers
	ring ring
	stat counters // of the log server

	mu        sync.Mutex
	sensors   []*sensor
	announced string
	began     time.Time
	wg        sync.WaitGroup
	closed    bool
}

// New returns an observer that looks at nothing yet.
func New(o Options) *Server {
	o.Recorder = journal.Or(o.Recorder)
	s := &Server{opt: o, began: time.Now()}
	s.logs = listen.NewSet(listen.Kind[*net.UDPConn, *receiver]{Open: listen.OpenUDP, Recorder: o.Recorder,
		New: func(listen.Want) *receiver { return newReceiver(s.opt, &s.stat) }})
	return s
}

// Name implements service.Service.
func (s *Server) Name() string { return Name }

var errSpec = errors.New("not a specification of the observer")

// Prepare implements service.Service: it opens what is new.
func (s *Server) Prepare(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, false)
}

// PrepareDegraded implements service.Degradable.
func (s *Server) PrepareDegraded(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, true)
}

func (s *Server) prepare(ctx context.Context, want service.Spec, partly bool) (service.Change, error) {
	var spec Spec
	if want != nil {
		var ok bool
		if spec, ok = want.(Spec); !ok {
			return nil, errSpec
		}
	}
	s.mu.Lock()
	have := slices.Clone(s.sensors)
	s.mu.Unlock()
	var keep, fresh []*sensor
	undo := func() {
		for _, x := range fresh {
			x.discard()
		}
	}
	for _, i := range spec.Interfaces {
		k := slices.IndexFunc(have, func(x *sensor) bool { return x.i == i })
		if k >= 0 {
			keep = append(keep, have[k])
			have = slices.Delete(have, k, k+1)
			continue
		}
		x := newSensor(s, i)
		if err := x.open(); err != nil && !partly && !i.Auto {
			undo()
			return nil, fmt.Errorf("%s cannot be looked at: %w", i.Name, reason(err))
		}
		fresh = append(fresh, x)
	}
	var wants []listen.Want
	for _, e := range spec.Log {
		wants = append(wants, listen.Want{Endpoint: e})
	}
	step, err := s.logs.Prepare(ctx, wants, partly)
	if err != nil {
		undo()
		return nil, err
	}
	return service.Funcs{
		OnAbort: func() { undo(); step.Abort() },
		OnCommit: func() {
			step.Commit()
			s.commit(spec, keep, fresh, have)
		},
	}, nil
}

func (s *Server) commit(spec Spec, keep, fresh, gone []*sensor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		for _, x := range fresh {
			x.discard()
		}
		return
	}
	if len(s.sensors)+len(spec.Log) == 0 {
		s.began = time.Now()
	}
	s.sensors, s.announced = append(keep, fresh...), spec.Announced
	sorted.By(s.sensors, func(a, b *sensor) int { return cmp.Compare(a.i.Name, b.i.Name) })
	s.ring.resize(spec.Ring)
	for _, x := range fresh {
		s.wg.Go(x.run)
		if x.i.Mirror && s.opt.Watch != nil {
			s.wg.Go(x.watch)
		}
	}
	for _, x := range gone {
		x.stop()
	}
}

// Close ends everything and waits for it.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, x := range s.sensors {
		x.stop()
	}
	s.sensors = nil
	s.mu.Unlock()
	s.wg.Wait()
	s.logs.Close()
}

// Kick tries again at once what could not be opened.
func (s *Server) Kick() {
	s.logs.Kick()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range s.sensors {
		x.kick()
	}
}

// Status implements service.Service.
func (s *Server) Status() service.Status {
	st := service.Listening(s.logs.States(), s.began)
	v := s.View()
	if len(v.Sensors) == 0 {
		return st
	}
	working, why := 0, ""
	for _, x := range v.Sensors {
		if x.Running {
			working++
		} else if why == "" {
			why = x.Interface + " " + x.State
		}
	}
	switch {
	case st.State == service.Failed || st.State == service.Degraded:
	case working == len(v.Sensors):
		st.State, st.Why = service.Running, ""
	case working > 0 || st.State == service.Running:
		st.State, st.Why = service.Degraded, why
	default:
		// Nobody asked for it in words, or nothing can be done here.
		st.State, st.Why = service.Waiting, why
	}
	return st
}

// View is how the observer stands, for show.
func (s *Server) View() pfs.Status {
	s.mu.Lock()
	sensors, announced := slices.Clone(s.sensors), s.announced
	s.mu.Unlock()
	var out pfs.Status
	for _, x := range sensors {
		out.Sensors = append(out.Sensors, x.view())
	}
	for _, l := range s.logs.States() {
		out.Log = s.stat.view()
		out.Log.Port, out.Log.State, out.Log.Announced = l.At().Port, "running", announced
		if !l.Up {
			out.Log.State = l.Why
		}
	}
	out.Ring = s.ring.view()
	return out
}

// Seeing tells where frames are seen: broadcasts, and TCP between phones.
func (s *Server) Seeing() (observing, mirror bool) {
	for _, x := range s.View().Sensors {
		observing = observing || x.Running
		mirror = mirror || x.Running && x.Mirror
	}
	return observing, mirror
}

// reason is an error in the operator's words.
func reason(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return errPermission
	case err == nil:
		return nil
	}
	return err
}

var errPermission = errors.New("the right to look at frames is missing (CAP_NET_RAW)")
