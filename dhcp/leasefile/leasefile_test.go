package leasefile

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"option150/platform/ether"
)

const (
	iosText = `Router#show ip dhcp binding
Bindings from all pools not associated with VRF:
IP address          Client-ID/              Lease expiration        Type
                    Hardware address/
                    User name
10.77.0.101         0102.0000.0001.01       Feb 12 2026 07:41 PM    Automatic
10.77.0.102         0063.6973.636f.2d30.    Feb 12 2026 07:41 PM    Automatic
                    3035.302e.37
10.77.0.103         0200.0000.0103          Infinite                Manual
10.77.0.104         0102.0000.0001.04       Feb 12 2026 07:41 PM    Relay
Router#`
	xeText = "IP address      Client-ID/ \t\tLease expiration \tType       State      Interface\n\t\tHardware address/\n\t\tUser name\n" +
		"10.77.0.101     0102.0000.0001.01       Feb 12 2026 07:41 PM    Automatic  Active     Vlan10\n"
	databaseText = "*time* Feb 09 2026 07:41 PM\n*version* 2\n!IP address    Type    Hardware address     Lease expiration    VRF\n" +
		"10.77.0.101     id      0102.0000.0001.01   Feb 12 2026 07:41 PM\n10.77.0.103 /24   1       0200.0000.0103   Infinite\n*end*\n"
	iscText = `# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
server-duid "\000\001\000\001";

lease 10.77.0.101 {
  starts 4 2026/02/12 19:31:00;
  ends 4 2026/02/12 19:35:00;
  binding state active;
  hardware ethernet 02:00:00:00:01:99;
}
lease 10.77.0.105 {
  ends 4 2026/02/12 19:41:00;
  binding state free;
  hardware ethernet 02:00:00:00:01:05;
}
lease 10.77.0.101 {
  starts 4 2026/02/12 19:31:00;
  ends 4 2026/02/12 19:41:00;
  cltt 4 2026/02/12 19:31:00;
  binding state active;
  next binding state free;
  hardware ethernet 02:00:00:00:01:01;
  uid "\001\002\000\000\000\001\001";
  set vendor-class-identifier = "Cisco Systems, Inc. IP Phone CP-7961G";
  client-hostname "SEP020000000101";
}
lease 10.77.0.103 {
  ends never;
  binding state active;
  hardware ethernet 2:0:0:0:1:3;
}
`
	keaText = `address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id
10.77.0.101,02:00:00:00:01:01,01:02:00:00:00:01:01,600,1770925000,1,0,0,,0,,0
10.77.0.106,02:00:00:00:01:06,,600,1770925260,1,0,0,,0,,0
10.77.0.101,02:00:00:00:01:01,01:02:00:00:00:01:01,600,1770925260,1,0,0,sep020000000101,0,,0
10.77.0.106,02:00:00:00:01:06,,0,1770925260,1,0,0,,0,,0
10.77.0.107,,,600,1770925260,1,0,0,,1,,0
10.77.0.103,02:00:00:00:01:03,,4294967295,4294967295,1,0,0,,0,,0
`
	dnsmasqText = `1770925260 02:00:00:00:01:01 10.77.0.101 SEP020000000101 01:02:00:00:00:01:01
0 02:00:00:00:01:03 10.77.0.103 * *
duid 00:01:00:01:2e
`
)

func TestRead(t *testing.T) {
	end := time.Date(2026, 2, 12, 19, 41, 0, 0, time.UTC)
	phone := Lease{Addr: netip.MustParseAddr("10.77.0.101"), ClientID: []byte{1, 2, 0, 0, 0, 1, 1}, MAC: ether.MAC{2, 0, 0, 0, 1, 1}, Expiry: end}
	static := Lease{Addr: netip.MustParseAddr("10.77.0.103"), MAC: ether.MAC{2, 0, 0, 0, 1, 3}}
	named := phone
	named.Hostname = "SEP020000000101"
	lower := phone
	lower.Hostname = "sep020000000101"
	odd := Lease{Addr: netip.MustParseAddr("10.77.0.102"), ClientID: []byte("\x00cisco-0050.7"), Expiry: end}
	for _, c := range []struct {
		text, kind string
		bad        int
		want       []Lease
	}{
		{iosText, "IOS", 1, []Lease{phone, odd, static}}, {xeText, "IOS", 0, []Lease{phone}},
		{databaseText, "IOS database", 0, []Lease{phone, static}}, {iscText, "ISC dhcpd", 0, []Lease{named, static}},
		{keaText, "Kea", 0, []Lease{lower, static}}, {dnsmasqText, "dnsmasq", 0, []Lease{named, static}},
	} {
		l, err := Read(c.text, time.UTC)
		if err != nil || l.Kind != c.kind || l.Bad != c.bad {
			t.Errorf("%s: %v, %s, %d bad", c.kind, err, l.Kind, l.Bad)
		}
		if diff := cmp.Diff(c.want, l.Leases, cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateApproxTime(0)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.kind, diff)
		}
	}
	for _, s := range []string{"", "hello\n", "hostname Router\n!\nend\n", "<html>", "a,b,c\n1,2,3\n", "1 2 3 4 5\n"} {
		if l, err := Read(s, time.UTC); err == nil {
			t.Errorf("%q is %+v", s, l)
		}
	}
}

