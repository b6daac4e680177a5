package command

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"option150/platform/archive"
	"option150/platform/config"
	"option150/platform/flash"
	"option150/platform/fleet"
	"option150/platform/fleet/follow"
	"option150/platform/journal"
	"option150/platform/running"
	"option150/platform/service"
)

// still is a service that does nothing.
type still string

func (s still) Name() string { return string(s) }
func (still) Prepare(context.Context, service.Spec, service.Spec) (service.Change, error) {
	return service.Funcs{}, nil
}
func (still) Status() service.Status { return service.Status{} }

// followBox is a box with a store whose services do nothing, by a configuration.
func followBox(t *testing.T, lines string) *Box {
	t.Helper()
	b, f := testBox(t)
	b.Version, b.Journal = "1.0", journal.New(64)
	var all []service.Service
	for _, w := range config.Default(f).Plan(f) {
		all = append(all, still(w.Service))
	}
	b.Supervisor = service.NewSupervisor(b.Journal, all...)
	t.Cleanup(b.Supervisor.Close)
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }, Supervisor: b.Supervisor, Recorder: b.Journal})
	b.Confirm = running.NewConfirm(b.Store, b.Journal)
	t.Cleanup(b.Confirm.Close)
	fl, err := flash.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fl.Close() })
	b.Flash = fl
	b.Archive = archive.New(archive.Options{Flash: fl, Text: b.StartupText, Hostname: func() string { return "x" }})
	t.Cleanup(b.Archive.Close)
	rep, err := b.Language.Load(lines, b.Store.Current(), nil)
	if err != nil || len(rep.Rejected) > 0 {
		t.Fatal(err, rep.Rejected)
	}
	if err := b.Store.Replace(t.Context(), running.Who{Line: "test"}, rep.Config, service.Boot); err != nil {
		t.Fatal(err)
	}
	return b
}

const followLeader = `ip dhcp excluded-address 10.0.0.1 10.0.0.9
ip dhcp pool VOICE
 network 10.0.0.0 255.255.255.0
 option 150 ip 10.0.0.1 10.0.0.2
telephony-service
 max-ephones 7
 system message Hello
ephone  1
 mac-address 001e.7a00.0001
 type 7961
 mystery of a later release
ephone-hunt 1 sequential
tftp-server flash:x.loads alias y.loads
snmp-server community not-followed
`

