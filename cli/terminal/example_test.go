package terminal_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"option150/cli/terminal"
)

// A session: a prompt, a line, a command, until the stream ends. Here it is a
// script; with Echo the same loop serves an operator.
func Example() {
	stream := struct {
		io.Reader
		io.Writer
	}{strings.NewReader("show clock\nexit\n"), os.Stdout}
	t := terminal.New(terminal.Config{Stream: stream})
	defer t.Close()
	var exec terminal.History
	for {
		line, _, err := t.ReadLine("Router#", &exec)
		if err != nil || line == "exit" {
			break
		}
		_ = t.Run(context.Background(), func(ctx context.Context) error {
			_, err := fmt.Fprintln(t.Pager(), "you typed", line)
			return err
		})
	}
	// Output: you typed show clock
}
