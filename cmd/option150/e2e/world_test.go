package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"option150/platform/netns"
)

// The addresses of a world.
var (
	boxAddr = netip.MustParseAddr("10.150.0.1")
	lan24   = netip.MustParsePrefix("10.150.0.0/24")
)

// branch is a startup configuration with everything switched on.
const branch = `hostname Branch
enable secret lab
ip dhcp excluded-address 10.150.0.1 10.150.0.99
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.1
 option 66 ascii 10.150.0.1
 next-server 10.150.0.1
 lease 0 8
username lab privilege 15 secret lab
username guest privilege 1 secret guest
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip http server
telephony-service
 max-ephones 10
 max-dn 10
 ip source-address 10.150.0.1 port 2000
 cnf-file location flash:
 cnf-file perphone
 hfs enable port 6970
ephone-dn  1  dual-line
 number 1001
ephone  1
 mac-address 001e.7a00.0001
 type 7961
 button  1:1
line vty 0 15
 login local
end
`

// world is a LAN with a box and a desk.
type world struct {
	t    *testing.T
	lan  *netns.LAN
	box  *netns.Host // the machine of the box
	desk *netns.Host // the engineer's, 10.150.0.5
	dir  string      // holds settings and root
	root string
	proc *process
}

// setup is how a world differs from the usual one.
type setup struct {
	config    string            // startup-config; "" = branch, "none" = no file
	flash     map[string][]byte // files of flash:
	unmanaged bool              // the interface belongs to the host
	settings  string            // added to the settings file
	off       bool              // do not start the box
}

// newWorld builds a LAN and starts the box.
func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	netns.Need(t)
	w := &world{t: t, dir: t.TempDir()}
	w.root = filepath.Join(w.dir, "root")
	var err error
	if w.lan, err = netns.NewLAN(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.lan.Close() })
	boxCable := netip.Prefix{}
	if s.unmanaged {
		boxCable = netip.PrefixFrom(boxAddr, 24)
	}
	w.box = w.host("box", boxCable)
	w.desk = w.host("desk", netip.MustParsePrefix("10.150.0.5/24"))
	if s.config == "" {
		s.config = branch
	}
	w.file("root/flash/.keep", nil)
	if s.config != "none" {
		w.file("root/nvram/startup-config", []byte(s.config))
	}
	for name, content := range s.flash {
		w.file("root/flash/"+name, content)
	}
	w.file("settings.toml", fmt.Appendf(nil, "root = %q\n%s\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = %v\n[console]\ndevice = \"none\"\n",
		w.root, s.settings, !s.unmanaged))
	if !s.off {
		w.start()
	}
	return w
}

// host makes a machine with a cable in the LAN.
func (w *world) host(name string, addr netip.Prefix) *netns.Host {
	w.t.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { h.Close() })
	if _, err := w.lan.Plug(h, netns.Cable{Addr: addr}); err != nil {
		w.t.Fatal(err)
	}
	return h
}

// file writes a file below the world's directory.
func (w *world) file(name string, content []byte) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// settings is the path of the settings file.
func (w *world) settings() string { return filepath.Join(w.dir, "settings.toml") }

// start runs the box and waits for its SSH door.
func (w *world) start() {
	w.t.Helper()
	w.proc = w.run(exec.Command(binary(), "run", "--config", w.settings()))
	w.awaitSSH()
}

// awaitSSH waits until the box answers on port 22.
func (w *world) awaitSSH() {
	w.t.Helper()
	w.within(15*time.Second, "no answer on port 22", func() bool {
		if w.proc.ended() {
			w.t.Fatalf("the box ended with status %d:\n%s", w.proc.status(), w.proc.output())
		}
		// On the machine itself: while it has no address, one that asks for it
		// from elsewhere waits a second before it asks again.
		c, err := dialFrom(w.box, "tcp4", "127.0.0.1:22")
		if err != nil {
			return false
		}
		c.Close()
		return true
	})
}

// within tries until it works or time is up.
func (w *world) within(d time.Duration, complaint string, f func() bool) {
	w.t.Helper()
	for limit := time.Now().Add(d); !f(); time.Sleep(30 * time.Millisecond) {
		if time.Now().After(limit) {
			w.t.Fatalf("%s within %s", complaint, d)
		}
	}
}

