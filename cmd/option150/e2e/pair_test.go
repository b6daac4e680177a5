package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/telephony/firmware"
	"option150/telephony/simphone"
)

// The pair: a DHCP server that lists both, and two boxes of a fleet, of which the
// second follows the first.
const (
	pairCore = `hostname Core
enable secret lab
ip dhcp excluded-address 10.150.0.1 10.150.0.99
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.11 10.150.0.12
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address 10.150.0.1 255.255.255.0
line vty 0 15
 login local
end
`
	pairBox = `hostname %[1]s
enable secret lab
no service dhcp
username lab privilege 15 secret lab
archive
 path flash:archive/box
interface GigabitEthernet0/0
 ip address %[2]s 255.255.255.0
ip http server
%[3]s
fleet
 name %[1]s
 domain LAB
 server https://10.150.0.20:2379
 tls ca nvram:ca.pem
 publish configuration
line vty 0 15
 login local
logging buffered
end
`
	pairTelephony = `telephony-service
 max-ephones 10
 max-dn 10
 load 7961 SCCP41.9-4-2SR3-1S
 ip source-address 10.150.0.20 port 2000
 cnf-file location flash:
 cnf-file perphone
 hfs enable port 6970
ephone-dn  1
 number 1001
ephone  1
 mac-address 001e.7a00.0001
 username "alice" password not-for-everybody
 type 7961
 button  1:1
`
	ownTelephony = `fleet configuration follow HQ-1
telephony-service
 max-ephones 3
ephone  3
 mac-address 001e.7a00.0003
 type 7961
`
	pairFile = "SEP001E7A000001.cnf.xml"
)

// exec is a command on one of the boxes over SSH.
func (c *cluster) exec(command string) string {
	c.w.T.Helper()
	conn, err := c.w.Dial("tcp4", c.addr+":22")
	if err != nil {
		return err.Error()
	}
	client, err := testbox.Login(conn, "lab", "lab")
	if err != nil {
		return err.Error()
	}
	defer client.Close()
	s, err := client.NewSession()
	if err != nil {
		return err.Error()
	}
	out, _ := s.CombinedOutput(command)
	return testbox.Plain(string(out))
}

func (c *cluster) shell() *testbox.Shell {
	c.w.T.Helper()
	conn, err := c.w.Dial("tcp4", c.addr+":22")
	if err != nil {
		c.w.T.Fatal(err)
	}
	client, err := testbox.Login(conn, "lab", "lab")
	if err != nil {
		c.w.T.Fatal(err)
	}
	return testbox.NewShell(c.w.T, client)
}

// shows waits until a command shows all of some texts.
func (c *cluster) shows(command string, want ...string) {
	c.w.T.Helper()
	c.w.Within(60*time.Second, c.host.Name()+": "+command+" does not show "+strings.Join(want, ", "), func() bool {
		text := c.exec(command)
		for _, s := range want {
			if !strings.Contains(text, s) {
				return false
			}
		}
		return true
	})
}

// enter puts a box of the pair into the LAN.
func (w *world) enter(name, addr, lines string, ca []byte, flash map[string][]byte) *cluster {
	w.T.Helper()
	return w.enterAs(name, addr, fmt.Sprintf(pairBox, name, addr, lines), map[string][]byte{"ca.pem": ca}, flash)
}

// enterAs puts a box into the LAN, with its configuration and files.
func (w *world) enterAs(name, addr, config string, nvram, flash map[string][]byte) *cluster {
	w.T.Helper()
	c := &cluster{w: w, host: w.Host(name, netip.Prefix{}), addr: addr}
	w.file(name+"/nvram/startup-config", []byte(config))
	for f, b := range nvram {
		w.file(name+"/nvram/"+f, b)
	}
	w.file(name+"/flash/.keep", nil)
	for f, b := range flash {
		w.file(name+"/flash/"+f, b)
	}
	w.file(name+".toml", fmt.Appendf(nil, "root = %q\n[[interfaces]]\nname = \"GigabitEthernet0/0\"\ndevice = \"eth0\"\nmanaged = true\n[console]\ndevice = \"none\"\n", w.Dir+"/"+name))
	c.proc = testbox.Run(w.T, c.host, exec.Command(binary(), "run", "--config", w.Dir+"/"+name+".toml"))
	return c
}

// steps are those of one boot.
type steps struct {
	mu  sync.Mutex
	all []simphone.Step
}

func (s *steps) add(x simphone.Step) { s.mu.Lock(); s.all = append(s.all, x); s.mu.Unlock() }

