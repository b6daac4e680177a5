package running

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"option150/dhcp"
	"option150/platform/aaa"
	"option150/platform/config"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/logging"
	"option150/platform/netif"
	"option150/platform/service"
)

// fake is a service that counts, fails and panics on demand.
type fake struct {
	name string

	mu       sync.Mutex
	prepares int
	taken    int
	running  service.Spec
	fail     error
	panics   string
	seen     func() // called by Commit
}

func (f *fake) Name() string { return f.name }

func (f *fake) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prepares++
	if f.fail != nil {
		return nil, f.fail
	}
	f.taken++
	return service.Funcs{
		OnCommit: func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.taken--
			if f.seen != nil {
				f.seen()
			}
			if f.panics == "commit" {
				panic("commit of " + f.name)
			}
			f.running = new
		},
		OnAbort: func() { f.mu.Lock(); f.taken--; f.mu.Unlock() },
	}, nil
}

func (f *fake) Status() service.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.running == nil {
		return service.Status{State: service.Disabled}
	}
	return service.Status{State: service.Running}
}

func (f *fake) set(fail error, panics string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail, f.panics = fail, panics
}

// changes is a fold that keeps the versions.
type changes struct {
	mu   sync.Mutex
	seen []int
	logs []string
}

func (c *changes) Fold(e journal.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v, ok := e.Event.(Changed); ok {
		c.seen = append(c.seen, v.Version)
	}
	if l, ok := e.Event.(journal.Logged); ok {
		if m, ok := l.LogMessage(); ok {
			c.logs = append(c.logs, m.String())
		}
	}
}

type world struct {
	*Store
	services map[string]*fake
	sup      *service.Supervisor
	fold     *changes

	mu    sync.Mutex
	facts config.Facts
}

func (w *world) setFacts(f config.Facts) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facts = f
}

