package pages

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/metrics"
	"option150/telephony/inventory"
)

// Transfers say whose they are, how far and how fast.
func TestTransfers(t *testing.T) {
	b := &branch{phones: []inventory.Phone{up(5)}}
	sent, began := int64(0), time.Now()
	s := &Sources{Sources: metrics.Sources{Phones: func(time.Time) []inventory.Phone { return b.phones }}, Expected: func() []Expected { return []Expected{{MAC: mac(5), Name: "Reception"}} },
		Transfers: func() []Transfer {
			return []Transfer{{Transport: "HTTP", Client: netip.AddrPortFrom(netip.MustParseAddr("::ffff:10.150.0.5"), 4000), File: "a.sbn", Size: 1000, Sent: sent, Since: began}}
		}}
	var r rates
	h, _ := s.overview(began, &r)
	if x := h.Transfers[0]; x.Name != "Reception" || x.Phone != mac(5).Device() || x.Rate != -1 {
		t.Errorf("%+v", x)
	}
	sent = 500
	if h, _ = s.overview(began.Add(2*time.Second), &r); h.Transfers[0].Rate != 250 || h.Transfers[0].Sent != 500 {
		t.Errorf("%+v", h.Transfers[0])
	}
	s.Transfers = func() []Transfer { return make([]Transfer, maxTransfers+3) }
	if h, _ = s.overview(began, &r); h.More != 3 || len(r.before) > maxTransfers {
		t.Errorf("%d more, %d remembered", h.More, len(r.before))
	}
}

// The matrix counts phones that were seen and those that are to come.
func TestMatrix(t *testing.T) {
	a, c := up(1), up(2)
	c.Load, c.LoadBasis, c.Wanted = "SCCP41.8-5-2S", inventory.Inferred, "SCCP41.9-9-9S"
	s := &Sources{Sources: metrics.Sources{Phones: func(time.Time) []inventory.Phone { return []inventory.Phone{a, c} }}, Expected: func() []Expected { return []Expected{{MAC: mac(1), Type: "7961"}, {MAC: mac(3), Type: "7961"}} },
		Firmware: func(also []string) []Load {
			if strings.Join(also, " ") != "SCCP41.8-5-2S SCCP41.9-4-2SR3-1S SCCP41.9-9-9S" {
				t.Errorf("also %q", also)
			}
			return []Load{{Name: "SCCP41.9-4-2SR3-1S", Types: []string{"7961"}, Present: 6, Total: 6, Whole: true}, {Name: "SIP41.9-4-2SR3-1S", Present: 1, Total: 6, Missing: []string{"x is absent"}}}
		}}
	var got []string
	for _, m := range s.matrix(time.Now()) {
		for _, l := range m.Loads {
			got = append(got, fmt.Sprintf("%s(%d) %s %s wanted %d run %d/%d", m.Model, m.Phones, l.Name, l.Here, l.Wanted, l.Runs, l.Inferred))
		}
	}
	want := "7961(3) SCCP41.9-4-2SR3-1S whole wanted 2 run 1/0\n7961(3) SCCP41.9-9-9S absent wanted 1 run 0/0\n7961(3) SCCP41.8-5-2S absent wanted 0 run 1/1\n(0) SIP41.9-4-2SR3-1S missing wanted 0 run 0/0"
	if strings.Join(got, "\n") != want {
		t.Errorf("%s\nnot\n%s", strings.Join(got, "\n"), want)
	}
}
