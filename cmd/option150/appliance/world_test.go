package appliance_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cmd/option150/appliance"
	"option150/platform/aaa"
	"option150/platform/console"
	"option150/platform/ether"
	"option150/platform/netif"
	"option150/platform/netns"
	"option150/platform/settings"
	"option150/platform/sshd"
	"option150/telephony/audit"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/simphone"
)

// defaultStartup is the box a transcript finds if it says nothing else. Both
// secrets are "todd".
const defaultStartup = `!
hostname Router
!
enable secret 5 $1$rFbM$8.aXocHg6yHrM/zzeNkAT.
!
username admin privilege 15 secret 5 $1$rFbM$8.aXocHg6yHrM/zzeNkAT.
!
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
!
interface GigabitEthernet0/1
!
line vty 0 15
 login local
 transport input ssh
!
end
`

// world is a LAN with a real box on the real ports, for one transcript. The
// test process is in a private namespace: nothing outside it is touched.
//
// Its commands, besides those every world knows:
//
//	startup none | LINE    before the box is opened: its startup-config
//	priv N, user NAME      level and name of operators who come in from now on
//	width N, length N      window of operators, also of those who are in
//	restart                the box is stopped and started
//	kill                   the box loses power and starts
//	table NAME ROW|ROW...  puts a file of rows into flash:
//	hold PROTO PORT        another process takes a port
//	release PROTO PORT     and gives it back
//	firmware LOAD [DIR]    puts the files of a load into flash:
//	package NAME LOAD      puts them into flash: as a zip, with a script and a default load
//	file NAME TEXT         puts a file into flash:
//	phone MODEL MAC boots [LOAD]  plugs a phone in and waits until it is up or stuck
//	get http PORT NAME     a client asks for a file
//	get tftp NAME
//	listens                what the box listens on, as the kernel sees it
//	remember, unchanged    services, sockets and running-config stay as they are
//	link NAME up|down      a cable is plugged in or pulled
//	wait DURATION
type world struct {
	t       *testing.T
	root    string
	startup []string
	lan     *netns.LAN
	ports   map[string]*netns.Port
	phones  []*netns.Host
	ctx     context.Context
	cancel  context.CancelFunc
	running []<-chan struct{}
	pace    float64 // of phones: 1 = as a real one

	box    *appliance.Appliance
	ran    chan error // Run has returned
	held   map[string]*holder
	memory string

	user          string
	priv          int
	width, height int
	windows       []chan sshd.Size
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, root: t.TempDir(), ports: map[string]*netns.Port{}, held: map[string]*holder{}, pace: 0.005, user: "admin", priv: 15, width: 80}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	t.Cleanup(w.close)
	return w
}

func (w *world) close() {
	w.cancel()
	w.stop()
	for _, d := range w.running {
		<-d
	}
	for _, h := range w.held {
		h.release()
	}
	for _, h := range w.phones {
		_ = h.Close()
	}
	if w.lan != nil {
		_ = w.lan.Close()
	}
}

// open starts the box unless it runs.
func (w *world) open() error {
	if w.box != nil {
		select {
		case <-w.box.Stopping(): // the operator asked for a reload
		default:
			return nil
		}
		if err := <-w.ran; !errors.Is(err, appliance.ErrReload) {
			return fmt.Errorf("the box ended: %w", err)
		}
		w.box = nil
	}
	if err := w.wire(); err != nil {
		return err
	}
	s := settings.Default()
	s.Root = w.root
	s.Interfaces = []settings.Interface{
		{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}, {Name: "GigabitEthernet0/1", Device: "eth1", Managed: true}}
	s.Console.Device, s.SSH.Listen = console.None, "0.0.0.0:22"
	box, err := appliance.Open(appliance.Options{Settings: s, Version: "1.0.0", Commit: "0000000", Machine: &audit.Machine{}})
	if err != nil {
		return err
	}
	ran := make(chan error, 1)
	w.box, w.ran = box, ran
	go func() { ran <- box.Run(w.ctx) }()
	return nil
}

// hostKeys are made once: an RSA key costs a second.
var hostKeys = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "keys-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	h, err := sshd.OpenHostKeys(dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(h.Wait(), h.Close()); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, name := range []string{"ssh_host_ed25519_key", "ssh_host_rsa_key"} {
		if out[name], err = os.ReadFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return out, nil
})

