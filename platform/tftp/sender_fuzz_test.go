package tftp

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// receiver is a client as RFC 7440 describes it, window 1 being RFC 1350.
type receiver struct {
	block, window int
	expect        uint64
	since         int // blocks since the last acknowledgement
	got           []byte
	over          bool
}

// take returns the acknowledgements a DATA provokes.
func (c *receiver) take(p []byte) (acks []uint16) {
	if opcode(p) == opOACK {
		return []uint16{0}
	}
	number := binary.BigEndian.Uint16(p[2:])
	if c.over || number != uint16(c.expect) {
		c.since = 0
		return []uint16{uint16(c.expect - 1)} // what came last in order
	}
	c.got = append(c.got, p[headerSize:]...)
	c.expect++
	c.since++
	if len(p)-headerSize < c.block {
		c.over = true
	}
	if c.over || c.since == c.window {
		c.since = 0
		return []uint16{number}
	}
	return nil
}

// FuzzSender plays a network that loses, repeats, delays and reorders packets
// in both directions, as told by the input, between sender and receiver. If
// the sender says done the receiver has the file; and it never sends beyond
// its window, never more than three packets to one it has not heard of, and
// never DATA for a repeated acknowledgement when the window is one.
//
// In hostile runs acknowledgements are forged as well; then the file may not
// arrive, but the limits still hold.
func FuzzSender(f *testing.F) {
	f.Add(uint16(1500), uint8(0), uint8(1), false, false, []byte{0, 0, 0, 0, 0, 0, 0, 0})
	f.Add(uint16(900), uint8(3), uint8(4), true, false, []byte{1, 0, 2, 0, 3, 4, 0, 5, 0, 0, 1, 1, 0})
	f.Add(uint16(700), uint8(9), uint8(64), false, true, []byte{6, 7, 8, 0, 6, 9, 200, 0, 0, 1})
	f.Fuzz(func(t *testing.T, size uint16, block, window uint8, ascii, hostile bool, script []byte) {
		blockSize := minBlockSize + int(block)
		w := 1 + int(window)%maxWindow
		content := fileOf(int(size) % 6000)
		a := agreed{blockSize: blockSize, window: w}
		if w > 1 {
			a.oack = []option{{"windowsize", "4"}}
		}
		var src source = newOctets(bytes.NewReader(content), int64(len(content)), blockSize)
		want := content
		if ascii {
			src = newNetascii(bytes.NewReader(content), int64(len(content)), w)
			want = toNetascii(content)
		}
		s := newSender(0, src, a, testTimeouts, testPatience, known{})
		c := receiver{block: blockSize, window: w, expect: 1}
		var toClient [][]byte
		var toServer []uint16
		now := time.Duration(0)
		unheard := 0

		send := func(cause verdict) {
			for s.more() {
				if cause == duplicate || cause == ignored {
					t.Fatalf("DATA after verdict %d", cause)
				}
				if !s.negotiating && s.next > s.base+uint64(w) {
					t.Fatalf("block %d beyond %d+%d", s.next, s.base, w)
				}
				p, err := s.emit(now, make([]byte, 0, s.need()))
				if err != nil {
					t.Fatal(err)
				}
				if !s.validated {
					if unheard++; unheard > unvalidatedPackets {
						t.Fatal("too much to one that was never heard")
					}
				}
				toClient = append(toClient, p)
			}
		}
		finish := func(v verdict) bool {
			if v == done && !hostile && !bytes.Equal(c.got, want) {
				t.Fatalf("done, but the client has %d octets of %d", len(c.got), len(want))
			}
			return v == done || v == doneUnsure || v == gaveUp
		}
		deliver := func(i int) {
			p := toClient[i]
			toClient = append(toClient[:i], toClient[i+1:]...)
			toServer = append(toServer, c.take(p)...)
		}
		answer := func(i int) (over bool) {
			n := toServer[i]
			toServer = append(toServer[:i], toServer[i+1:]...)
			v := s.ack(now, n)
			if finish(v) {
				return true
			}
			send(v)
			return false
		}
		send(progress)
		for i := 0; i < len(script); i++ {
			op := script[i]
			now += time.Duration(op) * time.Millisecond / 4
			switch k := int(op >> 3); op & 7 {
			case 0:
				if len(toClient) > 0 {
					deliver(k % len(toClient))
				}
			case 1:
				if len(toServer) > 0 && answer(k%len(toServer)) {
					return
				}
			case 2:
				if len(toClient) > 0 {
					toClient = toClient[1:]
				}
			case 3:
				if len(toServer) > 0 {
					toServer = toServer[1:]
				}
			case 4:
				if len(toServer) > 0 && len(toServer) < 100 {
					toServer = append(toServer, toServer[k%len(toServer)])
				}
			case 5:
				now = max(now, s.deadline)
				v := s.timeout(now)
				if finish(v) {
					return
				}
				send(v)
			case 6:
				if s.repeat(now) {
					send(resend)
				}
			case 7:
				if hostile && i+2 < len(script) {
					toServer = append(toServer, binary.BigEndian.Uint16(script[i+1:]))
					i += 2
				}
			}
			if len(toClient) > 500 {
				toClient = toClient[:0]
			}
		}
		// From here on the network is good: the transfer must come to its end.
		for range 20_000 {
			now += time.Millisecond
			switch {
			case len(toServer) > 0:
				if answer(0) {
					return
				}
			case len(toClient) > 0:
				deliver(0)
			default:
				now = max(now, s.deadline)
				v := s.timeout(now)
				if finish(v) {
					return
				}
				send(v)
			}
		}
		t.Fatalf("no end: base %d next %d high %d", s.base, s.next, s.high)
	})
}
