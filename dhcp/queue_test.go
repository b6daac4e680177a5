package dhcp

import (
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
			if q.put(now.Add(time.Duration(n)*time.Millisecond), waiting(n, typ)) != 1 {
				t.Fatal("no room")
			}
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
		q.put(now, waiting(1, wire.MsgDiscover))
		q.put(now, waiting(2, wire.MsgDiscover))
		q.put(now, waiting(1, wire.MsgDiscover)) // sent again
		q.put(now, waiting(1, wire.MsgRequest))
		if got := q.told(now); len(got) != 3 {
			t.Errorf("%v", got)
		}
		if waits, dropped := q.left(); waits || dropped != 1 || len(q.waiting) != 0 {
			t.Errorf("waits %v, dropped %d, %d remembered", waits, dropped, len(q.waiting))
		}
		q.put(now, waiting(3, wire.MsgRequest))
		q.put(now.Add(500*time.Millisecond), waiting(4, wire.MsgDiscover))
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
		q.put(now, waiting(byte(n*7), byte(1+2*(n%2))))
		in++
		out += len(q.take(now, nil, n%3, free))
	}
	out += len(q.take(now, nil, maxQueue, free))
	q.take(now.Add(2*time.Second), nil, 1, free)
	if in != out || q.count != 0 || len(q.waiting) != 0 {
		t.Errorf("%d in, %d out, count %d, %d remembered", in, out, q.count, len(q.waiting))
	}
}

func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	n := 0
	for ; n < 2*maxQueue; n++ {
		d := waiting(byte(n), wire.MsgDiscover)
		d.in.Data[32], d.in.Data[31] = byte(n>>8), byte(n>>16)
		if q.put(time.Now(), d) == 0 {
			break
		}
	}
	if n != maxQueue {
		t.Errorf("%d", n)
	}
}

// What does not fit is not taken, and what is before it is.
func TestQueueTakesWhatFits(t *testing.T) {
	q := newQueue()
	q.count = maxQueue - 2
	now := time.Now()
	ds := []*datagram{waiting(1, wire.MsgDiscover), waiting(2, wire.MsgRequest), waiting(3, wire.MsgDiscover)}
	if n := q.put(now, ds...); n != 2 {
		t.Errorf("%d taken", n)
	}
	q.count -= maxQueue - 2
	if got := q.told(now); string(got) != "\x01\x02" {
		t.Errorf("%v", got)
	}
}

// A burst is taken some at a time; what comes meanwhile and ends an exchange goes
// before what is left of it.
func TestQueueBetweenDrains(t *testing.T) {
	q := newQueue()
	q.cost = time.Millisecond
	now := time.Now()
	for n := range byte(60) {
		q.put(now, waiting(n, wire.MsgDiscover))
	}
	first := q.take(now, nil, drainMost, nil)
	if len(first) != drainMost || first[0].in.Data[33] != 59 {
		t.Fatalf("%d taken", len(first))
	}
	for n := byte(100); n < 104; n++ {
		q.put(now, waiting(n, wire.MsgRequest))
	}
	got := q.told(now)
	if want := []byte{103, 102, 101, 100, 27, 26}; string(got[:6]) != string(want) {
		t.Errorf("%v", got[:8])
	}
	if len(got) != 60-drainMost+4 {
		t.Errorf("%d were left", len(got))
	}
}
