package gates

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
)

// failure is what programs take for a command that failed.
// [facts/ios-cli.md 3.2]
var failure = regexp.MustCompile(`(?i)% ?invalid|invalid input|(?:incomplete|ambiguous) command|% ?error|error:|[^\r\n]+ not found|connection timed out|(?m:^\s*\^\s*$)`)

// asked is every command of NAPALM's getters that a router answers whatever it
// does. [facts/ios-cli.md 3.4]
var asked = []string{
	"show version", "show hosts", "show ip interface brief", // get_facts
	"show interfaces", "show interface summary", "show ip interface", "show ipv6 interface", // interfaces, counters, addresses
	"show arp | exclude Incomplete", "show ipv6 neighbors", // tables
	"show lldp neighbors detail", "show lldp neighbors", "show lldp neighbors | begin Local",
	"show run | include ntp server", "show ntp associations",
	"show run | section username", "show run | include username",
	"show run | include snmp-server", "show snmp chassis",
	"show proc cpu", "show memory statistics", "show env temperature status", // get_environment
	"show vrf detail", "show vrf", "show ip vrf", // get_network_instances, get_route_to
	"show ip route 10.150.0.0 255.255.255.0", "show ip route 10.150.0.5 ", "show ip route 192.0.2.1", "ping 10.150.0.5 timeout 2 size 100 repeat 5",
	"show bgp all summary", "show ip bgp all sum", "show run | section ip sla [0-9]",
	"show clock", "show startup-config", "show running-config", "show running-config all",
	"dir", "dir flash:", "show archive", "show archive config rollback timer", "show running-config | inc ip scp server enable",
}

// TestNAPALMIsAnswered: no answer to a getter is the caret or has words that
// are taken for a failure.
func TestNAPALMIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	for _, archive := range []bool{false, true} {
		if archive {
			s.Configure("archive", "path flash:archive/$h")
			s.Do("archive config")
		}
		for _, c := range asked {
			if answer := s.Do(c); failure.MatchString(answer) {
				t.Errorf("%s: %q in\n%s", c, failure.FindString(answer), answer)
			}
		}
	}
	// What a router without a switch does not know either. NAPALM tries another
	// spelling, and gives an empty table.
	for _, c := range []string{"show mac-address-table", "show mac address-table", "show vlan all-ports", "show vlan brief", "show interfaces transceiver"} {
		if answer := s.Do(c); !strings.Contains(answer, "% Invalid input detected at '^' marker.") {
			t.Errorf("%s:\n%s", c, answer)
		}
	}
}

// answers is the answer to a command, in which each of the patterns is found.
func answers(s *testbox.Shell, command string, patterns ...string) string {
	s.T.Helper()
	answer := s.Do(command)
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(answer) {
			s.T.Errorf("%s: no %s in\n%s", command, p, answer)
		}
	}
	return answer
}

// TestNAPALMGetters: what NAPALM's driver for IOS cuts out of the answers, as
// far as the box has them. [facts/ios-cli.md 3.4]
func TestNAPALMGetters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	has := func(command string, patterns ...string) string { t.Helper(); return answers(s, command, patterns...) }
	// get_facts takes what is between this and the end of the line; what IOS XE
	// has in brackets it knows.
	if n := len(regexp.MustCompile(`Cisco IOS Software \[.*?\], `).Split(has("show version", `(?m)^Branch uptime is .+$`, `Processor board ID \S+`), -1)); n != 2 {
		t.Errorf("show version: `Cisco IOS Software [], ` cuts it in %d parts, not 2", n)
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
	// get_snmp_information takes the whole answer for the number of the chassis,
	// get_network_instances an empty one for none.
	serial := has("show snmp chassis", `^\S+\n$`)
	has("show version", `(?m)^Processor board ID `+regexp.QuoteMeta(strings.TrimSpace(serial))+`$`)
	if answer := has("show vrf detail"); answer != "" {
		t.Errorf("show vrf detail is parsed as VRFs: %q", answer)
	}
	// get_interfaces_counters takes the drops from nine columns of numbers.
	has("show interface summary", `(?m)^[* ] GigabitEthernet0/0(?:\s+\d+){9}$`)
	// get_route_to
	has("show ip route 10.150.0.0 255.255.255.0", `Known via "connected"`, `(?m)^  \* directly connected, via GigabitEthernet0/0$`)
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
}

