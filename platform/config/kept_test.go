package config

import (
	"net/netip"
	"strings"
	"testing"

	"option150/dhcp"
	"option150/platform/acl"
	"option150/platform/fileserver"
)

func texts(ps []Problem) string {
	var out []string
	for _, p := range ps {
		out = append(out, p.Section+": "+p.Text)
	}
	return strings.Join(out, "\n")
}

// TestListsThatKeepPhonesOut: an access list that permits nobody of a pool of
// phones is warned about where it is asked for files; one that is not defined
// is said to let nobody in by an access-class, and everybody by a tftp-server line.
func TestListsThatKeepPhonesOut(t *testing.T) {
	f := lan("10.0.0.1/24")
	list := func(permit string) acl.List {
		p := netip.MustParsePrefix(permit)
		return acl.List{Name: "10", Entries: []acl.Entry{acl.Rule(true, p.Addr(), netip.MustParseAddr("0.0.0.255"), false)}}
	}
	box := func(lists ...acl.List) *Config {
		c := Default(f)
		c.AccessLists = lists
		c.HTTP.Server, c.HTTP.AccessClass, c.HFS.Enabled, c.HFS.Port = true, "10", true, 6970
		c.Files.Bindings = []fileserver.Binding{{File: "flash:a", ACL: "10"}, {File: "flash:b"}}
		at := netip.MustParseAddr("10.0.0.1")
		c.DHCP.Pools = []dhcp.Pool{{Name: "VOICE", Network: netip.MustParsePrefix("10.0.0.0/24"), Options: []dhcp.Option{{Code: 150, Kind: dhcp.OptionIP, Addrs: []netip.Addr{at}}}},
			{Name: "DATA", Network: netip.MustParsePrefix("10.7.0.0/24")}}
		return c
	}
	for _, c := range []struct {
		name, want string
		times      int
		c          *Config
	}{
		{"permitted", "access list 10", 0, box(list("10.0.0.0/24"))},
		{"kept out", "access list 10 lets no phone of pool VOICE have its files", 2, box(list("10.9.0.0/24"))},
		{"not defined", "access list 10 is not defined", 2, box()},
	} {
		if got := texts(c.c.Validate(f)); strings.Count(got, c.want) != c.times {
			t.Errorf("%s:\n%s", c.name, got)
		}
	}
	k := box(list("10.9.0.0/24"))
	if k.HFS.Enabled = false; strings.Contains(texts(k.Validate(f)), "ip http access-class: ") {
		t.Error("the home page is none of the phones'")
	}
}

// TestUnmanagedInterface: lines the host's interface does not follow are told.
func TestUnmanagedInterface(t *testing.T) {
	f := lan("10.0.0.1/24", "10.1.0.1/24")
	c := Default(f)
	i := &c.Interfaces[0]
	i.Address, i.Secondary = netip.MustParsePrefix("10.0.0.1/24"), []netip.Prefix{netip.MustParsePrefix("10.1.0.1/24")}
	if got := texts(c.Validate(f)); strings.Contains(got, "managed") {
		t.Errorf("all as the host has it:\n%s", got)
	}
	i.Secondary, i.Shutdown = append(i.Secondary, netip.MustParsePrefix("10.2.0.1/24")), true
	got := texts(c.Validate(f))
	for _, want := range []string{"shutdown is kept, but the interface stays up", "ip address 10.2.0.1/24 secondary is kept"} {
		if !strings.Contains(got, want) {
			t.Errorf("not said: %s\n%s", want, got)
		}
	}
	f.Interfaces[0].Managed = true
	if got := texts(c.Validate(f)); strings.Contains(got, "managed") {
		t.Errorf("of a managed one:\n%s", got)
	}
}
