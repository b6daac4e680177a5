package tftp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	testTimeouts = timeouts{initial: time.Second, floor: 150 * time.Millisecond, ceiling: 8 * time.Second}
	testPatience = patience{tries: 6, idle: 30 * time.Second, limit: 300 * time.Second}
)

func fileOf(n int) []byte {
	b := make([]byte, n)
	r := rand.NewPCG(1, uint64(n))
	for i := range b {
		b[i] = byte(r.Uint64())
	}
	return b
}

func senderOf(content []byte, block, window int, options ...option) *sender {
	a := agreed{blockSize: block, window: window, oack: options}
	src := newOctets(bytes.NewReader(content), int64(len(content)), block)
	s := newSender(0, src, a, testTimeouts, testPatience, known{})
	return &s
}

// sendAll emits what is due and returns the numbers on the wire, -1 for OACK.
func sendAll(t *testing.T, s *sender, now time.Duration) (sent []int) {
	t.Helper()
	for s.more() {
		p, err := s.emit(now, make([]byte, 0, s.need()))
		if err != nil {
			t.Fatal(err)
		}
		if opcode(p) == opOACK {
			sent = append(sent, -1)
		} else {
			sent = append(sent, int(binary.BigEndian.Uint16(p[2:])))
		}
	}
	return sent
}

func expectSent(t *testing.T, got []int, want ...int) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("sent (-want +got): %s", d)
	}
}

func TestSenderLockStep(t *testing.T) {
	s := senderOf(fileOf(1024), 512, 1) // an exact multiple: blocks 1, 2 and an empty 3
	now := time.Duration(0)
	expectSent(t, sendAll(t, s, now), 1)
	for n := uint16(1); n <= 2; n++ {
		now += 10 * time.Millisecond
		if v := s.ack(now, n); v != progress {
			t.Fatalf("ACK %d: %v", n, v)
		}
		expectSent(t, sendAll(t, s, now), int(n)+1)
		for range 3 { // never a DATA for an old ACK
			if v := s.ack(now, n); v != duplicate || s.more() {
				t.Fatalf("second ACK %d: %v", n, v)
			}
		}
		if v := s.ack(now, 9); v != ignored || s.more() {
			t.Fatalf("ACK of the future: %v", v)
		}
	}
	if v := s.ack(now, 3); v != done {
		t.Fatalf("last ACK: %v", v)
	}
	if s.rtt.smoothed < 5*time.Millisecond || s.rtt.smoothed > 10*time.Millisecond {
		t.Errorf("RTT %v", s.rtt.smoothed)
	}
}

func TestSenderOACK(t *testing.T) {
	s := senderOf(fileOf(10), 8, 4, option{"blksize", "8"})
	expectSent(t, sendAll(t, s, 0), -1)
	if v := s.ack(0, 1); v != ignored {
		t.Fatalf("ACK 1 of an OACK: %v", v)
	}
	if v := s.timeout(s.deadline); v != resend {
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, time.Second), -1)
	if v := s.ack(time.Second, 0); v != progress {
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, time.Second), 1, 2)
	if v := s.ack(time.Second, 2); v != done {
		t.Fatal(v)
	}
}

func TestSenderWindow(t *testing.T) {
	ms := time.Millisecond
	s := senderOf(fileOf(8*10), 8, 4, option{"windowsize", "4"}) // blocks 1..10 and an empty 11
	sendAll(t, s, 0)
	s.ack(10*ms, 0)
	expectSent(t, sendAll(t, s, 10*ms), 1, 2, 3, 4)
	if v := s.ack(20*ms, 2); v != resend { // 3 was lost: on from there at once
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 20*ms), 3, 4, 5, 6)
	for range 2 { // 3 and 4 were sent again: a client may acknowledge each copy
		if v := s.ack(21*ms, 2); v != duplicate {
			t.Fatal(v)
		}
	}
	if v := s.ack(27*ms, 2); v != duplicate { // too early to be an answer
		t.Fatal(v)
	}
	if v := s.ack(29*ms, 2); v != resend { // 3 was lost again
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 29*ms), 3, 4, 5, 6)
	if v := s.ack(30*ms, 2); v != duplicate {
		t.Fatal(v)
	}
	if v := s.ack(45*ms, 2); v != resend { // and again: for as long as it takes
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 45*ms), 3, 4, 5, 6)
	s.ack(50*ms, 6)
	expectSent(t, sendAll(t, s, 50*ms), 7, 8, 9, 10)
	// In the middle of the window, but soon after a rewind: what follows is on
	// its way. On without a repetition.
	if v := s.ack(51*ms, 8); v != progress {
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 51*ms), 11)
	if v := s.ack(60*ms, 9); v != resend { // later it is believed at once
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 60*ms), 10, 11) // the last window is partial
	if v := s.ack(70*ms, 11); v != done {
		t.Fatal(v)
	}
}

