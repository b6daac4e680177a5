package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
)

// configure carries out a line typed in configuration mode: the section is
// tried first and, if nothing there begins like it, its parents. The mode
// changes only when the command succeeded.
func (s *Session) configure(ctx context.Context, text string) {
	lead := len(text) - len(strings.TrimLeft(text, " "))
	if word, rest, ok := strings.Cut(text[lead:], " "); ok && strings.EqualFold(word, "do") {
		skip := lead + 3 + len(rest) - len(strings.TrimLeft(rest, " "))
		s.exec(ctx, text[skip:], len(s.Prompt())+skip)
		return
	}
	text = strings.TrimRight(text, " ")
	if kind, rest, ok := language.BannerLine(text); ok && s.priv >= language.ModeLevel && s.bannerKind(text) {
		s.collectBanner(ctx, kind, rest)
		return
	}
	stack, r := s.match(text)
	if r.Kind != grammar.OK {
		if s.priv >= language.ModeLevel && (s.takes(r, text) || s.dropsCarried(r, text)) {
			s.carried(ctx, text)
			return
		}
		s.refuse(r, text, len(s.Prompt()))
		return
	}
	d := r.Action.(*language.Declaration)
	if d.Run != nil {
		s.configAction(ctx, d, stack, r, text)
		return
	}
	if t := language.Collecting(r); t != nil && !s.collect(t, r) {
		return
	}
	in := top(stack)
	before := s.opt.Store.Current()
	_, err := s.opt.Store.Change(ctx, s.Who(), func(c *config.Config) error {
		in, err := s.find(c, stack)
		if err != nil {
			return err
		}
		return s.opt.Language.Apply(c, in, r, text)
	})
	if err != nil && !errors.Is(err, language.ErrUnchanged) {
		fmt.Fprintln(s.out(), refusal(err))
		s.look(err)
		return
	}
	for _, n := range s.opt.Store.Current().PortNotes(before) {
		fmt.Fprintln(s.out(), "%Warning: "+n)
	}
	s.stack = stack
	s.typed(r, text, len(stack)-1)
	if d.After != nil && r.Form == grammar.Plain {
		s.action(ctx, d.After, r, text, nil)
	}
	if r.Form == grammar.Plain && d.Enters != "" {
		sec, err := s.opt.Language.Enter(in, r)
		if err != nil {
			fmt.Fprintln(s.out(), answer(err))
			return
		}
		s.stack = append(s.stack[:len(s.stack):len(s.stack)], sec)
	}
	s.look(nil)
}

// typed tells the log of configuration commands. What is carried and not
// understood is told as it was typed.
func (s *Session) typed(r grammar.Result, text string, depth int) {
	if s.opt.Typed == nil {
		return
	}
	line := strings.Join(strings.Fields(text), " ")
	if c, ok := s.opt.Language.Canonical(r); ok {
		line = c
	}
	s.opt.Typed(language.Typed{Who: s.Who(), Line: s.opt.Line, Session: s.stay, Depth: depth, Command: line})
}

func top(stack []language.Section) language.Section { return stack[len(stack)-1] }

// match finds the section that knows the line: the one the operator is in,
// else its parents, as on IOS, where a global command typed in a section leaves
// it. stack is the one to stand on if the line succeeds. If nobody knows the
// line, the error is that of the mode that understood most of it.
func (s *Session) match(text string) (stack []language.Section, r grammar.Result) {
	stack = s.stack
	r = s.graph(top(stack).Mode).Match(text, s.priv)
	for up := stack[:len(stack)-1]; len(up) > 0; up = up[:len(up)-1] {
		if s.opt.Language.Means(top(stack).Mode, top(up).Mode, text) {
			return up, s.graph(top(up).Mode).Match(text, s.priv)
		}
	}
	if r.Kind != grammar.Invalid {
		return stack, r
	}
	for up := stack[:len(stack)-1]; len(up) > 0; up = up[:len(up)-1] {
		p := s.graph(top(up).Mode).Match(text, s.priv)
		if p.Kind != grammar.Invalid || p.Offset > r.Offset {
			stack, r = up, p
		}
		if r.Kind != grammar.Invalid {
			break
		}
	}
	return stack, r
}

