package dhcp

import (
	"encoding/binary"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

func waiting(n byte, typ byte) *datagram {
	r := dhcptest.Phone(mac(0, n), typ)
	r.XID = uint32(n)
	return &datagram{in: engine.Inbound{Data: r.Bytes()}}
}

// told are the last bytes of the hardware addresses in the order taken.
func (q *queue) told(now time.Time) (out []byte) {
	for {
		ds := q.take(now, nil, 1, func(*datagram) {})
		if len(ds) == 0 {
			return out
		}
		out = append(out, ds[0].in.Data[33])
	}
}

func TestQueueOrder(t *testing.T) {
	now := time.Now()
	fill := func(cost time.Duration) *queue {
		q := newQueue()
		q.cost = cost
		for n := range byte(6) {
			typ := byte(wire.MsgDiscover)
			if n%2 == 1 {
				typ = wire.MsgRequest
			}
			q.put(now.Add(time.Duration(n)*time.Millisecond), nil, waiting(n, typ))
		}
		return q
	}
	if got := fill(time.Microsecond).told(now); string(got) != "\x00\x01\x02\x03\x04\x05" {
		t.Errorf("little waits: %v", got)
	}
	q := fill(time.Hour)
	got := q.told(now.Add(10 * time.Millisecond))
	if string(got) != "\x05\x03\x01\x04\x02\x00" {
		t.Errorf("much waits: %v", got)
	}
	if waits, dropped := q.left(); waits || dropped != 0 {
		t.Errorf("waits %v, dropped %d", waits, dropped)
	}
}

// Only what has a newer copy, and what is older than a second, is dropped.
func TestQueueDrops(t *testing.T) {
	now := time.Now()
	for _, cost := range []time.Duration{time.Microsecond, time.Hour} {
		q := newQueue()
		q.cost = cost
		q.put(now, nil, waiting(1, wire.MsgDiscover))
		q.put(now, nil, waiting(2, wire.MsgDiscover))
		q.put(now, nil, waiting(1, wire.MsgDiscover)) // sent again
		q.put(now, nil, waiting(1, wire.MsgRequest))
		if got := q.told(now); len(got) != 3 {
			t.Errorf("%v", got)
		}
		if waits, dropped := q.left(); waits || dropped != 1 || len(q.waiting) != 0 {
			t.Errorf("waits %v, dropped %d, %d remembered", waits, dropped, len(q.waiting))
		}
		q.put(now, nil, waiting(3, wire.MsgRequest))
		q.put(now.Add(500*time.Millisecond), nil, waiting(4, wire.MsgDiscover))
		if got := q.told(now.Add(1001 * time.Millisecond)); string(got) != "\x04" {
			t.Errorf("%v", got)
		}
	}
}

// Every datagram comes out once or is freed, whatever the order.
func TestQueueKeepsCount(t *testing.T) {
	q := newQueue()
	q.cost = 7 * time.Millisecond
	now := time.Now()
	in, out := 0, 0
	free := func(*datagram) { out++ }
	for n := range 20000 {
		now = now.Add(3 * time.Millisecond)
		q.put(now, nil, waiting(byte(n*7), byte(1+2*(n%2))))
		in++
		out += len(q.take(now, nil, n%3, free))
	}
	out += len(q.take(now, nil, maxQueue, free))
	q.take(now.Add(2*time.Second), nil, 1, free)
	if in != out || q.count != 0 || len(q.waiting) != 0 {
		t.Errorf("%d in, %d out, count %d, %d remembered", in, out, q.count, len(q.waiting))
	}
}

// There is room for so many and no more: the oldest DISCOVERs make room, first
// those of a station of which many wait, and never a REQUEST.
func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	q.cost = time.Hour
	now := time.Now()
	var freed []*datagram
	free := func(d *datagram) { freed = append(freed, d) }
	put := func(n int, typ byte) *datagram {
		d := numbered(n, typ)
		q.put(now, free, d)
		return d
	}
	first := put(0, wire.MsgRequest)
	for n := 1; n < maxQueue-2*ofStation; n++ {
		put(n, wire.MsgDiscover)
	}
	for n := range 2 * ofStation {
		d := numbered(n, wire.MsgDiscover)
		copy(d.in.Data[28:], []byte{2, 9, 9, 9, 9, 9}) // all of one station
		q.put(now, free, d)
	}
	if len(freed) != 0 || q.count != maxQueue {
		t.Fatalf("%d freed, %d wait", len(freed), q.count)
	}
	for n := range 2 * ofStation {
		put(maxQueue+n, wire.MsgDiscover)
	}
	if q.count != maxQueue || len(freed) != 2*ofStation || len(q.waiting) != maxQueue {
		t.Fatalf("%d wait, %d remembered, %d freed", q.count, len(q.waiting), len(freed))
	}
	for i, d := range freed {
		switch {
		case i < ofStation && d.in.Data[28] != 2:
			t.Errorf("%d: not of the station that has many", i)
		case i >= ofStation && binary.BigEndian.Uint32(d.in.Data[4:]) != uint32(i-ofStation+1):
			t.Errorf("%d: not the oldest: %x", i, d.in.Data[4:8])
		}
	}
	if ds := q.take(now, nil, 1, free); len(ds) != 1 || ds[0] != first {
		t.Error("the REQUEST is gone, or not first")
	}
	if _, dropped := q.left(); dropped != 2*ofStation {
		t.Errorf("%d are counted", dropped)
	}
}

// numbered is one of many.
func numbered(n int, typ byte) *datagram {
	d := waiting(byte(n), typ)
	d.in.Data[32], d.in.Data[31] = byte(n>>8), byte(n>>16)
	binary.BigEndian.PutUint32(d.in.Data[4:], uint32(n))
	return d
}

// A burst is taken some at a time; what comes meanwhile and ends an exchange goes
// before what is left of it.
func TestQueueBetweenDrains(t *testing.T) {
	q := newQueue()
	q.cost = time.Millisecond
	now := time.Now()
	for n := range byte(60) {
		q.put(now, nil, waiting(n, wire.MsgDiscover))
	}
	q.window = window{most: maxOpen, began: now}
	first := q.take(now, nil, drainMost, nil)
	if len(first) != drainMost || first[0].in.Data[33] != 59 {
		t.Fatalf("%d taken", len(first))
	}
	for n := byte(100); n < 104; n++ {
		q.put(now, nil, waiting(n, wire.MsgRequest))
	}
	got := q.told(now)
	if want := []byte{100, 101, 102, 103, 27, 26}; string(got[:6]) != string(want) {
		t.Errorf("%v", got[:8])
	}
	if len(got) != 60-drainMost+4 {
		t.Errorf("%d were left", len(got))
	}
}