// A window of one is never sent again for an acknowledgement, however late.
func TestSenderApprentice(t *testing.T) {
	s := senderOf(fileOf(2000), 512, 1)
	sendAll(t, s, 0)
	s.ack(10*time.Millisecond, 1)
	expectSent(t, sendAll(t, s, 10*time.Millisecond), 2)
	for d := range 100 {
		if v := s.ack(time.Duration(10+d)*time.Millisecond, 1); v != duplicate || s.more() {
			t.Fatal(v)
		}
	}
}

// After a time-out less of the window is sent, and all of it after progress.
func TestSenderWindowShrinks(t *testing.T) {
	s := senderOf(fileOf(8*300), 8, 64, option{"windowsize", "64"})
	sendAll(t, s, 0)
	s.ack(0, 0)
	var n []int
	for range 5 {
		n = append(n, len(sendAll(t, s, s.deadline)))
		s.timeout(s.deadline)
	}
	expectSent(t, n, 64, 16, 4, 1, 1)
	s.ack(s.deadline, 1)
	if got := len(sendAll(t, s, s.deadline)); got != 64 {
		t.Errorf("%d blocks after progress", got)
	}
}

// Three packets to one that was never heard of, at 0, 1 and 4 s; but it is
// listened to for the full time: a phone may erase its flash first.
func TestSenderUnvalidated(t *testing.T) {
	for _, options := range [][]option{nil, {{"tsize", "2000"}}} {
		s := senderOf(fileOf(2000), 512, 1, options...)
		var at []time.Duration
		now := time.Duration(0)
		for {
			for range sendAll(t, s, now) {
				at = append(at, now)
			}
			late := *s
			if late.ack(s.deadline, uint16(1-len(options))) != progress {
				t.Fatalf("an acknowledgement at %v is ignored", s.deadline)
			}
			now = s.deadline
			if s.timeout(now) == gaveUp {
				break
			}
		}
		if s.repeat(now) {
			t.Error("a repeated request draws a fourth packet")
		}
		if len(at) != unvalidatedPackets || at[1] != time.Second || at[2] != 4*time.Second || s.packets != unvalidatedPackets {
			t.Errorf("packets at %v, %d in all", at, s.packets)
		}
		if now < 30*time.Second || now > 35*time.Second {
			t.Errorf("listened for %v", now)
		}
	}
}

// An address that has answered before gets all the tries there are.
func TestSenderAnsweredBefore(t *testing.T) {
	a := agreed{blockSize: 512, window: 1}
	s := newSender(0, newOctets(bytes.NewReader(fileOf(2000)), 2000, 512), a, testTimeouts, testPatience, known{answered: true})
	now := time.Duration(0)
	for {
		sendAll(t, &s, now)
		now = s.deadline
		if s.timeout(now) == gaveUp {
			break
		}
	}
	if s.packets <= unvalidatedPackets+2 || now < 30*time.Second {
		t.Errorf("%d packets in %v", s.packets, now)
	}
}

// Back-off doubles up to 8 s, so that the timer of 5 s of a client that
// starts it anew at every packet runs out; a client that was heard gets 6 tries
// and 30 s.
func TestSenderGivesUp(t *testing.T) {
	s := senderOf(fileOf(2000), 512, 1)
	sendAll(t, s, 0)
	s.ack(500*time.Millisecond, 1)
	sendAll(t, s, 500*time.Millisecond)
	var waits []time.Duration
	now := 500 * time.Millisecond
	for {
		waits = append(waits, s.deadline-now)
		now = s.deadline
		if s.timeout(now) == gaveUp {
			break
		}
		sendAll(t, s, now)
	}
	if waits[0] != 1500*time.Millisecond || waits[1] != 3*time.Second || waits[2] != 6*time.Second || waits[3] != 8*time.Second {
		t.Errorf("waits %v", waits)
	}
	if idle := now - 500*time.Millisecond; idle < 30*time.Second || idle > 45*time.Second {
		t.Errorf("gave up after %v", idle)
	}
}

