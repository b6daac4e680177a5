package gates

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/testkit"
)

// cable is a serial line: what is written to one end is read from the other.
type cable struct {
	w         *world
	box, desk string // the ends, links that stay when socat starts again
	socat     *process
}

func newCable(w *world) *cable {
	w.t.Helper()
	c := &cable{w: w, box: filepath.Join(w.dir, "ttyBox"), desk: filepath.Join(w.dir, "ttyDesk")}
	return c
}

// plug starts socat, as after a USB adapter has been put in.
func (c *cable) plug() {
	w := c.w
	w.t.Helper()
	c.socat = w.run(w.box, exec.Command(testkit.NeedProgram(w.t, "socat", "socat"), "-d", "-d",
		"pty,raw,echo=0,link="+c.box, "pty,raw,echo=0,link="+c.desk))
	w.within(5*time.Second, "no serial line", func() bool {
		_, err1 := os.Stat(c.box)
		_, err2 := os.Stat(c.desk)
		return err1 == nil && err2 == nil && !c.socat.ended()
	})
}

// open is a terminal at the desk's end.
func (c *cable) open() *shell {
	t := c.w.t
	t.Helper()
	f, err := os.OpenFile(c.desk, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	s := &shell{t: t, in: f, out: newBuffer()}
	go func() {
		_, _ = io.Copy(s.out, f) // EIO when the line has gone
		s.out.close()
	}()
	return s
}

// start presses RETURN and logs in.
func (s *shell) start() {
	s.t.Helper()
	s.until("Press RETURN to get started.")
	s.send("\r")
	s.until("Username: ")
	s.send("lab\r")
	s.until("Password: ")
	s.send("lab\r")
	s.answer()
	s.do("terminal length 0")
}

func (s *shell) send(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, keys); err != nil {
		s.t.Fatal(err)
	}
}

// serialWorld is a box whose console is a serial line with a terminal at the
// other end.
func serialWorld(t *testing.T, config string) (*world, *cable, *shell) {
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
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "settings.toml"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.file("settings.toml", []byte(strings.Replace(string(text), `"CONSOLE"`, fmt.Sprintf("%q", device), 1)), 0o644)
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
	ready := filepath.Join(w.dir, "ready")
	p := w.run(w.desk, w.command(t.Context(), nil, expect, "-f", script, c.desk, ready))
	w.within(15*time.Second, "picocom does not listen", func() bool {
		_, err := os.Stat(ready)
		return err == nil || p.ended()
	})
	w.start()
	select {
	case <-p.done:
	case <-time.After(2 * time.Minute):
		t.Fatalf("still running:\n%s", p.out)
	}
	if out := p.out.String(); p.cmd.ProcessState.ExitCode() != 0 || !strings.Contains(out, "\nPASSED") {
		t.Errorf("%s\n%s", p.cmd.ProcessState, out)
	}
}

// TestSerialPasteLosesNothing: 5,000 lines at the speed of the line, which has
// no flow control.
func TestSerialPasteLosesNothing(t *testing.T) {
	t.Parallel()
	w, _, s := serialWorld(t, "")
	s.start()
	s.paste(longConfiguration(5000), "Branch#")
	w.checkLong(5000)
}

// TestSerialLineVanishesAndComesBack: the session is over, the box goes on, the
// next operator has to log in.
func TestSerialLineVanishesAndComesBack(t *testing.T) {
	t.Parallel()
	w, c, s := serialWorld(t, "")
	s.start()
	s.do("configure terminal")
	if s.do("interface GigabitEthernet0/0"); s.prompt != "Branch(config-if)#" {
		t.Fatalf("the prompt is %q", s.prompt)
	}
	if users := w.exec("show users"); !strings.Contains(users, "con 0") {
		t.Fatalf("nobody is at the console:\n%s", users)
	}
	for i := range 2 {
		c.socat.kill()
		w.within(10*time.Second, "the session goes on", func() bool { return !strings.Contains(w.exec("show users"), "con 0") })
		if w.proc.ended() {
			t.Fatalf("the box ended:\n%s", w.proc.out)
		}
		for _, link := range []string{c.box, c.desk} {
			if err := os.Remove(link); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		w.within(10*time.Second, "the log does not say that the line has gone", func() bool {
			return strings.Count(w.exec("show logging"), "console "+c.box) == i+1
		})
		c.plug()
		s = c.open()
		s.start()
		if s.prompt != "Branch#" {
			t.Errorf("the prompt is %q", s.prompt)
		}
		s.do("show clock")
	}
}

// TestSerialExecTimeout: an operator who left is logged out, and the next one
// sees that the console is free.
func TestSerialExecTimeout(t *testing.T) {
	t.Parallel()
	w, _, s := serialWorld(t, strings.Replace(branch, "line con 0\n", "line con 0\n exec-timeout 0 3\n", 1))
	s.start()
	s.do("configure terminal")
	s.until("Branch con0 is now available\r\n\r\n\r\nPress RETURN to get started.")
	if users := w.exec("show users"); strings.Contains(users, "con 0") {
		t.Errorf("still there:\n%s", users)
	}
	s.send("\r")
	s.until("Username: ")
}

// TestSerialConsoleIsCleared by an operator on SSH: whoever comes next has to
// log in, at a terminal that reads as at one that does not.
func TestSerialConsoleIsCleared(t *testing.T) {
	t.Parallel()
	w, c, s := serialWorld(t, "")
	s.start()
	s.do("configure terminal")
	s.do("no logging console")
	s.send("interface Gigabit") // and no RETURN
	admin := w.login()
	clearConsole := func() {
		t.Helper()
		admin.send("clear line console 0\r\r")
		if a := admin.answer(); !strings.HasSuffix(a, "[confirm]\n [OK]\n") {
			t.Fatalf("clear line is answered\n%s", a)
		}
		w.within(10*time.Second, "the session goes on", func() bool { return !strings.Contains(admin.do("show users"), "con 0") })
	}
	clearConsole()
	s.until("Branch con0 is now available\r\n\r\n\r\nPress RETURN to get started.")
	if a := admin.do("show logging | include LOGOUT"); !strings.Contains(a, "%SYS-6-LOGOUT: User lab has exited tty session 0()") {
		t.Errorf("the log says\n%s", a)
	}
	s.send("\r")
	s.until("Username: ")
	s.send("lab\r")
	s.until("Password: ")
	s.send("lab\r")
	if s.answer(); s.prompt != "Branch#" {
		t.Errorf("the prompt is %q", s.prompt)
	}
	// Nobody takes what the box has to say: the cable ends in nothing.
	w.file("root/flash/big.txt", bytes.Repeat([]byte(strings.Repeat("x", 63)+"\n"), 4096), 0o644)
	s.do("terminal length 0")
	s.send("more flash:big.txt\r")
	if _, err := s.out.take(answerTime, func(x string) bool { return len(x) > 1000 }); err != nil {
		t.Fatal(err)
	}
	if err := c.socat.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond) // the box fills what lies between, and waits
	clearConsole()
	if err := c.socat.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	s.until("Press RETURN to get started.")
}
