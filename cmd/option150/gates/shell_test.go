package gates

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// answerTime bounds the wait for a prompt.
const answerTime = 20 * time.Second

// prompt ends every answer: host name, mode, sign, nothing after it.
var prompt = regexp.MustCompile(`(?:^|\n)([A-Za-z][\w.-]*(?:\([\w-]+\))?[>#])$`)

// shell is an operator at a prompt, whatever the door.
type shell struct {
	t      *testing.T
	in     io.Writer
	out    *buffer
	prompt string // the last one seen
}

// dialSSH logs in from the desk as user lab.
func (w *world) dialSSH() *ssh.Client { return w.dialSSHAs("lab", "lab") }

func (w *world) dialSSHAs(user, password string) *ssh.Client {
	w.t.Helper()
	conn, err := w.dial()
	if err != nil {
		w.t.Fatal(err)
	}
	c, chans, reqs, err := ssh.NewClientConn(conn, address, &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.Password(password)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second})
	if err != nil {
		conn.Close()
		w.t.Fatal(err)
	}
	client := ssh.NewClient(c, chans, reqs)
	w.t.Cleanup(func() { client.Close() })
	return client
}

// login opens a shell as user lab and waits for its prompt.
func (w *world) login() *shell { return w.loginAs("lab", "lab") }

func (w *world) loginAs(user, password string) *shell {
	w.t.Helper()
	s, err := w.dialSSHAs(user, password).NewSession()
	if err != nil {
		w.t.Fatal(err)
	}
	sh := &shell{t: w.t, out: newBuffer()}
	if sh.in, err = s.StdinPipe(); err != nil {
		w.t.Fatal(err)
	}
	s.Stdout = sh.out
	if err := s.RequestPty("vt100", 1000, 500, nil); err != nil {
		w.t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		w.t.Fatal(err)
	}
	go func() { _ = s.Wait(); sh.out.close() }()
	sh.answer()
	sh.do("terminal length 0")
	return sh
}

// answer waits for the prompt and returns what came before it.
func (s *shell) answer() string {
	s.t.Helper()
	text, err := s.out.take(answerTime, prompt.MatchString)
	text = plain(text)
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

// configure types configuration lines. None may be refused.
func (s *shell) configure(lines ...string) {
	s.t.Helper()
	s.do("configure terminal")
	for _, l := range lines {
		if answer := s.do(l); answer != "" {
			s.t.Fatalf("%s: %s", l, answer)
		}
	}
	s.do("end")
}

// until waits for a text and returns everything up to it.
func (s *shell) until(text string) string {
	s.t.Helper()
	got, err := s.out.take(answerTime, func(x string) bool { return strings.HasSuffix(x, text) })
	if err != nil {
		s.t.Fatalf("%v, no %q after:\n%s", err, text, got)
	}
	return plain(got)
}

// exec runs one command over SSH as `ssh box "command"` does.
func (w *world) exec(command string) string {
	w.t.Helper()
	c := w.dialSSH()
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := s.CombinedOutput(command)
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return plain(string(out))
}

// saved checks the startup configuration on the disk.
func (w *world) saved(lines ...string) {
	w.t.Helper()
	text, err := os.ReadFile(w.root + "/nvram/startup-config")
	if err != nil {
		w.t.Fatal(err)
	}
	contains(w.t, "the startup-config", string(text), lines...)
}

// contains checks for whole lines.
func contains(t *testing.T, what, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains("\n"+text, "\n"+l+"\n") {
			t.Errorf("no line %q in %s:\n%s", l, what, text)
		}
	}
}
