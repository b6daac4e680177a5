package netns_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"option150/platform/netns"
)

// helper is what the test binary does when it is started by a test with this
// variable set, instead of running tests.
const helper = "NETNS_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helper) {
	case "enter":
		os.Exit(enterAndReport())
	case "wait":
		os.Exit(enterAndWait())
	}
	os.Exit(netns.Run(m))
}

// enterAndReport is a program as option150 lab is one.
func enterAndReport() int {
	inside, status, err := netns.Enter(netns.Options{Name: "nested", Mounts: true})
	if err != nil {
		fmt.Println(err)
		return 9
	}
	if !inside {
		return status
	}
	ifs, err := net.Interfaces()
	if err != nil || len(ifs) != 1 {
		fmt.Println("interfaces:", ifs, err)
		return 8
	}
	l, err := net.ListenPacket("udp4", ":69")
	if err != nil {
		fmt.Println(err)
		return 8
	}
	l.Close()
	var b [5]byte
	n, _ := os.Stdin.Read(b[:])
	fmt.Println("uid", os.Getuid(), ifs[0].Name, ifs[0].Flags&net.FlagUp != 0, string(b[:n]), os.Args[1:])
	return 7
}

// enterAndWait ends with 3 when it gets SIGTERM.
func enterAndWait() int {
	inside, status, err := netns.Enter(netns.Options{Name: "nested"})
	if err != nil || !inside {
		return status
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	fmt.Println(os.Getpid())
	<-term
	return 3
}

// TestSignals: a signal to the outer process reaches the inner one, whose
// status it takes on; the inner one does not outlive it.
func TestSignals(t *testing.T) {
	netns.Need(t)
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), helper+"=wait")
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		var pid int
		if _, err := fmt.Fscan(out, &pid); err != nil || pid == cmd.Process.Pid {
			t.Fatal(pid, err)
		}
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
		// The pipe ends when both have let go of it.
		if rest, err := io.ReadAll(out); err != nil || len(strings.TrimSpace(string(rest))) > 0 {
			t.Error(rest, err)
		}
		err = cmd.Wait()
		if s == syscall.SIGTERM && cmd.ProcessState.ExitCode() != 3 {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestEnterNested(t *testing.T) {
	netns.Need(t)
	cmd := exec.Command("/proc/self/exe", "a", "b")
	cmd.Env = append(os.Environ(), helper+"=enter")
	cmd.Stdin = strings.NewReader("hello")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Fatalf("%v: %s", err, out)
	}
	if got, want := string(out), "uid 0 lo true hello [a b]\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestForbiddenForReal switches user namespaces off inside our own one, which
// touches nothing outside, and sees the one line with the remedy.
func TestForbiddenForReal(t *testing.T) {
	netns.Need(t)
	forbid := func(f string) {
		old, err := os.ReadFile(f)
		if err != nil {
			t.Skip(err)
		}
		if err := os.WriteFile(f, []byte("0"), 0); err != nil {
			t.Skip("cannot set a limit here:", err)
		}
		t.Cleanup(func() { os.WriteFile(f, old, 0) })
	}
	run := func(status int) []byte {
		t.Helper()
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), helper+"=enter")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != status {
			t.Fatalf("%v, want %d: %s", err, status, out)
		}
		return out
	}
	forbid("/proc/sys/user/max_user_namespaces")
	run(7) // we are root here: a network namespace alone will do
	forbid("/proc/sys/user/max_net_namespaces")
	out := run(9)
	for _, want := range []string{"user.max_user_namespaces = 0", "remedy: sysctl -w"} {
		if !bytes.Contains(out, []byte(want)) || bytes.Count(out, []byte("\n")) != 1 {
			t.Errorf("got %q, want one line with %q", out, want)
		}
	}
}

