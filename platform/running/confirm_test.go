package running

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/config"
	"option150/platform/journal"
	"option150/platform/service"
)

// box is a store of a box without services.
func box(t *testing.T) (*Store, *Confirm, *journal.Cursor) {
	t.Helper()
	j := journal.New(256)
	facts := func() config.Facts { return config.Facts{} }
	var all []service.Service
	for _, w := range config.Default(facts()).Plan(facts()) {
		all = append(all, quiet(w.Service))
	}
	sup := service.NewSupervisor(j, all...)
	t.Cleanup(sup.Close)
	s := New(Options{Initial: config.Default(facts()), Facts: facts, Supervisor: sup, Recorder: j})
	c := NewConfirm(s, j)
	t.Cleanup(c.Close)
	return s, c, j.Cursor()
}

// quiet is a service that does as it is told.
type quiet string

func (q quiet) Name() string { return string(q) }
func (quiet) Prepare(context.Context, service.Spec, service.Spec) (service.Change, error) {
	return service.Funcs{}, nil
}
func (quiet) Status() service.Status { return service.Status{} }

func rename(t *testing.T, s *Store, name string) {
	t.Helper()
	if _, err := s.Change(context.Background(), Who{Line: "console"}, func(c *config.Config) error { c.Hostname = name; return nil }); err != nil {
		t.Fatal(err)
	}
}

func logged(cur *journal.Cursor) string {
	var all []string
	for e, _, ok := cur.TryNext(); ok; e, _, ok = cur.TryNext() {
		if l, is := e.Event.(journal.Logged); is {
			if m, ok := l.LogMessage(); ok {
				all = append(all, m.String())
			}
		}
		if a, is := e.Event.(journal.Announced); is {
			all = append(all, strings.TrimSpace(a.Announcement()))
		}
	}
	return strings.Join(all, "\n")
}

func TestConfirmRollsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, cur := box(t)
		before := s.Current()
		who := Who{User: "admin", Line: "vty0 (10.0.0.5)"}
		if err := c.Arm(who, before, 5*time.Minute, "flash:archive/x-1"); err != nil {
			t.Fatal(err)
		}
		rename(t, s, "CHANGED")
		if err := c.Arm(who, before, time.Minute, ""); !errors.Is(err, ErrPending) {
			t.Errorf("a second one: %v", err)
		}
		time.Sleep(4*time.Minute + 30*time.Second)
		synctest.Wait()
		if s.Current().Hostname != "CHANGED" {
			t.Error("too early")
		}
		if got := logged(cur); !strings.Contains(got, "Scheduled to rollback to config flash:archive/x-1 in 5 minutes") || !strings.Contains(got, "Rollback will begin in one minute.") {
			t.Errorf("log:\n%s", got)
		}
		time.Sleep(31 * time.Second)
		synctest.Wait()
		if !s.Current().Equal(before) {
			t.Error("it did not roll back")
		}
		if got := logged(cur); !strings.Contains(got, "%ARCHIVE_DIFF-5-ROLLBK_CNFMD_CHG_ROLLBACK_START: Start rolling to: flash:archive/x-1") || !strings.Contains(got, "%SYS-5-CONFIG_R: Config Replace is Done") {
			t.Errorf("log:\n%s", got)
		}
		if _, ok := c.Pending(); ok {
			t.Error("it is pending still")
		}
	})
}

// A timer of one minute is not announced a second time.
func TestConfirmOfOneMinuteWarnsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, cur := box(t)
		if err := c.Arm(Who{}, s.Current(), time.Minute, "memory"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Second)
		synctest.Wait()
		if got := logged(cur); strings.Contains(got, "in one minute") {
			t.Errorf("log:\n%s", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if _, ok := c.Pending(); ok {
			t.Error("it is pending still")
		}
	})
}

func TestConfirmKeeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := box(t)
		if err := c.Confirm(Who{}); !errors.Is(err, ErrNoPending) {
			t.Errorf("nothing to confirm: %v", err)
		}
		if err := c.Arm(Who{}, s.Current(), time.Minute, ""); err != nil {
			t.Fatal(err)
		}
		rename(t, s, "KEPT")
		if err := c.Confirm(Who{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		if s.Current().Hostname != "KEPT" {
			t.Error("a confirmed change was taken back")
		}
	})
}

func TestConfirmResetAndRevert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := box(t)
		before := s.Current()
		if err := c.Arm(Who{}, before, 2*time.Minute, ""); err != nil {
			t.Fatal(err)
		}
		rename(t, s, "X")
		time.Sleep(time.Minute)
		if err := c.Reset(Who{}, 10*time.Minute); err != nil {
			t.Fatal(err)
		}
		time.Sleep(9 * time.Minute)
		synctest.Wait()
		if s.Current().Hostname != "X" {
			t.Error("the old timer fired")
		}
		if err := c.Revert(context.Background(), Who{}); err != nil || !s.Current().Equal(before) {
			t.Errorf("revert now: %v", err)
		}
		if err := c.Revert(context.Background(), Who{}); !errors.Is(err, ErrNoPending) {
			t.Errorf("twice: %v", err)
		}
	})
}

// A rollback that cannot be done leaves what runs, whole.
func TestRollbackRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, cur := box(t)
		bad := s.Current().Clone()
		bad.HTTP.Server, bad.HTTP.Port = true, 6970
		bad.HFS.Enabled, bad.HFS.Port = true, 6970
		if err := c.Arm(Who{}, bad, time.Minute, "flash:x"); err != nil {
			t.Fatal(err)
		}
		rename(t, s, "X")
		now := s.Current()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if s.Current() != now {
			t.Error("the configuration changed")
		}
		if got := logged(cur); !strings.Contains(got, "%ARCHIVE_DIFF-3-ROLLBK_CNFMD_CHG_ROLLBACK_FAIL: Rolling to flash:x was refused: ") {
			t.Errorf("log:\n%s", got)
		}
	})
}

func TestCloseForgetsTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := box(t)
		if err := c.Arm(Who{}, s.Current(), time.Minute, ""); err != nil {
			t.Fatal(err)
		}
		rename(t, s, "X")
		c.Close()
		time.Sleep(time.Hour)
		if s.Current().Hostname != "X" {
			t.Error("it rolled back after the end")
		}
	})
}
