package acl

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func ip(s string) netip.Addr {
	if s == "" {
		return netip.Addr{}
	}
	return netip.MustParseAddr(s)
}

func rule(permit bool, addr, wildcard string) Entry {
	return Rule(permit, ip(addr), ip(wildcard), false)
}

func TestPermits(t *testing.T) {
	office := &List{Name: "10", Entries: []Entry{{Remark: "the office"}, rule(false, "10.0.0.66", ""), rule(true, "10.0.0.5", "0.0.0.255")}}
	odd := &List{Name: "11", Entries: []Entry{rule(true, "10.0.0.1", "0.0.255.254")}}
	for _, c := range []struct {
		list *List
		addr string
		want bool
	}{
		{office, "10.0.0.1", true}, {office, "10.0.0.66", false}, {office, "10.0.1.1", false}, {office, "::ffff:10.0.0.1", true},
		{office, "2001:db8::1", false},
		{odd, "10.0.7.3", true}, {odd, "10.0.7.2", false},
		{nil, "192.0.2.1", true}, {&List{}, "2001:db8::1", true}, {&List{Entries: []Entry{{Remark: "only words"}}}, "192.0.2.1", true},
		{&List{Entries: []Entry{rule(true, "", "")}}, "192.0.2.1", true},
		{&List{Entries: []Entry{rule(false, "", "")}}, "192.0.2.1", false},
		{&List{Entries: []Entry{rule(true, "", "")}}, "2001:db8::1", false},
		{&List{Entries: []Entry{rule(true, "2001:db8::1", "")}}, "2001:db8::1", false},
		{&List{Entries: []Entry{rule(true, "2001:db8::1", "")}}, "192.0.2.1", false},
		{&List{Entries: []Entry{rule(true, "::ffff:10.0.0.1", "")}}, "10.0.0.2", false},
	} {
		if got := c.list.Permits(ip(c.addr)); got != c.want {
			t.Errorf("%+v for %s: %t", c.list, c.addr, got)
		}
	}
}

// TestCanonicalFormMeansTheSame: what Rule makes fits exactly what was meant.
func TestCanonicalFormMeansTheSame(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	four := func() (b [4]byte) {
		for i := range b {
			b[i] = byte(r.UintN(4))
		}
		return b
	}
	for range 20000 {
		a, w, x := four(), four(), four()
		want := true
		for i := range a {
			want = want && a[i]|w[i] == x[i]|w[i]
		}
		e := Rule(true, netip.AddrFrom4(a), netip.AddrFrom4(w), false)
		if e.fits(netip.AddrFrom4(x)) != want {
			t.Fatalf("%v %v fits %v: not %t", a, w, x, want)
		}
		if Rule(true, e.Addr, e.Wildcard, false) != e {
			t.Fatalf("%+v is not canonical", e)
		}
	}
}

func TestShow(t *testing.T) {
	l := List{Name: "MGMT", Entries: []Entry{{Remark: "x"}, rule(true, "10.0.0.0", "0.0.0.255"), rule(true, "10.1.0.1", ""), Rule(false, netip.Addr{}, netip.Addr{}, true)}}
	want := "Standard IP access list MGMT\n    10 permit 10.0.0.0, wildcard bits 0.0.0.255\n    20 permit 10.1.0.1\n    30 deny   any log"
	if got := strings.Join(Show([]List{l}), "\n"); got != want {
		t.Errorf("%s", got)
	}
}

func TestOrder(t *testing.T) {
	l := []List{{Name: "b"}, {Name: "10"}, {Name: "a"}, {Name: "9"}}
	slices.SortFunc(l, Compare)
	var got []string
	for _, x := range l {
		got = append(got, x.Name)
	}
	if strings.Join(got, " ") != "9 10 a b" {
		t.Error(got)
	}
}
