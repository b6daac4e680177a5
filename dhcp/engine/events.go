package engine

import (
	"net/netip"
	"time"

	"option150/platform/ether"
)

// The facts the server records. Addresses and names are copies, never slices
// of a packet buffer. ClientID is written as IOS does, 0100.1e7a.0000.01; for a
// client without an identifier it is the hardware address.
type (
	// Discover is a DHCPDISCOVER that was understood.
	Discover struct {
		MAC         ether.MAC
		ClientID    string
		Hostname    string // option 12
		VendorClass string // option 60, trailing NULs cut
		Requested   string // option 55 as "1,66,6,3,15,150,35"
		Interface   string // IOS name
		Relay       netip.Addr
		Link        netip.Addr // what selected the network: relay, interface, 82.5
		RemoteID    string     // 82.2 as hexadecimal digits
		CircuitID   string     // 82.1
		HType       byte
	}
	// Offer is a DHCPOFFER sent.
	Offer struct {
		MAC           ether.MAC
		ClientID      string
		Addr          netip.Addr
		Pool          string
		Interface     string
		Relay         netip.Addr
		Option66      string
		Option150     []netip.Addr
		OnlyRequested bool   // the client sent a parameter list
		Delivery      string // "unicasting" or "broadcasting"
	}
	// Requested is a DHCPREQUEST that was understood.
	Requested struct {
		MAC         ether.MAC
		ClientID    string
		Hostname    string
		VendorClass string
		Addr        netip.Addr // asked for: option 50 or ciaddr
		Server      netip.Addr // option 54, invalid if none
		Foreign     bool       // Server is not this one: the client chose another
		Reboot      bool       // the client starts and remembers its address: INIT-REBOOT
		Interface   string
		Relay       netip.Addr
	}
	// Ack is a DHCPACK sent; its binding is on disk.
	Ack struct {
		MAC           ether.MAC
		ClientID      string
		Hostname      string
		VendorClass   string
		Addr          netip.Addr
		Pool          string
		Interface     string
		Relay         netip.Addr
		Option66      string
		Option150     []netip.Addr
		Lease         time.Duration // Infinite = no end
		Manual        bool
		Renewal       bool // the client had the address already
		Mask          string
		Router        netip.Addr // the first of option 3, invalid if none
		OnlyRequested bool
		Delivery      string
	}
	// Nak is a DHCPNAK sent.
	Nak struct {
		MAC       ether.MAC
		ClientID  string
		Addr      netip.Addr
		Interface string
		Relay     netip.Addr
		Why       string
		Delivery  string
	}
	// Release is a DHCPRELEASE of the owner.
	Release struct {
		MAC      ether.MAC
		ClientID string
		Addr     netip.Addr
		Pool     string
	}
	// Inform is a DHCPINFORM that was answered.
	Inform struct {
		MAC           ether.MAC
		ClientID      string
		Addr          netip.Addr
		Pool          string
		Interface     string
		Relay         netip.Addr
		Option66      string
		Option150     []netip.Addr
		OnlyRequested bool
	}
	// Bootp is a BOOTREPLY sent.
	Bootp struct {
		MAC       ether.MAC
		Addr      netip.Addr
		Pool      string
		Interface string
		Relay     netip.Addr
		Delivery  string
	}
	// Conflict is an address found in use (Ping) or declined by its client
	// (Gratuitous ARP).
	Conflict struct {
		Addr   netip.Addr
		Method string
		MAC    ether.MAC // who declined or answered, if known
		Client string    // who declined
		Logged bool      // `ip dhcp conflict logging`
	}
	// InUse is a number of addresses of a pool that stations use without a lease
	// of this server. They are set aside for them.
	InUse struct {
		Pool  string
		Count int
		First netip.Addr
	}
	// Contested is an address without a lease that two stations claim. Neither
	// gets it, neither is refused.
	Contested struct {
		Addr      netip.Addr
		Pool      string
		Interface string
		MAC       ether.MAC
		Other     ether.MAC // zero if it is not known
	}
	// NoLease is a request that got no answer because there was nothing to give.
	NoLease struct {
		MAC       ether.MAC
		ClientID  string
		Interface string
		Relay     netip.Addr
		Link      netip.Addr
		Why       string // "NO POOL", "POOL EXHAUSTED", "CLASS MISMATCH", or "SHARED BINDINGS: " and the rule
	}
	// Expired is a binding whose lease ran out.
	Expired struct {
		Addr netip.Addr
		Pool string
	}
	// Moved is a client that has another address of its link now: its old one is
	// free.
	Moved struct {
		MAC      ether.MAC
		From, To netip.Addr
		Pool     string // of From
	}
	// ForeignServer is another DHCP server that answered on the segment.
	ForeignServer struct {
		Server    netip.Addr
		MAC       ether.MAC
		Interface string
		Client    ether.MAC // who it answered, the box's own address for our probe
		Addr      netip.Addr
		Mask      netip.Addr
		Relay     netip.Addr
		Option66  string
		Option150 string // decoded; says so when it is text instead of addresses
		Hold      bool   // this server holds its offers because of it
		Again     bool   // it was told before
	}
	// Takeover is the operator's word to serve although another server answers.
	Takeover struct{}
	// Utilization is a pool that crossed one of its utilization marks.
	Utilization struct {
		Pool      string
		Used      int
		Total     int
		Threshold int // percent
		High      bool
	}
	// Untrusted is a request with option 82 that came from no relay.
	Untrusted struct {
		MAC       ether.MAC
		Interface string
	}
	// Malformed is a packet that was dropped.
	Malformed struct {
		Interface string
		Why       string
	}
	// Cleared is a binding or conflict removed by an operator.
	Cleared struct {
		Addr netip.Addr
		What string // "binding", "conflict"
		Pool string // of a binding
	}
	// Classified is the class by which a pool let a client in; without a pool, no
	// class did.
	Classified struct {
		ClientID    string
		Pool, Class string
	}
	// Linkage is where the networks of pools are served.
	Linkage struct{ Networks []Linked }
	// LeaseLimit is a client that got nothing because its interface has as many
	// leases as it may.
	LeaseLimit struct {
		MAC       ether.MAC
		ClientID  string
		Interface string
		Limit     int
		Logged    bool // it is to be said
	}
	// Starving is a station that asks for more addresses than a bridge does.
	Starving struct {
		Source    ether.MAC
		Interface string
		Addresses int // it has
	}
	// StoreFailed says that bindings cannot be written.
	StoreFailed struct{ Why string }
	// StoreLow says that the disk of the bindings is nearly full.
	StoreLow struct{ Free int64 } // bytes
	// StoreWorks says that they can be written again.
	StoreWorks struct{}
	// DatabaseRead is a file of `ip dhcp database` that was taken over.
	DatabaseRead struct {
		URL       string
		Taken, Of int // bindings
	}
	// DatabaseWritten is such a file that was written.
	DatabaseWritten struct {
		URL   string
		Count int  // bindings
		Again bool // it could not be written before
	}
	// DatabaseFailed is one that could not be read or written.
	DatabaseFailed struct {
		URL     string
		Reading bool
		Why     string
	}
	// StoreDamaged says that part of the store could not be read at start.
	StoreDamaged struct {
		File string
		Why  string
	}
)

