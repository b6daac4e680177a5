package registration

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/wire"
)

var (
	zero   = time.Date(2026, 11, 21, 14, 2, 11, 0, time.UTC)
	mac    = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	client = netip.MustParseAddr("10.0.0.23")
	pbx    = netip.MustParseAddr("10.0.0.2")
)

// tap is a mirror port by hand: each frame comes as often as it is told to.
type tap struct {
	*Watcher
	now   time.Time
	from  netip.AddrPort
	to    netip.AddrPort
	out   uint32 // sequence numbers
	back  uint32
	twice bool
	got   []wire.Told
}

func newTap(port uint16) *tap {
	return &tap{Watcher: NewWatcher(With([]uint16{2000}, nil)), now: zero, from: netip.AddrPortFrom(client, 49152), to: netip.AddrPortFrom(pbx, port), out: 1000, back: 9000}
}

func (x *tap) packet(p capture.Packet) {
	p.Time = x.now
	for n := 0; n == 0 || n == 1 && x.twice; n++ {
		x.got = append(x.got, x.Packet(p)...)
	}
	x.now = x.now.Add(10 * time.Millisecond)
}

func (x *tap) tcp(fromPhone bool, flags uint8, data []byte) {
	p := capture.Packet{Proto: 6, Src: x.from, Dst: x.to, Seq: x.out, Flags: flags, Payload: data, Size: len(data)}
	next := &x.out
	if !fromPhone {
		p.Src, p.Dst, p.Seq, next = x.to, x.from, x.back, &x.back
	}
	x.packet(p)
	*next += uint32(len(data))
	if flags&capture.SYN != 0 {
		*next++
	}
}

func (x *tap) open() *tap {
	x.tcp(true, capture.SYN, nil)
	x.tcp(false, capture.SYN|capture.ACK, nil)
	x.tcp(true, capture.ACK, nil)
	return x
}

func (x *tap) says(data []byte) *tap  { x.tcp(true, capture.ACK|capture.PSH, data); return x }
func (x *tap) hears(data []byte) *tap { x.tcp(false, capture.ACK|capture.PSH, data); return x }

func (x *tap) wait(d time.Duration) *tap {
	for end := x.now.Add(d); x.now.Before(end); x.now = x.now.Add(time.Second) {
		x.got = append(x.got, x.Tick(x.now)...)
	}
	return x
}

func (x *tap) udp(fromPhone bool, text string) *tap {
	p := capture.Packet{Proto: 17, Src: x.from, Dst: x.to, Payload: []byte(text), Size: len(text)}
	if !fromPhone {
		p.Src, p.Dst = x.to, x.from
	}
	x.packet(p)
	return x
}

func skinny(id uint32, body []byte) []byte {
	b := make([]byte, 12)
	binary.LittleEndian.PutUint32(b, uint32(4+len(body)))
	binary.LittleEndian.PutUint32(b[8:], id)
	return append(b, body...)
}

func register(load string) []byte {
	body := make([]byte, 172)
	copy(body, mac.Device())
	copy(body[92:], load)
	return skinny(1, body)
}

func sipRegister(seq int, more string) string {
	return fmt.Sprintf("REGISTER sip:10.0.0.2 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.23:5060\r\nTo: <sip:1001@10.0.0.2>\r\nCall-ID: abc@10.0.0.23\r\nCSeq: %d REGISTER\r\n"+
		"Contact: <sip:a@10.0.0.23:5060>;+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-001e7a000001>\";+u.sip!devicename.ccm.cisco.com=\"SEP001E7A000001\"\r\n"+
		"Reason: SIP;cause=200;text=\"cisco-alarm:23 Name=SEP001E7A000001 ActiveLoad=sip78xx.12-1-1-12.loads InactiveLoad=sip78xx.10-3-1-12.loads Last=reset-restart\"\r\n%s\r\n", seq, more)
}

func sipAnswer(status string, seq int, more string) string {
	return fmt.Sprintf("SIP/2.0 %s\r\nVia: SIP/2.0/UDP 10.0.0.23:5060\r\ni: abc@10.0.0.23\r\nCSeq: %d REGISTER\r\n%s\r\n", status, seq, more)
}

func record(kind byte, n int) []byte {
	return append([]byte{kind, 3, 3, byte(n >> 8), byte(n)}, make([]byte, n)...)
}

