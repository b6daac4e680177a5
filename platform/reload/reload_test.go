package reload

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/journal"
	"option150/platform/running"
)

func TestScheduler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(64)
		cur := j.Cursor()
		var done []string
		s := New(func(w running.Who) { done = append(done, w.String()) }, j)
		defer s.Close()
		start := time.Now()
		who := running.Who{User: "admin", Line: "vty0 (10.0.0.5)"}
		s.Schedule(Plan{Who: who, At: start.Add(20 * time.Minute), Reason: "Reload Command"})
		time.Sleep(19*time.Minute + 59*time.Second)
		synctest.Wait()
		if len(done) > 0 {
			t.Fatal("too early")
		}
		if p, ok := s.Pending(); !ok || p.Who != who {
			t.Errorf("pending: %+v %v", p, ok)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if fmt.Sprint(done) != "[admin on vty0 (10.0.0.5)]" {
			t.Errorf("reloads: %v", done)
		}
		got := said(cur)
		for _, want := range []string{"SHUTDOWN in 0:20:00", "SHUTDOWN in 0:15:00", "SHUTDOWN in 0:05:00", "SHUTDOWN in 0:01:00", "SHUTDOWN NOW",
			"%SYS-5-SCHEDULED_RELOAD: Reload requested for " + Stamp(start.Add(20*time.Minute)) + " at " + Stamp(start) + " by admin on vty0 (10.0.0.5). Reload Reason: Reload Command.",
			"%SYS-5-RELOAD: Reload requested by admin on vty0 (10.0.0.5). Reload Reason: Reload Command."} {
			if strings.Count(got, want) != 1 {
				t.Errorf("%d times %q in\n%s", strings.Count(got, want), want, got)
			}
		}
		if strings.Count(got, "SHUTDOWN") != 5 {
			t.Errorf("warnings:\n%s", got)
		}
	})
}

func TestCancelAndReschedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := journal.New(64)
		cur := j.Cursor()
		n := 0
		s := New(func(running.Who) { n++ }, j)
		defer s.Close()
		if s.Cancel() {
			t.Error("nothing was due")
		}
		s.Schedule(Plan{At: time.Now().Add(time.Minute)})
		s.Schedule(Plan{At: time.Now().Add(3 * time.Hour)})
		time.Sleep(time.Hour)
		synctest.Wait()
		if n > 0 {
			t.Error("the first plan was not replaced")
		}
		if !s.Cancel() {
			t.Error("nothing was cancelled")
		}
		time.Sleep(5 * time.Hour)
		synctest.Wait()
		if got := said(cur); n > 0 || !strings.Contains(got, "*** --- SHUTDOWN ABORTED ---") || !strings.Contains(got, "%SYS-5-SCHEDULED_RELOAD_CANCELLED: Scheduled reload cancelled at ") {
			t.Errorf("%d reloads:\n%s", n, got)
		}
	})
}

func said(cur *journal.Cursor) string {
	var w strings.Builder
	for e, _, ok := cur.TryNext(); ok; e, _, ok = cur.TryNext() {
		if a, is := e.Event.(journal.Announced); is {
			w.WriteString(a.Announcement())
		}
		if l, is := e.Event.(journal.Logged); is {
			m, _ := l.LogMessage()
			w.WriteString(m.String() + "\n")
		}
	}
	return w.String()
}
