package cnf

import (
	"option150/platform/journal"
	"option150/platform/message"
)

// Built is the fact that a new set of files is in force.
type Built struct {
	Generation uint64
	Files      int      // in the set
	Devices    int      // phones with a file
	Changed    []string // names that are new, different or gone; at most 64
	More       int      // changes not listed
}

var _ interface {
	journal.Event
	journal.Logged
} = Built{}

// maxChanged bounds the names an event carries.
const maxChanged = 64

// NewBuilt describes the step from one set to the next.
func NewBuilt(old, new *Set, generation uint64) Built {
	b := Built{Generation: generation, Files: new.Len()}
	if !SameFiles(old, new) {
		b.Changed = Summarise(old, new).Names()
	}
	if new != nil {
		b.Devices = new.Devices
	}
	if len(b.Changed) > maxChanged {
		b.More = len(b.Changed) - maxChanged
		b.Changed = append([]string(nil), b.Changed[:maxChanged]...)
	}
	return b
}

// EventName implements journal.Event.
func (Built) EventName() string { return "cnf.Built" }

// LogMessage implements journal.Logged: a build that changed nothing is not
// logged.
func (b Built) LogMessage() (message.Message, bool) {
	n := len(b.Changed) + b.More
	return message.CNFBuilt.With(b.Files, b.Devices, n, b.Generation), n > 0
}