// take gives which servers sent files since it was called last, and how many times
// busy was answered.
func (s *steps) take() (servers map[string]int, busy int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	servers = map[string]int{}
	for _, x := range s.all {
		if x.Kind != simphone.File {
			continue
		}
		servers[x.Server.String()]++
		if x.Result == "503" || strings.HasPrefix(x.Result, "error 3") {
			busy++
		}
	}
	s.all = nil
	return servers, busy
}

// TestPair: two boxes list each other. The second has its sections and its files from
// the first; both give the same files byte for byte; a phone boots from the first, asks
// the same one again when it is busy, and boots from the second when the first is dead.
// [source 004, redundant TFTP servers]
func TestPair(t *testing.T) {
	t.Parallel()
	etcd := testkit.NeedProgram(t, "etcd", "etcd-server")
	ctl := testkit.NeedProgram(t, "etcdctl", "etcd-client")
	w := newWorld(t, setup{config: pairCore})
	ca, cert, key := authority(t, "10.150.0.20")
	engine := w.Host("engine", netip.MustParsePrefix("10.150.0.20/24"))
	w.file("ca.pem", ca)
	tls := []string{"--cert-file", w.file("engine.pem", cert), "--key-file", w.File("engine.key", key, 0o600)}
	testbox.Run(t, engine, exec.Command(etcd, append([]string{"--name", "m", "--data-dir", filepath.Join(w.Dir, "etcd"), "--listen-client-urls", "https://10.150.0.20:2379", "--advertise-client-urls", "https://10.150.0.20:2379",
		"--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380", "--initial-cluster", "m=http://127.0.0.1:2380", "--log-level", "error"}, tls...)...))

	const load = "SCCP41.9-4-2SR3-1S"
	files, err := firmware.Synthesise(load, firmware.FamilyOf(load), nil)
	if err != nil {
		t.Fatal(err)
	}
	shared := map[string][]byte{"Chime.raw": bytes.Repeat([]byte{0x7f}, 4000), "English_United_States/mk-sccp.jar": []byte("texts"), "big.raw": bytes.Repeat([]byte("0123456789abcdef"), 1<<20)}
	own := map[string][]byte{"site.key": []byte("key"), "backup-confg": []byte("!\nversion 15\nhostname x\n"), "notes.raw.txt": []byte("notes"), "SEP001E7A000009.cnf.xml": []byte("<x/>")}
	flash := map[string][]byte{}
	for _, m := range []map[string][]byte{files, shared, own} {
		for n, b := range m {
			flash[n] = b
		}
	}
	one := w.enter("HQ-1", "10.150.0.11", pairTelephony, ca, flash)
	two := w.enter("HQ-2", "10.150.0.12", ownTelephony, ca, map[string][]byte{"Chime.raw": []byte("another")})
	show := func(c *cluster, command string, want ...string) { t.Helper(); c.shows(command, want...) }
	show(two, "show fleet configuration", "In force: ", "those of box HQ-1")
	show(two, "show fleet flash", ", 0 not\n")
	show(one, "show fleet configuration", "This box follows no other", "are given the sections of telephony and DHCP", "are given the list of the phones' files")

	// The files of the first that both should have, and no other.
	for n, b := range flash {
		got, err := os.ReadFile(filepath.Join(w.Dir, "HQ-2", "flash", n))
		if _, no := own[n]; no != (err != nil) || !no && !bytes.Equal(got, b) {
			t.Errorf("%s: %v", n, err)
		}
	}
	if text := two.exec("show running-config"); strings.Contains(text, "ephone  3") || !strings.Contains(text, "\nfleet configuration follow HQ-1\n") || !strings.Contains(text, "\nhostname HQ-2\n") || !strings.Contains(text, "password not-for-everybody") {
		t.Errorf("the configuration of the second:\n%s", text)
	}
	if text := two.exec("dir flash:archive"); !strings.Contains(text, "box-1") {
		t.Errorf("the configuration before was not archived:\n%s", text)
	}
	same := func() {
		t.Helper()
		for _, n := range []string{pairFile, "XMLDefault.cnf.xml", load + ".loads", "Chime.raw", "SEP001E7A000003.cnf.xml"} {
			s1, a := w.get("http://10.150.0.11:6970/" + n)
			s2, b := w.get("http://10.150.0.12:6970/" + n)
			over, _ := w.command("curl", "-s", "tftp://10.150.0.12/"+n)
			if s1 != s2 || !bytes.Equal(a, b) || s1 == 200 && over != string(a) {
				t.Errorf("%s: %d with %d bytes, and %d with %d; %d over TFTP", n, s1, len(a), s2, len(b), len(over))
			}
		}
	}
	same()

	// A local edit of what is followed is refused with the leader's name; other lines are
	// this box's.
	s := two.shell()
	s.Do("configure terminal")
	s.Do("telephony-service")
	if a := s.Do("max-ephones 42"); !strings.Contains(a, "The sections of telephony are those of box HQ-1: change them there") {
		t.Errorf("a local edit: %s", a)
	}
	if a := s.Do("ip dhcp pool MINE"); !strings.Contains(a, "The sections of DHCP are those of box HQ-1") {
		t.Errorf("a local edit: %s", a)
	}
	if a := s.Do("service dhcp"); strings.Contains(a, "HQ-1") {
		t.Errorf("what is this box's own: %s", a)
	}
	s.Silent("no service dhcp", "end")

	// What the leader changes comes.
	l := one.shell()
	l.Configure("telephony-service", "max-ephones 42", "system message Hello from HQ", "end")
	show(two, "show running-config", " max-ephones 42", " system message Hello from HQ")
	same()

	// A phone boots from the first, also while it is busy.
	var seen steps
	mac := ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}
	host := w.Plug(mac.Device(), netns.Cable{MAC: net.HardwareAddr(mac[:])})
	p, err := simphone.New(simphone.Spec{MAC: mac, Model: "7961", Load: load}, simphone.Options{In: host.Do, Log: seen.add})
	if err != nil {
		t.Fatal(err)
	}
	boot := func() simphone.Outcome {
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		o, err := p.Boot(ctx)
		if err != nil || o.Kind != simphone.Provisioned || o.Load != load {
			t.Fatal(o, err)
		}
		return o
	}
	boot()
	if servers, _ := seen.take(); len(servers) != 1 || servers["10.150.0.11"] == 0 {
		t.Errorf("it boots from %v", servers)
	}
	l.Configure("file-server maximum-serving-count 1", "end")
	slow := w.slowFrom("10.150.0.11", "big.raw")
	free := time.AfterFunc(4*time.Second, func() { slow.Close() })
	boot()
	free.Stop()
	if servers, busy := seen.take(); busy == 0 || len(servers) != 1 || servers["10.150.0.11"] == 0 {
		t.Errorf("a busy answer (%d of them): it boots from %v", busy, servers)
	}

	// The first is dead: the second gives it the same.
	if err := one.proc.Cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	boot()
	if servers, _ := seen.take(); servers["10.150.0.12"] == 0 {
		t.Errorf("the first is dead: it boots from %v", servers)
	}
	show(two, "show fleet boxes", "HQ-1", "gone")

	// Rubbish where the leader's sections were changes nothing and is told.
	put := func(value string) {
		t.Helper()
		cmd := exec.Command(ctl, "--endpoints", "https://10.150.0.20:2379", "--cacert", filepath.Join(w.Dir, "ca.pem"), "put", "/option150/follow/LAB/HQ-1/sections", value)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := w.Desk.Start(cmd); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
	}
	_, before := w.get("http://10.150.0.12:6970/" + pairFile)
	put("rubbish")
	show(two, "show fleet configuration", "In force: no", "are no sections of a configuration")
	if _, now := w.get("http://10.150.0.12:6970/" + pairFile); !bytes.Equal(now, before) {
		t.Error("rubbish changed a phone's file")
	}
	if log := two.exec("show logging"); !strings.Contains(log, "%FLEET-4-FOLLOW_REFUSED: The sections of HQ-1 are not in force here") {
		t.Errorf("the log:\n%s", log)
	}

	// Given back, the sections are edited here.
	s.Configure("no fleet configuration follow", "telephony-service", "max-ephones 43", "end")
	show(two, "show running-config", " max-ephones 43", " system message Hello from HQ")
	show(two, "show fleet configuration", "This box follows no other")
}

// slowFrom asks a box for a file over HTTP and does not read the answer.
func (w *world) slowFrom(addr, name string) net.Conn {
	w.T.Helper()
	c, err := w.Dial("tcp4", addr+":6970")
	if err != nil {
		w.T.Fatal(err)
	}
	w.T.Cleanup(func() { c.Close() })
	if err := c.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		w.T.Fatal(err)
	}
	fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost:%s:6970\r\n\r\n", name, addr)
	if _, err := c.Read(make([]byte, 1)); err != nil {
		w.T.Fatal(err)
	}
	return c
}
