package gates

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// cable is a serial line: what is written to one end is read from the other.
type cable struct {
	w         *world
	box, desk string // the ends, links that stay when socat starts again
	socat     *testbox.Process
}

func newCable(w *world) *cable {
	w.T.Helper()
	c := &cable{w: w, box: filepath.Join(w.Dir, "ttyBox"), desk: filepath.Join(w.Dir, "ttyDesk")}
	return c
}

// plug starts socat, as after a USB adapter has been put in.
func (c *cable) plug() {
	w := c.w
	w.T.Helper()
	c.socat = testbox.Run(w.T, w.Box, exec.Command(testkit.NeedProgram(w.T, "socat", "socat"), "-d", "-d",
		"pty,raw,echo=0,link="+c.box, "pty,raw,echo=0,link="+c.desk))
	w.Within(5*time.Second, "no serial line", func() bool {
		_, err1 := os.Stat(c.box)
		_, err2 := os.Stat(c.desk)
		return err1 == nil && err2 == nil && !c.socat.Ended()
	})
}

// open is a terminal at the desk's end.
func (c *cable) open() *testbox.Shell {
	t := c.w.T
	t.Helper()
	f, err := os.OpenFile(c.desk, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	s := &testbox.Shell{T: t, In: f, Out: testbox.NewBuffer()}
	go s.Out.From(f) // EIO when the line has gone
	return s
}

// begin presses RETURN and logs in.
func begin(s *testbox.Shell) {
	s.T.Helper()
	s.Sees("Press RETURN to get started.")
	s.Send("\r")
	s.Sees("Username: ")
	s.Send("lab\r")
	s.Sees("Password: ")
	s.Send("lab\r")
	s.Answer()
	s.Do("terminal length 0")
}

// serialWorld is a box whose console is a serial line with a terminal at the
// other end.
func serialWorld(t *testing.T, config string) (*world, *cable, *testbox.Shell) {
	t.Helper()
	w := newWorld(t, setup{config: config, console: "CONSOLE", off: true})
	c := newCable(w)
	w.setConsole(c.box)
	c.plug()
	s := c.open()
	w.start()
	return w, c, s
}

// setConsole puts the device of the console into the settings.
func (w *world) setConsole(device string) {
	w.T.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, "settings.toml"))
	if err != nil {
		w.T.Fatal(err)
	}
	w.File("settings.toml", []byte(strings.Replace(string(text), `"CONSOLE"`, fmt.Sprintf("%q", device), 1)), 0o644)
}

// TestPicocomAtTheSerialConsole: an expect script types as an engineer does.
func TestPicocomAtTheSerialConsole(t *testing.T) {
	t.Parallel()
	expect := testkit.NeedProgram(t, "expect", "expect")
	testkit.NeedProgram(t, "picocom", "picocom")
	w := newWorld(t, setup{console: "CONSOLE", off: true})
	c := newCable(w)
	w.setConsole(c.box)
	c.plug()
	script, err := filepath.Abs("testdata/expect/console.exp")
	if err != nil {
		t.Fatal(err)
	}
	// picocom forgets what came before it listened: it comes first.
	ready := filepath.Join(w.Dir, "ready")
	p := testbox.Run(w.T, w.Desk, w.command(t.Context(), nil, expect, "-f", script, c.desk, ready))
	w.Within(15*time.Second, "picocom does not listen", func() bool {
		_, err := os.Stat(ready)
		return err == nil || p.Ended()
	})
	w.start()
	p.Wait(t, 2*time.Minute)
	if out := p.Out.String(); p.Cmd.ProcessState.ExitCode() != 0 || !strings.Contains(out, "\nPASSED") {
		t.Errorf("%s\n%s", p.Cmd.ProcessState, out)
	}
}

// TestSerialPasteLosesNothing: 5,000 lines at the speed of the line, which has
// no flow control.
func TestSerialPasteLosesNothing(t *testing.T) {
	t.Parallel()
	w, _, s := serialWorld(t, "")
	begin(s)
	paste(s, longConfiguration(5000), "Branch#")
	w.checkLong(5000)
}

