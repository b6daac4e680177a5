package tftp

import (
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/platform/listen"
)

// Config is what an operator chooses: the ports of transfers. The zero value is
// the factory configuration: any free ports. It is comparable.
type Config struct {
	SinglePort        bool   // `tftp-server single-port`: transfers run on the request port
	PortLow, PortHigh uint16 // `tftp-server port-range LOW HIGH`, both included; 0, 0 = any
}

// Validate reports a configuration that cannot work. It looks at nothing else.
func (c Config) Validate() error {
	if c.PortLow > c.PortHigh || c.PortLow == 0 && c.PortHigh != 0 {
		return fmt.Errorf("tftp: port range %d-%d is empty", c.PortLow, c.PortHigh)
	}
	return nil
}

// Windows reports whether there are ports enough for windowsize (RFC 7440): the
// port a transfer runs on is what a forger has to guess, and a window is what
// he gains. docs/adr/0011-a-port-is-the-only-secret.md
func (c Config) Windows() bool {
	return !c.SinglePort && (c.PortHigh == 0 || int(c.PortHigh)-int(c.PortLow)+1 >= PoolSize)
}

// PoolSize is how many sockets transfers run on.
const PoolSize = 256

// Spec is what the service is to do. Endpoints are where requests are received.
type Spec struct {
	Endpoints []listen.Endpoint
	Config    Config
}

// Options are what a Server needs. Opener is required.
type Options struct {
	Opener   fileserver.Opener
	Recorder journal.Recorder // nil: silent
	// Interface tells the operator's name and the MTU of the interface with
	// this Linux index; "" and 0 mean unknown. nil asks the kernel.
	Interface func(index int) (name string, mtu int)
	Many      func(netip.Addr) bool // many phones may be behind an address; nil = behind none
}

// settings are the numbers of the engine. Tests have others.
type settings struct {
	Workers  int // shards of the table of transfers
	PoolSize int // sockets transfers run on

	MaxPerClient int // transfers of one client address, of those that were acknowledged
	MaxPerRelay  int // the same of one that many phones are behind
	MaxTransfers int // of all clients together, the same
	MaxUnheard   int // transfers nobody has acknowledged yet: beyond it the oldest goes
	MaxLookups   int // lookups at the same time; a request beyond it is dropped
	MaxBlockSize int // limit of blksize beside the MTU [RFC 2348]
	MaxWindow    int // limit of windowsize [RFC 7440]

	RTOInitial time.Duration // before the first measurement
	RTOMin     time.Duration // phones pause to write flash
	RTOMax     time.Duration // some clients start their timer of 5 s anew at every packet
	Tries      int           // retransmissions before a client is given up
	GiveUp     time.Duration // and time without progress before it is
	Grace      time.Duration // how long transfers may go on after a stop
}

// maxWindow is the largest windowsize accepted: 64 blocks of 1428 are 90 KB,
// beyond that a window only fills the queue of a switch.
const maxWindow = 64

// maxFlight is what a window may hold in octets: what one who guessed a port
// would draw.
const maxFlight = 48_000

// withDefaults fills in what is not set.
func (s settings) withDefaults() settings {
	def(&s.Workers, min(4*runtime.GOMAXPROCS(0), 32))
	def(&s.PoolSize, PoolSize)
	def(&s.MaxPerClient, 64)
	def(&s.MaxPerRelay, 1024)
	def(&s.MaxTransfers, 4096)
	def(&s.MaxUnheard, 2048)
	def(&s.MaxLookups, 1024)
	def(&s.MaxBlockSize, maxBlockSize)
	def(&s.MaxWindow, maxWindow)
	def(&s.RTOInitial, time.Second)
	def(&s.RTOMin, 150*time.Millisecond)
	def(&s.RTOMax, 8*time.Second)
	def(&s.Tries, 6)
	def(&s.GiveUp, 30*time.Second)
	def(&s.Grace, 30*time.Second)
	return s
}

func def[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

func (s *settings) timeouts() timeouts {
	return timeouts{initial: s.RTOInitial, floor: s.RTOMin, ceiling: s.RTOMax}
}

func (s *settings) patience() patience {
	return patience{tries: s.Tries, idle: s.GiveUp, limit: 10 * s.GiveUp}
}
