package command

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"option150/cli/language"
)

// vocabularyText is what IOS has and this box does not do: data, a row each.
//
//go:embed vocabulary.txt
var vocabularyText string

// vocabulary is the parsed vocabulary.
var vocabulary = sync.OnceValue(func() wordList { return parseVocabulary(vocabularyText) })

type wordList struct {
	rows  []language.Row
	modes []language.Mode
}

// Vocabulary is the rows of what is kept and never acted on.
func Vocabulary() []language.Row { return vocabulary().rows }

// keptModes are the modes of the sections in the vocabulary.
func keptModes() []language.Mode { return vocabulary().modes }

// parseVocabulary reads vocabulary.txt. It is part of the program: a line that
// is wrong is a mistake in it.
func parseVocabulary(text string) wordList {
	var w wordList
	mode, source := "", ""
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] == "#":
		case f[0] == "mode":
			w.modes = append(w.modes, language.Mode{Name: f[1], Parent: language.Global, Takes: true, Quiet: true,
				Title: strings.Join(f[2:], " ") + " configuration commands:"})
		case f[0] == "@":
			mode, source = f[1], strings.Join(f[2:], " ")
		default:
			w.rows = append(w.rows, parseRow(mode, source, f))
		}
	}
	for name, title := range map[string]string{"config-subif": "Subinterface", "config-if-range": "Interface range"} {
		w.modes = append(w.modes, language.Mode{Name: name, Parent: language.Global, Like: modeInterface, Quiet: true, Title: title + " configuration commands:"})
	}
	return w
}

func parseRow(mode, source string, f []string) language.Row {
	r := language.Row{Mode: mode, Source: source}
	n := 0
	for n < len(f) && f[n] != "+" && f[n] != ">" && f[n] != "until" && f[n] != "spread" && (f[n] != "no" || n == 0) {
		n++
	}
	r.Words = strings.Join(f[:n], " ")
	for i := n; i < len(f); i++ {
		value := func() string {
			if i++; i == len(f) {
				panic(fmt.Sprintf("vocabulary: %q ends too early", strings.Join(f, " ")))
			}
			return f[i]
		}
		switch f[i] {
		case "+":
			r.Many = true
		case "no":
			r.No = true
		case ">":
			r.Enters = value()
		case "spread":
			r.Spread = true
		case "exit":
			r.Exit = value()
		case "until":
			r.Until = value()
		default:
			panic(fmt.Sprintf("vocabulary: %q: what is %q?", strings.Join(f, " "), f[i]))
		}
	}
	return r
}
