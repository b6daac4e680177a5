package service

import "option150/platform/message"

// StateChanged is the fact that a service's state changed.
type StateChanged struct {
	Service  string
	From, To State
	Why      string
	Told     bool // what was or is wrong has a line of its own: listen.Down, listen.Up
}

// changed is the fact that was became now.
func changed(service string, was, now Status) StateChanged {
	c := StateChanged{service, was.State, now.State, now.Why, now.Told}
	if now.State == Running {
		c.Told = was.Told // of what is over
	}
	return c
}

// EventName implements journal.Event.
func (StateChanged) EventName() string { return "service.State" }

// LogMessage implements journal.Logged: failures and recoveries are logged, each
// cause with one line.
func (c StateChanged) LogMessage() (message.Message, bool) {
	switch {
	case c.Told:
	case c.To == Failed || c.To == Degraded:
		return message.ServiceFailed.With(c.Service, c.Why), true
	case (c.From == Failed || c.From == Degraded) && c.To == Running:
		return message.ServiceUp.With(c.Service), true
	}
	return message.Message{}, false
}