// What is broken costs its entry, not the others.
func TestReadBroken(t *testing.T) {
	for text, want := range map[string]int{
		keaText + "not an address,x\n10.77.0.110,02:00:00:00:01:10,,600,x,1,0,0,,0,,0\n": 2,
		dnsmasqText + "x y z\n99999999999999999999 a b c d\n":                            2,
		iscText + "lease 10.77.0.300 {\n}\nlease 10.77.0.111 {\n  ends soon;\n}\n":       2,
	} {
		if l, err := Read(text, time.UTC); err != nil || l.Bad != want || len(l.Leases) != 2 {
			t.Errorf("%s: %v, %d bad, %d leases", l.Kind, err, l.Bad, len(l.Leases))
		}
	}
}

// What is written is read again; it is IOS's own form.
func TestFormatDatabase(t *testing.T) {
	now := time.Date(2026, 2, 9, 19, 41, 30, 0, time.UTC)
	in := []Lease{
		{Addr: netip.MustParseAddr("10.77.0.101"), ClientID: []byte{1, 2, 0, 0, 0, 1, 1}, MAC: ether.MAC{2, 0, 0, 0, 1, 1}, Expiry: now.Add(time.Hour)},
		{Addr: netip.MustParseAddr("10.77.0.102"), MAC: ether.MAC{2, 0, 0, 0, 1, 2}},
	}
	text := string(FormatDatabase(in, now))
	if want := "*time* Feb 09 2026 07:41 PM\n*version* 2\n!IP address    Type    Hardware address     Lease expiration    VRF\n" +
		"10.77.0.101     id      0102.0000.0001.01   Feb 09 2026 08:42 PM\n10.77.0.102     1       0200.0000.0102   Infinite\n*end*\n"; text != want {
		t.Errorf("%s", text)
	}
	l, err := Read(text, time.UTC)
	in[0].Expiry = in[0].Expiry.Add(30 * time.Second)
	if err != nil || l.Bad != 0 || l.Cut || !l.Written.Equal(now.Truncate(time.Minute)) {
		t.Errorf("%v %+v", err, l)
	}
	if diff := cmp.Diff(in, l.Leases, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Error(diff)
	}
	for cut := range len(text) {
		if l, err := Read(text[:cut], time.UTC); err == nil && l.Kind == "IOS database" && !l.Cut && cut < len(text)-1 {
			t.Errorf("whole after %d bytes", cut)
		}
	}
}

func FuzzFormatDatabase(f *testing.F) {
	f.Add([]byte{10, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7}, int64(1770925260))
	f.Fuzz(func(t *testing.T, b []byte, end int64) {
		if len(b) < 5 || len(b) > 500 {
			return
		}
		l := Lease{Addr: netip.AddrFrom4([4]byte(b[:4])), ClientID: b[4:], Expiry: time.Unix(end%(1<<32), 0)}
		got, err := Read(string(FormatDatabase([]Lease{l}, time.Unix(0, 0).UTC())), time.UTC)
		if err != nil || len(got.Leases) != 1 || got.Bad != 0 {
			t.Fatalf("%v %+v", err, got)
		}
		g := got.Leases[0]
		id := g.ClientID
		if len(id) == 0 {
			id = g.MAC[:]
		}
		if g.Addr != l.Addr || string(id) != string(b[4:]) || !g.Expiry.IsZero() && g.Expiry.Before(l.Expiry) {
			t.Fatalf("%+v of %+v", g, l)
		}
	})
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{iosText, xeText, databaseText, iscText, keaText, dnsmasqText} {
		f.Add(s)
		f.Add(s[:len(s)/2])
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := Read(s, time.UTC)
		if err != nil {
			return
		}
		seen := map[netip.Addr]bool{}
		for _, x := range l.Leases {
			if !x.Addr.Is4() || seen[x.Addr] || x.MAC.IsZero() && len(x.ClientID) == 0 {
				t.Fatalf("%+v", x)
			}
			seen[x.Addr] = true
		}
	})
}
