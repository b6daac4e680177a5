package testbox

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// Address is the box as its clients know it.
const Address = "10.150.0.1"

// World is a LAN with a box and a desk, from which the clients come.
type World struct {
	T         *testing.T
	LAN       *netns.LAN
	Box, Desk *netns.Host
	Dir, Root string // Dir holds the settings and Root
	Proc      *Process
}

// New builds a LAN. With addr the host itself gives the box's interface that
// address. The box is not started.
func New(t *testing.T, addr netip.Prefix) *World {
	t.Helper()
	testkit.NeedNamespaces(t)
	w := &World{T: t, Dir: t.TempDir()}
	w.Root = filepath.Join(w.Dir, "root")
	var err error
	if w.LAN, err = netns.NewLAN(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.LAN.Close() })
	w.Box = w.Host("box", addr)
	w.Desk = w.Host("desk", netip.MustParsePrefix("10.150.0.5/24"))
	return w
}

// Host makes a machine with a cable in the LAN.
func (w *World) Host(name string, addr netip.Prefix) *netns.Host {
	w.T.Helper()
	return w.Plug(name, netns.Cable{Addr: addr})
}

// Plug makes a machine with a cable of its own kind.
func (w *World) Plug(name string, c netns.Cable) *netns.Host {
	w.T.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { h.Close() })
	if _, err := w.LAN.Plug(h, c); err != nil {
		w.T.Fatal(err)
	}
	return h
}

// File writes a file below the world's directory.
func (w *World) File(name string, content []byte, mode os.FileMode) string {
	w.T.Helper()
	path := filepath.Join(w.Dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.T.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		w.T.Fatal(err)
	}
	return path
}

// Settings is the path of the settings file.
func (w *World) Settings() string { return filepath.Join(w.Dir, "settings.toml") }

// Start runs the box and waits for its SSH door.
func (w *World) Start(cmd *exec.Cmd) {
	w.T.Helper()
	w.Proc = Run(w.T, w.Box, cmd)
	w.AwaitSSH()
}

// AwaitSSH waits until the box greets on port 22: its services are prepared together, and
// a door that is prepared takes connections before all is in force.
func (w *World) AwaitSSH() {
	w.T.Helper()
	w.Within(15*time.Second, "no answer on port 22", func() bool {
		if w.Proc.Ended() {
			w.T.Fatalf("the box ended with status %d:\n%s", w.Proc.Status(), w.Proc.Out)
		}
		// On the machine itself: while it has no address, one that asks for it
		// from elsewhere waits a second before it asks again.
		c, err := DialFrom(w.Box, "tcp4", "127.0.0.1:22")
		if err != nil {
			return false
		}
		defer c.Close()
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		hello := make([]byte, 4)
		_, err = io.ReadFull(c, hello)
		return err == nil && string(hello) == "SSH-"
	})
}

// leastWait is how long a world is given for anything: how fast its machine is
// today is no part of a test.
const leastWait = 30 * time.Second

// Within tries until it works or time is up.
func (w *World) Within(d time.Duration, complaint string, f func() bool) {
	w.T.Helper()
	d = max(d, leastWait)
	for limit := time.Now().Add(d); !f(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(limit) {
			w.T.Fatalf("%s within %s", complaint, d)
		}
	}
}

// Dial connects from the desk.
func (w *World) Dial(network, addr string) (net.Conn, error) {
	return DialFrom(w.Desk, network, addr)
}

// DialFrom connects from a machine.
func DialFrom(h *netns.Host, network, addr string) (c net.Conn, err error) {
	err = h.Do(func() error {
		d := net.Dialer{Timeout: 3 * time.Second}
		c, err = d.Dial(network, addr)
		return err
	})
	return c, err
}

// SSH logs in from the desk.
func (w *World) SSH(user, password string) (*ssh.Client, error) {
	conn, err := w.Dial("tcp4", Address+":22")
	if err != nil {
		return nil, err
	}
	return Login(conn, user, password)
}

// Login opens a shell as user lab and waits for its prompt.
func (w *World) Login() *Shell {
	w.T.Helper()
	return w.LoginAs("lab", "lab")
}

// LoginAs opens a shell and waits for its prompt.
func (w *World) LoginAs(user, password string) *Shell {
	w.T.Helper()
	c, err := w.SSH(user, password)
	if err != nil {
		w.T.Fatal(err)
	}
	return NewShell(w.T, c)
}

// Exec runs one command over SSH as `ssh box "command"` does.
func (w *World) Exec(command string) string {
	w.T.Helper()
	c, err := w.SSH("lab", "lab")
	if err != nil {
		w.T.Fatal(err)
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		w.T.Fatal(err)
	}
	out, err := s.CombinedOutput(command)
	if err != nil {
		w.T.Fatalf("%s: %v\n%s", command, err, out)
	}
	return Plain(string(out))
}

// Saved checks the startup configuration on the disk for whole lines.
func (w *World) Saved(lines ...string) {
	w.T.Helper()
	text, err := os.ReadFile(filepath.Join(w.Root, "nvram", "startup-config"))
	if err != nil {
		w.T.Fatal(err)
	}
	Contains(w.T, "the startup-config", string(text), lines...)
}

// OpenSSH is a program of OpenSSH that logs in as lab: the environment, the
// program and the options before those of the test.
func (w *World) OpenSSH(program, password string) (env []string, name string, options []string) {
	w.T.Helper()
	client := testkit.NeedProgram(w.T, program, "openssh-client")
	ask := w.File("askpass", []byte("#!/bin/sh\necho "+password+"\n"), 0o755)
	return []string{"SSH_ASKPASS=" + ask, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0"}, client,
		[]string{"-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
			"-o", "PreferredAuthentications=password", "-o", "User=lab"}
}

// Contains checks for whole lines.
func Contains(t *testing.T, what, text string, lines ...string) {
	t.Helper()
	for _, l := range lines {
		if !strings.Contains("\n"+text, "\n"+l+"\n") {
			t.Errorf("no line %q in %s:\n%s", l, what, text)
		}
	}
}

// Build makes the binary under test in a directory: static as it is shipped, or,
// where the tests have the race detector, with it. A race then ends the box.
func Build(dir string) (path string, err error) {
	path = filepath.Join(dir, "option150")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", path, "option150/cmd/option150")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if raceDetector {
		build.Args = append(build.Args[:2:2], append([]string{"-race"}, build.Args[2:]...)...)
		build.Env = append(os.Environ(), "CGO_ENABLED=1")
		if err := os.Setenv("GORACE", "halt_on_error=1 atexit_sleep_ms=0"); err != nil {
			return "", err
		}
	}
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
}
