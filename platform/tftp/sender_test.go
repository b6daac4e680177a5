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
	testTimeouts = timeouts{initial: time.Second, floor: 150 * time.Millisecond, ceiling: 4 * time.Second}
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
	src := octets{r: bytes.NewReader(content), size: int64(len(content)), blockSize: int64(block)}
	s := newSender(0, src, a, testTimeouts, testPatience, rtt{})
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
		for range 3 { // C17: never a DATA for an old ACK
			if v := s.ack(now, n); v != duplicate || s.more() {
				t.Fatalf("second ACK %d: %v", n, v)
			}
		}
		if v := s.ack(now, 9); v != ignored || s.more() { // C18
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
	if v := s.ack(22*ms, 2); v != duplicate { // too early to be an answer to 5
		t.Fatal(v)
	}
	if v := s.ack(35*ms, 2); v != resend { // 3 was lost again
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 35*ms), 3, 4, 5, 6)
	if v := s.ack(50*ms, 2); v != duplicate { // once per window
		t.Fatal(v)
	}
	s.ack(50*ms, 6)
	expectSent(t, sendAll(t, s, 50*ms), 7, 8, 9, 10)
	// In the middle of the window, but it may be an echo: on without a repetition.
	if v := s.ack(51*ms, 8); v != progress {
		t.Fatal(v)
	}
	expectSent(t, sendAll(t, s, 51*ms), 11)
	s.ack(60*ms, 10)
	expectSent(t, sendAll(t, s, 60*ms)) // the last window is partial
	if v := s.ack(70*ms, 11); v != done {
		t.Fatal(v)
	}
}

// Three packets to one that was never heard of, then silence.
func TestSenderUnvalidated(t *testing.T) {
	s := senderOf(fileOf(2000), 512, 1)
	now, n := time.Duration(0), len(sendAll(t, s, 0))
	for {
		now = s.deadline
		v := s.timeout(now)
		if v == gaveUp {
			break
		}
		if v != resend || now > time.Minute {
			t.Fatalf("%v at %v", v, now)
		}
		n += len(sendAll(t, s, now))
		s.repeat(now)
		n += len(sendAll(t, s, now))
	}
	if n != unvalidatedPackets {
		t.Errorf("%d packets", n)
	}
}

// C22: back-off doubles up to 4 s; a client that was heard gets 6 tries and 30 s.
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
	if waits[0] != 1500*time.Millisecond || waits[1] != 3*time.Second || waits[2] != 4*time.Second {
		t.Errorf("waits %v", waits)
	}
	if idle := now - 500*time.Millisecond; idle < 30*time.Second || idle > 40*time.Second {
		t.Errorf("gave up after %v", idle)
	}
}

// C23: only the last acknowledgement is missing.
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

// Karn: an answer to a packet sent twice says nothing about the round trip,
// and the back-off stays until one does.
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
	if d := s.deadline - 161*ms; d != 300*ms {
		t.Errorf("RTO after a loss %v", d)
	}
	s.ack(171*ms, 3)
	sendAll(t, s, 171*ms)
	if d := s.deadline - 171*ms; d != 150*ms {
		t.Errorf("RTO after a good block %v", d)
	}
}

// C8: `timeout` is the first time-out and the largest.
func TestSenderTimeoutOption(t *testing.T) {
	a := agreed{blockSize: 512, window: 1, timeout: 2 * time.Second, oack: []option{{"timeout", "2"}}}
	s := newSender(0, octets{r: bytes.NewReader(nil), blockSize: 512}, a, testTimeouts, testPatience, rtt{})
	sendAll(t, &s, 0)
	for range 2 {
		now := s.deadline
		s.timeout(now)
		sendAll(t, &s, now)
		if d := s.deadline - now; d != 2*time.Second {
			t.Errorf("time-out %v", d)
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
