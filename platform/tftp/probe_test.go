package tftp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
)

// patient keeps retransmissions out of tests that are about something else.
var patient = testSet{settings: settings{RTOInitial: 20 * time.Second, RTOMin: 20 * time.Second, RTOMax: 20 * time.Second, GiveUp: time.Minute}}

// everyMode runs a test over the three kinds of source ports.
func everyMode(t *testing.T, set testSet, test func(*testing.T, testSet)) {
	t.Run("ephemeral", func(t *testing.T) { test(t, set) })
	set.PortLow, set.PortHigh = 21200, 21250
	t.Run("range", func(t *testing.T) { test(t, set) })
	set.PortLow, set.PortHigh, set.SinglePort = 0, 0, true
	t.Run("single port", func(t *testing.T) { test(t, set) })
}

// These tests see
// packets; what the state machine does with time is in sender_test.go.

func TestMissingFile(t *testing.T) {
	w := serve(t, testSet{}, nil)
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
		p.sendTo(p.tid, ackPacket(1)) // what has ended stays quiet
		p.silence(quiet)
	}
	c := w.Counters()
	if c.RequestsNotFound != 3 || c.Denied != 1 || c.RequestsOverflow != 3 {
		t.Errorf("%+v", c)
	}
}

func TestModes(t *testing.T) {
	w := serve(t, testSet{}, map[string][]byte{"a": []byte("x\n")})
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

func TestOptions(t *testing.T) {
	w := serve(t, testSet{}, map[string][]byte{"a": fileOf(5000), "empty": nil})
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

// On an Ethernet of 1500 the block of one packet is 1468, for IPv6 1448.
func TestBlockSizeCap(t *testing.T) {
	for _, c := range []struct{ at, want string }{
		{"127.0.0.1:0", "OACK blksize 1468"},
		{"[::1]:0", "OACK blksize 1448"},
	} {
		w := newWorld(t, testSet{}, map[string][]byte{"a": fileOf(5000)})
		w.devices = newDevices(func(int) (string, int) { return "GigabitEthernet0/0", 1500 })
		w.serveOn(c.at)
		p := w.probe()
		p.ask("a", "octet", "blksize=8192")
		p.expect(c.want)
	}
}

func TestOddRequests(t *testing.T) {
	w := serve(t, patient, map[string][]byte{"a": []byte("x")})
	p := w.probe()
	p.sendTo(p.at, []byte("\x00\x01a\x00octet\x00\x00"))
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
		"\x00\x02a\x00octet\x00":       "ERROR 2 Access violation",
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

func TestRequestLength(t *testing.T) {
	name := strings.Repeat("n", 512-2-1-6)
	w := serve(t, testSet{}, map[string][]byte{name: []byte("x"), name + "n": []byte("x")})
	p := w.probe()
	p.ask(name, "octet")
	p.expect("DATA 1 1")
	p.ack(1)
	p = w.probe()
	p.ask(name+"n", "octet")
	p.expect("ERROR 4 Illegal operation")
}

// A server is not to be found by shouting. Needs a socket on all
// addresses; 127.255.255.255 is the broadcast address of the loopback.
func TestBroadcast(t *testing.T) {
	w := newWorld(t, patient, map[string][]byte{"a": []byte("x")})
	w.serveOn("0.0.0.0:0")
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
