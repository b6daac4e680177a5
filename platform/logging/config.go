package logging

import (
	"net/netip"
	"slices"
)

// Config is the `logging` and `service timestamps` part of the configuration.
// Levels are severities, 0 emergencies to 7 debugging; Off switches a
// destination off.
type Config struct {
	BufferSize   int // bytes of `logging buffered`, default 4096
	Buffered     int // level, default Debugging
	Console      int // level, default Debugging
	Monitor      int // level, default Debugging
	Trap         int // level of syslog hosts, default Informational
	Hosts        []Host
	Facility     int   // of what hosts get, 0-23, default local7
	Unnumbered   bool  // `no logging message-counter syslog`
	LogStamp     Stamp // `service timestamps log`
	DebugStamp   Stamp // `service timestamps debug`
	SequenceNums bool  // `service sequence-numbers`
}

// Host is one `logging host A` line.
type Host struct {
	Addr netip.Addr
	Port uint16 // UDP, 0 = 514
}

// Off is the level of a destination that is switched off.
const Off = -1

// Levels used as defaults.
const (
	Informational = 6
	Debugging     = 7
)

// local7 is the facility of a router that was told none.
const local7 = 23

// Facilities are the names of the facilities by number. 0 to 8 and 16 to 23 are
// those of RFC 3164; of those between IOS calls 15 cron and the others sys.
var Facilities = [...]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp",
	"sys9", "sys10", "sys11", "sys12", "sys13", "sys14", "cron",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}

// Stamp is the form of time stamps.
type Stamp struct {
	Kind     string // "datetime", "uptime" or "" for none
	Msec     bool
	Local    bool // `localtime`
	ShowZone bool // `show-timezone`
	Year     bool
}

// Default is the factory configuration: what a 15.x router starts with.
func Default() Config {
	d := Stamp{Kind: "datetime", Msec: true}
	return Config{BufferSize: 4096, Buffered: Debugging, Console: Debugging, Monitor: Debugging,
		Trap: Informational, Facility: local7, LogStamp: d, DebugStamp: d}
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Hosts = slices.Clone(c.Hosts)
	return c
}

// Tells reports that messages go to this address.
func (c Config) Tells(a netip.Addr) bool {
	return slices.ContainsFunc(c.Hosts, func(h Host) bool { return h.Addr == a })
}
