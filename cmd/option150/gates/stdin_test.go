package gates

import (
	"bytes"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/platform/testkit"
)

// openSSH is the arguments and the environment of an ssh that types the
// password by itself and keeps no host keys.
func (w *world) openSSH(args ...string) (env []string, name string, all []string) {
	w.t.Helper()
	client := testkit.NeedProgram(w.t, "ssh", "openssh-client")
	ask := w.file("askpass", []byte("#!/bin/sh\necho lab\n"), 0o755)
	return []string{"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0"}, client,
		append([]string{"-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
			"-o", "PreferredAuthentications=password", "-l", "lab"}, args...)
}

// ssh runs OpenSSH with a text as its standard input.
func (w *world) ssh(stdin string, args ...string) (string, error) {
	w.t.Helper()
	env, name, all := w.openSSH(args...)
	out, err := w.output(pasteTime, env, strings.NewReader(stdin), name, all...)
	return plain(out), err
}

// TestSSHPrintsTheConfiguration and nothing else: the usual backup script.
func TestSSHPrintsTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	out, err := w.ssh("", address, "show running-config")
	if err != nil || !regexp.MustCompile(`^\n?Building configuration\.\.\.\n\nCurrent configuration : \d+ bytes\n!\n`).MatchString(out) || !strings.HasSuffix(out, "\nend\n\n") && !strings.HasSuffix(out, "\nend\n") {
		t.Errorf("%v\n%s", err, out)
	}
	if strings.Contains(out, "Branch#") || strings.Contains(out, "--More--") {
		t.Errorf("more than the answer:\n%s", out)
	}
}

// TestScriptsOfFiveThousandLines on standard input of ssh, with a terminal and
// without: nothing is lost, the end of the script ends the session.
func TestScriptsOfFiveThousandLines(t *testing.T) {
	t.Parallel()
	for _, option := range []string{"-T", "-tt"} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, setup{})
			script := longConfiguration(5000) + "show privilege\nexit\n"
			out, err := w.ssh(script, option, address)
			if err != nil {
				t.Errorf("%v\n%s", err, out[max(0, len(out)-2000):])
			}
			if strings.Contains(out, "\n% ") {
				t.Errorf("complaints:\n%s", complaints(out))
			}
			if !strings.Contains(out, "Current privilege level is 15\n") {
				t.Errorf("the last command is not answered:\n%s", out[max(0, len(out)-2000):])
			}
			w.checkLong(5000)
		})
	}
}

// TestSessionThatDoesNotRead slows nobody: an ssh client is stopped while
// everything that is logged and traced goes to its terminal.
func TestSessionThatDoesNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, setup{})
	env, name, all := w.openSSH("-tt", address)
	cmd := w.command(t.Context(), env, name, all...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := w.run(w.desk, cmd)
	stuck := &shell{t: t, in: in, out: p.out}
	stuck.answer()
	stuck.do("terminal length 0")
	stuck.do("terminal monitor")
	stuck.do("debug tftp packets")
	stuck.do("debug ip dhcp server packet")
	// It asks for more than all buffers on the way hold, and then stops reading.
	const size, times = 256 << 10, 200
	w.file("root/flash/big.txt", bytes.Repeat([]byte(strings.Repeat("x", 63)+"\n"), size/64), 0o644)
	stuck.send(strings.Repeat("more flash:big.txt\r", times))
	if _, err := p.out.take(answerTime, func(x string) bool { return len(x) > 1000 }); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.cmd.Process.Signal(syscall.SIGCONT) }()
	// The flood: every line of these is logged, every file traced.
	s := w.login()
	s.do("configure terminal")
	s.do("no logging console")
	start := time.Now()
	for range 100 {
		s.do("ip dhcp pool FLOOD")
		s.do("domain-name flood.example.net")
		s.do("end")
		s.do("configure terminal")
	}
	s.do("end")
	took := time.Since(start)
	// No figure is promised; an operator who waits for the stuck one waits for
	// ever, or until TCP gives up.
	if took > answerTime {
		t.Errorf("400 lines took %s beside a session that does not read", took)
	}
	if users := s.do("show users"); strings.Count(users, "vty") != 2 {
		t.Errorf("the operators are\n%s", users)
	}
	if status, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat"); err != nil || !strings.Contains(string(status), ") T ") {
		t.Errorf("the client is not stopped: %s %v", status, err)
	}
	if n := len(p.out.String()); n > size*times*3/4 {
		t.Errorf("it read %d bytes before it was stopped", n)
	}
	// Others log in, and when the stuck one is gone its line is free.
	w.exec("show clock")
	p.kill()
	w.within(10*time.Second, "the stuck session is still there", func() bool { return strings.Count(s.do("show users"), "vty") == 1 })
}
