package dhcp

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/leasefile"
	"option150/dhcp/wire"
	"option150/platform/testkit/golden"
)

func TestShowDatabase(t *testing.T) {
	golden.Check(t, "testdata/showdatabase.txt", ShowDatabase([]DatabaseAgent{{URL: "flash:bindings.txt", Read: epoch, Status: "Last read succeeded. Bindings have been loaded in RAM.", Delay: 300 * time.Second, Timeout: 300 * time.Second, Successes: 1}}, epoch))
	for url, want := range map[string]string{
		"flash:x": "flash:x", "scp://u:p@h/x": "scp://u:*@h/x", "scp://u@h/x": "scp://u@h/x", "scp://u:p@ss@h/x/y": "scp://u:*@h/x/y", "tftp://h/x:y@z": "tftp://h/x:y@z",
	} {
		if got := PublicURL(url); got != want {
			t.Errorf("%s is %s", url, got)
		}
	}
}

// shelf is files in memory.
type shelf struct {
	mu    sync.Mutex
	files map[string]string
	fail  error // of everything
	hang  bool
	n     int // transfers
}

func (f *shelf) Read(ctx context.Context, url string) ([]byte, error) {
	if err := f.wait(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.files[url]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return []byte(t), nil
}

func (f *shelf) Write(ctx context.Context, url string, text []byte) error {
	if err := f.wait(ctx); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.files[url] = string(text)
	return nil
}

func (f *shelf) wait(ctx context.Context) error {
	f.mu.Lock()
	f.n++
	hang, fail := f.hang, f.fail
	f.mu.Unlock()
	if hang {
		<-ctx.Done()
		return ctx.Err()
	}
	return fail
}

func (f *shelf) get(url string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files[url]
}

func agentSpec(urls ...string) engine.Spec {
	sp := loopSpec("24")
	for _, u := range urls {
		sp.Databases = append(sp.Databases, engine.Database{URL: u, WriteDelay: 40 * time.Millisecond})
	}
	return sp
}

// databaseOf is a file with one lease.
func databaseOf(written time.Time, n byte, addr string) string {
	return string(leasefile.FormatDatabase([]leasefile.Lease{{Addr: ip(addr), ClientID: idMAC(mac(7, n)), MAC: mac(7, n), Expiry: time.Now().Add(time.Hour)}}, written))
}

func renewOf(c *relayClient, n byte, addr string) (parsed, bool) {
	r := phoneRequest(mac(7, n), wire.MsgRequest)
	r.CIAddr, r.XID = addr, uint32(n)+1000
	return c.exchange(r, 2*time.Second)
}

// A box without a log of its own takes the newest file; what its log has wins;
// what changes is written, and the next box goes on from it.
func TestDatabase(t *testing.T) {
	now := time.Now()
	f := &shelf{files: map[string]string{
		"flash:old": databaseOf(now.Add(-2*time.Hour), 1, "127.0.0.50"),
		"flash:new": databaseOf(now.Add(-time.Hour), 2, "127.0.0.50"),
	}}
	ev := &heardEvents{}
	s, at := start(t, Options{Store: t.TempDir(), Files: f, Recorder: ev}, agentSpec("flash:old", "flash:new", "flash:none"))
	waitFor(t, func() bool { return strings.Contains(ev.names(), "dhcp.DatabaseRead") })
	c := dial(t, at)
	if r, ok := renewOf(c, 2, "127.0.0.50"); !ok || r.Type != wire.MsgAck {
		t.Errorf("the newest file: %+v", r)
	}
	if r, ok := renewOf(c, 1, "127.0.0.50"); !ok || r.Type != wire.MsgNak {
		t.Errorf("the older file: %+v", r)
	}
	a := c.dora(5, 2*time.Second)
	for _, url := range []string{"flash:old", "flash:new", "flash:none"} {
		waitFor(t, func() bool {
			x := f.get(url)
			return strings.Contains(x, "127.0.0.50 ") && strings.Contains(x, a.String()+" ")
		})
	}
	waitFor(t, func() bool {
		as := s.Databases()
		return len(as) == 3 && as[0].Status == "Last write succeeded. Agent information is up-to-date." && as[0].Failures == 0
	})
	if n := s.Statistics().DatabaseAgents; n != 3 {
		t.Errorf("%d agents counted", n)
	}
	last := c.dora(6, 2*time.Second)
	s.Close() // writes what is not written yet
	if x := f.get("flash:old"); !strings.Contains(x, last.String()+" ") {
		t.Errorf("not written at the end: %s", x)
	}
	ev = &heardEvents{}
	_, at = start(t, Options{Store: t.TempDir(), Files: f, Recorder: ev}, agentSpec("flash:none")) // its disk is lost
	waitFor(t, func() bool { return strings.Contains(ev.names(), "dhcp.DatabaseRead") })
	c = dial(t, at)
	if got := c.dora(5, 2*time.Second); got != a {
		t.Errorf("%s, had %s", got, a)
	}
}

// A file that cannot be read is not overwritten, costs nobody an answer, and is
// said once.
func TestDatabaseFails(t *testing.T) {
	old := databaseOf(time.Now(), 1, "127.0.0.50")
	f := &shelf{files: map[string]string{"tftp://h/x": old, "flash:junk": "hostname Router\n"}, fail: errors.New("no route to host")}
	ev := &heardEvents{}
	s, at := start(t, Options{Store: t.TempDir(), Files: f, Recorder: ev}, agentSpec("tftp://h/x"))
	waitFor(t, func() bool { return strings.Contains(ev.names(), "dhcp.DatabaseFailed") })
	c := dial(t, at)
	if a := c.dora(9, 2*time.Second); !a.IsValid() {
		t.Error("not served")
	}
	waitFor(t, func() bool { as := s.Databases(); return len(as) == 1 && as[0].Failures > 0 })
	if st := s.Databases()[0].Status; st != "Last read failed: no route to host" {
		t.Error(st)
	}
	f.mu.Lock()
	f.fail = nil
	f.mu.Unlock()
	sp := agentSpec("tftp://h/x", "flash:junk")
	change(t, s, nil, sp)
	waitFor(t, func() bool { as := s.Databases(); return len(as) == 2 && as[1].Failures > 0 })
	s.Close()
	if f.get("tftp://h/x") != old || f.get("flash:junk") != "hostname Router\n" {
		t.Error("overwritten without having been read")
	}
	if n := strings.Count(ev.names(), "dhcp.DatabaseFailed"); n != 2 {
		t.Errorf("said %d times", n)
	}
}

// A server that does not answer holds nothing up, nor the end.
func TestDatabaseHangs(t *testing.T) {
	f := &shelf{files: map[string]string{}, hang: true}
	s, at := start(t, Options{Store: t.TempDir(), Files: f}, agentSpec("tftp://h/x"))
	c := dial(t, at)
	if a := c.dora(9, 2*time.Second); !a.IsValid() {
		t.Error("not served")
	}
	change(t, s, nil, agentSpec()) // without agents
	if n := len(s.Databases()); n != 0 {
		t.Errorf("%d agents", n)
	}
	change(t, s, nil, agentSpec("tftp://h/y"))
	s.Close()
}
