package sshd

import (
	"slices"
	"time"

	"option150/platform/acl"
	"option150/platform/listen"
)

// Defaults of the `ip ssh` lines and of `line vty 0 4`.
// [facts/ios-cli.md 1.14]
const (
	DefaultLoginGrace  = 120 * time.Second
	DefaultRetries     = 3
	DefaultMaxSessions = 5
)

// Bounds that are not configured. [facts/libraries.md 2]
const (
	MaxUnauthenticated = 100              // connections that have not logged in
	hostShare          = 10               // of them, of one host
	hostBurst          = 10               // connections of one host before it must wait
	hostRefill         = 6 * time.Second  // one more connection per
	maxHosts           = 1000             // hosts remembered
	maxPerConnection   = 16               // channels of one connection
	maxCommand         = 4096             // bytes of an exec request kept
	defaultKeepAlive   = 60 * time.Second // between our keep-alive requests
	defaultStall       = 10 * time.Minute // a peer that reads nothing
	closeTime          = 5 * time.Second  // a peer that does not confirm a close
)

// Spec is what the service runs by. Enabled false is the same as no Spec.
type Spec struct {
	Endpoint    listen.Endpoint
	Ports       []Port // more of them
	Enabled     bool
	LoginGrace  time.Duration // `ip ssh time-out`; 0 = default
	Retries     int           // `ip ssh authentication-retries`; 0 = default
	MaxSessions int           // vty lines, from 0 on; 0 = default. Unused with Lines
	Lines       []Line        // the vty lines SSH may use, in their order
	PublicKey   bool          // keys may log in: somebody has one
	Algorithms  Algorithms
}

// Line is a vty line and who may use it.
type Line struct {
	Number int
	Access acl.Gate // `access-class N in`, `ipv6 access-class NAME in`
	Rotary int      // `rotary N`: its group; 0 = of none
}

// Port is `ip ssh port N rotary A B`: a port beside that of the settings, by
// which the vty lines of these groups are reached.
type Port struct {
	Number      uint16
	First, Last int // groups
}

// Has reports whether a line is reached by the port.
func (p Port) Has(l Line) bool { return l.Rotary != 0 && l.Rotary >= p.First && l.Rotary <= p.Last }

// Config is the `ip ssh` part of the configuration.
// Source: facts/ios-cli.md 1.14.
type Config struct {
	Version2 bool       // `ip ssh version 2` was typed: it is printed back, there is no other
	TimeOut  int        // seconds
	Retries  int        // wrong passwords of a connection; 0 is one
	SCP      bool       // `ip scp server enable`: scp and sftp are served
	Chain    []UserKeys // `ip ssh pubkey-chain`, by user
	Ports    []Port     // `ip ssh port N rotary A`, by number

	Algorithms Algorithms // `ip ssh server algorithm`, `ip ssh dh min size`
}

// Default is the factory configuration.
func Default() Config {
	return Config{TimeOut: int(DefaultLoginGrace / time.Second), Retries: DefaultRetries}
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Chain, c.Ports, c.Algorithms = slices.Clone(c.Chain), slices.Clone(c.Ports), c.Algorithms.Clone()
	for i := range c.Chain {
		c.Chain[i].Keys = slices.Clone(c.Chain[i].Keys)
	}
	return c
}

// User returns the keys of a user, or nil.
func (c *Config) User(name string) *UserKeys {
	for i := range c.Chain {
		if c.Chain[i].User == name {
			return &c.Chain[i]
		}
	}
	return nil
}

// Authorizes reports whether a key is one of the user's.
func (c *Config) Authorizes(user string, k Key) bool {
	u := c.User(user)
	return u != nil && k.Hash != "" && slices.ContainsFunc(u.Keys, func(o Key) bool { return o.Type == k.Type && o.Hash == k.Hash })
}

func (s Spec) withDefaults() Spec {
	if s.LoginGrace <= 0 {
		s.LoginGrace = DefaultLoginGrace
	}
	if s.Retries <= 0 {
		s.Retries = DefaultRetries
	}
	if s.MaxSessions <= 0 {
		s.MaxSessions = DefaultMaxSessions
	}
	if s.Endpoint.Proto == "" {
		s.Endpoint.Proto = listen.TCP
	}
	if s.Endpoint.Owner == "" {
		s.Endpoint.Owner = Owner
	}
	return s
}
