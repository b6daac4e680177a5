package follow

import "option150/platform/message"

// The facts recorded about the leader's sections.
type (
	// Taken are sections that are in force here now.
	Taken struct {
		Leader string
		Number int // of the leader's configuration
	}
	// Refused are sections that changed nothing.
	Refused struct {
		Leader string
		Number int // 0 = unknown
		Why    string
	}
)

// EventName implements journal.Event.
func (Taken) EventName() string { return "follow.Taken" }

// EventName implements journal.Event.
func (Refused) EventName() string { return "follow.Refused" }

// LogMessage implements journal.Logged.
func (e Taken) LogMessage() (message.Message, bool) {
	return message.FollowTaken.With(e.Leader, e.Number), true
}

// LogMessage implements journal.Logged.
func (e Refused) LogMessage() (message.Message, bool) {
	return message.FollowRefused.With(e.Leader, e.Why), true
}
