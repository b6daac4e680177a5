package session

import (
	"fmt"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/message"
)

// Help is the text for `?` typed after line. It ends with a blank line where
// IOS prints one before it shows the line again.
func (s *Session) Help(line string) string {
	mode, text := s.helpMode(line)
	width := s.set.Width()
	if mode == language.Exec {
		text, _ = s.expandHelp(text)
		if command, f, ok := splitFilter(text); ok {
			if r := s.graph(mode).Match(command, s.priv); s.pipes(r) {
				return s.filterHelp(r.Action.(*language.Declaration), f, width) + "\n"
			}
			return message.Unrecognized + "\n"
		}
	}
	h := s.modeHelp(mode, text)
	if h.Kind == grammar.Invalid && mode != language.Exec {
		for _, sec := range s.parents() { // a global command asked about in a section
			if g := s.modeHelp(sec, text); g.Kind == grammar.OK {
				h = g
				break
			}
		}
	}
	if t := strings.TrimLeft(text, " "); mode == language.Exec && h.Kind == grammar.Invalid && t != "" && !strings.Contains(t, " ") {
		h = grammar.Help{Word: true} // no command, but perhaps an alias begins so
	}
	switch h.Kind {
	case grammar.Ambiguous:
		return fmt.Sprintf(message.Ambiguous+"\n", text)
	case grammar.Invalid:
		return message.Unrecognized + "\n"
	}
	if mode == language.Exec && !strings.Contains(strings.TrimLeft(text, " "), " ") {
		if h = s.firstWords(h, text); len(h.Items)+len(h.Words) == 0 {
			return message.Unrecognized + "\n"
		}
	}
	if !h.Word && strings.HasSuffix(text, " ") {
		if r := s.graph(mode).Match(text, s.priv); s.pipes(r) {
			h.Items = insertBar(h.Items)
		}
	}
	title := ""
	if strings.TrimSpace(text) == "" && !h.Word {
		title = s.opt.Language.Mode(mode).Title + "\n"
	}
	return title + joinLines(h.Lines(width)) + "\n"
}

// modeHelp is the help of a mode, with the words that IOS has there and that
// are kept.
func (s *Session) modeHelp(mode, text string) grammar.Help {
	h := s.graph(mode).Help(text, s.priv)
	if mode != language.Exec && s.priv >= language.ModeLevel {
		h = s.opt.Language.WithVocabulary(h, mode, text)
	}
	return h
}

// firstWords takes `default` and, for users, `no` out of the exec commands:
// they belong to configuration. Aliases stand before the words that begin as
// they do. [facts/ios-cli.md 1.4]
func (s *Session) firstWords(h grammar.Help, word string) grammar.Help {
	drop := func(name string) bool { return name == "default" || name == "no" && s.priv < 2 }
	h.Items = slices.DeleteFunc(h.Items, func(i grammar.HelpItem) bool { return drop(i.Name) })
	h.Words = slices.DeleteFunc(h.Words, drop)
	if !h.Word {
		return h
	}
	var words []string
	for _, a := range Aliases(s.opt.Store.Current()) {
		known := s.graph(language.Exec).Help(a.Line, s.priv).Kind == grammar.OK
		if strings.HasPrefix(a.Name, strings.TrimLeft(word, " ")) && known {
			words = append(words, "*"+a.Name+"="+a.Line)
		}
	}
	h.Words = append(words, h.Words...)
	return h
}

// insertBar adds `|` before `<cr>`.
func insertBar(items []grammar.HelpItem) []grammar.HelpItem {
	bar := grammar.HelpItem{Name: "|", Text: "Output modifiers"}
	if n := len(items); n > 0 && items[n-1].Name == "<cr>" {
		return append(items[:n-1:n-1], bar, items[n-1])
	}
	return append(items, bar)
}

// expandHelp expands an alias only when something follows it: `s?` asks for
// the words that begin with s.
func (s *Session) expandHelp(line string) (string, int) {
	if strings.Contains(strings.TrimLeft(line, " "), " ") {
		return s.expand(line)
	}
	return line, 0
}

// helpMode is the mode a line is asked in: that of exec after `do`.
func (s *Session) helpMode(line string) (mode, text string) {
	if s.cur == nil {
		return language.Exec, line
	}
	t := strings.TrimLeft(line, " ")
	if rest, ok := cutFold(t, "do "); ok {
		return language.Exec, rest
	}
	return s.section().Mode, line
}

func cutFold(s, prefix string) (string, bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

func (s *Session) parents() []string {
	var modes []string
	if s.cur == nil {
		return nil
	}
	open := s.cur.Sections()
	for i := len(open) - 2; i >= 0; i-- {
		modes = append(modes, open[i].Mode)
	}
	return modes
}

// Complete is Tab: what to append to the line. The terminal puts a blank
// behind it.
func (s *Session) Complete(line string) (string, bool) {
	rest, ok := s.complete(line)
	return strings.TrimSuffix(rest, " "), ok
}

func (s *Session) complete(line string) (string, bool) {
	mode, text := s.helpMode(line)
	if mode == language.Exec {
		text, _ = s.expandHelp(text)
		if command, f, ok := splitFilter(text); ok {
			return s.completeFilter(command, f)
		}
	}
	modes := []string{mode}
	if mode != language.Exec {
		modes = append(modes, s.parents()...)
	}
	for _, m := range modes {
		if rest, ok := s.graph(m).Complete(text, s.priv); ok {
			return rest, true
		}
	}
	// Words that are kept are matched in full only: Tab is how they are short to type.
	for _, m := range modes {
		word := text[strings.LastIndexByte(text, ' ')+1:]
		if h := s.modeHelp(m, text); word != "" && h.Word && len(h.Words) == 1 && m != language.Exec {
			if _, ok := cutFold(h.Words[0], word); ok {
				return h.Words[0][len(word):], true
			}
		}
	}
	return "", false
}

func (s *Session) completeFilter(command, f string) (string, bool) {
	word := strings.TrimLeft(f, " ")
	r := s.graph(language.Exec).Match(command, s.priv)
	if word == "" || strings.Contains(word, " ") || !s.pipes(r) {
		return "", false
	}
	full, err := modifier(s.modifiers(), word, 0)
	if err != nil || full == "json" && len(r.Action.(*language.Declaration).Tables) == 0 {
		return "", false
	}
	return full[len(word):] + " ", true
}
