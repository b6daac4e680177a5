package appliance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cmd/option150/appliance"
	"option150/cmd/option150/lab"
	"option150/platform/aaa"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/telephony/firmware"
	"option150/telephony/simphone"
)

// failures are what automation takes for the failure of a command, whatever
// its place in the output. [facts/ios-cli.md 3.2]
var failures = func() []*regexp.Regexp {
	var all []*regexp.Regexp
	for _, re := range []string{
		`% ?Error`, `(?i)ERROR:`, `% ?Bad secret`, `[\r\n%] Bad passwords`, `(?i)invalid input`,
		`(?i)(?:incomplete|ambiguous) command`, `(?i)connection timed out`, `[^\r\n]+ not found`,
		`'[^']' +returned error code: ?\d+`, `(?i)Bad mask`, `(?i)% ?(\S+) ?overlaps with ?(\S+)`,
		`(?i)% ?(\S+) ?Error: ?[\s]+`, `(?i)% ?(\S+) ?Informational: ?[\s]+`, `Command authorization failed`,
		`(?i)Command Rejected`, `(?i)% Invalid`, `%SNMP agent not enabled`, `Internal fault`,
	} {
		all = append(all, regexp.MustCompile(re))
	}
	return all
}()

// samples are arguments to try for what `?` calls an argument: one that is
// there and one that is not.
var samples = map[string][]string{
	"A.B.C.D": {"10.150.0.10", "192.0.2.1"}, "H.H.H": {"001e.7a00.0001", "0000.5e00.5301"},
	"IFNAME": {"GigabitEthernet0/0"}, "WORD": {"SEP001E7A000001", "VOICE", "NoSuch"}, "LINE": {"nothing"},
}

// sample gives arguments for a label of help, nil for a keyword.
func sample(name string) []string {
	if s, ok := samples[name]; ok {
		return s
	}
	if low, _, ok := strings.Cut(strings.TrimPrefix(name, "<"), "-"); ok && strings.HasPrefix(name, "<") {
		return []string{low}
	}
	if strings.ContainsFunc(name, unicode.IsUpper) {
		return []string{"flash:", "SEP001E7A000001"}
	}
	return nil
}

// commands walks help as an operator would who asks `?` after every word.
func commands(g *grammar.Graph, line string, level, depth int, found *[]string) {
	if depth > 8 || len(*found) > 2000 {
		return
	}
	for _, i := range g.Help(line, level).Items {
		switch words := sample(i.Name); {
		case i.Name == grammar.Enter:
			*found = append(*found, strings.TrimSpace(line))
		case words != nil:
			for _, w := range words {
				if next := line + w; g.Match(next, level).Kind != grammar.Invalid {
					commands(g, next+" ", level, depth+1, found)
				}
			}
		default:
			commands(g, line+i.Name+" ", level, depth+1, found)
		}
	}
}

// slow is how long no show command may take. The machine may be busy: only one
// that is as slow three times in a row is slow.
const slow = time.Second

// say carries out a line as `ssh box "..."` does.
func say(box *appliance.Appliance, level int, line string) (string, time.Duration) {
	var out bytes.Buffer
	began := time.Now()
	box.Serve(context.Background(), appliance.Visit{Stream: &out, User: aaa.User{Name: "admin", Privilege: level},
		From: netip.MustParseAddr("10.0.0.5"), Command: line})
	return out.String(), time.Since(began)
}

func quickly(t *testing.T, box *appliance.Appliance, level int, line string) string {
	t.Helper()
	var out string
	var took time.Duration
	for range 3 {
		if out, took = say(box, level, line); took < slow {
			return out
		}
	}
	t.Errorf("%s took %v", line, took)
	return out
}

// phonesUp is a lab with phones of every family that have come up.
func phonesUp(t *testing.T) *lab.Lab {
	t.Helper()
	netns.Need(t)
	c := simphone.Catalogue()
	l, err := lab.New(lab.Options{Root: t.TempDir(), Version: "1.0.0", Commit: "0000000", Phones: []simphone.Spec{c[0], c[2], c[5], c[10], c[12]},
		Sizes: firmware.Sizes{}, Pace: 0.001})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	if !l.Settle(t.Context(), 30*time.Second) {
		t.Log("not all phones came up: their state is shown all the same")
	}
	return l
}

// Every show command there is answers at once, in words that no automation
// takes for a failure.
func TestShowCommands(t *testing.T) {
	l := phonesUp(t)
	g := l.Box.Box().Language.Graph(language.Exec)
	for _, level := range []int{15, 1} {
		var all []string
		commands(g, "show ", level, 0, &all)
		if len(all) < 40 {
			t.Fatalf("only %d show commands at level %d: %q", len(all), level, all)
		}
		for _, line := range all {
			out := quickly(t, l.Box, level, line)
			for _, re := range failures {
				if hit := re.FindString(out); hit != "" {
					t.Errorf("level %d: %q prints %q, which automation takes for a failure", level, line, hit)
				}
			}
			if strings.ContainsFunc(out, func(r rune) bool { return r < ' ' && r != '\n' }) {
				t.Errorf("%q prints control characters: %q", line, out)
			}
			if level == 15 {
				tabled(t, l.Box, line, out)
			}
		}
		t.Logf("%d show commands at level %d", len(all), level)
	}
}