// takes reports that the line is unknown and stands in a section that is
// carried as a whole. A line of the top level that this box does not have
// (`sip-ua` after `voice service voip`) is none of the section's.
func (s *Session) takes(r grammar.Result, text string) bool {
	return s.opt.Language.Mode(s.section().Mode).Takes && r.Kind == grammar.Invalid && r.Depth == 0 &&
		!s.opt.Language.AtTop(strings.Join(strings.Fields(text), " "))
}

// dropsCarried reports that the line is `no` before something carried here. A
// text that means several lines is no command: `no ip route` must not take all
// routes away.
func (s *Session) dropsCarried(r grammar.Result, text string) bool {
	rest, ok := strings.CutPrefix(strings.Join(strings.Fields(text), " "), "no ")
	known := r.Kind == grammar.Incomplete && s.opt.Language.Named(s.section().Mode, rest)
	return ok && (r.Kind == grammar.Invalid || known) && s.opt.Store.Current().CountCarried(s.section().Header, rest) == 1
}

func (s *Session) carried(ctx context.Context, text string) {
	line := strings.Join(strings.Fields(text), " ")
	_, err := s.opt.Store.Change(ctx, s.Who(), func(c *config.Config) error {
		in, err := s.find(c, s.stack)
		if err != nil {
			return err
		}
		header := in.Header
		if rest, ok := strings.CutPrefix(line, "no "); ok && c.DropCarried(header, rest) {
			return nil
		}
		c.Carry(s.opt.Language.Carried(header, line))
		return nil
	})
	if err != nil {
		fmt.Fprintln(s.out(), answer(err))
	} else {
		s.typed(grammar.Result{}, line, len(s.stack)-1)
	}
	s.look(err)
}

// configAction runs an action of configuration mode: exit, end, create
// cnf-files. It may leave the mode by itself.
func (s *Session) configAction(ctx context.Context, d *language.Declaration, stack []language.Section, r grammar.Result, text string) {
	run := d.Run
	if r.Form != grammar.Plain {
		if run = d.Undo; run == nil {
			s.refuse(grammar.Result{Kind: grammar.Invalid}, text, len(s.Prompt()))
			return
		}
	}
	s.stack = stack
	s.action(ctx, run, r, text, nil)
}

// refusal is the answer to a configuration command that was refused.
func refusal(err error) string {
	var a language.Answer
	if errors.As(err, &a) {
		return string(a)
	}
	if text := config.Explain(err); text != "" {
		return text
	}
	return answer(err)
}

// bannerKind reports that the line is a banner of a kind the box has: its text
// is no grammar.
func (s *Session) bannerKind(text string) bool {
	_, r := s.match(text)
	return r.Kind == grammar.OK && r.Form == grammar.Plain
}

func (s *Session) collectBanner(ctx context.Context, kind, rest string) {
	delim, rest := language.Delimiter(rest)
	text, _, closed := strings.Cut(rest, delim)
	if !closed {
		fmt.Fprintf(s.out(), "Enter TEXT message.  End with the character '%s'.\n", delim)
		lines := []string{}
		if rest != "" {
			lines = append(lines, rest)
		}
		more, err := s.readText(func(line string) bool { return strings.Contains(line, delim) })
		if err != nil {
			return
		}
		for _, line := range more {
			t, _, last := strings.Cut(line, delim)
			if !last || t != "" {
				lines = append(lines, t)
			}
		}
		text = strings.Join(lines, "\n")
	}
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, err := s.opt.Store.Change(ctx, s.Who(), func(c *config.Config) error {
		c.SetBanner(kind, text)
		return nil
	})
	if err != nil {
		fmt.Fprintln(s.out(), answer(err))
		return
	}
	s.typed(grammar.Result{}, "banner "+kind, 0)
}

func (s *Session) readText(stop func(string) bool) ([]string, error) {
	if s.term == nil {
		return nil, io.EOF
	}
	return s.term.ReadText("", stop)
}
