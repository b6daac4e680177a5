package running

import (
	"fmt"
	"strings"

	"option150/platform/message"
)

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

// Kept is the fact that an operator typed lines that are kept and not acted on.
type Kept struct {
	Who   Who
	Lines int
	Words []string // of the commands, each once; never arguments
}

// EventName implements journal.Event.
func (Kept) EventName() string { return "config.Kept" }

// LogMessage implements journal.Logged.
func (k Kept) LogMessage() (message.Message, bool) {
	const most = 6
	words := strings.Join(k.Words[:min(most, len(k.Words))], ", ")
	if n := len(k.Words) - most; n > 0 {
		words += fmt.Sprintf(" and %d more", n)
	}
	return message.LinesKept.With(k.Lines, words, k.Who.String()), true
}
