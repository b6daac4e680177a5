package claim

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet/etcd"
)

// noted is an engine in memory that notes what it is asked to do; answer, if there is one,
// changes what it says.
type noted struct {
	Store
	answer func(n int, r etcd.Result) etcd.Result

	mu   sync.Mutex
	rev  int64
	kv   map[string]etcd.KV
	txns []etcd.Txn
}

// Do implements Store.
func (x *noted) Do(_ context.Context, t etcd.Txn) (etcd.Result, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.txns = append(x.txns, t)
	r := etcd.Result{Header: etcd.Header{Cluster: 7}, OK: true}
	for _, c := range t.If {
		r.OK = r.OK && x.kv[c.Key].Mod == c.Mod
	}
	if r.OK {
		x.rev++
		for _, p := range t.Puts {
			x.kv[p.Key] = etcd.KV{Key: p.Key, Value: p.Value, Mod: x.rev}
		}
	} else {
		for _, k := range t.Else {
			if kv, ok := x.kv[k]; ok {
				r.KVs = append(r.KVs, kv)
			}
		}
	}
	r.Revision = x.rev
	if x.answer != nil {
		r = x.answer(len(x.txns), r)
	}
	return r, nil
}

const notedAt = 100 // its revision in the beginning

// newNoted is a session that has seen such an engine, where all that grants rely on is as
// they say, but for the leases.
func newNoted() (*Session, *noted) {
	x := &noted{rev: notedAt, kv: map[string]etcd.KV{}}
	s := New(share.Config{Box: "A", Domain: "D", Lead: 60}, x, nil, nil)
	s.kept.Cluster, s.kept.Revision = 7, notedAt
	for k, mod := range map[string]int64{s.keys.generation(): 5, s.keys.boxes(): 6, s.keys.downOf("B"): 7, s.keys.downOf("C"): 8} {
		x.kv[k] = etcd.KV{Key: k, Mod: mod}
	}
	return s, x
}

// asks are claims of n addresses that were nobody's, each of a client of its own.
func asks(n int, on share.Grant) (all []engine.Ask) {
	for i := range n {
		r := engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}),
			Key: fmt.Sprint("client", i), Start: 1000, Expiry: 1600, Lease: 600}
		all = append(all, engine.Ask{Record: r, Grant: on, Seq: uint64(i)})
	}
	return all
}

// whole is a grant that relies on all there is.
func whole() share.Grant {
	return share.Grant{Gen: 5, List: 6, Downs: map[string]int64{"B": 7, "C": 8}}
}

// ends are how claims ended, in a word.
func ends(list []engine.Claimed) string {
	var all []string
	for _, c := range list {
		all = append(all, [...]string{"unanswered", "granted", "refused"}[c.What])
	}
	return strings.Join(all, " ")
}

// An answer of an engine that went back, to a backup or to another cluster, is none: nothing is
// granted by it, whatever it says, and all is read again.
func TestAnswerOfAnEngineThatWentBack(t *testing.T) {
	mine := func(s *Session, a engine.Ask) []etcd.KV {
		return []etcd.KV{{Key: s.keys.at(a.Record.Addr), Value: lease(&a.Record), Mod: 50}}
	}
	for _, c := range []struct {
		name    string
		cluster uint64
		rev     int64
		ok      bool
		want    string
		head    int64 // where it is known to be afterwards
	}{
		{"written, a revision further", 7, notedAt + 1, true, "granted", notedAt + 1},
		{"written by another cluster", 8, notedAt + 1, true, "unanswered", notedAt},
		{"written, at a revision that was", 7, notedAt - 1, true, "unanswered", notedAt},
		{"written, and not a revision further", 7, notedAt, true, "unanswered", notedAt},
		{"on record already", 7, notedAt, false, "granted", notedAt},
		{"on record already, later", 7, notedAt + 9, false, "granted", notedAt + 9},
		{"on record in another cluster", 8, notedAt + 9, false, "unanswered", notedAt},
		{"on record at a revision that was", 7, notedAt - 1, false, "unanswered", notedAt},
	} {
		for n := 1; n <= 2; n++ { // one alone, and two together
			s, x := newNoted()
			list := asks(n, whole())
			x.answer = func(_ int, r etcd.Result) etcd.Result {
				r = etcd.Result{Header: etcd.Header{Cluster: c.cluster, Revision: c.rev}, OK: c.ok}
				for _, a := range list {
					if t := x.txns[len(x.txns)-1]; !c.ok && slices.Equal(t.Else, []string{s.keys.at(a.Record.Addr)}) {
						r.KVs = mine(s, a)
					}
				}
				return r
			}
			want := strings.TrimSpace(strings.Repeat(c.want+" ", n))
			if got := ends(s.Claim(list)); got != want {
				t.Errorf("%s: %s", c.name, got)
			}
			if c.want == "unanswered" && (len(s.again) == 0 || s.Why() != errBack.Error()) {
				t.Errorf("%s: read again %d, %q", c.name, len(s.again), s.Why())
			}
			if got := s.head(); got.Cluster != 7 || got.Revision != c.head {
				t.Errorf("%s: it counts as at %+v", c.name, got)
			}
		}
	}
}

