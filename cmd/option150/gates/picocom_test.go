package gates

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// picocom is a terminal at the desk's end of a serial line as an engineer has
// it: picocom in a window, into which he types and pastes.
func (c *cable) picocom() *testbox.Shell {
	t := c.w.T
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
	testbox.Run(c.w.T, c.w.Desk, cmd)
	s := &testbox.Shell{T: t, In: window, Out: testbox.NewBuffer()}
	go s.Out.From(window) // EIO when picocom has ended
	s.Sees("Terminal ready\r\n")
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
	begin(s)
	out := paste(s, longConfiguration(5000), "Branch#")
	for _, line := range []string{"(config)#ip dhcp pool PHONE0001\n", "(dhcp-config)# option 66 ascii floor-500.example.net\n"} {
		if !strings.Contains(out, line) {
			t.Errorf("the window never showed %q", line)
		}
	}
	w.checkLong(5000)
}
