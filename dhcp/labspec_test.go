package dhcp

import (
	"net/netip"
	"time"

	"option150/dhcp/engine"
)

// labSpec is the set-up of facts/dhcp.md 5.6 and 9.
func labSpec() engine.Spec {
	c := engine.Default()
	c.PingPackets = 0
	c.Excluded = []engine.Range{{First: ip("10.77.0.1"), Last: ip("10.77.0.99")}, {First: ip("10.77.0.200"), Last: ip("10.77.0.254")},
		{First: ip("10.88.0.1"), Last: ip("10.88.0.99")}, {First: ip("10.88.0.200"), Last: ip("10.88.0.254")}}
	voice := engine.Pool{
		Name: "VOICE", Network: netip.MustParsePrefix("10.77.0.0/24"), Lease: 600 * time.Second, DomainName: "branch.example",
		DefaultRouters: []netip.Addr{ip("10.77.0.1")}, DNSServers: []netip.Addr{ip("10.77.0.53")},
		Options: []engine.Option{{Code: 66, Kind: engine.OptionASCII, Text: "10.77.0.1"}, {Code: 150, Kind: engine.OptionIP, Addrs: []netip.Addr{ip("10.77.0.1"), ip("10.77.0.2")}}},
	}
	c.Pools = []engine.Pool{voice,
		{Name: "REMOTE", Network: netip.MustParsePrefix("10.88.0.0/24"), Lease: 600 * time.Second, DefaultRouters: []netip.Addr{ip("10.88.0.1")}, Options: voice.Options},
		{Name: "DESK", Host: netip.MustParsePrefix("10.77.0.50/24"), ClientID: idMAC(mac(0x0a, 1))},
	}
	return engine.Spec{Config: c, Interfaces: []engine.Interface{{Name: "GigabitEthernet0/0", Device: "vs0", Addrs: []netip.Prefix{netip.MustParsePrefix("10.77.0.1/24")}}}}
}
