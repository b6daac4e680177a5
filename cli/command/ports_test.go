package command

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/aaa"
	"option150/platform/config"
	"option150/platform/listen"
	"option150/platform/netif"
)

// portBox has an SSH server on 2222 and metrics on 9150.
func portBox(t *testing.T) (*Box, config.Facts, *config.Config) {
	t.Helper()
	b, _ := testBox(t)
	f := config.Facts{SSH: listen.Endpoint{Port: 2222}, Metrics: listen.Endpoint{Port: 9150},
		Interfaces: []config.InterfaceFact{{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0"}, Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}}}}
	c := config.Default(f)
	c.AAA.Users = []aaa.User{{Name: "admin", Privilege: 15, Secret: aaa.Secret{Type: 9, Value: "$9$x$y"}}}
	return b, f, c
}

// typeLine types "section> line" or a global line as one transaction, and
// returns what an operator reads.
func typeLine(b *Box, f config.Facts, c *config.Config, line string) (*config.Config, string) {
	cand := c.Clone()
	sec := language.Section{Mode: language.Global}
	header, rest, inSection := strings.Cut(line, "> ")
	if inSection {
		r := b.Language.Graph(sec.Mode).Match(header, 15)
		if err := b.Language.Apply(cand, sec, r, header); err != nil {
			return c, err.Error()
		}
		sec, _ = b.Language.Enter(sec, r)
		line = rest
	}
	r := b.Language.Graph(sec.Mode).Match(line, 15)
	if r.Kind != grammar.OK {
		return c, "% Invalid input detected at '^' marker."
	}
	if err := b.Language.Apply(cand, sec, r, line); err != nil && !errors.Is(err, language.ErrUnchanged) {
		return c, err.Error()
	}
	if err := config.Refusal(cand.Validate(f)); err != nil {
		return c, config.Explain(err)
	}
	return cand, ""
}

const taken = "Invalid port number or port in use by other application"

// TestPortRulesInBothOrders is the table of facts/cme.md 5.2: a pair of
// lines that clash is refused at the second, whichever that is, and leaves the
// configuration as it was.
func TestPortRulesInBothOrders(t *testing.T) {
	const server, enable = "ip http server", "telephony-service> hfs enable port 6970"
	for _, c := range []struct {
		name   string
		before string // lines that are there, joined by ;
		a, b   string
		ab, ba string // the answer to the second line, in each order
	}{
		{"the port of http", server, "ip http port 6970", enable, taken + "\n%HFS: TCP port 6970 is held by IP HTTP server", taken + "\n%HFS: TCP port 6970 is held by IP HTTP server"},
		{"the port of http, http off", "", "ip http port 6970", enable, taken + "\n%HFS: TCP port 6970 is held by IP HTTP server", taken + "\n%HFS: TCP port 6970 is held by IP HTTP server"},
		{"http on and HFS", "", server, enable, "", ""},
		{"shared, then the port", server, "telephony-service> hfs enable", "ip http port 6970", "", ""},
		{"the port of SSH", "", server, "telephony-service> hfs enable port 2222", taken + "\n%HFS: TCP port 2222 is held by SSH server", taken + "\n%HFS: TCP port 2222 is held by SSH server"},
		{"http on the port of SSH", "", server, "ip http port 2222", taken + "\n%HTTP: TCP port 2222 is held by SSH server", taken + "\n%HTTP: TCP port 2222 is held by SSH server"},
		{"the port of the metrics", "", server, "telephony-service> hfs enable port 9150", taken + "\n%HFS: TCP port 9150 is held by metrics", taken + "\n%HFS: TCP port 9150 is held by metrics"},
		{"Peer Firmware Sharing", "", server, "telephony-service> hfs enable port 4051", taken + "\n%HFS: TCP port 4051 is held by Peer Firmware Sharing", "first"},
		{"http and Peer Firmware Sharing", "", server, "ip http port 4051", taken + "\n%HTTP: TCP port 4051 is held by Peer Firmware Sharing", "first"},
		{"http off below HFS", server, enable, "no ip http server", "", ""},
		{"registration at the port", server, enable, "telephony-service> ip source-address 10.0.0.1 port 6970", "", ""},
		{"out of range", server, "hostname X", "telephony-service> hfs enable port 1023", "% Invalid input detected at '^' marker.", "first"},
		{"out of range above", server, "hostname X", "ip http port 65536", "% Invalid input detected at '^' marker.", "first"},
	} {
		for order, lines := range map[string][2]string{"ab": {c.a, c.b}, "ba": {c.b, c.a}} {
			want := map[string]string{"ab": c.ab, "ba": c.ba}[order]
			t.Run(fmt.Sprintf("%s, %s", c.name, order), func(t *testing.T) {
				b, f, k := portBox(t)
				var said string
				for _, l := range strings.Split(c.before, ";") {
					if l != "" {
						if k, said = typeLine(b, f, k, l); said != "" {
							t.Fatalf("%s: %s", l, said)
						}
					}
				}
				k, said = typeLine(b, f, k, lines[0])
				if want == "first" {
					if said == "" {
						t.Errorf("%s was accepted", lines[0])
					}
					return
				}
				if c.name == "the port of SSH" || c.name == "the port of the metrics" || c.name == "http on the port of SSH" {
					if order == "ba" && said != "" {
						if said != want {
							t.Errorf("%s: %q", lines[0], said)
						}
						return // refused before anything listens: as good
					}
				}
				if said != "" {
					t.Fatalf("%s: %s", lines[0], said)
				}
				before := b.Language.RenderText(k)
				after, said := typeLine(b, f, k, lines[1])
				if said != want {
					t.Errorf("%s, then %s: %q, want %q", lines[0], lines[1], said, want)
				}
				if said != "" && b.Language.RenderText(after) != before {
					t.Error("the refused line left something")
				}
			})
		}
	}
}

// TestHFSLines: what `hfs enable` means is said by one line, and `no` forgets
// the port with it.
func TestHFSLines(t *testing.T) {
	b, f, c := portBox(t)
	for _, s := range []struct{ line, want string }{
		{"telephony-service> hfs enable", " hfs enable"},
		{"telephony-service> hfs enable port 6970", " hfs enable port 6970"},
		{"telephony-service> hfs home-path flash:phones", " hfs enable port 6970/ hfs home-path flash:phones"},
		{"telephony-service> hfs enable", " hfs enable/ hfs home-path flash:phones"},
		{"telephony-service> no hfs enable port", " hfs home-path flash:phones"},
		{"telephony-service> no hfs home-path", ""},
	} {
		var said string
		if c, said = typeLine(b, f, c, s.line); said != "" {
			if s.line == "telephony-service> no hfs enable port" {
				c, said = typeLine(b, f, c, "telephony-service> no hfs enable")
			}
			if said != "" {
				t.Fatalf("%s: %s", s.line, said)
			}
		}
		got := strings.Join(b.Language.RenderSection(c, "telephony-service")[1:], "/")
		if got != s.want {
			t.Errorf("%s: got %q, want %q", s.line, got, s.want)
		}
	}
}
