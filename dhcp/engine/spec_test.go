package engine

import (
	"net/netip"
	"time"
)

// baseSpec is the set-up of facts/dhcp.md 5.6 and 9.
func baseSpec() Spec {
	c := Default()
	c.PingPackets = 0
	c.Excluded = []Range{{ip("10.77.0.1"), ip("10.77.0.99")}, {ip("10.77.0.200"), ip("10.77.0.254")},
		{ip("10.88.0.1"), ip("10.88.0.99")}, {ip("10.88.0.200"), ip("10.88.0.254")}}
	voice := Pool{
		Name: "VOICE", Network: netip.MustParsePrefix("10.77.0.0/24"), Lease: 600 * time.Second, DomainName: "branch.example",
		DefaultRouters: []netip.Addr{ip("10.77.0.1")}, DNSServers: []netip.Addr{ip("10.77.0.53")},
		Options: []Option{{Code: 66, Kind: OptionASCII, Text: "10.77.0.1"}, {Code: 150, Kind: OptionIP, Addrs: []netip.Addr{ip("10.77.0.1"), ip("10.77.0.2")}}},
	}
	c.Pools = []Pool{voice,
		{Name: "REMOTE", Network: netip.MustParsePrefix("10.88.0.0/24"), Lease: 600 * time.Second, DefaultRouters: []netip.Addr{ip("10.88.0.1")}, Options: voice.Options},
		{Name: "DESK", Host: netip.MustParsePrefix("10.77.0.50/24"), ClientID: idMAC(mac(0x0a, 1))},
	}
	return Spec{Config: c, Interfaces: []Interface{{Name: "GigabitEthernet0/0", Device: "vs0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")}}}}
}
