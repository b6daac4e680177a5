package netif

import (
	"net/netip"

	"option150/platform/message"
)

// The facts recorded about interfaces.
type (
	// LinkChanged is an interface that went up, down or was shut down.
	LinkChanged struct {
		Interface string // IOS name
		Device    string
		AdminUp   bool
		LineUp    bool
		Present   bool
	}
	// LineProtocolChanged is an interface that became able or unable to carry
	// packets.
	LineProtocolChanged struct {
		Interface string
		Device    string
		Up        bool
	}
	// AddressChanged is an address that came or went.
	AddressChanged struct {
		Interface string
		Device    string
		Addr      netip.Prefix
		Added     bool
	}
)

// EventName implements journal.Event.
func (LinkChanged) EventName() string { return "netif.LinkChanged" }

// EventName implements journal.Event.
func (LineProtocolChanged) EventName() string { return "netif.LineProtocolChanged" }

// EventName implements journal.Event.
func (AddressChanged) EventName() string { return "netif.AddressChanged" }

// LogMessage implements journal.Logged.
func (e LinkChanged) LogMessage() (message.Message, bool) {
	switch {
	case e.Present && !e.AdminUp:
		return message.LinkChanged.With(e.Interface, "administratively down"), true
	case e.LineUp:
		return message.LinkUpDown.With(e.Interface, "up"), true
	}
	return message.LinkUpDown.With(e.Interface, "down"), true
}

// LogMessage implements journal.Logged.
func (e LineProtocolChanged) LogMessage() (message.Message, bool) {
	if e.Up {
		return message.LineProtoUpDown.With(e.Interface, "up"), true
	}
	return message.LineProtoUpDown.With(e.Interface, "down"), true
}
