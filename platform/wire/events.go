// Package wire has the facts that are seen in passing on an interface, by
// nobody's server: a connection the kernel refused, a phone that asks for a
// neighbour's hardware address, a broadcast of Peer Firmware Sharing, a DHCP
// request where this box serves no addresses. platform/capture records them,
// telephony/inventory folds them; this package is what both know.
//
// Follows RFC 826 (ARP), RFC 2131 (DHCP), RFC 9293 3.5.2 (a refused
// connection). Failure: none, these are values.
package wire

import (
	"fmt"
	"net/netip"

	"option150/platform/ether"
	"option150/platform/journal"
)

// Refused is a client that tried to connect to a TCP port and was answered
// with a reset. For the file port 6970 it means that the phone asks by TFTP
// next; without it that can only be inferred, because a server never hears of
// a refused connection.
type Refused struct {
	Client netip.Addr
	MAC    ether.MAC // of the frame: the phone's, or its router's if it is behind one
	Server netip.Addr
	Port   uint16
}

// EventName implements journal.Event.
func (Refused) EventName() string { return "wire.Refused" }

// DebugLines implements journal.Debugged.
func (r Refused) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{{Topic: "cme-hfs", Text: fmt.Sprintf(
		"HFS: connection of %s to %s port %d was refused, TFTP follows", r.Client, r.Server, r.Port)}}
}

// Secure is a client that opens a connection to the port of HTTPS
// provisioning, which this box does not offer.
type Secure struct {
	Client netip.Addr
	MAC    ether.MAC
	Server netip.Addr
	Port   uint16
}

// EventName implements journal.Event.
func (Secure) EventName() string { return "wire.Secure" }

// Sought is a broadcast ARP request: a station wants to send to an address and
// does not know its hardware address, or asks again because nobody answered.
type Sought struct {
	MAC    ether.MAC
	Client netip.Addr // the station's; invalid while it has none
	Target netip.Addr
}

// EventName implements journal.Event.
func (Sought) EventName() string { return "wire.Sought" }

// Shared is a broadcast on UDP port 4051: a phone looks for others that share
// firmware with it.
type Shared struct {
	MAC    ether.MAC
	Client netip.Addr
}

// EventName implements journal.Event.
func (Shared) EventName() string { return "wire.Shared" }

// Booting is a DHCPDISCOVER or DHCPREQUEST that a station broadcasts while no
// DHCP server runs here.
type Booting struct {
	MAC         ether.MAC
	Request     bool // DHCPREQUEST
	Hostname    string
	VendorClass string
	Requested   string     // option 55 as "1,66,6,3,15,150,35"
	Addr        netip.Addr // asked for, if any
	Server      netip.Addr // option 54, if any
}

// EventName implements journal.Event.
func (Booting) EventName() string { return "wire.Booting" }
