package claim

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet"
	"option150/platform/fleet/etcd"
)

// nonsense is what a box that was stolen may write below the bindings of its domain.
func nonsense(k keys) []etcd.KV {
	r := func(addr string, start, expiry int64, key string) string {
		return lease(&engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, Addr: netip.MustParseAddr(addr), Start: start, Expiry: expiry, Key: key})
	}
	at := func(a, v string) etcd.KV { return etcd.KV{Key: k.prefix + "at/" + a, Value: v, Mod: 9} }
	return []etcd.KV{
		at("10.0.0.5", r("10.0.0.5", 1, 253402300799, "x")), // until the end of the year 9999
		at("10.0.0.6", r("10.0.0.6", 253402300799, 253402300800, "x")),
		at("10.0.0.7", r("10.0.0.8", 1, 2, "x")), // of another address
		at("10.0.0.9", strings.Repeat("x", 1<<20)),
		at("10.0.0.10", ""),
		at("010.0.0.11", r("10.0.0.11", 1, 2, "x")), // an address in another spelling
		at("::ffff:10.0.0.12", r("10.0.0.12", 1, 2, "x")),
		at("10.0.0.13/x", r("10.0.0.13", 1, 2, "x")),
		at("fd00::1", "x"),
		{Key: k.generation(), Value: "9223372036854775807", Mod: 9},
		{Key: k.boxes(), Value: "A ../B A \x1b[2J " + strings.Repeat("n", 99) + " B", Mod: 9},
		{Key: k.prefix + "beat/" + strings.Repeat("n", 99), Value: `{"stamp":1}`, Mod: 9},
		{Key: k.beat("B"), Value: `{"stamp":253402300799,"gen":1,"addresses":["x"]}`, Mod: 9},
		{Key: k.downOf("B"), Value: "-1 -1", Mod: 9},
		{Key: k.prefix + "else/x", Value: "x", Mod: 9},
	}
}

// Nonsense counts for nothing, but that an address with an entry is somebody's.
func TestNonsense(t *testing.T) {
	k := keysOf("D")
	v := newView(etcd.Header{})
	for _, kv := range nonsense(k) {
		v.put(k, kv)
	}
	for i := range 2 * maxBoxes {
		v.put(k, etcd.KV{Key: k.beat(fmt.Sprint("B", i)), Value: `{"stamp":1}`})
		v.put(k, etcd.KV{Key: k.downOf(fmt.Sprint("B", i)), Value: "1 1"})
	}
	for a, x := range v.at {
		if x.Kind != 0 || x.Key != "" || x.Addr != a || x.Mod != 9 {
			t.Errorf("%s: %+v", a, x)
		}
	}
	if len(v.at) != 5 {
		t.Errorf("%d addresses: %v", len(v.at), v.at)
	}
	if fmt.Sprint(v.boxes) != "[A B]" || v.gen != 0 || len(v.beats) > maxBoxes || len(v.downs) > maxBoxes {
		t.Errorf("%v, generation %d, %d beats, %d downs", v.boxes, v.gen, len(v.beats), len(v.downs))
	}
}

// The counting of generations goes on after the largest number that counts, and what is
// larger does not count.
func TestGenerations(t *testing.T) {
	seen := map[uint64]bool{}
	n := uint64(1<<40 - 2)
	for range 6 {
		var text string
		if n, text = fleet.NextGeneration(n); seen[n] || n == 0 || fleet.ReadGeneration(text) != n {
			t.Fatalf("%d, %q", n, text)
		}
		seen[n] = true
	}
	for _, bad := range []string{"", "-1", "x", "1099511627777", "18446744073709551615", "99999999999999999999"} {
		if g := fleet.ReadGeneration(bad); g != 0 {
			t.Errorf("%q is %d", bad, g)
		}
	}
}

// A box that says it is there in the year 9999 is not: an address that somebody had is
// not given to another for its word.
func TestThereInTheFuture(t *testing.T) {
	const now = 1_000_000
	d := share.New(share.Rules{Box: "A", Boxes: []string{"A", "B"}, Lead: 60, Skew: skew})
	d.Connected, d.Joined, d.Last = true, true, now
	a := netip.MustParseAddr("10.0.0.4")
	for d.Owner(a) != "A" {
		a = a.Next()
	}
	d.At[a] = share.Entry{Lease: share.Lease{Client: "x", Start: 1, Expiry: 2}, Mod: 3}
	for stamp, ok := range map[int64]bool{now: true, now + skew: true, now + skew + 1: false, 253402300799: false, 1<<63 - 1: false, -1 << 63: false} {
		d.Beats["B"] = share.Beat{Stamp: stamp}
		if _, err := d.Decide(now, a, "y", share.Lease{}); (err == nil) != ok {
			t.Errorf("%d: %v", stamp, err)
		}
	}
}

func FuzzView(f *testing.F) {
	k := keysOf("D")
	for _, kv := range nonsense(k) {
		f.Add(kv.Key, kv.Value)
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		v := newView(etcd.Header{})
		v.put(k, etcd.KV{Key: key, Value: value, Mod: 1})
		for a, x := range v.at {
			if !a.Is4() || x.Addr != a || x.Kind != 0 && x.Kind != engine.RecordBinding || k.at(a) != key {
				t.Errorf("%q is %+v", key, x)
			}
		}
		for _, b := range v.boxes {
			if !fleet.ValidName(b) {
				t.Errorf("a box is called %q", b)
			}
		}
	})
}
