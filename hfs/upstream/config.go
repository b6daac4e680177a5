package upstream

import (
	"net/netip"
	"slices"
	"strconv"
)

// Config is what the operator said about other file servers.
type Config struct {
	Alternates []Alternate // by Order
	CommonHome bool        // `file-server common-files home`
	RateLimit  int         // kilobits a second of what is fetched, 0 = no limit
	CacheSize  int         // megabytes of disk for firmware and for what is being fetched; see DefaultCacheSize
}

// Abroad reports that other file servers are asked for what is not here: what is
// absent here is not known to be absent for phones.
func (c Config) Abroad() bool { return len(c.Alternates) > 0 }

// MaxAlternates is how many there may be. [source 004]
const MaxAlternates = 3

// DefaultPort is where file servers answer one another. [source 004]
const DefaultPort = 6970

// DefaultCacheSize, in megabytes, holds some six loads of the newest phones.
const DefaultCacheSize = 512

// Alternate is one `file-server alternate` line.
type Alternate struct {
	Order int    // 1 to MaxAlternates
	Host  string // address or name
	Port  uint16
}

func (a Alternate) String() string {
	h := a.Host
	if ip, err := netip.ParseAddr(h); err == nil && ip.Is6() {
		h = "[" + h + "]"
	}
	if a.Port != DefaultPort {
		h += ":" + strconv.Itoa(int(a.Port))
	}
	return h
}

// Default is the factory configuration.
func Default() Config { return Config{CacheSize: DefaultCacheSize} }

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Alternates = slices.Clone(c.Alternates)
	return c
}

// Spec is what the service runs by.
type Spec struct {
	Config
	Own  []netip.Addr // addresses of the box, and the port on which it answers: it does not ask itself
	Port uint16
}

// Clone is a deep copy.
func (s Spec) Clone() Spec {
	s.Config = s.Config.Clone()
	s.Own = slices.Clone(s.Own)
	return s
}
