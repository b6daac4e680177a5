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

	"option150/cmd/option150/testbox"
)

// vtyLine is a vty in `show users`: its absolute number and its own.
var vtyLine = regexp.MustCompile(`(?m)^ *(\d+) vty (\d+) `)

// TestClearLineEndsASession of another operator, wherever he is.
func TestClearLineEndsASession(t *testing.T) {
	for name, get := range map[string]func(s *testbox.Shell){
		"at the prompt": func(*testbox.Shell) {},
		"in configuration mode": func(s *testbox.Shell) {
			s.Do("configure terminal")
			s.Do("interface GigabitEthernet0/0")
			s.Send("description half typed")
		},
		"at more": func(s *testbox.Shell) {
			s.Do("terminal length 5")
			s.Send("show running-config\r")
			s.Sees(" --More-- ")
		},
		"at a question": func(s *testbox.Shell) {
			s.Send("erase startup-config\r")
			s.Sees("[confirm]")
		},
		"at a password": func(s *testbox.Shell) {
			s.Do("disable")
			s.Send("enable\r")
			s.Sees("Password: ")
		},
		"at work": func(s *testbox.Shell) {
			s.Send("copy tftp://10.150.0.99/nothing flash:nothing\r")
			s.Sees("[nothing]? ")
			s.Send("\r")
			s.Sees("/nothing...\r\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, setup{})
			admin, other := w.Login(), w.Login()
			get(other)
			m := vtyLine.FindStringSubmatch(admin.Do("show users"))
			if m == nil || m[2] != "1" {
				t.Fatalf("who is there: %q", m)
			}
			admin.ClearLine(m[1])
			if text, err := other.Out.Take(testbox.AnswerTime, func(string) bool { return false }); !errors.Is(err, io.EOF) {
				t.Errorf("the session goes on (%v):\n%s", err, text)
			}
			admin.Until(testbox.AnswerTime, "show users", func(a string) bool { return !strings.Contains(a, "vty 1") })
			admin.Until(testbox.AnswerTime, "show logging | include LOGOUT", func(a string) bool {
				return strings.Contains(a, fmt.Sprintf("%%SYS-6-LOGOUT: User lab has exited tty session %s(10.150.0.5)\n", m[1]))
			})
			// The line is free, and what was begun there is not done.
			w.Login()
			if a := admin.Do("show users"); !strings.Contains(a, "vty 1") {
				t.Errorf("the line is not free:\n%s", a)
			}
			if run := admin.Do("show running-config"); strings.Contains(run, "half typed") || admin.Do("show startup-config") == "startup-config is not present\n" {
				t.Errorf("what was half done was carried out:\n%s", run)
			}
			if left := admin.Do("show logging | include CONFIG_I"); (name == "in configuration mode") != strings.Contains(left, "by lab on vty1") {
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
			admin := w.Login()
			conn, err := w.Dial("tcp4", "10.150.0.1:22")
			if err != nil {
				t.Fatal(err)
			}
			d := &deaf{Conn: conn}
			c, err := testbox.Login(d, "lab", "lab")
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			in, out, _ := testbox.Terminal(t, c)
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
			if a := admin.Do("show users"); !strings.Contains(a, "vty 1") {
				t.Fatalf("the session is over by itself:\n%s", a)
			}
			admin.ClearLine("vty 1")
			admin.Until(2*testbox.AnswerTime, "show users", func(a string) bool { return !strings.Contains(a, "vty 1") })
			admin.Until(testbox.AnswerTime, "show logging | include LOGOUT", func(a string) bool { return strings.Contains(a, "tty session 3(10.150.0.5)") })
			w.Login()
		})
	}
}

// TestTheOwnLineIsNotCleared, and a single command cannot confirm.
func TestTheOwnLineIsNotCleared(t *testing.T) {
	w := newWorld(t, setup{})
	admin := w.Login()
	if a := admin.Do("clear line vty 0"); a != "% Not allowed to clear current line\n" {
		t.Errorf("%q", a)
	}
	if a := w.Exec("clear line vty 0"); !strings.HasPrefix(a, "% The command asks for a confirmation") {
		t.Errorf("%q", a)
	}
	admin.Do("show clock") // still there
}