// wire makes the LAN and the first startup-config.
func (w *world) wire() (err error) {
	if w.lan != nil {
		return nil
	}
	if w.lan, err = netns.NewLAN(); err != nil {
		return err
	}
	here, err := netns.Here()
	if err != nil {
		return err
	}
	for name, device := range map[string]string{"GigabitEthernet0/0": "eth0", "GigabitEthernet0/1": "eth1"} {
		if w.ports[name], err = w.lan.Plug(here, netns.Cable{Interface: device}); err != nil {
			return err
		}
	}
	keys, err := hostKeys()
	if err != nil {
		return err
	}
	for name, key := range keys {
		if err := w.put("nvram/"+name, key); err != nil {
			return err
		}
	}
	text := defaultStartup
	switch {
	case len(w.startup) == 1 && w.startup[0] == "none":
		return nil
	case len(w.startup) > 0:
		text = strings.Join(w.startup, "\n") + "\n"
	}
	return w.put("nvram/startup-config", []byte(text))
}

// put writes a file below the root.
func (w *world) put(name string, content []byte) error {
	path := filepath.Join(w.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o600)
}

func (w *world) stop() {
	if w.box != nil {
		w.box.Close()
		<-w.ran
		w.box = nil
	}
}

// Session implements transcript.World.
func (w *world) Session(name string) (io.ReadWriteCloser, error) {
	if err := w.open(); err != nil {
		return nil, err
	}
	box := w.box
	far, near := net.Pipe()
	done := make(chan struct{})
	w.running = append(w.running, done)
	sizes := make(chan sshd.Size, 8)
	w.windows = append(w.windows, sizes)
	ctx, cancel := context.WithCancel(w.ctx)
	go func() {
		defer close(done)
		defer near.Close()
		defer cancel()
		if name == "console" {
			box.Console(ctx, console.Door{Stream: near, Name: "con0", Interactive: true, Width: w.width, Height: w.height})
			return
		}
		n, _ := strconv.Atoi(name)
		n = max(n, 1)
		box.Serve(ctx, appliance.Visit{Stream: near, User: aaa.User{Name: w.user, Privilege: w.priv}, Line: n - 1,
			From: netip.AddrFrom4([4]byte{10, 0, 0, byte(4 + n)}), Width: w.width, Height: w.height, Resize: sizes})
	}()
	return far, nil
}

// Do implements transcript.World.
func (w *world) Do(command string) (string, error) {
	word, rest, _ := strings.Cut(command, " ")
	f := strings.Fields(rest)
	arg := func(n int) string {
		if n < len(f) {
			return f[n]
		}
		return ""
	}
	switch word {
	case "startup":
		if w.box != nil {
			return "", errors.New("the box runs already")
		}
		w.startup = append(w.startup, rest)
		return "", nil
	case "priv":
		n, err := strconv.Atoi(rest)
		w.priv = n
		return "", err
	case "user":
		w.user = rest
		return "", nil
	case "width", "length":
		n, err := strconv.Atoi(rest)
		if err != nil {
			return "", err
		}
		if word == "width" {
			w.width = n
		} else {
			w.height = n
		}
		for _, c := range w.windows {
			c <- sshd.Size{Width: w.width, Height: w.height}
		}
		time.Sleep(20 * time.Millisecond) // it is on its way
		return "", nil
	case "wait":
		d, err := time.ParseDuration(rest)
		time.Sleep(d)
		return "", err
	case "firmware":
		if err := w.wire(); err != nil {
			return "", err
		}
		files, err := firmware.Synthesise(arg(0), "", firmware.Sizes{})
		if err != nil {
			return "", err
		}
		for name, content := range files {
			if err := w.put("flash/"+arg(1)+"/"+name, content); err != nil {
				return "", err
			}
		}
		return "", nil
	case "package":
		if err := w.wire(); err != nil {
			return "", err
		}
		b, err := packed(arg(1))
		if err != nil {
			return "", err
		}
		return "", w.put("flash/"+arg(0), b)
	case "locale":
		if err := w.wire(); err != nil {
			return "", err
		}
		return "", w.put("flash/"+arg(0), locale(arg(1)))
	case "file":
		if err := w.wire(); err != nil {
			return "", err
		}
		name, text, _ := strings.Cut(rest, " ")
		return "", w.put("flash/"+name, []byte(text+"\n"))
	case "table":
		if err := w.wire(); err != nil {
			return "", err
		}
		name, text, _ := strings.Cut(rest, " ")
		return "", w.put("flash/"+name, []byte(strings.ReplaceAll(text, "|", "\n")+"\n"))
	case "hold":
		if err := w.wire(); err != nil {
			return "", err
		}
		h, err := hold(arg(0), arg(1))
		if err == nil {
			w.held[rest] = h
		}
		return "", err
	case "release":
		h := w.held[rest]
		if h == nil {
			return "", fmt.Errorf("nobody holds %s", rest)
		}
		delete(w.held, rest)
		h.release()
		return "", nil
	}
	if err := w.open(); err != nil {
		return "", err
	}
	return w.live(word, rest, f, arg)
}

