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
	Hosts        []netip.Addr
	LogStamp     Stamp // `service timestamps log`
	DebugStamp   Stamp // `service timestamps debug`
	SequenceNums bool  // `service sequence-numbers`
}

// Off is the level of a destination that is switched off.
const Off = -1

// Levels used as defaults.
const (
	Informational = 6
	Debugging     = 7
)

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
		Trap: Informational, LogStamp: d, DebugStamp: d}
}

// Clone is a deep copy.
func (c Config) Clone() Config {
	c.Hosts = slices.Clone(c.Hosts)
	return c
}
