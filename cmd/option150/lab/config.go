package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/telephony/simphone"
)

// Targets are the loads the lab's configuration brings the phones to, by the
// keyword of `load`.
var targets = []struct {
	sip  bool
	key  string
	load string
}{
	{false, "7961", "SCCP41.9-4-2SR3-1S"}, {false, "7941", "SCCP41.9-4-2SR3-1S"}, {false, "7965", "SCCP45.9-4-2SR4-3S"},
	{true, "7961", "SIP41.9-4-2-1S"}, {true, "7941", "SIP41.9-4-2-1S"},
	{true, "7841", "sip78xx.12-1-1-12"}, {true, "8841", "sip88xx.12-0-1MN-113"}, {true, "8861", "sip88xx.12-0-1MN-113"},
}

// stones are the loads over which phones of the third generation step.
var stones = []string{"SCCP41.8-5-2S", "SCCP45.8-5-2S", "SIP41.8-5-2S"}

// loads are all that flash: holds.
func loads() []string {
	all := slices.Clone(stones)
	for _, t := range targets {
		if !slices.Contains(all, t.load) {
			all = append(all, t.load)
		}
	}
	return all
}

// password is that of enable and of the user lab in every lab.
const password = "lab"

// Config is the startup configuration of a lab of one subnet: what an engineer
// would type for these phones.
func Config(phones []simphone.Spec) string { return ConfigOf(Options{Phones: phones}) }

// ConfigOf is the startup configuration of a lab.
func ConfigOf(o Options) string {
	var w strings.Builder
	w.WriteString(`!
version 15.2
!
hostname Branch
!
enable secret ` + password + `
!
ip dhcp excluded-address 10.150.0.1 10.150.0.9
`)
	if len(o.Far) > 0 {
		w.WriteString("ip dhcp excluded-address 10.150.1.1 10.150.1.9\n")
	}
	w.WriteString(`!
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 domain-name branch.example
 option 150 ip 10.150.0.1
 lease 0 8
!
`)
	if len(o.Far) > 0 {
		w.WriteString("ip dhcp pool VOICE-2\n network 10.150.1.0 255.255.255.0\n default-router 10.150.1.1\n option 150 ip 10.150.0.1\n lease 0 8\n!\n")
	}
	if o.IPv6 {
		w.WriteString(pool6)
	}
	w.WriteString(`username lab privilege 15 secret ` + password + `
!
interface GigabitEthernet0/0
 description voice LAN of the lab
 ip address 10.150.0.1 255.255.255.0
`)
	if o.IPv6 {
		w.WriteString(" ipv6 address 2001:DB8:150::1/64\n ipv6 enable\n ipv6 dhcp server VOICE6 rapid-commit\n")
	}
	w.WriteString("!\n")
	if len(o.Far) > 0 {
		w.WriteString("interface GigabitEthernet0/1\n description second voice LAN of the lab\n ip address 10.150.1.1 255.255.255.0\n!\n")
	}
	if o.Mirror {
		w.WriteString("interface GigabitEthernet0/2\n description mirror port of the voice LAN\n no ip address\n!\n")
	}
	w.WriteString("ip http server\n!\n")
	all := append(slices.Clone(o.Phones), o.Far...)
	max := max(50, len(all))
	fmt.Fprintf(&w, "voice register global\n mode cme\n source-address 10.150.0.2 port 5060\n max-dn %d\n max-pool %d\n", max, max)
	writeLoads(&w, true)
	dns, pools, edns, ephones := devices(all)
	w.WriteString("!\n" + dns + pools)
	w.WriteString("telephony-service\n")
	writeLoads(&w, false)
	fmt.Fprintf(&w, " max-ephones %d\n max-dn %d\n ip source-address 10.150.0.2 port 2000\n", max, max)
	if o.Sharing != nil {
		w.WriteString(" service phone peerFirmwareSharing 1\n")
	}
	w.WriteString(o.Lines + " cnf-file location flash:\n cnf-file perphone\n hfs enable port 6970\n hfs home-path flash:phones\n!\n")
	w.WriteString(edns + ephones)
	if o.Mirror {
		w.WriteString("pfs\n mirror GigabitEthernet0/2\n log-server\n!\n")
	}
	w.WriteString(o.More)
	w.WriteString("line con 0\n exec-timeout 0 0\n privilege level 15\n logging synchronous\n!\nline vty 0 15\n login local\n transport input ssh\n!\nend\n")
	return w.String()
}

// Network6 is the network of IPv6 of a lab.
var Network6 = netip.MustParsePrefix("2001:db8:150::/64")

const pool6 = `ipv6 dhcp pool VOICE6
 address prefix 2001:DB8:150::/64
 vendor-specific 9
  suboption 1 address 2001:DB8:150::1
 domain-name branch.example
!
`

// devices are the directory numbers and phones, SIP and SCCP.
func devices(phones []simphone.Spec) (sipNumbers, sipPhones, sccpNumbers, sccpPhones string) {
	var dns, pools, edns, ephones strings.Builder
	sip, sccp := 0, 0
	for i, s := range phones {
		number := 1001 + i
		if s.Protocol == simphone.SIP {
			sip++
			fmt.Fprintf(&dns, "voice register dn  %d\n number %d\n name %s %d\n!\n", sip, number, s.Model, number)
			fmt.Fprintf(&pools, "voice register pool  %d\n id mac %s\n type %s\n number 1 dn %d\n description lab %s\n!\n", sip, s.MAC.CME(), s.Model, sip, s.Model)
			continue
		}
		sccp++
		fmt.Fprintf(&edns, "ephone-dn  %d  dual-line\n number %d\n label %d\n name %s %d\n!\n", sccp, number, number, s.Model, number)
		fmt.Fprintf(&ephones, "ephone  %d\n description %s of the lab\n mac-address %s\n type %s\n button  1:%d\n!\n", sccp, s.Model, s.MAC.CME(), s.Model, sccp)
	}
	return dns.String(), pools.String(), edns.String(), ephones.String()
}

func writeLoads(w *strings.Builder, sip bool) {
	for _, t := range targets {
		if t.sip == sip {
			fmt.Fprintf(w, " load %s %s\n", t.key, t.load)
		}
	}
}
