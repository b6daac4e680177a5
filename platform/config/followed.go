package config

import (
	"fmt"
	"slices"
	"strings"

	"option150/dhcp"
	"option150/hfs"
	"option150/platform/equal"
	"option150/platform/fileserver"
	"option150/platform/sorted"
	"option150/telephony/cnf"
	"option150/telephony/upgrade"
)

// What boxes of a fleet have in common when one follows another: the sections of
// telephony and of DHCP, whole, with the lines that are kept in and beside them.
// What says how one box stands on its LAN stays its own: `service dhcp`, the lines
// below interfaces, the database agents, what is done about a foreign server.

// part is one of them, by the name operators know.
type part struct {
	name string
	same func(a, b *Config) bool
}

// by makes a part of a value that is taken out of a configuration.
func by[T any](name string, of func(*Config) T) part {
	return part{name, func(a, b *Config) bool { x, y := of(a), of(b); return equal.Of(&x, &y) }}
}

var followed = []part{
	by("DHCP", func(c *Config) dhcp.Config { return shareDHCP(c.DHCP, dhcp.Config{}) }),
	by("telephony", func(c *Config) cnf.Config { return c.Telephony }),
	by("telephony", func(c *Config) []upgrade.Rollout { return c.Upgrades }),
	by("telephony", func(c *Config) hfs.Config { return c.HFS }),
	by("tftp-server", func(c *Config) []fileserver.Binding { return c.Files.Bindings }),
	by("telephony or DHCP", func(c *Config) []Carried { return c.keptFollowed(true) }),
}

// Follow takes the followed sections over from another configuration.
func (c *Config) Follow(from *Config) {
	o := from.Clone()
	c.DHCP = shareDHCP(o.DHCP, c.DHCP)
	c.Telephony, c.Upgrades, c.HFS, c.Files.Bindings = o.Telephony, o.Upgrades, o.HFS, o.Files.Bindings
	c.Carried = append(c.keptFollowed(false), o.keptFollowed(true)...)
	sorted.Stable(c.Carried, carriedOrder)
}

// Followed is a configuration of the followed sections alone.
func (c *Config) Followed() *Config {
	n := Default(Facts{})
	n.Follow(c)
	return n
}

// Held names the first followed section that two configurations do not have in
// common, "" = none.
func (c *Config) Held(before *Config) string {
	for _, p := range followed {
		if !p.same(c, before) {
			return p.name
		}
	}
	return ""
}

// shareDHCP is a DHCP section with what belongs to one box taken from own.
func shareDHCP(d, own dhcp.Config) dhcp.Config {
	d.Service, d.Databases, d.Links, d.Takeover, d.ForeignServer = own.Service, own.Databases, own.Links, own.Takeover, own.ForeignServer
	return d
}

// sections begin the headers, and the lines of the top level, that go with the
// followed sections.
var sections = []string{"ip dhcp ", "telephony-service", "ephone", "voice register ", "voice-gateway ", "voice user-profile ", "voice logout-profile ", "tftp-server ", "upgrade "}

// keptFollowed are the lines that are kept in or beside the followed sections, or
// all others.
func (c *Config) keptFollowed(followed bool) (out []Carried) {
	for _, k := range c.Carried {
		head := k.In
		if head == "" {
			head = strings.TrimPrefix(k.Line, "no ")
		}
		if slices.ContainsFunc(sections, func(s string) bool { return strings.HasPrefix(head+" ", s) }) == followed {
			out = append(out, k)
		}
	}
	return out
}

// Led is the error of a change of the followed sections that was not made by the
// hand of their leader.
func (c *Config) Led(before *Config) error {
	if before.Leader == "" || c.Leader != before.Leader {
		return nil
	}
	name := c.Held(before)
	if name == "" {
		return nil
	}
	return &Refused{[]Problem{{Severity: Refuse, Kind: Rule, Section: "fleet configuration follow " + c.Leader,
		Text: fmt.Sprintf("the sections of %s are those of box %s: change them there, or enter `no fleet configuration follow` here first", name, c.Leader)}}}
}

// followRules: two boxes that do not know each other's bindings never serve one pool.
func (c *Config) followRules() []Problem {
	if c.Leader != "" && c.Leader == c.Member().Name {
		return []Problem{{Severity: Refuse, Kind: Rule, Section: "fleet configuration follow " + c.Leader, Text: c.Leader + " is this box itself"}}
	}
	if c.Leader == "" || !c.DHCP.Service || len(c.DHCP.Pools) == 0 || c.Fleet.Share {
		return nil
	}
	return []Problem{{Severity: Refuse, Kind: Rule, Section: "fleet configuration follow " + c.Leader,
		Text: fmt.Sprintf("this box and %s would give out the same addresses: enter `no service dhcp` here first, or `bindings share` below fleet on both", c.Leader)}}
}
