package fleet

import (
	"context"
	"runtime"
	"strings"
	"testing"
	"time"

	"option150/platform/service"
	"option150/platform/testkit"
	"option150/platform/testkit/etcdtest"
)

func join(t *testing.T, e *etcdtest.Members, name string) (*Fleet, *testkit.Heard) {
	h := &testkit.Heard{}
	f := New(Options{Version: "1.0", Recorder: h})
	f.beat, f.lease = 200*time.Millisecond, 2*time.Second
	commit(t, f, Config{Name: name, Domain: "D", Servers: e.URLs})
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

func TestFleet(t *testing.T) {
	e := etcdtest.Start(t, 1)
	a, heardA := join(t, e, "A")
	b, _ := join(t, e, "B")
	both := func(f *Fleet) func() bool { return func() bool { return f.states() == "A there, B there" } }
	testkit.Until(t, "A does not see both", both(a))
	testkit.Until(t, "B does not see both", both(b))
	if s := a.Status(); s.State != service.Running {
		t.Errorf("%+v", s)
	}

	// The engine dies: nothing is known of others, and nobody is said to be gone.
	e.Kill(0)
	testkit.Until(t, "the engine is dead", func() bool { return a.Status().State == service.Degraded })
	if a.states() != "A unknown, B unknown" || heardA.Has("{B D}") {
		t.Error(a.states(), heardA.Take())
	}
	e.Up(0)
	testkit.Until(t, "the engine is back", both(a))

	// Another section of the same box is no leave.
	commit(t, b, Config{Name: "B", Domain: "D", Servers: e.URLs, Publish: PublishNothing})
	testkit.Until(t, "B says less", func() bool {
		x, _ := ptr(a.View()).Find("B")
		return x.Known && x.About.Silent && x.State == There
	})
	if heardA.Has("{B D}") {
		t.Error(heardA.Take())
	}

	// One that stops is gone at once and told of later, one that comes back is there, one that leaves is not listed.
	b.Close()
	testkit.Until(t, "B is not gone", func() bool { return a.states() == "A there, B gone" })
	testkit.Until(t, "nobody was told", func() bool { return heardA.Has("fleet.BoxGone{B D}") })
	b, _ = join(t, e, "B")
	testkit.Until(t, "B is not back", func() bool { return a.states() == "A there, B there" && heardA.Has("fleet.BoxBack{B D}") })
	commit(t, b, nil)
	testkit.Until(t, "B is still listed", func() bool { return a.states() == "A there" })
	if s := b.Status(); s.State != service.Disabled {
		t.Errorf("%+v", s)
	}

	// Two of one name: the second writes nothing, and takes over when the first has gone.
	second, _ := join(t, e, "A")
	testkit.Until(t, "two are called A", func() bool { return second.Status().State == service.Degraded })
	if s := a.Status(); s.State != service.Running || a.states() != "A there" {
		t.Errorf("%+v %s", s, a.states())
	}
	a.Close()
	testkit.Until(t, "the second is alone", func() bool { return second.Status().State == service.Running && second.states() == "A there" })
}

func ptr[T any](v T) *T { return &v }

// Without a section there is nothing but the value.
func TestWithout(t *testing.T) {
	before := runtime.NumGoroutine()
	f := New(Options{})
	commit(t, f, nil)
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines more", n-before)
	}
	if s := Show(f.View(), time.Now(), "", nil).String(); f.Status().State != service.Disabled || s != None {
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
