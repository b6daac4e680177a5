package tftp

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseRequest(t *testing.T) {
	long := "\x00\x01" + strings.Repeat("n", 512-2-1-6) + "\x00octet\x00"
	for _, c := range []struct {
		what, packet string
		want         request
		err          bool
	}{
		{what: "a phone's", packet: "\x00\x01CTLSEP001E7A000001.tlv\x00octet\x00", want: request{name: "CTLSEP001E7A000001.tlv"}},
		{what: "old 79xx: one more NUL", packet: "\x00\x01OS79XX.TXT\x00octet\x00\x00", want: request{name: "OS79XX.TXT"}},
		{what: "mode in any case", packet: "\x00\x01a\x00NetASCII\x00", want: request{name: "a", mode: Netascii}},
		{what: "options", packet: "\x00\x01a\x00OCTET\x00tsize\x000\x00BLKSIZE\x001428\x00",
			want: request{name: "a", options: []option{{"tsize", "0"}, {"BLKSIZE", "1428"}}}},
		{what: "option without value", packet: "\x00\x01a\x00octet\x00tsize\x00", want: request{name: "a"}},
		{what: "option not terminated", packet: "\x00\x01a\x00octet\x00tsize\x000", want: request{name: "a"}},
		{what: "write", packet: "\x00\x02a\x00octet\x00", want: request{write: true, name: "a"}},
		{what: "512 octets", packet: long, want: request{name: strings.Repeat("n", 503)}},
		{what: "513 octets", packet: "\x00\x01n" + long[2:], err: true},
		{what: "no NUL", packet: "\x00\x01file", err: true},
		{what: "no mode", packet: "\x00\x01file\x00", err: true},
		{what: "mode not terminated", packet: "\x00\x01file\x00octet", err: true},
		{what: "empty name", packet: "\x00\x01\x00octet\x00", err: true},
		{what: "mail", packet: "\x00\x01a\x00mail\x00", err: true},
		{what: "unknown mode", packet: "\x00\x01a\x00foo\x00", err: true},
		{what: "one octet", packet: "\x00", err: true},
		{what: "nothing", packet: "", err: true},
		{what: "operation 9", packet: "\x00\x09a\x00octet\x00", err: true},
	} {
		got, err := parseRequest([]byte(c.packet))
		if (err != nil) != c.err {
			t.Errorf("%s: error %v", c.what, err)
		} else if err == nil {
			if d := cmp.Diff(c.want, got, cmp.AllowUnexported(request{}, option{})); d != "" {
				t.Errorf("%s: %s", c.what, d)
			}
		}
	}
}

// The name must not share memory with the packet, whose buffer is used again.
func TestParseRequestCopies(t *testing.T) {
	b := []byte("\x00\x01name\x00octet\x00tsize\x000\x00")
	r, err := parseRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range b {
		b[i] = 'X'
	}
	if r.name != "name" || r.options[0] != (option{"tsize", "0"}) {
		t.Errorf("the request changed with the buffer: %+v", r)
	}
}

func FuzzParseRequest(f *testing.F) {
	f.Add([]byte("\x00\x01SEP001E7A000001.cnf.xml\x00octet\x00"))
	f.Add([]byte("\x00\x01a\x00netascii\x00blksize\x00512\x00timeout\x001\x00tsize\x000\x00windowsize\x0064\x00"))
	f.Add([]byte("\x00\x01a\x00octet\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := parseRequest(b)
		if err != nil {
			return
		}
		if r.name == "" || len(r.name) > maxRequest || strings.ContainsRune(r.name, 0) {
			t.Fatalf("name %q", r.name)
		}
		a := negotiate(r, 1<<40, 1468, maxWindow)
		if a.blockSize < minBlockSize || a.blockSize > 1468 || a.window < 1 || a.window > maxWindow {
			t.Fatalf("agreed to %+v", a)
		}
		if p := appendOACK(nil, a.oack); len(p) > maxRequest+64 || len(a.oack) > 4 {
			t.Fatalf("OACK of %d octets, %d options", len(p), len(a.oack))
		}
		if text := describe(b) + r.optionNames(); strings.ContainsAny(text, "\r\n\x1b") {
			t.Fatalf("%q would disturb a terminal", text)
		}
	})
}

