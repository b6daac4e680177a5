package language

import (
	"context"
	"io"

	"option150/cli/grammar"
	"option150/platform/config"
	"option150/platform/running"
)

// Invocation is an action being carried out.
type Invocation struct {
	Ctx    context.Context // ends when the operator interrupts or hangs up
	Out    io.Writer       // filtered and paged; LF ends a line
	Config *config.Config  // current when the command began
	Args   grammar.Args
	Keys   grammar.Args // of the section it was typed in
	Line   string       // as typed
	Op     Operator

	// Last is what a command says all the same when the operator broke it
	// off: Out takes nothing then.
	Last string
}

// Operator is what an action may do with the session it was typed in.
type Operator interface {
	// Who is the operator for transactions and logs.
	Who() running.Who
	// Name of the line, "con0" or "vty0".
	LineName() string
	Privilege() int
	SetPrivilege(level int)
	// Configure enters global configuration mode.
	Configure()
	// End leaves configuration mode; Up leaves the current mode; Close ends the
	// session.
	End()
	Up()
	Close()
	// Ask reads an answer of one line, Confirm one key ([confirm]: Enter or y
	// is yes), Password without echo. All return io.EOF at a hang-up.
	Ask(question string) (string, error)
	Confirm(question string) (bool, error)
	Password(question string) (string, error)
	// Terminal settings of this session.
	Terminal() Terminal
	// Message reads lines up to ^Z; ^C is an error.
	Message() (string, error)
	// Directory is where names of files without a file system begin, such as
	// "flash:/phones"; "" is the root of flash:.
	Directory() string
	SetDirectory(string)
	// Call connects the operator with another machine until one of them ends it or
	// Ctrl-^ x is typed; Resume goes back to a connection and Disconnect ends one,
	// 0 = the last used.
	Call(Call) error
	Calls() []Call
	Resume(number int) error
	Disconnect(number int) bool
	// Record writes the session as a transcript into a file from now on, until
	// it is called with nil or the session ends. It reports whether a recording
	// was under way.
	Record(to File) (was bool, err error)
	// History is the lines of the current history, oldest first.
	History() []string
	// Debug switches a debug topic and reports whether it was on; Debugs lists
	// those that are on.
	Debug(topic string, on bool) bool
	Debugs() []string
}

// Terminal is the settings `terminal ...` changes.
type Terminal interface {
	SetLength(n int)
	SetWidth(n int)
	SetMonitor(on bool)
	SetHistorySize(n int)
	// SetTimestamp has the load and the time printed before each answer.
	SetTimestamp(on bool)
	Length() int
	Width() int
	Monitor() bool
	HistorySize() int
}