// TestSerialLineVanishesAndComesBack: the session is over, the box goes on, the
// next operator has to log in.
func TestSerialLineVanishesAndComesBack(t *testing.T) {
	t.Parallel()
	w, c, s := serialWorld(t, "")
	begin(s)
	s.Do("configure terminal")
	if s.Do("interface GigabitEthernet0/0"); s.Prompt != "Branch(config-if)#" {
		t.Fatalf("the prompt is %q", s.Prompt)
	}
	if users := w.Exec("show users"); !strings.Contains(users, "con 0") {
		t.Fatalf("nobody is at the console:\n%s", users)
	}
	for i := range 2 {
		c.socat.Kill()
		w.Within(10*time.Second, "the session goes on", func() bool { return !strings.Contains(w.Exec("show users"), "con 0") })
		if w.Proc.Ended() {
			t.Fatalf("the box ended:\n%s", w.Proc.Out)
		}
		for _, link := range []string{c.box, c.desk} {
			if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		w.Within(10*time.Second, "the log does not say that the line has gone", func() bool {
			return strings.Count(w.Exec("show logging"), "console "+c.box) == i+1
		})
		c.plug()
		s = c.open()
		begin(s)
		if s.Prompt != "Branch#" {
			t.Errorf("the prompt is %q", s.Prompt)
		}
		s.Do("show clock")
	}
}

// TestSerialExecTimeout: an operator who left is logged out, and the next one
// sees that the console is free.
func TestSerialExecTimeout(t *testing.T) {
	t.Parallel()
	w, _, s := serialWorld(t, strings.Replace(branch, "line con 0\n", "line con 0\n exec-timeout 0 3\n", 1))
	begin(s)
	s.Do("configure terminal")
	s.Sees("Branch con0 is now available\r\n\r\n\r\nPress RETURN to get started.")
	if users := w.Exec("show users"); strings.Contains(users, "con 0") {
		t.Errorf("still there:\n%s", users)
	}
	s.Send("\r")
	s.Sees("Username: ")
}

// TestSerialConsoleIsCleared by an operator on SSH: whoever comes next has to
// log in, at a terminal that reads as at one that does not.
func TestSerialConsoleIsCleared(t *testing.T) {
	t.Parallel()
	w, c, s := serialWorld(t, "")
	begin(s)
	s.Do("configure terminal")
	s.Do("no logging console")
	s.Send("interface Gigabit") // and no RETURN
	admin := w.Login()
	clearConsole := func() {
		t.Helper()
		admin.ClearLine("console 0")
		w.Within(10*time.Second, "the session goes on", func() bool { return !strings.Contains(admin.Do("show users"), "con 0") })
	}
	clearConsole()
	s.Sees("Branch con0 is now available\r\n\r\n\r\nPress RETURN to get started.")
	if a := admin.Do("show logging | include LOGOUT"); !strings.Contains(a, "%SYS-6-LOGOUT: User lab has exited tty session 0()") {
		t.Errorf("the log says\n%s", a)
	}
	s.Send("\r")
	s.Sees("Username: ")
	s.Send("lab\r")
	s.Sees("Password: ")
	s.Send("lab\r")
	if s.Answer(); s.Prompt != "Branch#" {
		t.Errorf("the prompt is %q", s.Prompt)
	}
	// Nobody takes what the box has to say: the cable ends in nothing.
	w.File("root/flash/big.txt", bytes.Repeat([]byte(strings.Repeat("x", 63)+"\n"), 4096), 0o644)
	s.Do("terminal length 0")
	s.Send("more flash:big.txt\r")
	if _, err := s.Out.Take(testbox.AnswerTime, func(x string) bool { return len(x) > 1000 }); err != nil {
		t.Fatal(err)
	}
	if err := c.socat.Cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // the box fills what lies between, and waits
	clearConsole()
	if err := c.socat.Cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.Sees("Press RETURN to get started.")
}
