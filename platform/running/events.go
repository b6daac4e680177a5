package running

import "option150/platform/message"

// Changed is the fact that the configuration has a new version.
type Changed struct {
	Version int
	Who     Who
}

// EventName implements journal.Event.
func (Changed) EventName() string { return "config.Changed" }

// Configured is the fact that an operator left configuration mode, which is
// when IOS logs it.
type Configured struct{ Who Who }

// EventName implements journal.Event.
func (Configured) EventName() string { return "config.Configured" }

// LogMessage implements journal.Logged: "Configured from console by admin on
// vty0 (10.0.0.5)".
func (c Configured) LogMessage() (message.Message, bool) {
	return message.ConfigChanged.With(c.Who.String()), true
}
