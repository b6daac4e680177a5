package e2e

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// answerTime bounds the wait for a prompt.
const answerTime = 15 * time.Second

// prompt ends every answer: host name, mode, sign, nothing after it.
var prompt = regexp.MustCompile(`(?:^|\n)([A-Za-z][\w.-]*(?:\([\w-]+\))?[>#])$`)

// shell is an operator at a prompt, whatever the door.
type shell struct {
	t      *testing.T
	in     io.Writer
	out    *buffer
	prompt string // the last one seen
}

// dialSSH logs in from the desk.
func (w *world) dialSSH(user, password string) (*ssh.Client, error) {
	conn, err := w.dial("tcp4", "10.150.0.1:22")
	if err != nil {
		return nil, err
	}
	return sshOver(conn, user, password)
}

func sshOver(conn net.Conn, user, password string) (*ssh.Client, error) {
	c, chans, reqs, err := ssh.NewClientConn(conn, conn.RemoteAddr().String(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.Password(password)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(c, chans, reqs), nil
}

// login opens a shell as user lab and waits for its prompt.
func (w *world) login() *shell {
	w.t.Helper()
	c, err := w.dialSSH("lab", "lab")
	if err != nil {
		w.t.Fatal(err)
	}
	return newShell(w.t, c)
}

// newShell opens a shell with a terminal on a connection.
func newShell(t *testing.T, c *ssh.Client) *shell {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	sh := &shell{t: t, out: newBuffer()}
	if sh.in, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	s.Stdout = sh.out
	if err := s.RequestPty("vt100", 1000, 500, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Wait(); sh.out.close() }()
	t.Cleanup(func() { c.Close() })
	sh.answer()
	sh.do("terminal length 0")
	return sh
}

// answer waits for the prompt and returns what came before it.
func (s *shell) answer() string {
	s.t.Helper()
	text, err := s.out.take(answerTime, prompt.MatchString)
	text = strings.ReplaceAll(text, "\r", "")
	if err != nil {
		s.t.Fatalf("%v, no prompt after:\n%s", err, text)
	}
	m := prompt.FindStringSubmatchIndex(text)
	s.prompt = text[m[2]:]
	return text[:m[2]]
}

// do types a line and returns the answer to it, without the echo.
func (s *shell) do(line string) string {
	s.t.Helper()
	if _, err := io.WriteString(s.in, line+"\r"); err != nil {
		s.t.Fatalf("%q: %v", line, err)
	}
	_, answer, _ := strings.Cut(s.answer(), "\n")
	return answer
}

// silent types lines each of which has to be accepted without a word.
func (s *shell) silent(lines ...string) {
	s.t.Helper()
	for _, line := range lines {
		if a := s.do(line); a != "" {
			s.t.Errorf("%s%s\n%s", s.prompt, line, a)
		}
	}
}

// configure enters configuration mode, types lines that are accepted without a
// word, and leaves it.
func (s *shell) configure(lines ...string) {
	s.t.Helper()
	s.do("configure terminal")
	s.silent(lines...)
	s.do("end")
}

// until repeats a command until its answer satisfies f.
func (s *shell) until(most time.Duration, line string, f func(string) bool) string {
	s.t.Helper()
	for limit := time.Now().Add(most); ; time.Sleep(100 * time.Millisecond) {
		a := s.do(line)
		if f(a) {
			return a
		}
		if time.Now().After(limit) {
			s.t.Fatalf("%s: after %s still\n%s", line, most, a)
		}
	}
}

// exec runs one command over SSH as `ssh box "command"` does.
func (w *world) exec(command string) string {
	w.t.Helper()
	c, err := w.dialSSH("lab", "lab")
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := s.CombinedOutput(command)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return strings.ReplaceAll(string(out), "\r", "")
}

// runningConfig is the configuration without the lines that tell time.
func (w *world) runningConfig() string {
	w.t.Helper()
	return untimed(w.exec("show running-config"))
}

func untimed(config string) string {
	var out []string
	for _, l := range strings.Split(config, "\n") {
		if !strings.HasPrefix(l, "! Last configuration change") && !strings.HasPrefix(l, "! NVRAM config") && !strings.HasPrefix(l, "Current configuration") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}
