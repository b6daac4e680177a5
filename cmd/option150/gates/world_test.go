package gates

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/netns"
	"option150/platform/testkit"
)

// address is the box as its clients know it.
const address = "10.150.0.1"

// branch is the startup configuration of a branch office with two phones.
const branch = `hostname Branch
enable secret lab
ip domain name example.net
ip dhcp excluded-address 10.150.0.1 10.150.0.99
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.1
ip dhcp pool LOBBY
 host 10.150.0.50 255.255.255.0
 client-identifier 0100.1e7a.0000.50
username lab privilege 15 secret lab
username guest privilege 1 secret guest
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
ip http server
telephony-service
 max-ephones 400
 max-dn 400
 ip source-address 10.150.0.1 port 2000
 cnf-file location flash:
 cnf-file perphone
 hfs enable port 6970
ephone-dn  1
 number 1001
ephone  1
 mac-address 001e.7a00.0001
 type 7961
 button  1:1
line con 0
 login local
line vty 0 15
 login local
 transport input ssh
end
`

// world is a LAN with a box and a desk, from which the clients come.
type world struct {
	t         *testing.T
	lan       *netns.LAN
	box, desk *netns.Host
	dir, root string
	proc      *process
	disk      bool // root is a disk of its own, which only the box sees
}

// setup is how a world differs from the usual one.
type setup struct {
	config  string // startup-config; "" = branch
	console string // device of the console; "" = none
	disk    bool   // root is a disk of 64 MB on which nobody else writes
	off     bool   // do not start the box
}

// newWorld builds a LAN and starts the box.
func newWorld(t *testing.T, s setup) *world {
	t.Helper()
	testkit.NeedNamespaces(t)
	w := &world{t: t, dir: t.TempDir(), disk: s.disk}
	w.root = filepath.Join(w.dir, "root")
	var err error
	if w.lan, err = netns.NewLAN(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.lan.Close() })
	w.box = w.host("box", netip.Prefix{})
	w.desk = w.host("desk", netip.MustParsePrefix("10.150.0.5/24"))
	if s.config == "" {
		s.config = branch
	}
	if s.console == "" {
		s.console = "none"
	}
	w.file("root/flash/greeting.txt", []byte("good morning\n"), 0o644)
	w.file("root/nvram/startup-config", []byte(s.config), 0o644)
	w.file("settings.toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = %q\nspeed = 115200\n",
		w.root, s.console), 0o644)
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
func (w *world) file(name string, content []byte, mode os.FileMode) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// start runs the box and waits for its SSH door.
func (w *world) start() {
	w.t.Helper()
	run := []string{binary(), "run", "--config", filepath.Join(w.dir, "settings.toml")}
	if w.disk {
		// What is there already is copied to a memory disk, mounted over it.
		run = append([]string{testkit.NeedProgram(w.t, "unshare", "util-linux"), "--mount", "sh", "-ec",
			`mv "$0" "$0.was"; mkdir "$0"; mount -t tmpfs -o size=64m tmpfs "$0"; cp -R "$0.was/." "$0/"; exec "$@"`, w.root}, run...)
	}
	w.proc = w.run(w.box, exec.Command(run[0], run[1:]...))
	w.within(15*time.Second, "no answer on port 22", func() bool {
		if w.proc.ended() {
			w.t.Fatalf("the box ended:\n%s", w.proc.out)
		}
		c, err := w.dial()
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// dial connects from the desk to the box's port 22.
func (w *world) dial() (c net.Conn, err error) {
	err = w.desk.Do(func() error {
		d := net.Dialer{Timeout: 3 * time.Second}
		c, err = d.Dial("tcp4", address+":22")
		return err
	})
	return c, err
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

// command is a program at the desk with a home of its own, so that nothing of
// the user who runs the tests plays a part.
func (w *world) command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	w.t.Helper()
	home := filepath.Join(w.dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.dir
	cmd.Env = append([]string{"HOME=" + home, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "USER=lab", "TERM=vt100"}, env...)
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// output runs a program at the desk and returns what it printed.
func (w *world) output(most time.Duration, env []string, stdin io.Reader, name string, args ...string) (string, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), most)
	defer cancel()
	cmd := w.command(ctx, env, name, args...)
	cmd.Stdin = stdin
	out, err := w.desk.Output(cmd)
	if ctx.Err() != nil {
		err = fmt.Errorf("still running after %s: %w", most, err)
	}
	return string(out), err
}

// process is a program that runs.
type process struct {
	cmd  *exec.Cmd
	out  *buffer
	done chan struct{}
}

// run starts a command on a machine. It is killed at the end of the test.
func (w *world) run(h *netns.Host, cmd *exec.Cmd) *process {
	w.t.Helper()
	p := &process{cmd: cmd, out: newBuffer(), done: make(chan struct{})}
	if cmd.Stdout == nil {
		cmd.Stdout = p.out
	}
	cmd.Stderr = p.out
	if err := h.Start(cmd); err != nil {
		w.t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = cmd.Wait()
		p.out.close()
	}()
	w.t.Cleanup(func() {
		p.kill()
		if w.t.Failed() && p.out.String() != "" {
			w.t.Logf("%s wrote:\n%s", filepath.Base(cmd.Path), p.out)
		}
	})
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// buffer is what a program or a session has written; readers may wait for more.
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
			return text, fmt.Errorf("nothing more within %s", most)
		}
	}
}

// plain takes the carriage returns away.
func plain(s string) string { return strings.ReplaceAll(s, "\r", "") }
