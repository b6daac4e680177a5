package aaa

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestGuardShutsAndOpensAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := Block{For: 100, Attempts: 3, Within: 60}
		over := 0
		g := NewGuard(func() Block { return b }, func() { over++ })
		defer g.Close()
		fail := func(want bool, left int) {
			t.Helper()
			if began, l := g.Failed(); began != want || l != left {
				t.Fatalf("began %t, %d seconds left", began, l)
			}
		}
		fail(false, 0)
		time.Sleep(30 * time.Second)
		fail(false, 0)
		time.Sleep(31 * time.Second) // the first is out of the window
		fail(false, 0)
		if st := g.Status(); st.Fails != 2 || st.Window != 29*time.Second || st.Quiet != 0 {
			t.Errorf("%+v", st)
		}
		time.Sleep(2 * time.Second)
		fail(true, 27)
		if !g.Quiet() || g.Status().Quiet != 100*time.Second {
			t.Errorf("%+v", g.Status())
		}
		fail(false, 0) // nothing is counted in quiet mode
		time.Sleep(100 * time.Second)
		synctest.Wait()
		if g.Quiet() || over != 1 || g.Status().Fails != 0 {
			t.Errorf("quiet %t, told %d times, %+v", g.Quiet(), over, g.Status())
		}
		fail(false, 0)
		fail(false, 0)
		fail(true, 60)
		b = Block{} // no login block-for
		if g.Quiet() {
			t.Error("still quiet without block-for")
		}
	})
}

func TestGuardOffCountsNothing(t *testing.T) {
	g := NewGuard(func() Block { return Block{} }, nil)
	for range 1000 {
		if began, _ := g.Failed(); began {
			t.Fatal("quiet")
		}
	}
	if g.Status() != (GuardStatus{}) {
		t.Errorf("%+v", g.Status())
	}
}
