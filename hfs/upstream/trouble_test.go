package upstream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/netns"
	"option150/platform/testkit"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

// named gives a box one alternate by name.
func (b *box) named(t *testing.T, spec Spec, port uint16) {
	t.Helper()
	spec.Config = Config{CacheSize: 16, Alternates: []Alternate{{Order: 1, Host: "tftp.example", Port: port}}}
	change, err := b.Prepare(context.Background(), nil, spec)
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
}

// TestNameServerIsSilent: once the name of a server is known, nobody waits for a
// name server that does not answer, and no question fails for it.
func TestNameServerIsSilent(t *testing.T) {
	c := newCluster(t, map[string][]byte{foreign: []byte("x")})
	tune := quick()
	tune.Resolve, tune.Connect = 0, 600*time.Millisecond
	b := openBox(t, t.TempDir(), Config{}, tune)
	var mu sync.Mutex
	asked := 0
	b.opt.Resolve = func(ctx context.Context, _ string) ([]netip.Addr, error) {
		mu.Lock()
		asked++
		first := asked == 1
		mu.Unlock()
		if first {
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	b.named(t, Spec{}, c.alternate(1).Port)
	for range 4 {
		b.Forget()
		if p := b.now.Load().peers[0]; p != nil {
			p.tr.CloseIdleConnections()
		}
		if got, err := b.get(t, foreign); got != "x" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		b.mu.Lock()
		b.drop(question{name: foreign})
		b.mu.Unlock()
	}
	if p := b.Peers()[0]; p.Down || p.PeerError != 0 {
		t.Errorf("%+v", p)
	}
	b.cancel() // ends the look-up
}

// TestNameOfThisMachine: a name that leads to where this box answers itself is not
// a server that answers.
func TestNameOfThisMachine(t *testing.T) {
	c := newCluster(t, map[string][]byte{foreign: []byte("x")})
	for _, at := range []string{"127.0.0.1", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "224.0.0.1"} {
		b := newBox(t, Config{})
		b.opt.Resolve = func(context.Context, string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr(at)}, nil
		}
		port := c.alternate(1).Port
		b.named(t, Spec{Own: []netip.Addr{netip.MustParseAddr("192.0.2.1")}, Port: port}, port)
		if got, err := b.get(t, foreign); !errors.Is(err, fileserver.ErrBusy) {
			t.Errorf("%s: %q, %v", at, got, err)
		}
		if p := b.Peers()[0]; p.Why != errSelf.Error() {
			t.Errorf("%s: %+v", at, p)
		}
	}
	if n := c.times(foreign); n != 0 {
		t.Errorf("asked %d times", n)
	}
}

// TestOneOfTwoIsDeaf: of the two addresses of a name the first takes connections
// and says nothing. The other one is asked then, and the server is not left out.
func TestOneOfTwoIsDeaf(t *testing.T) {
	c := newClusterAt(t, "127.0.0.2:0", map[string][]byte{foreign: []byte("x")})
	port := c.alternate(1).Port
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.3:%d", port))
	if err != nil {
		t.Skip(err)
	}
	defer l.Close()
	tune := quick()
	tune.Answer = 300 * time.Millisecond
	b := openBox(t, t.TempDir(), Config{}, tune)
	b.opt.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.3"), netip.MustParseAddr("127.0.0.2")}, nil
	}
	b.named(t, Spec{}, port)
	wait(t, "the one that answers", func() bool { b.Forget(); got, _ := b.get(t, foreign); return got == "x" })
	if n := count[Down](b.seen); n != 0 {
		t.Error("it was left out")
	}
}

// TestItMoved: a name that leads elsewhere by now is looked up again when nobody
// is there any more, and not at the next hour.
func TestItMoved(t *testing.T) {
	c := newClusterAt(t, "127.0.0.2:0", map[string][]byte{foreign: []byte("x")})
	b := newBox(t, Config{})
	var mu sync.Mutex
	at := "127.0.0.9"
	b.opt.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		mu.Lock()
		defer mu.Unlock()
		return []netip.Addr{netip.MustParseAddr(at)}, nil
	}
	b.named(t, Spec{}, c.alternate(1).Port)
	wait(t, "the breaker", func() bool { b.Forget(); _, _ = b.get(t, foreign); return b.Peers()[0].Down })
	mu.Lock()
	at = "127.0.0.2"
	mu.Unlock()
	wait(t, "its return", func() bool { return !b.Peers()[0].Down })
	b.Forget()
	if got, err := b.get(t, foreign); got != "x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestLittleTime: who is asked when the time for a search is nearly over is not
// blamed for it.
func TestLittleTime(t *testing.T) {
	slow := newCluster(t, nil)
	hold := make(chan struct{})
	slow.hold = hold
	last := newCluster(t, nil)
	last.hold = hold
	tune := quick()
	tune.Answer, tune.Search = 400*time.Millisecond, 600*time.Millisecond
	b := openBox(t, t.TempDir(), alternates(slow, last), tune)
	if _, err := b.get(t, foreign); !errors.Is(err, fileserver.ErrBusy) {
		t.Errorf("%v", err)
	}
	asked := b.now.Load().peers[1]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := b.Peers()[1].PeerError
	if _, said, _ := asked.ask(ctx, foreign, nil); said != failed || b.Peers()[1].PeerError != before {
		t.Errorf("%+v", b.Peers()[1])
	}
	close(hold)
}

