package gates

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
)

// form is the form of a show command as the parsers of the field know it: a
// template that refuses a line it does not know. Groups with a name are fields;
// each has to be found, and none may be empty.
type form struct {
	command string
	lines   []string // every line of the answer matches one of them
}

// Fields that come often.
const (
	ipv4  = `\d+\.\d+\.\d+\.\d+`
	month = `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`
	day   = `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)`
	mac   = `[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}`
)

// forms are what the templates of ntc-templates and the parsers of Genie take
// from the commands that inventory tools run, in words of our own.
// [facts/ios-cli.md 1.13 and 3.4]
var forms = []form{
	{"show version", []string{
		`.* Software \((?P<image>[^)]+)\), Version (?P<version>[^, ]+), RELEASE SOFTWARE \(fc\d\)`,
		`Cisco (?P<os>[A-Z]+) Software\s*\[?(?P<location>\w*)?\]?, +(?P<platform>.+) +Software +\((?P<image>.+)\).+ Version (?P<compatible>[\w.:()]+) *,? *`,
		`ROM: (?P<rom>.+)`,
		`(?P<host>\S+) uptime is (?P<uptime>(?:\d+ (?:year|week|day|hour|minute)s?(?:, )?)+)`,
		`System returned to ROM by (?P<reason>.+)`,
		`System restarted at (?P<restarted>\d\d:\d\d:\d\d \S+ ` + day + ` ` + month + ` \d+ \d{4})`,
		`System image file is "(?P<file>[^"]+)"`,
		`.+ \((?P<cpu>\S+)\) processor .*with (?P<memory>\d+K/\d+K) bytes of memory\.`,
		`Processor board ID (?P<serial>\S+)`,
		`\d+K bytes of non-volatile configuration memory\.`,
		`Configuration register is (?P<register>0x[0-9A-F]+)`,
	}},
	{"show ip interface brief", []string{
		`Interface\s+IP-Address\s+OK\?\s+Method\s+Status\s+Protocol`,
		`(?P<interface>\S+)\s+(?P<address>` + ipv4 + `|unassigned)\s+\w+\s+(?P<method>\w+)\s+(?P<status>up|down|administratively down)\s+(?P<protocol>up|down)`,
	}},
	{"show interfaces", []string{
		`(?P<interface>\S+) is (?P<status>.+?), line protocol is (?P<protocol>\S+)`,
		`  Hardware is (?P<hardware>.+), address is (?P<mac>` + mac + `) \(bia (?P<bia>` + mac + `)\)`,
		`  Description: (?P<description>.+)`,
		`  Internet address is (?P<address>` + ipv4 + `/\d+)`,
		`  MTU (?P<mtu>\d+) bytes, BW (?P<bandwidth>\d+) Kbit/sec, DLY (?P<delay>\d+) usec,\s*`,
		`     reliability \d+/255, txload \d+/255, rxload \d+/255`,
		`  Encapsulation (?P<encapsulation>[^,]+), .+`,
		`  (?P<duplex>\w+) Duplex, (?P<speed>\w+), .*`,
		`  ARP type: .+`, `  Last (?:input|clearing) .+`, `  Queueing strategy: .+`,
		`  Input queue: \d+/(?P<queue>\d+)/(?P<indrops>\d+)/\d+ \(size/max/drops/flushes\); Total output drops: (?P<outdrops>\d+)`,
		`  Output queue: \d+/\d+ \(size/max\)`,
		`  5 minute input rate (?P<inbits>\d+) bits/sec, (?P<inpackets>\d+) packets/sec`,
		`  5 minute output rate (?P<outbits>\d+) bits/sec, (?P<outpackets>\d+) packets/sec`,
		`     (?P<input>\d+) packets input, (?P<inputbytes>\d+) bytes, \d+ no buffer`,
		`     Received \d+ .+`,
		`     \d+ runts, .+`,
		`     (?P<inputerrors>\d+) input errors, (?P<crc>\d+) CRC, .+`,
		`     (?P<output>\d+) packets output, (?P<outputbytes>\d+) bytes, \d+ underruns`,
		`     (?P<outputerrors>\d+) output errors, .+`,
		`     \d+ (?:unknown protocol drops|lost carrier|babbles).*`,
	}},
	{"show inventory", []string{
		`NAME: "(?P<name>[^"]*)", DESCR: "(?P<description>[^"]*)"`,
		`PID: (?P<pid>\S+)\s*, VID: (?P<vid>\S+)\s*, SN: (?P<serial>\S+)`,
	}},
	{"show clock", []string{
		`[*.]?(?P<time>\d\d:\d\d:\d\d\.\d{3}) (?P<zone>\S+) (?P<weekday>` + day + `) (?P<month>` + month + `) (?P<day>\d+) (?P<year>\d{4})`,
	}},
	{"show users", []string{
		`    Line       User       Host\(s\)              Idle       Location`,
		`[* ]\s*\d+ (?P<line>(?:con|vty) \d+)\s+(?P<user>\S+)\s+(?P<host>idle)\s+(?P<idle>\d\d:\d\d:\d\d)\s*(?P<location>` + ipv4 + `)`,
		`  Interface    User               Mode         Idle     Peer Address`,
	}},
	{"show ip dhcp binding", []string{
		`Bindings from all pools not associated with VRF:`,
		`IP address\s+Client-ID/\s+Lease expiration\s+Type.*`, `\s+Hardware address/`, `\s+User name`,
		`(?P<address>` + ipv4 + `)\s+(?P<client>[0-9a-f.]+)\s+(?P<lease>Infinite|` + month + ` \d\d \d{4} \d\d:\d\d [AP]M)\s+(?P<type>Automatic|Manual).*`,
	}},
	{"dir", []string{
		`Directory of (?P<filesystem>\S+)/`,
		`\s*(?P<id>\d+)\s+(?P<permissions>[-drwx]{4})\s+(?P<size>\d+)\s+(?P<date>` + month + ` \d\d \d{4}) (?P<time>\d\d:\d\d:\d\d) (?P<zone>\S+)\s+(?P<name>\S+)`,
		`(?P<total>\d+) bytes total \((?P<free>\d+) bytes free\)`,
	}},
	{"show logging | begin Syslog", []string{
		`Syslog logging: (?P<state>enabled) \(0 messages dropped, .+\)`,
		`No (?:Active Message Discriminator|Inactive Message Discriminator|active filter modules)\.`,
		`    Console logging: .+`, `    Monitor logging: .+`, ` +filtering disabled`,
		`    Buffer logging:  level (?P<level>\w+), (?P<messages>\d+) messages logged, .+`,
		`    (?:Exception Logging|Count and timestamp logging messages|Persistent logging|File logging): .+`,
		`    Trap logging: level (?P<trap>\w+), \d+ message lines logged`, `        Logging to .+`, `    Logging Source-Interface:.*`,
		`Log Buffer \((?P<size>\d+) bytes\):`,
		`\*?(?P<stamp>` + month + ` +\d+ \d\d:\d\d:\d\d\.\d{3}): %(?P<facility>[A-Z_0-9]+)-(?P<severity>[0-7])-(?P<mnemonic>[A-Z_0-9]+): (?P<message>.+)`,
		`Option 150 Software, Version .+`, // the second line of SYS-5-RESTART
	}},
	{"show archive", []string{
		`The maximum archive configurations allowed is (?P<maximum>\d+)\.`,
		`There are currently (?P<copies>\d+) archive configurations saved\.`,
		`The next archive file will be named (?P<next>flash:\S+)`,
		` Archive #  Name`,
		`  ( \d|\d\d)        (?P<name>flash:\S+)(?P<recent> <- Most Recent)?`, `   \d|  \d\d`, // and the places that are free
	}},
	{"show processes cpu", []string{
		`CPU utilization for five seconds: (?P<five>\d+)%/\d+%; one minute: (?P<minute>\d+)%; five minutes: (?P<fiveminutes>\d+)%`,
		` PID Runtime\(ms\) +Invoked +uSecs +5Sec +1Min +5Min TTY Process ?`,
		` *(?P<pid>\d+) +\d+ +\d+ +\d+ +[\d.]+% +[\d.]+% +[\d.]+% +\d+ (?P<process>.+)`,
	}},
	{"show memory statistics", []string{
		` +Head +Total\(b\) +Used\(b\) +Free\(b\) +Lowest\(b\) +Largest\(b\)`,
		` *(?P<pool>Processor|I/O) +(?P<head>[0-9A-F]+) +(?P<total>\d+) +(?P<used>\d+) +(?P<free>\d+) +(?P<lowest>\d+) +(?P<largest>\d+)`,
		`This box: .+`,
	}},
	{"show ip arp", []string{
		`Protocol  Address +Age \(min\)  Hardware Addr +Type +Interface`,
		`(?P<protocol>Internet) +(?P<address>` + ipv4 + `) +(?P<age>-|\d+) +(?P<mac>` + mac + `) +(?P<type>ARPA) +(?P<interface>\S+)`,
	}},
	{"show processes memory sorted", []string{
		`Processor Pool Total: +(?P<total>\d+) Used: +(?P<used>\d+) Free: +(?P<free>\d+)`, ` lsmpi_io Pool Total: +(?P<iototal>0) Used: +(?P<ioused>0) Free: +(?P<iofree>0)`,
		` PID TTY +Allocated +Freed +Holding +Getbufs +Retbufs Process`,
		` +(?P<pid>\d+) +\d+ +(?P<allocated>\d+) +(?P<freed>\d+) +(?P<holding>\d+) +\d+ +\d+ (?P<process>\S+)`,
		` +\d+ Total`,
	}},
	{"show ip traffic", []string{
		`(?P<protocol>IP|ICMP|UDP|TCP) statistics:`,
		`  Rcvd:  (?P<total>\d+) total, (?P<local>\d+) local destination`, `         (?P<format>\d+) format errors, (?P<checksum>\d+) checksum errors, (?P<hops>\d+) bad hop count`,
		`         (?P<unknown>\d+) unknown protocol, (?P<gateway>\d+) not a gateway`,
		`  Frags: (?P<reassembled>\d+) reassembled, (?P<timeouts>\d+) timeouts, (?P<not>\d+) couldn't reassemble`,
		`         (?P<fragmented>\d+) fragmented, (?P<fragments>\d+) fragments, (?P<could>\d+) couldn't fragment`,
		`  Bcast: (?P<bin>\d+) received, (?P<bout>\d+) sent`, `  Mcast: (?P<min>\d+) received, (?P<mout>\d+) sent`,
		`  Sent:  (?P<generated>\d+) generated, (?P<forwarded>\d+) forwarded`, `  Drop:  \d+ received, \d+ sent, (?P<noroute>\d+) no route`,
		`  Rcvd: (?P<ierrors>\d+) format errors, \d+ checksum errors, (?P<redirects>\d+) redirects, (?P<unreachable>\d+) unreachable`,
		`        (?P<echo>\d+) echo, (?P<reply>\d+) echo reply, \d+ mask requests, \d+ mask replies, \d+ quench`,
		`        \d+ parameter, \d+ timestamp, \d+ timestamp replies, \d+ info request, (?P<other>\d+) other`,
		`        \d+ irdp solicitations, \d+ irdp advertisements`, `        \d+ time exceeded, \d+ info replies`,
		`  Sent: \d+ redirects, \d+ unreachable, \d+ echo, \d+ echo reply`, `        \d+ mask requests, \d+ mask replies, \d+ quench, \d+ timestamp, \d+ timestamp replies`,
		`        \d+ info reply, \d+ time exceeded, \d+ parameter problem`,
		`  Rcvd: (?P<utotal>\d+) total, \d+ checksum errors, (?P<noport>\d+) no port`, `        \d+ no buffer`, `  Sent: (?P<usent>\d+) total, 0 forwarded broadcasts`,
		`  Rcvd: (?P<ttotal>\d+) total, (?P<tchecksum>\d+) checksum errors`, `  Sent: (?P<tsent>\d+) total, (?P<again>\d+) retransmitted`, `  Connections: .+`,
	}},
	{"show interfaces description", []string{
		`Interface +Status +Protocol Description`,
		`(?P<interface>Gi\S+) +(?P<status>up|down|admin down) +(?P<protocol>up|down)(?: +(?P<description>.+))?`,
	}},
	{"show interfaces summary", []string{
		` \*: interface is up`, ` (?:IHQ|OHQ|RXBS|TXBS|TRTL): .+`, `  Interface +IHQ +IQD +OHQ +OQD +RXBS +RXPS +TXBS +TXPS +TRTL`, `-+`,
		`[* ] (?P<interface>\S+) +\d+ +(?P<indrops>\d+) +\d+ +(?P<outdrops>\d+) +(?P<inbits>\d+) +(?P<inpackets>\d+) +(?P<outbits>\d+) +(?P<outpackets>\d+) +\d+`,
	}},
	{"show ip route", []string{
		`Codes: .+`, `Gateway of last resort is .+`,
		`(?P<code>[CLS])\*? +(?P<network>` + ipv4 + `/\d+) is directly connected, (?P<interface>\S+)`,
	}},
	{"show ip route " + address, []string{
		`Routing entry for (?P<network>` + ipv4 + `/\d+)`,
		`  Known via "(?P<protocol>\w+)", distance \d+, metric (?P<metric>\d+) .+`,
		`  Routing Descriptor Blocks:`,
		`  \* directly connected, via (?P<interface>\S+)`,
		`      Route metric is \d+, traffic share count is 1`,
	}},
	{"show ip access-lists", []string{
		`(?P<type>Standard) IP access list (?P<name>\S+)`,
		` +(?P<number>\d+) (?P<action>permit|deny) (?P<source>` + ipv4 + `)(?:, wildcard bits (?P<wildcard>` + ipv4 + `))?`,
	}},
	{"show ip dhcp pool", []string{
		`Pool (?P<pool>\S+) :`, ` Utilization mark \(high/low\)    : (?P<high>\d+) / (?P<low>\d+)`, ` Subnet size \(first/next\)       : (?P<first>\d+) / (?P<next>\d+) ?`,
		` Total addresses                : (?P<total>\d+)`, ` Leased addresses               : (?P<leased>\d+)`, ` Excluded addresses             : (?P<excluded>\d+)`,
		` Pending event                  : (?P<event>\w+)`, ` (?:1 subnet is|\d+ subnets are) currently in the pool :`, ` Current index        IP address range                    Leased/Excluded/Total`,
		` (?P<index>` + ipv4 + `) +(?P<from>` + ipv4 + `) +- (?P<to>` + ipv4 + `) +(?P<n>\d+) +/ (?P<x>\d+) +/ (?P<of>\d+)`,
	}},
	{"show ip dhcp server statistics", []string{
		`(?:Memory usage|Address pools|Database agents|Automatic bindings|Manual bindings|Expired bindings|Malformed messages|Secure arp entries|Renew messages|Workspace timeouts|Static routes|Relay bindings) +(?P<count>\d+)`,
		`Relay bindings (?P<relay>active|terminated|selecting) +\d+`, `Message +(?P<direction>Received|Sent|Forwarded)`,
		`(?P<message>BOOTREQUEST|BOOTREPLY|DHCP[A-Z]+) +(?P<messages>\d+)`, `DHCP-DPM Statistics`,
		`(?:Offer notifications sent|Offer callbacks received|Classname requests sent|Classname callbacks received) +(?P<dpm>\d+)`,
	}},
	{"show terminal", []string{
		`Line (?P<line>\w+), Location: "[^"]*", Type: "[^"]*"`, `Length: (?P<length>\d+) lines, Width: (?P<width>\d+) columns`,
		`Baud rate \(TX/RX\) is (?P<tx>\d+)/(?P<rx>\d+), (?P<parity>\w+) parity, (?P<stop>\d) stopbits, (?P<data>\w+) databits`,
		`Status: (?P<status>.+)`, `History is enabled, history size is (?P<history>\d+)\.`,
		`Allowed input transports are (?P<input>[\w ]+)\.`, `Allowed output transports are (?P<output>[\w ]+)\.`,
	}},
	{"show line", []string{
		`   Tty +Typ +Tx/Rx +A +Modem +Roty +AccO +AccI +Uses +Noise +Overruns +Int`,
		`(?P<active>[* ]) +(?P<tty>\d+) (?P<type>[CV]TY) +(?P<a>-) +(?P<modem>-) +(?P<roty>-) +(?P<acco>-) +(?P<acci>\S+) +(?P<uses>\d+) +(?P<noise>\d+) +(?P<overruns>\d+/\d+) +(?P<int>-)`,
	}},
	{"show interfaces status", []string{
		`Port +Name +Status +Vlan +Duplex +Speed Type`,
		`(?P<port>Gi\S+) +(?P<name>.*?) +(?P<status>connected|notconnect|disabled) +(?P<vlan>routed) +(?P<duplex>\S+) +(?P<speed>\S+) (?P<type>.+)`,
	}},
	{"show aliases", []string{`(?P<mode>Exec) mode aliases:`, `  (?P<alias>\w+) +(?P<command>\w.*)`}},
	{"show ip http server status", []string{
		`HTTP server status: (?P<status>Enabled|Disabled)`, `HTTP server port: (?P<port>\d+)`,
		`HTTP server (?:active supplementary listener ports|authentication method|access class|base path|help root|active session modules): ?.*`,
		`HTTP secure server .+: .+`, `Maximum number of (?:concurrent server connections allowed|requests allowed on a connection): \d+`,
		`Server (?:idle|life) time-out: \d+ seconds`,
	}},
	{"show ipv6 interface brief", []string{`(?P<interface>\S+) +\[(?P<admin>[\w ]+)/(?P<protocol>\w+)\]`, ` +(?P<address>unassigned|[0-9A-F:]+)`}},
	{"show ip vrf interfaces", []string{`Interface +IP-Address +VRF +Protocol`}},
	{"show vrf", []string{`  Name +Default RD +Protocols +Interfaces`}},
	{"show ipv6 neighbors", []string{`IPv6 Address +Age Link-layer Addr State Interface`}},
	{"show boot", []string{
		`BOOT path-list +: (?P<boot>\S+)`, `Config file +: (?P<config>\S+)`, `Enable Break +: (?P<break>no)`, `Manual Boot +: (?P<manual>no)`,
	}},
	{"show bootvar", []string{`BOOT variable = (?P<boot>\S+)`, `CONFIG_FILE variable = (?P<config>\S+)`, `Configuration register is (?P<register>0x\w+)`}},
	{"show hosts", []string{`Default domain is (?P<domain>example\.net)`, `Name(?: lookup|/address lookup|server).*`}},
	{"show hosts summary", []string{
		`Default domain is (?P<domain>example\.net)`, `Local cache entries: (?P<local>\d+)`, `Dynamic cache entries: (?P<dynamic>\d+)`,
	}},
}

