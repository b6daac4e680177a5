package session_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/running"
	"option150/platform/service"
)

// The law: a configuration that is typed, line by line at the prompt, is the one
// that is loaded from a file with the same text. What may differ is this, and
// nothing else:
//
//   - a word that IOS does not have: a file carries it, the prompt refuses it;
//   - what a terminal adds to a text: prompts, the pager, a script's `enable`;
//   - a line that is refused for what is configured at that moment: a file is
//     judged as a whole;
//   - salts of passwords;
//   - texts that a terminal reads by itself (banners, keys of users), which the
//     transcripts show.
type typedOrLoaded struct {
	*box
	op *operator
}

func newTyped(t testing.TB) *typedOrLoaded {
	b := newBox(t)
	return &typedOrLoaded{box: b, op: b.login(15)}
}

// plain takes out of a text what a terminal reads by itself. unknown are the
// lines that only a file carries.
func (b *typedOrLoaded) plain(text string) (lines []string, unknown []placed) {
	c := config.Default(b.Store.Facts())
	cur := b.Language.NewCursor(15, b.Language.Graph)
	skip := ""
	for line := range strings.Lines(strings.ReplaceAll(text, "\r", "")) {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", " "), " \n")
		if skip != "" {
			if strings.Contains(line, skip) {
				skip = ""
			}
			continue
		}
		p := cur.Place(c, line)
		switch p.What {
		case language.Banner:
			_, rest, _ := language.BannerLine(p.Line)
			if d, rest := language.Delimiter(rest); !strings.Contains(rest, d) {
				skip = d
			}
			continue
		case language.Action:
			switch name := p.Result.Syntax.FirstWord(); {
			case name == "end":
				return lines, unknown
			case name == "exit":
				cur.Took(p)
				cur.Up()
			}
		case language.Leave:
			cur.Took(p)
		case language.Bad:
			cur.Refused(p)
		case language.Lost, language.Nothing:
		default:
			if language.Collecting(p.Result) != nil {
				skip = "exit"
				continue
			}
			if p.What == language.Unknown {
				unknown = append(unknown, placed{p.In.Spot(), p.Line})
			}
			if err := b.Language.Perform(c, p); err != nil {
				cur.Refused(p)
			} else {
				cur.Took(p)
			}
		}
		lines = append(lines, line)
	}
	return lines, unknown
}

// placed is a line that is kept somewhere.
type placed struct {
	at   config.Spot
	line string
}

// typed is the configuration after all lines were typed, and what was answered.
func (b *typedOrLoaded) typed(t testing.TB, lines []string) (*config.Config, string) {
	t.Helper()
	if err := b.Store.Replace(t.Context(), running.Who{}, config.Default(b.Store.Facts()), service.Interactive); err != nil {
		t.Fatal(err)
	}
	b.op.types(t, "end", "configure terminal")
	var seen strings.Builder
	for _, l := range lines {
		if !strings.Contains(b.op.Prompt(), "(") {
			b.op.types(t, "configure terminal") // `exit` at the top: a script would go on there
		}
		seen.WriteString(b.op.types(t, l))
	}
	return b.Store.Current(), seen.String()
}

var salted = regexp.MustCompile(`(secret|password) (\d) \S+`)

func (b *typedOrLoaded) text(c *config.Config) string {
	return salted.ReplaceAllString(b.Language.RenderText(c), "$1 $2 -")
}

