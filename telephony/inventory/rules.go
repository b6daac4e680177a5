package inventory

import (
	"fmt"
	"slices"
	"sync"

	"option150/telephony/advice"
)

// Rule is one row of the verdict table, in the order of the chain: the first
// that applies is the first broken link.
type Rule struct {
	Code    string
	Says    string       // in general; a verdict says it of one phone
	Fix     advice.Steps // unless the verdict gives its own
	Screens []string     // texts on the phone's screen that lead here
	weight  weight
	check   func(*evidence) (Verdict, bool) // nil: not about one phone
}

// weight is what a verdict means for a phone that looks as if it came up.
type weight int

const (
	beside weight = iota // worth knowing
	stays                // it is up all the same, and something is to be done
	spoils               // it has all it asked for, and does not count as up
	stops                // it will not come up like this
)

// Rules is the table.
func Rules() []Rule { return slices.Clone(rules()) }

func tell(text string) advice.Steps { return advice.Steps{advice.Tell(text)} }

var rules = sync.OnceValue(table)

func table() []Rule {
	return []Rule{
		{"R01", "it shows itself on the LAN and never asks for an address", tell("Check the voice VLAN of its switch port; if the phone has a static address, switch DHCP on in its network settings."), []string{"Configuring VLAN", "Configuring IP"}, stops, nil},
		{"R02", "there is no address to give: no pool for the network, or it is exhausted", nil, []string{"Configuring IP"}, stops, noLease},
		{"R03", "another DHCP server sends option 150 as text", tell("On the other server give option 150 as addresses, or switch that server off."), []string{"Configuring IP", "TFTP Timeout"}, stops, textOption},
		{"R04", "the phone took the lease of another DHCP server", nil, []string{"Configuring IP", "TFTP Timeout"}, stops, foreignLease},
		{"R22", "its address is in use by another device", advice.Steps{advice.Do("show ip dhcp conflict"), advice.Do("show ip arp"), advice.Tell("find the device that uses the address, take it off, and restart the phone.")}, []string{"Duplicate IP"}, spoils, duplicate},
		{"R38", "its lease names no file server of this box", nil, []string{"TFTP Timeout", "Configuring CM List"}, beside, otherFileServer},
		{"R47", "it has an IPv6 address, and no router advertises itself on its network", nil, []string{"Configuring IP", "TFTP Timeout"}, stops, noRouter6},
		{"R48", "the router of its network does not send it to DHCPv6 for an address", nil, []string{"Configuring IP"}, stops, noFlag6},
		{"R46", "its DHCPv6 vendor option has another enterprise number than Cisco's", nil, []string{"TFTP Timeout", "Configuring CM List"}, stops, otherEnterprise},
		{"R45", "it speaks IPv6 only and is told no TFTP server that has IPv6", nil, []string{"TFTP Timeout", "Configuring CM List"}, stops, noTFTP6},
		{"R05", "it has an address and asks for nothing here: alternate TFTP", tell("On the phone: Settings > Network Configuration, unlock with **#, set Alternate TFTP to No."), []string{"TFTP Timeout", "Configuring CM List"}, stops, askedNothing},
		{"R34", "its files were asked for from an address that is not its own", advice.Steps{advice.Do("show ip dhcp binding"), advice.Tell("see who has that address, if it is not the same phone behind a router.")}, nil, beside, otherHolder},
		{"R06", "it asks here although its lease names another server", tell("On the phone set Alternate TFTP to No, or correct option 150 of the pool."), nil, beside, otherServer},
		{"R10", "HTTP did not answer on 6970", advice.Steps{advice.Set("ip http server"), advice.In("telephony-service", "hfs enable port 6970"), advice.Do("show ip http server status")}, nil, beside, noHTTP},
		{"R13", "it wants its files by HTTPS", nil, []string{"Configuring CM List"}, stops, wantsHTTPS},
		{"R12", "it trusts another call manager", nil, []string{"No Trust List Installed", "CTLFile.tlv", "Trust List update failed", "Auth Fail"}, stops, foreignTrust},
		{"R20", "a 7940 or 7960 between two images", tell("Configure it with a load line for its model; recover 7960 with its name gives it the empty CTL file it waits for; restart it then."), []string{"Protocol Application Invalid", "CTLFile.tlv"}, stops, hunting},
		{"R14", "it has no image and its default load does not lead on", nil, []string{"No Load Specified", "Upgrading"}, stops, recovering},
		{"R21", "it is configured for the other protocol than it speaks", nil, []string{"Registration Rejected", "Unprovisioned"}, stops, otherFirmware},
		{"R35", "a rule keeps a file from it: an access list, or where it is", advice.Steps{advice.Do("show access-lists"), advice.Tell("permit the network of the phone in that list, or take the list off the line.")}, nil, stops, refusedByRule},
		{"R49", "it asks for a binary configuration file, whose layout is not published", nil, []string{"Configuring CM List", "Unprovisioned"}, stops, binaryFile},
		{"R50", "it asks for the configuration file of a gateway, which is not made", nil, nil, stops, gatewayFile},
		{"R37", "it is configured and there is no file for it", nil, []string{"Unprovisioned", "Registration Rejected"}, stops, notBuilt},
		{"R16", "it was given its file and asked for the default one: file not accepted", nil, []string{"Programming Error XmlDefault.cnf.xml", "Unprovisioned"}, stops, refusedConfig},
		{"R24", "no alternate file server knows this phone either: who was asked", nil, []string{"Unprovisioned", "Registration Rejected"}, stops, nobodyKnows},
		{"R17", "nobody knows this phone", nil, []string{"Unprovisioned", "Registration Rejected"}, stops, unknownPhone},
		{"R07", "the load it is to run is not here; a similar name is", nil, []string{"Upgrading", "No Load Specified"}, stops, typo},
		{"R08", "the load is incomplete or damaged: which files", nil, []string{"Upgrading", "Image Authentication Failed"}, stops, incompleteLoad},
		{"R15", "it fetched the load, restarted and fetches it again: refused image", nil, []string{"Auth Fail", "Image Authentication Failed", "Upgrading"}, stops, refusedImage},
		{"R39", "its firmware cannot check signatures and asks for another image than the load", nil, nil, spoils, unsignedImage},
		{"R36", "its load server does not answer", nil, []string{"Upgrading", "TFTP Timeout"}, stops, deadLoadServer},
		{"R19", "large TFTP blocks do not get through", tell("Lower the block size of TFTP on the phone, or raise the MTU on the way: blocks have to fit into one packet."), []string{"TFTP Timeout", "W210 TFTP Error : buffer full"}, stops, largeBlocks},
		{"R18", "it asks by TFTP and never acknowledges: the answers do not reach it", advice.Steps{advice.Set("tftp-server single-port"), advice.Tell("or let the UDP ports of the answers through the firewall between this box and the phone.")}, []string{"TFTP Timeout"}, stops, returnPort},
		{"R11", "a transfer never completes", tell("Check cable, duplex and MTU on the way, and any firewall in it."), []string{"TFTP Timeout", "Upgrading"}, stops, neverCompletes},
		{"R09", "HTTP did not have what TFTP had: a fault of this box", tell("This is a fault of this box. Please report it with the output of show phone."), nil, beside, ownFault},
		{"R23", "its requests met a busy server; it asks again", nil, []string{"W210 TFTP Error : buffer full"}, beside, tooMany},
		{"R27", "an alternate file server asks this box for what it is asked for", advice.Steps{advice.Do("show file-server alternate"), advice.Tell("take this box out of the alternates of that server: only the one that phones ask has alternates.")}, nil, beside, turnsInCircles},
		{"R29", "a transfer slower than 64 KiB/s", tell("Check speed and duplex of the switch port and of the phone."), []string{"Upgrading"}, beside, slowTransfer},
		{"R31", "it downloads here what its peers share", tell("On the phone: peer firmware sharing on, in the same subnet and with the same firmware as the others."), []string{"Upgrading"}, beside, outsider},
		{"R30", "silent after the last component", tell("Look at its screen before anything else: a phone that loses its power while it writes its flash may not start again. If nothing moves there, reset it to factory defaults: it fetches its default load then."), []string{"Upgrading"}, stops, noComeback},
		{"R28", "its call control is on another network, and no gateway leads there", nil, []string{"Registration Rejected", "Configuring CM List"}, spoils, noGateway},
		{"R25", "files are served; its call control does not answer or has it not registered", nil, []string{"Registration Rejected", "Configuring CM List", "Unprovisioned"}, spoils, deadControl},
		{"R26", "files are served; its call control rejects it, or it starts again and again", tell("Look at the call control: it rejects the registration, or does not know the device."), []string{"Registration Rejected", "Unprovisioned"}, spoils, restarting},
		{"R32", "it last fetched an older file than today's", tell("Restart the phone: it reads its file when it boots."), nil, stays, staleFile},
		{"R33", "an address asks for the files of many phones", advice.Steps{advice.Do("show phones scans"), advice.Do("show ip arp"), advice.Tell("find the device; phones ask for their own files only.")}, nil, stops, nil},
	}
}

// weightOf is the weight of a code.
func weightOf(code string) weight {
	for _, r := range rules() {
		if r.Code == code {
			return r.weight
		}
	}
	return beside
}

// found is a verdict that was observed, and the fact it rests on.
func found(evidence, format string, args ...any) (Verdict, bool) {
	return Verdict{Text: fmt.Sprintf(format, args...), Evidence: evidence, Basis: Observed}, true
}

// guessed is one that was inferred.
func guessed(evidence, format string, args ...any) (Verdict, bool) {
	return Verdict{Text: fmt.Sprintf(format, args...), Evidence: evidence, Basis: Inferred}, true
}

func none() (Verdict, bool) { return Verdict{}, false }
