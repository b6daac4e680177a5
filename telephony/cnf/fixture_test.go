package cnf

import (
	"fmt"
	"net/netip"

	"option150/platform/ether"
)

// mac makes the invented addresses of fixtures, 001e.7a00.00xx.
func mac(n byte) ether.MAC { return ether.MAC{0x00, 0x1e, 0x7a, 0x00, 0x00, n} }

func addr(s string) netip.Addr { return netip.MustParseAddr(s) }

// sccpTypes and sipTypes are one phone of each family.
var (
	sccpTypes = []string{"7906", "7912", "7925", "7931", "7937", "7941", "7945", "7960", "7961GE", "7970", "6941", "8945", "CIPC"}
	sipTypes  = []string{"3905", "6941", "7905", "7912", "7940", "7961", "7965", "7841", "8851", "8945", "9971", "ATA", "ATA-187"}
)

// office is a configuration with every family, SCCP and SIP.
func office() Config {
	c := Default()
	c.Service.Present = true
	c.Service.SourceAddress = SourceAddress{Addr: addr("10.20.0.1"), Port: 2000, Secondary: addr("10.20.0.2")}
	c.Service.MaxEphones, c.Service.MaxDN = 48, 96
	c.Service.Loads = []LoadEntry{{Type: "6941", File: "SCCP69xx.9-4-1-3SR3.loads"}, {Type: "7941", File: "SCCP41.9-4-2SR3-1S.loads"}, {Type: "7945", File: "SCCP45.9-4-2SR4-3S"}, {Type: "7960-7940", File: "P0030801SR02"}, {Type: "7961GE", File: "SCCP41.9-4-2SR3-1S"}}
	c.Service.TimeZone, c.Service.UserLocales, c.Service.NetworkLocales = 26, []Locale{{Code: "DE"}}, []Locale{{Code: "DE"}}
	c.Service.URLs = []URL{{"directories", "http://10.20.0.9/directory?a=1&b=2"}, {"idle", "http://10.20.0.9/idle idle-timeout 60"}, {"services", "http://10.20.0.9/menu"}}
	c.Service.ServicePhone = []ServicePhone{{"peerFirmwareSharing", "1"}, {"webAccess", "0"}}
	for i, t := range sccpTypes {
		c.EphoneDNs = append(c.EphoneDNs, EphoneDN{Tag: i + 1, Number: fmt.Sprint(1001 + i), Line: "dual-line"})
		c.Ephones = append(c.Ephones, Ephone{Tag: i + 1, MAC: mac(byte(i + 1)), Type: t, Buttons: []Button{{1, ':', []int{i + 1}}}})
	}
	g := &c.Global
	g.Present, g.Mode = true, "cme"
	g.SourceAddress = SourceAddress{Addr: addr("10.20.0.1"), Port: 5060}
	g.MaxPool, g.MaxDN = 48, 96
	g.Loads = []LoadEntry{{Type: "7841", File: "sip78xx.12-1-1-12"}, {Type: "7905", File: "CP7905010300SIP050414A.sbin"}, {Type: "7960-7940", File: "P0S3-8-12-00"}, {Type: "7961", File: "SIP41.9-4-2-1S"}, {Type: "8851", File: "sip88xx.12-0-1MN-113.loads"}}
	g.Timezone, g.DateFormat, g.TimeFormat = 12, "D/M/Y", 24
	g.NTPServer, g.NTPMode = addr("10.20.0.1"), "unicast"
	g.FileText = true
	for i, t := range sipTypes {
		c.DNs = append(c.DNs, RegisterDN{Tag: i + 1, Number: fmt.Sprint(2001 + i), Name: "Line <" + t + "> & Sons", Label: fmt.Sprint("Desk ", 2001+i)})
		c.Pools = append(c.Pools, RegisterPool{Tag: i + 1, MAC: mac(byte(0x40 + i)), Type: t, Numbers: []PoolNumber{{1, i + 1}},
			Username: fmt.Sprint("user", i+1), Password: "secret" + fmt.Sprint(i+1), Codec: "g711ulaw", Description: "Room " + t, Transport: "tcp",
			SpeedDials: []SpeedDial{{Position: 1, Number: "9", Label: "Operator"}}})
	}
	return c
}

func mustBuild(c Config, o Options) *Set {
	s, err := Build(c, o)
	if err != nil {
		panic(err)
	}
	return s
}
