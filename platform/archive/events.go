package archive

import "option150/platform/message"

// Saved is the fact that a copy of the configuration was kept.
type Saved struct{ File string }

// EventName implements journal.Event.
func (Saved) EventName() string { return "archive.Saved" }

// Failed is the fact that a copy nobody waited for could not be kept.
type Failed struct{ Why string }

// EventName implements journal.Event.
func (Failed) EventName() string { return "archive.Failed" }

// LogMessage implements journal.Logged.
func (f Failed) LogMessage() (message.Message, bool) {
	return message.ArchiveFailed.With(f.Why), true
}

// Logged is a configuration command for syslog (`notify syslog`). It never
// holds a secret: syslog travels in clear.
type Logged struct{ User, Text string }

// EventName implements journal.Event.
func (Logged) EventName() string { return "archive.Command" }

// LogMessage implements journal.Logged.
func (l Logged) LogMessage() (message.Message, bool) {
	return message.ConfigCommand.With(l.User, l.Text), true
}
