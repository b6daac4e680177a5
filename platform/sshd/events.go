package sshd

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/platform/message"
	"option150/platform/plain"
)

// The facts recorded about logins and sessions.
type (
	// LoginSuccess is a user who authenticated.
	LoginSuccess struct {
		User   string
		Remote netip.AddrPort
		Local  netip.AddrPort
		Method string // "password", "keyboard-interactive" or "publickey"
	}
	// LoginFailed is one refused attempt. The name is cut to what a log line
	// bears and free of control characters.
	LoginFailed struct {
		User   string
		Remote netip.AddrPort
		Local  netip.AddrPort
		Method string
	}
	// Opened is a session that got a line.
	Opened struct {
		User    string
		Line    int // vty number
		Remote  netip.AddrPort
		Command string // "" = shell
	}
	// Closed is a session that ended.
	Closed struct {
		User     string
		Line     int
		Remote   netip.AddrPort
		Duration time.Duration
		Status   int
	}
	// Refused is a connection or session turned away before it cost anything.
	Refused struct {
		Remote netip.AddrPort
		Why    string // "rate", "unauthenticated connections", "another waits for its place", "no free line", "access-class", "quiet mode", "no host keys"
		List   string // the access list that wants it logged
	}
)

// EventName implements journal.Event.
func (LoginSuccess) EventName() string { return "session.LoginSuccess" }

// EventName implements journal.Event.
func (LoginFailed) EventName() string { return "session.LoginFailed" }

// EventName implements journal.Event.
func (Opened) EventName() string { return "session.Opened" }

// EventName implements journal.Event.
func (Closed) EventName() string { return "session.Closed" }

// EventName implements journal.Event.
func (Refused) EventName() string { return "session.Refused" }

// LogMessage implements journal.Logged.
func (e LoginSuccess) LogMessage() (message.Message, bool) {
	return message.LoginSuccess.With(e.User, e.Remote.Addr().Unmap(), e.Local.Port()), true
}

// LogMessage implements journal.Logged.
func (e LoginFailed) LogMessage() (message.Message, bool) {
	return message.LoginFailed.With(e.User, e.Remote.Addr().Unmap(), e.Local.Port()), true
}

// LogMessage implements journal.Logged. The number is that of `show users`:
// con 0 is 0, vty 0 is FirstVTY.
func (e Closed) LogMessage() (message.Message, bool) {
	return message.Logout.With(e.User, fmt.Sprintf("%d(%s)", FirstVTY+e.Line, e.Remote.Addr().Unmap())), true
}

// LogMessage implements journal.Logged: of an access list only an entry with
// `log`; nothing in quiet mode, which says so itself.
func (e Refused) LogMessage() (message.Message, bool) {
	switch {
	case e.List != "":
		return message.AccessDenied.With(e.List, e.Remote.Addr().Unmap()), true
	case e.Why == "access-class", e.Why == "quiet mode":
		return message.Message{}, false
	}
	return message.SSHRefused.With(e.Remote.Addr().Unmap(), e.Why), true
}

// FirstVTY is the absolute number of vty 0, after con 0 and aux 0.
const FirstVTY = 2

// printable makes a name from outside fit for a log line.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '[' || r == ']' {
			return '.'
		}
		return r
	}, plain.Shown(s, 64))
}
