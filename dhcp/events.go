package dhcp

import (
	"net/netip"
	"time"

	"option150/telephony/phone"
)

// The facts the server records. Addresses and names are copies, never slices
// of a packet buffer.
type (
	// Discover is a DHCPDISCOVER that was understood.
	Discover struct {
		MAC         phone.MAC
		ClientID    string // bytes as text
		Hostname    string // option 12
		VendorClass string // option 60, trailing NULs cut
		Requested   string // option 55 as "1,66,6,3,15,150,35"
		Interface   string // IOS name
		Relay       netip.Addr
	}
	// Offer is a DHCPOFFER sent.
	Offer struct {
		MAC       phone.MAC
		ClientID  string
		Addr      netip.Addr
		Pool      string
		Interface string
		Relay     netip.Addr
		Option66  string
		Option150 []netip.Addr
	}
	// Requested is a DHCPREQUEST that was understood.
	Requested struct {
		MAC         phone.MAC
		ClientID    string
		Hostname    string
		VendorClass string
		Addr        netip.Addr // asked for: option 50 or ciaddr
		Server      netip.Addr // option 54, invalid if none
		Interface   string
		Relay       netip.Addr
	}
	// Ack is a DHCPACK sent; its binding is on disk.
	Ack struct {
		MAC         phone.MAC
		ClientID    string
		Hostname    string
		VendorClass string
		Addr        netip.Addr
		Pool        string
		Interface   string
		Relay       netip.Addr
		Option66    string
		Option150   []netip.Addr
		Lease       time.Duration
		Manual      bool
		Renewal     bool
	}
	// Nak is a DHCPNAK sent.
	Nak struct {
		MAC       phone.MAC
		ClientID  string
		Addr      netip.Addr
		Interface string
		Why       string
	}
	// Release is a DHCPRELEASE of the owner.
	Release struct {
		MAC      phone.MAC
		ClientID string
		Addr     netip.Addr
		Pool     string
	}
	// Conflict is an address found in use (Ping) or declined by its client
	// (Gratuitous ARP).
	Conflict struct {
		Addr   netip.Addr
		Method string
		MAC    phone.MAC // who declined or answered, if known
		Client string
	}
	// NoLease is a request that got no answer because there was nothing to give.
	NoLease struct {
		MAC       phone.MAC
		Interface string
		Relay     netip.Addr
		Why       string // "NO POOL", "POOL EXHAUSTED"
	}
	// Expired is a binding whose lease ran out.
	Expired struct {
		Addr netip.Addr
		Pool string
	}
	// ForeignServer is another DHCP server that answered on the segment.
	ForeignServer struct {
		Server    netip.Addr
		MAC       phone.MAC
		Interface string
		Client    phone.MAC // who it answered, zero for our own probe
		Addr      netip.Addr
		Option150 string // decoded; says so when it is text instead of addresses
	}
	// Malformed is a packet that was dropped.
	Malformed struct {
		Interface string
		Why       string
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
func (Conflict) EventName() string { return "dhcp.Conflict" }

// EventName implements journal.Event.
func (NoLease) EventName() string { return "dhcp.NoLease" }

// EventName implements journal.Event.
func (Expired) EventName() string { return "dhcp.Expired" }

// EventName implements journal.Event.
func (ForeignServer) EventName() string { return "dhcp.ForeignServer" }

// EventName implements journal.Event.
func (Malformed) EventName() string { return "dhcp.Malformed" }
