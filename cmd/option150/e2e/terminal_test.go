package e2e

import (
	"os/exec"
	"syscall"

	"github.com/creack/pty"

	"option150/cmd/option150/testbox"
)

// terminal runs a command on the machine of the box with a real terminal: its
// console. It ends with the test.
func (w *world) terminal(cmd *exec.Cmd) (*testbox.Shell, *testbox.Process) {
	w.T.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		w.T.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 1000, Cols: 200}); err != nil {
		w.T.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout = tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p := w.run(cmd)
	tty.Close()
	s := &testbox.Shell{T: w.T, In: master, Out: testbox.NewBuffer()}
	go s.Out.From(master) // EIO when the other side is gone
	w.T.Cleanup(func() { master.Close() })
	return s, p
}
