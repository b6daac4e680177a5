package gates

import (
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"option150/platform/testkit"
)

// picocom is a terminal at the desk's end of a serial line as an engineer has
// it: picocom in a window, into which he types and pastes.
func (c *cable) picocom() *shell {
	t := c.w.t
	t.Helper()
	window, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	t.Cleanup(func() { window.Close() })
	cmd := exec.Command(testkit.NeedProgram(t, "picocom", "picocom"), "--nolock", "--escape", "t", "--baud", "115200", c.desk)
	cmd.Stdin, cmd.Stdout = tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	c.w.run(c.w.desk, cmd)
	s := &shell{t: t, in: window, out: newBuffer()}
	go func() {
		_, _ = io.Copy(s.out, window) // EIO when picocom has ended
		s.out.close()
	}()
	s.until("Terminal ready\r\n")
	return s
}

// TestPicocomPasteLosesNothing: 5,000 lines are pasted into the window in one
// go. picocom takes from the window what the line takes from it, and drops
// nothing by itself; the box has no way to say stop.
func TestPicocomPasteLosesNothing(t *testing.T) {
	t.Parallel()
	testkit.NeedProgram(t, "picocom", "picocom")
	w := newWorld(t, setup{console: "CONSOLE", off: true})
	c := newCable(w)
	w.setConsole(c.box)
	c.plug()
	s := c.picocom()
	w.start()
	s.start()
	out := s.paste(longConfiguration(5000), "Branch#")
	for _, line := range []string{"(config)#ip dhcp pool PHONE0001\n", "(dhcp-config)# option 66 ascii floor-500.example.net\n"} {
		if !strings.Contains(out, line) {
			t.Errorf("the window never showed %q", line)
		}
	}
	w.checkLong(5000)
}
