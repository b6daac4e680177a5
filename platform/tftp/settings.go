package tftp

import (
	"fmt"
	"runtime"
	"time"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
)

// Settings are what can be chosen about the server. The zero value of every
// field means its default; Settings are comparable.
type Settings struct {
	Workers    int    // sockets of the TID pool; default: number of processors, at most 8
	PortLow    uint16 // range the pool takes its ports from, both ends included;
	PortHigh   uint16 // 0, 0 = any free port. At most half of the range is in use at a time
	SinglePort bool   // transfers run on the request port (NAT, containers)

	MaxPerClient int // transfers and lookups of one client address; default 64
	MaxTransfers int // of all clients together; default 4096
	MaxLookups   int // lookups at the same time; a request beyond it is dropped; default 1024
	MaxBlockSize int // limit of blksize beside the MTU; default 65464 [RFC 2348]
	MaxWindow    int // limit of windowsize; default and most 64

	RTOInitial time.Duration // before the first measurement; default 1 s
	RTOMin     time.Duration // default 150 ms: phones pause to write flash
	RTOMax     time.Duration // default 4 s
	Tries      int           // retransmissions before a client is given up; default 6
	GiveUp     time.Duration // and time without progress before it is; default 30 s
	Grace      time.Duration // how long transfers may go on after a stop; default 30 s
}

// maxWindow is the largest windowsize accepted: 64 blocks of 1428 are 90 KB,
// beyond that a window only fills the queue of a switch.
const maxWindow = 64

// withDefaults fills in the defaults and bounds what would do harm.
func (s Settings) withDefaults() Settings {
	def(&s.Workers, min(runtime.GOMAXPROCS(0), 8))
	def(&s.MaxPerClient, 64)
	def(&s.MaxTransfers, 4096)
	def(&s.MaxLookups, 1024)
	def(&s.MaxBlockSize, maxBlockSize)
	def(&s.MaxWindow, maxWindow)
	s.MaxWindow = min(s.MaxWindow, maxWindow)
	def(&s.RTOInitial, time.Second)
	def(&s.RTOMin, 150*time.Millisecond)
	def(&s.RTOMax, 4*time.Second)
	def(&s.Tries, 6)
	def(&s.GiveUp, 30*time.Second)
	def(&s.Grace, 30*time.Second)
	s.Workers = min(s.Workers, 64)
	s.MaxBlockSize = min(max(s.MaxBlockSize, defaultBlockSize), maxBlockSize)
	return s
}

func def[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// Validate reports settings that cannot work. It looks at nothing but them.
func (s Settings) Validate() error {
	if s.PortLow > s.PortHigh || s.PortLow == 0 && s.PortHigh != 0 {
		return fmt.Errorf("tftp: port range %d-%d is empty", s.PortLow, s.PortHigh)
	}
	return nil
}

func (s Settings) timeouts() timeouts {
	return timeouts{initial: s.RTOInitial, floor: s.RTOMin, ceiling: s.RTOMax}
}

func (s Settings) patience() patience {
	return patience{tries: s.Tries, idle: s.GiveUp, limit: 10 * s.GiveUp}
}

// samePool reports whether a and b get along with the same pool sockets.
func samePool(a, b Settings) bool {
	return a.Workers == b.Workers && a.PortLow == b.PortLow && a.PortHigh == b.PortHigh && a.SinglePort == b.SinglePort
}

// Spec is what the service is to do. Endpoints are where requests are received.
type Spec struct {
	Endpoints []listen.Endpoint
	Settings  Settings
}

// Config is what a Server needs. Opener is required.
type Config struct {
	Opener   fileserver.Opener
	Recorder journal.Recorder // nil: silent
	// Interface tells the operator's name and the MTU of the interface with
	// this Linux index; "" and 0 mean unknown. nil asks the kernel.
	Interface func(index int) (name string, mtu int)
	Settings  Settings // for Serve; a Spec brings its own
}
