package dhcp

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/store"
	"option150/platform/testkit"
)

// The server is killed at random while clients take leases; every
// ACK a client saw is there after the restart, and no address was given twice.

const killEnv = "OPTION150_DHCP_KILL" // directory of the store, in the child

// killChild is the server in a process of its own.
func killChild() int {
	s := New(Options{Store: os.Getenv(killEnv), Listen: netip.MustParseAddrPort("127.0.0.1:0")})
	sp := loopSpec("12")
	sp.Pools[0].Lease = 24 * time.Hour // a thousand cycles take longer than a short lease
	c, err := s.Prepare(context.Background(), nil, sp)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	c.Commit()
	fmt.Println(s.Status().Listeners[0].AddrPort())
	select {} // until killed
}

func TestKill(t *testing.T) {
	kills(t, t.TempDir(), func(int) func() { return func() {} })
}

// TestKillFullDisk is the same on a disk that fills up and gets room again, at
// any time.
func TestKillFullDisk(t *testing.T) {
	root := testkit.SmallDisk(t, "24m")
	full := func() { fillUp(t, root) }
	room := func() { _ = root.Remove("full") }
	kills(t, root.Name(), func(cycle int) func() {
		switch cycle % 4 {
		case 1: // full from the start, room in the middle
			full()
			return room
		case 2: // full from the start, and it stays so
			room()
			full()
			return func() {}
		case 3:
			room()
			return full
		}
		room()
		return func() {}
	})
}

// kills kills the server again and again. before is called before each start,
// what it returns in the middle of the cycle.
func kills(t *testing.T, dir string, before func(cycle int) func()) {
	cycles := 6
	if n, err := strconv.Atoi(os.Getenv("DHCP_KILL_CYCLES")); err == nil {
		cycles = n // the bar is 1000
	}
	owner := map[netip.Addr]uint32{} // what clients were told
	var mu sync.Mutex
	next := uint32(0)
	said := map[engine.StoreDamaged]bool{}
	for cycle := range cycles {
		middle := before(cycle)
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), killEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		at, err := netip.ParseAddrPort(line[:len(line)-1])
		if err != nil {
			t.Fatalf("child says %q", line)
		}
		var clients sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			clients.Go(func() {
				c := dial(t, at)
				for {
					select {
					case <-stop:
						return
					default:
					}
					mu.Lock()
					next++
					n := next
					if rand.IntN(4) == 0 {
						n = 1 + rand.Uint32N(next) // one that may have a lease already
					}
					mu.Unlock()
					a := c.dora(n, 200*time.Millisecond)
					if !a.IsValid() {
						continue
					}
					mu.Lock()
					if was, ok := owner[a]; ok && was != n {
						t.Errorf("cycle %d: %s given to %d and to %d", cycle, a, was, n)
					}
					owner[a] = n
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(10+rand.IntN(40)) * time.Millisecond)
		middle()
		time.Sleep(time.Duration(10+rand.IntN(40)) * time.Millisecond)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		close(stop)
		clients.Wait()

		root, err := os.OpenRoot(dir)
		if err != nil {
			t.Fatal(err)
		}
		have, damaged := stored(t, root)
		for _, d := range damaged {
			if !said[d] && !strings.Contains(d.Why, "at the end") { // a write that was cut short
				t.Fatalf("cycle %d: %+v", cycle, damaged)
			}
		}
		for a, n := range owner {
			if r, ok := have[a]; !ok || r.State != engine.StateLeased || r.MAC[5] != byte(n) || r.MAC[4] != byte(n>>8) {
				t.Fatalf("cycle %d: %s was acknowledged to %d, the store has %+v", cycle, a, n, r)
			}
		}
		// A byte of the disk goes bad: it costs what it hit, and that is said.
		if rand.IntN(2) == 0 && flip(t, dir) {
			left, damaged := stored(t, root)
			lost := 0
			for a := range owner {
				if _, ok := left[a]; !ok {
					delete(owner, a)
					lost++
				}
			}
			for _, d := range damaged {
				said[d] = true // on a full disk it stays until there is room to write anew
			}
			if lost > 1 || lost > 0 && len(damaged) == 0 {
				t.Fatalf("cycle %d: a byte cost %d leases, said: %+v", cycle, lost, damaged)
			}
		}
		root.Close()
	}
	if len(owner) < cycles {
		t.Errorf("only %d leases in %d cycles", len(owner), cycles)
	}
	t.Logf("%d leases in %d cycles", len(owner), cycles)
}

// stored is what a restart would read.
func stored(t *testing.T, root *os.Root) (map[netip.Addr]engine.Record, []engine.StoreDamaged) {
	t.Helper()
	st, records, damaged, err := store.Open(root, store.IPv4)
	if err != nil {
		t.Fatal(err)
	}
	st.Close()
	have := map[netip.Addr]engine.Record{}
	for _, r := range records {
		have[r.Addr] = r
	}
	return have, damaged
}

// flip changes one byte of one of the files.
func flip(t *testing.T, dir string) bool {
	t.Helper()
	names, err := filepath.Glob(dir + "/bindings.[ls]*")
	if err != nil || len(names) == 0 {
		return false
	}
	name := names[rand.IntN(len(names))]
	b, err := os.ReadFile(name)
	if err != nil || len(b) == 0 {
		return false
	}
	b[rand.IntN(len(b))] ^= 1 << rand.IntN(8)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return true
}
