package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/dhcp/share/history"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
)

const campus = `hostname %[1]s
enable secret lab
ip dhcp excluded-address 10.150.0.1 10.150.0.20
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.0.0
 lease 0 8
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address %[2]s 255.255.0.0
fleet
 name %[1]s
 domain CAMPUS
 server http://10.151.0.11:2379
 server http://10.151.0.12:2379
 server http://10.151.0.13:2379
 bindings share
 bindings when-isolated own-share
 lead-time 60
line vty 0 15
 login local
`

// fleetWorld is boxes and the members of their engine. There are three networks: of the
// clients, on which the boxes are 10.150.0.1 and so on; of the engine, 10.151.0.0/24, on
// which boxes reach members; and of the members alone, 10.152.0.0/24.
type fleetWorld struct {
	*world
	engine, peers *netns.LAN
	members       []*member
	boxes         []*fleetBox
	calls         *callers
	rnd           *rand.Rand
	clients       int // that were served
	each          int // in a round
}

// member is a member of the engine, on a machine of its own.
type member struct {
	w            *fleetWorld
	n            int
	host         *netns.Host
	front, peers *netns.Port
	addr, dir    string
	proc         *testbox.Process // nil = it is dead
}

// fleetBox is a box, on a machine of its own.
type fleetBox struct {
	*cluster
	name          string
	voice, engine *netns.Port
}

func (w *fleetWorld) plug(lan *netns.LAN, h *netns.Host, c netns.Cable) *netns.Port {
	w.T.Helper()
	p, err := lan.Plug(h, c)
	if err != nil {
		w.T.Fatal(err)
	}
	return p
}

func newFleetWorld(t *testing.T, seed uint64) *fleetWorld {
	w := &fleetWorld{world: &world{testbox.New(t, netip.Prefix{})}, rnd: rand.New(rand.NewPCG(seed, 150))}
	for _, l := range []**netns.LAN{&w.engine, &w.peers} {
		lan, err := netns.NewLAN()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { lan.Close() })
		*l = lan
	}
	w.plug(w.engine, w.Desk, netns.Cable{Interface: "eth1", Addr: netip.MustParsePrefix("10.151.0.5/24")})
	for n := range 3 {
		m := &member{w: w, n: n, addr: fmt.Sprint("10.151.0.", 11+n), dir: filepath.Join(w.Dir, fmt.Sprint("m", n))}
		m.host = w.machine(fmt.Sprint("m", n))
		m.front = w.plug(w.engine, m.host, netns.Cable{Addr: netip.MustParsePrefix(m.addr + "/24")})
		m.peers = w.plug(w.peers, m.host, netns.Cable{Interface: "eth1", Addr: netip.MustParsePrefix(fmt.Sprintf("10.152.0.%d/24", 11+n))})
		w.members = append(w.members, m)
	}
	for _, m := range w.members {
		m.start()
	}
	w.answers()
	w.calls = newCallers(t, w.Desk)
	w.join()
	w.join()
	return w
}

func (w *fleetWorld) machine(name string) *netns.Host {
	w.T.Helper()
	h, err := netns.NewHost(name)
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { h.Close() })
	return h
}

