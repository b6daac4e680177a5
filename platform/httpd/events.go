package httpd

import (
	"time"

	"option150/platform/listen"
	"option150/platform/message"
)

// The facts of the HTTP server itself; requests for files are recorded by
// package fileserver.
type (
	// ListenerDown is a listener that does not accept connections. It is
	// opened again at NextRetry. Only the first failure in a row is recorded.
	ListenerDown struct {
		Endpoint  listen.Endpoint
		Why       string
		NextRetry time.Time
	}
	// ListenerUp is a listener that works again.
	ListenerUp struct{ Endpoint listen.Endpoint }
	// Defect is a panic of a module, contained.
	Defect struct {
		Module string
		Value  string
	}
)

// EventName implements journal.Event.
func (ListenerDown) EventName() string { return "http.ListenerDown" }

// EventName implements journal.Event.
func (ListenerUp) EventName() string { return "http.ListenerUp" }

// EventName implements journal.Event.
func (Defect) EventName() string { return "http.Defect" }

// LogMessage implements journal.Logged.
func (e ListenerDown) LogMessage() (message.Message, bool) {
	return message.HTTPListenDown.With(title(e.Endpoint), e.Why), true
}

// LogMessage implements journal.Logged.
func (e ListenerUp) LogMessage() (message.Message, bool) {
	return message.HTTPListenUp.With(title(e.Endpoint)), true
}

// LogMessage implements journal.Logged.
func (e Defect) LogMessage() (message.Message, bool) {
	return message.HTTPDefect.With(e.Module, e.Value), true
}

func title(e listen.Endpoint) string {
	if e.Owner == "" {
		return e.String()
	}
	return e.Owner + " on " + e.String()
}
