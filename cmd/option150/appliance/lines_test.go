package appliance

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLineTable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l lineTable
		var ended []string
		touch, leave := l.enter("vty", 1, "admin", "10.0.0.5", func() { ended = append(ended, "vty 1") }, nil)
		_, leaveConsole := l.enter("con", 0, "", "", func() { ended = append(ended, "con 0") }, nil)
		time.Sleep(time.Minute)
		show := func() (s string) {
			for _, i := range l.list() {
				s += fmt.Sprintf("%d %s %s %s %v;", i.Number, i.Name, i.User, i.From, i.Idle)
			}
			return s
		}
		if got := show(); got != "0 con 0   1m0s;3 vty 1 admin 10.0.0.5 1m0s;" {
			t.Errorf("got %q", got)
		}
		l.clear(3)
		l.clear(2) // nobody is there
		l.clear(0)
		if got := fmt.Sprint(ended); got != "[vty 1 con 0]" {
			t.Errorf("cleared %s", got)
		}
		touch()
		leaveConsole()
		l.clear(0)
		if len(ended) != 2 {
			t.Error("a session that is over was ended")
		}
		if got := show(); got != "3 vty 1 admin 10.0.0.5 0s;" {
			t.Errorf("got %q", got)
		}
		leave()
		if got := show(); got != "" {
			t.Errorf("got %q", got)
		}
	})
}

func TestLineTableConcurrent(t *testing.T) {
	var l lineTable
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 50 {
				touch, leave := l.enter("vty", n, "u", "f", func() {}, nil)
				touch()
				l.clear(3)
				_ = l.list()
				leave()
			}
		})
	}
	wg.Wait()
	if got := l.list(); got != nil {
		t.Errorf("left: %v", got)
	}
}

// TestSend: a message reaches who is at a line, or all; who does not read holds
// nobody up and is not counted as reached.
func TestSend(t *testing.T) {
	var l lineTable
	a, b := newMailbox(), newMailbox()
	l.enter("vty", 0, "ann", "", func() {}, a)
	l.enter("vty", 1, "bob", "", func() {}, b)
	l.enter("vty", 2, "copy", "", func() {}, nil)
	if n := l.send(3, "to bob"); n != 1 || len(a) != 0 || <-b != "to bob" {
		t.Errorf("%d were told, %d waits for ann", n, len(a))
	}
	for range maxMail {
		l.send(2, "many")
	}
	if n := l.send(-1, "all"); n != 1 || <-b != "all" || len(a) != maxMail {
		t.Errorf("%d were told, %d wait for ann", n, len(a))
	}
}
