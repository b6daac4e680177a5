package tftp

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
)

func TestEndings(t *testing.T) {
	for _, set := range []testSet{{}, {Config: Config{SinglePort: true}}, {Config: Config{PortLow: 21200, PortHigh: 21250}}} {
		files := map[string][]byte{}
		for _, n := range []int{0, 1, 511, 512, 513, 1024, 100_000} {
			files[fmt.Sprint(n)] = fileOf(n)
		}
		w := serve(t, set, files)
		for name, content := range files {
			for _, o := range []string{"", "blksize=8 windowsize=64", "blksize=512", "blksize=1428 windowsize=3", "blksize=65464"} {
				p := w.probe()
				if got := p.fetch(name, "octet", strings.Fields(o)...); !bytes.Equal(got, content) {
					t.Errorf("%s with %q: %d octets", name, o, len(got))
				}
				if set.SinglePort != (p.tid.Port() == w.at.Port()) && p.tid.IsValid() {
					t.Errorf("%+v served from %v", set, p.tid)
				}
			}
		}
		w.until("the end", func() bool { return w.Counters().RequestsInProgress == 0 })
		if c := w.Counters(); c.RequestsProcessed != c.Requests || c.UnknownTID != 0 {
			t.Errorf("%+v: %+v", set, c)
		}
	}
}

// Beyond 65535 blocks, two wraps, in small and in phone-size blocks.
func TestRollOver(t *testing.T) {
	small, large := fileOf(8*140_000+5), fileOf(65_536*512+100)
	w := serve(t, testSet{}, map[string][]byte{"small": small, "large": large})
	if got := w.probe().fetch("small", "octet", "blksize=8", "windowsize=32"); !bytes.Equal(got, small) {
		t.Errorf("small file: %d octets", len(got))
	}
	if testing.Short() || raceDetector {
		t.Skip("the long file is left out")
	}
	if got := w.probe().fetch("large", "octet", "windowsize=16"); !bytes.Equal(got, large) {
		t.Errorf("large file: %d octets", len(got))
	}
}

func TestDataPhase(t *testing.T) {
	everyMode(t, patient, func(t *testing.T, set testSet) {
		w := serve(t, set, map[string][]byte{"a": fileOf(2000)})
		p := w.probe()
		p.ask("a", "octet")
		p.expect("DATA 1 512")
		p.ack(1)
		p.expect("DATA 2 512")
		for range 3 {
			p.ack(1)
		}
		p.ack(9)
		p.silence(quiet)

		stranger := w.probe()
		stranger.sendTo(p.tid, ackPacket(2))
		stranger.expect("ERROR 5 Unknown transfer ID")
		stranger.sendTo(p.tid, []byte("\x00\x05\x00\x00die\x00"))
		stranger.silence(quiet)
		p.ack(2)
		p.expect("DATA 3 512")

		p.sendTo(p.tid, []byte("\x00\x05\x00\x00bye\x00"))
		p.silence(quiet)
		w.until("the end", func() bool { return w.Counters().RequestsAborted == 1 })
		c := w.Counters()
		if c.RequestsAborted != 1 || c.DuplicateAcks != 3 || c.UnknownTID != 1 || c.SegmentsAcknowledged != 2 {
			t.Errorf("%+v", c)
		}
		if r := w.result(0); r.Complete || r.Bytes != 1024 || r.Why != "the client sent error 0" {
			t.Errorf("%+v", r)
		}
	})
}

func TestRetransmission(t *testing.T) {
	everyMode(t, testSet{}, func(t *testing.T, set testSet) {
		w := serve(t, set, map[string][]byte{"a": fileOf(2000)})
		p := w.probe()
		p.ask("a", "octet")
		p.expect("DATA 1 512")
		p.ack(1)
		p.expect("DATA 2 512")
		begin := time.Now()
		p.expect("DATA 2 512")
		if d := time.Since(begin); d < 100*time.Millisecond {
			t.Errorf("repeated after %v", d)
		}
		p.ack(2)
		p.expect("DATA 3 512")
		p.ack(3)
		p.expect("DATA 4 464")
		p.ack(4)
		w.until("the end", func() bool { return w.Counters().RequestsProcessed == 1 })
		if c := w.Counters(); c.Retransmits != 1 || w.result(0).Retransmits != 1 {
			t.Errorf("%+v", c)
		}
		if l := w.Clients(); len(l) != 1 || l[0].RTT <= 0 || l[0].Requests != 1 {
			t.Errorf("clients %+v", l)
		}
	})
}

