package machine

import (
	"bytes"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// clients: an operator goes on from the box to a Debian machine, by OpenSSH and
// by telnetd, over both families, and tells another operator of it.
func clients(t *testing.T, m *machine) {
	m.note("From the box on to a machine with OpenSSH and telnetd.")
	m.do("useradd -m -s /bin/sh anna && echo anna:garden | chpasswd")
	m.do("ip addr add 2001:db8::1/64 dev eth0 nodad; ip -n desk addr add 2001:db8::2/64 dev eth1 nodad")
	m.do("systemd-run -q --unit=desk-ssh -p RuntimeDirectory=sshd ip netns exec desk /usr/sbin/sshd -D -e")
	m.do("systemd-run -q --unit=desk-telnet ip netns exec desk systemd-socket-activate --inetd -a -l 23 /usr/sbin/telnetd")
	m.until("ip netns exec desk ss -ltnH 'sport = :22 or sport = :23' | wc -l", "3") // 22 has one of each family
	a, b := m.sit(), m.sit()
	for _, host := range []string{"10.150.0.10", "2001:db8::2"} {
		a.types("ssh -l anna " + host)
		a.sees("The key of "+host+" is not checked: SHA256:", "assword")
		a.types("garden")
		a.sees("$ ")
		a.types("echo $((6 * 7)) is $(whoami)")
		a.sees("42 is anna", "$ ")
		a.types("exit")
		a.sees("Branch#")

		a.types("telnet " + host)
		a.sees("Trying "+host, "login: ")
		a.types("anna")
		a.sees("assword: ")
		a.types("garden")
		a.sees("$ ")
		a.types("echo $((6 * 9)) is $(whoami)")
		a.sees("54 is anna", "$ ")
		a.types("exit")
		a.sees("closed by foreign host", "Branch#")
	}
	a.types("send *")
	a.sees("Enter message")
	a.write("the printers are back\r\x1a")
	a.sees("confirm")
	a.types("")
	b.sees("Message from", "the printers are back")
	a.sees("Branch#")
	a.types("exit")
	b.types("")
	b.sees("Branch#")
	b.types("exit")
	m.do("systemctl stop desk-ssh desk-telnet")
}

// seat is somebody at the console of the box, over SSH.
type seat struct {
	m  *machine
	in io.Writer

	mu   sync.Mutex
	said bytes.Buffer
}

// Write is what the box says.
func (s *seat) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said.Write(p)
}

// sit logs in from the desk, with a terminal.
func (m *machine) sit() *seat {
	m.t.Helper()
	s := &seat{m: m}
	line := strings.Replace(shell, " ssh ", " ssh -tt ", 1)
	cmd := exec.CommandContext(m.t.Context(), "nsenter", "-t", strconv.Itoa(m.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--",
		"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=vt100", "sh", "-c", line)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = s, s, time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
	s.in = in
	s.sees("Branch#")
	return s
}

func (s *seat) types(line string) { s.m.t.Helper(); s.write(line + "\r") }

func (s *seat) write(text string) {
	s.m.t.Helper()
	if _, err := io.WriteString(s.in, text); err != nil {
		s.m.t.Fatal(err)
	}
}

// sees waits for texts, one after the other; what stood before is passed.
func (s *seat) sees(texts ...string) {
	s.m.t.Helper()
	for _, want := range texts {
		for limit := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
			s.mu.Lock()
			i := bytes.Index(s.said.Bytes(), []byte(want))
			if i >= 0 {
				s.said.Next(i + len(want))
				s.mu.Unlock()
				break
			}
			said := s.said.String()
			s.mu.Unlock()
			if time.Now().After(limit) {
				s.m.t.Fatalf("no %q within a minute: %q", want, said)
			}
		}
	}
}
