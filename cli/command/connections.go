package command

import (
	"fmt"
	"io"
	"strings"

	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/sshd"
)

// noConnections is what a router says to an operator who has called nobody.
const noConnections = "% No connections open\n"

// connections are the commands about who is on the box and what was opened
// from it: `who` and `systat` are `show users`. [facts/ios-cli.md 1.5, 1.13]
func connections(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.5"
	says := func(syntax string, f func(*language.Invocation) string) language.Declaration {
		return action(syntax, 0, doc, func(in *language.Invocation) error {
			_, err := io.WriteString(in.Out, f(in))
			return err
		})
	}
	return append(callCommands(), sendCommand(b),
		says(`systat("Display information about terminal lines")`, func(in *language.Invocation) string { return UsersText(b.Lines(), in.Op.LineName()) }),
		says(`who("Display information about terminal lines")`, func(in *language.Invocation) string { return UsersText(b.Lines(), in.Op.LineName()) }),
	)
}

// LineText is show line: the console and the terminal lines that are
// configured, with an asterisk where somebody is; only says which line, -1 all.
func LineText(c *config.Config, open []LineInfo, uses map[int]int, only int) string {
	var w strings.Builder
	w.WriteString("   Tty Typ     Tx/Rx    A Modem  Roty AccO AccI   Uses   Noise  Overruns   Int\n")
	row := func(number int, kind string, l config.Line) {
		if only >= 0 && number != only {
			return
		}
		mark, access := " ", "-"
		for _, o := range open {
			if o.Number == number {
				mark = "*"
			}
		}
		if l.AccessIn != "" {
			access = l.AccessIn
		}
		fmt.Fprintf(&w, "%s%5d %-3s              -    -      -    - %4s %6d       0     0/0       -\n", mark, number, kind, access, uses[number])
	}
	for _, l := range c.Lines {
		for n := l.First; n <= l.Last; n++ {
			if l.Kind == "vty" {
				row(sshd.FirstVTY+n, "VTY", l)
			} else {
				row(n, "CTY", l)
			}
		}
	}
	return w.String()
}
