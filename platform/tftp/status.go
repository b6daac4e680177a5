package tftp

import (
	"fmt"
	"slices"
	"time"

	"option150/platform/listen"
	"option150/platform/service"
)

// maxHistory is how many transitions Status tells. [service.Status]
const maxHistory = 64

// fault is a socket that does not work.
type fault struct {
	why  string
	next time.Time
}

// fault notes that k failed. The log gets one line for each new reason, not
// for each attempt.
func (s *Server) fault(k *socket, err error, next time.Time) {
	if err == nil {
		return
	}
	why := "the socket failed: " + listen.Reason(err)
	s.mu.Lock()
	if !slices.Contains(s.shards, k.shard) { // closed on purpose meanwhile
		s.mu.Unlock()
		return
	}
	was, known := s.faults[k]
	s.faults[k] = fault{why, next}
	s.evaluate()
	s.mu.Unlock()
	if !known || was.why != why {
		s.rec.Record(SocketFailed{Endpoint: k.endpoint, Why: why, NextRetry: next})
	}
}

// recovered notes that k works again.
func (s *Server) recovered(k *socket) {
	s.mu.Lock()
	delete(s.faults, k)
	s.evaluate()
	s.mu.Unlock()
	s.rec.Record(SocketRestored{Endpoint: k.endpoint})
}

// forget drops a socket that was closed on purpose and keeps what it counted.
func (s *Server) forget(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.faults, k)
	n := len(s.shards)
	s.shards = slices.DeleteFunc(s.shards, func(sh *shard) bool { return sh == k.shard })
	if len(s.shards) < n {
		k.shard.mu.Lock()
		s.retired.merge(&k.shard.tally)
		k.shard.tally = tally{}
		k.shard.mu.Unlock()
	}
	s.evaluate()
}

// evaluate brings the state up to date. Server.mu is held.
func (s *Server) evaluate() {
	state, why := service.Running, ""
	var next time.Time
	dead := 0
	for _, l := range s.listeners {
		if f, ok := s.faults[l.door]; ok {
			dead++
			state, why, next = service.Degraded, fmt.Sprintf("%s: %s", l.endpoint, f.why), f.next
		}
	}
	switch {
	case len(s.listeners) == 0 && len(s.pools) > 0:
		state, why = service.Stopping, "transfers are coming to their end"
	case len(s.listeners) == 0:
		state = service.Disabled
	case dead == len(s.listeners):
		state = service.Failed
	case dead == 0:
		for _, f := range s.faults {
			state, why, next = service.Degraded, "a socket for transfers: "+f.why, f.next
		}
	}
	s.status.Why, s.status.NextRetry = why, next
	if state == s.status.State {
		return
	}
	now := time.Now()
	s.status.History = append(s.status.History, service.Transition{Time: now, From: s.status.State, To: state, Why: why})
	if n := len(s.status.History) - maxHistory; n > 0 {
		s.status.History = slices.Delete(s.status.History, 0, n)
	}
	s.status.State, s.status.Since = state, now
}

// Status implements service.Service. Listeners are those whose socket is open,
// with the port they really have.
func (s *Server) Status() service.Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.status
	st.History = slices.Clone(st.History)
	st.Listeners = nil
	for _, l := range s.listeners {
		if l.door.shard.alive.Load() {
			st.Listeners = append(st.Listeners, l.bound())
		}
	}
	return st
}