// records applies a form and complains of lines it does not know.
func (f form) records(answer string) (fields map[string][]string, err error) {
	fields = map[string][]string{}
	var known []*regexp.Regexp
	for _, l := range f.lines {
		re := regexp.MustCompile(`^(?:` + l + `)$`)
		known = append(known, re)
		for _, n := range re.SubexpNames() {
			if n != "" {
				fields[n] = nil
			}
		}
	}
next:
	for line := range strings.Lines(answer) {
		line = strings.TrimSuffix(line, "\n")
		if strings.TrimSpace(line) == "" {
			continue
		}
		for _, re := range known {
			m := re.FindStringSubmatch(line)
			if m == nil {
				continue
			}
			for i, n := range re.SubexpNames() {
				if n != "" {
					fields[n] = append(fields[n], m[i])
				}
			}
			continue next
		}
		return nil, fmt.Errorf("no template knows the line %q", line)
	}
	for n, values := range fields {
		if strings.Join(values, "") == "" {
			return nil, fmt.Errorf("no %s", n)
		}
	}
	return fields, nil
}

// TestTemplatesKnowEveryLine of what inventory tools ask, and find every field.
func TestTemplatesKnowEveryLine(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	s.Configure("interface GigabitEthernet0/0", "description uplink", "access-list 10 permit 10.150.0.5", "ip access-list standard DESK", "permit 10.150.0.0 0.0.0.255")
	if answer := s.Do("show archive"); answer != " Archive feature not enabled\n" {
		t.Errorf("show archive: %q", answer)
	}
	s.Configure("archive", "path flash:archive/$h", "maximum 12")
	s.Do("archive config")
	s.Do("archive config")
	for _, f := range forms {
		answer := s.Do(f.command)
		if _, err := f.records(answer); err != nil {
			t.Errorf("%s: %v\n%s", f.command, err, answer)
		}
	}
}

