package language

import (
	"strings"

	"option150/cli/grammar"
)

// TextArg is the argument that holds the text after a command that Collects.
const TextArg = "text"

// EndsText reports whether a line ends such a text: `exit`, or nothing.
// [facts/ios-cli.md 1.14]
func EndsText(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.EqualFold(line, "exit")
}

// EndsByWord reports whether a line ends a text that may have empty lines: `exit`
// or `quit` by itself.
func EndsByWord(line string) bool {
	line = strings.TrimSpace(line)
	return strings.EqualFold(line, "exit") || strings.EqualFold(line, "quit")
}

// Collecting is the declaration of a matched line that text follows, nil if
// none does.
func Collecting(r grammar.Result) *Declaration {
	if d, ok := r.Action.(*Declaration); ok && d.Collects != "" && r.Kind == grammar.OK && r.Form == grammar.Plain {
		return d
	}
	return nil
}

// collect takes the text after line `number` out of a file; taken counts its
// lines and that which ends it.
func (ld *loader) collect(number int) (text string, taken int) {
	var b strings.Builder
	for _, line := range ld.lines[number:] {
		taken++
		if EndsText(line) || strings.HasPrefix(line, "!") {
			break
		}
		b.WriteString(strings.TrimSpace(line) + "\n")
	}
	return b.String(), taken
}
