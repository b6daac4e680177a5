package command

import (
	"cmp"
	"fmt"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/sshd"
)

// noConnections is what a router says to an operator who has called nobody.
const noConnections = "% No connections open\n"

// connections are the commands about who is on the box and what was opened
// from it: `who` and `systat` are `show users`. [facts/ios-cli.md 1.5, 1.13]
func connections(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.5"
	who := func(syntax string) language.Declaration {
		return tabled(action(syntax, 0, doc, func(in *language.Invocation) error {
			return columns.Print(in.Out, UsersText(b.Lines(), in.Op.LineName()))
		}), usersTable)
	}
	return append(callCommands(), sendCommand(b),
		who(`systat("Display information about terminal lines")`),
		who(`who("Display information about terminal lines")`),
	)
}

// lineTable is that of LineText.
var lineTable = columns.Form("   Tty Typ     Tx/Rx    A Modem  Roty AccO AccI   Uses   Noise  Overruns   Int\n",
	"%s%5d %-3s %9s %4s %4s %6s %4s %4s %6d %7d %7s %7s\n", "used tty typ tx_rx a modem roty acco acci uses noise overruns int")

// LineText is show line: the console and the terminal lines that are
// configured, with an asterisk where somebody is; only says which line, -1 all.
func LineText(c *config.Config, open []LineInfo, uses map[int]int, only int) *columns.Page {
	w := &columns.Page{}
	t := w.Table(lineTable)
	details := ""
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
		if only >= 0 {
			details = lineDetails(number, l, mark == "*")
		}
		t.Row(mark, number, kind, "", "-", "-", "-", "-", access, uses[number], 0, "0/0", "-")
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
	w.WriteString(details)
	return w
}

// lineDetails is what stands below the row of one line, as on a router. What the
// box has nothing of is left out: modems, dispatching, groups.
func lineDetails(number int, l config.Line, used bool) string {
	status, state := "No Exit Banner", "Idle"
	if used {
		status, state = "PSI Enabled, Ready, Active, No Exit Banner, Automore On", "Ready"
	}
	idle := "never"
	if n := l.ExecMinutes*60 + l.ExecSeconds; n > 0 {
		idle = fmt.Sprintf("%02d:%02d:%02d", n/3600, n/60%60, n%60)
	}
	in, speed := "none", cmp.Or(l.Speed, 9600)
	if l.Kind == "vty" && l.Transport != "none" {
		in = "ssh"
	}
	return fmt.Sprintf("\nLine %d, Location: \"\", Type: \"\"\nLength: %d lines, Width: %d columns\nBaud rate (TX/RX) is %d/%[4]d, no parity, 1 stopbits, 8 databits\n"+
		"Status: %s\nCapabilities: none\nModem state: %s\nSpecial Chars: Escape  Hold  Stop  Start  Disconnect  Activation\n                ^^x    none   -     -       none\n"+
		"Timeouts:      Idle EXEC    Idle Session   Modem Answer  Session   Dispatch\n               %-15s never                        none     not set\n"+
		"Session limit is not set.\nEditing is enabled.\nHistory is enabled, history size is %d.\nFull user help is disabled\n"+
		"Allowed input transports are %s.\nAllowed output transports are telnet ssh.\nNo output characters are padded\nNo special data dispatching characters\n",
		number, l.Length, l.Width, speed, status, state, idle, l.HistorySize, in)
}