// TestNAPALMPush is a merge and a replacement in NAPALM's commands: what it
// loads by SCP lies in flash: already.
func TestNAPALMPush(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	is := func(command string, patterns ...string) string { t.Helper(); return answers(s, command, patterns...) }
	load := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(w.Root, "flash", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		is("dir flash:/"+name, `(?m)^Directory of flash:/`+name+`$`)
		is("verify /md5 flash:/"+name, `= [0-9a-f]{32}\b`)
	}
	is("show archive", `(?m)^ Archive feature not enabled$`)
	s.Configure("archive", "path flash:archive/$h")
	is("show archive config rollback timer", `(?m)^%No Rollback Confirmed Change pending$`)
	is("dir", `(?m)^Directory of (\S+)/$`)
	is("dir flash:/merge_config.txt", `(?m)^%Error opening flash:/merge_config.txt \(No such file or directory\)$`)
	s.Configure("file prompt quiet")
	// NAPALM drops the lines that tell times.
	times := regexp.MustCompile(`(?m)^(?:! (?:Last configuration change|NVRAM config last updated) at|Current configuration :) .*\n`)
	running := func() string { return times.ReplaceAllString(s.Do("show running-config"), "") }
	before := running()

	// A merge: the lines that come, each once and none that only make room.
	load("merge_config.txt", "hostname Other\ninterface GigabitEthernet0/0\n description merged\n")
	is("copy running-config flash:/rollback_config.txt", `bytes copied`)
	const diff = "show archive config incremental-diffs flash:/merge_config.txt ignorecase"
	if answer, want := s.Do(diff), "!List of Commands:\nhostname Other\ninterface GigabitEthernet0/0\n description merged\nend\n"; answer != want {
		t.Errorf("%s:\n%swant\n%s", diff, answer, want)
	}
	if answer := is("copy flash:/merge_config.txt running-config", `bytes copied`); s.Prompt != "Other#" || failure.MatchString(answer) {
		t.Errorf("merge: prompt %q, answer %q", s.Prompt, answer)
	}
	if answer := is(diff, `(?m)^!No changes were found$`); failure.MatchString(answer) {
		t.Errorf("%s: %q", diff, answer)
	}
	is("configure replace flash:/rollback_config.txt force", `(?m)^Rollback Done$`)
	is("write mem", `(?m)^\[OK\]$`)
	if after := running(); after != before {
		t.Errorf("rolled back to\n%s\nfrom\n%s", after, before)
	}
	// A merge that is refused in part has to be known as such.
	load("merge_config.txt", "hostname Other\nip http port 99999\n")
	is("copy flash:/merge_config.txt running-config", `Invalid input detected`)
	is("configure replace flash:/rollback_config.txt force", `(?m)^Rollback Done$`)
	// What is left of one that was dropped is no change.
	is("copy null: flash:/merge_config.txt", `0 bytes copied`)
	is(diff, `(?m)^!No changes were found$`)

	// A replacement: the sign stands behind the indentation.
	text, _, _ := strings.Cut(before[strings.Index(before, "\n!")+1:], "\nend\n")
	load("candidate_config.txt", strings.Replace(text, "max-ephones 400", "max-ephones 40", 1)+"\nend\n")
	is("show archive config differences system:/running-config flash:/candidate_config.txt",
		`^!Contextual Config Diffs:\ntelephony-service\n -max-ephones 400\n \+max-ephones 40\n$`)
	words := regexp.MustCompile(`(?i)error|failed|not a valid config file|original configuration has been successfully restored`)
	if answer := is("configure replace flash:/candidate_config.txt force revert trigger error", `(?m)^Rollback Done$`); words.MatchString(answer) {
		t.Errorf("a replacement that worked: %q", answer)
	}
	load("candidate_config.txt", text+"\nip http port 99999\nend\n")
	if answer := s.Do("configure replace flash:/candidate_config.txt force revert trigger error"); !words.MatchString(answer) {
		t.Errorf("a replacement that failed: %q", answer)
	}

	// Confirmed: the user stands alone in his line, and the next command is
	// answered by itself.
	load("candidate_config.txt", text+"\nend\n")
	for _, c := range []string{"revert trigger error timer 1", "revert timer 1"} {
		is("configure replace flash:/candidate_config.txt force "+c, `(?m)^Rollback Done$`)
		is("show archive config rollback timer", `(?m)^Timer value: 1 min$`, `(?m)^User: lab$`)
		if answer := s.Do("configure confirm"); answer != "" {
			t.Errorf("configure confirm: %q", answer)
		}
		is("show archive config rollback timer", `(?m)^%No Rollback Confirmed Change pending$`)
	}
	is("configure terminal revert timer 1", `Backing up current running config`)
	s.Do("hostname Gone")
	s.Do("end")
	is("configure revert now", `(?m)^Rollback Done$`)
	if s.Prompt != "Branch#" {
		t.Errorf("taken back: %q", s.Prompt)
	}
}