func (b *typedOrLoaded) law(t testing.TB, text string) {
	t.Helper()
	lines, unknown := b.plain(text)
	typed, seen := b.typed(t, lines)
	rep, err := b.Language.Candidate(strings.Join(lines, "\n"), config.Default(b.Store.Facts()), func(c *config.Config) error {
		return config.Refusal(c.Validate(b.Store.Facts()))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range unknown {
		if rep.Config.CountKept(u.at, u.line) == 1 {
			rep.Config.Unkeep(u.at, u.line)
			continue
		}
		kind, _, _ := strings.Cut(u.at.In, " ") // the header of its section may have changed since
		rep.Config.Carried = slices.DeleteFunc(rep.Config.Carried, func(k config.Carried) bool {
			return k.Line == u.line && strings.HasPrefix(k.In, kind+" ")
		})
	}
	if d := cmp.Diff(b.text(rep.Config), b.text(typed)); d != "" {
		t.Errorf("typed is not what is loaded (- loaded, + typed):\n%s\nthe text:\n%s\nthe session:\n%s", d, strings.Join(lines, "\n"), seen)
	}
}

// TestTypedIsLoaded holds the law over every configuration in testdata.
func TestTypedIsLoaded(t *testing.T) {
	files, _ := filepath.Glob("../../testdata/configs/*.txt")
	if len(files) < 4 {
		t.Fatal("no configurations")
	}
	b := newTyped(t)
	for _, f := range files {
		t.Run(filepath.Base(f), func(t *testing.T) {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := os.ReadFile(strings.TrimSuffix(f, ".txt") + ".want"); strings.Contains(string(want), "\nterminal\n") {
				t.Skip("prompts and the pager's words are no lines to type")
			}
			b.law(t, string(raw))
		})
	}
}

// pieces are what random configurations are made of: headers of every kind,
// lines of several sections, lines that are refused, kept or known nowhere.
var pieces = []string{
	"ephone 1", "ephone 2", "ephone 2000", "ephone", "ephone-dn 1", "ephone-dn 2 dual-line", "ephone-template 1", "ephone-template 2",
	"telephony-service", "voice register global", "voice register dn 1", "voice register pool 1", "voice register pool 9999", "voice register template 1",
	"ip dhcp pool A", "ip dhcp pool B", "interface GigabitEthernet0/0", "int gi0/1", "interface GigabitEthernet0/9", "interface Vlan10", "int vlan 20",
	"interface GigabitEthernet0/0.20", "interface foo1", "line con 0", "line aux 0", "line vty 0 4", "line vty 0 99", "router ospf 1", "router bgp 65000",
	"address-family ipv4", "exit-address-family", "dial-peer voice 1 pots", "voice service voip", "sip", "class-map match-any X", "policy-map P", "class X",
	"crypto pki certificate chain T", "certificate self-signed 01", "30820222 308201CC", "quit", "archive", "log config", "ip access-list standard 10",
	"ip access-list extended OUT", "permit 10.0.0.0 0.255.255.255", "crypto map M 10 ipsec-isakmp", "crypto map M",
	"mac-address 001E.7A00.0001", "mac-address 001E.7A00.0002", "mac-address nonsense", "type 7961", "type 8841", "button 1:1", "number 1001", "username evil password x",
	"username op privilege 15", "network 10.1.0.0 255.255.255.0", "network 10.2.0.0 255.255.0.255", "default-router 10.1.0.1", "option 150 ip 10.1.0.2", "host 10.3.0.5 255.255.255.0",
	"ip address 10.9.0.1 255.255.255.0", "ip address 10.8.0.1 255.255.255.0", "no ip address", "shutdown", "no shutdown", "description one", "description two", "ip nat inside", "ip nat inside source list 1 interface Gi0/0 overload",
	"max-ephones 10", "max-dn 20", "ip source-address 10.1.0.2 port 2000", "load 7961 SCCP41.9-4-2SR3-1S", "hostname X", "host X", "ip http server", "no ip http server",
	"ip http port 99999", "exec-timeout 5 0", "no exec", "transport input ssh", "access-list 101 permit ip any any", "access-list 101 deny ip any any", "no access-list 101",
	"ip route 0.0.0.0 0.0.0.0 10.1.0.254", "no ip route 0.0.0.0 0.0.0.0 10.1.0.254", "router-id 1.1.1.1", "router-id 2.2.2.2", "no router-id", "no router ospf 1", "no ephone 2",
	"no interface Vlan10", "neighbor 10.0.0.1 remote-as 65001", "snmp-server community public RO", "destination-pattern 9T", "softkeys hold  Join", "foo bar", "no foo bar", "exit", "!", "! a comment", "",
	"speed-dial 1 1001", "logging synchronous", "ntp server 10.0.0.9", "aaa new-model", "no aaa new-model", "hidekeys", "logging enable",
}

func randomText(r *rand.Rand) string {
	var w strings.Builder
	indented := r.IntN(3)
	for range 3 + r.IntN(14) {
		pad := 0
		switch indented {
		case 1:
			pad = r.IntN(2)
		case 2:
			pad = r.IntN(4)
		}
		fmt.Fprintf(&w, "%s%s\n", strings.Repeat(" ", pad), pieces[r.IntN(len(pieces))])
	}
	return w.String()
}

// TestTypedIsLoadedAtRandom holds the law over random texts.
func TestTypedIsLoadedAtRandom(t *testing.T) {
	b := newTyped(t)
	n := 3000
	if testing.Short() {
		n = 300
	}
	for i := range n {
		text := randomText(rand.New(rand.NewPCG(uint64(i), 150)))
		b.law(t, text)
		if t.Failed() {
			t.Fatalf("seed %d", i)
		}
	}
}

// FuzzTypedIsLoaded holds the law over whatever a fuzzer makes of texts.
func FuzzTypedIsLoaded(f *testing.F) {
	for i := range 40 {
		f.Add(randomText(rand.New(rand.NewPCG(uint64(i), 151))))
	}
	b := newTyped(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 3000 {
			return
		}
		for line := range strings.Lines(text) {
			if skipped(line) || strings.ContainsAny(line, "#>") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(line)), "do") {
				return
			}
		}
		b.law(t, text)
	})
}

// TestInterfaceRange: a line below a range is carried out for each of its
// interfaces, those that are here and those that are kept.
func TestInterfaceRange(t *testing.T) {
	for text, want := range map[string]string{
		"interface range GigabitEthernet0/0 - 1\n description both\n":    "interface GigabitEthernet0/0\n description both\n no ip address\n!\ninterface GigabitEthernet0/1\n description both\n no ip address\n",
		"int range gi0/1 - 3 , vlan 10\n description x\n shutdown\n":     "interface GigabitEthernet0/1\n description x\n no ip address\n shutdown\n!\ninterface GigabitEthernet0/2\n description x\n shutdown\n!\ninterface GigabitEthernet0/3\n description x\n shutdown\n!\ninterface Vlan10\n description x\n shutdown\n",
		"interface range fa0/1-2\n switchport mode access\nhostname X\n": "interface FastEthernet0/1\n switchport mode access\n!\ninterface FastEthernet0/2\n switchport mode access\n",
	} {
		b := newTyped(t)
		b.law(t, text)
		c, seen := b.typed(t, strings.Split(text, "\n"))
		if got := b.Language.RenderText(c); !strings.Contains(got, want) || strings.Contains(unwarned(seen), "% ") {
			t.Errorf("%s\n%s\n%s", text, seen, got)
		}
	}
	for _, bad := range []string{"interface range foo0/1 - 2", "interface range gi0/3 - 1", "interface range gi0/0 - 100000", "no interface range gi0/0 - 1", "interface range"} {
		b := newTyped(t)
		before := b.Store.Current()
		if _, seen := b.typed(t, []string{bad, " shutdown"}); !strings.Contains(seen, "% In") || b.Language.RenderText(b.Store.Current()) != b.Language.RenderText(before) {
			t.Errorf("%s:\n%s", bad, seen)
		}
	}
}