// What is learned while a transaction is under way, that the engine is another one, makes its
// answer one of an engine that is no more.
func TestAnswerOfAnEngineThatIsNoMore(t *testing.T) {
	s, x := newNoted()
	x.answer = func(_ int, r etcd.Result) etcd.Result {
		s.set(func(k *kept) { k.Cluster, k.Revision = 8, 30 })
		return r
	}
	if got := ends(s.Claim(asks(1, whole()))); got != "unanswered" {
		t.Error(got)
	}
	if got := s.head(); got.Cluster != 8 || got.Revision != 30 {
		t.Errorf("it counts as at %+v", got)
	}
}

// A claim holds only where the generation, the list of the boxes, the words of operators and
// the address are as they were when it was decided, alone and together with others.
func TestClaimRelies(t *testing.T) {
	for _, what := range []string{"nothing", "generation", "list", "B", "C", "address"} {
		for n := 1; n <= 2; n++ {
			s, x := newNoted()
			list := asks(n, whole())
			key := map[string]string{"generation": s.keys.generation(), "list": s.keys.boxes(), "B": s.keys.downOf("B"), "C": s.keys.downOf("C"), "address": s.keys.at(list[0].Record.Addr)}[what]
			his := asks(1, share.Grant{})[0].Record
			his.Key = "another"
			if what != "nothing" {
				x.kv[key] = etcd.KV{Key: key, Value: lease(&his), Mod: 99}
			}
			before := x.kv[key]
			got := s.Claim(list)
			want := strings.TrimSpace(strings.Repeat("refused ", n))
			switch {
			case what == "nothing":
				want = strings.ReplaceAll(want, "refused", "granted")
			case what == "address" && n == 2: // the other of the two is as it was
				want = "refused granted"
			}
			if ends(got) != want || x.kv[key] != before {
				t.Errorf("%d, another %s: %s, %+v", n, what, ends(got), x.kv[key])
			}
			if what == "address" && got[0].Bound.Key != "another" {
				t.Errorf("%d: who has it is not told: %+v", n, got[0])
			}
			for _, txn := range x.txns {
				for _, p := range txn.Puts {
					for _, k := range []string{s.keys.generation(), s.keys.boxes(), s.keys.downOf("B"), s.keys.downOf("C"), p.Key} {
						if !slices.ContainsFunc(txn.If, func(c etcd.Compare) bool { return c.Key == k }) {
							t.Errorf("%d: %s is put whatever %s is", n, p.Key, k)
						}
					}
				}
			}
		}
	}
}

