package e2e

import (
	"io"
	"os"
	"os/exec"
	"syscall"

	"github.com/creack/pty"
)

// terminal runs a command on the machine of the box with a real terminal: its
// console. It ends with the test.
func (w *world) terminal(cmd *exec.Cmd) (*shell, *process) {
	w.t.Helper()
	master, tty, err := pty.Open()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 1000, Cols: 200}); err != nil {
		w.t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout = tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	p := w.run(cmd)
	tty.Close()
	s := &shell{t: w.t, in: master, out: newBuffer()}
	go func() {
		_, _ = io.Copy(s.out, eof{master}) // EIO when the other side is gone
		s.out.close()
	}()
	w.t.Cleanup(func() { master.Close() })
	return s, p
}

// eof makes the end of a terminal an end of file.
type eof struct{ f *os.File }

func (e eof) Read(p []byte) (int, error) {
	n, err := e.f.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}
