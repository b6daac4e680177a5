package command

import (
	"fmt"

	"option150/cli/language"
	"option150/platform/sshd"
)

// lastVTY is the highest vty there can be.
const lastVTY = 98

// clearLine ends the session of another operator, wherever he is. As on IOS
// nobody cuts off the line he sits on, and a line that nobody uses is cleared
// all the same. The numbers are those of show users.
func (b *Box) clearLine(in *language.Invocation) error {
	number := 0
	switch {
	case in.Args.Has("vty"):
		number = sshd.FirstVTY + in.Args.Int("vty")
	case in.Args.Has("number"):
		number = in.Args.Int("number")
	}
	name := fmt.Sprintf("vty%d", number-sshd.FirstVTY)
	if number == 0 {
		name = "con0"
	}
	if name == in.Op.LineName() {
		return language.Answer("% Not allowed to clear current line")
	}
	if ok, err := confirmed(in, ""); err != nil || !ok {
		return err
	}
	b.ClearLine(number)
	fmt.Fprintln(in.Out, " [OK]")
	return nil
}

// clearLineCommands is `clear line`.
func clearLineCommands(b *Box) []language.Declaration {
	return []language.Declaration{action(fmt.Sprintf(`clear line("Reset a terminal line")
		( <number:0-%d>("Line number")
			| console("Primary terminal line")
			<console:0-0>("Line number")
			| vty("Virtual terminal")
			<vty:0-%d>("Line number") )`,
		sshd.FirstVTY+lastVTY, lastVTY), privileged, "facts/ios-cli.md 1.13", b.clearLine)}
}