const bound = "Contact: <sip:a@10.0.0.23:5060>;expires=120\r\n"

// TestWatcher: what is a registration and what only looks like one, each with
// every frame once and twice.
func TestWatcher(t *testing.T) {
	const load = "SCCP41.9-4-2SR3-1S"
	at := "registered at 10.0.0.2"
	for _, c := range []struct {
		name string
		port uint16
		do   func(x *tap)
		want []string
	}{
		{"a connection that opens", 2000, func(x *tap) { x.open().wait(time.Minute) }, nil},
		{"it asks, and nobody answers", 2000, func(x *tap) { x.open().says(register(load)).wait(time.Minute) }, nil},
		{"RegisterAck", 2000, func(x *tap) { x.open().says(register(load)).hears(skinny(0x81, make([]byte, 20))) }, []string{"SEP001E7A000001 " + at + " runs " + load}},
		{"in pieces", 2000, func(x *tap) {
			r := register(load)
			x.open().says(r[:5]).says(r[5:40]).says(r[40:]).hears(skinny(0x81, make([]byte, 20))[:11]).hears(skinny(0x81, make([]byte, 20))[11:])
		}, []string{"SEP001E7A000001 " + at + " runs " + load}},
		{"in another order", 2000, func(x *tap) {
			r := register(load)
			x.open()
			x.out += 40
			x.says(r[40:])
			x.out -= uint32(len(r))
			x.says(r[:40])
			x.out += uint32(len(r) - 40)
			x.hears(skinny(0x81, nil))
		}, []string{"SEP001E7A000001 " + at + " runs " + load}},
		{"a load in a form of its own is none", 2000, func(x *tap) { x.open().says(register("8.3(3.0) x")).hears(skinny(0x81, nil)) }, []string{"SEP001E7A000001 " + at}},
		{"an acknowledgement whose question was not seen", 2000, func(x *tap) { x.hears(skinny(0x81, nil)) }, []string{"10.0.0.23 " + at}},
		{"RegisterReject", 2000, func(x *tap) {
			x.open().says(register(load)).hears(skinny(0x9d, append([]byte("No Such Device"), make([]byte, 20)...)))
			x.tcp(false, capture.FIN|capture.ACK, nil)
		}, []string{"SEP001E7A000001 refused at 10.0.0.2: No Such Device runs " + load}},
		{"the connection ends", 2000, func(x *tap) {
			x.open().says(register(load)).hears(skinny(0x81, nil))
			x.tcp(true, capture.RST, nil)
		}, []string{"SEP001E7A000001 " + at + " runs " + load, "SEP001E7A000001 over"}},
		{"it unregisters", 2000, func(x *tap) {
			x.open().says(register(load)).hears(skinny(0x81, nil)).says(skinny(0x27, nil)).hears(skinny(0x118, make([]byte, 4)))
		}, []string{"SEP001E7A000001 " + at + " runs " + load, "SEP001E7A000001 over"}},
		{"keep-alives that nobody answers", 2000, func(x *tap) {
			x.open().says(register(load)).hears(skinny(0x81, nil)).says(skinny(0, nil)).hears(skinny(0x100, nil))
			for range 4 {
				x.wait(30 * time.Second).says(skinny(0, nil))
			}
		}, []string{"SEP001E7A000001 " + at + " runs " + load, "SEP001E7A000001 over"}},
		{"the keep-alives of a second call manager", 2000, func(x *tap) {
			x.open()
			for range 5 {
				x.says(skinny(0, nil)).hears(skinny(0x100, nil)).wait(30 * time.Second)
			}
		}, nil},
		{"an answer that was lost, and keep-alives after it", 2000, func(x *tap) {
			x.open().says(register(load)).says(skinny(0, nil)).hears(skinny(0x100, nil))
		}, []string{"SEP001E7A000001 " + at + " runs " + load + " (inferred)"}},
		{"it changes over to a second call manager", 2000, func(x *tap) {
			x.open().says(register(load)).hears(skinny(0x81, nil))
			first := *x
			x.from, x.to = netip.AddrPortFrom(client, 49153), netip.AddrPortFrom(netip.MustParseAddr("10.0.0.3"), 2000)
			x.open().says(register("")).hears(skinny(0x81, nil))
			x.from, x.to, x.out, x.back = first.from, first.to, first.out, first.back
			x.tcp(true, capture.RST, nil)
		}, []string{"SEP001E7A000001 " + at + " runs " + load, "SEP001E7A000001 registered at 10.0.0.3"}},
		{"no SCCP at all", 2000, func(x *tap) { x.open().says([]byte("GET / HTTP/1.1\r\n\r\n")).hears(make([]byte, 2000)) }, nil},

		{"SIP, 200 with a binding", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "Expires: 3600\r\n")).udp(false, sipAnswer("100 Trying", 101, "")).udp(false, sipAnswer("200 OK", 101, bound))
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12"}},
		{"SIP over TCP, in pieces", 5060, func(x *tap) {
			q := sipRegister(101, "Expires: 3600\r\nContent-Length: 0\r\n")
			a := sipAnswer("200 OK", 101, bound+"Content-Length: 0\r\n")
			x.open().says([]byte(q[:100])).says([]byte(q[100:])).hears([]byte("\r\n" + a[:30])).hears([]byte(a[30:]))
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12"}},
		{"SIP, 200 to another question", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("200 OK", 100, bound)).udp(false, strings.Replace(sipAnswer("200 OK", 101, bound), "REGISTER", "OPTIONS", 1))
		}, nil},
		{"SIP, 200 without a binding", 5060, func(x *tap) { x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("200 OK", 101, "")) }, nil},
		{"SIP, it takes its registration back", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("200 OK", 101, bound)).udp(true, sipRegister(102, "Expires: 0\r\n")).udp(false, sipAnswer("200 OK", 102, ""))
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12", "SEP001E7A000001 over"}},
		{"SIP, nobody refreshes it", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("200 OK", 101, bound)).wait(4 * time.Minute)
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12", "SEP001E7A000001 over"}},
		{"SIP, refreshed", 5060, func(x *tap) {
			for n := range 5 {
				x.udp(true, sipRegister(101+n, "")).udp(false, sipAnswer("200 OK", 101+n, bound)).wait(100 * time.Second)
			}
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12"}},
		{"SIP, a challenge, and the answer to it", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("401 Unauthorized", 101, "WWW-Authenticate: Digest nonce=1\r\n"))
			x.udp(true, sipRegister(102, "Authorization: Digest x\r\n")).udp(false, sipAnswer("200 OK", 102, bound))
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12"}},
		{"SIP, the password is wrong", 5060, func(x *tap) {
			for n := range 3 {
				x.udp(true, sipRegister(101+n, "Authorization: Digest x\r\n")).udp(false, sipAnswer("401 Unauthorized", 101+n, "WWW-Authenticate: Digest nonce=1\r\n"))
			}
		}, []string{"SEP001E7A000001 refused at 10.0.0.2: 401 Unauthorized runs sip78xx.12-1-1-12"}},
		{"SIP, forbidden", 5060, func(x *tap) { x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("403 Forbidden", 101, "")) },
			[]string{"SEP001E7A000001 refused at 10.0.0.2: 403 Forbidden runs sip78xx.12-1-1-12"}},
		{"SIP, elsewhere, and for longer", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("302 Moved", 101, "")).udp(true, sipRegister(102, "")).udp(false, sipAnswer("423 Interval Too Brief", 102, ""))
		}, nil},
		{"SIP, one of two lines is refused", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("200 OK", 101, bound))
			second := func(s string) string { return strings.NewReplacer("abc@", "def@", "1001@", "1002@").Replace(s) }
			x.udp(true, second(sipRegister(101, ""))).udp(false, second(sipAnswer("404 Not Found", 101, "")))
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12"}},
		{"SIP, it starts again and is refused", 5060, func(x *tap) {
			x.udp(true, sipRegister(101, "")).udp(false, sipAnswer("200 OK", 101, bound))
			again := func(s string) string { return strings.Replace(s, "abc@", "def@", 1) }
			x.udp(true, again(sipRegister(101, ""))).udp(false, again(sipAnswer("403 Forbidden", 101, "")))
		}, []string{"SEP001E7A000001 " + at + " runs sip78xx.12-1-1-12", "SEP001E7A000001 refused at 10.0.0.2: 403 Forbidden runs sip78xx.12-1-1-12"}},
		{"it loses its power, starts again and is refused", 2000, func(x *tap) {
			x.open().says(register(load)).hears(skinny(0x81, nil))
			x.from = netip.AddrPortFrom(client, 49153)
			x.open().says(register(load)).hears(skinny(0x9d, nil))
		}, []string{"SEP001E7A000001 " + at + " runs " + load, "SEP001E7A000001 refused at 10.0.0.2: RegisterReject runs " + load}},

		{"encrypted, and nothing but the handshake", 5061, func(x *tap) {
			x.open().says(record(22, 200)).hears(record(22, 3000)).says(record(20, 1)).hears(record(20, 1)).wait(time.Minute)
		}, nil},
		{"encrypted, data one way", 2443, func(x *tap) { x.open().says(record(23, 200)).says(record(23, 200)).wait(time.Minute) }, nil},
		{"encrypted, turned away at once", 5061, func(x *tap) {
			x.open().says(record(23, 500)).hears(record(23, 300))
			x.tcp(false, capture.FIN|capture.ACK, nil)
			x.wait(time.Minute)
		}, nil},
		{"encrypted, data both ways", 5061, func(x *tap) {
			b := record(23, 500)
			x.open().says(b[:3]).says(b[3:]).hears(record(23, 300)).wait(time.Minute)
			x.tcp(true, capture.RST, nil)
		}, []string{"10.0.0.23 registered at 10.0.0.2 (inferred)", "10.0.0.23 over"}},
	} {
		for _, twice := range []bool{false, true} {
			x := newTap(c.port)
			x.twice = twice
			c.do(x)
			var got []string
			for _, f := range x.got {
				got = append(got, said(f))
			}
			if strings.Join(got, "; ") != strings.Join(c.want, "; ") {
				t.Errorf("%s, twice %v:\n%q, want\n%q", c.name, twice, got, c.want)
			}
		}
	}
}

