package tftp

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hasty repeats soon and gives a client up after a few seconds.
var hasty = testSet{settings: settings{RTOMin: 10 * time.Millisecond, RTOMax: 50 * time.Millisecond, RTOInitial: 50 * time.Millisecond, GiveUp: 3 * time.Second}}

// TestNothingAcknowledgedIsNotServed: a file of which more than the last block
// was not acknowledged has not arrived, whoever asked and however it was sent.
func TestNothingAcknowledgedIsNotServed(t *testing.T) {
	for _, c := range []struct {
		name    string
		size    int
		mode    string
		options string
		acks    string // the packets it acknowledges, then nothing more
		whole   bool
	}{
		{"one block", 100, "octet", "", "", false},
		{"one block, netascii", 100, "netascii", "", "", false},
		{"one block, options agreed", 100, "octet", "tsize=0", "0", false},
		{"one large block", 1400, "octet", "blksize=1428", "0", false},
		{"one window", 4000, "octet", "windowsize=16", "0", false},
		{"the second window", 12000, "octet", "windowsize=16", "0 16", false},
		{"two blocks, none", 600, "octet", "", "", false},
		{"two blocks, the first", 600, "octet", "", "1", true},
		{"an empty last block", 1024, "octet", "", "1 2", true},
		{"two blocks, netascii", 600, "netascii", "", "1", true},
		{"a window and a block", 512*16 + 1, "octet", "windowsize=16", "0 16", true},
		{"three blocks, the first", 1100, "octet", "", "1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := serve(t, hasty, map[string][]byte{"before": []byte("b"), "a": []byte(strings.Repeat("x", c.size))})
			p := w.probe()
			p.fetch("before", "octet") // it has answered
			w.result(0)
			var options []string
			if c.options != "" {
				options = strings.Fields(c.options)
			}
			p.ask("a", c.mode, options...)
			for _, f := range strings.Fields(c.acks) {
				n := 0
				fmt.Sscan(f, &n)
				for { // up to what it acknowledges
					b := p.read(5 * time.Second)
					if b == nil {
						t.Fatalf("nothing before ACK %d", n)
					}
					if opcode(b) == opOACK && n == 0 || opcode(b) == opDATA && int(b[3]) == n {
						break
					}
				}
				p.ack(n)
			}
			r := w.result(1)
			c2 := w.Counters()
			if r.Complete != c.whole || r.Why == "" || (c2.RequestsAborted == 0) != c.whole {
				t.Errorf("%+v, %d aborted", r, c2.RequestsAborted)
			}
		})
	}
}

// TestReplacedWithoutAnAck: who asks for the next file has the one before, if
// that is likely, and has not, if it had to be sent again.
func TestReplacedWithoutAnAck(t *testing.T) {
	for _, c := range []struct {
		name          string
		known, repeat bool
		whole         bool
	}{
		{"unknown", false, false, false},
		{"unknown, sent again", false, true, false},
		{"known", true, false, true},
		{"known, sent again", true, true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			set := patient
			if c.repeat {
				set = testSet{settings: settings{RTOMin: 10 * time.Millisecond, RTOMax: time.Second, RTOInitial: 20 * time.Millisecond}}
			}
			w := serve(t, set, map[string][]byte{"before": []byte("b"), "a": []byte("one block"), "b": []byte("another")})
			p := w.probe()
			n := 0
			if c.known {
				p.fetch("before", "octet")
				w.result(0)
				n = 1
			}
			p.ask("a", "octet")
			p.expect("DATA 1 9")
			if c.repeat {
				if b := p.read(5 * time.Second); show(b) != "DATA 1 9" {
					t.Fatal(show(b))
				}
			}
			p.ask("b", "octet")
			if r := w.result(n); r.Complete != c.whole || r.Why == "" {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestLongTimeoutIsWaitedFor: a timeout that was agreed on is a time after which
// the packet is sent again, also where it is longer than the patience with one
// who never answered.
func TestLongTimeoutIsWaitedFor(t *testing.T) {
	for _, seconds := range []int{1, 5, 29, 30, 31, 60, 255} {
		a := agreed{blockSize: 512, window: 1, timeout: time.Duration(seconds) * time.Second, oack: []option{{"timeout", "x"}}}
		s := newSender(0, newOctets(bytes.NewReader(fileOf(2000)), 2000, 512), a, testTimeouts, testPatience, known{})
		now, sent := time.Duration(0), 0
		for range 10 {
			for s.more() {
				if _, err := s.emit(now, make([]byte, 0, s.need())); err != nil {
					t.Fatal(err)
				}
				sent++
			}
			now = s.deadline
			if s.timeout(now) == gaveUp {
				break
			}
		}
		if sent != unvalidatedPackets || now < 3*time.Duration(seconds)*time.Second-time.Second || now > 20*time.Minute {
			t.Errorf("timeout %d: %d packets in %v", seconds, sent, now)
		}
	}
}

// TestBlocksMayBeCut: no socket forbids routers to cut what it sends.
func TestBlocksMayBeCut(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", "[::]:0"} {
		t.Run(at, func(t *testing.T) {
			w := newWorld(t, patient, nil)
			w.serveOn(at)
			for _, p := range w.set.Places() {
				sock, ok := p.Socket()
				if !ok {
					t.Fatal("a socket is down")
				}
				raw, _ := sock.SyscallConn()
				_ = raw.Control(func(fd uintptr) {
					if v, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_MTU_DISCOVER); err != nil || v != unix.IP_PMTUDISC_DONT {
						t.Errorf("%v: %d, %v", p.State(), v, err)
					}
				})
			}
		})
	}
}
