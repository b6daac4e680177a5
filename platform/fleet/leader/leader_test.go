package leader

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"option150/platform/service"
)

type engine struct{ come chan string } // "" = taken back

func (e engine) Given(ctx context.Context, box, kind string, f func(string, bool)) {
	for f("", false); ; {
		select {
		case <-ctx.Done():
			return
		case v := <-e.come:
			f(v, v != "")
		}
	}
}

func TestHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := engine{make(chan string)}
		var heard, begun []string
		w := &Work{
			Begin: func(leader string) { begun = append(begun, leader) },
			Run: func(ctx context.Context, leader string) {
				Hear(ctx, e, leader, "kind", time.Second, func(v string, there bool) { heard = append(heard, fmt.Sprint(v, there)) })
			},
		}
		set := func(to service.Spec) {
			c, err := w.Prepare(t.Context(), nil, to)
			if err != nil {
				t.Fatal(err)
			}
			c.Abort()
			c.Commit()
		}
		want := func(what string) {
			t.Helper()
			synctest.Wait()
			if got := fmt.Sprint(heard); got != what {
				t.Errorf("%s, want %s", got, what)
			}
			heard = nil
		}
		set(Spec{"HQ-1"})
		want("[]")
		time.Sleep(time.Second)
		want("[false]")
		e.come <- "one"
		want("[onetrue]")
		e.come <- "" // it was there
		time.Sleep(time.Second)
		want("[onetrue]")
		set(nil)
		synctest.Wait()
		time.Sleep(time.Minute)
		want("[]")
		if fmt.Sprintf("%q", begun) != `["HQ-1" ""]` || w.Running() {
			t.Errorf("%q, running %v", begun, w.Running())
		}
		w.Close()
	})
}
