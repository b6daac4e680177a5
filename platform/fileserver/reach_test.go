package fileserver

import (
	"errors"
	"net/netip"
	"testing"

	"option150/platform/message"
	"option150/telephony/advice"
)

// reached is a machine with one wire, a network behind a gateway, and the rest
// of the world behind the default one.
func reached(a netip.Addr) Reach {
	for p, how := range map[string]Reach{"10.0.0.0/24": Connected, "2001:db8:7:1::/64": Connected, "203.0.113.0/24": Routed, "10.0.0.0/8": Inside, "2001:db8:7::/48": Inside} {
		if n := netip.MustParsePrefix(p); n.Contains(a) && (how != Inside || !netip.MustParsePrefix("10.0.0.0/24").Contains(a) && !netip.MustParsePrefix("2001:db8:7:1::/64").Contains(a)) {
			return how
		}
	}
	if a == netip.MustParseAddr("192.0.2.99") {
		return ReachUnknown
	}
	return Outside
}

// TestWhoIsGivenFiles: every kind of place a phone may be at, by default and
// where bind-lease enforces; and that a list alone decides where one is named.
func TestWhoIsGivenFiles(t *testing.T) {
	pools := []netip.Prefix{netip.MustParsePrefix("10.70.0.0/16"), netip.MustParsePrefix("198.51.100.64/26")}
	enforce := Config{BindLease: BindEnforce}
	trusting := func(c Config) Config { c.Trust = "7"; return c }
	for _, c := range []struct {
		name, from       string
		byDefault, bound bool
		config           Config
		list             string // what list 7 permits
	}{
		{"connected", "10.0.0.9", true, true, Config{}, ""},
		{"connected, IPv6", "2001:db8:7:1::9", true, true, Config{}, ""},
		{"the box itself", "127.0.0.1", true, true, Config{}, ""},
		{"by a route to its network", "203.0.113.9", true, true, Config{}, ""},
		{"of a pool", "10.70.3.9", true, true, Config{}, ""},
		{"of a pool with public addresses", "198.51.100.70", true, true, Config{}, ""},
		{"with an address of its own behind the default gateway", "10.99.0.9", true, false, Config{}, ""},
		{"of another network of the site, IPv6", "2001:db8:7:9::9", true, false, Config{}, ""},
		{"of the Internet", "192.0.2.9", false, false, Config{}, ""},
		{"of the Internet, IPv6", "2001:db8:8::9", false, false, Config{}, ""},
		{"beside a pool", "198.51.100.9", false, false, Config{}, ""},
		{"the kernel does not say", "192.0.2.99", true, true, Config{}, ""},
		{"trusted", "192.0.2.9", true, true, trusting(Config{}), "192.0.2.9"},
		{"another than who is trusted", "192.0.2.8", false, false, trusting(Config{}), "192.0.2.9"},
		{"bind-lease is off", "192.0.2.9", false, false, Config{BindLease: BindOff}, ""},
		{"permitted by the access-class", "192.0.2.9", true, true, Config{AccessClass: "7"}, "192.0.2.9"},
		{"connected, but not of the access-class", "10.0.0.9", false, false, Config{AccessClass: "7"}, "192.0.2.9"},
		{"an access-class that is not there", "10.0.0.9", false, false, Config{AccessClass: "8"}, ""},
	} {
		for _, bind := range []Bind{c.config.BindLease, enforce.BindLease} {
			spec := Spec{Config: c.config, Networks: pools}
			spec.BindLease = bind
			if c.list != "" {
				spec.Lists = lists(c.list)
			}
			s := newSite(t, spec)
			s.opt.Reach = reached
			want := c.byDefault
			if bind == BindEnforce {
				want = c.bound
			}
			for _, name := range []string{"RINGLIST.XML", "none.xml"} {
				_, err := s.ask(netip.AddrPortFrom(netip.MustParseAddr(c.from), 5000), name)
				if errors.Is(err, ErrDenied) == want {
					t.Errorf("%s, %s, %s: %v", c.name, bind, name, err)
				}
			}
		}
	}
}

// TestStrangerIsToldOnce: the message of a phone that is refused for where it
// is has the lines that let it in, once for a network; they do, and keep nobody
// out; the record of who asked has both.
func TestStrangerIsToldOnce(t *testing.T) {
	s := newSite(t, Spec{})
	s.opt.Reach = reached
	for n := range 5 {
		_, _ = s.ask(netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(9 + n)}), 5000), fileOf(1))
	}
	_, _ = s.ask(netip.MustParseAddrPort("10.99.0.9:5000"), "RINGLIST.XML")
	if len(s.told) != 1 || s.told[0].Entry != message.FileStranger {
		t.Fatalf("%d messages: %v", len(s.told), s.told)
	}
	far := s.Far()
	if len(far) != 2 || far[0].Given != 1 || far[0].Refused != 0 || far[1].Refused != 5 || far[1].Network != netip.MustParsePrefix("192.0.2.0/24") {
		t.Errorf("%+v", far)
	}
	for _, c := range []struct {
		from  string
		trust string
		lists string
		want  string
	}{
		{"192.0.2.9", "", "", "ip access-list standard FAR-PHONES / permit 192.0.2.0 0.0.0.255; file-server bind-lease trust FAR-PHONES"},
		{"192.0.2.9", "7", "10.1.1.1", "access-list 7 permit 192.0.2.0 0.0.0.255"},
		{"192.0.2.9", "BOXES", "10.1.1.1", "ip access-list standard BOXES / permit 192.0.2.0 0.0.0.255"},
		{"2001:db8:8::9", "", "", "ipv6 access-list FAR-PHONES6 / permit ipv6 2001:DB8:8::/64 any; file-server bind-lease trust ipv6 FAR-PHONES6"},
	} {
		st := &settings{cfg: Config{Trust: c.trust}}
		if c.lists != "" {
			st.lists = lists(c.lists)
			st.lists[0].Name = c.trust
		}
		if got := st.letsIn(netip.MustParseAddr(c.from)).String(); got != c.want {
			t.Errorf("%s, list %q: %q, want %q", c.from, c.trust, got, c.want)
		}
	}
	denies := lists("192.0.2.9")
	denies[0].Entries[0].Permit = false
	st := &settings{cfg: Config{Trust: "7"}, lists: denies}
	if got := st.letsIn(netip.MustParseAddr("192.0.2.9")); len(got) == 0 || got[0] != advice.Do("show access-lists") {
		t.Errorf("of a list that denies it: %v", got)
	}
}

// TestFarIsBounded: who forges the addresses of many networks makes the box
// remember so many of them.
func TestFarIsBounded(t *testing.T) {
	s := newSite(t, Spec{})
	s.opt.Reach = reached
	for n := range 3 * maxFar {
		_, _ = s.ask(netip.AddrPortFrom(netip.AddrFrom4([4]byte{100, byte(n >> 8), byte(n), 1}), 5000), "RINGLIST.XML")
	}
	if n := len(s.Far()); n > maxFar {
		t.Errorf("%d networks", n)
	}
}
