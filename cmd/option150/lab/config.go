package lab

import (
	"fmt"
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

// loadsOf is every load the phones may ask for: the target of each.
func loadsOf([]simphone.Spec) map[string]bool {
	all := map[string]bool{}
	for _, t := range targets {
		all[t.load] = true
	}
	return all
}

// Config is the startup configuration of the lab: what an engineer would type
// for these phones.
func Config(phones []simphone.Spec) string {
	var w strings.Builder
	w.WriteString(`!
version 15.2
!
hostname Branch
!
enable secret lab
!
ip dhcp excluded-address 10.150.0.1 10.150.0.9
!
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 domain-name branch.example
 option 150 ip 10.150.0.1
 lease 0 8
!
username lab privilege 15 secret lab
!
interface GigabitEthernet0/0
 description voice LAN of the lab
 ip address 10.150.0.1 255.255.255.0
!
ip http server
!
`)
	w.WriteString("voice register global\n mode cme\n source-address 10.150.0.1 port 5060\n max-dn 50\n max-pool 50\n")
	writeLoads(&w, true)
	var dns, pools, edns, ephones strings.Builder
	sip, sccp := 0, 0
	for _, s := range phones {
		number := 1000 + int(s.MAC[5])
		if s.Protocol == simphone.SIP {
			sip++
			fmt.Fprintf(&dns, "voice register dn  %d\n number %d\n name %s %d\n!\n", sip, number, s.Model, number)
			fmt.Fprintf(&pools, "voice register pool  %d\n id mac %s\n type %s\n number 1 dn %d\n description %s of the lab\n!\n", sip, s.MAC.CME(), s.Model, sip, s.Model)
			continue
		}
		sccp++
		fmt.Fprintf(&edns, "ephone-dn  %d  dual-line\n number %d\n label %d\n name %s %d\n!\n", sccp, number, number, s.Model, number)
		fmt.Fprintf(&ephones, "ephone  %d\n description %s of the lab\n mac-address %s\n type %s\n button  1:%d\n!\n", sccp, s.Model, s.MAC.CME(), s.Model, sccp)
	}
	w.WriteString("!\n" + dns.String() + pools.String())
	w.WriteString("telephony-service\n")
	writeLoads(&w, false)
	w.WriteString(" max-ephones 50\n max-dn 50\n ip source-address 10.150.0.1 port 2000\n cnf-file location flash:\n cnf-file perphone\n hfs enable port 6970\n hfs home-path flash:phones\n!\n")
	w.WriteString(edns.String() + ephones.String())
	w.WriteString("line con 0\n exec-timeout 0 0\n privilege level 15\n logging synchronous\n!\nline vty 0 15\n login local\n transport input ssh\n!\nend\n")
	return w.String()
}

func writeLoads(w *strings.Builder, sip bool) {
	for _, t := range targets {
		if t.sip == sip {
			fmt.Fprintf(w, " load %s %s\n", t.key, t.load)
		}
	}
}
