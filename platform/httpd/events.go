package httpd

import "option150/platform/message"

// Defect is a panic of a module, contained. Requests for files are recorded by
// package fileserver, listeners by package listen.
type Defect struct {
	Module string
	Value  string
}

// EventName implements journal.Event.
func (Defect) EventName() string { return "http.Defect" }

// LogMessage implements journal.Logged.
func (e Defect) LogMessage() (message.Message, bool) {
	return message.HTTPDefect.With(e.Module, e.Value), true
}