// Claims that rely on different things do not go together: that of one would be tried on what the
// other relies on.
func TestClaimsThatRelyOnOtherThings(t *testing.T) {
	for _, c := range []struct {
		name   string
		strict share.Grant
		key    func(k keys) string
	}{
		{"the list", share.Grant{Gen: 5, List: 6}, keys.boxes},
		{"a word", share.Grant{Gen: 5, Downs: map[string]int64{"B": 7}}, func(k keys) string { return k.downOf("B") }},
		{"another word", share.Grant{Gen: 5, Downs: map[string]int64{"C": 8}}, func(k keys) string { return k.downOf("C") }},
		{"a generation that was", share.Grant{Gen: 4}, nil},
	} {
		for _, easy := range []share.Grant{{Gen: 5}, {Gen: 5, Downs: map[string]int64{"C": 99}}} {
			s, x := newNoted()
			list := asks(2, easy)
			list[1].Grant = c.strict
			if k := s.keys.downOf("C"); easy.Downs != nil {
				x.kv[k] = etcd.KV{Key: k, Mod: 99}
			}
			if c.key != nil {
				k := c.key(s.keys)
				x.kv[k] = etcd.KV{Key: k, Mod: 99}
			}
			if got := ends(s.Claim(list)); got != "granted refused" {
				t.Errorf("%s: %s", c.name, got)
			}
		}
	}
}

// A client that asks all boxes at once is granted by each of them: the longer lease is written over
// the shorter one, by the same generation, and no other.
func TestClaimOfTheSameClient(t *testing.T) {
	for _, c := range []struct {
		name          string
		start, expiry int64 // of what another box wrote for him
		want          string
		on            int64 // expiry on record then
	}{
		{"as long", 1000, 1600, "granted", 1600},
		{"longer", 1002, 1900, "granted", 1900},
		{"shorter by no more than clocks differ", 998, 1600 - skew, "granted", 1600 - skew},
		{"shorter", 900, 1600 - skew - 1, "granted", 1600},
		{"over, and it rests", 100, 1000 - lead + 1, "granted", 1600},
		{"over for so long that another may have had it", 100, 1000 - lead, "refused", 1000 - lead},
	} {
		s, x := newNoted()
		list := asks(1, share.Grant{Gen: 5, Mod: 20})
		his := list[0].Record
		his.Start, his.Expiry = c.start, c.expiry
		k := s.keys.at(his.Addr)
		x.kv[k] = etcd.KV{Key: k, Value: lease(&his), Mod: 21}
		got := s.Claim(list)
		on := bound(his.Addr, x.kv[k])
		if ends(got) != c.want || on.Expiry != c.on || got[0].Bound != on {
			t.Errorf("%s: %s, on record %+v, told %+v", c.name, ends(got), on, got[0].Bound)
		}
		if other := c.on == c.expiry && c.on != 1600 || c.start == 1002; got[0].What == engine.ClaimGranted && got[0].Other != other {
			t.Errorf("%s: granted by another box: %v", c.name, got[0].Other)
		}
		// Between the two transactions the generation goes up.
		s, x = newNoted()
		x.kv[k] = etcd.KV{Key: k, Value: lease(&his), Mod: 21}
		x.answer = func(_ int, r etcd.Result) etcd.Result {
			x.kv[s.keys.generation()] = etcd.KV{Key: s.keys.generation(), Mod: 77}
			return r
		}
		if s.Claim(list); bound(his.Addr, x.kv[k]).Expiry != c.expiry {
			t.Errorf("%s: written in another generation", c.name)
		}
	}
}

// A transaction has no more comparisons than an engine takes, and no address twice.
func TestManyClaims(t *testing.T) {
	s, x := newNoted()
	list := append(asks(300, whole()), asks(3, whole())...)
	got := s.Claim(list)
	most := 0
	for _, txn := range x.txns {
		seen := map[string]bool{}
		for _, p := range txn.Puts {
			if seen[p.Key] {
				t.Errorf("%s is put twice", p.Key)
			}
			seen[p.Key] = true
		}
		most = max(most, len(txn.If), len(txn.Puts))
	}
	if most > maxOps || most < maxOps/2 {
		t.Errorf("%d comparisons", most)
	}
	for i, c := range got {
		if c.Seq != list[i].Seq || c.Addr != list[i].Record.Addr || i < 300 && c.What != engine.ClaimGranted {
			t.Fatalf("claim %d: %+v", i, c)
		}
	}
}
