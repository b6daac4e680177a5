package pfs

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

// TestFloodOfStrangers: who is no known phone gets no state, however many there
// are, and phones that are real stay in view.
func TestFloodOfStrangers(t *testing.T) {
	w := newWorld(t)
	w.fleet(1, 2, "7961", load41, "1", true)
	all := ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for i := range 100_000 {
		m := ether.MAC{2, 0, byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)}
		src := netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, byte(i >> 16), byte(i >> 8), byte(i)}), Port)
		w.frame(Packet{Src: src, Dst: port(255, Port), SrcMAC: m, DstMAC: all, Payload: []byte("PFS-TEST"), ID: uint16(i)})
		w.frame(Packet{TCP: true, Flags: syn, Seq: uint32(i), Src: src, Dst: port(1, Port), SrcMAC: m, DstMAC: mac(1), ID: uint16(i)})
	}
	if len(w.track.bursts) != 0 || len(w.track.flows) != 0 || w.track.Strangers != 200_000 {
		t.Fatalf("%d bursts, %d flows, %+v", len(w.track.bursts), len(w.track.flows), w.track.Counters)
	}
	w.claim(1)
	w.wait(2 * time.Second)
	w.track.Tick(w.now)
	snap := w.state.Snapshot(nil)
	if b := snap.peer(mac(1)).Bursts; len(b) != 1 || b[0].Frames != 5 || b[0].Rhythm != 4 || !b[0].Ended {
		t.Errorf("%+v", b)
	}
}

// TestFloodInThePhonesName: forged frames of known phones are bounded too, and
// the connections of the others stay.
func TestFloodInThePhonesName(t *testing.T) {
	w := newWorld(t)
	w.facts.Mirror = true
	w.fleet(1, 3, "7961", load41, "1", true)
	c := w.call(1, 2, false)
	c.give(0, 50_000)
	for i := range 100_000 {
		w.frame(Packet{TCP: true, Flags: ack, Size: 1448, Seq: uint32(i) * 77777, ID: uint16(i), SrcMAC: mac(3), DstMAC: mac(2),
			Src: port(3, uint16(i)), Dst: port(2, Port)})
	}
	c.give(0, 50_000)
	c.bye()
	if len(w.track.flows) > maxOfPhone {
		t.Errorf("%d flows", len(w.track.flows))
	}
	if w.track.Muted < 100_000/2 {
		t.Errorf("%d facts of one phone were muted", w.track.Muted)
	}
	s := w.state.Snapshot(nil)
	if len(s.Transfers) > MaxTransfers {
		t.Errorf("%d transfers", len(s.Transfers))
	}
	for _, x := range s.Transfers {
		if x.Parent == mac(1) && x.Bytes == 100_000 && x.Ended && !x.Broken {
			return
		}
	}
	t.Error("the real transfer is lost")
}

// TestInventedPhones: one address cannot fill the table with names.
func TestInventedPhones(t *testing.T) {
	w := newWorld(t)
	w.fleet(1, 2, "7961", load41, "1", true)
	for i := range 5000 {
		m := ether.MAC{0, 0x1e, 0x7a, 9, byte(i >> 8), byte(i)}
		w.Record(fileserver.Asked{Client: port(200, 4000), Name: "SEP" + m.Hex() + ".cnf.xml"})
	}
	if n := len(w.state.Snapshot(nil).Peers); n != 3 {
		t.Errorf("%d phones", n)
	}
}

// TestStream: bytes count once, in any order, across the wrap of the sequence.
func TestStream(t *testing.T) {
	base := uint32(0xffffff00)
	var s stream
	for _, i := range []int{0, 2, 1, 1, 5, 3, 4} {
		s.add(base+uint32(i*100), 100)
	}
	s.add(base+150, 100)
	if u, m := s.unique(); u != 600 || m != 0 || s.again != 200 {
		t.Errorf("%d unique, %d missing, %d again", u, m, s.again)
	}
	s.add(base+1000, 10)
	if u, m := s.unique(); u != 610 || m != 400 {
		t.Errorf("%d unique, %d missing", u, m)
	}
	for i := range 1000 { // holes without an end
		s.add(base+uint32(2000+i*20), 10)
	}
	if len(s.seen) > maxHoles || s.lost == 0 {
		t.Errorf("%d spans, %d lost", len(s.seen), s.lost)
	}
}

// FuzzTracker gives frames of two phones in any order: bounds hold, and no side
// is said to have sent more than all frames together.
func FuzzTracker(f *testing.F) {
	f.Add([]byte{0x12, 0, 0, 0, 1, 0, 100, 2, 0x10, 0, 0, 0, 2, 1, 0, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		s := NewState()
		now := time.Unix(1e9, 0)
		for i := 1; i <= 2; i++ {
			s.Fold(journal.Entry{Time: now, Event: fileserver.Asked{Client: port(i, 1), Name: "SEP" + mac(i).Hex() + ".cnf.xml"}})
		}
		sent := int64(0)
		rec := folding{s, &now}
		tr := NewTracker(s, rec, "x", 1)
		for ; len(b) >= 8; b = b[8:] {
			now = now.Add(time.Duration(b[7]) * 10 * time.Millisecond)
			p := Packet{Time: now, TCP: b[0]&0x80 == 0, Flags: b[0] & 0x17, Seq: binary.BigEndian.Uint32(b[1:]), Size: int(b[5])<<4 | int(b[6]),
				SrcMAC: mac(1), DstMAC: mac(2), Src: port(1, uint16(b[7]&3)), Dst: port(2, Port), ID: uint16(b[6]), Payload: b[:8]}
			if b[0]&0x40 != 0 {
				p.SrcMAC, p.DstMAC, p.Src, p.Dst = p.DstMAC, p.SrcMAC, p.Dst, p.Src
			}
			sent += int64(p.Size)
			tr.Packet(&p)
		}
		tr.Flush()
		snap := s.Snapshot(nil)
		total := int64(0)
		for _, x := range snap.Transfers {
			total += x.Bytes + x.Back
			if x.Bytes < 0 || x.Missing < 0 || x.Back > x.Bytes || !x.Ended {
				t.Fatalf("%+v", x)
			}
		}
		if total > sent {
			t.Fatalf("%d bytes of %d sent", total, sent)
		}
		Trees(snap, Facts{})
		Verify(snap, Facts{Mirror: true}, "")
	})
}

type folding struct {
	s   *State
	now *time.Time
}

func (f folding) Record(e journal.Event) { f.s.Fold(journal.Entry{Time: *f.now, Event: e}) }

func BenchmarkTracker(b *testing.B) {
	s := NewState()
	now := time.Unix(1e9, 0)
	for i := 1; i <= 2; i++ {
		s.Fold(journal.Entry{Time: now, Event: fileserver.Asked{Client: port(i, 1), Name: "SEP" + mac(i).Hex() + ".cnf.xml"}})
	}
	tr := NewTracker(s, folding{s, &now}, "x", 1)
	p := Packet{TCP: true, Flags: ack, Size: 1448, SrcMAC: mac(1), DstMAC: mac(2), Src: port(1, 50000), Dst: port(2, Port)}
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(10 * time.Microsecond)
		p.Time = now
		p.Seq += 1448
		p.ID++
		tr.Packet(&p)
	}
}