// TestOxidizedKeepsTheConfiguration: its prompt, and the three lines it throws
// away before the configuration. [facts/ios-cli.md 3.1, facts/diagnosis.md 13]
func TestOxidizedKeepsTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	oxidized := regexp.MustCompile(`^([\w.@()-]+[#>]\s?)$`)
	for _, line := range []string{"terminal length 0", "terminal width 0", "show version", "show vtp status", "show inventory", "show running-config"} {
		answer := s.Do(line)
		if !oxidized.MatchString(s.Prompt) {
			t.Errorf("after %q the prompt is %q", line, s.Prompt)
		}
		for l := range strings.Lines(answer) {
			if oxidized.MatchString(strings.TrimSuffix(l, "\n")) {
				t.Errorf("%s: the line %q looks like a prompt", line, l)
			}
		}
		if line != "show running-config" {
			continue
		}
		lines := strings.Split(answer, "\n")
		if lines[0] != "Building configuration..." || lines[1] != "" || !regexp.MustCompile(`^Current configuration : \d+ bytes$`).MatchString(lines[2]) {
			t.Errorf("Oxidized throws away\n%s", strings.Join(lines[:3], "\n"))
		}
		if kept := strings.Join(lines[3:], "\n"); !strings.HasPrefix(kept, "!\n") || !strings.Contains(kept, "\nhostname Branch\n") {
			t.Errorf("Oxidized keeps\n%s", kept)
		}
		// What it hides: the words before a secret.
		for _, hidden := range []string{`(?m)^(enable secret) 9 \S+$`, `(?m)^(username \S+ privilege \d+ secret) 9 \S+$`} {
			if !regexp.MustCompile(hidden).MatchString(answer) {
				t.Errorf("no %s in\n%s", hidden, answer)
			}
		}
	}
}

