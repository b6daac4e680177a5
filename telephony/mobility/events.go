package mobility

import (
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/message"
)

// Came is the fact that a person logged in at a phone.
type Came struct {
	MAC  ether.MAC
	User string
}

// Left is the fact that a person is not at a phone any more.
type Left struct {
	MAC       ether.MAC
	User, Why string
}

// Blocked is the fact that too many PINs were wrong.
type Blocked struct {
	MAC  ether.MAC
	User string
	For  time.Duration
}

var _ = []journal.Logged{Came{}, Left{}, Blocked{}}

// EventName implements journal.Event.
func (Came) EventName() string { return "mobility.Came" }

// EventName implements journal.Event.
func (Left) EventName() string { return "mobility.Left" }

// EventName implements journal.Event.
func (Blocked) EventName() string { return "mobility.Blocked" }

// LogMessage implements journal.Logged.
func (e Came) LogMessage() (message.Message, bool) {
	return message.MobilityLogin.With(e.User, e.MAC.Device()), true
}

// LogMessage implements journal.Logged.
func (e Left) LogMessage() (message.Message, bool) {
	return message.MobilityLogout.With(e.User, e.MAC.Device(), e.Why), true
}

// LogMessage implements journal.Logged.
func (e Blocked) LogMessage() (message.Message, bool) {
	return message.MobilityBlocked.With(e.MAC.Device(), e.User, int(e.For/time.Minute)), true
}
