package command

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/cli/language"
	"option150/dhcp/dhcptest"
	"option150/dhcp/v6"
	"option150/dhcp/v6/engine"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/telephony/advice"
	"option150/telephony/inventory"
)

// TestAdviceOfIPv6Cures: a phone of IPv6 alone gets an answer of a pool as it is
// configured, and its verdict is one of R45 and R46. The advice, typed, gives it
// the TFTP server, and nothing is said any more once it has it.
func TestAdviceOfIPv6Cures(t *testing.T) {
	const pool = "ipv6 dhcp pool VOICE6\n address prefix 2001:db8:150::/64\n"
	own, mac := netip.MustParseAddr("2001:db8:150::1"), ether.MAC{2, 0, 0, 6, 0, 9}
	for name, c := range map[string]struct{ text, code string }{
		"nothing is said of TFTP":      {pool, "R45"},
		"another server":               {pool + " vendor-specific 9\n  suboption 1 address 2001:db8:99::1\n", "R45"},
		"addresses as text":            {pool + " vendor-specific 9\n  suboption 1 ascii 2001:db8:150::1\n", "R45"},
		"another enterprise":           {pool + " vendor-specific 4491\n  suboption 1 address 2001:db8:150::1\n", "R46"},
		"nine, and nothing below it":   {pool + " vendor-specific 9\n", "R45"},
		"another pool is as it should": {pool + "ipv6 dhcp pool SECOND\n vendor-specific 9\n  suboption 1 address 2001:db8:150::1\n", "R45"},
	} {
		b, f := testBox(t)
		lan := f.Interfaces[0].Name
		base := config.Default(f)
		rep, err := b.Language.Load(c.text+"interface "+lan+"\n ipv6 address 2001:db8:150::1/64\n ipv6 dhcp server VOICE6 rapid-commit\n", base, nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Fatalf("%s: %v %v", name, err, rep.Rejected)
		}
		now := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
		inv := inventory.New(inventory.Options{Outside: inventory.Outside{Setup: func(ether.MAC) inventory.Setup { return inventory.Setup{} },
			Box: func() inventory.Box { return inventory.Box{Own: []netip.Addr{own}, IPv6: true, HTTP: true} }}})
		seq := uint64(0)
		boot := func(c *config.Config) (told []netip.Addr, v inventory.Verdict) {
			e := engine.New(now, []byte{0, 3, 0, 1, 2, 0, 0, 0, 0, 1})
			e.Apply(engine.Compile(v6.Spec{Config: c.DHCPv6, Interfaces: []v6.Interface{{Name: lan, Device: "eth0", Addrs: []netip.Prefix{netip.PrefixFrom(own, 64)}}}}))
			e.Packet(engine.Instant(time.Hour), &engine.Inbound{Data: dhcptest.Phone6(mac, 1, dhcptest.IA6(1), dhcptest.Opt6(14)).Bytes(), Interface: lan,
				From: netip.AddrPortFrom(dhcptest.LinkLocal(mac), 546), Source: mac})
			o := e.Take()
			for _, ev := range slices.Concat(o.First, o.Then) {
				seq++
				inv.Fold(journal.Entry{Seq: seq, Time: now, Event: ev})
				if s, ok := ev.(v6.Sent); ok {
					told = s.TFTP
				}
			}
			now = now.Add(inventory.DefaultWaits().NoFile)
			p, _ := inv.Phone(mac, now)
			now = now.Add(time.Second)
			return told, p.Verdict
		}
		_, v := boot(rep.Config)
		if v.Code != c.code {
			t.Errorf("%s: %s %s", name, v.Code, v.Text)
			continue
		}
		next := type6(t, b.Language, rep.Config, v.Fix)
		if told, v := boot(next); len(told) != 1 || told[0] != own || v.Code == "R45" || v.Code == "R46" {
			t.Errorf("%s: after the advice it is told %v, and %s %s", name, told, v.Code, v.Text)
		}
	}
}

// type6 types the lines of an advice.
func type6(t *testing.T, l *language.Language, c *config.Config, steps advice.Steps) *config.Config {
	t.Helper()
	for _, f := range steps {
		lines := f.Lines()
		if len(lines) < 3 {
			continue
		}
		rep, err := l.Load(strings.Join(lines[1:len(lines)-1], "\n "), c, nil)
		if err != nil || len(rep.Rejected) > 0 || rep.Carried > 0 {
			t.Fatalf("%q: %v %v", lines, err, rep.Rejected)
		}
		c = rep.Config
	}
	return c
}
