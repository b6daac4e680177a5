package testbox

import (
	"io"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// AnswerTime bounds the wait for a prompt, PasteTime that for the end of a paste:
// the machine may be busy with other tests.
const (
	AnswerTime = 20 * time.Second * patience
	PasteTime  = 90 * time.Second * patience
)

// Prompt ends every answer: host name, mode, sign, nothing after it.
var Prompt = regexp.MustCompile(`(?:^|\n)((?:\d[\d-]*)?[A-Za-z][\w.-]*(?:\([\w-]+\))?[>#])$`)

// Shell is an operator at a prompt, whatever the door.
type Shell struct {
	T      *testing.T
	In     io.Writer
	Out    *Buffer
	Prompt string // the last one seen
}

// Login logs in over a connection, which it closes if that fails.
func Login(conn net.Conn, user, password string) (*ssh.Client, error) {
	c, chans, reqs, err := ssh.NewClientConn(conn, conn.RemoteAddr().String(), &ssh.ClientConfig{
		User: user, Auth: []ssh.AuthMethod{ssh.Password(password)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 10 * time.Second})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ssh.NewClient(c, chans, reqs), nil
}

// Terminal opens a shell with a terminal on a connection and returns its ends;
// nobody reads the output but the caller. ended is closed at its end.
func Terminal(t *testing.T, c *ssh.Client) (in io.Writer, out io.Reader, ended <-chan struct{}) {
	t.Helper()
	s, err := c.NewSession()
	if err != nil {
		t.Fatal(err)
	}
	if in, err = s.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if out, err = s.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := s.RequestPty("vt100", 1000, 500, nil); err != nil {
		t.Fatal(err)
	}
	if err := s.Shell(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Wait() }()
	return in, out, done
}

// NewShell opens a shell on a connection, which ends with the test, and waits
// for its prompt.
func NewShell(t *testing.T, c *ssh.Client) *Shell {
	t.Helper()
	in, out, _ := Terminal(t, c)
	s := &Shell{T: t, In: in, Out: NewBuffer()}
	go s.Out.From(out)
	t.Cleanup(func() { c.Close() })
	s.Answer()
	s.Do("terminal length 0")
	return s
}

// Answer waits for the prompt and returns what came before it.
func (s *Shell) Answer() string {
	s.T.Helper()
	text, err := s.Out.Take(AnswerTime, Prompt.MatchString)
	text = Plain(text)
	if err != nil {
		s.T.Fatalf("%v, no prompt after:\n%s", err, text)
	}
	m := Prompt.FindStringSubmatchIndex(text)
	s.Prompt = text[m[2]:]
	return text[:m[2]]
}

// Send types keys.
func (s *Shell) Send(keys string) {
	s.T.Helper()
	if _, err := io.WriteString(s.In, keys); err != nil {
		s.T.Fatalf("%q: %v", keys, err)
	}
}

// Sees waits for a text and returns everything up to it.
func (s *Shell) Sees(text string) string {
	s.T.Helper()
	got, err := s.Out.Take(AnswerTime, func(x string) bool { return strings.HasSuffix(x, text) })
	if err != nil {
		s.T.Fatalf("%v, no %q after:\n%s", err, text, got)
	}
	return Plain(got)
}

// Do types a line and returns the answer to it, without the echo.
func (s *Shell) Do(line string) string {
	s.T.Helper()
	s.Send(line + "\r")
	_, answer, _ := strings.Cut(s.Answer(), "\n")
	return answer
}

// Silent types lines each of which has to be accepted without a word.
func (s *Shell) Silent(lines ...string) {
	s.T.Helper()
	for _, line := range lines {
		for answer := range strings.Lines(s.Do(line)) {
			if !strings.HasPrefix(answer, "%Warning: ") { // the line is taken, and something is said of it
				s.T.Errorf("%s%s\n%s", s.Prompt, line, answer)
			}
		}
	}
}

// Configure enters configuration mode, types lines that are accepted without more
// than a warning, and leaves it.
func (s *Shell) Configure(lines ...string) {
	s.T.Helper()
	s.Do("configure terminal")
	s.Silent(lines...)
	s.Do("end")
}

// Until repeats a command until its answer satisfies f.
func (s *Shell) Until(most time.Duration, line string, f func(answer string) bool) string {
	s.T.Helper()
	for limit := time.Now().Add(most); ; time.Sleep(100 * time.Millisecond) {
		a := s.Do(line)
		if f(a) {
			return a
		}
		if time.Now().After(limit) {
			s.T.Fatalf("%s: after %s still\n%s", line, most, a)
		}
	}
}

// Paste types a text in one go and waits for what it ends with, which is its
// last prompt or that and more before it.
func (s *Shell) Paste(most time.Duration, text, last string) string {
	s.T.Helper()
	go func() { _, _ = io.WriteString(s.In, strings.ReplaceAll(text, "\n", "\r")) }()
	out, err := s.Out.Take(most, func(x string) bool { return strings.HasSuffix(x, last) })
	if err != nil {
		s.T.Fatalf("%v, no %q; the last that came is\n%s", err, last, out[max(0, len(out)-2000):])
	}
	s.Prompt = last[strings.LastIndexByte(last, '\n')+1:]
	return Plain(out)
}

// ClearLine types `clear line` and its confirmation, which is answered at once
// whatever the other session does.
func (s *Shell) ClearLine(line string) {
	s.T.Helper()
	s.Send("clear line " + line + "\r\r")
	if a := s.Answer(); !strings.HasSuffix(a, "[confirm]\n [OK]\n") {
		s.T.Errorf("clear line %s is answered\n%s", line, a)
	}
}
