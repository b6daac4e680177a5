package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
)

// clear types `clear line` and its confirmation, which is answered at once
// whatever the other session does.
func (s *shell) clear(line string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, "clear line "+line+"\r\r"); err != nil {
		s.t.Fatal(err)
	}
	if a := s.answer(); !strings.HasSuffix(a, "[confirm]\n [OK]\n") {
		s.t.Errorf("clear line %s is answered\n%s", line, a)
	}
}

// send types keys.
func (s *shell) send(keys string) {
	s.t.Helper()
	if _, err := io.WriteString(s.in, keys); err != nil {
		s.t.Fatal(err)
	}
}

// sees waits for a text and returns everything up to it.
func (s *shell) sees(text string) string {
	s.t.Helper()
	got, err := s.out.take(answerTime, func(x string) bool { return strings.HasSuffix(x, text) })
	if err != nil {
		s.t.Fatalf("%v, no %q after:\n%s", err, text, got)
	}
	return got
}

// vtyLine is a vty in `show users`: its absolute number and its own.
var vtyLine = regexp.MustCompile(`(?m)^ *(\d+) vty (\d+) `)

// TestClearLineEndsASession of another operator, wherever he is.
func TestClearLineEndsASession(t *testing.T) {
	for name, get := range map[string]func(s *shell){
		"at the prompt": func(*shell) {},
		"in configuration mode": func(s *shell) {
			s.do("configure terminal")
			s.do("interface GigabitEthernet0/0")
			s.send("description half typed")
		},
		"at more": func(s *shell) {
			s.do("terminal length 5")
			s.send("show running-config\r")
			s.sees(" --More-- ")
		},
		"at a question": func(s *shell) {
			s.send("erase startup-config\r")
			s.sees("[confirm]")
		},
		"at a password": func(s *shell) {
			s.do("disable")
			s.send("enable\r")
			s.sees("Password: ")
		},
		"at work": func(s *shell) {
			s.send("copy tftp://10.150.0.99/nothing flash:nothing\r")
			s.sees("[nothing]? ")
			s.send("\r")
			s.sees("/nothing...\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, setup{})
			admin, other := w.login(), w.login()
			get(other)
			m := vtyLine.FindStringSubmatch(admin.do("show users"))
			if m == nil || m[2] != "1" {
				t.Fatalf("who is there: %q", m)
			}
			admin.clear(m[1])
			if text, err := other.out.take(answerTime, func(string) bool { return false }); !errors.Is(err, io.EOF) {
				t.Errorf("the session goes on (%v):\n%s", err, text)
			}
			admin.until(answerTime, "show users", func(a string) bool { return !strings.Contains(a, "vty 1") })
			admin.until(answerTime, "show logging | include LOGOUT", func(a string) bool {
				return strings.Contains(a, fmt.Sprintf("%%SYS-6-LOGOUT: User lab has exited tty session %s(10.150.0.5)\n", m[1]))
			})
			// The line is free, and what was begun there is not done.
			w.login()
			if a := admin.do("show users"); !strings.Contains(a, "vty 1") {
				t.Errorf("the line is not free:\n%s", a)
			}
			if run := admin.do("show running-config"); strings.Contains(run, "half typed") || admin.do("show startup-config") == "startup-config is not present\n" {
				t.Errorf("what was half done was carried out:\n%s", run)
			}
			if left := admin.do("show logging | include CONFIG_I"); (name == "in configuration mode") != strings.Contains(left, "by lab on vty1") {
				t.Errorf("leaving configuration mode is logged so:\n%s", left)
			}
		})
	}
}

// deaf is a connection whose owner can stop reading from it.
type deaf struct {
	net.Conn
	mu sync.Mutex // held: nothing is read
}

func (d *deaf) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Conn.Read(p)
}

// TestClearLineOfASessionThatDoesNotRead: its box waits for it in the middle
// of an answer; whoever clears the line does not.
func TestClearLineOfASessionThatDoesNotRead(t *testing.T) {
	big := []byte(strings.Repeat(strings.Repeat("x", 63)+"\n", 4096))
	for _, stopped := range []bool{false, true} {
		t.Run(fmt.Sprintf("stopped %v", stopped), func(t *testing.T) {
			w := newWorld(t, setup{flash: map[string][]byte{"big.txt": big}})
			admin := w.login()
			conn, err := w.dial("tcp4", "10.150.0.1:22")
			if err != nil {
				t.Fatal(err)
			}
			d := &deaf{Conn: conn}
			c, err := sshOver(d, "lab", "lab")
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			in, out := openTerminal(t, c)
			if _, err := io.WriteString(in, "terminal length 0\r"+strings.Repeat("more flash:big.txt\r", 100)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(out, make([]byte, 1<<10)); err != nil {
				t.Fatal(err)
			}
			if stopped {
				d.mu.Lock() // of the connection, not only of the session
				defer d.mu.Unlock()
			}
			time.Sleep(time.Second) // the box fills what lies between, and waits
			if a := admin.do("show users"); !strings.Contains(a, "vty 1") {
				t.Fatalf("the session is over by itself:\n%s", a)
			}
			admin.clear("vty 1")
			admin.until(2*answerTime, "show users", func(a string) bool { return !strings.Contains(a, "vty 1") })
			admin.until(answerTime, "show logging | include LOGOUT", func(a string) bool { return strings.Contains(a, "tty session 3(10.150.0.5)") })
			w.login()
		})
	}
}

// openTerminal opens a shell whose output nobody reads unless the caller does.
func openTerminal(t *testing.T, c *ssh.Client) (in io.Writer, out io.Reader) {
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
	return in, out
}

// TestTheOwnLineIsNotCleared, and a single command cannot confirm.
func TestTheOwnLineIsNotCleared(t *testing.T) {
	w := newWorld(t, setup{})
	admin := w.login()
	if a := admin.do("clear line vty 0"); a != "% Not allowed to clear current line\n" {
		t.Errorf("%q", a)
	}
	if a := w.exec("clear line vty 0"); !strings.HasPrefix(a, "% The command asks for a confirmation") {
		t.Errorf("%q", a)
	}
	admin.do("show clock") // still there
}
