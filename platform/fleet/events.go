package fleet

import "option150/platform/message"

// The facts recorded about other boxes.
type (
	// BoxGone is a box whose sign of life does not come any more.
	BoxGone struct{ Name, Domain string }
	// BoxBack is one that was gone and gives it again.
	BoxBack struct{ Name, Domain string }
)

// EventName implements journal.Event.
func (BoxGone) EventName() string { return "fleet.BoxGone" }

// EventName implements journal.Event.
func (BoxBack) EventName() string { return "fleet.BoxBack" }

// LogMessage implements journal.Logged.
func (e BoxGone) LogMessage() (message.Message, bool) {
	return message.FleetBoxGone.With(e.Name, e.Domain), true
}

// LogMessage implements journal.Logged.
func (e BoxBack) LogMessage() (message.Message, bool) {
	return message.FleetBoxBack.With(e.Name, e.Domain), true
}
