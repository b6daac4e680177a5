package engine

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Config is what the operator wants of the DHCPv6 server: the pools, and where
// they are served. The zero value is the factory configuration. [Cisco, IOS IPv6
// Command Reference]
type Config struct {
	Pools []Pool // in the order of creation
	Links []Link // below interfaces, by name
}

// Pool is one `ipv6 dhcp pool NAME`.
type Pool struct {
	Name       string
	Prefix     netip.Prefix // `address prefix`, masked; invalid = none: the pool gives options only
	Valid      time.Duration
	Preferred  time.Duration  // 0 = the defaults, Infinite = no end
	Networks   []netip.Prefix // `link-address`: relays the pool serves
	DNSServers []netip.Addr
	Domains    []string
	Refresh    time.Duration // `information refresh`, 0 = not sent
	Vendors    []Vendor      // `vendor-specific`, by number
}

// Vendor is one `vendor-specific NUMBER` of a pool.
type Vendor struct {
	Enterprise uint32
	Options    []Suboption // by code
}

// Suboption is one `suboption CODE kind VALUE`.
type Suboption struct {
	Code  uint16
	Kind  Kind
	Text  string       // of ascii
	Hex   []byte       // of hex
	Addrs []netip.Addr // of address, in the order configured
}

// Kind is how the value of a suboption was typed.
type Kind string

// The kinds of `suboption CODE kind`.
const (
	ASCII   Kind = "ascii"
	Hex     Kind = "hex"
	Address Kind = "address"
)

// Link is `ipv6 dhcp server` of an interface.
type Link struct {
	Name       string // IOS name of the interface
	Pool       string // "" = automatic: the pool that has an address of the interface, or the relay's
	Rapid      bool
	Preference int  // 0-255
	AllowHint  bool // a client may say which address it would like
}

// Lifetimes of a pool that says nothing. [Cisco, CUCM IPv6 deployment guide]
const (
	DefaultValid     = 48 * time.Hour
	DefaultPreferred = 24 * time.Hour
	Infinite         = time.Duration(1<<63 - 1)
	MinLifetime      = 5 * time.Second
	MinRefresh       = 600 * time.Second // [RFC 4242 3.1]
)

// Lifetimes are those in force.
func (p *Pool) Lifetimes() (preferred, valid time.Duration) {
	if p.Valid == 0 {
		return DefaultPreferred, DefaultValid
	}
	return p.Preferred, p.Valid
}

// Vendor returns the options of an enterprise, or nil.
func (p *Pool) Vendor(enterprise uint32) *Vendor {
	for i := range p.Vendors {
		if p.Vendors[i].Enterprise == enterprise {
			return &p.Vendors[i]
		}
	}
	return nil
}

// Suboption returns a suboption, or nil.
func (v *Vendor) Suboption(code uint16) *Suboption {
	for i := range v.Options {
		if v.Options[i].Code == code {
			return &v.Options[i]
		}
	}
	return nil
}

// Pool returns the pool of that name, or nil.
func (c *Config) Pool(name string) *Pool {
	for i := range c.Pools {
		if c.Pools[i].Name == name {
			return &c.Pools[i]
		}
	}
	return nil
}

// Link returns what is said of an interface, or nil.
func (c *Config) Link(name string) *Link {
	for i := range c.Links {
		if c.Links[i].Name == name {
			return &c.Links[i]
		}
	}
	return nil
}

// Clone is a copy for a command to change. Its lists and their elements are its
// own, those of the vendors of a pool as well, which are sections; any other list
// within an element is shared, with no room to append.
func (c Config) Clone() Config {
	c.Links = slices.Clone(c.Links)
	c.Pools = slices.Clone(c.Pools)
	for i := range c.Pools {
		p := &c.Pools[i]
		p.Networks, p.DNSServers, p.Domains = slices.Clip(p.Networks), slices.Clip(p.DNSServers), slices.Clip(p.Domains)
		p.Vendors = slices.Clone(p.Vendors)
		for k := range p.Vendors {
			p.Vendors[k].Options = slices.Clip(p.Vendors[k].Options)
		}
	}
	return c
}

// Spec is what the server runs by.
type Spec struct {
	Config
	Interfaces []Interface // those with `ipv6 dhcp server` that can be served
}

// Interface is one LAN the server listens on.
type Interface struct {
	Name   string         // IOS name
	Device string         // Linux device
	Addrs  []netip.Prefix // IPv6 addresses of the box there
}

// Words are a suboption as it is typed behind its number.
func (o *Suboption) Words() string {
	switch o.Kind {
	case ASCII:
		return "ascii " + o.Text
	case Hex:
		return "hex " + strings.ToUpper(hex.EncodeToString(o.Hex))
	}
	out := "address"
	for _, a := range o.Addrs {
		out += " " + Address6(a)
	}
	return out
}