// dial connects from the desk.
func (w *world) dial(network, addr string) (net.Conn, error) {
	return dialFrom(w.desk, network, addr)
}

func dialFrom(h *netns.Host, network, addr string) (c net.Conn, err error) {
	err = h.Do(func() error {
		d := net.Dialer{Timeout: 3 * time.Second}
		c, err = d.Dial(network, addr)
		return err
	})
	return c, err
}

// http is a client at the desk that keeps no connection.
func (w *world) http() *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(_ context.Context, network, addr string) (net.Conn, error) { return w.dial(network, addr) }}}
}

// get asks the box for a URL; an error of the network is status 0.
func (w *world) get(url string) (status int, body []byte) {
	r, err := w.http().Get(url)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer r.Body.Close()
	body, err = io.ReadAll(r.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return r.StatusCode, body
}

// command runs a foreign program at the desk and returns what it printed.
func (w *world) command(name string, args ...string) (string, error) {
	return w.on(w.desk, name, args...)
}

// on runs a foreign program on a machine.
func (w *world) on(h *netns.Host, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.t.TempDir()
	cmd.WaitDelay = time.Second
	out, err := h.Output(cmd)
	return string(out), err
}

// need finds a foreign program. Without it the test skips, or fails where
// everything has to be there.
func need(t *testing.T, program, debian string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + program); err == nil {
			return path
		}
	}
	missing(t, debian)
	return ""
}

func missing(t *testing.T, debian string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("install the Debian package %s", debian)
	}
	t.Skipf("install the Debian package %s", debian)
}

// process is a running box.
type process struct {
	cmd  *exec.Cmd
	out  *buffer
	done chan struct{}
}

// run starts a command on the machine of the box. It is killed at the end of
// the test.
func (w *world) run(cmd *exec.Cmd) *process {
	w.t.Helper()
	p := &process{cmd: cmd, out: newBuffer(), done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.out
	}
	cmd.Stderr = p.out
	if err := w.box.Start(cmd); err != nil {
		w.t.Fatal(err)
	}
	go func() { defer close(p.done); _ = cmd.Wait() }()
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() {
			w.t.Logf("the box wrote:\n%s", p.output())
		}
	})
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// stop sends a signal and says how long the process took to end.
func (p *process) stop(sig syscall.Signal, most time.Duration) (time.Duration, error) {
	since := time.Now()
	if err := p.cmd.Process.Signal(sig); err != nil {
		return 0, err
	}
	select {
	case <-p.done:
		return time.Since(since), nil
	case <-time.After(most):
		return 0, errors.New("still running after " + most.String())
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// wait waits for the end.
func (p *process) wait(t *testing.T, most time.Duration) int {
	t.Helper()
	select {
	case <-p.done:
		return p.status()
	case <-time.After(most):
		t.Fatalf("still running after %s:\n%s", most, p.output())
	}
	return -1
}

func (p *process) status() int    { return p.cmd.ProcessState.ExitCode() }
func (p *process) output() string { return p.out.String() }

// buffer is what a process or a session has written; readers may wait for more.
type buffer struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed and replaced at each write
	eof  bool
}

func newBuffer() *buffer { return &buffer{more: make(chan struct{})} }

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.more)
	b.more = make(chan struct{})
	return b.b.Write(p)
}

func (b *buffer) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.eof = true
	close(b.more)
	b.more = make(chan struct{})
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// take waits until what was written since the last take satisfies done, and
// takes it.
func (b *buffer) take(most time.Duration, done func(string) bool) (string, error) {
	timer := time.NewTimer(most)
	defer timer.Stop()
	for {
		b.mu.Lock()
		text, more, eof := b.b.String(), b.more, b.eof
		if done(text) {
			b.b.Reset()
			b.mu.Unlock()
			return text, nil
		}
		b.mu.Unlock()
		if eof {
			return text, io.EOF
		}
		select {
		case <-more:
		case <-timer.C:
			return text, fmt.Errorf("nothing more for %s", most)
		}
	}
}

// lastLine is the last line of a text.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return lines[len(lines)-1]
}
