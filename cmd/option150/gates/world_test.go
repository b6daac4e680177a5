package gates

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/testkit"
)

// address is the box as its clients know it.
const address = testbox.Address

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
	*testbox.World
	disk bool // root is a disk of its own, which only the box sees
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
	w := &world{testbox.New(t, netip.Prefix{}), s.disk}
	if s.config == "" {
		s.config = branch
	}
	if s.console == "" {
		s.console = "none"
	}
	w.File("root/flash/greeting.txt", []byte("good morning\n"), 0o644)
	w.File("root/nvram/startup-config", []byte(s.config), 0o644)
	w.File("settings.toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = %q\nspeed = 115200\n",
		w.Root, s.console), 0o644)
	if !s.off {
		w.start()
	}
	return w
}

// start runs the box and waits for its SSH door.
func (w *world) start() {
	w.T.Helper()
	run := []string{binary(), "run", "--config", w.Settings()}
	if w.disk {
		// What is there already is copied to a memory disk, mounted over it.
		run = append([]string{testkit.NeedProgram(w.T, "unshare", "util-linux"), "--mount", "sh", "-ec",
			`mv "$0" "$0.was"; mkdir "$0"; mount -t tmpfs -o size=64m tmpfs "$0"; cp -R "$0.was/." "$0/"; exec "$@"`, w.Root}, run...)
	}
	w.Start(exec.Command(run[0], run[1:]...))
}

// command is a program at the desk with a home of its own, so that nothing of
// the user who runs the tests plays a part.
func (w *world) command(ctx context.Context, env []string, name string, args ...string) *exec.Cmd {
	w.T.Helper()
	home := filepath.Join(w.Dir, "home")
	if err := os.MkdirAll(home, 0o755); err != nil {
		w.T.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.Dir
	cmd.Env = append([]string{"HOME=" + home, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "LC_ALL=C.UTF-8", "USER=lab", "TERM=vt100"}, env...)
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// output runs a program at the desk and returns what it printed.
func (w *world) output(most time.Duration, env []string, stdin io.Reader, name string, args ...string) (string, error) {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), most)
	defer cancel()
	cmd := w.command(ctx, env, name, args...)
	cmd.Stdin = stdin
	out, err := w.Desk.Output(cmd)
	if ctx.Err() != nil {
		err = fmt.Errorf("still running after %s: %w", most, err)
	}
	return string(out), err
}