func said(f wire.Told) string {
	who := f.Addr.String()
	if !f.MAC.IsZero() {
		who = f.MAC.Device()
	}
	switch {
	case f.By != wire.Mirror:
		who += " by " + string(f.By)
	case f.Idle:
		who += " over"
	case f.Refused != "":
		who += " refused at " + f.CallControl + ": " + f.Refused
	default:
		who += " registered at " + f.CallControl
	}
	if f.Load != "" {
		who += " runs " + f.Load
	}
	if f.Inferred {
		who += " (inferred)"
	}
	return who
}

// TestBounds: strangers in numbers leave little behind.
func TestBounds(t *testing.T) {
	w := NewWatcher(With(nil, []uint16{5070}))
	facts := 0
	for n := range 3 * maxConns {
		from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), 50000)
		x := &tap{Watcher: w, now: zero, from: from, to: netip.AddrPortFrom(pbx, 2000)}
		x.says(register("")).hears(skinny(0x81, nil))
		x.says(skinny(1, make([]byte, 8000))[:7000])
		x.to = netip.AddrPortFrom(pbx, 5070)
		x.udp(true, strings.Replace(sipRegister(n, ""), "abc@", fmt.Sprintf("%d@", n), 1))
		facts += len(x.got)
	}
	if len(w.links) > maxConns || len(w.bindings) > maxBindings || facts > 2*maxSecond {
		t.Errorf("%d connections, %d registrations, %d facts", len(w.links), len(w.bindings), facts)
	}
}

// FuzzWatcher feeds whatever comes on the ports, in any order.
func FuzzWatcher(f *testing.F) {
	f.Add(register("SCCP41.9-4-2SR3-1S"), []byte(sipRegister(101, "")), uint8(3))
	f.Add(skinny(0x81, nil), []byte(sipAnswer("200 OK", 101, bound)), uint8(1))
	f.Add(record(23, 9), record(22, 7), uint8(9))
	f.Fuzz(func(t *testing.T, a, b []byte, cut uint8) {
		if len(a) > 2000 || len(b) > 2000 {
			return
		}
		for _, port := range []uint16{2000, 5060, 5061} {
			x := newTap(port)
			for range 2 {
				for len(a) > 0 {
					n := min(len(a), int(cut)+1)
					x.says(a[:n]).hears(b)
					a = a[n:]
				}
				x.udp(true, string(b)).udp(false, string(a))
			}
			x.wait(time.Minute)
			for _, f := range x.got {
				if len(f.Refused) > wire.MaxTold || len(f.Load) > wire.MaxTold || f.Refused != wire.Printable(f.Refused) {
					t.Fatalf("%+v", f)
				}
			}
		}
	})
}
