package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/cmd/option150/testbox"
	"option150/platform/ether"
	"option150/platform/netns"
	"option150/platform/testkit"
	"option150/telephony/firmware"
	"option150/telephony/simphone"
)

// guardedBox is a box that shares its bindings, at an engine that asks who it is.
const guardedBox = `hostname %[1]s
enable secret lab
username lab privilege 15 secret lab
interface GigabitEthernet0/0
 ip address %[2]s 255.255.255.0
ip http server
%[3]s
fleet
 name %[1]s
 domain LAB
 server https://10.150.0.20:2379
 tls ca nvram:ca.pem
 tls certificate nvram:box.pem key nvram:box-key.pem
%[4]s publish configuration
 bindings share
 lead-time 60
line vty 0 15
 login local
logging buffered
end
`

const guardedPool = `ip dhcp excluded-address 10.150.0.1 10.150.0.99
ip dhcp ping packets 0
ip dhcp pool VOICE
 network 10.150.0.0 255.255.255.0
 default-router 10.150.0.1
 option 150 ip 10.150.0.11 10.150.0.12
 lease 0 8
`

// phone is a simulated phone of the pair, and what it did.
type phone struct {
	*simphone.Phone
	t    *testing.T
	seen steps
}

func (w *world) phone(n byte, load string) *phone {
	w.T.Helper()
	mac := ether.MAC{0x00, 0x1e, 0x7a, 0, 0, n}
	host := w.Plug(mac.Device(), netns.Cable{MAC: net.HardwareAddr(mac[:])})
	x := &phone{t: w.T}
	p, err := simphone.New(simphone.Spec{MAC: mac, Model: "7961", Load: load}, simphone.Options{In: host.Do, Log: x.seen.add})
	if err != nil {
		w.T.Fatal(err)
	}
	x.Phone = p
	return x
}

func (p *phone) boot() simphone.Outcome {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 60*time.Second)
	defer cancel()
	o, err := p.Boot(ctx)
	if err != nil || o.Kind != simphone.Provisioned {
		p.t.Fatal(o, err)
	}
	return o
}