// live are the commands that need the box to run.
func (w *world) live(word, rest string, f []string, arg func(int) string) (string, error) {
	switch word {
	case "restart":
		w.stop()
		return "", w.open()
	case "kill":
		return "", w.kill()
	case "phone":
		return "", w.phone(f)
	case "get":
		return w.get(f)
	case "tftp":
		return askTFTP(rest)
	case "listens":
		return strings.Join(listening(), "\n"), nil
	case "remember":
		w.memory = w.settled()
		return "", nil
	case "unchanged":
		if now := w.state(); now != w.memory {
			return "", fmt.Errorf("the box changed:\n%s", changes(w.memory, now))
		}
		return "", nil
	case "link":
		p := w.ports[arg(0)]
		if p == nil {
			return "", fmt.Errorf("no interface %q", arg(0))
		}
		if err := p.SetLink(arg(1) == "up"); err != nil {
			return "", err
		}
		return "", w.linkSeen(arg(0), arg(1) == "up")
	}
	return "", fmt.Errorf("this world knows no %q", word)
}

// linkSeen waits until the box knows the state of a cable: the kernel tells it
// at most once a second.
func (w *world) linkSeen(name string, up bool) error {
	for limit := time.Now().Add(5 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		all, err := w.box.Box().Netif.Interfaces()
		if err != nil {
			return err
		}
		if slices.ContainsFunc(all, func(i netif.Interface) bool { return i.Name == name && i.LineUp == up }) {
			return nil
		}
	}
	return fmt.Errorf("the box does not see that %s is up: %v", name, up)
}

// kill takes the power away: what the box finds when it starts again is what
// was on its disk at that moment, not what an orderly stop would have written.
func (w *world) kill() error {
	disk := w.t.TempDir()
	if err := os.CopyFS(disk, os.DirFS(w.root)); err != nil {
		return err
	}
	w.stop()
	w.root = disk
	return w.open()
}

// phone plugs one in: MODEL MAC boots [LOAD].
func (w *world) phone(f []string) error {
	if len(f) < 3 || f[2] != "boots" {
		return errors.New("usage: phone MODEL MAC boots [LOAD]")
	}
	mac, err := ether.ParseMAC(f[1])
	if err != nil {
		return err
	}
	s := simphone.Spec{Model: f[0], MAC: mac}
	if len(f) > 3 {
		s.Load = f[3]
	}
	host, err := netns.NewHost(mac.Device())
	if err != nil {
		return err
	}
	w.phones = append(w.phones, host)
	if _, err := w.lan.Plug(host, netns.Cable{Interface: "eth0", MAC: net.HardwareAddr(mac[:])}); err != nil {
		return err
	}
	p, err := simphone.New(s, simphone.Options{In: host.Do, Pace: w.pace})
	if err != nil {
		return err
	}
	done := make(chan struct{})
	w.running = append(w.running, done)
	go func() {
		defer close(done)
		_ = p.Live(w.ctx, 0, nil)
	}()
	for limit := time.Now().Add(20 * time.Second); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
		if x, ok := w.box.Box().Inventory.Phone(mac, time.Now()); ok && (x.State == inventory.Provisioned || x.State == inventory.Stuck) {
			return nil
		}
	}
	return fmt.Errorf("phone %s is neither up nor stuck after 20 s", mac)
}

// settled is the state once nothing is on its way any more: a service that was
// stopped lets its phones finish.
func (w *world) settled() string {
	now := w.state()
	for range 60 {
		before := now
		time.Sleep(50 * time.Millisecond)
		if now = w.state(); now == before {
			break
		}
	}
	return now
}

