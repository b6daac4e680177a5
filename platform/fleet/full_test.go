package fleet

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/service"
	"option150/platform/testkit"
	"option150/platform/testkit/etcdtest"
)

// Nobody compacts an engine with a small quota: it fills with history until it takes
// nothing. The boxes are there as before and see each other, `show fleet` says what to
// do, and what it says is done here, word by word, and cures it.
func TestFull(t *testing.T) {
	e := etcdtest.Start(t, 1, "--quota-backend-bytes", fmt.Sprint(3<<20))
	a, _ := join(t, e, "A")
	b, _ := join(t, e, "B")
	both := func() bool { return a.states() == "A there, B there" && b.states() == "A there, B there" }
	testkit.Until(t, "the boxes", both)
	c := etcd.New(etcd.Options{Members: e.URLs})
	defer c.Close()
	value := strings.Repeat("x", 100<<10)
	var err error
	for n := 0; !etcd.IsFull(err); n++ { // one key, again and again
		if _, err = c.Do(soon(t), etcd.Txn{Puts: []etcd.Put{{Key: "/other", Value: value}}}); err != nil && !etcd.IsFull(err) || n > 1000 {
			t.Fatal(n, err)
		}
	}
	commit(t, a, Config{Name: "A", Domain: "D", Servers: e.URLs, Publish: PublishNothing}) // which it would tell, and looks anew
	testkit.Until(t, "A does not say that the engine is full", func() bool { return a.View().Engine.Full && a.Status().State == service.Degraded })
	text := Show(a.View(), time.Now(), "", nil).String()
	if !both() || strings.Contains(text, "No server") {
		t.Errorf("%s; %s\n%s", a.states(), b.states(), text)
	}
	cure := regexp.MustCompile("`etcdctl ([^`]+)`").FindAllStringSubmatch(text, -1)
	if len(cure) != 3 {
		t.Fatalf("%d commands in\n%s", len(cure), text)
	}
	for _, m := range cure {
		e.Ctl(strings.Fields(m[1])...)
	}
	testkit.Until(t, "it is not cured", func() bool {
		x, _ := ptr(b.View()).Find("A")
		return !a.View().Engine.Full && a.Status().State == service.Running && x.About.Silent
	})
	if v := a.View(); v.Engine.Size > 2<<20 || !both() {
		t.Errorf("%+v, %s", v.Engine, a.states())
	}
}
