package grammar

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestHelp compares whole answers: items as `name: text`, words as they are.
func TestHelp(t *testing.T) {
	exec, config := declare(t, execText), declare(t, configText)
	for _, c := range []struct {
		g    *Graph
		line string
		want string
	}{
		{exec, "", "configure: Enter configuration mode, connect: Open a connection, copy: Copy a file, debug: Debug, no: Negate a command or set its defaults, ping: Send echo requests, show: Show running system information"},
		{exec, "show ip ", "dhcp: DHCP, interface: Interfaces, route: Routes"},
		{exec, "sh ip int ", "IFNAME: Interface name, brief: One line each, <cr>"},
		{exec, "show ip interface gi ", "IFNAME: Interface name"},
		{exec, "show ip interface gi 0/0 ", "brief: One line each, <cr>"},
		{exec, "ping ", "A.B.C.D: Address, WORD: Host, ip: IP"},
		{exec, "show version ", "|: Output modifiers, <cr>"},
		{exec, "show version | ", "LINE: Filter"},
		{exec, "show version | x ", "LINE: Filter, <cr>"},
		{exec, "show running-config ", "all: With defaults, interface: One interface, <cr>"},
		{exec, "no ", "debug: Debug"},
		{exec, "co", "configure connect copy"},
		{exec, "CO", "configure connect copy"},
		{exec, "show i", "inventory ip"},
		{exec, "show inv", "inventory"},
		{exec, "show int", "invalid"}, // hidden
		{exec, "show zz", "invalid"},
		{exec, "zz ", "invalid"},
		{exec, "c ", "ambiguous"},
		{exec, "show version extra ", "invalid"},
		{exec, "show ip interface gi 0/", "IFNAME"},
		{exec, "show ip dhcp pool V", "VIDEO VOICE"},
		{exec, "show ip dhcp pool Q", "WORD"},
		{exec, "show ip dhcp pool ", "WORD: Pool name, <cr>"},
		{exec, "show clock x", "invalid"},
		{exec, "show clock ", "<cr>"},
		{exec, "ping 10.", "A.B.C.D WORD"},
		{exec, "!", "invalid"},
		{config, "ip http port ", "<1-65535>: TCP port"},
		{config, "no ip http port ", "<1-65535>: TCP port, <cr>"},
		{config, "ip http port 8", "<1-65535>"},
		{config, "ip http port 80000", "invalid"},
		{config, "ip http port x", "invalid"},
		{config, "logging 10.0", "A.B.C.D"},
		{config, "logging 10.0.x", "invalid"},
		{config, "option 150 ip 10.0.0.1 ", "A.B.C.D: Server, <cr>"},
		{config, "description one ", "LINE: Text, <cr>"},
		{config, "description one tw", "LINE"},
		{config, `name "one `, "WORD: Name"},
		{config, `name "one tw`, "WORD"},
		{config, `name "one two" `, "label: Label, <cr>"},
		{config, "number 1 ", "label: Label, no-reg: Do not register, secondary: Second number, <cr>"},
		{config, "number 1 label x ", "no-reg: Do not register, secondary: Second number, <cr>"},
		{config, "access ", "<1-99>: Standard, <50-199>: Any"},
		{config, "access 60 ", "deny: Refuse, permit: Allow"},
		{config, "no n", "name network number"},
	} {
		h := c.g.Help(c.line, 15)
		var got []string
		for _, i := range h.Items {
			got = append(got, strings.TrimSuffix(i.Name+": "+i.Text, ": "))
		}
		text := strings.Join(got, ", ")
		switch {
		case h.Kind != OK:
			text = h.Kind.String()
		case h.Word:
			text = strings.Join(h.Words, " ")
		}
		if d := cmp.Diff(c.want, text); d != "" {
			t.Errorf("%q:\n%s", c.line, d)
		}
	}
}

