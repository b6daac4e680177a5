// Package config is the whole configuration of the appliance as one typed
// value: the sum of the section types, which live with the services that
// consume them, plus the rules that cross sections.
//
// A value is never changed once it is current. A command works on a Clone; the
// running store (platform/running) validates it, plans what services have to
// do, prepares that and only then makes it current.
//
// Pure: no files, no sockets, no clock. What the rules must know of the world
// (which interfaces exist, which addresses the host has) comes in as Facts.
//
// Failure: Validate returns problems. Testing: tables; a reflection test
// changes every leaf of a clone and looks at the original.
package config

import (
	"slices"

	"option150/dhcp"
	"option150/dhcp/v6"
	"option150/hfs"
	"option150/hfs/upstream"
	"option150/pfs"
	"option150/platform/aaa"
	"option150/platform/acl"
	"option150/platform/archive"
	"option150/platform/clock"
	"option150/platform/dns"
	"option150/platform/equal"
	"option150/platform/fileserver"
	"option150/platform/fleet"
	"option150/platform/httpd"
	"option150/platform/logging"
	"option150/platform/netif"
	"option150/platform/ntp"
	"option150/platform/sshd"
	"option150/platform/tftp"
	"option150/telephony/callcontrol"
	"option150/telephony/cnf"
	"option150/telephony/phonepage"
	"option150/telephony/upgrade"
)

// Config is the configuration.
type Config struct {
	Hostname   string
	AAA        aaa.Config
	Clock      clock.Config // time zone and summer time
	NTP        ntp.Config
	Logging    logging.Config
	Archive    archive.Config
	Interfaces []netif.Config // every interface of the box, in its order
	Routing    netif.Routing
	DHCP       dhcp.Config
	DHCPv6     v6.Config
	DNS        dns.Config
	HTTP       httpd.Config
	HFS        hfs.Config
	PFS        pfs.Config
	Files      fileserver.Config
	Fleet      fleet.Config    // the box among others
	Upstream   upstream.Config // other file servers
	PhonePoll  phonepage.Config
	TFTP       tftp.Config
	Telephony  cnf.Config
	Upgrades   []upgrade.Rollout  // in the order they were typed
	Control    callcontrol.Config // asking the call control of phones
	Lines      []Line             // con 0 first, then vty by number
	Banners    []Banner
	Domain     string // `ip domain name`
	PromptFree bool   // `file prompt quiet`

	Leader        string // `fleet configuration follow`: the box whose sections these are, see Follow; "" = none
	ProofRequired bool   // `provisioning proof required`
	Carried       []Carried

	SSH         sshd.Config
	AccessLists []acl.List  // standard lists, numbered ones first
	IPv6Lists   []acl.List6 // `ipv6 access-list`, by name
	Aliases     []Alias
	Privileges  []Privilege
}

// DefaultHostname is the name of a box that has none.
const DefaultHostname = "Router"

// Default is the factory configuration of a box with these interfaces.
func Default(f Facts) *Config {
	c := &Config{
		Hostname:  DefaultHostname,
		Logging:   logging.Default(),
		Archive:   archive.Default(),
		DHCP:      dhcp.Default(),
		HTTP:      httpd.Default(),
		Files:     fileserver.Default(),
		Upstream:  upstream.Default(),
		Telephony: cnf.Default(),
		Control:   callcontrol.Default(),
		SSH:       sshd.Default(),
		Lines:     []Line{DefaultLine("con", 0, 0), DefaultLine("vty", 0, 4)},
	}
	for _, i := range f.Interfaces {
		c.Interfaces = append(c.Interfaces, netif.Config{Name: i.Name})
	}
	return c
}

// Clone is a copy for a command to change, in place but for the lists within the
// elements of a list (see cnf.Config.Clone and engine.Config.Clone): versions
// have those in common, so that a line costs what it changes and not what there
// is.
func (c *Config) Clone() *Config {
	n := *c
	n.AAA = c.AAA.Clone()
	n.Logging = c.Logging.Clone()
	n.Interfaces = slices.Clone(c.Interfaces)
	for i := range n.Interfaces {
		n.Interfaces[i] = n.Interfaces[i].Clone()
	}
	n.Routing = c.Routing.Clone()
	n.DHCP = c.DHCP.Clone()
	n.DHCPv6 = c.DHCPv6.Clone()
	n.DNS = c.DNS.Clone()
	n.Files = c.Files.Clone()
	n.Fleet = c.Fleet.Clone()
	n.Upstream = c.Upstream.Clone()
	n.PFS = c.PFS.Clone()
	n.NTP = c.NTP.Clone()
	n.Telephony = c.Telephony.Clone()
	n.Upgrades = slices.Clone(c.Upgrades)
	for i := range n.Upgrades {
		n.Upgrades[i] = n.Upgrades[i].Clone()
	}
	n.Lines = slices.Clone(c.Lines)
	n.Banners = slices.Clone(c.Banners)
	n.Carried = slices.Clone(c.Carried)
	for i := range n.Carried {
		n.Carried[i].Below = cloneKept(n.Carried[i].Below)
	}
	c.cloneSecurity(&n)
	return &n
}

// Equal reports whether both say the same. An empty list equals no list.
func (c *Config) Equal(o *Config) bool {
	return equal.Of(c, o)
}

// Share reports what Equal does, and takes over from a configuration that is
// current every list that says the same. Afterwards c is not to be changed.
func (c *Config) Share(current *Config) bool {
	return equal.Share(current, c)
}

// Interface returns the interface of that canonical name, or nil.
func (c *Config) Interface(name string) *netif.Config {
	for i := range c.Interfaces {
		if c.Interfaces[i].Name == name {
			return &c.Interfaces[i]
		}
	}
	return nil
}
