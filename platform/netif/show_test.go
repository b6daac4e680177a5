package netif

import (
	"net/netip"
	"path/filepath"
	"regexp"
	"testing"

	"option150/platform/ether"
	"option150/platform/testkit/golden"
)

func keep(t *testing.T, name, got string) {
	t.Helper()
	golden.Check(t, filepath.Join("testdata", name+".golden"), got)
}

func views() []View {
	return []View{
		{Interface: Interface{Mapping: Mapping{Name: "GigabitEthernet0/0", Device: "eth0"}, Present: true, AdminUp: true, LineUp: true,
			MAC: ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}, MTU: 1500, Speed: 100, Duplex: "Full",
			Addrs:    []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("10.0.1.1/24")},
			Counters: Counters{InPackets: 10, InBytes: 1000, InMulticast: 2, OutPackets: 20, OutBytes: 18446744073709551615, OutDropped: 1, InDropped: 3}, InQueue: 1000, OutQueue: 500},
			Description: "phones", Method: "NVRAM", Rate: Rate{InBits: 64000, InPackets: 50, OutBits: 8000, OutPackets: 7}},
		{Interface: Interface{Mapping: Mapping{Name: "GigabitEthernet0/1", Device: "eth1"}, Present: true,
			MAC: ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 2}, MTU: 1500}},
		{Interface: Interface{Mapping: Mapping{Name: "GigabitEthernet0/2.10", Device: "eth2.10"}, Present: true, AdminUp: true, MTU: 1496,
			Addrs: []netip.Prefix{netip.MustParsePrefix("192.168.100.200/31")}}, Method: "other"},
		{Interface: Interface{Mapping: Mapping{Name: "FastEthernet1/0", Device: "usb0"}}, Description: "spare"},
	}
}

func TestShow(t *testing.T) {
	keep(t, "brief", ShowBrief(views()).String())
	keep(t, "interfaces", ShowInterfaces(views()))
	keep(t, "ip", ShowIPInterface(views()))
	keep(t, "description", ShowDescriptions(views()).String())
	keep(t, "summary", ShowSummary(views()).String())
}

// TestClientsParse checks the expressions of clients. [facts/ios-cli.md 1.13, 3.4]
func TestClientsParse(t *testing.T) {
	text := ShowInterfaces(views())
	for _, re := range []string{
		`(?m)^(\S+?)\s+is\s+(.+?),\s+line\s+protocol\s+is\s+(\S+)`,
		`MTU (\d+).*BW (\d+) ([KMG]?b)`,
		`Hardware is (?:.*), address is (\S+)`,
		`(?m)Internet address is (.+)$`,
		`(\w+) Duplex`,
	} {
		if !regexp.MustCompile("(?i)" + re).MatchString(text) {
			t.Errorf("%s does not match", re)
		}
	}
	banned := regexp.MustCompile(`(?i)[^\r\n]+ not found|ERROR:|connection timed out|% ?Error|invalid input`)
	for _, text := range []string{text, ShowBrief(views()).String(), ShowIPInterface(views()), ShowDescriptions(views()).String(), ShowSummary(views()).String()} {
		if m := banned.FindString(text); m != "" {
			t.Errorf("banned phrase %q", m)
		}
	}
}

func TestParseName(t *testing.T) {
	for in, want := range map[string]string{
		"gi0/0": "GigabitEthernet0/0", "Gi 0/0": "GigabitEthernet0/0", "GigabitEthernet0/0": "GigabitEthernet0/0",
		"gigabitethernet 0/00": "GigabitEthernet0/0", "g0/1.10": "GigabitEthernet0/1.10", "fa0": "FastEthernet0",
		"Fast 1/2/3": "FastEthernet1/2/3", "e0/0": "Ethernet0/0", "lo0": "Loopback0", "Loopback 12": "Loopback12",
		"vl10": "Vlan10", "Vlan1": "Vlan1", "s0/0/0": "Serial0/0/0", "Serial0/0/0:15": "Serial0/0/0:15", "tu0": "Tunnel0", "Dot11Radio0/0": "Dot11Radio0/0", "port-channel1.10": "Port-channel1.10", "Embedded-Service-Engine0/0": "Embedded-Service-Engine0/0", " Gi0/0 ": "GigabitEthernet0/0",
	} {
		if got, ok := ParseName(in); !ok || got != want {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "0/0", "gi", "gi0/", "gi/0", "gi0/0.", "gi0/0.x", "gi256/0", "gi0/0/0/0", "vlan0", "vlan4095",
		"vlan1/0", "vlan1.5", "lo-1", "foo0", "ephone0", "Serial0/0:x", "Serial0/0:1.5", "gigabitx0/0", "gi0/0.4294967296", "gi 0 /0", "gi+1/0"} {
		if got, ok := ParseName(in); ok {
			t.Errorf("%q accepted as %q", in, got)
		}
	}
	if ShortName("GigabitEthernet0/0.10") != "Gi0/0.10" || ShortName("Vlan10") != "Vl10" {
		t.Error("short names")
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("gi0/0")
	f.Add("Loopback 0")
	f.Add("Gi 1/2/3.4")
	f.Fuzz(func(t *testing.T, in string) {
		name, ok := ParseName(in)
		if !ok {
			return
		}
		if again, ok := ParseName(name); !ok || again != name {
			t.Errorf("%q gives %q, which gives %q %v", in, name, again, ok)
		}
	})
}

func TestCheckAddress(t *testing.T) {
	for in, ok := range map[string]bool{
		"10.0.0.1/24": true, "10.0.0.0/31": true, "10.0.0.1/32": true, "192.0.2.255/16": true,
		"10.0.0.0/24": false, "10.0.0.255/24": false, "0.0.0.1/8": false, "127.0.0.1/8": false, "224.0.0.1/24": false,
		"10.0.0.1/0": false, "2001:db8::1/64": false, "255.255.255.255/32": false,
	} {
		if err := CheckAddress(netip.MustParsePrefix(in)); (err == nil) != ok {
			t.Errorf("%s: %v", in, err)
		}
	}
	if CheckAddress(netip.Prefix{}) == nil {
		t.Error("no address accepted")
	}
}
