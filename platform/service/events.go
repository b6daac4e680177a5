package service

import "option150/platform/message"

// StateChanged is the fact that a service's state changed.
type StateChanged struct {
	Service  string
	From, To State
	Why      string
}

// EventName implements journal.Event.
func (StateChanged) EventName() string { return "service.State" }

// LogMessage implements journal.Logged: failures and recoveries are logged.
func (c StateChanged) LogMessage() (message.Message, bool) {
	switch {
	case c.To == Failed || c.To == Degraded:
		return message.ServiceFailed.With(c.Service, c.Why), true
	case (c.From == Failed || c.From == Degraded) && c.To == Running:
		return message.ServiceUp.With(c.Service), true
	}
	return message.Message{}, false
}
