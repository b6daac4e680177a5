package command

import (
	"fmt"
	"strings"

	"option150/cli/language"
	"option150/platform/sshd"
)

// maxMessage bounds a message to other operators, in bytes.
const maxMessage = 2000

// sendCommand is `send`: a message on the screens of other operators.
// [facts/ios-cli.md 1.13]
func sendCommand(b *Box) language.Declaration {
	return action("send(\"Send a message to other tty lines\") ( `*`(\"All tty lines\")"+`
			| <line:0-17>("Line number")
			| console("Primary terminal line")
				<console:0-0>("Line number")
			| vty("Virtual terminal")
				<vty:0-15>("Line number") )`, privileged, "facts/ios-cli.md 1.13", func(in *language.Invocation) error {
		to, name := -1, "all tty lines"
		switch {
		case in.Args.Has("line"):
			to = in.Args.Int("line")
		case in.Args.Has("console"):
			to = 0
		case in.Args.Has("vty"):
			to = sshd.FirstVTY + in.Args.Int("vty")
		}
		if to >= 0 {
			name = fmt.Sprintf("tty%d", to)
		}
		fmt.Fprintln(in.Out, "Enter message, end with CTRL/Z; abort with CTRL/C:")
		text, err := in.Op.Message()
		if err != nil {
			return nil
		}
		if len(text) > maxMessage {
			return language.Answer(fmt.Sprintf("%% The message is longer than %d bytes", maxMessage))
		}
		if ok, err := in.Op.Confirm("Send message? "); err != nil || !ok {
			return nil
		}
		fmt.Fprintln(in.Out)
		from := lineNumber(in.Op.LineName())
		if b.Send(to, fmt.Sprintf("\n\n***\n***\n*** Message from tty%d to %s:\n***\n%s\n", from, name, strings.TrimRight(text, "\n"))) == 0 {
			return language.Answer("% Nobody is there to read it")
		}
		return nil
	})
}
