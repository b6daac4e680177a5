package engine

import (
	"net/netip"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/message"
)

// The facts the server records. Addresses and names are copies. Those it shares
// with the server of IPv4 (the store, stations that ask for too much) are that
// one's events.
type (
	// Received is a message that was understood.
	Received struct {
		Type        string // "SOLICIT"
		MAC         ether.MAC
		DUID        string
		From        netip.Addr // link-local address of the client
		Interface   string     // IOS name
		Relay       netip.Addr // link address of the relay, invalid if there is none
		Relays      int        // it came through
		Class       string     // option 16
		Host        string     // option 39
		Phone       bool       // it looks like a Cisco phone
		WantsVendor bool       // it asks for option 17
		Foreign     bool       // it names another server
		packet      string
	}
	// Sent is an answer. With an address its binding is on disk, unless it is an
	// ADVERTISE.
	Sent struct {
		Type, To  string // "REPLY" to "REQUEST"
		MAC       ether.MAC
		DUID      string
		From      netip.Addr // of the client
		Interface string
		Relay     netip.Addr
		Class     string
		Phone     bool
		Pool      string
		Addr      netip.Addr   // given, invalid = none
		Also      []netip.Addr // given to its other associations
		IAID      uint32
		Preferred time.Duration // Infinite = no end
		Valid     time.Duration
		Renewal   bool         // the client had the address already
		Status    string       // why it got no address, "" = it did, or asked for none
		Vendor    bool         // options of Cisco's number were sent
		TFTP      []netip.Addr // suboption 1 of them
		Odd       bool         // suboption 1 is not a list of addresses
		Service   string       // suboption 2
		Others    []uint32     // other enterprise numbers whose options were sent
		packet    string
	}
	// Discarded is a message that was not answered.
	Discarded struct {
		Type      string
		MAC       ether.MAC
		DUID      string
		From      netip.Addr
		Interface string
		Why       string
	}
	// Malformed is a datagram that makes no sense.
	Malformed struct {
		Interface string
		From      netip.Addr
		Why       string
	}
	// NoAddress is a client that got none.
	NoAddress struct {
		MAC       ether.MAC
		DUID      string
		Interface string
		Relay     netip.Addr
		Pool      string // "" = none is for its link
		Why       string // "NO POOL", "POOL EXHAUSTED"
	}
	// Released is an address its client gave back.
	Released struct {
		MAC  ether.MAC
		DUID string
		Addr netip.Addr
		Pool string
	}
	// Conflict is an address a client found in use, or that two claim.
	Conflict struct {
		Addr      netip.Addr
		MAC       ether.MAC
		DUID      string
		Interface string
	}
	// Expired is a binding whose lifetime ran out.
	Expired struct {
		Addr netip.Addr
		Pool string
	}
	// Cleared is a binding or conflict removed by an operator.
	Cleared struct {
		Addr netip.Addr
		What string // "binding", "conflict"
	}
)

// Bare is an event without the packet that debug prints, for who keeps many.
func Bare(e journal.Event) journal.Event {
	switch x := e.(type) {
	case Received:
		x.packet = ""
		return x
	case Sent:
		x.packet = ""
		return x
	}
	return e
}

// EventName implements journal.Event.
func (Received) EventName() string { return "dhcpv6.Received" }

// EventName implements journal.Event.
func (Sent) EventName() string { return "dhcpv6.Sent" }

// EventName implements journal.Event.
func (Discarded) EventName() string { return "dhcpv6.Discarded" }

// EventName implements journal.Event.
func (Malformed) EventName() string { return "dhcpv6.Malformed" }

// EventName implements journal.Event.
func (NoAddress) EventName() string { return "dhcpv6.NoAddress" }

// EventName implements journal.Event.
func (Released) EventName() string { return "dhcpv6.Released" }

// EventName implements journal.Event.
func (Conflict) EventName() string { return "dhcpv6.Conflict" }

// EventName implements journal.Event.
func (Expired) EventName() string { return "dhcpv6.Expired" }

// EventName implements journal.Event.
func (Cleared) EventName() string { return "dhcpv6.Cleared" }

// LogMessage implements journal.Logged.
func (c Conflict) LogMessage() (message.Message, bool) {
	return message.DHCPv6Conflict.With(c.DUID, Address6(c.Addr)), true
}

// LogMessage implements journal.Logged.
func (n NoAddress) LogMessage() (message.Message, bool) {
	return message.DHCPv6NoAddress.With(n.DUID, n.Interface, n.Why), true
}