// The last acknowledgement lost, on the wire, with a short patience.
func TestLastAckLost(t *testing.T) {
	w := serve(t, testSet{settings: settings{RTOMin: 10 * time.Millisecond, RTOMax: 20 * time.Millisecond, RTOInitial: 20 * time.Millisecond, GiveUp: time.Second}},
		map[string][]byte{"a": fileOf(600)})
	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	p.ack(1)
	w.until("the end", func() bool { return w.Counters().RequestsProcessed == 1 })
	if r := w.result(0); !r.Complete || r.Bytes != 600 || r.Retransmits < 6 {
		t.Errorf("%+v", r)
	}
}

func TestWindowGap(t *testing.T) {
	everyMode(t, patient, func(t *testing.T, set testSet) {
		w := serve(t, set, map[string][]byte{"a": fileOf(8 * 20)})
		p := w.probe()
		p.ask("a", "octet", "blksize=8", "windowsize=4")
		if !set.Config.Windows() { // the ports are too few to be a secret
			p.expect("OACK blksize 8 windowsize 1")
			return
		}
		p.expect("OACK blksize 8 windowsize 4")
		p.ack(0)
		for n := 1; n <= 4; n++ {
			p.expect(fmt.Sprintf("DATA %d 8", n))
		}
		p.ack(2) // 3 was lost
		for n := 3; n <= 6; n++ {
			p.expect(fmt.Sprintf("DATA %d 8", n))
		}
		p.ack(6)
		p.expect("DATA 7 8")
	})
}

func TestTransferNetascii(t *testing.T) {
	text := bytes.Repeat([]byte("line of text\nand one with \r in it\r\n"), 200)
	w := serve(t, testSet{}, map[string][]byte{"a": text, "empty": nil})
	for _, o := range []string{"", "blksize=8", "blksize=9 windowsize=16", "tsize=0"} {
		if got := w.probe().fetch("a", "netascii", strings.Fields(o)...); !bytes.Equal(got, toNetascii(text)) {
			t.Errorf("%q: %d octets", o, len(got))
		}
	}
	if got := w.probe().fetch("empty", "netascii"); len(got) != 0 {
		t.Errorf("empty: %q", got)
	}
}

func TestRepeatedRequest(t *testing.T) {
	everyMode(t, patient, func(t *testing.T, set testSet) {
		w := serve(t, set, map[string][]byte{"a": fileOf(2000)})
		release := make(chan struct{})
		w.mu.Lock()
		w.openFunc = func(_ context.Context, r fileserver.Request) (*fileserver.File, error) {
			<-release
			return &fileserver.File{Name: r.Name, Size: 2000, Content: bytes.NewReader(w.files["a"])}, nil
		}
		w.mu.Unlock()
		p := w.probe()
		p.ask("a", "octet")
		p.ask("a", "octet") // 78/88xx ask again after half a second
		p.ask("a", "octet")
		w.until("the repeats", func() bool { return w.Counters().DuplicateRequests == 2 })
		close(release)
		p.expect("DATA 1 512")
		tid := p.tid
		p.silence(quiet)
		p.ask("a", "octet") // before the first ACK: maybe DATA 1 was lost
		p.expect("DATA 1 512")
		if p.tid != tid {
			t.Errorf("%v and %v", tid, p.tid)
		}
		p.ack(1)
		p.expect("DATA 2 512")
		p.ask("a", "octet") // after it: a late copy
		p.silence(quiet)
		w.mu.Lock()
		defer w.mu.Unlock()
		if c := w.Counters(); c.Requests != 1 || len(w.asked) != 1 || c.DuplicateRequests != 4 {
			t.Errorf("%+v, looked up %d times", c, len(w.asked))
		}
	})
}