func newLAN(t *testing.T) *netns.LAN {
	t.Helper()
	netns.Need(t)
	l, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func newHost(t *testing.T, l *netns.LAN, name string, c netns.Cable) (*netns.Host, *netns.Port) {
	t.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	p, err := l.Plug(h, c)
	if err != nil {
		t.Fatal(err)
	}
	return h, p
}

// TestLAN: twelve hosts with the same port number in use talk to the box.
func TestLAN(t *testing.T) {
	l := newLAN(t)
	box, _ := newHost(t, l, "box", netns.Cable{Addr: netip.MustParsePrefix("10.0.0.1/24")})
	var ln net.Listener
	if err := box.Do(func() (err error) { ln, err = net.Listen("tcp4", "10.0.0.1:6970"); return err }); err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, c.RemoteAddr())
			c.Close()
		}
	}()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			mac := net.HardwareAddr{0, 0x1e, 0x7a, 0, 0, byte(i + 1)}
			addr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(10 + i)}), 24)
			h, err := netns.NewHost("phone")
			if err != nil {
				t.Error(err)
				return
			}
			defer h.Close()
			if _, err := l.Plug(h, netns.Cable{MAC: mac, Addr: addr}); err != nil {
				t.Error(err)
				return
			}
			err = h.Do(func() error {
				ifi, err := net.InterfaceByName("eth0")
				if err != nil || ifi.HardwareAddr.String() != mac.String() {
					return fmt.Errorf("interface %v %w", ifi, err)
				}
				d := net.Dialer{LocalAddr: &net.TCPAddr{Port: 5060}}
				c, err := d.Dial("tcp4", "10.0.0.1:6970")
				if err != nil {
					return err
				}
				defer c.Close()
				var b bytes.Buffer
				if _, err := b.ReadFrom(c); err != nil || b.String() != addr.Addr().String()+":5060" {
					return fmt.Errorf("%q %w", b.String(), err)
				}
				return nil
			})
			if err != nil {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	// Nothing of it is to be seen where the test runs.
	if ifs, err := net.Interfaces(); err != nil || len(ifs) != 1 {
		t.Error(ifs, err)
	}
}

// TestHereAndLink: the process itself is plugged in, loses its link and gets
// it back; commands run on the host they are started on.
func TestHereAndLink(t *testing.T) {
	l := newLAN(t)
	here, err := netns.Here()
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	p, err := l.Plug(here, netns.Cable{Addr: netip.MustParsePrefix("10.0.0.1/24")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Unplug(); err != nil {
			t.Error(err)
		}
	}()
	running := func() bool {
		ifi, err := net.InterfaceByName("eth0")
		if err != nil {
			t.Fatal(err)
		}
		return ifi.Flags&net.FlagRunning != 0
	}
	if !running() {
		t.Error("no link after Plug")
	}
	if err := p.SetLink(false); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(30 * time.Second); running() && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
	}
	if running() {
		t.Error("still a link after the port was shut")
	}
	if err := p.SetLink(true); err != nil || !running() {
		t.Error(err, running())
	}

	h, _ := newHost(t, l, "phone", netns.Cable{Interface: "phone0", Addr: netip.MustParsePrefix("10.0.0.2/24")})
	out, err := h.Output(exec.Command("cat", "/proc/net/dev"))
	if err != nil || !bytes.Contains(out, []byte("phone0")) || bytes.Contains(out, []byte("eth0")) {
		t.Errorf("%v %s", err, out)
	}
	if err := h.SetGateway(netip.MustParseAddr("10.0.0.1")); err != nil {
		t.Error(err)
	}
	if err := h.FlushAddrs("phone0"); err != nil {
		t.Error(err)
	}
	err = h.Do(func() error {
		_, err := net.Dial("tcp4", "10.0.0.1:1")
		return err
	})
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("a host without an address reached the box:", err)
	}
	if err := h.SetLink("nothing0", true); err == nil || !strings.Contains(err.Error(), "host phone: interface nothing0") {
		t.Error(err)
	}
}

// TestCloseUnplugsHere: the process shows no interface of a closed LAN, while
// its own Unplug before that is no error.
func TestCloseUnplugsHere(t *testing.T) {
	netns.Need(t)
	l, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	here, err := netns.Here()
	if err != nil {
		t.Fatal(err)
	}
	defer here.Close()
	var ports []*netns.Port
	for _, n := range []string{"eth0", "eth1"} {
		p, err := l.Plug(here, netns.Cable{Interface: n})
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	if err := ports[0].Unplug(); err != nil {
		t.Error(err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if ifs, err := net.Interfaces(); err != nil || len(ifs) != 1 {
		t.Error(ifs, err)
	}
}

func TestImpair(t *testing.T) {
	l := newLAN(t)
	box, _ := newHost(t, l, "box", netns.Cable{Addr: netip.MustParsePrefix("10.0.0.1/24")})
	phone, port := newHost(t, l, "phone", netns.Cable{Addr: netip.MustParsePrefix("10.0.0.2/24")})
	if err := port.Impair(30*time.Millisecond, 0); err != nil {
		t.Skip(err) // a kernel without netem
	}
	var ln net.Listener
	if err := box.Do(func() (err error) { ln, err = net.Listen("tcp4", "10.0.0.1:80"); return err }); err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	start := time.Now()
	err := phone.Do(func() error {
		c, err := net.Dial("tcp4", "10.0.0.1:80")
		if err == nil {
			c.Close()
		}
		return err
	})
	if d := time.Since(start); err != nil || d < 30*time.Millisecond {
		t.Error(d, err)
	}
}
