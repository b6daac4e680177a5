package e2e

import (
	"flag"
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"option150/platform/netns"
	"option150/platform/testkit"
)

var (
	fleetClients = flag.Int("clients", 2000, "clients of TestFleetFaults")
	fleetSeed    = flag.Uint64("seed", 1, "seed of the order of its faults")
)

// fault is one way in which something is wrong for a while; it says how that ends.
type fault struct {
	name string
	do   func(w *fleetWorld) (mend func())
}

// faults are those that come in any order.
var faults = []fault{
	{"a member dies", func(w *fleetWorld) func() {
		m := w.members[w.rnd.IntN(3)]
		m.kill()
		return func() { m.start() }
	}},
	{"the leader dies", func(w *fleetWorld) func() {
		m := w.leader()
		m.kill()
		return func() { m.start() }
	}},
	{"two of three members die", func(w *fleetWorld) func() {
		n := w.rnd.IntN(3)
		one, two := w.members[n], w.members[(n+1)%3]
		one.kill()
		two.kill()
		time.Sleep(2 * time.Second)
		return func() { one.start(); two.start() }
	}},
	{"a box dies", func(w *fleetWorld) func() {
		b := w.boxes[w.rnd.IntN(len(w.boxes))]
		b.proc.Kill()
		return b.start
	}},
	{"members and boxes die, all at once", func(w *fleetWorld) func() {
		for _, m := range w.members {
			m.kill()
		}
		for _, b := range w.boxes {
			b.proc.Kill()
		}
		return func() {
			for _, m := range w.members {
				m.start()
			}
			for _, b := range w.boxes {
				b.start()
			}
		}
	}},
	{"a box starts while the engine is off", func(w *fleetWorld) func() {
		for _, m := range w.members {
			m.kill()
		}
		b := w.boxes[w.rnd.IntN(len(w.boxes))]
		b.proc.Kill()
		b.start()
		var mine, all = 0, w.calls.history.Running(time.Now(), time.Second)
		for _, x := range all {
			if x.Box != b.addr || mine == 8 {
				continue
			}
			mine++
			if p, ok := w.calls.again(x, false, 30); !ok || p.YIAddr != x.Addr {
				w.T.Errorf("%s, which was started without an engine, does not renew %v", b.name, x)
			}
		}
		return func() {
			for _, m := range w.members {
				m.start()
			}
		}
	}},
	{"a box is cut off from the engine", func(w *fleetWorld) func() {
		return w.cut(w.boxes[w.rnd.IntN(len(w.boxes))].engine)
	}},
	{"all boxes are cut off from the engine", func(w *fleetWorld) func() {
		var all []*netns.Port
		for _, b := range w.boxes {
			all = append(all, b.engine)
		}
		return w.cut(all...)
	}},
	{"a box is cut off from clients and boxes", func(w *fleetWorld) func() {
		return w.cut(w.boxes[w.rnd.IntN(len(w.boxes))].voice)
	}},
	{"the leader is cut off from the members, not from the boxes", func(w *fleetWorld) func() {
		return w.cut(w.leader().peers)
	}},
	{"a member is cut off from all", func(w *fleetWorld) func() {
		m := w.members[w.rnd.IntN(3)]
		return w.cut(m.peers, m.front)
	}},
	{"the leader stands still", func(w *fleetWorld) func() {
		m := w.leader()
		_ = m.proc.Cmd.Process.Signal(syscall.SIGSTOP)
		return func() {
			time.Sleep(time.Second)
			_ = m.proc.Cmd.Process.Signal(syscall.SIGCONT)
		}
	}},
	{"the disk of the leader is slow", slowDisk},
	{"the engine is restored from a backup", restored},
	{"members and boxes are started anew, one after the other", rolling},
}

// slowDisk has the member that leads wait a fifth of a second for each write that is to
// be on its disk.
func slowDisk(w *fleetWorld) func() {
	m := w.leader()
	m.kill()
	m.start(testkit.NeedProgram(w.T, "strace", "strace"), "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=200000", "-o", "/dev/null")
	w.answers()
	return func() {
		time.Sleep(time.Second)
		m.kill()
		m.start()
	}
}

// restored has the engine be what it was when most of the clients of this round had nothing.
func restored(w *fleetWorld) func() {
	file := filepath.Join(w.Dir, fmt.Sprint("backup", w.clients))
	if out, err := w.command("etcdctl", "--endpoints", "http://"+w.members[0].addr+":2379", "snapshot", "save", file); err != nil {
		w.T.Fatalf("%v\n%s", err, out)
	}
	w.calls.keep(w.calls.some(w.rnd, 24))
	time.Sleep(time.Second)
	var all []string
	for _, m := range w.members {
		all = append(all, fmt.Sprintf("m%d=http://10.152.0.%d:2380", m.n, 11+m.n))
		m.kill()
	}
	for _, m := range w.members {
		m.dir = filepath.Join(w.Dir, fmt.Sprintf("m%d-%d", m.n, w.clients))
		if out, err := w.command("etcdctl", "snapshot", "restore", file, "--name", fmt.Sprint("m", m.n), "--data-dir", m.dir,
			"--initial-cluster", strings.Join(all, ","), "--initial-advertise-peer-urls", fmt.Sprintf("http://10.152.0.%d:2380", 11+m.n)); err != nil {
			w.T.Fatalf("%v\n%s", err, out)
		}
	}
	return func() {
		for _, m := range w.members {
			m.start()
		}
	}
}

