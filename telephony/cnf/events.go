package cnf

import (
	"bytes"
	"slices"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/message"
	"option150/platform/sorted"
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

// NewBuilt describes the step to a set; changed are the names that Summarise
// found to differ from the set before.
func NewBuilt(new *Set, generation uint64, changed []string) Built {
	b := Built{Generation: generation, Files: new.Len(), Changed: changed}
	if new != nil {
		b.Devices = new.Devices
	}
	if len(b.Changed) > maxChanged {
		b.More = len(b.Changed) - maxChanged
		b.Changed = append([]string(nil), b.Changed[:maxChanged]...)
	}
	return b
}

// Phones is the fact that phones were added to the configuration or taken out
// of it.
type Phones struct{ Added, Removed []ether.MAC }

// EventName implements journal.Event.
func (Phones) EventName() string { return "cnf.Phones" }

// NewPhones tells which phones differ between two sets; false if none do. That
// they are the same, which nearly every line of a configuration leaves them, is
// found without making anything.
func NewPhones(old, new *Set) (Phones, bool) {
	if slices.Equal(old.phones(), new.phones()) {
		return Phones{}, false
	}
	was := make(map[ether.MAC]bool)
	for _, mac := range old.phones() {
		was[mac] = true
	}
	var p Phones
	for _, mac := range new.phones() {
		if !was[mac] {
			p.Added = append(p.Added, mac)
		}
		delete(was, mac)
	}
	for mac := range was {
		p.Removed = append(p.Removed, mac)
	}
	sorted.By(p.Removed, func(a, b ether.MAC) int { return bytes.Compare(a[:], b[:]) })
	return p, len(p.Added)+len(p.Removed) > 0
}

// macsOf are the hardware addresses of a configuration.
func macsOf(c Config) []ether.MAC {
	out := make([]ether.MAC, 0, len(c.Ephones)+len(c.Pools))
	for i := range c.Ephones {
		if !c.Ephones[i].MAC.IsZero() {
			out = append(out, c.Ephones[i].MAC)
		}
	}
	for i := range c.Pools {
		if !c.Pools[i].MAC.IsZero() {
			out = append(out, c.Pools[i].MAC)
		}
	}
	return out
}

// phones are the hardware addresses configured, in the order of the sections.
func (s *Set) phones() []ether.MAC {
	if s == nil {
		return nil
	}
	return s.macs
}

// EventName implements journal.Event.
func (Built) EventName() string { return "cnf.Built" }

// LogMessage implements journal.Logged: a build that changed nothing is not
// logged.
func (b Built) LogMessage() (message.Message, bool) {
	n := len(b.Changed) + b.More
	return message.CNFBuilt.With(b.Files, b.Devices, n, b.Generation), n > 0
}
