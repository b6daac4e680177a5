package httpd

import (
	"net/http"
	"net/netip"
	"time"

	"option150/platform/acl"
	"option150/platform/message"
)

// admits reports whether the access class of the listener lets a client in.
// What it does not is answered 403. [facts/files.md 10]
func (t *site) admits(r *http.Request) bool {
	gate := t.access.Load()
	if gate.Open() {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	f := acl.Flow{Proto: "tcp", From: from}
	if c, ok := r.Context().Value(connKey{}).(*conn); ok {
		f.To = c.local
	}
	if err == nil && gate.Permits(f) {
		return true
	}
	name, log := gate.Refuser(f)
	for _, m := range *t.modules.Load() {
		if m.Knows(r.URL.Path) {
			if d, ok := m.(Denier); ok {
				d.Denied(r, name)
				return false
			}
			break
		}
	}
	t.s.rec.Record(Denied{Remote: from, List: name, Path: r.URL.Path, Log: log && t.s.told()})
	return false
}

// told reports that another refusal may be logged: one a second, whoever asks.
func (s *Server) told() bool {
	last, now := s.lastTold.Load(), time.Now().Unix()
	return now != last && s.lastTold.CompareAndSwap(last, now)
}

// Denier is a module that tells itself of the requests an access class kept
// from it.
type Denier interface {
	Denied(r *http.Request, list string)
}

// Denied is a request from an address the access class does not let in.
type Denied struct {
	Remote netip.AddrPort
	List   string
	Path   string
	Log    bool // the entry that refused it has `log`
}

// LogMessage implements journal.Logged.
func (e Denied) LogMessage() (message.Message, bool) {
	return message.AccessDenied.With(e.List, e.Remote.Addr().Unmap()), e.Log
}

// EventName implements journal.Event.
func (Denied) EventName() string { return "httpd.Denied" }
