package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"

	"option150/cmd/option150/testbox"
)

// TestRouterPastedIntoManagedBox: the configuration of a router of many
// interfaces, 500 lines and more, pasted over SSH into a box that has one of them
// and sets its addresses. The session lives, the interface keeps its address,
// and no line lands in another section.
func TestRouterPastedIntoManagedBox(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../../testdata/configs/router-isr.txt")
	if err != nil {
		t.Fatal(err)
	}
	// The one cable is the trunk's; who is at the desk may come in again.
	text := strings.Replace(string(raw), " description trunk to the switch\n no ip address\n", " description trunk to the switch\n ip address 10.150.0.1 255.255.255.0\n no shutdown\n", 1)
	text = strings.Replace(text, " ip address 10.150.0.1 255.255.255.0\n ip nat inside\n", " ip address 10.150.1.1 255.255.255.0\n ip nat inside\n", 1)
	text = strings.Replace(text, "access-list 23 permit 10.150.10.0 0.0.0.255", "access-list 23 permit 10.150.0.0 0.0.0.255", 1)
	text = strings.TrimSuffix(strings.TrimSpace(text), "end")
	w := newWorld(t, setup{config: router})
	s := w.Login()
	s.Do("configure terminal")
	s.Paste(testbox.PasteTime, text+"end\n", "\nISR-EAST#")
	if s.Prompt = "ISR-EAST#"; !strings.Contains(s.Do("show privilege"), "15") {
		t.Error("the session does not answer")
	}
	if a := w.Exec("show ip interface brief"); !strings.Contains(a, "GigabitEthernet0/0         10.150.0.1 ") || strings.Contains(a, "administratively down") {
		t.Errorf("the interface lost its address or was shut down:\n%s", a)
	}
	run := w.runningConfig()
	block := func(header string) []string {
		_, rest, ok := strings.Cut("\n"+run, "\n"+header+"\n")
		if !ok {
			t.Errorf("no section %q", header)
		}
		var lines []string
		for l := range strings.Lines(rest) {
			if l[0] != ' ' {
				break
			}
			lines = append(lines, strings.TrimSpace(l))
		}
		return lines
	}
	for header, want := range map[string][]string{
		"interface GigabitEthernet0/0":    {"description trunk to the switch", "ip address 10.150.0.1 255.255.255.0", "duplex auto", "speed auto"},
		"interface GigabitEthernet0/1":    {"description the provider", "bandwidth 20000", "ip address 203.0.113.150 255.255.255.0", "ip access-group WAN-IN in", "ip nat outside", "ip virtual-reassembly in", "no cdp enable", "service-policy output SHAPE"},
		"interface GigabitEthernet0/2":    {"no ip address", "shutdown", "duplex auto", "speed auto"},
		"interface GigabitEthernet0/0.99": {"description unused", "encapsulation dot1Q 99", "no ip address", "shutdown"},
		"interface Vlan1":                 {"no ip address"},
		"line aux 0":                      {"no exec"},
		"ephone  7":                       {"device-security-mode none", "mac-address 001E.7A15.0007", "ephone-template 1", "type 7962", "button  1:7 2m1"},
		"ephone  12":                      {"device-security-mode none", "mac-address 001E.7A15.0012", "type 7942", "button  1:12 2m1"},
		"ip dhcp pool HOST-door":          {"host 10.150.20.13 255.255.255.0", "client-identifier 0100.1e7a.0001.03", "client-name door"},
	} {
		got := block(header)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", header, got, want)
		}
	}
}
