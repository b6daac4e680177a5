package dhcp

import (
	"time"

	"option150/dhcp/engine"
)

// Paper is the engine of the server as it would be under a specification: what
// is leased now is, and nothing it decides reaches anybody. The instant is the
// present on its clock. Whoever gets it owns it.
func (s *Server) Paper(sp engine.Spec) (*engine.Engine, engine.Instant, error) {
	t, err := engine.Compile(sp)
	if err != nil {
		return nil, 0, err
	}
	var e *engine.Engine
	var now engine.Instant
	if !s.do(func(live *engine.Engine, at engine.Instant) { e, now = live.Fork(at, t), at }) {
		e = engine.New(time.Now()).Fork(0, t) // the server is stopped: nothing is leased
	}
	return e, now, nil
}
