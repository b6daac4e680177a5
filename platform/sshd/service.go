package sshd

import (
	"context"
	"fmt"
	"net"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
)

// Name is the name of the service in plans, Owner that of its endpoint towards
// the operator.
const (
	Name  = "sshd"
	Owner = "SSH server"
)

// Name implements service.Service.
func (s *Server) Name() string { return Name }

// Status implements service.Service.
func (s *Server) Status() service.Status { return service.Listening(s.set.States(), s.began) }

// Kick dials what is down at once.
func (s *Server) Kick() { s.set.Kick() }

func wanted(x service.Spec) (*Spec, error) {
	switch v := x.(type) {
	case nil:
		return nil, nil
	case *Spec:
		if v == nil {
			return nil, nil
		}
		return wanted(*v)
	case Spec:
		if !v.Enabled {
			return nil, nil
		}
		v = v.withDefaults()
		return &v, nil
	}
	return nil, fmt.Errorf("sshd: spec is a %T", x)
}

// Prepare implements service.Service.
func (s *Server) Prepare(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, false)
}

// PrepareDegraded implements service.Degradable: a port that is held at boot is
// dialled again.
func (s *Server) PrepareDegraded(ctx context.Context, _, want service.Spec) (service.Change, error) {
	return s.prepare(ctx, want, true)
}

func (s *Server) prepare(ctx context.Context, want service.Spec, partly bool) (service.Change, error) {
	spec, err := wanted(want)
	if err != nil {
		return nil, err
	}
	var all []listen.Want
	if spec != nil {
		if len(s.o.HostKeys.Signers()) == 0 && !s.o.HostKeys.Zeroized() {
			return nil, fmt.Errorf("%w: none", ErrHostKey)
		}
		all = spec.places()
		s.next.Store(spec)
	}
	step, err := s.set.Prepare(ctx, all, partly)
	if err != nil {
		return nil, err
	}
	return service.Funcs{OnAbort: step.Abort, OnCommit: func() {
		if spec != nil {
			s.spec.Store(spec)
		}
		step.Commit()
	}}, nil
}

// places are where the server listens. The port of the settings is not the
// only one any more where there are others: what holds it is then no reason to
// refuse a line.
func (s *Spec) places() []listen.Want {
	all := []listen.Want{{Endpoint: s.Endpoint, Spare: len(s.Ports) > 0}}
	for _, p := range s.Ports {
		e := s.Endpoint
		e.Port = p.Number
		all = append(all, listen.Want{Endpoint: e})
	}
	return all
}

// door takes connections at one endpoint.
type door struct{ s *Server }

// Serve implements listen.Server.
func (d door) Serve(l *net.TCPListener) error {
	pause := time.Duration(0)
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			d.s.admit(c)
		case !listen.Passing(err):
			return err
		default:
			// Slower and slower, never a spin.
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-d.s.ctx.Done():
				return err
			case <-time.After(pause):
			}
		}
	}
}

// Leave implements listen.Server: sessions outlive their listener.
func (d door) Leave(closing func()) { closing() }