func facts(addrs ...string) config.Facts {
	i := config.InterfaceFact{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0"}, Up: true}
	for _, a := range addrs {
		i.Addrs = append(i.Addrs, netip.MustParsePrefix(a))
	}
	return config.Facts{Interfaces: []config.InterfaceFact{i}, SSH: listen.Endpoint{Port: 22}}
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{services: map[string]*fake{}, fold: &changes{}, facts: facts("10.0.0.1/24")}
	var all []service.Service
	for _, p := range config.Default(w.facts).Plan(w.facts) {
		w.services[p.Service] = &fake{name: p.Service}
		all = append(all, w.services[p.Service])
	}
	rec := journal.New(64, w.fold)
	w.sup = service.NewSupervisor(rec, all...)
	w.Store = New(Options{Initial: config.Default(w.facts), Supervisor: w.sup, Recorder: rec,
		Facts: func() config.Facts { w.mu.Lock(); defer w.mu.Unlock(); return w.facts }})
	t.Cleanup(w.sup.Close)
	return w
}

func (w *world) prepares() int {
	n := 0
	for _, f := range w.services {
		f.mu.Lock()
		n += f.prepares
		f.mu.Unlock()
	}
	return n
}

// pool is a pool of the LAN of the only interface.
var pool = dhcp.Pool{Name: "VOICE", Network: netip.MustParsePrefix("10.0.0.0/24")}

var admin = Who{User: "admin", Line: "vty0 (10.0.0.5)"}

// boot brings the factory configuration in force.
func (w *world) boot(t *testing.T) {
	t.Helper()
	if err := w.Replace(t.Context(), Who{Line: "startup-config"}, w.Current(), service.Boot); err != nil {
		t.Fatal(err)
	}
}

func (w *world) change(t *testing.T, edit func(*config.Config)) error {
	t.Helper()
	_, err := w.Change(t.Context(), admin, func(c *config.Config) error { edit(c); return nil })
	return err
}

func hostname(name string) func(*config.Config) { return func(c *config.Config) { c.Hostname = name } }

// clash is a configuration the rules refuse: HFS on the port of HTTP.
func clash(c *config.Config) {
	c.HTTP.Server, c.HTTP.Port = true, 6970
	c.HFS.Enabled, c.HFS.Port = true, 6970
}

func TestChange(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	changed, err := w.Change(t.Context(), admin, func(c *config.Config) error { c.Hostname = "branch"; return nil })
	if err != nil || !changed || w.Current().Hostname != "branch" {
		t.Fatalf("%v %v %q", changed, err, w.Current().Hostname)
	}
	v := w.Version()
	if v.Number != 2 || v.Who != admin || v.Time.IsZero() || v.Config != w.Current() {
		t.Errorf("%+v", v)
	}
	if !slices.Equal(w.fold.seen, []int{1, 2}) {
		t.Errorf("config.Changed said %v", w.fold.seen)
	}
}

// TestRefusedLeavesThePointer is law L6: however a change is refused, Current
// is the same pointer, no version is made and no service holds anything.
func TestRefusedLeavesThePointer(t *testing.T) {
	errHeld := &listen.Error{Endpoint: listen.Endpoint{Proto: listen.TCP, Port: 80}, Err: errors.New("held")}
	for _, c := range []struct {
		name string
		edit func(*world, *config.Config) error
		want func(error) bool
	}{
		{"by the command", func(_ *world, c *config.Config) error { c.Hostname = "half"; return errors.New("bad") },
			func(err error) bool { return err.Error() == "bad" }},
		{"by a rule", func(_ *world, c *config.Config) error { clash(c); return nil },
			func(err error) bool { var r *config.Refused; return errors.As(err, &r) }},
		{"by the world", func(w *world, c *config.Config) error {
			c.HTTP.Server = true
			c.Logging.BufferSize = 8192
			w.services[config.HTTPD].set(errHeld, "")
			return nil
		}, func(err error) bool { var e *listen.Error; return errors.As(err, &e) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.boot(t)
			before, number := w.Current(), w.Version().Number
			text := fmt.Sprintf("%+v", *before)
			changed, err := w.Change(t.Context(), admin, func(k *config.Config) error { return c.edit(w, k) })
			if err == nil || changed || !c.want(err) {
				t.Fatalf("changed %v, error %v", changed, err)
			}
			if w.Current() != before || w.Version().Number != number || fmt.Sprintf("%+v", *before) != text {
				t.Error("the refused change left a trace")
			}
			for n, f := range w.services {
				if f.taken != 0 {
					t.Errorf("%s still holds what it prepared", n)
				}
			}
		})
	}
}

// TestRefusedThenGood: a refused edit does not stay in the candidate of the
// next one.
func TestRefusedThenGood(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	if err := w.change(t, func(c *config.Config) { clash(c); c.Hostname = "half" }); err == nil {
		t.Fatal("accepted")
	}
	if err := w.change(t, func(c *config.Config) { c.Domain = "example.com" }); err != nil {
		t.Fatalf("a good edit after a refused one: %v", err)
	}
	c := w.Current()
	if c.Domain != "example.com" || c.Hostname != config.DefaultHostname || c.HTTP.Server || c.HFS.Enabled {
		t.Errorf("%+v", c)
	}
	panicked := func() (p any) {
		defer func() { p = recover() }()
		_, _ = w.Change(t.Context(), admin, func(c *config.Config) error { c.Hostname = "half"; panic("in a command") })
		return nil
	}()
	if panicked == nil {
		t.Error("the panic of a command is its session's to answer")
	}
	if err := w.change(t, hostname("whole")); err != nil || w.Current().Hostname != "whole" {
		t.Errorf("after a command that panicked: %v %q", err, w.Current().Hostname)
	}
}

// TestOldServiceLives: the new port cannot be had; the service runs on as it
// did.
func TestOldServiceLives(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	if err := w.change(t, func(c *config.Config) { c.HTTP.Server = true }); err != nil {
		t.Fatal(err)
	}
	h := w.services[config.HTTPD]
	old := h.running
	h.set(errors.New("address already in use"), "")
	if err := w.change(t, func(c *config.Config) { c.HTTP.Port = 6970 }); err == nil {
		t.Fatal("accepted")
	}
	if !service.Equal(h.running, old) || w.sup.Status(config.HTTPD).State != service.Running {
		t.Errorf("the old service is gone: %v, %+v", h.running, w.sup.Status(config.HTTPD))
	}
}

// TestHalfWay: past the commit point a service breaks. The change stands,
// the others run, and status and log say what is wrong until it is right.
func TestHalfWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.boot(t)
		w.services[config.CNF].set(nil, "commit")
		err := w.change(t, func(c *config.Config) { c.Telephony.Service.Present = true })
		if err != nil || !w.Current().Telephony.Service.Present {
			t.Fatalf("%v", err)
		}
		if s := w.sup.Status(config.CNF); s.State != service.Failed || !strings.Contains(s.Why, "commit of cnf") {
			t.Errorf("%+v", s)
		}
		if s := w.sup.Status(config.TFTP); s.State != service.Running {
			t.Errorf("a service after the broken one: %+v", s)
		}
		if len(w.fold.logs) != 1 || !strings.HasPrefix(w.fold.logs[0], "%SYS-3-SERVICE_FAILED: cnf is not working") {
			t.Errorf("logged %v", w.fold.logs)
		}
		w.services[config.CNF].set(nil, "")
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := w.sup.Status(config.CNF); s.State != service.Running {
			t.Errorf("later: %+v", s)
		}
	})
}

