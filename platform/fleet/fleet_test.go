package fleet

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/journal"
	"option150/platform/service"
	"option150/platform/testkit"
)

// engine is an etcd of Debian that can be killed.
type engine struct {
	t         *testing.T
	dir       string
	url, peer string
	cmd       *exec.Cmd
}

func newEngine(t *testing.T) *engine {
	free := func() string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		return "http://" + l.Addr().String()
	}
	e := &engine{t: t, dir: t.TempDir(), url: free(), peer: free()}
	e.up()
	t.Cleanup(e.kill)
	return e
}

func (e *engine) up() {
	e.cmd = exec.Command(testkit.NeedProgram(e.t, "etcd", "etcd-server"), "--name", "m", "--data-dir", e.dir, "--listen-client-urls", e.url, "--advertise-client-urls", e.url,
		"--listen-peer-urls", e.peer, "--initial-advertise-peer-urls", e.peer, "--initial-cluster", "m="+e.peer, "--log-level", "error")
	if err := e.cmd.Start(); err != nil {
		e.t.Fatal(err)
	}
}

func (e *engine) kill() {
	if e.cmd != nil {
		_ = e.cmd.Process.Kill()
		_ = e.cmd.Wait()
		e.cmd = nil
	}
}

// heard is what one box recorded.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) Record(e journal.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf("%T %v", e, e))
}

func (h *heard) has(s string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Contains(strings.Join(h.all, "\n"), s)
}

func join(t *testing.T, e *engine, name string) (*Fleet, *heard) {
	h := &heard{}
	f := New(Options{Version: "1.0", Recorder: h})
	f.beat, f.gone = 100*time.Millisecond, 2*time.Second
	commit(t, f, Config{Name: name, Domain: "D", Servers: []string{e.url}})
	t.Cleanup(f.Close)
	return f, h
}

func commit(t *testing.T, f *Fleet, to service.Spec) {
	t.Helper()
	c, err := f.Prepare(context.Background(), nil, to)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

func (f *Fleet) states() string {
	var all []string
	for _, b := range f.View().Boxes {
		all = append(all, b.Name+" "+string(b.State))
	}
	return strings.Join(all, ", ")
}

func until(t *testing.T, what string, f func() bool) {
	t.Helper()
	for range 600 {
		if f() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal(what)
}

func TestFleet(t *testing.T) {
	e := newEngine(t)
	a, heardA := join(t, e, "A")
	b, _ := join(t, e, "B")
	both := func(f *Fleet) func() bool { return func() bool { return f.states() == "A there, B there" } }
	until(t, "A does not see both", both(a))
	until(t, "B does not see both", both(b))
	if s := a.Status(); s.State != service.Running {
		t.Errorf("%+v", s)
	}

	// What others write is a value, and bounded.
	c := etcd.New(etcd.Options{Members: []string{e.url}})
	defer c.Close()
	for k, v := range map[string]string{"C": "no JSON", "D": strings.Repeat("x", maxValue+1), "E/F": "{}", "G": `{"version":"\u001b[2J% Invalid"}`} {
		if _, err := c.Do(t.Context(), etcd.Txn{Puts: []etcd.Put{{Key: prefix("D") + k, Value: v}}}); err != nil {
			t.Fatal(err)
		}
	}
	until(t, "G is not seen", func() bool { return strings.HasPrefix(a.states(), "A there, B there, G ") })
	if s := ShowBoxes(a.View(), time.Now()); strings.Contains(s, "\x1b") || !strings.Contains(s, "(this box)") {
		t.Error(s)
	}
	until(t, "G is not gone", func() bool { return a.states() == "A there, B there, G gone" })
	if !heardA.has("fleet.BoxGone {G D}") {
		t.Error("nobody was told")
	}

	// The engine dies: nothing is known of others, and nobody is said to be gone.
	e.kill()
	until(t, "the engine is dead", func() bool { return a.Status().State == service.Degraded })
	if a.states() != "A unknown, B unknown, G unknown" || heardA.has("{B D}") {
		t.Error(a.states(), heardA.all)
	}
	e.up()
	until(t, "the engine is back", func() bool { return strings.HasPrefix(a.states(), "A there, B there") })

	// One that dies is gone, one that comes back is there, one that leaves is not listed.
	b.Close()
	until(t, "B is not gone", func() bool { return strings.HasPrefix(a.states(), "A there, B gone") })
	b, _ = join(t, e, "B")
	until(t, "B is not back", func() bool {
		return strings.HasPrefix(a.states(), "A there, B there") && heardA.has("fleet.BoxBack {B D}")
	})
	commit(t, b, nil)
	until(t, "B is still listed", func() bool { return strings.HasPrefix(a.states(), "A there, G") })
	if s := b.Status(); s.State != service.Disabled {
		t.Errorf("%+v", s)
	}

	// Two of one name.
	join(t, e, "A")
	until(t, "two are called A", func() bool { return a.Status().State == service.Degraded })
}

// Without a section there is nothing but the value.
func TestWithout(t *testing.T) {
	before := runtime.NumGoroutine()
	f := New(Options{})
	commit(t, f, nil)
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines more", n-before)
	}
	if s := Show(f.View(), time.Now()); f.Status().State != service.Disabled || s != "This box is in no fleet\n" {
		t.Errorf("%+v %s", f.Status(), s)
	}
	f.Close()
}

func TestCheckServer(t *testing.T) {
	for s, ok := range map[string]bool{"https://10.0.0.1:2379": true, "http://etcd:2379": true, "https://[fd00::1]:2379": true, "10.0.0.1:2379": false, "https://10.0.0.1": false,
		"ftp://a:1": false, "https://u:p@a:1": false, "https://a:1/x": false, "https://a:1?x": false, "": false} {
		if err := CheckServer(s); (err == nil) != ok {
			t.Errorf("%q: %v", s, err)
		}
	}
}