// TestOxidizedCollectsTheSameTwice: what it stores of two sessions differs in
// nothing, so that a change it reports is one. A user of the lowest level, who
// enters enable, gets the same as one who begins at level 15.
func TestOxidizedCollectsTheSameTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	uptime := regexp.MustCompile(`(?m)^(?:Branch uptime is .*|Current configuration : .*)$`)
	collect := func(s *testbox.Shell) string {
		var all strings.Builder
		for _, c := range []string{"terminal length 0", "terminal width 0", "show version", "show vtp status", "show inventory", "show running-config"} {
			all.WriteString(uptime.ReplaceAllString(s.Do(c), ""))
		}
		return all.String()
	}
	first := collect(w.Login())
	if second := collect(w.Login()); second != first {
		t.Errorf("first\n%s\nthen\n%s", first, second)
	}
	low := w.LoginAs("guest", "guest")
	if low.Prompt != "Branch>" {
		t.Fatalf("prompt %q", low.Prompt)
	}
	low.Send("enable\r")
	low.Sees("Password: ")
	low.Do("lab")
	if low.Prompt != "Branch#" {
		t.Fatalf("enable leads to %q", low.Prompt)
	}
	if third := collect(low); third != first {
		t.Errorf("as guest\n%s\nas lab\n%s", third, first)
	}
}

// TestRancidCommandsAreAnsweredAtOnce, one after the other in one session: an
// answer or the caret, never a question, never the end.
func TestRancidCommandsAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	abort := regexp.MustCompile(`(?i)(?:%|command)? authorization failed|% ?configuration buffer full|(?m:^Error:)`)
	for _, c := range rancidCommands {
		answer := s.Do(c)
		if s.Prompt != "Branch#" || abort.MatchString(answer) {
			t.Fatalf("%s leads to %q:\n%s", c, s.Prompt, answer)
		}
	}
	// Neither answers with what would be taken for something else.
	for _, c := range []string{"show vlan", "show vtp status"} {
		if answer := s.Do(c); !strings.Contains(answer, "% Invalid input detected at '^' marker.") {
			t.Errorf("%s:\n%s", c, answer)
		}
	}
	if answer := s.Do("show debug"); strings.TrimSpace(answer) != "" {
		t.Errorf("show debug:\n%s", answer)
	}
}