// start starts a member; before says what runs it.
func (m *member) start(before ...string) {
	m.w.T.Helper()
	etcd := testkit.NeedProgram(m.w.T, "etcd", "etcd-server")
	var all []string
	for _, x := range m.w.members {
		all = append(all, fmt.Sprintf("m%d=http://10.152.0.%d:2380", x.n, 11+x.n))
	}
	client, peer := "http://"+m.addr+":2379", fmt.Sprintf("http://10.152.0.%d:2380", 11+m.n)
	args := append(before, etcd, "--name", fmt.Sprint("m", m.n), "--data-dir", m.dir, "--listen-client-urls", client, "--advertise-client-urls", client,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", strings.Join(all, ","), "--logger", "zap", "--log-level", "error")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what runs it does not outlive it
	m.proc = testbox.Run(m.w.T, m.host, cmd)
}

// kill is kill -9 of a member and what runs it.
func (m *member) kill() {
	if m.proc != nil {
		_ = syscall.Kill(-m.proc.Cmd.Process.Pid, syscall.SIGKILL)
		m.proc.Kill()
		m.proc = nil
	}
}

// ctl asks the members with etcd's own client.
func (w *fleetWorld) ctl(args ...string) (string, error) {
	var all []string
	for _, m := range w.members {
		if m.proc != nil {
			all = append(all, "http://"+m.addr+":2379")
		}
	}
	ctl := testkit.NeedProgram(w.T, "etcdctl", "etcd-client")
	return w.command(ctl, append([]string{"--dial-timeout=1s", "--command-timeout=3s", "--endpoints", strings.Join(all, ",")}, args...)...)
}

// answers waits until a majority does.
func (w *fleetWorld) answers() {
	w.T.Helper()
	w.Within(60*time.Second, "the engine does not answer", func() bool {
		_, err := w.ctl("get", "/")
		return err == nil
	})
}

// leader is the member that leads the others now.
func (w *fleetWorld) leader() *member {
	for _, m := range w.members {
		if m.proc == nil {
			continue
		}
		out, err := w.command("etcdctl", "--command-timeout=3s", "--endpoints", "http://"+m.addr+":2379", "endpoint", "status", "-w", "json")
		var list []struct {
			Status struct {
				Leader uint64
				Header struct {
					Member uint64 `json:"member_id"`
				}
			}
		}
		if err == nil && json.Unmarshal([]byte(out), &list) == nil && len(list) == 1 && list[0].Status.Leader == list[0].Status.Header.Member {
			return m
		}
	}
	return w.members[0]
}

// join puts one more box into the domain.
func (w *fleetWorld) join() *fleetBox {
	w.T.Helper()
	n := len(w.boxes) + 1
	b := &fleetBox{name: fmt.Sprint("BOX-", n)}
	b.cluster = &cluster{w: w.world, host: w.machine(b.name), addr: fmt.Sprint("10.150.0.", n)}
	b.voice = w.plug(w.LAN, b.host, netns.Cable{})
	b.engine = w.plug(w.engine, b.host, netns.Cable{Interface: "eth1", Addr: netip.MustParsePrefix(fmt.Sprintf("10.151.0.%d/24", n))})
	w.boxes = append(w.boxes, b)
	b.factory()
	b.start()
	w.connected()
	return b
}

// factory has a box begin with nothing but its configuration.
func (b *fleetBox) factory() {
	b.w.T.Helper()
	if err := os.RemoveAll(filepath.Join(b.w.Dir, b.name)); err != nil {
		b.w.T.Fatal(err)
	}
	b.w.file(b.name+"/flash/.keep", nil)
	b.w.file(b.name+"/nvram/startup-config", fmt.Appendf(nil, campus, b.name, b.addr))
	b.w.file(b.name+".toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = \"none\"\n", b.w.Dir+"/"+b.name))
}

func (b *fleetBox) start() {
	b.proc = testbox.Run(b.w.T, b.host, exec.Command(binary(), "run", "--config", b.w.Dir+"/"+b.name+".toml"))
}

// connected waits until every box gives addresses to new clients.
func (w *fleetWorld) connected() {
	w.T.Helper()
	var helpers []string
	for _, b := range w.boxes {
		helpers = append(helpers, b.addr)
		var s string
		is := func() bool {
			s = b.exec("show fleet bindings")
			for _, x := range w.boxes {
				if !strings.Contains(s, x.name+" ") {
					return false
				}
			}
			return strings.Contains(s, "Engine: answers") && !strings.Contains(s, "New clients get nothing")
		}
		for limit := time.Now().Add(40 * time.Second); !is(); time.Sleep(30 * time.Millisecond) {
			if time.Now().After(limit) {
				w.T.Fatalf("%s is not connected:\n%s\n%s", b.name, s, b.exec("show logging"))
			}
		}
	}
	w.calls.helpers(helpers...)
}

