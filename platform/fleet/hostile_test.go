package fleet

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/testkit"
	"option150/platform/testkit/etcdtest"
)

// What others write is bounded, checked, and shown with what does not print written
// out: a box may be stolen, and another version may write otherwise.
func TestHostile(t *testing.T) {
	e := etcdtest.Start(t, 1, "--max-request-bytes", "4000000", "--max-txn-ops", "1000")
	c := etcd.New(etcd.Options{Members: e.URLs})
	defer c.Close()
	testkit.Until(t, "the engine", func() bool { _, _, err := c.Range(soon(t), root); return err == nil })
	put := func(key, value string) {
		t.Helper()
		if _, err := c.Do(soon(t), etcd.Txn{Puts: []etcd.Put{{Key: key, Value: value}}}); err != nil {
			t.Fatal(err)
		}
	}
	x := ID{"D", "X"}.Prefix()
	write := func() {
		put(x+keyHere, `{"i":"1","s":1}`)
		put(x+keyAbout, `{"v":"\u001b[2J\u202e% Invalid input","h":"ERROR: not found","n":-5,"x":[{"n":"dhcp","s":"failed","w":"a\r\nRouter#"}]}`)
		put(x+chunkKey(0), `[{"d":"SEP\u0007","s":"stuck","c":"R01R01R01R01","t":"\u001b]0;x\u0007 connection timed out"}]`)
		put(x+chunkKey(1), `[{"d":"SEP1","s":"owned"}]`)                // no state
		put(x+chunkKey(2), "["+strings.Repeat(`{"s":"seen"},`, 40)+"]") // too many
		put(x+chunkKey(3), strings.Repeat("x", maxChunk+1))
		put(x+"phones/3", "[]")
		put(x+"phones/zz", "[]")
		put(boxes+"D/bad name/here", `{"i":"1"}`)
		put(boxes+"D/"+strings.Repeat("n", MaxName+1)+"/here", `{"i":"1"}`)
		put(boxes+"D/here", `{"i":"1"}`)
		put(downs+"D/../X", "1 1")
		for i := range 12 { // more than is read of one answer
			put(fmt.Sprintf("%sbig/%d", x, i), strings.Repeat("y", 3_000_000))
		}
		for i := range 3 {
			many := etcd.Txn{}
			for k := range 900 {
				many.Puts = append(many.Puts, etcd.Put{Key: fmt.Sprintf("%smany/%d/%d", x, i, k), Value: "z"})
			}
			if _, err := c.Do(soon(t), many); err != nil {
				t.Fatal(err)
			}
		}
	}
	check := func(f *Fleet, when string, phones int) {
		t.Helper()
		defer func() {
			if t.Failed() {
				t.Logf("%s: %+v, %s, %d phones, %+v", when, f.Status(), f.states(), len(f.Phones(nil)), f.View())
			}
		}()
		testkit.Until(t, when, func() bool {
			return f.states() == "A there, X there" && f.View().Passed > 0 && len(f.Phones(nil)) == phones
		})
		v := f.View()
		all := Show(v, time.Now(), "", nil).String() + ShowBoxes(v, time.Now()).String() + ShowPhones(v, f.Phones(nil)).String() + ShowPhone(v, f.Phones(nil)).String() + ShowSummary(v).String()
		for _, bad := range []string{"\x1b", "\u202e", "\x07", "\r", "\nRouter#", "Invalid", "ERROR", "not found", "timed out", "R01R01R01"} {
			if strings.Contains(all, bad) {
				t.Errorf("%s: %q in\n%s", when, bad, all)
			}
		}
		if n := len(v.Boxes); n != 2 {
			t.Errorf("%s: %d boxes", when, n)
		}
	}
	a, _ := join(t, e, "A")
	testkit.Until(t, "A", func() bool { return a.states() == "A there" })
	write()
	check(a, "as it is written", 1)
	b := New(Options{})
	b.beat = 200 * time.Millisecond
	t.Cleanup(b.Close)
	b.set(Config{Domain: "D", Servers: e.URLs, ViewAll: true}, etcd.New(etcd.Options{Members: e.URLs}))
	check(b, "as it is read", 0) // its phones come after more keys than a box has
	if err := c.RemoveAll(soon(t), x); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "X is gone", func() bool { return a.states() == "A there" && b.states() == "A there" })
}

func FuzzValues(f *testing.F) {
	f.Add(boxes+"D/X/here", `{"i":"1"}`)
	f.Add(boxes+"D/X/about", `{"v":"1","x":[{"n":"a","s":"b"}]}`)
	f.Add(boxes+"D/X/phones/00", `[{"d":"SEP","s":"stuck","c":"R01"}]`)
	f.Add(downs+"D/X", "1 1")
	f.Fuzz(func(t *testing.T, key, value string) {
		v := newView()
		v.put(etcd.KV{Key: key, Value: value}, time.Now())
		if len(v.boxes) > 1 || v.size > maxChunk {
			t.Errorf("%d boxes, %d bytes", len(v.boxes), v.size)
		}
		v.put(etcd.KV{Key: key, Value: value}, time.Now())
		v.remove(key, time.Now())
		if v.size != 0 {
			t.Errorf("%d bytes are left", v.size)
		}
		if text, err := unpack(value); err == nil && len(text) > maxText {
			t.Error("too much")
		}
	})
}
