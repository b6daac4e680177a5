package upstream

import (
	"option150/platform/message"
)

// The facts recorded about other file servers.
type (
	// Down is an alternate that failed twice in a row.
	Down struct {
		Order  int
		Server string
		Why    string
	}
	// Up is one that answers again.
	Up struct {
		Order  int
		Server string
	}
	// Differs is a firmware file whose bytes differ between two servers.
	Differs struct {
		Name        string
		One, Other  string
		Size, Sizes int64
	}
)

// EventName implements journal.Event.
func (Down) EventName() string { return "upstream.Down" }

// EventName implements journal.Event.
func (Up) EventName() string { return "upstream.Up" }

// EventName implements journal.Event.
func (Differs) EventName() string { return "upstream.Differs" }

// LogMessage implements journal.Logged.
func (e Down) LogMessage() (message.Message, bool) {
	return message.AlternateDown.With(e.Order, e.Server, e.Why), true
}

// LogMessage implements journal.Logged.
func (e Up) LogMessage() (message.Message, bool) {
	return message.AlternateUp.With(e.Order, e.Server), true
}

// LogMessage implements journal.Logged.
func (e Differs) LogMessage() (message.Message, bool) {
	return message.AlternateDiffers.With(e.Name, e.One, e.Other), true
}
