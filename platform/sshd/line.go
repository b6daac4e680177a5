package sshd

import (
	"net/netip"
	"slices"
)

// maxLines is the number of vty lines there can be: vty 0 to 98.
const maxLines = 99

// lines are the vty lines that are reached by a port of this box.
func (s *Spec) lines(port uint16) []Line {
	if i := slices.IndexFunc(s.Ports, func(p Port) bool { return p.Number == port }); i >= 0 {
		var of []Line
		for _, l := range s.Lines {
			if s.Ports[i].Has(l) {
				of = append(of, l)
			}
		}
		return of
	}
	if s.Lines != nil {
		return s.Lines
	}
	all := make([]Line, min(s.MaxSessions, maxLines))
	for i := range all {
		all[i].Number = i
	}
	return all
}

// takeLine takes the lowest free vty line that an address may use by a port of
// this box.
func (s *Server) takeLine(remote netip.Addr, port uint16) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	for _, l := range s.spec.Load().lines(port) {
		if _, taken := s.sessions[l.Number]; !taken && l.Number < maxLines && l.Access.Permits(remote) {
			s.sessions[l.Number] = nil
			return l.Number, true
		}
	}
	return 0, false
}

// closedTo says why a connection from an address is not even greeted, "" if it
// is. list is the access list that asked to log it.
func (s *Server) closedTo(remote netip.Addr, port uint16) (why, list string) {
	spec := s.spec.Load()
	if spec == nil {
		return "", ""
	}
	all := spec.lines(port)
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