// The layouts of facts/ios-cli.md 1.4.
func TestHelpLayout(t *testing.T) {
	filters := declare(t, "f: show(\"Show\") version(\"Version\") `|`(\"Output modifiers\") ( append(\"Append redirected output to URL (URLs supporting append operation only)\") |"+
		" begin(\"Begin with the line that matches\") | redirect(\"Redirect output to URL\") )")
	lines := func(l ...string) []string { return l }
	for _, c := range []struct {
		g     *Graph
		line  string
		width int
		want  []string
	}{
		{filters, "show version | ", 80, lines(
			"  append    Append redirected output to URL (URLs supporting append operation",
			"            only)",
			"  begin     Begin with the line that matches",
			"  redirect  Redirect output to URL",
		)},
		{filters, "show version | ", 0, lines(
			"  append    Append redirected output to URL (URLs supporting append operation only)",
			"  begin     Begin with the line that matches",
			"  redirect  Redirect output to URL",
		)},
		{filters, "show version | ", 20, lines( // too narrow to wrap
			"  append    Append redirected output to URL (URLs supporting append operation only)",
			"  begin     Begin with the line that matches",
			"  redirect  Redirect output to URL",
		)},
		{declare(t, `a: x("Averyveryverylongwordwithoutablank and a short one") `), "", 24, lines(
			"  x  Averyveryverylongwordwithoutablank",
			"     and a short one",
		)},
		{declare(t, `a: x("Averyveryverylongwordwithoutablank") `), "", 24, lines("  x  Averyveryverylongwordwithoutablank")},
		{declare(t, configText), "ip http port ", 80, lines("  <1-65535>  TCP port")},
		{declare(t, `a: neighbor("Peer") ( <a:A.B.C.D>("IP address of peer") | x("Other") )`), "neighbor ", 80, lines(
			"  A.B.C.D  IP address of peer",
			"  x        Other",
		)},
		{declare(t, execText), "show version ", 80, lines("  |     Output modifiers", "  <cr>")},
		{declare(t, execText), "co", 80, lines("configure  connect  copy  ")},
		{declare(t, execText), "co", 24, lines("configure  connect    ", "copy       ")},
		{declare(t, execText), "co", 5, lines("configure  ", "connect    ", "copy       ")},
		{declare(t, execText), "zz", 80, nil},
	} {
		if d := cmp.Diff(c.want, c.g.Help(c.line, 15).Lines(c.width)); d != "" {
			t.Errorf("%q at %d:\n%s", c.line, c.width, d)
		}
	}
}

func TestComplete(t *testing.T) {
	exec, config := declare(t, execText), declare(t, configText)
	for _, c := range []struct {
		g          *Graph
		line, rest string
		ok         bool
	}{
		{exec, "conf", "igure ", true},
		{exec, "con", "", false},
		{exec, "cop", "y ", true},
		{exec, "SH", "ow ", true},
		{exec, "show", " ", true},
		{exec, "show ", "", false},
		{exec, "", "", false},
		{exec, " ", "", false},
		{exec, "sh ver", "sion ", true},
		{exec, "c ver", "", false},
		{exec, "zz", "", false},
		{exec, "show int", "", false},
		{exec, "show ip dhcp pool VO", "ICE ", true},
		{exec, "show ip dhcp pool V", "", false},
		{exec, "show ip dhcp pool wi", "", false},
		{exec, "show ip interface gi 0/", "", false},
		{config, "ip", " ", true}, // although ipv6 is there
		{config, "no ip do", "main-lookup ", true},
		{config, "ip http port 8", "", false},
		{config, "description some wo", "", false},
	} {
		if rest, ok := c.g.Complete(c.line, 15); rest != c.rest || ok != c.ok {
			t.Errorf("%q: %q %v, want %q %v", c.line, rest, ok, c.rest, c.ok)
		}
	}
	if _, ok := exec.Complete("conf", 1); ok {
		t.Error("level 1 completes what it may not use")
	}
}

// files completes names of files, in directories.
type files struct{ word }

func (files) Complete(string) []string { return []string{"flash:", "flash:conf", "nvram:"} }

func TestCompleteValues(t *testing.T) {
	g := NewGraph()
	g.MustAdd(`more("Show a file") <file:FILE>("File")`, Types{"FILE": files{}}, nil, Options{})
	for line, want := range map[string]string{"more n": "vram:", "more flash:c": "onf ", "more nvram:": "", "more f": ""} {
		if rest, ok := g.Complete(line, 1); rest != want || ok != (want != "") {
			t.Errorf("%q: %q %v", line, rest, ok)
		}
	}
}