func TestNegotiate(t *testing.T) {
	for _, c := range []struct {
		ask, want string
		block     int
		window    int
	}{
		{ask: "", want: "", block: 512, window: 1},
		{ask: "blksize=8", want: "blksize=8", block: 8, window: 1},
		{ask: "blksize=511", want: "blksize=511", block: 511, window: 1},
		{ask: "blksize=512", want: "blksize=512", block: 512, window: 1},
		{ask: "blksize=1428", want: "blksize=1428", block: 1428, window: 1},
		{ask: "blksize=65464", want: "blksize=65464", block: 65464, window: 1},
		{ask: "blksize=65465", want: "blksize=65464", block: 65464, window: 1},
		{ask: "blksize=7", want: "", block: 512, window: 1},
		{ask: "blksize=abc", want: "", block: 512, window: 1},
		{ask: "blksize=-1", want: "", block: 512, window: 1},
		{ask: "blksize=0512", want: "", block: 512, window: 1},
		{ask: "blksize=99999999999999999999", want: "", block: 512, window: 1},
		{ask: "BlkSize=1024 TSIZE=0", want: "BlkSize=1024 TSIZE=4711", block: 1024, window: 1},
		{ask: "tsize=0 x=1 blksize=1024", want: "tsize=4711 blksize=1024", block: 1024, window: 1},
		{ask: "tsize=99", want: "tsize=4711", block: 512, window: 1},
		{ask: "blksize=600 blksize=700", want: "blksize=600", block: 600, window: 1},
		{ask: "timeout=1", want: "timeout=1", block: 512, window: 1},
		{ask: "timeout=255", want: "timeout=255", block: 512, window: 1},
		{ask: "timeout=0", want: "", block: 512, window: 1},
		{ask: "timeout=256", want: "", block: 512, window: 1},
		{ask: "windowsize=1", want: "windowsize=1", block: 512, window: 1},
		{ask: "windowsize=4", want: "windowsize=4", block: 512, window: 4},
		{ask: "windowsize=64", want: "windowsize=64", block: 512, window: 64},
		{ask: "windowsize=65535", want: "windowsize=64", block: 512, window: 64},
		{ask: "windowsize=65536", want: "", block: 512, window: 1},
		{ask: "windowsize=0", want: "", block: 512, window: 1},
		{ask: "unknown=1 other=2", want: "", block: 512, window: 1},
	} {
		r := request{name: "a"}
		for _, o := range strings.Fields(c.ask) {
			k, v, _ := strings.Cut(o, "=")
			r.options = append(r.options, option{k, v})
		}
		a := negotiate(r, 4711, maxBlockSize, maxWindow)
		if got := (request{options: a.oack}).optionNames(); got != c.want || a.blockSize != c.block || a.window != c.window {
			t.Errorf("%q: %q block %d window %d", c.ask, got, a.blockSize, a.window)
		}
		r.mode = Netascii
		if got := (request{options: negotiate(r, 4711, maxBlockSize, maxWindow).oack}).optionNames(); strings.Contains(strings.ToLower(got), "tsize") {
			t.Errorf("%q: tsize in netascii", c.ask)
		}
	}
}

func TestLargestBlock(t *testing.T) {
	for _, c := range []struct{ mtu, v4, v6 int }{
		{1500, 1468, 1448}, {9000, 8968, 8948}, {65536, 65464, 65464}, {100, 512, 512},
	} {
		d := device{mtu: c.mtu}
		if d.largestBlock(false) != c.v4 || d.largestBlock(true) != c.v6 {
			t.Errorf("MTU %d: %d %d", c.mtu, d.largestBlock(false), d.largestBlock(true))
		}
	}
}

func TestErrorPacket(t *testing.T) {
	p := appendError(nil, replyNoSuchFile)
	if !bytes.Equal(p, []byte("\x00\x05\x00\x01No such file\x00")) {
		t.Errorf("%q", p)
	}
	if code, text := parseError([]byte("\x00\x05\x00\x03a\nb\x1b[0m\x00")); code != 3 || text != "a\\x0ab\\x1b[0m" {
		t.Errorf("%d %q", code, text)
	}
}
