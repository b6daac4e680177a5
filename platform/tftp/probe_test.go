package tftp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
)

// patient keeps retransmissions out of tests that are about something else.
var patient = Settings{RTOInitial: 20 * time.Second, RTOMin: 20 * time.Second, RTOMax: 20 * time.Second, GiveUp: time.Minute}

// The names C1..C48 are the conformance checks of the project. These tests see
// packets; what the state machine does with time is in sender_test.go.

func TestC01MissingFile(t *testing.T) {
	w := serve(t, Settings{}, nil)
	p := w.probe()
	p.ask("CTLSEP001E7A000001.tlv", "octet")
	p.expect("ERROR 1 No such file") // no path of the host, whatever the Opener says
	w.until("the count", func() bool { return w.Counters().RequestsNotFound == 1 })
}

func TestAnswersToErrors(t *testing.T) {
	w := serve(t, patient, nil)
	for _, c := range []struct {
		err  error
		want string
	}{
		{fileserver.ErrNotFound, "ERROR 1 No such file"},
		{fileserver.ErrDenied, "ERROR 2 Access violation"},
		{fileserver.ErrBusy, "ERROR 3 TFTP process allocation exceeded"},
		{fileserver.ErrMalformed, "ERROR 4 Illegal operation"},
		{errors.New("open /secret: out of files"), "ERROR 3 TFTP process allocation exceeded"},
		{context.DeadlineExceeded, "ERROR 3 TFTP process allocation exceeded"},
	} {
		w.mu.Lock()
		w.openFunc = func(context.Context, fileserver.Request) (*fileserver.File, error) {
			return nil, fmt.Errorf("lookup: %w", c.err)
		}
		w.mu.Unlock()
		p := w.probe()
		p.ask("a", "octet")
		p.expect(c.want)
		p.sendTo(p.tid, ackPacket(1)) // C20: what has ended stays quiet
		p.silence(quiet)
	}
	c := w.Counters()
	if c.RequestsNotFound != 3 || c.Denied != 1 || c.RequestsOverflow != 3 {
		t.Errorf("%+v", c)
	}
}

func TestC02Modes(t *testing.T) {
	w := serve(t, Settings{}, map[string][]byte{"a": []byte("x\n")})
	for mode, want := range map[string]string{"octet": "DATA 1 2", "OCTET": "DATA 1 2", "oCtEt": "DATA 1 2",
		"netascii": "DATA 1 3", "NetAscii": "DATA 1 3", "mail": "ERROR 4 Illegal operation", "foo": "ERROR 4 Illegal operation"} {
		p := w.probe()
		p.ask("a", mode)
		p.expect(want)
		if strings.HasPrefix(want, "DATA") {
			p.ack(1)
		}
	}
}

func TestC03to09Options(t *testing.T) {
	w := serve(t, Settings{}, map[string][]byte{"a": fileOf(5000), "empty": nil})
	for _, c := range []struct{ name, options, want string }{
		{"a", "", "DATA 1 512"},
		{"a", "blksize=1428 tsize=0 timeout=3 windowsize=4", "OACK blksize 1428 tsize 5000 timeout 3 windowsize 4"},
		{"a", "WindowSize=4 TSIZE=0 BlkSize=8", "OACK WindowSize 4 TSIZE 5000 BlkSize 8"},
		{"a", "foo=1 tsize=0 bar=2", "OACK tsize 5000"},
		{"a", "foo=1 bar=2", "DATA 1 512"},
		{"a", "blksize=8", "OACK blksize 8"},
		{"a", "blksize=511", "OACK blksize 511"},
		{"a", "blksize=512", "OACK blksize 512"},
		{"a", "blksize=65464", "OACK blksize 65464"}, // the MTU of lo allows it
		{"a", "blksize=65465", "OACK blksize 65464"},
		{"a", "blksize=7", "DATA 1 512"},
		{"a", "blksize=abc", "DATA 1 512"},
		{"a", "blksize=-1", "DATA 1 512"},
		{"a", "blksize=0512", "DATA 1 512"},
		{"empty", "tsize=0", "OACK tsize 0"},
		{"a", "timeout=255", "OACK timeout 255"},
		{"a", "timeout=0", "DATA 1 512"},
		{"a", "timeout=256", "DATA 1 512"},
		{"a", "windowsize=65535", "OACK windowsize 64"},
		{"a", "windowsize=0", "DATA 1 512"},
		{"a", "blksize=600 blksize=700", "OACK blksize 600"},
	} {
		p := w.probe()
		p.ask(c.name, "octet", strings.Fields(c.options)...)
		if got := show(p.read(5 * time.Second)); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.name, c.options, got, c.want)
		}
		p.sendTo(p.tid, []byte("\x00\x05\x00\x08no\x00")) // ERROR 8 ends a negotiation
		p.silence(5 * time.Millisecond)
	}
	w.until("the aborts", func() bool { return w.Counters().RequestsInProgress == 0 })
}

