package fileserver

import "slices"

// Config is what the operator said about serving files: it concerns TFTP and
// HTTP alike. Source: facts/files.md 1.5 and 1.8.
type Config struct {
	Bindings            []Binding // `tftp-server` lines in the order typed
	MaximumServingCount int       // default 200, see DefaultServingCount
	MaximumPerAddress   int       // of those, for one address; 0 = a quarter
	MaximumPerRelay     int       // of those, for one that many phones are behind; 0 = half

	RebuildBusy bool // who asks while phone files are built is told to ask again; else he gets the one before

	AccessClass string // who may ask at all; "" = connected and configured networks, see Server.stranger
	BindLease   Bind   // the configuration of a phone from another address
	Trust       string // access list of addresses BindLease and Scan do not concern, wherever they are
	Scan        Scan
	Listing     string // access list of who gets lists of names; "" = nobody

	AccessClass6, Trust6, Listing6 string // the same for hosts of IPv6: lists of `ipv6 access-list`
}

// DefaultServingCount is the number of requests served at the same time, TFTP
// and HTTP together. [sources/004, CUCM]
const DefaultServingCount = 200

// Default is the factory configuration.
func Default() Config { return Config{MaximumServingCount: DefaultServingCount} }

// Binding is one `tftp-server flash:FILE [alias NAME] [ACL]` line.
type Binding struct {
	File  string // with file system, "flash:phones/SCCP41.9-4-2SR2-2S.loads"
	Alias string // name under which it is asked for; "" = the name of the file
	ACL   string // standard access list of who may have it, "" = everybody
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Bindings = slices.Clone(c.Bindings)
	return c
}
