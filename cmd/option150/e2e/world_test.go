package e2e

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os/exec"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/netns"
)

// The addresses of a world.
var (
	boxAddr = netip.MustParseAddr(testbox.Address)
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
type world struct{ *testbox.World }

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
	addr := netip.Prefix{}
	if s.unmanaged {
		addr = netip.PrefixFrom(boxAddr, 24)
	}
	w := &world{testbox.New(t, addr)}
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
		w.Root, s.settings, !s.unmanaged))
	if !s.off {
		w.start()
	}
	return w
}

// file writes a file below the world's directory.
func (w *world) file(name string, content []byte) string {
	w.T.Helper()
	return w.File(name, content, 0o644)
}

// start runs the box and waits for its SSH door.
func (w *world) start() {
	w.T.Helper()
	w.Start(exec.Command(binary(), "run", "--config", w.Settings()))
}

// run starts a command on the machine of the box.
func (w *world) run(cmd *exec.Cmd) *testbox.Process {
	w.T.Helper()
	return testbox.Run(w.T, w.Box, cmd)
}

// httpFrom is a client on a machine that keeps no connection.
func (w *world) httpFrom(h *netns.Host) *http.Client {
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: func(_ context.Context, network, addr string) (net.Conn, error) {
			return testbox.DialFrom(h, network, addr)
		}}}
}

// get asks the box for a URL; an error of the network is status 0.
func (w *world) get(url string) (status int, body []byte) {
	return w.getFrom(w.Desk, url)
}

// getFrom asks from another machine.
func (w *world) getFrom(h *netns.Host, url string) (status int, body []byte) {
	r, err := w.httpFrom(h).Get(url)
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
	return w.on(w.Desk, name, args...)
}

// on runs a foreign program on a machine.
func (w *world) on(h *netns.Host, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(w.T.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = w.T.TempDir()
	cmd.WaitDelay = time.Second
	out, err := h.Output(cmd)
	return string(out), err
}

// runningConfig is the configuration without the lines that tell time.
func (w *world) runningConfig() string {
	w.T.Helper()
	return untimed(w.Exec("show running-config"))
}

// untimed is a configuration without what tells times: the lines, and the `!`
// that stands above them.
func untimed(config string) string {
	var out []string
	for _, l := range strings.Split(config, "\n") {
		if l == "!" && len(out) > 0 && out[len(out)-1] == "!" {
			continue
		}
		if !strings.HasPrefix(l, "! Last configuration change") && !strings.HasPrefix(l, "! NVRAM config") && !strings.HasPrefix(l, "Current configuration") {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

// lastLine is the last line of a text.
func lastLine(s string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return lines[len(lines)-1]
}
