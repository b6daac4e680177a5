package engine

import (
	"net/netip"

	"option150/dhcp/share"
	"option150/platform/message"
)

// What is told of bindings that boxes share.
type (
	// SharedClash is an address that two boxes had on record for two clients at a time.
	SharedClash struct {
		Addr        netip.Addr
		Kept, Other string // clients
	}
	// SharedAlone says that this box is isolated.
	SharedAlone struct {
		Why string
		New bool // it gives addresses of its share to new clients
	}
	// SharedAgain says that it is not any more.
	SharedAgain struct{ Domain string }
	// SharedClock says that the clock of the box is not that of the others, or is again.
	SharedClock struct {
		Box     string // one that differs
		Seconds int64
		Off     bool
	}
	// SharedTwin says that another box has the name of this one, or has it no longer.
	SharedTwin struct {
		Box  string
		Gone bool
	}
	// SharedRenamed says that this box was another one to the boxes of its domain; it waits
	// until a line says which it is, or is another now.
	SharedRenamed struct {
		Domain, Was, Box string
		Waits            bool
	}
	// SharedBack says that the engine of the fleet was set back.
	SharedBack struct{ Why string }
)

// EventName implements journal.Event.
func (SharedClash) EventName() string { return "dhcp.SharedClash" }

// EventName implements journal.Event.
func (SharedAlone) EventName() string { return "dhcp.SharedAlone" }

// EventName implements journal.Event.
func (SharedAgain) EventName() string { return "dhcp.SharedAgain" }

// EventName implements journal.Event.
func (SharedClock) EventName() string { return "dhcp.SharedClock" }

// EventName implements journal.Event.
func (SharedTwin) EventName() string { return "dhcp.SharedTwin" }

// EventName implements journal.Event.
func (SharedRenamed) EventName() string { return "dhcp.SharedRenamed" }

// EventName implements journal.Event.
func (SharedBack) EventName() string { return "dhcp.SharedBack" }

// LogMessage implements journal.Logged.
func (c SharedClash) LogMessage() (message.Message, bool) {
	return message.DHCPSharedClash.With(c.Addr, c.Kept, c.Other), true
}

// LogMessage implements journal.Logged.
func (a SharedAlone) LogMessage() (message.Message, bool) {
	what := share.Serves(string(share.Isolated))
	if a.New {
		what = share.Serves("")
	}
	return message.DHCPSharedAlone.With(a.Why, what), true
}

// LogMessage implements journal.Logged.
func (a SharedAgain) LogMessage() (message.Message, bool) {
	return message.DHCPSharedAgain.With(a.Domain), true
}

// LogMessage implements journal.Logged.
func (c SharedClock) LogMessage() (message.Message, bool) {
	if c.Seconds < 0 {
		return message.DHCPSharedClock.With(-c.Seconds, "behind", c.Box), c.Off
	}
	return message.DHCPSharedClock.With(c.Seconds, "ahead of", c.Box), c.Off
}

// LogMessage implements journal.Logged.
func (x SharedTwin) LogMessage() (message.Message, bool) {
	return message.DHCPSharedTwin.With(x.Box), !x.Gone
}

// LogMessage implements journal.Logged.
func (r SharedRenamed) LogMessage() (message.Message, bool) {
	if r.Waits {
		return message.DHCPSharedName.With(r.Domain, r.Was, r.Box), true
	}
	return message.DHCPSharedMoved.With(r.Domain, r.Was, r.Box, r.Was), true
}

// LogMessage implements journal.Logged.
func (b SharedBack) LogMessage() (message.Message, bool) {
	return message.DHCPSharedBack.With(b.Why), true
}
