package etcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"option150/platform/testkit/etcdtest"
)

func TestMain(m *testing.M) {
	_ = os.Setenv("ETCDCTL_API", "3")
	os.Exit(m.Run())
}

// One engine, and what it and its own client say of what was asked of it.
func TestEngine(t *testing.T) {
	m := etcdtest.Start(t, 1)
	c := dial(t, m)

	t.Run("who creates first", func(t *testing.T) {
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 16 {
			all.Go(func() {
				mine := dial(t, m)
				r, err := mine.Do(soon(t), Txn{If: []Compare{{Key: "/a/1"}}, Puts: []Put{{Key: "/a/1", Value: fmt.Sprint(i)}}, Else: []string{"/a/1", "/a/none"}})
				switch {
				case err != nil:
					t.Error(err)
				case r.OK:
					won.Add(1)
				case len(r.KVs) != 1 || r.KVs[0].Key != "/a/1" || r.KVs[0].Mod == 0 || r.KVs[0].Mod > r.Revision:
					t.Errorf("who came second read %+v", r)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d created one key", won.Load())
		}
	})

	t.Run("compare and swap", func(t *testing.T) {
		value := "\x00\xff" + strings.Repeat("x", 300)
		first, err := c.Do(soon(t), Txn{Puts: []Put{{Key: "/b", Value: value}}})
		if err != nil || !first.OK || first.Cluster == 0 || first.Member == 0 {
			t.Fatalf("%+v: %v", first, err)
		}
		if got := m.Ctl("get", "--print-value-only", "/b"); got != value+"\n" {
			t.Errorf("etcdctl reads %q", got)
		}
		m.Ctl("put", "/b", "theirs")
		r, err := c.Do(soon(t), Txn{If: []Compare{{Key: "/b", Mod: first.Revision}}, Puts: []Put{{Key: "/b", Value: "late"}}, Else: []string{"/b"}})
		if err != nil || r.OK || len(r.KVs) != 1 || r.KVs[0].Value != "theirs" {
			t.Fatalf("after a change of somebody else: %+v, %v", r, err)
		}
		r, err = c.Do(soon(t), Txn{If: []Compare{{Key: "/b", Mod: r.KVs[0].Mod}}, Puts: []Put{{Key: "/b", Delete: true}}})
		if err != nil || !r.OK || m.Ctl("get", "/b") != "" {
			t.Errorf("removed: %+v, %v", r, err)
		}
	})

	t.Run("many keys at one revision", func(t *testing.T) {
		const n = 2*pageSize + 7
		for i := 0; i < n; i += 100 {
			var x Txn
			for k := i; k < min(i+100, n); k++ {
				x.Puts = append(x.Puts, Put{Key: fmt.Sprintf("/c/%05d", k), Value: "v"})
			}
			if _, err := c.Do(soon(t), x); err != nil {
				t.Fatal(err)
			}
		}
		all, head, err := c.Range(soon(t), "/c/")
		if err != nil || len(all) != n || all[0].Key != "/c/00000" || all[n-1].Key != fmt.Sprintf("/c/%05d", n-1) || head.Revision < all[n-1].Mod {
			t.Errorf("%d of %d keys: %v", len(all), n, err)
		}
	})

	t.Run("a watch", func(t *testing.T) {
		_, head, err := c.Range(soon(t), "/w/")
		if err != nil {
			t.Fatal(err)
		}
		enough := errors.New("enough")
		// What happened before it began is there too; the neighbours' keys are not.
		for _, k := range []string{"/w/1", "/x", "/w/2", "/w/1"} {
			if _, err := c.Do(soon(t), Txn{Puts: []Put{{Key: k, Value: k}}}); err != nil {
				t.Fatal(err)
			}
		}
		m.Ctl("del", "/w/2")
		big := Txn{}
		for i := range 100 {
			big.Puts = append(big.Puts, Put{Key: fmt.Sprintf("/w/big/%d", i), Value: strings.Repeat("y", 10_000)})
		}
		if _, err := c.Do(soon(t), big); err != nil {
			t.Fatal(err)
		}
		var got []string
		err = c.Watch(soon(t), "/w/", head.Revision+1, func(h Header, list []Change) error {
			large := 0
			for _, x := range list {
				if large++; !strings.HasPrefix(x.Key, "/w/big/") {
					got, large = append(got, fmt.Sprint(x.Key, x.Deleted)), 0
				}
			}
			if large == 100 { // of one revision, and never apart
				return enough
			}
			if large != 0 {
				t.Errorf("%d changes of a revision that has 100", large)
			}
			return nil
		})
		if want := "[/w/1false /w/2false /w/1false /w/2true]"; !errors.Is(err, enough) || fmt.Sprint(got) != want {
			t.Errorf("%v, want %s: %v", got, want, err)
		}
		m.Ctl("compact", fmt.Sprint(head.Revision+3))
		if err := c.Watch(soon(t), "/w/", head.Revision+1, func(Header, []Change) error { return nil }); !errors.Is(err, ErrCompacted) {
			t.Errorf("from before a compaction: %v", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		defer cancel()
		if err := c.Watch(ctx, "/none/", 0, func(Header, []Change) error { return nil }); err == nil {
			t.Errorf("a watch that was ended: %v", err)
		}
	})

	t.Run("refused without an effect", func(t *testing.T) {
		var r *Refused
		if _, err := c.Do(soon(t), Txn{Puts: []Put{{Key: "/d", Value: "1"}, {Key: "/d", Value: "2"}}}); !errors.As(err, &r) {
			t.Errorf("a key put twice: %v", err)
		}
		if m.Ctl("get", "/d") != "" {
			t.Error("it had an effect")
		}
	})

	t.Run("users", func(t *testing.T) { // last: afterwards nobody else is let in
		m.Ctl("role", "add", "box")
		m.Ctl("role", "grant-permission", "box", "--prefix=true", "readwrite", "/box/")
		for _, u := range []string{"root", "box"} {
			m.Ctl("user", "add", u+":secret")
		}
		m.Ctl("user", "grant-role", "root", "root")
		m.Ctl("user", "grant-role", "box", "box")
		m.Ctl("auth", "enable")
		box := New(Options{Members: m.URLs, User: "box", Password: "secret"})
		defer box.Close()
		if r, err := box.Do(soon(t), Txn{Puts: []Put{{Key: "/box/1", Value: "v"}}}); err != nil || !r.OK {
			t.Errorf("its own: %v", err)
		}
		var r *Refused
		if _, err := box.Do(soon(t), Txn{Puts: []Put{{Key: "/b", Value: "v"}}}); !errors.As(err, &r) || r.Code != codePermission {
			t.Errorf("a key of somebody else: %v", err)
		}
		// A role that changed, and a member that forgot the token, are no refusal.
		m.Ctl("--user", "root:secret", "role", "grant-permission", "box", "--prefix=true", "readwrite", "/other/")
		if _, err := box.Do(soon(t), Txn{Puts: []Put{{Key: "/other/1", Value: "v"}}}); err != nil {
			t.Errorf("after the roles changed: %v", err)
		}
		m.Kill(0)
		m.Up(0)
		for err := ErrUnsent; errors.Is(err, ErrUnsent) || errors.Is(err, ErrUnanswered); {
			if _, _, err = box.Range(soon(t), "/box/"); err == nil {
				break
			} else if errors.As(err, &r) {
				t.Fatalf("after a restart: %v", err)
			}
			time.Sleep(50 * time.Millisecond)
		}
		wrong := New(Options{Members: m.URLs, User: "box", Password: "wrong"})
		defer wrong.Close()
		if _, _, err := wrong.Range(soon(t), "/box/"); !errors.As(err, &r) {
			t.Errorf("a wrong password: %v", err)
		}
		if _, _, err := c.Range(soon(t), "/box/"); !errors.As(err, &r) {
			t.Errorf("nobody: %v", err)
		}
		m.Ctl("--user", "root:secret", "user", "delete", "box") // a stolen box
		if _, _, err := box.Range(soon(t), "/box/"); !errors.As(err, &r) {
			t.Errorf("a user that was removed: %v", err)
		}
	})
}

// Three members, killed one after the other in turn while a counter is moved by
// compare and swap: what was answered is there, what was refused is not.
func TestMembersDie(t *testing.T) {
	m := etcdtest.Start(t, 3)
	c := dial(t, m)
	var acked, mod int64
	read := func() {
		t.Helper()
		for range 400 {
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			kvs, _, err := c.Range(ctx, "/n")
			cancel()
			if err != nil {
				time.Sleep(20 * time.Millisecond)
				continue
			}
			var n int64
			mod = 0
			if len(kvs) == 1 {
				_, _ = fmt.Sscan(kvs[0].Value, &n)
				mod = kvs[0].Mod
			}
			if n < acked {
				t.Fatalf("%d was answered, %d is there", acked, n)
			}
			acked = n
			return
		}
		t.Fatal("the engine does not come back")
	}
	read()
	for round := range 6 {
		if i := round / 2 % 3; round%2 == 0 {
			m.Kill(i)
		} else {
			m.Up(i)
		}
		for range 40 {
			ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
			r, err := c.Do(ctx, Txn{If: []Compare{{Key: "/n", Mod: mod}}, Puts: []Put{{Key: "/n", Value: fmt.Sprint(acked + 1)}}})
			cancel()
			switch {
			case err == nil && r.OK:
				acked, mod = acked+1, r.Revision
			case err == nil:
				t.Fatal("one writer, and its comparison does not hold")
			default:
				read()
			}
		}
	}
	for i := range 3 {
		m.Kill(i)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if _, err := c.Do(ctx, Txn{Puts: []Put{{Key: "/n", Value: "0"}}}); !errors.Is(err, ErrUnsent) {
		t.Errorf("nobody is there: %v", err)
	}
	for i := range 3 {
		m.Up(i)
	}
	read()
	if acked == 0 {
		t.Error("nothing was answered")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add((&Txn{If: []Compare{{Key: "k", Mod: 7}}, Puts: []Put{{Key: "k", Value: "v"}, {Key: "d", Delete: true}}, Else: []string{"k"}}).encode())
	f.Add(putBytes(putBytes(nil, 1, putInt(nil, 3, 9)), 11, putBytes(putInt(nil, 1, 1), 2, putBytes(nil, 1, "key"))))
	f.Add(rangeRequest("a", "b", 3, 9))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = decodeRange(b)
		_, _ = decodeTxn(b)
		_, _ = decodeStatus(b)
		w, err := decodeWatch(b)
		if err == nil && len(w.changes) > len(b) {
			t.Errorf("%d changes of %d bytes", len(w.changes), len(b))
		}
	})
}
