package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/terminal"
	"option150/platform/message"
)

// aliases are IOS's own. [facts/ios-cli.md 1.5]
var aliases = map[string]string{"h": "help", "lo": "logout", "p": "ping", "r": "resume",
	"s": "show", "u": "undebug", "un": "undebug", "w": "where"}

// expand replaces an alias that stands as the first word. shift is by how many
// bytes the text after it moved, for the caret.
func (s *Session) expand(line string) (expanded string, shift int) {
	lead := len(line) - len(strings.TrimLeft(line, " "))
	word, rest, _ := strings.Cut(line[lead:], " ")
	full, ok := s.alias(word)
	if !ok {
		return line, 0
	}
	e := line[:lead] + full
	if len(word) < len(line)-lead {
		e += " " + rest
	}
	return e, len(full) - len(word)
}

// exec carries out an exec command. column is where the text begins on the
// screen: the width of the prompt, plus `do ` where that stood before it.
func (s *Session) exec(ctx context.Context, text string, column int) {
	line, shift := s.expand(text)
	command, filterText, hasFilter := splitFilter(line)
	r := s.graph(language.Exec).Match(command, s.priv)
	if r.Kind != grammar.OK {
		if r.Kind == grammar.Invalid && shift != 0 {
			r.Offset = max(0, r.Offset-shift)
		}
		s.refuse(r, text, column)
		return
	}
	d := r.Action.(*language.Declaration)
	run := d.Run
	if r.Form != grammar.Plain {
		run = d.Undo
	}
	if run == nil {
		s.refuse(grammar.Result{Kind: grammar.Invalid, Offset: 0}, text, column)
		return
	}
	if d.Collects != "" && r.Form == grammar.Plain && !s.collect(d, r) {
		return
	}
	var f *filter
	if hasFilter {
		var err error
		if f, err = s.newFilter(filterText); err != nil {
			s.filterError(err, text, column, len(command))
			return
		}
		if f.kind == "json" && len(d.Tables) == 0 {
			fmt.Fprintln(s.out(), errNoTable)
			return
		}
	}
	s.action(ctx, run, r, command, f)
}

// action runs an action with its output filtered and paged.
func (s *Session) action(ctx context.Context, run func(*language.Invocation) error, r grammar.Result, line string, f *filter) {
	var w io.Writer = s.out()
	if s.term != nil {
		p := s.term.Pager()
		defer p.Close()
		w = p
	}
	out := &output{w: w, ctx: ctx}
	if s.set.stamp && s.cur == nil && s.opt.Stamp != nil {
		_, _ = io.WriteString(out, s.opt.Stamp())
	}
	var dst io.Writer = out
	var file *redirect
	if f != nil && f.last().url != "" {
		var err error
		if file, err = s.redirect(ctx, f.last(), out); err != nil {
			fmt.Fprintln(out, answer(err))
			return
		}
		defer file.abort() // a fault in a command leaves no half file
		dst = file
		if f = f.before(); f != nil {
			f.next = file
		}
	} else if f != nil {
		f.last().next = out
		if f.then != nil {
			f.next = f.then
		}
	}
	if f != nil {
		dst = f
	}
	inv := &language.Invocation{Ctx: ctx, Out: dst, Config: s.opt.Store.Current(), Args: r.Args,
		Keys: s.section().Keys, Line: line, Op: s}
	err := run(inv)
	switch {
	case f == nil || stopped(err):
	case f.kind != "json":
		f.finish()
	case err == nil:
		err = f.array()
	}
	if file != nil && f != nil && err != nil {
		file.abort() // there is no array
		file = nil
	}
	if file != nil {
		err = file.end(err)
	}
	if terminal.Interrupted(ctx) {
		_, _ = io.WriteString(s.out(), inv.Last)
	}
	if err != nil && !stopped(err) && ctx.Err() == nil {
		fmt.Fprintln(out, answer(err))
	}
}

func stopped(err error) bool {
	return errors.Is(err, terminal.ErrStopped) || errors.Is(err, context.Canceled)
}

// output ends a command whose reader has had enough: the pager was left, or
// the operator interrupted.
type output struct {
	w   io.Writer
	ctx context.Context
}

func (o *output) Write(p []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.w.Write(p)
}

// refuse prints IOS's answer to a line that does not parse.
func (s *Session) refuse(r grammar.Result, line string, column int) {
	out := s.out()
	switch r.Kind {
	case grammar.Ambiguous:
		fmt.Fprintf(out, message.Ambiguous+"\n", strings.TrimSpace(line))
	case grammar.Incomplete:
		fmt.Fprintf(out, "%s\n\n", message.Incomplete)
	default:
		fmt.Fprintf(out, "%s^\n%s\n\n", strings.Repeat(" ", column+r.Offset), message.InvalidInput)
	}
}

// answer is what an operator reads of an error. An Answer stands as it is;
// anything else becomes one line that begins with a percent sign.
func answer(err error) string {
	var a language.Answer
	if errors.As(err, &a) {
		return string(a)
	}
	t := err.Error()
	if t == "" {
		return "% The command was not carried out"
	}
	return "% " + strings.ToUpper(t[:1]) + t[1:]
}
