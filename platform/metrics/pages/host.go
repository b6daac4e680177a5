package pages

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// own reports that a request names this box: by the address it came to, as this
// machine, or by a name of the box. A browser that was led here by a page of
// somebody else, whose name was made to point here, names that one. No browser
// leaves the name out; programs of HTTP/1.0 do.
func (p *Pages) own(r *http.Request) bool {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "" {
		return true
	}
	if a, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		a = a.Unmap().WithZone("")
		local, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		return a.IsLoopback() || local != nil && local.AddrPort().Addr().Unmap().WithZone("") == a
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if host == "localhost" {
		return true
	}
	for _, n := range list(p.s.Names) {
		if n != "" && strings.ToLower(n) == host {
			return true
		}
	}
	return false
}