// rolling is what an upgrade does: each is stopped as its operator stops it, and started.
func rolling(w *fleetWorld) func() {
	for _, m := range w.members {
		if _, err := m.proc.Stop(syscall.SIGTERM, 20*time.Second); err != nil {
			w.T.Error(err)
		}
		m.start()
		w.answers()
	}
	for _, b := range w.boxes {
		if _, err := b.proc.Stop(syscall.SIGTERM, 20*time.Second); err != nil {
			w.T.Error(err)
		}
		b.start()
		w.connected()
	}
	return nil
}

// TestFleetFaults: two boxes, then three, and an engine of three members serve one pool to
// 2000 clients behind a relay that asks all boxes, while members, boxes, disks and lines
// fail in an order that the seed says. Nobody has another's address, nobody with a
// lease is told no, every lease is known to every box in the end.
func TestFleetFaults(t *testing.T) {
	t.Parallel()
	w := newFleetWorld(t, *fleetSeed)
	t.Logf("-seed %d", *fleetSeed)
	order := w.rnd.Perm(len(faults))
	w.each = (*fleetClients + len(faults) + 4) / (len(faults) + 5)
	w.round("nothing is wrong", func() func() { return nil })
	for i, n := range order {
		if i == len(order)/2 {
			w.round("a third box joins", func() func() { w.join(); return nil })
		}
		w.round(faults[n].name, func() func() { return faults[n].do(w) })
	}
	w.round("a member has another address", w.moved)
	w.round("a box has another address", w.renumbered)
	all := w.boxes
	w.judge(all...)
	w.round("a box begins with an empty disk", w.rebuilt)
	w.judge(all...)
}

// moved has a member be reached at another address; the line of it is changed at the boxes.
func (w *fleetWorld) moved() func() {
	m := w.members[2]
	m.kill()
	was := m.addr
	m.addr = "10.151.0.23"
	if err := m.host.FlushAddrs("eth0"); err != nil {
		w.T.Fatal(err)
	}
	if err := m.host.AddAddr("eth0", netip.MustParsePrefix(m.addr+"/24")); err != nil {
		w.T.Fatal(err)
	}
	m.start()
	w.answers()
	return func() {
		for _, b := range w.boxes {
			s := b.shell()
			s.Configure("fleet", "no server http://"+was+":2379", "server http://"+m.addr+":2379")
			s.Do("write memory")
		}
	}
}

// renumbered has a box have another address among the clients.
func (w *fleetWorld) renumbered() func() {
	b := w.boxes[1]
	s := b.shell()
	s.Do("configure terminal")
	s.Do("interface GigabitEthernet0/0")
	s.Send("ip address 10.150.0.12 255.255.0.0\r")
	was := b.addr
	b.addr = "10.150.0.12"
	w.connected()
	for _, x := range w.calls.history.Running(time.Now(), time.Second) {
		if x.Box != was {
			continue
		}
		x.Box = b.addr
		if p, ok := w.calls.again(x, false, 20); !ok || p.YIAddr != x.Addr {
			w.T.Errorf("at its new address %s does not renew %v", b.name, x)
		}
		break
	}
	return nil
}

// rebuilt has a box lose all it had on its disk but the configuration: it has its share and
// all leases again, and gives nothing new until what it may have granted is over.
func (w *fleetWorld) rebuilt() func() {
	b := w.boxes[2]
	shares := func() string {
		return strings.Join(regexp.MustCompile(`\d of 3 +[\w-]+`).FindAllString(w.boxes[0].exec("show fleet shares"), -1), "\n")
	}
	before := shares()
	b.proc.Kill()
	b.factory()
	b.start()
	w.Within(60*time.Second, b.name+" has not read the leases", func() bool {
		return strings.Contains(b.exec("show fleet bindings"), "Engine: answers")
	})
	if s := b.exec("show fleet bindings"); !strings.Contains(s, "New clients get nothing: ") {
		w.T.Errorf("a box that has lost what it granted gives addresses to new clients:\n%s", s)
	}
	if now := shares(); now != before || !strings.Contains(now, "3 of 3    "+b.name) {
		w.T.Errorf("the shares were\n%s\nand are\n%s", before, now)
	}
	n := 0
	for _, x := range w.calls.history.Running(time.Now(), time.Second) {
		if x.Box != b.addr || n == 8 {
			continue
		}
		n++
		if p, ok := w.calls.again(x, false, 20); !ok || p.YIAddr != x.Addr {
			w.T.Errorf("a box that was rebuilt does not renew %v", x)
		}
	}
	if n == 0 {
		w.T.Error("the box had granted nothing")
	}
	w.boxes = w.boxes[:2] // the third waits for longer than this test
	return nil
}
