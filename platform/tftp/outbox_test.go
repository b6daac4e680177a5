package tftp

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"
)

// A window leaves with one system call, and so do packets to several clients of
// one socket; what arrives is what would have come one by one.
func TestBatchesLeaveTogether(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w, err := newUDPWire(conn)
	if err != nil {
		t.Fatal(err)
	}
	var clients []*net.UDPConn
	for range 3 {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetReadBuffer(1 << 20)
		clients = append(clients, c)
	}
	was := noCut.Load()
	defer noCut.Store(was)
	for _, cuts := range []bool{true, false} {
		noCut.Store(was || !cuts)
		var o outbox
		var want [3][][]byte
		put := func(i, n int) {
			p := bytes.Repeat([]byte{byte(len(want[i]))}, n)
			o.add(w, append(o.room(n), p...), replyControl(netip.MustParseAddr("127.0.0.1"), 0), clients[i].LocalAddr().(*net.UDPAddr).AddrPort())
			want[i] = append(want[i], p)
		}
		put(0, 1432)
		put(0, 1432) // the room is larger from here on
		o.flush()
		o.calls = 0
		o.buf = make([]byte, 0, outboxSize)
		for range 31 {
			put(0, 1432)
		}
		put(0, 100)
		put(0, 516)
		put(1, 516)
		put(2, 516)
		put(2, 4)
		o.flush()
		if o.calls != 1 {
			t.Errorf("%d system calls (cut %v)", o.calls, cuts)
		}
		for i, c := range clients {
			buf := make([]byte, 2000)
			for n, p := range want[i] {
				_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
				k, err := c.Read(buf)
				if err != nil || !bytes.Equal(buf[:k], p) {
					t.Fatalf("client %d, packet %d: %d octets instead of %d, %v (cut %v)", i, n, k, len(p), err, cuts)
				}
			}
		}
	}
}

// A burst of requests is read in batches.
func TestRequestsAreReadTogether(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w, err := newUDPWire(conn)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := conn.WriteToUDP([]byte(fmt.Sprintf("packet %d", i)), conn.LocalAddr().(*net.UDPAddr)); err != nil {
			t.Fatal(err)
		}
	}
	in := newInbox(doorBatch)
	n, err := w.read(in)
	if err != nil || n != 20 {
		t.Fatal(n, err)
	}
	for i, d := range in.got[:n] {
		if string(d.payload) != fmt.Sprintf("packet %d", i) || d.peer != conn.LocalAddr().(*net.UDPAddr).AddrPort() || d.local != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("%+v", d)
		}
	}
}

// An address that many phones are behind has a share of its own.
func TestLimitPerRelay(t *testing.T) {
	w := newWorld(t, testSet{settings: settings{MaxPerClient: 1, MaxPerRelay: 3}}, map[string][]byte{"a": fileOf(2000)})
	w.many = func(a netip.Addr) bool { return a == netip.MustParseAddr("127.0.0.78") }
	w.serveOn("127.0.0.1:0")
	for from, most := range map[string]int{"127.0.0.77": 1, "127.0.0.78": 3} {
		for i := range most + 1 {
			p := w.probeFrom(from)
			p.ask("a", "octet")
			if i == most {
				p.expect("ERROR 3 TFTP process allocation exceeded")
				continue
			}
			p.expect("DATA 1 512")
			p.ack(1)
			p.expect("DATA 2 512")
		}
	}
}

// A branch that asks at once is looked up as fast as it goes; no request is
// dropped because more came than can be looked up at a time.
func TestBurstWaitsAtTheDoor(t *testing.T) {
	w := serve(t, testSet{settings: settings{MaxLookups: 64, MaxPerClient: 4096, RTOInitial: 20 * time.Second, RTOMax: 20 * time.Second}}, map[string][]byte{"a": []byte("x")})
	var all []*probe
	for range 400 {
		all = append(all, w.probe())
	}
	for _, p := range all {
		p.ask("a", "octet")
	}
	for _, p := range all {
		p.expect("DATA 1 1")
		p.ack(1)
	}
	if c := w.Counters(); c.Dropped != 0 || c.Requests != 400 {
		t.Errorf("%+v", c)
	}
}