// changes are the lines that only one of two texts has.
func changes(before, after string) string {
	var t strings.Builder
	b, a := strings.Split(before, "\n"), strings.Split(after, "\n")
	for _, l := range b {
		if !slices.Contains(a, l) {
			t.WriteString("-" + l + "\n")
		}
	}
	for _, l := range a {
		if !slices.Contains(b, l) {
			t.WriteString("+" + l + "\n")
		}
	}
	return t.String()
}

// state is what a refused change must leave untouched: which configuration is
// in force (the very value), what the services say and every listening socket
// by its identity in the kernel.
func (w *world) state() string {
	b := w.box.Box()
	var t strings.Builder
	fmt.Fprintf(&t, "configuration %p version %d\n%s", b.Store.Current(), b.Store.Version().Number, b.StartupText())
	for _, n := range b.Supervisor.Names() {
		st := b.Supervisor.Status(n)
		fmt.Fprintf(&t, "%s %s %q %v since %v\n", n, st.State, st.Why, st.Listeners, st.Since)
	}
	sockets := kernelSockets()
	for _, s := range sockets {
		fmt.Fprintf(&t, "%s %d inode %s\n", s.proto, s.port, s.inode)
	}
	return t.String()
}

// holder is another process with a port of its own.
type holder struct {
	cmd *exec.Cmd
	in  io.Closer
}

const envHold = "OPTION150_TEST_HOLD"

// hold starts this test binary again, to do nothing but hold a port.
func hold(proto, port string) (*holder, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), envHold+"="+proto+" "+port)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	h := &holder{cmd, in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "held\n" {
		h.release()
		return nil, fmt.Errorf("%s %s cannot be held: %q", proto, port, line)
	}
	return h, nil
}

func (h *holder) release() {
	_ = h.in.Close()
	_ = h.cmd.Wait()
}

// holdPort is the other process.
func holdPort(what string) int {
	proto, port, _ := strings.Cut(what, " ")
	var err error
	if proto == "udp" {
		_, err = net.ListenPacket("udp4", "0.0.0.0:"+port)
	} else {
		_, err = net.Listen("tcp4", "0.0.0.0:"+port)
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

type socket struct {
	proto string
	port  int
	inode string
}

// kernelSockets is what the kernel says is listening in this namespace.
func kernelSockets() []socket {
	var all []socket
	for _, proto := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, _ := os.ReadFile("/proc/self/net/" + proto)
		for _, line := range strings.Split(string(text), "\n")[1:] {
			f := strings.Fields(line)
			if len(f) < 10 || strings.HasPrefix(proto, "tcp") && f[3] != "0A" {
				continue
			}
			_, hex, _ := strings.Cut(f[1], ":")
			port, err := strconv.ParseUint(hex, 16, 16)
			if err == nil {
				all = append(all, socket{strings.TrimSuffix(proto, "6"), int(port), f[9]})
			}
		}
	}
	slices.SortFunc(all, func(a, b socket) int {
		return strings.Compare(fmt.Sprintf("%s%06d%s", a.proto, a.port, a.inode), fmt.Sprintf("%s%06d%s", b.proto, b.port, b.inode))
	})
	return all
}

// listening names the ports in use, without the ephemeral ones of clients.
func listening() []string {
	var out []string
	for _, s := range kernelSockets() {
		if s.proto == "tcp" || s.port < 32768 {
			out = append(out, fmt.Sprintf("%s %d", s.proto, s.port))
		}
	}
	return slices.Compact(out)
}

// packed is a load as a zip of its maker would be, with synthetic bytes.
func packed(load string) ([]byte, error) {
	files, err := firmware.Synthesise(load, "", nil)
	if err != nil {
		return nil, err
	}
	term, err := firmware.DefaultLoad("term"+firmware.FamilyOf(load)+".default.loads", load)
	if err != nil {
		return nil, err
	}
	files["term"+firmware.FamilyOf(load)+".default.loads"], files["copstart.sh"] = term, []byte("#!/bin/sh\n")
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := z.Create(name)
		if err != nil {
			return nil, err
		}
		if _, err := f.Write(files[name]); err != nil {
			return nil, err
		}
	}
	err = z.Close()
	return b.Bytes(), err
}