func TestNewRequestFromSamePort(t *testing.T) {
	everyMode(t, patient, func(t *testing.T, set testSet) {
		w := serve(t, set, map[string][]byte{"a": fileOf(2000), "b": []byte("bb")})
		p := w.probe()
		p.ask("a", "octet")
		p.expect("DATA 1 512")
		p.ack(1)
		p.expect("DATA 2 512")
		p.ask("b", "octet")
		p.expect("DATA 1 2")
		p.ack(1)
		p.silence(quiet)
		w.until("the end", func() bool { return w.Counters().RequestsProcessed == 1 })
		c := w.Counters()
		if c.RequestsProcessed != 1 || c.RequestsAborted != 1 {
			t.Errorf("%+v", c)
		}
	})
}

// A client may use one port for one file after the other. Its next request may
// be read before its last acknowledgement, which goes to another socket.
func TestNextFileOvertakesLastAck(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": fileOf(600), "b": []byte("bb")})
	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	p.ack(1)
	p.expect("DATA 2 88")
	p.ask("a", "octet") // the same once more
	w.until("the request", func() bool { return w.Counters().DuplicateRequests == 1 })
	p.ack(2)
	p.expect("DATA 1 512")
	p.ack(1)
	p.expect("DATA 2 88")
	p.ask("b", "octet") // another
	p.expect("DATA 1 2")
	p.ack(1)
	w.until("the end", func() bool { return w.Counters().RequestsProcessed == 3 })
	if c := w.Counters(); c.Requests != 3 {
		t.Errorf("%+v", c)
	}
}

// Answers leave from the address that was asked.
func TestAddressOfAnswer(t *testing.T) {
	for _, set := range []testSet{{}, {Config: Config{SinglePort: true}}} {
		w := newWorld(t, set, map[string][]byte{"a": fileOf(600)})
		w.serveOn("0.0.0.0:0")
		for _, to := range []string{"127.0.0.1", "127.0.0.2", "127.9.8.7"} {
			p := w.probe()
			p.at = netip.AddrPortFrom(netip.MustParseAddr(to), w.at.Port())
			p.ask("a", "octet")
			p.expect("DATA 1 512")
			if p.tid.Addr().String() != to {
				t.Errorf("asked %s, answered by %s", to, p.tid)
			}
			p.ack(1)
			p.expect("DATA 2 88")
			p.ack(2)
			p = w.probe()
			p.at = netip.AddrPortFrom(netip.MustParseAddr(to), w.at.Port())
			p.ask("missing", "octet")
			p.expect("ERROR 1 No such file")
			if p.tid.Addr().String() != to {
				t.Errorf("asked %s, refused by %s", to, p.tid)
			}
		}
		w.mu.Lock()
		if got := w.asked[2].Local; got != netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), w.at.Port()) {
			t.Errorf("the lookup was told %v", got)
		}
		w.mu.Unlock()
	}
}

// The address of an answer for IPv6, and for IPv4 clients of a dual-stack socket.
func TestDualStack(t *testing.T) {
	w := newWorld(t, testSet{}, map[string][]byte{"a": []byte("x")})
	w.serveOn("[::]:0")
	for _, c := range []struct{ network, to string }{{"udp6", "::1"}, {"udp4", "127.0.0.1"}, {"udp4", "127.0.0.9"}} {
		conn, err := net.ListenUDP(c.network, nil)
		if err != nil {
			t.Skip(err)
		}
		defer conn.Close()
		p := &probe{t: t, conn: conn, at: netip.AddrPortFrom(netip.MustParseAddr(c.to), w.at.Port())}
		p.ask("a", "octet")
		p.expect("DATA 1 1")
		if p.tid.Addr().String() != c.to {
			t.Errorf("asked %s, answered by %v", c.to, p.tid)
		}
		p.ack(1)
	}
	w.until("the end", func() bool { return w.Counters().RequestsProcessed == 3 })
	// A socket of the pool that no IPv6 client has used yet.
	conn, err := net.ListenUDP("udp6", nil)
	if err != nil {
		t.Skip(err)
	}
	defer conn.Close()
	for _, place := range w.set.Places()[1:] {
		to := netip.AddrPortFrom(netip.MustParseAddr("::1"), uint16(place.Value.port.Load()))
		p := &probe{t: t, conn: conn, at: to, tid: to}
		p.ack(7)
		p.expect("ERROR 5 Unknown transfer ID")
		if p.tid != to {
			t.Errorf("asked %v, answered by %v", to, p.tid)
		}
	}
}
