package command

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/config"
	"option150/platform/flash"
)

// The lines that restrict a pool are read as what they say, none is kept
// without effect.
func TestPoolRestrictions(t *testing.T) {
	b, f := testBox(t)
	text := `ip dhcp class FLOOR-1
 option 60 hex 4369.7363.6f * mask ffff.ffff.ff
 relay agent information
  relay-information hex 0102.0007 *
ip dhcp class ANY
ip dhcp pool VOICE
 network 10.77.0.0 255.255.255.0
 reserved-only
 address 10.77.0.120 client-id 0102.0000.0006.01
 address 10.77.0.121 hardware-address 0200.0000.0602
 class FLOOR-1
  address range 10.77.0.150 10.77.0.151
  address range 10.77.0.160 10.77.0.160
  option 150 ip 10.77.0.1 10.77.0.2
 class ANY
  address range 10.77.0.170 10.77.0.179
  option 150 ip 10.77.0.2 10.77.0.1
ip dhcp pool ELSEWHERE
 vrf BLUE
`
	rep, err := b.Language.Load(text, config.Default(f), nil)
	if err != nil || len(rep.Rejected) > 0 || rep.Carried > 0 {
		t.Fatalf("%v, rejected %v, %d carried", err, rep.Rejected, rep.Carried)
	}
	d := rep.Config.DHCP
	p := d.Pools[0]
	if len(d.Classes) != 2 || len(d.Classes[0].Patterns) != 2 || d.Classes[0].Patterns[1].Option != 82 || !d.Classes[0].Patterns[0].Prefix || len(d.Classes[0].Patterns[0].Mask) != 5 {
		t.Errorf("classes %+v", d.Classes)
	}
	if !p.ReservedOnly || len(p.Reserved) != 2 || len(p.Classes) != 2 || len(p.Classes[0].Ranges) != 2 || len(p.Classes[1].Option150) != 2 || d.Pools[1].VRF != "BLUE" {
		t.Errorf("pools %+v", d.Pools)
	}
	shown := b.Language.RenderText(rep.Config)
	for _, l := range strings.Split(text, "\n") {
		if l = strings.TrimSpace(l); !strings.Contains(shown, l) {
			t.Errorf("%q is not printed:\n%s", l, shown)
		}
	}
}

// `ip dhcp import bindings` reads the predecessor's list from a file, tells
// first what it would take, and takes it.
func TestImportBindings(t *testing.T) {
	dir := t.TempDir()
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fl.Close()
	list := "0 02:00:00:00:01:01 127.7.0.101 * *\n0 02:00:00:00:01:02 10.9.9.9 * *\n1 02:00:00:00:01:03 127.7.0.103 * *\n"
	if err := fl.WriteFile("dnsmasq.leases", []byte(list)); err != nil {
		t.Fatal(err)
	}
	s := dhcp.New(dhcp.Options{Listen: netip.MustParseAddrPort("127.0.0.1:0")})
	defer s.Close()
	c := dhcp.Default()
	c.PingPackets, c.Pools = 0, []dhcp.Pool{{Name: "P", Network: netip.MustParsePrefix("127.7.0.0/24")}}
	ch, err := s.Prepare(t.Context(), nil, dhcp.Spec{Config: c, Interfaces: []dhcp.Interface{{Name: "Loopback0", Device: "lo", Addrs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}}}})
	if err != nil {
		t.Fatal(err)
	}
	ch.Commit()
	d := importDHCP(&Box{Flash: fl, DHCP: s})
	run := func(a grammar.Args) string {
		var out strings.Builder
		if err := d.Run(&language.Invocation{Ctx: t.Context(), Out: &out, Args: a}); err != nil {
			return err.Error()
		}
		return out.String()
	}
	want := "dnsmasq: 1 of 3 leases %s taken over\n  1 not: in no pool (10.9.9.9 first)\n  1 not: expired (127.7.0.103 first)\n"
	if got := run(args("file", "flash:dnsmasq.leases", "dry", "dry-run")); got != fmt.Sprintf(want, "would be") || len(s.Bindings()) != 0 {
		t.Errorf("dry run: %q, bindings %v", got, s.Bindings())
	}
	if got := run(args("file", "flash:dnsmasq.leases")); got != fmt.Sprintf(want, "were") {
		t.Errorf("%q", got)
	}
	if bs := s.Bindings(); len(bs) != 1 || bs[0].Addr != netip.MustParseAddr("127.7.0.101") || !bs[0].Expiry.IsZero() {
		t.Errorf("%+v", bs)
	}
	if err := fl.WriteFile("x", []byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	if got := run(args("file", "flash:x")); got != "% flash:/x is no list of leases of IOS, ISC dhcpd, Kea or dnsmasq" {
		t.Errorf("%q", got)
	}
}
