package dhcp

import (
	"net"
	"net/netip"
	"testing"

	"option150/platform/listen"
	"option150/platform/service"
)

// The sockets behave as those of every service: a port that is held at boot is
// dialled again, refused while somebody types, and one that dies comes back.
func TestSockets(t *testing.T) {
	held, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), held.LocalAddr().(*net.UDPAddr).AddrPort().Port())
	s := New(Options{Listen: at})
	defer s.Close()
	if _, err := s.Prepare(t.Context(), nil, loopSpec("24")); !listen.InUse(err) {
		t.Fatalf("error %v", err)
	}
	c, err := s.PrepareDegraded(t.Context(), nil, loopSpec("24"))
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	if st := s.Status(); st.State != service.Failed || st.Why == "" || st.NextRetry.IsZero() || len(st.Listeners) != 0 {
		t.Fatalf("%+v", st)
	}
	_ = held.Close()
	s.Kick()
	waitFor(t, func() bool { return s.Status().State == service.Running })

	run, _ := s.runs.Current()
	only := func() (l *lan) {
		for _, l = range run.lans.Now() {
		}
		return l
	}
	before := only()
	_ = before.UDP.Close()
	waitFor(t, func() bool {
		now := only()
		return now != nil && now != before && s.Status().State == service.Running
	})
	if l := s.Status().Listeners; len(l) != 1 || l[0].AddrPort() != at {
		t.Errorf("%+v", l)
	}
}
