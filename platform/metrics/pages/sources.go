package pages

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/metrics"
	"option150/telephony/inventory"
)

// Sources are the snapshots the page looks at. The composition fills them; one
// that is nil has nothing to show. They are called while somebody looks, never
// more often than once a second, and return copies.
type Sources struct {
	metrics.Sources

	Last      func() uint64                                            // grows with everything that happens
	Phone     func(name string, now time.Time) (inventory.Phone, bool) // with its boots
	Expected  func() []Expected                                        // phones that are configured
	Transfers func() []Transfer                                        // files on their way
	Foreign   func() []Foreign                                         // other DHCP servers that were seen
	Firmware  func(also []string) []Load                               // loads that are configured or lie in flash, and others
	Upgrades  func() []Upgrade                                         // in waves
	Sharing   func() []Tree                                            // who got firmware from whom
	Log       func(n int) []string                                     // the last lines, the newest last
	Changes   func() []Change                                          // of the configuration, the newest first
	Names     func() []string                                          // this box is called by, beside its addresses
}

// Expected is a phone that is configured.
type Expected struct {
	MAC     ether.MAC
	Section string // "ephone 4", "pool 2"
	Name    string // its description; "" = none
	Type    string // keyword, "7961"; "" = none
}

// Transfer is a file on its way to a client.
type Transfer struct {
	Transport  string // "HTTP", "TFTP"
	Client     netip.AddrPort
	File       string
	Size, Sent int64
	Since      time.Time
}

// Foreign is another DHCP server.
type Foreign struct {
	Server      netip.Addr
	MAC         ether.MAC
	Interface   string
	Option150   string // what it gives, as read; "" = none
	First, Last time.Time
	Holding     bool // offers of this box are held because of it
}

// Load is a load of firmware. Types are the keywords of `load` it is configured
// for.
type Load struct {
	Name           string
	Types          []string
	Present, Total int // files
	Whole          bool
	Missing        []string // what is, or is damaged
}

// Upgrade is an upgrade in waves.
type Upgrade struct {
	Name, State, Why, Type, Load string
	Wave                         int // under way, from 1; 0 = none
	Started, Ended               time.Time
	Waves                        []Wave
}

// Wave is the phones of a wave by state; the order is that of `show upgrade`.
type Wave struct {
	Number int
	Total  int
	States []Count
}

// Count is how many there are of something.
type Count struct {
	What string `json:"what"`
	N    int    `json:"n"`
}

// Tree is how files of a load went among the phones of a subnet.
type Tree struct {
	Subnet, Family, Load, Files string
	Start, End                  time.Time
	Hidden                      string // why it cannot be seen from here; "" = it can
	Findings                    []string
	Nodes                       []Node // parents before their children
}

// Node is a phone of a tree.
type Node struct {
	MAC, Parent ether.MAC // no parent: none, or not known
	Role, Basis string
	Bytes       int64
	Took        time.Duration
	Why         string
}

// Change is what one operator changed in one go.
type Change struct {
	Number   int // version of the configuration it ended in
	Who      string
	From, To time.Time
	Lines    []string // "+ip http server", " ephone 4" for where it stands; none: it was read at the start
	More     int      // lines beyond those
}
