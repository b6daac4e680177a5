package history

import (
	"net/netip"
	"strings"
	"testing"
	"time"
)

// The judge finds what it is for, and nothing else.
func TestHistory(t *testing.T) {
	base := time.Date(2026, 2, 9, 19, 41, 0, 0, time.UTC)
	at := func(s int) time.Time { return base.Add(time.Duration(s) * time.Second) }
	x, y := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2")
	ack := func(from, until int, a netip.Addr, client, box string) Ack {
		return Ack{At: at(from), Until: at(until), Addr: a, Client: client, Box: box}
	}
	for _, c := range []struct {
		name string
		acks []Ack
		ends map[int]string // after that many ACKs a client gives back address x
		want int
	}{
		{name: "one after the other", acks: []Ack{ack(0, 10, x, "a", "A"), ack(10, 20, x, "b", "B")}},
		{name: "two addresses", acks: []Ack{ack(0, 10, x, "a", "A"), ack(5, 15, y, "b", "B")}},
		{name: "renewed", acks: []Ack{ack(0, 10, x, "a", "A"), ack(5, 15, x, "a", "B")}},
		{name: "at a time", acks: []Ack{ack(0, 10, x, "a", "A"), ack(9, 20, x, "b", "B")}, want: 1},
		{name: "by one box", acks: []Ack{ack(0, 10, x, "a", "A"), ack(9, 20, x, "b", "A")}, want: 1},
		{name: "a shorter ACK may not have been heard", acks: []Ack{ack(0, 30, x, "a", "A"), ack(5, 10, x, "a", "B"), ack(20, 40, x, "b", "B")}, want: 1},
		{name: "given back", acks: []Ack{ack(0, 30, x, "a", "A"), ack(9, 20, x, "b", "B")}, ends: map[int]string{1: "a"}},
		{name: "given back by another", acks: []Ack{ack(0, 30, x, "a", "A"), ack(9, 20, x, "b", "B")}, ends: map[int]string{1: "c"}, want: 1},
	} {
		var h History
		for i, a := range c.acks {
			h.Add(a)
			if who := c.ends[i+1]; who != "" {
				h.End(a.At, x, who)
			}
		}
		if got := h.Overlaps(); len(got) != c.want {
			t.Errorf("%s: %q, want %d", c.name, got, c.want)
		}
	}

	var h History
	h.Add(ack(0, 100, x, "a", "A"))
	h.Add(ack(1, 5, y, "b", "A"))
	list := h.Running(at(10), time.Second)
	if len(list) != 1 || list[0].Client != "a" {
		t.Fatalf("running: %v", list)
	}
	for _, c := range []struct {
		client string
		until  int
		want   string
	}{{"a", 100, ""}, {"a", 97, ""}, {"a", 90, "until"}, {"b", 100, `"b"`}, {"", 0, `""`}} {
		bad := Lost(list, "B", 4*time.Second, func(netip.Addr) (string, time.Time) { return c.client, at(c.until) })
		if c.want == "" != (len(bad) == 0) || len(bad) > 0 && !strings.Contains(bad[0], c.want) {
			t.Errorf("%+v: %q", c, bad)
		}
	}
	if l, ok := h.Last("a"); !ok || l.Addr != x || h.Len() != 2 {
		t.Error(l)
	}
}
