package sshd

import (
	"net/netip"
	"slices"
)

// maxLines is the number of vty lines there can be: vty 0 to 98.
const maxLines = 99

// lines are the vty lines of a Spec.
func (s *Spec) lines() []Line {
	if s.Lines != nil {
		return s.Lines
	}
	all := make([]Line, min(s.MaxSessions, maxLines))
	for i := range all {
		all[i].Number = i
	}
	return all
}

// takeLine takes the lowest free vty line that an address may use.
func (s *Server) takeLine(remote netip.Addr) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	for _, l := range s.spec.Load().lines() {
		if _, taken := s.sessions[l.Number]; !taken && l.Number < maxLines && l.Access.Permits(remote) {
			s.sessions[l.Number] = nil
			return l.Number, true
		}
	}
	return 0, false
}

// closedTo says why a connection from an address is not even greeted, "" if it
// is. list is the access list that asked to log it.
func (s *Server) closedTo(remote netip.Addr) (why, list string) {
	spec := s.spec.Load()
	if spec == nil {
		return "", ""
	}
	all := spec.lines()
	if !slices.ContainsFunc(all, func(l Line) bool { return l.Access.Permits(remote) }) {
		for _, l := range all {
			if e := l.Access.Decides(remote); e != nil && e.Log {
				return "access-class", l.Access.Name
			}
		}
		return "access-class", ""
	}
	switch {
	case s.o.Quiet != nil && s.o.Quiet(remote):
		return "quiet mode", ""
	case len(s.o.HostKeys.Signers()) == 0:
		return "no host keys", ""
	}
	return "", ""
}
