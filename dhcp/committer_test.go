package dhcp

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"option150/dhcp/durable"
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
	s, _, _, err := store.Open(root, store.IPv4)
	if err != nil {
		t.Fatal(err)
	}
	syncs := 0
	gate := make(chan struct{})
	s.Sync = func(f *os.File) error { syncs++; <-gate; return store.DataSync(f) }
	var mu sync.Mutex
	sent := 0
	c := durable.NewCommitter(s, func(os []engine.Outcome) { mu.Lock(); sent += ackCount(os); mu.Unlock() }, func() {})
	for n := range 100 {
		c.Put(acks(n+1, n, 1))
	}
	mu.Lock()
	if sent != 0 {
		t.Error("a reply left before its record was on disk")
	}
	mu.Unlock()
	close(gate)
	c.Close()
	if sent != 100 || c.Done() != 100 || syncs > 50 {
		t.Errorf("%d replies, done %d, %d syncs", sent, c.Done(), syncs)
	}
	_, rs, _, err := store.Open(root, store.IPv4)
	if err != nil || len(rs) != 100 {
		t.Errorf("%d records", len(rs))
	}
}

func ackCount(os []engine.Outcome) (n int) {
	for _, o := range os {
		n += len(o.Acks)
	}
	return n
}

// acks is an outcome of one record that n clients wait for.
func acks(seq, record, n int) job {
	return job{Seq: uint64(seq), Records: []engine.Record{aRecord(record)}, Clients: n, Then: engine.Outcome{Acks: make([]engine.Reply, n)}}
}

func aRecord(n int) engine.Record {
	return engine.Record{Kind: engine.RecordBinding, State: engine.StateLeased, HType: 1, Addr: wire.FromU32(0x0a000000 + uint32(n)), Key: "i1"}
}

// TestCommitterPauses: who asks alone never waits. When several waited for a
// sync there is a pause after it, so that the next one does for more of them,
// and never while something else than clients waits.
func TestCommitterPauses(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s, _, _, err := store.Open(root, store.IPv4)
	if err != nil {
		t.Fatal(err)
	}
	begun, gate := make(chan struct{}), make(chan struct{})
	syncs := 0
	s.Sync = func(*os.File) error { syncs++; begun <- struct{}{}; <-gate; return nil }
	var pauses, sent []int // number of syncs when it was
	c := durable.NewCommitter(s, func(os []engine.Outcome) {
		for range ackCount(os) {
			sent = append(sent, syncs)
		}
	}, func() {})
	c.Pause = func(time.Duration) { pauses = append(pauses, syncs) }
	next := 0
	put := func(n int) {
		next++
		c.Put(acks(next, next, n))
	}
	put(1)
	<-begun // the first sync is under way: these come together after it
	put(1)
	put(0)
	gate <- struct{}{}
	<-begun // and these after the second
	put(1)
	put(2)
	gate <- struct{}{}
	<-begun // and this after the third
	put(0)
	gate <- struct{}{}
	<-begun
	gate <- struct{}{}
	c.Close()
	if !slices.Equal(pauses, []int{3}) || !slices.Equal(sent, []int{1, 2, 3, 3, 3}) || c.Done() != uint64(next) {
		t.Errorf("%d syncs, pauses after %v, replies after %v, done %d", syncs, pauses, sent, c.Done())
	}
}

// TestCommitterAfterFailure: nothing that was handed over after a failure goes
// out before the whole state is on disk again; that goes alone.
func TestCommitterAfterFailure(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	s, _, _, err := store.Open(root, store.IPv4)
	if err != nil {
		t.Fatal(err)
	}
	begun, gate := make(chan struct{}), make(chan error)
	s.Sync = func(*os.File) error { begun <- struct{}{}; return <-gate }
	sent := 0
	c := durable.NewCommitter(s, func(os []engine.Outcome) { sent += ackCount(os) }, func() {})
	ack := func(n int) job { return acks(n, n, 1) }
	c.Put(ack(1))
	<-begun
	c.Put(ack(2))
	c.Put(job{Records: []engine.Record{aRecord(9)}, Reopen: true})
	c.Put(ack(3))
	gate <- errors.New("disk")
	<-begun // the whole state: 2 was dropped, the engine takes it back
	if c.State().Err == nil || sent != 0 {
		t.Errorf("%v, %d sent", c.State().Err, sent)
	}
	gate <- nil
	<-begun
	gate <- nil
	c.Close()
	if st := c.State(); st.Err != nil || st.Times != 1 || sent != 1 || c.Done() != 3 {
		t.Errorf("%+v, %d sent, done %d", st, sent, c.Done())
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
	st, _, _, err := store.Open(root, store.IPv4)
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
