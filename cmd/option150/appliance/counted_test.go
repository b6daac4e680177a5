package appliance

import (
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/dhcp/engine"
	v6 "option150/dhcp/v6"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/metrics"
)

// TestLeasesOfBothFamilies: what DHCP and DHCPv6 give is in one histogram; what is
// offered, refused or taken back is not.
func TestLeasesOfBothFamilies(t *testing.T) {
	counts := metrics.NewCounts()
	j := journal.New(0, counted{counts})
	four, six := netip.MustParseAddr("10.150.0.10"), netip.MustParseAddr("2001:db8::10")
	j.Record(engine.Ack{Addr: four, Lease: time.Hour})
	j.Record(v6.Sent{Type: "REPLY", To: "REQUEST", Addr: six, Valid: 2 * time.Hour})
	j.Record(v6.Sent{Type: "REPLY", To: "RENEW", Addr: six, Valid: v6.Infinite, Renewal: true})
	j.Record(v6.Sent{Type: "ADVERTISE", To: "SOLICIT", Addr: six, Valid: 2 * time.Hour})
	j.Record(v6.Sent{Type: "REPLY", To: "REQUEST", Status: "no address"})
	j.Record(v6.Sent{Type: "REPLY", To: "RENEW", Addr: six})
	s := metrics.New(metrics.Sources{Counts: counts})
	t.Cleanup(s.Close)
	c, err := s.Prepare(t.Context(), nil, metrics.Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1"), Owner: "metrics"}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Status().Listeners[0].AddrPort().String()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`option150_dhcp_lease_seconds_bucket{le="3600"} 1`, `option150_dhcp_lease_seconds_bucket{le="14400"} 2`, "option150_dhcp_lease_seconds_count 3", "option150_dhcp_lease_seconds_sum 10800"} {
		if !strings.Contains(string(text), want+"\n") {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