// TestTake: sections are taken as a whole, or nothing of them is.
func TestTake(t *testing.T) {
	leader := followBox(t, followLeader)
	own := followBox(t, "hostname Own\nno service dhcp\nfleet configuration follow HQ-1\ntelephony-service\n max-ephones 3\n")
	lent := &lentSections{box: leader}
	give := func() follow.Sections {
		t.Helper()
		v, ready, err := lent.value(t.Context(), true)
		if err != nil || !ready {
			t.Fatal(ready, err)
		}
		s, err := follow.Decode(v)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := give()
	if strings.Contains(good.Text, "snmp") || strings.Contains(good.Text, "interface") || good.Carried == 0 {
		t.Errorf("%d carried\n%s", good.Carried, good.Text)
	}
	f := follower{own}
	before := own.Store.Current()
	for name, c := range map[string]struct {
		change func(*follow.Sections)
		want   string
	}{
		"a line that is none":  {func(s *follow.Sections) { s.Text = strings.Replace(s.Text, " max-ephones 7", " max-ephones seven", 1) }, "cannot be read here, the first is line "},
		"no configuration":     {func(s *follow.Sections) { s.Text = "\x1b[2J rubbish\n" }, "here"},
		"less than there":      {func(s *follow.Sections) { s.Software, s.Carried = "2.0", s.Carried-1 }, "1 of its lines do nothing here: this box has version 1.0, its own is 2.0"},
		"otherwise than there": {func(s *follow.Sections) { s.Text = strings.Replace(s.Text, "hostname Router", "hostname Leader", 1) }, "it reads otherwise here"},
		"too much":             {func(s *follow.Sections) { s.Text = strings.Repeat("!\n", 40_000) }, "larger than"},
	} {
		s := good
		c.change(&s)
		if changed, err := f.Take(t.Context(), "HQ-1", s); changed || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\x1b") {
			t.Errorf("%s: %v, %v", name, changed, err)
		}
		if own.Store.Current() != before {
			t.Fatalf("%s: the configuration changed", name)
		}
	}
	if changed, err := f.Take(t.Context(), "HQ-1", good); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if !f.Holds(good) || own.Store.Current().Hostname != "Own" || own.Store.Current().Telephony.Service.MaxEphones != 7 {
		t.Errorf("%+v", own.Store.Current())
	}
	if p, ok := own.Confirm.Pending(); !ok || !p.Who.Leads || p.After != follow.Within {
		t.Errorf("it does not go back by itself: %+v", p)
	}
	if _, err := f.Take(t.Context(), "HQ-1", good); !errors.Is(err, follow.ErrLater) {
		t.Errorf("while it may go back: %v", err)
	}
	f.Confirm()
	if _, ok := own.Confirm.Pending(); ok {
		t.Error("it is not confirmed")
	}
	if changed, err := f.Take(t.Context(), "HQ-1", good); changed || err != nil {
		t.Errorf("a second time: %v, %v", changed, err)
	}
	// Somebody else's confirmed change is not confirmed by this.
	if err := own.Confirm.Arm(running.Who{User: "admin", Line: "vty0"}, before, time.Minute, "x"); err != nil {
		t.Fatal(err)
	}
	f.Confirm()
	if _, ok := own.Confirm.Pending(); !ok {
		t.Error("the change of an operator was confirmed")
	}
	// Not by a leader that is none any more.
	_ = own.Confirm.Confirm(running.Who{})
	other := good
	other.Text = strings.Replace(other.Text, "max-ephones 7", "max-ephones 8", 1)
	if changed, err := f.Take(t.Context(), "HQ-2", other); changed || err == nil {
		t.Errorf("of another box: %v, %v", changed, err)
	}
	// A rule of this box refuses it: what would make two boxes serve one pool.
	if _, err := own.Store.Change(t.Context(), running.Who{}, func(c *config.Config) error { c.DHCP.Service = true; return nil }); err == nil || !strings.Contains(err.Error(), "would give out the same addresses") {
		t.Errorf("two boxes serve one pool: %v", err)
	}
}

// TestLend: what others may read holds no secret, and nothing is given that may go
// back, or that is another box's.
func TestLend(t *testing.T) {
	b := followBox(t, followLeader)
	l := &lentSections{box: b}
	value := func(private bool) (string, bool, error) { return l.value(t.Context(), private) }
	first, ready, err := value(false)
	if !ready || err != nil || first == "" {
		t.Fatal(ready, err)
	}
	change := func(f func(*config.Config)) {
		t.Helper()
		if _, err := b.Store.Change(t.Context(), running.Who{}, func(c *config.Config) error { f(c); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	change(func(c *config.Config) { c.Hostname = "Other" })
	if v, _, _ := value(false); v != first {
		t.Error("a line of no section makes another value")
	}
	change(func(c *config.Config) {
		c.Telephony.Ephones[0].Username, c.Telephony.Ephones[0].Password = "alice", "secret"
	})
	if v, ready, err := value(false); v != "" || !ready || !errors.Is(err, fleet.ErrSecret) {
		t.Errorf("a password where others read it: %d bytes, %v, %v", len(v), ready, err)
	}
	if v, _, err := value(true); v == "" || v == first || err != nil {
		t.Errorf("a password where nobody else reads it: %d bytes, %v", len(v), err)
	}
	if err := b.Confirm.Arm(running.Who{}, b.Store.Current(), time.Minute, "x"); err != nil {
		t.Fatal(err)
	}
	if _, ready, _ := value(true); ready {
		t.Error("what may go back is given away")
	}
	_ = b.Confirm.Confirm(running.Who{})
	change(func(c *config.Config) { c.Leader = "HQ-2"; c.DHCP.Service = false })
	if v, ready, err := value(true); v != "" || !ready || err != nil {
		t.Errorf("who follows is followed: %d bytes", len(v))
	}
}