// TestEqualCandidate: no version, no event, no Prepare.
func TestEqualCandidate(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	before, prepares := w.Current(), w.prepares()
	for _, edit := range []func(*config.Config){
		func(*config.Config) {},
		hostname(config.DefaultHostname),
		func(c *config.Config) { c.Files.Bindings, c.Logging.Hosts = nil, []logging.Host{} },
	} {
		changed, err := w.Change(t.Context(), admin, func(c *config.Config) error { edit(c); return nil })
		if changed || err != nil {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
	if err := w.Replace(t.Context(), admin, before.Clone(), service.Interactive); err != nil {
		t.Error(err)
	}
	if w.Current() != before || w.prepares() != prepares || len(w.Changes()) != 1 || len(w.fold.seen) != 1 {
		t.Errorf("version %d, %d prepares more, events %v", w.Version().Number, w.prepares()-prepares, w.fold.seen)
	}
}

// TestUnrelatedEdit: services whose spec is the same are not asked.
func TestUnrelatedEdit(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	n := w.prepares()
	if err := w.change(t, hostname("branch")); err != nil {
		t.Fatal(err)
	}
	if w.prepares() != n {
		t.Error("a new hostname prepared services")
	}
}

// TestBoot: a service that cannot start refuses nothing, and what runs is
// tried again.
func TestBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.services[config.HTTPD].set(errors.New("address already in use"), "")
		cand := w.Current().Clone()
		cand.HTTP.Server, cand.Hostname = true, "branch"
		if err := w.Replace(t.Context(), Who{Line: "startup-config"}, cand, service.Boot); err != nil {
			t.Fatal(err)
		}
		cand.Hostname = "changed by its maker"
		if w.Current().Hostname != "branch" {
			t.Error("the current value is the caller's")
		}
		if s := w.sup.Status(config.HTTPD); s.State != service.Failed {
			t.Errorf("%+v", s)
		}
		if err := w.change(t, hostname("other")); err != nil {
			t.Errorf("an unrelated edit while a service is failed: %v", err)
		}
		if err := w.change(t, func(c *config.Config) { c.HTTP.Server = false }); err != nil {
			t.Errorf("`no` of what failed: %v", err)
		}
		w.services[config.HTTPD].set(nil, "")
		time.Sleep(time.Hour)
		synctest.Wait()
		if f := w.services[config.HTTPD]; f.running != nil {
			t.Errorf("it came up after `no`: %v", f.running)
		}
	})
}

// TestBootRefusesRules: a configuration against the rules is refused at boot
// too; finding the lines that are to blame is the loader's.
func TestBootRefusesRules(t *testing.T) {
	w := newWorld(t)
	cand := w.Current().Clone()
	clash(cand)
	var r *config.Refused
	if err := w.Replace(t.Context(), admin, cand, service.Boot); !errors.As(err, &r) {
		t.Errorf("got %v", err)
	}
}

// TestSwapPorts has no legal order of single lines; as one transaction it is
// nothing special.
func TestSwapPorts(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	if err := w.change(t, func(c *config.Config) {
		c.HTTP.Server, c.HTTP.Port = true, 1234
		c.HFS.Enabled, c.HFS.Port = true, 6970
	}); err != nil {
		t.Fatal(err)
	}
	if err := w.change(t, func(c *config.Config) { c.HTTP.Port = 6970 }); err == nil {
		t.Error("half a swap was accepted")
	}
	cand := w.Current().Clone()
	cand.HTTP.Port, cand.HFS.Port = 6970, 1234
	if err := w.Replace(t.Context(), admin, cand, service.Interactive); err != nil {
		t.Error(err)
	}
}

