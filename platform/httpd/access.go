package httpd

import (
	"net/http"
	"net/netip"
)

// admits reports whether the access class of the listener lets a client in.
// What it does not is answered 403. [reference/files.md 10]
func (t *site) admits(r *http.Request) bool {
	list := t.access.Load()
	if list == nil {
		return true
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err == nil && list.Permits(from.Addr()) {
		return true
	}
	for _, m := range *t.modules.Load() {
		if m.Knows(r.URL.Path) {
			if d, ok := m.(Denier); ok {
				d.Denied(r, list.Name)
				return false
			}
			break
		}
	}
	t.s.rec.Record(Denied{Remote: from, List: list.Name, Path: r.URL.Path})
	return false
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
}

// EventName implements journal.Event.
func (Denied) EventName() string { return "httpd.Denied" }
