package pair

import "option150/platform/message"

// The facts recorded about files of the leader.
type (
	// Fetched is a file that is here now as it is there.
	Fetched struct {
		Leader, Path string
		Size         int64
		Left         int // files that are not yet
	}
	// Failed is one that did not come.
	Failed struct{ Leader, Path, Why string }
)

// EventName implements journal.Event.
func (Fetched) EventName() string { return "pair.Fetched" }

// EventName implements journal.Event.
func (Failed) EventName() string { return "pair.Failed" }

// LogMessage implements journal.Logged.
func (e Fetched) LogMessage() (message.Message, bool) {
	return message.PairFetched.With(e.Path, e.Size, e.Leader, e.Left), true
}

// LogMessage implements journal.Logged.
func (e Failed) LogMessage() (message.Message, bool) {
	return message.PairFailed.With(e.Path, e.Leader, e.Why), true
}
