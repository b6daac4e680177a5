package flash

import "option150/platform/message"

// Low is the fact that flash: is nearly full.
type Low struct{ Free, Total uint64 }

// EventName implements journal.Event.
func (Low) EventName() string { return "flash.Low" }

// LogMessage implements journal.Logged.
func (l Low) LogMessage() (message.Message, bool) {
	return message.DiskLow.With(l.Free>>20, l.Total>>20), true
}

// Watch tells once when little is left, and again after there was room.
type Watch struct{ low bool }

// Look reports that it is to be said now.
func (w *Watch) Look(total, free uint64) bool {
	least := min(total/10, 256<<20)
	switch {
	case free >= 2*least:
		w.low = false
	case free < least && !w.low:
		w.low = true
		return true
	}
	return false
}