// C6: on an Ethernet of 1500 the block of one packet is 1468, for IPv6 1448.
func TestC06BlockSizeCap(t *testing.T) {
	for _, c := range []struct{ network, at, want string }{
		{"udp4", "127.0.0.1:0", "OACK blksize 1468"},
		{"udp6", "[::1]:0", "OACK blksize 1448"},
	} {
		w := newWorld(t, Settings{}, map[string][]byte{"a": fileOf(5000)})
		w.devices = newDevices(func(int) (string, int) { return "GigabitEthernet0/0", 1500 })
		w.serveOn(c.network, c.at)
		p := w.probe()
		p.ask("a", "octet", "blksize=8192")
		p.expect(c.want)
	}
}

func TestC10to12Requests(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": []byte("x")})
	p := w.probe()
	p.sendTo(p.at, []byte("\x00\x01a\x00octet\x00\x00")) // C11
	p.expect("DATA 1 1")
	p.ack(1)
	for packet, answer := range map[string]string{
		"\x00\x01a":                    "ERROR 4 Illegal operation",
		"\x00\x01a\x00":                "ERROR 4 Illegal operation",
		"\x00\x01a\x00octet":           "ERROR 4 Illegal operation",
		"\x00\x01\x00octet\x00":        "ERROR 4 Illegal operation",
		"\x00\x00a\x00octet\x00":       "ERROR 4 Illegal operation",
		"\x00\x09a\x00octet\x00":       "ERROR 4 Illegal operation",
		"\x00\x06blksize\x008\x00":     "ERROR 4 Illegal operation",
		"\x00\x04\x00\x01":             "ERROR 5 Unknown transfer ID",
		"\x00\x03\x00\x01data":         "ERROR 5 Unknown transfer ID",
		"\x00\x05\x00\x00an error":     "",
		"\x00":                         "",
		"":                             "",
		"\x00\x05":                     "",
		"\x00\x02a\x00octet\x00":       "ERROR 2 Access violation", // C37
		"\x00\x02a\x00octet\x00bl\x00": "ERROR 2 Access violation",
	} {
		p := w.probe()
		p.sendTo(p.at, []byte(packet))
		if answer == "" {
			p.silence(20 * time.Millisecond)
		} else {
			p.expect(answer)
		}
	}
	if c := w.Counters(); c.Requests != 1 || c.WriteRequests != 2 || c.UnknownTID != 2 {
		t.Errorf("%+v", c)
	}
}

func TestC13RequestLength(t *testing.T) {
	name := strings.Repeat("n", 512-2-1-6)
	w := serve(t, Settings{}, map[string][]byte{name: []byte("x"), name + "n": []byte("x")})
	p := w.probe()
	p.ask(name, "octet")
	p.expect("DATA 1 1")
	p.ack(1)
	p = w.probe()
	p.ask(name+"n", "octet")
	p.expect("ERROR 4 Illegal operation")
}

// C14: a server is not to be found by shouting. Needs a socket on all
// addresses; 127.255.255.255 is the broadcast address of the loopback.
func TestC14Broadcast(t *testing.T) {
	w := newWorld(t, patient, map[string][]byte{"a": []byte("x")})
	w.serveOn("udp4", "0.0.0.0:0")
	p := w.probe()
	p.sendTo(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), w.at.Port()), rrq("a", "octet"))
	p.expect("DATA 1 1")
	p.ack(1)
	p = w.probe()
	to := netip.AddrPortFrom(netip.MustParseAddr("127.255.255.255"), w.at.Port())
	if _, err := p.conn.WriteToUDPAddrPort(rrq("a", "octet"), to); err != nil {
		t.Skipf("no broadcast on the loopback: %v", err)
	}
	p.silence(quiet)
	w.until("the count", func() bool { return w.Counters().Broadcasts == 1 })
}

