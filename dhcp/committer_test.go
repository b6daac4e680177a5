package dhcp

import (
	"net/netip"
	"os"
	"sync"
	"testing"

	"option150/dhcp/engine"
	"option150/dhcp/store"
	"option150/dhcp/wire"
)

// Group commit: what waits is written together, in order, and only then told.
func TestCommitterGroups(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s, _, _, err := store.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	syncs := 0
	gate := make(chan struct{})
	s.Sync = func(f *os.File) error { syncs++; <-gate; return store.DataSync(f) }
	var mu sync.Mutex
	sent := 0
	c := newCommitter(s, func(rs []engine.Reply) { mu.Lock(); sent += len(rs); mu.Unlock() }, (&running{opt: Options{Recorder: &heardEvents{}}}).recordAll, func() {})
	for n := range 100 {
		c.put(job{out: engine.Outcome{Seq: uint64(n + 1), Durable: true, Records: []engine.Record{engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, HType: 1, Addr: wire.FromU32(0x0a000000 + uint32(n)), Key: "i1"}}, Replies: make([]engine.Reply, 1)}})
	}
	mu.Lock()
	if sent != 0 {
		t.Error("a reply left before its record was on disk")
	}
	mu.Unlock()
	close(gate)
	c.close()
	if sent != 100 || c.done.Load() != 100 || syncs > 50 {
		t.Errorf("%d replies, done %d, %d syncs", sent, c.done.Load(), syncs)
	}
	_, rs, _, err := store.Open(root)
	if err != nil || len(rs) != 100 {
		t.Errorf("%d records", len(rs))
	}
}

// BenchmarkRequestAck is REQUEST to ACK with the record on disk, 64 waiting at
// a time as the committer groups them.
func BenchmarkRequestAck(b *testing.B) {
	sp := labSpec()
	sp.Pools[0].Network = netip.MustParsePrefix("10.0.0.0/8")
	tab, err := engine.Compile(sp)
	if err != nil {
		b.Fatal(err)
	}
	e, now := engine.New(epoch), engine.Instant(0)
	e.Apply(now, tab)
	e.Take()
	root, err := os.OpenRoot(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	st, _, _, err := store.Open(root)
	if err != nil {
		b.Fatal(err)
	}
	defer st.Close()
	var batch [][]engine.Record
	n := uint32(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		m := mac(byte(n>>8), byte(n))
		m[2], m[3] = byte(n>>24), byte(n>>16)
		r := phoneRequest(m, wire.MsgRequest, opt(50, wire.Bytes(wire.FromU32(0x0a640000+n%4000000))), opt(54, ipb(us)))
		e.Packet(now, &engine.Inbound{Data: r.Bytes(), Interface: "GigabitEthernet0/0", Broadcast: true})
		o := e.Take()
		if len(o.Records) != 1 {
			b.Fatal("no lease")
		}
		if batch = append(batch, o.Records); len(batch) == 64 {
			if err := st.Commit(batch); err != nil {
				b.Fatal(err)
			}
			e.Committed(o.Seq)
			batch = batch[:0]
		}
	}
}