// TestReplan: what waits for an address starts when there is one, without a
// new version of the configuration.
func TestReplan(t *testing.T) {
	w := newWorld(t)
	w.setFacts(facts())
	w.boot(t)
	if err := w.change(t, func(c *config.Config) { c.DHCP.Pools = append(c.DHCP.Pools, pool) }); err != nil {
		t.Fatal(err)
	}
	if s := w.sup.Status(config.DHCP); s.State != service.Waiting {
		t.Fatalf("%+v", s)
	}
	version := w.Version().Number
	w.setFacts(facts("10.0.0.1/24"))
	w.Replan(t.Context())
	if s := w.sup.Status(config.DHCP); s.State != service.Running || w.Version().Number != version {
		t.Errorf("%+v, version %d", s, w.Version().Number)
	}
	n := w.prepares()
	w.Replan(t.Context())
	if w.prepares() != n {
		t.Error("facts that did not change prepared services")
	}
	w.setFacts(facts())
	w.Replan(t.Context())
	if s := w.sup.Status(config.DHCP); s.State != service.Waiting || w.services[config.DHCP].running != nil {
		t.Errorf("the address is gone: %+v", s)
	}
}

// What one operator types in one go is one change; somebody else's is another.
func TestChanges(t *testing.T) {
	w := newWorld(t)
	for i := range 7 {
		if err := w.change(t, hostname(fmt.Sprintf("r%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	l := w.Changes()
	if len(l) != 1 || l[0].Number != w.Version().Number || l[0].After != w.Current() || l[0].Before.Hostname == "r0" || l[0].To.Before(l[0].From) {
		t.Fatalf("%d changes, the last %+v", len(l), l[len(l)-1].Who)
	}
	for i := range ChangesKept + 5 {
		if _, err := w.Change(t.Context(), Who{User: fmt.Sprint(i)}, func(c *config.Config) error { c.Hostname = fmt.Sprintf("s%d", i); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	l = w.Changes()
	if len(l) != ChangesKept || l[0].Who.User != "5" || l[0].Before.Hostname != "s4" || l[0].After.Hostname != "s5" {
		t.Errorf("%d changes, the first %+v, %s to %s", len(l), l[0].Who, l[0].Before.Hostname, l[0].After.Hostname)
	}
	l[0].After = nil
	if w.Changes()[0].After == nil {
		t.Error("readers share the list")
	}
}

// TestPublishedBeforeCommit: a service that looks at the store in its Commit
// sees the new value.
func TestPublishedBeforeCommit(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	var seen bool
	w.services[config.HTTPD].seen = func() { seen = w.Current().HTTP.Server }
	if err := w.change(t, func(c *config.Config) { c.HTTP.Server = true }); err != nil || !seen {
		t.Errorf("%v %v", err, seen)
	}
}

// TestConcurrent: writers lose no change, readers see whole values only.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	w.boot(t)
	const writers, each = 6, 30
	var wg, readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			last := 0
			for {
				select {
				case <-done:
					return
				default:
				}
				v := w.Version()
				if v.Number < last {
					t.Errorf("version %d after %d", v.Number, last)
				}
				last = v.Number
				if c := v.Config; len(c.AAA.Users) != len(c.Logging.Hosts) {
					t.Errorf("half a change was seen: %d users, %d hosts", len(c.AAA.Users), len(c.Logging.Hosts))
				}
				_ = w.Changes()
			}
		})
	}
	for i := range writers {
		wg.Go(func() {
			for k := range each {
				if err := w.change(t, func(c *config.Config) {
					c.AAA.Users = append(c.AAA.Users, aaa.User{Name: fmt.Sprintf("u%d-%d", i, k)})
					c.Logging.Hosts = append(c.Logging.Hosts, logging.Host{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i), byte(k)})})
				}); err != nil {
					t.Error(err)
				}
				if k%10 == 0 {
					w.Replan(t.Context())
				}
			}
		})
	}
	wg.Wait()
	close(done)
	readers.Wait()
	if n := len(w.Current().AAA.Users); n != writers*each || w.Version().Number != 1+writers*each {
		t.Errorf("%d users, version %d", n, w.Version().Number)
	}
}

func TestWho(t *testing.T) {
	for want, w := range map[string]Who{
		"admin on vty0 (10.0.0.5)": admin,
		"console":                  {Line: "console"},
	} {
		if w.String() != want {
			t.Errorf("got %q, want %q", w, want)
		}
	}
	m, ok := Configured{admin}.LogMessage()
	if !ok || m.String() != "%SYS-5-CONFIG_I: Configured from console by admin on vty0 (10.0.0.5)" {
		t.Errorf("got %q", m)
	}
}
