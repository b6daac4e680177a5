package e2e

import (
	"fmt"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
)

// TestPrintedConfigurationPastesBack: what `show running-config` printed,
// pasted into a box as it comes over SSH, gives the same configuration and not
// one complaint.
func TestPrintedConfigurationPastesBack(t *testing.T) {
	t.Parallel()
	config := strings.Replace(branch, "ephone  1\n", `ephone-dn  2
 number 1002
ephone-template  1
 softkeys idle Redial Newcall
ephone  2
 mac-address 001e.7a00.0002
 type 7941
 button  1:2
 ephone-template 1
ephone  1
`, 1)
	config = strings.Replace(config, "line vty", "banner motd ^C\nMind the step.\n  and the door\n^C\nline con 0\n exec-timeout 5 0\n logging synchronous\nline vty", 1)
	printed := newWorld(t, setup{config: config}).runningConfig()
	w := newWorld(t, setup{config: router})
	s := w.Login()
	s.Do("configure terminal")
	_, text, ok := strings.Cut(printed, "\nversion ")
	if !ok || !strings.HasSuffix(strings.TrimSpace(text), "end") {
		t.Fatalf("no configuration:\n%s", printed)
	}
	out := s.Paste(testbox.PasteTime, "version "+strings.TrimRight(text, "\n")+"\n", "\nBranch#")
	for _, l := range strings.Split(out, "\n") {
		if strings.HasPrefix(l, "%") && !strings.HasPrefix(l, "%Warning: ") && !strings.Contains(l, "%SYS-5-CONFIG_I") {
			t.Errorf("a complaint: %s", l)
		}
	}
	if pasted := w.runningConfig(); pasted != printed {
		t.Errorf("printed\n%s\npasted\n%s", printed, pasted)
	}
	if t.Failed() {
		t.Logf("the session was\n%s", out)
	}
}

// TestLongPasteLosesNothing: 300 blocks with `!` between them and `end`, in
// one write.
func TestLongPasteLosesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{config: router})
	s := w.Login()
	const blocks = 300
	var b strings.Builder
	b.WriteString("configure terminal\n")
	for i := range blocks {
		fmt.Fprintf(&b, "ip dhcp pool FLOOR%03d\n network 10.%d.%d.0 255.255.255.0\n option 150 ip 10.150.0.1\n!\n", i, 160+i/250, i%250)
	}
	b.WriteString("end\nshow privilege\n")
	out := s.Paste(testbox.PasteTime, b.String(), "\nCurrent privilege level is 15\r\nRouter#")
	if strings.Contains(out, "% ") {
		t.Errorf("complaints in\n%s", out)
	}
	run := w.runningConfig()
	at := 0
	for i := range blocks {
		block := fmt.Sprintf("ip dhcp pool FLOOR%03d\n network 10.%d.%d.0 255.255.255.0\n option 150 ip 10.150.0.1\n!\n", i, 160+i/250, i%250)
		n := strings.Index(run[at:], block)
		if n < 0 {
			t.Fatalf("block %d is missing or out of order in\n%s", i, run)
		}
		at += n
	}
}

// TestFailedCommandEntersNoMode: the prompt after a refusal is the one before
// it; after the refused header of a section it is that of the top level, where
// what follows does no harm.
func TestFailedCommandEntersNoMode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	s := w.Login()
	const headers = 6
	for _, section := range []string{"", "telephony-service", "interface GigabitEthernet0/0"} {
		for i, line := range []string{"line vty 5 1", "ephone 100000", "ephone-dn 0", "interface nothing9/9",
			"ip dhcp pool", "voice register pool x", "ip http port 6970", "hostname 9bad!"} {
			s.Do("configure terminal")
			want := s.Prompt
			if section != "" {
				s.Silent(section)
			}
			if before := s.Prompt; i >= headers {
				want = before
			}
			if a := s.Do(line); !strings.Contains(a, "%") && !strings.HasPrefix(a, clash) {
				t.Errorf("%s: %s is accepted:\n%s", section, line, a)
			}
			if s.Prompt != want {
				t.Errorf("%s: %s leads to %s", section, line, s.Prompt)
			}
			s.Do("end")
		}
	}
}
