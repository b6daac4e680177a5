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

// configure carries out a line typed in configuration mode. The cursor says
// which section it belongs to; the mode changes only when the command succeeded.
func (s *Session) configure(ctx context.Context, raw string) {
	text := strings.TrimRight(raw, " ")
	lead := len(text) - len(strings.TrimLeft(text, " "))
	if word, rest, ok := strings.Cut(text[lead:], " "); ok && strings.EqualFold(word, "do") && !s.cur.Reading() {
		skip := lead + 3 + len(rest) - len(strings.TrimLeft(rest, " "))
		s.exec(ctx, raw[skip:], len(s.Prompt())+skip)
		return
	}
	p := s.cur.Place(s.opt.Store.Current(), raw)
	p.Result.Offset += lead
	column := len(s.Prompt())
	switch p.What {
	case language.Nothing:
	case language.Banner:
		if p.Result.Kind != grammar.OK || p.Result.Form != grammar.Plain {
			s.refuse(p.Result, text, column)
			return
		}
		s.cur.Took(p)
		s.collectBanner(ctx, p.Line)
	case language.Action:
		s.configAction(ctx, p, text)
	case language.Leave:
		s.cur.Took(p)
	case language.Lost:
		s.refuse(grammar.Result{Kind: grammar.Invalid, Offset: lead}, text, column)
	case language.Bad, language.Unknown:
		s.refuse(p.Result, text, column)
		s.cur.Refused(p)
	default:
		s.change(ctx, p, text)
	}
}

// change is one line as one transaction.
func (s *Session) change(ctx context.Context, p language.Placement, text string) {
	if t := language.Collecting(p.Result); p.What == language.Command && t != nil && !s.collect(t, p.Result) {
		return
	}
	before := s.opt.Store.Current()
	_, err := s.opt.Store.Change(ctx, s.Who(), func(c *config.Config) error {
		in, err := s.find(c, p)
		if err != nil {
			return err
		}
		p.In = in
		return s.opt.Language.Perform(c, p)
	})
	if err != nil && !errors.Is(err, language.ErrUnchanged) {
		fmt.Fprintln(s.out(), refusal(config.About(err, p.In.Header)))
		if !errors.Is(err, language.ErrGone) {
			s.cur.Refused(p)
		}
		s.look(err)
		return
	}
	for _, n := range s.opt.Store.Current().Notes(before) {
		fmt.Fprintln(s.out(), "%Warning: "+n)
	}
	s.cur.Took(p)
	s.typed(p)
	s.warn(p)
	if d := s.opt.Language.After(p); d != nil {
		s.action(ctx, d, p.Result, text, nil)
	}
	s.look(nil)
}

// warn tells once in a stay in configuration mode that lines of this kind are
// kept and not acted on. It never prints arguments: they may be secrets.
func (s *Session) warn(p language.Placement) {
	words := s.opt.Language.Unacted(p)
	if words == "" {
		return
	}
	if s.kept == nil {
		s.kept = map[string]int{}
	}
	if s.kept[words]++; s.kept[words] == 1 {
		fmt.Fprintln(s.out(), "%Warning: kept, not acted on: "+words)
	}
}

// typed tells the log of configuration commands. What is kept and not
// understood is told as it was typed.
func (s *Session) typed(p language.Placement) {
	if s.opt.Typed == nil {
		return
	}
	line := strings.Join(strings.Fields(p.Line), " ")
	if p.What == language.Command {
		if c, ok := s.opt.Language.Canonical(p.Result); ok {
			line = c
		}
	}
	s.opt.Typed(language.Typed{Who: s.Who(), Line: s.opt.Line, Session: s.stay, Depth: p.Depth - 1, Command: line})
}

// configAction runs an action of configuration mode: exit, end, create
// cnf-files. It may leave the mode by itself.
func (s *Session) configAction(ctx context.Context, p language.Placement, text string) {
	d := p.Result.Action.(*language.Declaration)
	run := d.Run
	if p.Result.Form != grammar.Plain {
		if run = d.Undo; run == nil {
			s.refuse(grammar.Result{Kind: grammar.Invalid}, text, len(s.Prompt()))
			return
		}
	}
	s.cur.Took(p)
	s.action(ctx, run, p.Result, text, nil)
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

func (s *Session) collectBanner(ctx context.Context, line string) {
	kind, rest, _ := language.BannerLine(line)
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
		if err := language.FitsBanner(text); err != nil {
			return err
		}
		c.SetBanner(kind, text)
		return nil
	})
	if err != nil {
		fmt.Fprintln(s.out(), answer(err))
		return
	}
	s.typed(language.Placement{Line: "banner " + kind, Depth: 1})
}

func (s *Session) readText(stop func(string) bool) ([]string, error) {
	if s.term == nil {
		return nil, io.EOF
	}
	return s.term.ReadText("", stop)
}