// Only the last acknowledgement is missing.
func TestSenderLastAckLost(t *testing.T) {
	s := senderOf(fileOf(600), 512, 1)
	sendAll(t, s, 0)
	s.ack(0, 1)
	sendAll(t, s, 0)
	for range 20 {
		switch v := s.timeout(s.deadline); v {
		case resend:
			expectSent(t, sendAll(t, s, s.deadline), 2)
		case doneUnsure:
			if s.retransmits != 6 {
				t.Errorf("%d retransmissions", s.retransmits)
			}
			return
		default:
			t.Fatal(v)
		}
	}
	t.Fatal("no end")
}

// Karn: an answer to a packet sent twice says nothing about the round trip. It
// is progress all the same, and the back-off ends.
func TestSenderKarn(t *testing.T) {
	ms := time.Millisecond
	s := senderOf(fileOf(5000), 512, 1)
	sendAll(t, s, 0)
	s.ack(10*ms, 1)
	sendAll(t, s, 10*ms)
	if d := s.deadline - 10*ms; d != 150*ms {
		t.Fatalf("RTO %v", d)
	}
	s.timeout(160 * ms)
	sendAll(t, s, 160*ms)
	before := s.rtt
	s.ack(161*ms, 2)
	if s.rtt != before {
		t.Error("an ambiguous answer was measured")
	}
	sendAll(t, s, 161*ms)
	if d := s.deadline - 161*ms; d != 150*ms {
		t.Errorf("RTO after a loss %v", d)
	}
}

// C8: `timeout` is the first time-out, never undercut by a measurement, and
// doubles to at least 8 s.
func TestSenderTimeoutOption(t *testing.T) {
	for seconds, want := range map[int][]time.Duration{2: {2, 4, 8, 8}, 5: {5, 8, 8}, 20: {20, 20}} {
		a := agreed{blockSize: 512, window: 1, timeout: time.Duration(seconds) * time.Second, oack: []option{{"timeout", "2"}}}
		s := newSender(0, newOctets(bytes.NewReader(fileOf(2000)), 2000, 512), a, testTimeouts, testPatience, known{rtt: rtt{smoothed: time.Millisecond}})
		sendAll(t, &s, 0)
		s.ack(time.Millisecond, 0)
		now := time.Millisecond
		sendAll(t, &s, now)
		for i, d := range want {
			if got := s.deadline - now; got != d*time.Second {
				t.Errorf("timeout %d, gap %d: %v", seconds, i, got)
			}
			now = s.deadline
			s.timeout(now)
			sendAll(t, &s, now)
		}
	}
}

// More than two wraps of the 16-bit number, with windows that span the wrap.
func TestSenderRollsOver(t *testing.T) {
	content := fileOf(8*140_000 + 3)
	for _, window := range []int{1, 7, 64} {
		s := senderOf(content, 8, window)
		s.validated = true
		var got bytes.Buffer
		now := time.Duration(0)
		buf := make([]byte, 0, s.need())
		expect := uint64(1)
		for {
			for s.more() {
				p, err := s.emit(now, buf)
				if err != nil {
					t.Fatal(err)
				}
				if n := binary.BigEndian.Uint16(p[2:]); n != uint16(expect) {
					t.Fatalf("block %d, expected %d", n, expect)
				}
				got.Write(p[headerSize:])
				expect++
			}
			now += time.Millisecond
			if s.ack(now, uint16(expect-1)) == done {
				break
			}
		}
		if !bytes.Equal(got.Bytes(), content) || s.retransmits != 0 || s.sent != int64(len(content)) {
			t.Errorf("window %d: %d octets, %d retransmissions", window, got.Len(), s.retransmits)
		}
	}
}