// TestNothingIsThrownAwayInVain: firmware that is kept does not go when that would
// not make room either.
func TestNothingIsThrownAwayInVain(t *testing.T) {
	r := &room{dir: t.TempDir(), limit: 1000, used: 900}
	var kept int64 = 300
	gone := 0
	less := func() bool { gone++; kept -= 100; r.give(100); return true }
	if err := r.take(500, func() int64 { return kept }, less); !errors.Is(err, errRoom) || gone != 0 {
		t.Errorf("files on their way have the rest: %v, %d went", err, gone)
	}
	if err := r.take(300, func() int64 { return kept }, less); err != nil || gone != 2 {
		t.Errorf("there is room if two go: %v, %d went", err, gone)
	}
}

// TestFullDisk: the disk is full of something else. What is kept stays and is
// served, what is not is "busy".
func TestFullDisk(t *testing.T) {
	disk := testkit.SmallDisk(t, "80m")
	dir, err := disk.Open(".") // its path is that of one thread
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	c := newCluster(t, map[string][]byte{part: image(part, 100_000), load: image(load, 300)})
	b := openBox(t, fmt.Sprintf("/proc/self/fd/%d", dir.Fd()), alternates(c), quick())
	if _, err := b.get(t, part); err != nil {
		t.Fatal(err)
	}
	wait(t, "the entry", func() bool { return b.cache.names(part) != nil })
	if err := disk.WriteFile("other", make([]byte, 20<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := b.get(t, load); !errors.Is(err, fileserver.ErrBusy) {
		t.Errorf("%v", err)
	}
	if got, err := b.get(t, part); err != nil || got != string(c.files[part]) || c.times(part) != 1 {
		t.Errorf("%d bytes, %v, asked %d times", len(got), err, c.times(part))
	}
}

// TestKilledWhileReplacing: of two entries of one name the later one counts, and
// the room of the other is free.
func TestKilledWhileReplacing(t *testing.T) {
	c := newCluster(t, map[string][]byte{part: image(part, 50_000)})
	dir := t.TempDir()
	b := openBox(t, dir, alternates(c), quick())
	keep := func(size int) {
		c.set(func() { c.files[part] = image(part, size) })
		if b.cache.names(part) != nil {
			b.grow(part)
			b.cache.check()
		} else if _, err := b.get(t, part); err != nil {
			t.Fatal(err)
		}
		wait(t, "it", func() bool { e := b.cache.names(part); return e != nil && e.Size == int64(len(c.files[part])) })
	}
	keep(50_000)
	saved := map[string][]byte{}
	all, _ := filepath.Glob(filepath.Join(dir, "fw-*"))
	for _, p := range all {
		saved[p], _ = os.ReadFile(p)
	}
	keep(60_000)
	b.Close()
	for p, raw := range saved { // as if nothing had come after the rename
		if err := os.WriteFile(p, raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := openBox(t, dir, alternates(c), quick())
	if got, err := again.get(t, part); err != nil || got != string(c.files[part]) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if used, _ := again.Disk(); used != int64(len(c.files[part])) {
		t.Errorf("%d bytes are in use for one of %d", used, len(c.files[part]))
	}
	if all, _ := filepath.Glob(filepath.Join(dir, "fw-*")); len(all) != 2 {
		t.Errorf("%v", all)
	}
}

// TestRotSeenByMany: an entry that many find rotten at once goes once.
func TestRotSeenByMany(t *testing.T) {
	c := newCluster(t, map[string][]byte{part: image(part, 50_000), load: image(load, 300)})
	b := newBox(t, alternates(c))
	for _, n := range []string{part, load} {
		if _, err := b.get(t, n); err != nil {
			t.Fatal(err)
		}
		wait(t, "it", func() bool { return b.cache.names(n) != nil })
	}
	e := b.cache.names(part)
	b.cache.mu.Lock()
	for range 3 {
		b.cache.remove(e)
	}
	b.cache.mu.Unlock()
	if used, _ := b.Disk(); used != sizes(b) {
		t.Errorf("%d bytes in use, %d kept", used, sizes(b))
	}
}

// TestRateOfPieces: the rate holds for files that come in pieces of unknown
// number too, and a new one for files on their way.
func TestRateOfPieces(t *testing.T) {
	body := strings.Repeat("picture ", 50_000)
	at := talks(t, 1, func(c net.Conn, r *http.Request) {
		fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	})
	b := newBox(t, Config{Alternates: []Alternate{at}, RateLimit: 8000})
	begun := time.Now()
	if got, err := b.get(t, "wall.png"); got != body || err != nil {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if took := time.Since(begun); took < 100*time.Millisecond {
		t.Errorf("400 kB at 1 MB/s took %v", took)
	}
	before := b.limit
	b.configure(t, Config{Alternates: []Alternate{at}, RateLimit: 16})
	if b.limit != before || b.limit.Limit() != 2000 {
		t.Errorf("%v", b.limit.Limit())
	}
	b.configure(t, Config{Alternates: []Alternate{at}})
	if got, err := b.get(t, "wall2.png"); got != body || err != nil {
		t.Errorf("without a limit: %d bytes, %v", len(got), err)
	}
}
