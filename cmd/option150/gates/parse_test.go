package gates

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
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
// [reference/ios-cli.md 1.13 and 3.4]
var forms = []form{
	{"show version", []string{
		`.* Software \((?P<image>[^)]+)\), Version (?P<version>[^, ]+), RELEASE SOFTWARE \(fc\d\)`,
		`.*Cisco IOS Software, Version (?P<compatible>\S+)`,
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
		`  ARP type: .+`, `  Last (?:input|clearing) .+`, `  Input queue: .+`, `  Queueing strategy: .+`, `  Output queue: .+`, `  \d+ minute (?:input|output) rate .+`,
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
		` (?P<archive>Archive feature not enabled)`,
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
	{"show boot", []string{`BOOT variable = (?P<boot>\S+)`, `CONFIG_FILE variable = (?P<config>\S+)`, `Configuration register is (?P<register>0x\w+)`}},
	{"show hosts", []string{`Default domain is (?P<domain>example\.net)`, `Name(?: lookup|/address lookup|server).*`}},
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
	s := w.login()
	s.do("configure terminal")
	s.do("interface GigabitEthernet0/0")
	s.do("description uplink")
	s.do("end")
	for _, f := range forms {
		answer := s.do(f.command)
		if _, err := f.records(answer); err != nil {
			t.Errorf("%s: %v\n%s", f.command, err, answer)
		}
	}
}

// TestNAPALMGetters: what NAPALM's driver for IOS cuts out of the answers, as
// far as the box has them. [reference/ios-cli.md 3.4]
func TestNAPALMGetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.login()
	has := func(command string, patterns ...string) string {
		t.Helper()
		answer := s.do(command)
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(answer) {
				t.Errorf("%s: no %s in\n%s", command, p, answer)
			}
		}
		return answer
	}
	// get_facts takes what is between this and the end of the line.
	if n := len(strings.Split(has("show version", `(?m)^Branch uptime is .+$`, `Processor board ID \S+`), "Cisco IOS Software, ")); n != 2 {
		t.Errorf("show version: `Cisco IOS Software, ` cuts it in %d parts, not 2", n)
	}
	has("show hosts", `Default domain is example\.net`)
	has("show ip interface brief", `(?m)^GigabitEthernet0/0\s`)
	// get_interfaces
	has("show interfaces", `(?m)^(\S+?)\s+is\s+(.+?),\s+line\s+protocol\s+is\s+(\S+)`, `address is [0-9a-f.]{14}`, `MTU (\d+).*BW (\d+) ([KMG]?b)`)
	// get_interfaces_ip
	has("show ip interface", `(?m)^\S+ is \S+, line protocol is \S+$`, `(?m)^  Internet address is \d+\.\d+\.\d+\.\d+/\d+$`)
	if answer := has("show ipv6 interface"); strings.Contains(answer, "%") {
		t.Errorf("show ipv6 interface is parsed as interfaces: %s", answer)
	}
	// get_environment
	has("show proc cpu", `CPU utilization for five seconds: \d+%/\d+%;`)
	memory := has("show memory statistics", `(?m)^Processor +\S+ +\d+ +\d+ +\d+`, `(?m)^ *I/O +\S+ +\d+ +\d+ +\d+`)
	// Ansible counts the decimal numbers between blanks: total, used, free.
	line := memory[strings.Index(memory, "Processor"):]
	line, _, _ = strings.Cut(line, "\n")
	if n := len(regexp.MustCompile(`\s(\d+)\s`).FindAllString(line, -1)); n < 3 {
		t.Errorf("show memory statistics: %d numbers in %q", n, line)
	}
	has("show env temperature status")
	// get_users, get_snmp_information, get_ntp_servers
	has("show run | section username", `(?m)^username lab privilege 15 secret 9 \$9\$\S+$`)
	for _, c := range []string{"show run | include snmp-server", "show run | include ntp server"} {
		if answer := has(c); answer != "" {
			t.Errorf("%s: %q", c, answer)
		}
	}
	// get_arp_table: an error would be a row.
	for l := range strings.Lines(has("show arp | exclude Incomplete")) {
		if f := strings.Fields(l); len(f) != 6 && !strings.HasPrefix(l, "Protocol") {
			t.Errorf("show arp: %d columns in %q", len(f), l)
		}
	}
	// get_config
	has("show startup-config", `(?m)^hostname Branch$`, `(?m)^end$`)
	has("show running-config", `(?m)^hostname Branch$`, `(?m)^end$`)
	has("show running-config all", `(?m)^hostname Branch$`, `(?m)^end$`)
	has("show clock", `(?m)^[*.]?\d\d:\d\d:\d\d\.\d+ \S+ \w+ \w+ \d+ \d+$`)
	// What a configuration push looks at.
	has("dir", `(?m)^Directory of (\S+)/$`)
	has("dir flash:/nofile", `(?m)^%Error opening flash:/nofile \(No such file or directory\)$`)
	has("verify /md5 flash:/greeting.txt", `= [0-9a-f]{32}\b`)
	has("show archive", `(?m)^ Archive feature not enabled$`)
	has("show archive config differences system:/running-config nvram:startup-config", `(?m)^!Contextual Config Diffs:`)
}

// TestOxidizedKeepsTheConfiguration: its prompt, and the three lines it throws
// away before the configuration. [reference/ios-cli.md 3.1, diagnosis.md 13]
func TestOxidizedKeepsTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.login()
	oxidized := regexp.MustCompile(`^([\w.@()-]+[#>]\s?)$`)
	for _, line := range []string{"terminal length 0", "terminal width 0", "show version", "show vtp status", "show inventory", "show running-config"} {
		answer := s.do(line)
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

// TestRancidCommandsAreAnsweredAtOnce, one after the other in one session: an
// answer or the caret, never a question, never the end.
func TestRancidCommandsAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.login()
	abort := regexp.MustCompile(`(?i)(?:%|command)? authorization failed|% ?configuration buffer full|(?m:^Error:)`)
	for _, c := range rancidCommands {
		answer := s.do(c)
		if s.Prompt != "Branch#" || abort.MatchString(answer) {
			t.Fatalf("%s leads to %q:\n%s", c, s.Prompt, answer)
		}
	}
	// Neither answers with what would be taken for something else.
	for _, c := range []string{"show vlan", "show vtp status"} {
		if answer := s.do(c); !strings.Contains(answer, "% Invalid input detected at '^' marker.") {
			t.Errorf("%s:\n%s", c, answer)
		}
	}
	if answer := s.do("show debug"); strings.TrimSpace(answer) != "" {
		t.Errorf("show debug:\n%s", answer)
	}
}
