// Package session is one operator: where he stands (a stack of sections, as
// keys and never pointers), what he may do (privilege), his terminal settings
// and history. It turns a line into a transaction or an action and prints
// IOS's own answers when it cannot.
//
// The same session serves a serial console, an SSH shell, an exec request
// (`ssh box "show clock"`: no terminal, no prompt, no paging) and the tests.
//
// Follows facts/ios-cli.md 1.1 to 1.9. Concurrency: a session belongs to
// the goroutine that calls Run or Line; only its monitor runs beside it.
// Failure: a command that fails prints its reason and the session goes on; a
// panic in a command is answered and logged and does not end the box.
// Testing: transcripts (testdata/transcripts), see package transcript.
package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/terminal"
	"option150/platform/config"
	"option150/platform/journal"
	"option150/platform/running"
)

// Options are what a session is made of.
type Options struct {
	Language  *language.Language
	Store     *running.Store
	Recorder  journal.Recorder
	Terminal  *terminal.Terminal // nil for an exec request
	Out       io.Writer          // where an exec request prints; unused with a Terminal
	User      string             // who logged in, "" on a console without login
	Line      string             // "con0", "vty0"
	From      string             // "console", "vty0 (10.0.0.5)": for the log
	Privilege int
	Monitor   MonitorFunc          // shows log and debug lines; may be nil
	Files     language.Files       // where output is redirected to; nil = nowhere
	Stamp     func() string        // the load and the time, for `terminal exec prompt timestamp`; may be nil
	Typed     func(language.Typed) // told of configuration commands that took effect; may be nil
}

// MonitorFunc prints the log and debug lines a session is to see, until the
// context ends. want is asked for every line: topic is "" for a log line of
// that severity, else the debug topic. Lines that come together are printed in
// one go, so that the prompt is drawn once below them.
type MonitorFunc func(ctx context.Context, want func(topic string, severity int) bool, print func(lines string))

// Session is one operator.
type Session struct {
	opt    Options
	term   *terminal.Terminal
	cur    *language.Cursor // in configuration mode; nil = exec
	kept   map[string]int   // what was typed in this stay and is not acted on
	priv   int
	user   string
	closed bool

	record                     *recording // nil = none
	execHistory, configHistory terminal.History
	set                        settings
	debugs                     topics
	calls                      calls
	directory                  string         // where names of files begin
	stay                       uint64         // number of the stay in configuration mode
	seen                       *config.Config // the configuration of the last look at the sections; see find
}

// New returns a session at its exec prompt.
func New(o Options) *Session {
	o.Recorder = journal.Or(o.Recorder)
	s := &Session{opt: o, term: o.Terminal, priv: o.Privilege, user: o.User}
	s.set.init(s)
	return s
}

// Who implements language.Operator.
func (s *Session) Who() running.Who { return running.Who{User: s.user, Line: s.opt.From} }

// Prompt is what is shown before the cursor: Router>, Router#,
// Router(config-if)#. No blank after it, no colour, never shortened.
func (s *Session) Prompt() string {
	name := s.opt.Store.Current().Hostname
	switch {
	case s.cur != nil:
		return name + "(" + s.cur.Mode() + ")#"
	case s.priv > 1:
		return name + "#"
	}
	return name + ">"
}

func (s *Session) section() language.Section {
	if s.cur != nil {
		return s.cur.Section()
	}
	return language.Section{Mode: language.Exec}
}

// Closed reports that the operator left.
func (s *Session) Closed() bool { return s.closed }

// Run reads and carries out lines until the operator leaves or hangs up, or
// the context ends, as with `clear line`. The error is nil, terminal.ErrIdle,
// terminal.ErrHangup or that of the stream. The terminal stays open: on a
// console the next operator sits down at it.
func (s *Session) Run(ctx context.Context) error {
	hung := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { s.term.Hangup(); close(hung) })
	defer func() {
		if !stop() {
			<-hung
			s.term.Resume()
		}
	}()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	done := s.startMonitor(ctx)
	defer func() { cancel(); <-done }()
	s.lineSettings()
	defer func() { _, _ = s.Record(nil) }()
	defer s.calls.hangUp()
	for !s.closed {
		s.term.Idle(s.idle())
		h := &s.execHistory
		if s.cur != nil {
			h = &s.configHistory
		}
		line, end, err := "", terminal.Enter, terminal.ErrHangup
		if ctx.Err() == nil {
			line, end, err = s.term.ReadLine(s.Prompt(), h)
		}
		if err != nil {
			s.leaveConfig()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		switch end {
		case terminal.CtrlC:
			s.leaveConfig()
			continue
		case terminal.CtrlZ:
			s.run(ctx, line)
			s.leaveConfig()
			continue
		}
		s.run(ctx, line)
	}
	return nil
}

func (s *Session) run(ctx context.Context, line string) {
	_ = s.term.Run(ctx, func(ctx context.Context) error {
		s.Line(ctx, line)
		return nil
	})
}

// Line carries out one line.
func (s *Session) Line(ctx context.Context, line string) {
	out := s.out()
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(out, "%% Internal fault, the command was not carried out: %v\n", r)
		}
	}()
	text := trimCommand(language.Blanks(line))
	if s.cur != nil {
		s.configure(ctx, text)
		return
	}
	if t := strings.TrimLeft(text, " "); t == "" || t[0] == '!' {
		return
	}
	s.exec(ctx, text, len(s.Prompt()))
}

// out is the plain writer of the session.
func (s *Session) out() io.Writer {
	if s.term != nil {
		return s.term.Writer()
	}
	return s.opt.Out
}

// leaveConfig goes back to privileged exec, logging the change once.
func (s *Session) leaveConfig() {
	if s.cur == nil {
		return
	}
	if len(s.kept) > 0 {
		k := running.Kept{Who: s.Who(), Words: slices.Sorted(maps.Keys(s.kept))}
		for _, n := range s.kept {
			k.Lines += n
		}
		s.opt.Recorder.Record(k)
	}
	s.cur, s.kept = nil, nil
	s.opt.Recorder.Record(running.Configured{Who: s.Who()})
}

// graph is the grammar of a mode and the privilege that applies.
func (s *Session) graph(mode string) *grammar.Graph {
	return s.opt.Language.GraphFor(s.opt.Store.Current(), mode)
}

// idle is the exec-timeout of the session's line.
func (s *Session) idle() time.Duration {
	kind, n := lineOf(s.opt.Line)
	if l := s.opt.Store.Current().Line(kind, n); l != nil {
		return time.Duration(l.ExecMinutes)*time.Minute + time.Duration(l.ExecSeconds)*time.Second
	}
	return 10 * time.Minute
}

// lineOf takes "vty3" apart.
func lineOf(name string) (kind string, n int) {
	for i, r := range name {
		if r >= '0' && r <= '9' {
			fmt.Sscanf(name[i:], "%d", &n)
			return name[:i], n
		}
	}
	return name, 0
}
