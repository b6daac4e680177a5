package fleet

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/testkit"
	"option150/platform/testkit/etcdtest"
)

var manyBoxes = flag.Int("boxes", 40, "boxes of TestMany, of 20 phones each")

// branch is a simulated box: its phones change as often as its counter goes up.
type branch struct {
	n     int
	moved atomic.Uint64
}

func (b *branch) phones() ([]Phone, int) {
	const each = 20
	m := b.moved.Load()
	out := make([]Phone, each)
	for i := range out {
		out[i] = Phone{Device: fmt.Sprintf("SEP%06X%06X", b.n, i), State: "provisioned", Code: "ok", Basis: "observed", Model: "7962", Load: "SCCP42.9-4-2SR3-1S", Address: fmt.Sprintf("10.%d.%d.%d", b.n/250, b.n%250, i+10), Since: 1700000000}
		if uint64(i) == m%each && m > 0 {
			out[i].State, out[i].Code, out[i].Text = "stuck", "R08", fmt.Sprintf("load jar42sccp.9-4-2TH1-1.sbn is not here (%d)", m)
		}
	}
	return out, each
}

// TestMany is branches with a box of 20 phones each, and one watcher of all: what the
// engine has to take, what the watcher needs, and that it shows what is true.
// -boxes 500 is the figure of docs/fleet.md.
func TestMany(t *testing.T) {
	n := *manyBoxes
	e := etcdtest.Start(t, 1)
	client := etcd.New(etcd.Options{Members: e.URLs})
	defer client.Close()
	testkit.Until(t, "the engine", func() bool { _, _, err := client.Range(soon(t), root); return err == nil })
	watcher := func() *Fleet {
		f := New(Options{})
		t.Cleanup(f.Close)
		f.set(Config{Domain: "NOC", Servers: e.URLs, ViewAll: true}, etcd.New(etcd.Options{Members: e.URLs}))
		return f
	}
	first := watcher()
	start := time.Now()
	branches, fleets := make([]*branch, n), make([]*Fleet, n)
	for i := range branches {
		b := &branch{n: i}
		f := New(Options{Version: "1.0", Phones: b.phones, Events: b.moved.Load, Services: func() []Service { return []Service{{Name: "dhcp", State: "running"}, {Name: "tftp", State: "running"}} }})
		branches[i], fleets[i] = b, f
		t.Cleanup(f.Close)
		commit(t, f, Config{Name: fmt.Sprintf("BRANCH-%d", i), Domain: fmt.Sprintf("D%d", i), Servers: e.URLs})
	}
	whole := func(f *Fleet, stuck int) func() bool {
		return func() bool {
			v := f.View()
			there, phones, bad := 0, 0, 0
			for _, b := range v.Boxes {
				if b.State == There {
					there++
				}
				for i, c := range b.Counts {
					phones += c
					if i == 5 {
						bad += c
					}
				}
			}
			return there == n && phones == 20*n && bad == stuck
		}
	}
	testkit.Until(t, "all are there", whole(first, 0))
	t.Logf("%d boxes and %d phones are there after %s", n, 20*n, time.Since(start).Round(time.Millisecond))

	writes := func() (sum, most uint64) {
		for _, f := range fleets {
			w := f.View().Writes
			sum, most = sum+w, max(most, w)
		}
		return sum, most
	}
	before, _ := writes()
	start = time.Now()
	for range 30 { // every phone of every box changes as fast as it can
		for _, b := range branches {
			b.moved.Add(1)
		}
		time.Sleep(100 * time.Millisecond)
	}
	testkit.Until(t, "what is true now is shown", whole(first, n))
	took := time.Since(start)
	sum, most := writes()
	sum -= before
	t.Logf("a storm of 10 changes a second at each box: %d transactions in %s, %.1f a second and box", sum, took.Round(time.Millisecond), float64(sum)/took.Seconds()/float64(n))
	if limit := uint64(took/time.Second) + 4; most > limit+before/uint64(n)+2 {
		t.Errorf("a box wrote %d times in %s", most, took)
	}
	before, _ = writes()
	time.Sleep(2 * time.Second)
	if sum, _ = writes(); sum != before {
		t.Logf("at rest: %d transactions in 2 s", sum-before)
	}

	// A watcher that comes now.
	var m0, m1 runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m0)
	start = time.Now()
	late := watcher()
	testkit.Until(t, "a late watcher", whole(late, n))
	took = time.Since(start)
	runtime.GC()
	runtime.ReadMemStats(&m1)
	kept := int64(m1.HeapAlloc) - int64(m0.HeapAlloc)
	v := late.View()
	t.Logf("first full view after %s (read in %s), %d KB kept", took.Round(time.Millisecond), v.First.Round(time.Millisecond), kept>>10)
	if most := int64(n*20)*1024 + 4<<20; kept > most {
		t.Errorf("the view keeps %d bytes", kept)
	}
	if db, err := os.Stat(filepath.Join(e.Dir(0), "member", "snap", "db")); err == nil {
		t.Logf("engine: %d KB, revision %d", db.Size()>>10, v.Revision)
	}
	if len(late.Phones(IsStuck)) != n {
		t.Error("the stuck ones are not all shown")
	}
}