// TestGuardedPair: two boxes at an engine that asks everybody who he is, one by user and
// password, one by the common name of its certificate. Each may read what the other gives
// it to follow and write only its own; they share the bindings of the pool that the
// second has from the first, before and after it changes; a busy answer sends no phone
// to the second [source 004]; and one of them is shut out while its phones stay up.
func TestGuardedPair(t *testing.T) {
	t.Parallel()
	etcd := testkit.NeedProgram(t, "etcd", "etcd-server")
	ctl := testkit.NeedProgram(t, "etcdctl", "etcd-client")
	w := newWorld(t, setup{off: true})
	s := newSigner(t)
	cert, key := s.sign("engine", "10.150.0.20", "127.0.0.1")
	ca := w.file("ca.pem", s.ca)
	engine := w.Host("engine", netip.MustParsePrefix("10.150.0.20/24"))
	testbox.Run(t, engine, exec.Command(etcd, "--name", "m", "--data-dir", filepath.Join(w.Dir, "etcd"), "--listen-client-urls", "https://10.150.0.20:2379", "--advertise-client-urls", "https://10.150.0.20:2379",
		"--listen-peer-urls", "http://127.0.0.1:2380", "--initial-advertise-peer-urls", "http://127.0.0.1:2380", "--initial-cluster", "m=http://127.0.0.1:2380", "--log-level", "error",
		"--cert-file", w.file("engine.pem", cert), "--key-file", w.File("engine.key", key, 0o600), "--client-cert-auth", "--trusted-ca-file", ca))

	const load = "SCCP41.9-4-2SR3-1S"
	flash, err := firmware.Synthesise(load, firmware.FamilyOf(load), nil)
	if err != nil {
		t.Fatal(err)
	}
	flash["big.raw"] = bytes.Repeat([]byte("0123456789abcdef"), 1<<18)
	files := func(name string) map[string][]byte {
		c, k := s.sign(name)
		return map[string][]byte{"ca.pem": s.ca, "box.pem": c, "box-key.pem": k}
	}
	mine := files("hq-2")
	one := w.enterAs("HQ-1", "10.150.0.11", fmt.Sprintf(guardedBox, "HQ-1", "10.150.0.11", guardedPool+pairTelephony, " user hq-1 password pw-of-hq-1\n"), files("somebody"), flash)
	two := w.enterAs("HQ-2", "10.150.0.12", fmt.Sprintf(guardedBox, "HQ-2", "10.150.0.12", "fleet configuration follow HQ-1", ""), mine, nil)

	// The engine asks nobody yet. The first who says so makes root, each its own user.
	one.shows("show fleet", "refuses this box", "`fleet init` makes its user", "Does not act: the box is the user hq-1, not who its certificate says")
	l, f := one.shell(), two.shell()
	l.Send("fleet init\r")
	l.Sees("Password for the user root of the servers: ")
	l.Send("top\r")
	l.Sees("Again: ")
	l.Send("top\r")
	if a := l.Answer(); !strings.Contains(a, "user hq-1 has role option150/LAB/HQ-1") || !strings.Contains(a, "from now on the servers ask everybody") {
		t.Fatal(a)
	}
	two.shows("show fleet", "refuse", "`fleet init` makes its user", "Access: certificate nvram:box.pem of hq-2", "Certificate: it ends on")
	f.Send("fleet init\r")
	f.Sees("Password of the user root of the servers: ")
	f.Send("top\r")
	if a := f.Answer(); !strings.Contains(a, "user hq-2 has role option150/LAB/HQ-2") {
		t.Fatal(a)
	}
	for _, c := range []*cluster{one, two} {
		c.shows("show fleet boxes", "HQ-1          there", "HQ-2          there")
		c.shows("show fleet shares", "1 of 2    HQ-", "2 of 2    HQ-")
	}
	two.shows("show fleet configuration", "In force: ", "those of box HQ-1")
	two.shows("show running-config", "ip dhcp pool VOICE", "password not-for-everybody")
	two.shows("show fleet flash", ", 0 not\n")
	shared := func(c *cluster) {
		t.Helper()
		w.Within(60*time.Second, c.host.Name()+" does not share", func() bool {
			a := c.exec("show fleet bindings")
			return strings.Contains(a, "Engine: answers") && strings.Contains(a, "HQ-1 ") && strings.Contains(a, "HQ-2 ") && !strings.Contains(a, "New clients get nothing")
		})
	}
	shared(one)
	shared(two)
	one.shows("show fleet", "Bindings: shared among 2 boxes")
	if a := one.exec("show fleet configuration HQ-2"); !strings.Contains(a, "hostname HQ-2") || strings.Contains(a, "not-for-everybody") {
		t.Errorf("what the second publishes:\n%s", a)
	}

	// What the second may: to read what it follows, to write its own and nothing else.
	as := []string{"--endpoints", "https://10.150.0.20:2379", "--cacert", ca, "--cert", w.file("mine.pem", mine["box.pem"]), "--key", w.File("mine.key", mine["box-key.pem"], 0o600)}
	try := func(args ...string) string {
		out, _ := w.on(w.Desk, ctl, append(as[:len(as):len(as)], args...)...)
		return out
	}
	if a := try("get", "--keys-only", "/option150/follow/LAB/HQ-1/sections"); !strings.Contains(a, "/option150/follow/LAB/HQ-1/sections") {
		t.Errorf("it may not read what it follows: %s", a)
	}
	for _, k := range []string{"follow/LAB/HQ-1/sections", "box/LAB/HQ-1/about", "bindings/LAB/beat/HQ-1", "bindings/OTHER/at/10.0.0.1", "follow/OTHER/HQ-2/sections", "x"} {
		if a := try("put", "/option150/"+k, "x"); !strings.Contains(a, "permission denied") {
			t.Errorf("%s: %s", k, a)
		}
	}

	// A phone boots before the pool changes at the leader, and after it; another one after it.
	first, second := w.phone(1, load), w.phone(2, load)
	before := first.boot().Lease.Addr.Addr()
	first.seen.take()
	l.Configure("ip dhcp excluded-address 10.150.0.100 10.150.0.149", "ip dhcp pool VOICE", "lease 0 4", "end")
	two.shows("show running-config", "ip dhcp excluded-address 10.150.0.100 10.150.0.149", " lease 0 4")
	shared(one)
	shared(two)
	first.boot()
	if servers, _ := first.seen.take(); len(servers) != 1 || servers["10.150.0.11"] == 0 {
		t.Errorf("it boots from %v", servers)
	}
	got := second.boot().Lease.Addr.Addr()
	if n := netip.MustParsePrefix("10.150.0.0/24"); !n.Contains(got) || got.Less(netip.MustParseAddr("10.150.0.150")) || got == before {
		t.Errorf("after the change it has %s, the other had %s", got, before)
	}
	for _, c := range []*cluster{one, two} { // each has the leases of both
		c.shows("show ip dhcp binding", got.String())
	}

	// A busy answer.
	l.Configure("file-server maximum-serving-count 1", "end")
	second.seen.take()
	slow := w.slowFrom("10.150.0.11", "big.raw")
	free := time.AfterFunc(4*time.Second, func() { slow.Close() })
	second.boot()
	free.Stop()
	if servers, busy := second.seen.take(); busy == 0 || len(servers) != 1 || servers["10.150.0.11"] == 0 {
		t.Errorf("a busy answer (%d of them): it boots from %v", busy, servers)
	}
	l.Configure("no file-server maximum-serving-count", "end")

	// The second was stolen.
	_, files2 := w.get("http://10.150.0.12:6970/" + pairFile)
	l.Send("fleet box HQ-2 shut-out\r")
	l.Sees("Password of the user root of the servers: ")
	l.Send("top\r")
	if a := l.Answer(); !strings.Contains(a, "role option150/LAB/HQ-2 is gone") || !strings.Contains(a, "`fleet box HQ-2 down`") {
		t.Fatal(a)
	}
	l.Send("fleet box HQ-2 down\r")
	l.Sees("Is HQ-2 switched off? [confirm]")
	l.Send("y")
	if a := l.Answer(); strings.Contains(a, "%") {
		t.Errorf("declared down: %s", a)
	}
	if a := try("put", "/option150/box/LAB/HQ-2/about", "x"); !strings.Contains(a, "permission denied") {
		t.Errorf("it writes: %s", a)
	}
	if a := try("get", "/option150/follow/LAB/HQ-1/sections"); !strings.Contains(a, "permission denied") {
		t.Errorf("it reads: %s", a)
	}
	two.shows("show fleet", "refuse", "permission denied", "isolated")
	if a := one.exec("show fleet boxes"); strings.Contains(a, "HQ-2 ") {
		t.Error(a)
	}
	w.Within(60*time.Second, "the second is not declared down", func() bool {
		for line := range strings.Lines(one.exec("show fleet bindings")) {
			if f := strings.Fields(line); len(f) == 4 && f[0] == "HQ-2" {
				return f[3] == "yes"
			}
		}
		return false
	})
	if status, got := w.get("http://10.150.0.12:6970/" + pairFile); status != 200 || len(got) == 0 || !bytes.Equal(got, files2) {
		t.Errorf("its phones: %d with %d bytes, %d before", status, len(got), len(files2))
	}
	first.boot()
}