// prose are shows in whose text something looks like a table and is none: what
// stands below each other there are words and their values.
var prose = regexp.MustCompile(`^show (running-config|startup-config|configuration|tech-support|voice register (all|dn|global|pool|template|dialplan|profile)|telephony-service|ephone|monitor capture|archive config)`)

// tabled holds a show to what it declares: if a table is in its text it is there
// as JSON, with the keys that are declared and documented; if it declares none,
// or this form of it prints none, `| json` refuses.
func tabled(t *testing.T, box *appliance.Appliance, line, text string) {
	t.Helper()
	d, ok := box.Box().Language.Graph(language.Exec).Match(line, 15).Action.(*language.Declaration)
	if !ok {
		return
	}
	got, _ := say(box, 15, line+" | json")
	found := testkit.Tables(text)
	if got == "% The output of this command is no table\n" {
		if len(found) > 0 && !prose.MatchString(line) {
			t.Errorf("%q prints a table with heads %q and declares none", line, found[0].Heads)
		}
		return
	}
	var rows []map[string]string
	if err := json.Unmarshal([]byte(got), &rows); err != nil {
		if !strings.HasPrefix(got, "%") || !strings.HasPrefix(text, "%") {
			t.Errorf("%q | json: %v in %q", line, err, got)
		}
		return
	}
	keys := map[string]bool{}
	for _, l := range d.Tables {
		keys[strings.Join(slices.Sorted(slices.Values(l.Keys())), " ")] = true
	}
	for _, r := range rows {
		if k := strings.Join(slices.Sorted(maps.Keys(r)), " "); !keys[k] {
			t.Errorf("%q | json has an object of columns that are not declared: %s", line, k)
		}
	}
	if len(rows) == 0 && len(found) > 0 && slices.ContainsFunc(found[0].Rows, func(r []string) bool { return r[0] != "" }) {
		t.Errorf("%q prints rows, and as JSON none:\n%s", line, text)
	}
}

// What the back-up tools of a network send is answered, known or not, and the
// session goes on. [facts/ios-cli.md 3.3]
func TestBackupCommands(t *testing.T) {
	l := phonesUp(t)
	list := strings.Split(`show version|show redundancy secondary|show idprom backplane|show install active|show env all|`+
		`show rsp chassis-info|show gsr chassis|show diag chassis-info|show boot|show bootvar|show variables boot|`+
		`show license udi|show license feature|show license|show license summary|show activation-key|show flash:|`+
		`dir /all nvram:|dir /all bootflash:|dir /all slot0:|dir /all disk0:|dir /all harddisk:|dir /all sup-bootflash:|dir /all slavenvram:|`+
		`show controllers|show controllers cbus|show diagbus|show diag|show capture|show module|show module switch|show spe version|`+
		`show c7200|show cellular 0 profile|show hw-programmable all|show inventory raw|show inventory|show vtp status|show dot1x|`+
		`show vlan|show vlan-switch|show switch detail|show sdm prefer|show system mtu|show debug|show shun|`+
		`more system:running-config|show running-config view full|show running-config|write term|`+
		`show switch virtual|show memory statistics|show processes cpu|show interfaces|show ip interface|show ipv6 interface|`+
		`show lldp|show cdp|terminal length 0|terminal width 512|terminal no monitor|terminal monitor disable|show privilege`, "|")
	known := map[string]string{
		"show version": "Option 150", "show inventory": "PID: OPTION150", "show running-config": "\nend\n", "write term": "\nend\n",
		"more system:running-config": "\nend\n", "show running-config view full": "\nend\n", "show lldp": "% LLDP is not enabled",
		"show privilege": "Current privilege level is 15\n",
	}
	for _, line := range list {
		out := quickly(t, l.Box, 15, line)
		if want := known[line]; !strings.Contains(out, want) {
			t.Errorf("%q prints %q without %q", line, out, want)
		}
	}
	if out := quickly(t, l.Box, 15, "show vlan"); !strings.Contains(out, "% Invalid input detected at '^' marker.") {
		t.Errorf("show vlan must be unknown: automation would take the box for a switch: %q", out)
	}
	if out := quickly(t, l.Box, 15, "show ipv6 interface"); out != "" {
		t.Errorf("show ipv6 interface prints %q: its words are read as interfaces", out)
	}
	// one line, nothing else
	if out := quickly(t, l.Box, 15, "show clock"); !regexp.MustCompile(`^[*.]?\d\d:\d\d:\d\d\.\d{3} \w+ \w{3} \w{3} \d+ \d{4}\n$`).MatchString(out) {
		t.Errorf("show clock prints %q", out)
	}
	// a paste of 300 sections, all in order, nothing lost
	var paste strings.Builder
	paste.WriteString("configure terminal\ntelephony-service\nmax-dn 1000\n")
	for i := 100; i < 400; i++ {
		fmt.Fprintf(&paste, "!\nephone-dn  %d\n number 7%d\n label nothing may be lost %d\n", i, i, i)
	}
	paste.WriteString("!\nend\n")
	if out, _ := say(l.Box, 15, paste.String()); out != "Enter configuration commands, one per line.  End with CNTL/Z.\n" {
		t.Errorf("the paste was answered: %.300q", out)
	}
	text, _ := say(l.Box, 15, "show running-config")
	for i := 100; i < 400; i++ {
		want := fmt.Sprintf("ephone-dn  %d\n number 7%d\n label nothing may be lost %d\n!\n", i, i, i)
		if !strings.Contains(text, want) {
			t.Fatalf("after the paste this is missing or changed:\n%s", want)
		}
	}
}