func TestC15Endings(t *testing.T) {
	for _, set := range []Settings{{}, {SinglePort: true}, {PortLow: 21200, PortHigh: 21250}} {
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

// C16: beyond 65535 blocks, two wraps, in small and in phone-size blocks.
func TestC16RollOver(t *testing.T) {
	small, large := fileOf(8*140_000+5), fileOf(65_536*512+100)
	w := serve(t, Settings{}, map[string][]byte{"small": small, "large": large})
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

func TestC17to20DataPhase(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": fileOf(2000)})
	p := w.probe()
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	p.ack(1)
	p.expect("DATA 2 512")
	for range 3 {
		p.ack(1) // C17
	}
	p.ack(9) // C18
	p.silence(quiet)

	stranger := w.probe() // C19
	stranger.sendTo(p.tid, ackPacket(2))
	stranger.expect("ERROR 5 Unknown transfer ID")
	stranger.sendTo(p.tid, []byte("\x00\x05\x00\x00die\x00"))
	stranger.silence(quiet)
	p.ack(2)
	p.expect("DATA 3 512")

	p.sendTo(p.tid, []byte("\x00\x05\x00\x00bye\x00")) // C20
	p.silence(quiet)
	w.until("the end", func() bool { return w.Counters().RequestsAborted == 1 })
	c := w.Counters()
	if c.RequestsAborted != 1 || c.DuplicateAcks != 3 || c.UnknownTID != 1 || c.SegmentsAcknowledged != 2 {
		t.Errorf("%+v", c)
	}
	if r := w.result(0); r.Complete || r.Bytes != 1024 || r.Why != "the client sent error 0" {
		t.Errorf("%+v", r)
	}
}

func TestC21Retransmission(t *testing.T) {
	w := serve(t, Settings{}, map[string][]byte{"a": fileOf(2000)})
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
}

// C23 on the wire, with a short patience.
func TestC23LastAckLost(t *testing.T) {
	w := serve(t, Settings{RTOMin: 10 * time.Millisecond, RTOMax: 20 * time.Millisecond, RTOInitial: 20 * time.Millisecond, GiveUp: time.Second},
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

func TestC24WindowGap(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": fileOf(8 * 20)})
	p := w.probe()
	p.ask("a", "octet", "blksize=8", "windowsize=4")
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
}

func TestC25Netascii(t *testing.T) {
	text := bytes.Repeat([]byte("line of text\nand one with \r in it\r\n"), 200)
	w := serve(t, Settings{}, map[string][]byte{"a": text, "empty": nil})
	for _, o := range []string{"", "blksize=8", "blksize=9 windowsize=16", "tsize=0"} {
		if got := w.probe().fetch("a", "netascii", strings.Fields(o)...); !bytes.Equal(got, toNetascii(text)) {
			t.Errorf("%q: %d octets", o, len(got))
		}
	}
	if got := w.probe().fetch("empty", "netascii"); len(got) != 0 {
		t.Errorf("empty: %q", got)
	}
}

func TestC26RepeatedRequest(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": fileOf(2000)})
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
}

func TestC27NewRequestFromSamePort(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": fileOf(2000), "b": []byte("bb")})
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
}

// C28: answers leave from the address that was asked.
func TestC28AddressOfAnswer(t *testing.T) {
	for _, set := range []Settings{{}, {SinglePort: true}} {
		w := newWorld(t, set, map[string][]byte{"a": fileOf(600)})
		w.serveOn("udp4", "0.0.0.0:0")
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

// C28 for IPv6, and for IPv4 clients of a dual-stack socket.
func TestC28DualStack(t *testing.T) {
	w := newWorld(t, Settings{}, map[string][]byte{"a": []byte("x")})
	w.serveOn("udp", "[::]:0")
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
}

// C35: at most three packets for one packet from somebody who never answers.
func TestC35Amplification(t *testing.T) {
	w := serve(t, Settings{RTOInitial: 20 * time.Millisecond, RTOMax: 40 * time.Millisecond}, map[string][]byte{"a": fileOf(2000)})
	for _, o := range []string{"", "blksize=1428 windowsize=8"} {
		p := w.probe()
		p.ask("a", "octet", strings.Fields(o)...)
		for range unvalidatedPackets {
			if p.read(time.Second) == nil {
				t.Fatal("too few")
			}
		}
		p.silence(300 * time.Millisecond)
	}
	w.until("the end", func() bool { return w.Counters().RequestsAborted == 2 })
}

func TestStrayErrorsAreLimited(t *testing.T) {
	w := serve(t, Settings{}, nil)
	p := w.probe()
	for range 200 {
		p.sendTo(p.at, []byte("\x00\x07junk"))
	}
	w.until("all of them", func() bool { return w.Counters().Malformed == 200 })
	n := 0
	for p.read(quiet) != nil {
		n++
	}
	if n > strayBurst+5 || n < strayBurst/2 {
		t.Errorf("%d answers", n)
	}
	if c := w.Counters(); c.RateLimited+uint64(n) != 200 {
		t.Errorf("%d answered, %+v", n, c)
	}
}

func TestLimitPerClient(t *testing.T) {
	w := serve(t, Settings{MaxPerClient: 3}, map[string][]byte{"a": fileOf(2000)})
	for i := range 5 {
		p := w.probe()
		p.ask("a", "octet")
		if i < 3 {
			p.expect("DATA 1 512")
		} else {
			p.expect("ERROR 3 TFTP process allocation exceeded")
		}
	}
	other := w.probeFrom("127.0.0.77")
	other.ask("a", "octet")
	other.expect("DATA 1 512")
	if c := w.Counters(); c.RequestsOverflow != 2 || c.RequestsInProgress != 4 {
		t.Errorf("%+v", c)
	}
	if s := w.Sessions(); len(s) != 4 || s[0].Name != "a" || s[0].Size != 2000 || s[0].BlockSize != 512 {
		t.Errorf("%+v", s)
	}
}

// Beyond MaxLookups a request is dropped: the client repeats it.
func TestLimitOfLookups(t *testing.T) {
	w := serve(t, Settings{MaxLookups: 2, RTOInitial: 20 * time.Second, RTOMax: 20 * time.Second}, map[string][]byte{"a": []byte("x")})
	release := make(chan struct{})
	w.mu.Lock()
	w.openFunc = func(_ context.Context, r fileserver.Request) (*fileserver.File, error) {
		<-release
		return &fileserver.File{Name: r.Name, Size: 1, Content: bytes.NewReader([]byte("x"))}, nil
	}
	w.mu.Unlock()
	p := []*probe{w.probe(), w.probe(), w.probe()}
	for i, p := range p {
		p.ask("a", "octet")
		w.until("the request", func() bool { return w.Counters().Requests == uint64(i+1) })
	}
	close(release)
	p[0].expect("DATA 1 1")
	p[1].expect("DATA 1 1")
	p[2].silence(quiet)
	if c := w.Counters(); c.Dropped != 1 || c.RequestsOverflow != 1 {
		t.Errorf("%+v", c)
	}
	w.until("a free place", func() bool { return w.lookups.Load() == 0 })
	p[2].ask("a", "octet")
	p[2].expect("DATA 1 1")
}

// badContent fails after some octets, by error or by panic.
type badContent struct {
	*bytes.Reader
	panics bool
}

func (b badContent) ReadAt(p []byte, off int64) (int, error) {
	if off < 512 {
		return b.Reader.ReadAt(p, off)
	}
	if b.panics {
		panic("broken file")
	}
	return 0, errors.New("read /secret/file: input/output error")
}

func TestReadError(t *testing.T) {
	w := serve(t, Settings{}, nil)
	for _, panics := range []bool{false, true} {
		w.mu.Lock()
		w.openFunc = func(_ context.Context, r fileserver.Request) (*fileserver.File, error) {
			return &fileserver.File{Name: r.Name, Size: 2000, Content: badContent{bytes.NewReader(fileOf(2000)), panics}}, nil
		}
		w.mu.Unlock()
		p := w.probe()
		p.ask("a", "octet")
		p.expect("DATA 1 512")
		p.ack(1)
		p.expect("ERROR 0 Read error")
	}
	w.mu.Lock()
	w.openFunc = func(context.Context, fileserver.Request) (*fileserver.File, error) { panic("broken lookup") }
	w.mu.Unlock()
	p := w.probe()
	p.ask("a", "octet")
	p.expect("ERROR 3 TFTP process allocation exceeded")
	if c := w.Counters(); c.ReadErrors != 2 || c.Panics != 2 || c.RequestsAborted != 2 {
		t.Errorf("%+v", c)
	}
}

// The lookup of a request that was replaced is told so, and its file returned.
func TestReplacedLookup(t *testing.T) {
	w := serve(t, Settings{}, map[string][]byte{"b": []byte("bb")})
	cancelled := make(chan struct{})
	w.mu.Lock()
	w.openFunc = func(ctx context.Context, r fileserver.Request) (*fileserver.File, error) {
		if r.Name == "slow" {
			<-ctx.Done()
			close(cancelled)
		}
		return &fileserver.File{Name: r.Name, Size: 2, Content: bytes.NewReader([]byte("bb"))}, nil
	}
	w.mu.Unlock()
	p := w.probe()
	p.ask("slow", "octet")
	w.until("the lookup", func() bool { return len(w.Sessions()) == 1 && w.Sessions()[0].Looking })
	p.ask("b", "octet")
	p.expect("DATA 1 2")
	<-cancelled
	p.ack(1)
	w.until("both ends", func() bool { return w.ended.Load() == 2 })
	if c := w.Counters(); c.RequestsAborted != 1 || c.RequestsProcessed != 1 {
		t.Errorf("%+v", c)
	}
}

func TestDebugLines(t *testing.T) {
	w := newWorld(t, Settings{Workers: 1}, map[string][]byte{"SEP001E7A000001.cnf.xml": fileOf(600)})
	w.devices = newDevices(func(int) (string, int) { return "GigabitEthernet0/0.302", 1500 })
	w.serveOn("udp4", "127.0.0.1:0")
	w.DebugPackets(true)
	p := w.probe()
	p.ask("CTLSEP001E7A000001.tlv", "octet")
	p.expect("ERROR 1 No such file")
	missingPort := p.conn.LocalAddr().(*net.UDPAddr).Port
	p = w.probe()
	p.fetch("SEP001E7A000001.cnf.xml", "octet")
	w.until("the end", func() bool { return w.ended.Load() == 1 })
	port := p.conn.LocalAddr().(*net.UDPAddr).Port
	w.Server.mu.Lock()
	tid := w.shards[0].port.Load()
	w.Server.mu.Unlock()
	want := fmt.Sprintf(`TFTP: Server request for port %[1]d, socket_id 0x00000001 for process %[3]d
TFTP: read request from host 127.0.0.1(%[1]d) via GigabitEthernet0/0.302
TFTP: Looking for CTLSEP001E7A000001.tlv
TFTP: Sending error 1 No such file
TFTP: Server request for port %[2]d, socket_id 0x00000002 for process %[3]d
TFTP: read request from host 127.0.0.1(%[2]d) via GigabitEthernet0/0.302
TFTP: Looking for SEP001E7A000001.cnf.xml
TFTP: Opened SEP001E7A000001.cnf.xml, fd 2, size 600 for process %[3]d
TFTP: Finished SEP001E7A000001.cnf.xml, time 00:00:00 for process %[3]d
`, missingPort, port, tid)
	if got := w.debugLines(topicEvents); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	packets := w.debugLines(topicPackets)
	for _, line := range []string{"Received read request, 32 octets", "Sending DATA block 2, 92 octets", "Received ACK 2, 4 octets", "Sending error 1 (No such file)"} {
		if !strings.Contains(packets, "TFTP: "+line) {
			t.Errorf("no %q in\n%s", line, packets)
		}
	}
}