// round has new clients come, and old ones ask again, while something is wrong; then it is
// mended, and all that were asked of before are answered.
func (w *fleetWorld) round(what string, wrong func() (mend func())) {
	w.T.Helper()
	w.T.Log(what)
	since := time.Now()
	old, checked := w.calls.some(w.rnd, 24), w.calls.some(w.rnd, 16)
	load := make(chan struct{})
	from := w.clients
	w.clients += w.each
	go func() {
		defer close(load)
		w.calls.serve(from, w.clients)
	}()
	time.Sleep(time.Duration(w.rnd.IntN(100)) * time.Millisecond) // at no moment of its own
	mend := wrong()
	w.calls.keep(old)
	if mend != nil {
		mend()
	}
	<-load
	w.answers()
	w.connected()
	w.calls.kept(checked, what)
	w.T.Logf("%s: %d clients, %.1f s", what, w.clients, time.Since(since).Seconds())
	if bad := w.calls.history.Overlaps(); len(bad) > 0 {
		w.T.Fatalf("%s: %s", what, bad[0])
	}
}

// bindings are those a box shows.
func (b *fleetBox) bindings() map[netip.Addr]history.Ack {
	b.w.T.Helper()
	var rows []map[string]any
	text := b.exec("show ip dhcp binding | json")
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		b.w.T.Fatalf("%s: %v\n%.300s", b.name, err, text)
	}
	all := map[netip.Addr]history.Ack{}
	for _, r := range rows {
		a, err := netip.ParseAddr(fmt.Sprint(r["ip_address"]))
		id := strings.ReplaceAll(fmt.Sprint(r["client_id_hardware_address_user_name"]), ".", "")
		m, err2 := ether.ParseMAC(id[max(len(id)-12, 0):])
		until, err3 := time.Parse("Jan 02 2006 03:04 PM", fmt.Sprint(r["lease_expiration"])) // of the minute
		if err != nil || err2 != nil || err3 != nil {
			b.w.T.Fatalf("%s: %v: %v, %v, %v", b.name, r, err, err2, err3)
		}
		all[a] = history.Ack{Addr: a, Client: m.String(), Until: until.Add(time.Minute)}
	}
	return all
}

// judge says what no client may have seen, and what boxes have to know.
func (w *fleetWorld) judge(boxes ...*fleetBox) {
	w.T.Helper()
	h := &w.calls.history
	if bad := h.Overlaps(); len(bad) > 0 || h.Len() < w.clients {
		w.T.Errorf("%d ACKs for %d clients; %v", h.Len(), w.clients, bad)
	}
	w.calls.mu.Lock()
	for _, n := range w.calls.naks {
		w.T.Error(n)
	}
	w.calls.mu.Unlock()
	w.calls.kept(h.Running(time.Now(), 20*time.Second), "in the end") // none of all that still have a lease has lost it
	running := h.Running(time.Now(), time.Minute)
	for _, b := range boxes {
		var bad []string
		for limit := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) { // what was just granted is under way
			has := b.bindings()
			bad = history.Lost(running, b.name, 5*time.Second, func(a netip.Addr) (string, time.Time) { return has[a].Client, has[a].Until })
			if len(bad) == 0 || time.Now().After(limit) {
				break
			}
		}
		if len(bad) > 0 {
			w.T.Errorf("%d of %d leases are lost: %s", len(bad), len(running), bad[0])
		}
		if s := b.exec("show fleet bindings"); !strings.Contains(s, "clashes: 0\n") {
			w.T.Errorf("%s:\n%s", b.name, s)
		}
	}
	out, err := w.ctl("get", "--prefix", "--keys-only", "/option150/bindings/CAMPUS/at/")
	if n := strings.Count(out, "/at/"); err != nil || n < len(running) {
		w.T.Errorf("%d addresses are on record, %d leases run: %v", n, len(running), err)
	}
}

// cut takes cables out for a while.
func (w *fleetWorld) cut(ports ...*netns.Port) (mend func()) {
	w.T.Helper()
	set := func(up bool) {
		for _, p := range ports {
			if err := p.SetLink(up); err != nil {
				w.T.Fatal(err)
			}
		}
	}
	set(false)
	return func() {
		time.Sleep(2 * time.Second)
		set(true)
	}
}
