package engine

import (
	"net/netip"
	"slices"
	"time"

	"option150/dhcp/share"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// Config is what the operator wants of the DHCP server: the global `ip dhcp`
// lines and the pools. The zero value with Service true is the factory
// configuration. Source: facts/dhcp.md 1.2 and 1.3.
type Config struct {
	Service         bool // `service dhcp`, on by default
	Excluded        []Range
	Pools           []Pool  // sorted by the order of creation
	Classes         []Class // `ip dhcp class`
	ConflictLogging bool    // `ip dhcp conflict logging`, on by default
	PingPackets     int     // `ip dhcp ping packets`, default 2, 0 = no probing
	PingTimeout     time.Duration
	BootpIgnore     bool
	TrustAll        bool         // `ip dhcp relay information trust-all`
	Authoritative   bool         // extension: NAK an INIT-REBOOT of an unknown client
	ForeignServer   string       // `ip dhcp foreign-server hold|warn`, default warn
	Takeover        bool         // `ip dhcp takeover` is in the configuration
	Databases       []Database   // `ip dhcp database`, in the order typed
	UseClass        bool         // `ip dhcp use class`, on by default
	Links           []LinkConfig // below interfaces, by name
	LimitLease      int          // `ip dhcp limit lease per interface N`, 0 = no limit
	LimitLog        bool         // `ip dhcp limit lease log`
	ExcludedVRF     []VRFRange   // `ip dhcp excluded-address vrf`: kept, there are no VRFs

	// What follows are lines few boxes have; their zero values are the defaults.
	ConflictTimeout time.Duration // how long a conflict keeps an address away, 0 = DefaultConflictTimeout
	DropInform      bool          // `ip dhcp drop-inform`
	SubnetSelection bool          // extension: honour option 118 (RFC 3011) of clients
	VerifyMAC       bool          // extension: drop requests whose Ethernet source is not their chaddr
	RateLimit       int           // extension: requests a second per interface or relay circuit, 0 = no limit
}

// DefaultConflictTimeout ends the quarantine of an address nobody has cleared
// with `clear ip dhcp conflict`. [facts/dhcp.md 3, DECLINE]
const DefaultConflictTimeout = 24 * time.Hour

// The values of ForeignServer.
const (
	ForeignWarn = "warn" // serve, and say loudly that another server answers
	ForeignHold = "hold" // offer nothing until Takeover
)

// Default is the factory configuration. The ping timeout is that of the 12.0T
// manual; probing never delays an OFFER here, so it only bounds the probe.
func Default() Config {
	return Config{Service: true, ConflictLogging: true, UseClass: true, PingPackets: 2, PingTimeout: 500 * time.Millisecond, ForeignServer: "warn"}
}

// VRFRange is a range of addresses of a VRF.
type VRFRange struct {
	VRF string
	Range
}

// Database is one agent of `ip dhcp database URL`: a file elsewhere with the
// bindings.
type Database struct {
	URL        string
	WriteDelay time.Duration // between a change and its writing, 0 = DefaultWriteDelay
	Timeout    time.Duration // of a transfer, 0 = DefaultDatabaseTimeout, NoTimeout = none
}

// The times of an agent that says nothing. [Cisco, IOS DHCP Server 12.0(1)T]
const (
	DefaultWriteDelay      = 300 * time.Second
	DefaultDatabaseTimeout = 300 * time.Second
	NoTimeout              = time.Duration(-1)
)

// Range is an inclusive range of addresses; Last equals First for one address.
type Range struct{ First, Last netip.Addr }

// Contains reports whether a lies in the range.
func (r Range) Contains(a netip.Addr) bool {
	return a.Compare(r.First) >= 0 && a.Compare(r.Last) <= 0
}

// Count is the number of addresses of the range.
func (r Range) Count() int {
	if !r.First.Is4() || !r.Last.Is4() || r.Last.Less(r.First) {
		return 0
	}
	return int(uint64(wire.U32(r.Last)) - uint64(wire.U32(r.First)) + 1)
}

// Pool is one `ip dhcp pool NAME`: dynamic with a Network, or a manual binding
// with a Host.
type Pool struct {
	Name           string
	Network        netip.Prefix // masked; invalid = none
	Secondary      []netip.Prefix
	Host           netip.Prefix // address of a manual binding with its mask; invalid = none
	ClientID       []byte       // of the manual binding
	HardwareAddr   ether.MAC    // of the manual binding
	HardwareType   uint8        // of HardwareAddr; 0 = 1, Ethernet
	ClientName     string
	DefaultRouters []netip.Addr // at most 8, as all lists of addresses
	DNSServers     []netip.Addr
	NetBIOSServers []netip.Addr
	NetBIOSNode    string // "b-node", "p-node", "m-node", "h-node"
	NextServers    []netip.Addr
	DomainName     string
	Bootfile       string
	Lease          time.Duration // 0 = default of one day, Infinite = no end
	Options        []Option      // sorted by code
	ClassLock      bool          // `class CISCO-PHONES`: offer to Cisco phones only

	ReservedOnly bool        // `reserved-only`
	Reserved     []Reserved  // `address A ...`, sorted by address
	Classes      []PoolClass // `class NAME`, in the order they are tried
	UpdateARP    bool        // `update arp`: kept, this box is no router
	VRF          string      // `vrf NAME`: the pool serves nobody here

	// What follows are lines few pools have; their zero values are the defaults.
	Overrides         []Override    // `override default-router` of secondary networks
	RapidCommit       bool          // extension: answer option 80 with an ACK (RFC 4039)
	V6Only            time.Duration // extension: V6ONLY_WAIT of option 108 (RFC 8925), 0 = not sent
	ReservePhones     int           // extension: the last so many free addresses are for Cisco phones
	UtilizationHigh   int           // `utilization mark high`, percent, 0 = default of 100
	UtilizationLow    int           // `utilization mark low`, percent, default 0
	UtilizationLog    bool          // `utilization mark high N log`
	UtilizationLowLog bool          // `utilization mark low N log`
}

// Override replaces the default routers for the clients of a secondary network.
type Override struct {
	Network        netip.Prefix // one of Pool.Secondary
	DefaultRouters []netip.Addr
}

// DefaultLease is the lease of a pool that says nothing. [facts/dhcp.md 1.3]
const DefaultLease = 24 * time.Hour

// Infinite is the lease that never ends (0xffffffff on the wire).
const Infinite = wire.Infinite

// OptionKind is how the value of a raw option was typed.
type OptionKind string

// The kinds of `option CODE kind`.
const (
	OptionASCII OptionKind = "ascii"
	OptionHex   OptionKind = "hex"
	OptionIP    OptionKind = "ip"
)

// Option is one `option CODE {ascii|hex|ip} VALUE` line.
type Option struct {
	Code  uint8
	Kind  OptionKind
	Text  string       // of ascii
	Hex   []byte       // of hex
	Addrs []netip.Addr // of ip, in the order configured
	Force bool         // extension: sent although not requested

	Stagger bool // extension, of 150: clients begin with different addresses
}

// Option150 returns the addresses of option 150 of the pool, nil if none.
func (p *Pool) Option150() []netip.Addr {
	for i := range p.Options {
		if p.Options[i].Code == 150 && p.Options[i].Kind == OptionIP {
			return p.Options[i].Addrs
		}
	}
	return nil
}

// Class returns the class of that name, or nil.
func (c *Config) Class(name string) *Class {
	for i := range c.Classes {
		if c.Classes[i].Name == name {
			return &c.Classes[i]
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

// Clone is a copy for a command to change. Its lists and their elements are its
// own, those of the classes of a pool as well, which are sections; any other
// list within an element is shared, with no room to append: who changes one
// makes a new one.
func (c Config) Clone() Config {
	c.Excluded = slices.Clone(c.Excluded)
	c.Databases = slices.Clone(c.Databases)
	c.Links = slices.Clone(c.Links)
	c.ExcludedVRF = slices.Clone(c.ExcludedVRF)
	c.Classes = slices.Clone(c.Classes)
	for i := range c.Classes {
		c.Classes[i].Patterns = slices.Clip(c.Classes[i].Patterns)
	}
	c.Pools = slices.Clone(c.Pools)
	for i := range c.Pools {
		p := &c.Pools[i]
		p.Secondary, p.Reserved, p.Overrides, p.Options = slices.Clip(p.Secondary), slices.Clip(p.Reserved), slices.Clip(p.Overrides), slices.Clip(p.Options)
		p.ClientID, p.DefaultRouters, p.DNSServers = slices.Clip(p.ClientID), slices.Clip(p.DefaultRouters), slices.Clip(p.DNSServers)
		p.NetBIOSServers, p.NextServers = slices.Clip(p.NetBIOSServers), slices.Clip(p.NextServers)
		p.Classes = slices.Clone(p.Classes)
		for k := range p.Classes {
			x := &p.Classes[k]
			x.Ranges, x.Option150 = slices.Clip(x.Ranges), slices.Clip(x.Option150)
		}
	}
	return c
}

// Spec is what the server runs by: the configuration and the interfaces it
// serves on. It is what a configuration plan hands to the service.
type Spec struct {
	Config
	Interfaces []Interface
	Share      share.Config
}

// Interface is one LAN the server listens on.
type Interface struct {
	Name   string         // IOS name, "GigabitEthernet0/0"
	Device string         // Linux device, "eth0"
	Addrs  []netip.Prefix // addresses of the box there, the primary first
}
