package fleet

import (
	"fmt"

	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/plain"
)

// Topic is what to `debug`.
const Topic = "fleet"

// The facts recorded about other boxes.
type (
	// BoxGone is a box whose sign of life does not come any more.
	BoxGone struct{ Name, Domain string }
	// BoxBack is one that was gone and gives it again.
	BoxBack struct{ Name, Domain string }
)

// What is recorded only once somebody debugs: it is too much to be recorded unread.
type (
	// Published is what this box wrote in one transaction.
	Published struct {
		Keys, Bytes int
		Revision    int64
	}
	// Seen is what others, or this box, wrote in one revision.
	Seen struct {
		Revision int64
		Keys     int
		First    string
	}
)

// EventName implements journal.Event.
func (BoxGone) EventName() string { return "fleet.BoxGone" }

// EventName implements journal.Event.
func (BoxBack) EventName() string { return "fleet.BoxBack" }

// EventName implements journal.Event.
func (Published) EventName() string { return "fleet.Published" }

// EventName implements journal.Event.
func (Seen) EventName() string { return "fleet.Seen" }

// LogMessage implements journal.Logged.
func (e BoxGone) LogMessage() (message.Message, bool) {
	return message.FleetBoxGone.With(e.Name, e.Domain), true
}

// LogMessage implements journal.Logged.
func (e BoxBack) LogMessage() (message.Message, bool) {
	return message.FleetBoxBack.With(e.Name, e.Domain), true
}

// DebugLines implements journal.Debugged.
func (e Published) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{{Topic: Topic, Text: fmt.Sprintf("FLEET: wrote %d keys, %d bytes, revision %d", e.Keys, e.Bytes, e.Revision)}}
}

// DebugLines implements journal.Debugged.
func (e Seen) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{{Topic: Topic, Text: fmt.Sprintf("FLEET: revision %d changed %d keys: %s", e.Revision, e.Keys, plain.Shown(e.First, 120))}}
}

// Debug has what is read and written recorded from now on.
func (f *Fleet) Debug() { f.debugged.Store(true) }

func (f *Fleet) debug(e journal.Event) {
	if f.debugged.Load() {
		f.opt.Recorder.Record(e)
	}
}