// EventName implements journal.Event.
func (Discover) EventName() string { return "dhcp.Discover" }

// EventName implements journal.Event.
func (Offer) EventName() string { return "dhcp.Offer" }

// EventName implements journal.Event.
func (Requested) EventName() string { return "dhcp.Request" }

// EventName implements journal.Event.
func (Ack) EventName() string { return "dhcp.Ack" }

// EventName implements journal.Event.
func (Nak) EventName() string { return "dhcp.Nak" }

// EventName implements journal.Event.
func (Release) EventName() string { return "dhcp.Release" }

// EventName implements journal.Event.
func (Inform) EventName() string { return "dhcp.Inform" }

// EventName implements journal.Event.
func (Bootp) EventName() string { return "dhcp.Bootp" }

// EventName implements journal.Event.
func (Conflict) EventName() string { return "dhcp.Conflict" }

// EventName implements journal.Event.
func (InUse) EventName() string { return "dhcp.InUse" }

// EventName implements journal.Event.
func (Contested) EventName() string { return "dhcp.Contested" }

// EventName implements journal.Event.
func (NoLease) EventName() string { return "dhcp.NoLease" }

// EventName implements journal.Event.
func (Expired) EventName() string { return "dhcp.Expired" }

// EventName implements journal.Event.
func (Moved) EventName() string { return "dhcp.Moved" }

// EventName implements journal.Event.
func (ForeignServer) EventName() string { return "dhcp.ForeignServer" }

// EventName implements journal.Event.
func (Takeover) EventName() string { return "dhcp.Takeover" }

// EventName implements journal.Event.
func (Utilization) EventName() string { return "dhcp.Utilization" }

// EventName implements journal.Event.
func (Untrusted) EventName() string { return "dhcp.Untrusted" }

// EventName implements journal.Event.
func (Malformed) EventName() string { return "dhcp.Malformed" }

// EventName implements journal.Event.
func (Cleared) EventName() string { return "dhcp.Cleared" }

// EventName implements journal.Event.
func (StoreFailed) EventName() string { return "dhcp.StoreFailed" }

// EventName implements journal.Event.
func (StoreLow) EventName() string { return "dhcp.StoreLow" }

// EventName implements journal.Event.
func (StoreWorks) EventName() string { return "dhcp.StoreWorks" }

// EventName implements journal.Event.
func (StoreDamaged) EventName() string { return "dhcp.StoreDamaged" }

// EventName implements journal.Event.
func (DatabaseRead) EventName() string { return "dhcp.DatabaseRead" }

// EventName implements journal.Event.
func (DatabaseWritten) EventName() string { return "dhcp.DatabaseWritten" }

// EventName implements journal.Event.
func (DatabaseFailed) EventName() string { return "dhcp.DatabaseFailed" }

// EventName implements journal.Event.
func (Classified) EventName() string { return "dhcp.Classified" }

// EventName implements journal.Event.
func (Linkage) EventName() string { return "dhcp.Linkage" }

// EventName implements journal.Event.
func (LeaseLimit) EventName() string { return "dhcp.LeaseLimit" }

// EventName implements journal.Event.
func (Starving) EventName() string { return "dhcp.Starving" }
