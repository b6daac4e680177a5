package running

import (
	"fmt"
	"time"

	"option150/platform/message"
)

// Replaced is the fact that the configuration was replaced as a whole.
type Replaced struct{ Who Who }

// EventName implements journal.Event.
func (Replaced) EventName() string { return "config.Replaced" }

// LogMessage implements journal.Logged.
func (Replaced) LogMessage() (message.Message, bool) { return message.ConfigReplaced.With(), true }

// RollbackScheduled is the fact that a confirmed change began.
type RollbackScheduled struct{ Pending }

// EventName implements journal.Event.
func (RollbackScheduled) EventName() string { return "config.RollbackScheduled" }

// LogMessage implements journal.Logged.
func (r RollbackScheduled) LogMessage() (message.Message, bool) {
	return message.RollbackScheduled.With(r.Who.String(), r.Backup, int(r.After/time.Minute)), true
}

// RollbackWarning is the fact that a change goes in a minute.
type RollbackWarning struct{ Pending }

// EventName implements journal.Event.
func (RollbackWarning) EventName() string { return "config.RollbackWarning" }

// LogMessage implements journal.Logged.
func (r RollbackWarning) LogMessage() (message.Message, bool) {
	return message.RollbackWarning.With(r.Backup), true
}

// Announcement implements journal.Announced: every session is warned.
func (RollbackWarning) Announcement() string {
	return "\nRollback Confirmed Change: Rollback will begin in one minute.\nEnter \"configure confirm\" if you wish to keep what you've configured\n"
}

// RollbackStarted is the fact that a change is being taken back.
type RollbackStarted struct {
	Pending
	Asked bool // by an operator, not by the timer
}

// EventName implements journal.Event.
func (RollbackStarted) EventName() string { return "config.RollbackStarted" }

// LogMessage implements journal.Logged.
func (r RollbackStarted) LogMessage() (message.Message, bool) {
	return message.RollbackStart.With(r.Backup), true
}

// Announcement implements journal.Announced: every session is told when the
// timer did it; who asked for it knows.
func (r RollbackStarted) Announcement() string {
	if r.Asked {
		return ""
	}
	return fmt.Sprintf("\nRollback Confirmed Change: rolling to:%s\n", r.Backup)
}

// RollbackFailed is the fact that a change could not be taken back.
type RollbackFailed struct {
	Pending
	Why string
}

// EventName implements journal.Event.
func (RollbackFailed) EventName() string { return "config.RollbackFailed" }

// LogMessage implements journal.Logged.
func (r RollbackFailed) LogMessage() (message.Message, bool) {
	return message.RollbackFailed.With(r.Backup, r.Why), true
}

// RollbackConfirmed is the fact that a change stays.
type RollbackConfirmed struct{ Who Who }

// EventName implements journal.Event.
func (RollbackConfirmed) EventName() string { return "config.RollbackConfirmed" }

// LogMessage implements journal.Logged.
func (r RollbackConfirmed) LogMessage() (message.Message, bool) {
	return message.RollbackConfirmed.With(r.Who.String()), true
}
