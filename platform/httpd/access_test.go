package httpd

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"option150/platform/acl"
	"option150/platform/journal"
	"option150/platform/listen"
)

// TestAccessClass: others than those of the list get 403, and a change of the
// list takes effect without a new socket.
func TestAccessClass(t *testing.T) {
	s, rec := newServer(t, nil)
	loopback := netip.MustParseAddr("127.0.0.1")
	ep := listen.Endpoint{Proto: listen.TCP, Addr: loopback}
	set := func(l *acl.List) {
		t.Helper()
		c, err := s.Prepare(t.Context(), nil, Spec{Listeners: []Listener{{Endpoint: ep, Modules: []string{"A"}, Access: acl.Gate{V4: l}}}})
		if err != nil {
			t.Fatal(err)
		}
		c.Commit()
	}
	get := func(want int) {
		t.Helper()
		r, err := http.Get("http://" + s.Listeners()[0].Bound.String() + "/x")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("status %d, not %d", r.StatusCode, want)
		}
	}
	set(nil)
	get(200)
	set(&acl.List{Name: "10", Entries: []acl.Entry{acl.Rule(true, netip.MustParseAddr("10.0.0.1"), netip.Addr{}, false)}})
	get(403)
	set(&acl.List{Name: "10", Entries: []acl.Entry{acl.Rule(true, loopback, netip.Addr{}, false)}})
	get(200)
	if rec.count("httpd.Denied") != 1 {
		t.Error("not recorded")
	}
	set(&acl.List{Name: "11", Entries: []acl.Entry{acl.Rule(false, netip.Addr{}, netip.Addr{}, true)}})
	get(403)
	logged := ""
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, e := range rec.all {
		if l, ok := e.(journal.Logged); ok {
			if m, ok := l.LogMessage(); ok {
				logged += m.String()
			}
		}
	}
	if !strings.Contains(logged, "list 11 denied 127.0.0.1 1 packet") || strings.Contains(logged, "list 10") {
		t.Errorf("logged %q: an entry with log is, one without is not", logged)
	}
}
