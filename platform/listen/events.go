package listen

import (
	"errors"
	"time"

	"option150/platform/message"
)

// The facts of a Set.
type (
	// Down is a socket that does not work; it is dialled again at NextRetry.
	// Only the first failure in a row is recorded.
	Down struct {
		Endpoint  Endpoint
		Why       string
		NextRetry time.Time
	}
	// Up is a socket that works again.
	Up struct{ Endpoint Endpoint }
)

// EventName implements journal.Event.
func (Down) EventName() string { return "listen.Down" }

// EventName implements journal.Event.
func (Up) EventName() string { return "listen.Up" }

// LogMessage implements journal.Logged.
func (e Down) LogMessage() (message.Message, bool) {
	return message.ListenDown.With(e.Endpoint.title(), e.Why), true
}

// LogMessage implements journal.Logged.
func (e Up) LogMessage() (message.Message, bool) {
	return message.ListenUp.With(e.Endpoint.title()), true
}

func (e Endpoint) title() string {
	if e.Owner == "" {
		return e.String()
	}
	return e.Owner + " on " + e.String()
}

// holding is the reason with who holds the port.
func holding(err error) string {
	s := Reason(err)
	var le *Error
	if errors.As(err, &le) && le.Owner != "" {
		s += ", held by " + le.Owner
	}
	return s
}

func cure(err error) string {
	var le *Error
	if errors.As(err, &le) {
		return le.Cure
	}
	return ""
}

// why is an error in the operator's words, without the endpoint.
func why(err error) string {
	s := holding(err)
	if c := cure(err); c != "" {
		s += "; " + c
	}
	return s
}
