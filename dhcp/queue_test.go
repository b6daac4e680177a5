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
		d := q.take(now, func(*datagram) {})
		if d == nil {
			return out
		}
		out = append(out, d.in.Data[33])
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
			if !q.put(waiting(n, typ), now.Add(time.Duration(n)*time.Millisecond)) {
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
		q.put(waiting(1, wire.MsgDiscover), now)
		q.put(waiting(2, wire.MsgDiscover), now)
		q.put(waiting(1, wire.MsgDiscover), now) // sent again
		q.put(waiting(1, wire.MsgRequest), now)
		if got := q.told(now); len(got) != 3 {
			t.Errorf("%v", got)
		}
		if waits, dropped := q.left(); waits || dropped != 1 || len(q.waiting) != 0 {
			t.Errorf("waits %v, dropped %d, %d remembered", waits, dropped, len(q.waiting))
		}
		q.put(waiting(3, wire.MsgRequest), now)
		q.put(waiting(4, wire.MsgDiscover), now.Add(500*time.Millisecond))
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
		q.put(waiting(byte(n*7), byte(1+2*(n%2))), now)
		in++
		for range n % 3 {
			if d := q.take(now, free); d != nil {
				out++
			}
		}
	}
	for q.take(now, free) != nil {
		out++
	}
	q.take(now.Add(2*time.Second), free)
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
		if !q.put(d, time.Now()) {
			break
		}
	}
	if n != maxQueue {
		t.Errorf("%d", n)
	}
}
