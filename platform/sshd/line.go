package sshd

import (
	"net"
	"slices"

	"option150/platform/acl"
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

// flow is what a connection is to an access list.
func flow(c interface {
	RemoteAddr() net.Addr
	LocalAddr() net.Addr
}) acl.Flow {
	return acl.Flow{Proto: "tcp", From: addrPort(c.RemoteAddr()), To: addrPort(c.LocalAddr())}
}

// takeLine takes the lowest free vty line that an address may use by a port of
// this box.
func (s *Server) takeLine(f acl.Flow) (int, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	for _, l := range s.spec.Load().lines(f.To.Port()) {
		if _, taken := s.sessions[l.Number]; !taken && l.Number < maxLines && l.Access.Permits(f) {
			s.sessions[l.Number] = nil
			return l.Number, true
		}
	}
	return 0, false
}

// closedTo says why a connection from an address is not even greeted, "" if it
// is. list is the access list that asked to log it.
func (s *Server) closedTo(f acl.Flow) (why, list string) {
	spec := s.spec.Load()
	if spec == nil {
		return "", ""
	}
	all := spec.lines(f.To.Port())
	if !slices.ContainsFunc(all, func(l Line) bool { return l.Access.Permits(f) }) {
		for _, l := range all {
			if name, log := l.Access.Refuser(f); log {
				return "access-class", name
			}
		}
		return "access-class", ""
	}
	switch {
	case s.o.Quiet != nil && s.o.Quiet(f.From.Addr()):
		return "quiet mode", ""
	case len(s.o.HostKeys.Signers()) == 0:
		return "no host keys", ""
	}
	return "", ""
}
