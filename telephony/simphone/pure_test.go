package simphone

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/platform/ether"
	"option150/telephony/firmware"
	"option150/telephony/phone"
	"option150/telephony/simphone/peers"
)

var testMAC = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}

func newPure(t testing.TB, s Spec) *Phone {
	t.Helper()
	if s.MAC.IsZero() {
		s.MAC = testMAC
	}
	p, err := New(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSpec(t *testing.T) {
	for _, c := range []struct {
		s     Spec
		proto Protocol
		class string // "" = refused
	}{
		{Spec{Model: "7961"}, SCCP, "Cisco Systems, Inc. IP Phone CP-7961G\x00"},
		{Spec{Model: "7961", Load: "SIP41.9-4-2-1S"}, SIP, "Cisco Systems, Inc. IP Phone CP-7961G\x00"},
		{Spec{Model: "7941G-GE"}, SCCP, "Cisco Systems, Inc. IP Phone CP-7941G-GE\x00"},
		{Spec{Model: "8841"}, SIP, "Cisco Systems, Inc. IP Phone CP-8841"},
		{Spec{Model: "8961"}, SIP, "Cisco Systems, Inc. IP Phone CP-8961\x00"},
		{Spec{Model: "8841", Protocol: SCCP}, "", ""},
		{Spec{Model: "7961", Protocol: "H323"}, "", ""},
		{Spec{Model: "7915-12"}, "", ""},
		{Spec{Model: "7912"}, SCCP, "Cisco Systems, Inc. IP Phone 7912"},
		{Spec{Model: "7905", Load: "CP7905010300SIP050414A.sbin"}, SIP, "Cisco Systems, Inc. IP Phone 7905"},
		{Spec{Model: "7902"}, "", ""},
		{Spec{Model: "6921"}, SCCP, "Cisco Systems, Inc."}, // what was published of none is not made up
		{Spec{Model: "3905"}, SIP, "Cisco Systems, Inc."},
		{Spec{Model: "7921"}, SCCP, "Cisco Systems Inc. Wireless Phone 7921"},
		{Spec{Model: "7936"}, SCCP, "Cisco Systems, Inc."},
		{Spec{Model: "ATA", Protocol: SIP}, SIP, "Cisco Systems, Inc."},
		{Spec{Model: "ATA-191"}, SIP, "CISCO ATA191"},
		{Spec{Model: "ATA"}, "", ""}, // its SCCP files are not published
		{Spec{Model: "7985"}, "", ""},
		{Spec{Model: "7940", Unsigned: true}, "", ""},
		{Spec{Model: "nothing"}, "", ""},
		{Spec{Model: "7961", MAC: ether.MAC{1, 2, 3, 4, 5, 6}}, "", ""}, // a group address
	} {
		if c.s.MAC.IsZero() {
			c.s.MAC = testMAC
		}
		n, err := c.s.nature()
		if n.class != c.class || (err == nil) != (c.class != "") || (err == nil && n.proto != c.proto) {
			t.Errorf("%+v: %q %s %v", c.s, n.class, n.proto, err)
		}
	}
	for _, s := range Catalogue() {
		if p, err := New(s, Options{}); err != nil || p.n.proto != s.Protocol || !phone.Load(s.Load).Version().Known {
			t.Error(s, err)
		}
	}
}

func TestFirmwareRules(t *testing.T) {
	for _, c := range []struct {
		model, running string
		http           bool
	}{
		{"7961", "SCCP41.9-4-2SR3-1S", true}, {"7961", "SCCP41.9-3-1S", true}, {"7961", "SCCP41.9-2-3S", false},
		{"7961", "SIP41.9-1-1S", true}, {"7961", "SIP41.8-5-4S", false}, {"7961", "term61.default", true},
		{"7960", "P0030801SR02", false}, {"8841", "sip88xx.11-0-1", true}, {"9951", "sip9951.9-4-2", true},
	} {
		p := newPure(t, Spec{Model: c.model, Load: c.running})
		if got := p.n.asksHTTP(c.running); got != c.http {
			t.Errorf("%s %s: asks HTTP %v", c.model, c.running, got)
		}
	}
	for _, c := range []struct {
		model, running, wanted string
		ok                     bool
	}{
		{"7961", "SCCP41.8-3-2S", "SCCP41.9-4-2S", false}, {"7961", "SCCP41.8-3-2S", "SCCP41.8-5-2S", true},
		{"7961", "SCCP41.8-3-3S", "SCCP41.9-4-2S", true}, {"7961", "SCCP41.8-3-1S", "SCCP41.8-5-2SR1S", false},
		{"7961", "", "SCCP41.9-4-2S", true}, {"8841", "sip88xx.8-0-1", "sip88xx.12-0-1", true},
	} {
		if got := newPure(t, Spec{Model: c.model}).n.accepts(c.running, c.wanted); got != c.ok {
			t.Errorf("%s: %s accepts %s: %v", c.model, c.running, c.wanted, got)
		}
	}
	if a, b := newPure(t, Spec{Model: "8841"}).n.sizeLimit(), newPure(t, Spec{Model: "7961"}).n.sizeLimit(); a != 2097152 || b != 550001 {
		t.Error(a, b)
	}
	for in, want := range map[string]string{"SCCP41.9-4-2S": "SCCP41.9-4-2S.loads", "SCCP41.9-4-2S.loads": "SCCP41.9-4-2S.loads", "P0030801SR02.sbn": "P0030801SR02.loads"} {
		if got := loadFile(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// serverPacket is an ACK with the options given as bytes.
func serverPacket(xid byte, options string) []byte {
	b := make([]byte, 240)
	b[0], b[1], b[2], b[7] = 2, 1, 6, xid
	copy(b[16:], []byte{10, 0, 0, 100, 10, 0, 0, 3})
	copy(b[28:], testMAC[:])
	copy(b[236:], cookie[:])
	return append(b, options...)
}

func TestParseReply(t *testing.T) {
	ack := "\x35\x01\x05\x36\x04\x0a\x00\x00\x01"
	r, err := parseReply(serverPacket(7, ack+"\x33\x04\x00\x00\x0e\x10\x01\x04\xff\xff\xff\x00\x96\x05\x0a\x00\x00\x01\x0a\x96\x03\x00\x00\x02\x42\x03a\x00b\x00\xff\x35"), 7, testMAC)
	if err != nil || r.kind != msgAck || r.server != box || r.lease != time.Hour || r.name66 != "a" || r.siaddr != netip.MustParseAddr("10.0.0.3") {
		t.Errorf("%+v %v", r, err)
	}
	if d := cmp.Diff([]netip.Addr{box, box2}, r.tftp, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); d != "" {
		t.Error("split option 150:", d)
	}
	over := serverPacket(7, "\x34\x01\x03\xff")
	copy(over[108:], ack+"\xff")
	copy(over[44:], "\x42\x01z\xff")
	if r, err := parseReply(over, 7, testMAC); err != nil || r.kind != msgAck || r.name66 != "z" || r.sname != "" {
		t.Errorf("overload: %+v %v", r, err)
	}
	for name, b := range map[string][]byte{
		"short":         serverPacket(7, ack)[:239],
		"other xid":     serverPacket(8, ack),
		"a request":     append([]byte{1}, serverPacket(7, ack)[1:]...),
		"wrong cookie":  append(bytes.Clone(serverPacket(7, "")[:236]), "\x00\x00\x00\x00\x35\x01\x05"...),
		"long option":   serverPacket(7, "\x35\x09\x05"),
		"half option":   serverPacket(7, "\x35"),
		"bad overload":  func() []byte { b := serverPacket(7, "\x34\x01\x01\xff"); b[108], b[109] = 1, 255; return b }(),
		"other address": func() []byte { b := serverPacket(7, ack); b[33] = 9; return b }(),
	} {
		if r, err := parseReply(b, 7, testMAC); !errors.Is(err, errDHCP) {
			t.Errorf("%s: %+v %v", name, r, err)
		}
	}
	p := newPure(t, Spec{Model: "7961"})
	for _, r := range []reply{{}, {server: box, addr: netip.IPv4Unspecified()}, {server: box, addr: box2, mask: netip.MustParseAddr("255.0.255.0")}} {
		if l, ok := p.acked(r); ok {
			t.Errorf("%+v became %+v", r, l)
		}
	}
	if l, ok := p.acked(reply{server: box, addr: box2}); !ok || l.Addr.Bits() != 32 {
		t.Error(l, ok)
	}
}

func TestFrames(t *testing.T) {
	f := broadcastFrame(testMAC, []byte("odd"))
	if sum(0, f[14:34]) != 0xffff {
		t.Error("IP checksum")
	}
	if s := sum(17+8+3, f[34:]); s != 0xffff {
		t.Errorf("UDP checksum: sum %04x", s)
	}
	f[37] = portClient // as if to us
	if from, b, ok := udpPayload(f); !ok || string(b) != "odd" || from != netip.IPv4Unspecified() {
		t.Error(from, b, ok)
	}
	for i := range f {
		udpPayload(f[:i])
	}
	f[20] = 0x20 // more fragments
	if _, _, ok := udpPayload(f); ok {
		t.Error("a fragment was taken")
	}
}

func TestReadAnswer(t *testing.T) {
	for _, c := range []struct{ in, data, result string }{
		{"HTTP/1.1 200 OK\r\nContent-length: 3\r\nCache-Control: no-store\r\n\r\nabcdef", "abc", "200"},
		{"HTTP/1.0 200 OK\ncontent-length:3\n\nabc", "abc", "200"},
		{"HTTP/1.1 200 OK\r\n\r\nabc", "abc", "200"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "", "200"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabc", "abc", CutOff},
		{"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n", "", TooLarge},
		{"HTTP/1.1 200 OK\r\n\r\n0123456789X", "", TooLarge},
		{"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "", Malformed},
		{"HTTP/1.1 200 OK\r\nContent-Le", "", Malformed},
		{"HTTP/1.1 503 Service Unavailable\r\n\r\n", "", "503"},
		{"HTTP/1.1 404 Not Found\r\nContent-Length: 99999999999\r\n\r\n", "", "404"},
		{"HTTP/1.1 OK\r\n\r\n", "", Malformed},
		{"SSH-2.0-x\r\n", "", Malformed},
		{"HTTP/1.1", "", Malformed},
		{"", "", CutOff},
		{"HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 5000), "", Malformed},
	} {
		data, result := readAnswer(strings.NewReader(c.in), 10)
		if string(data) != c.data || result != c.result {
			t.Errorf("%.40q: %q %q, want %q %q", c.in, data, result, c.data, c.result)
		}
	}
}

// TestRollOver: block 65535 is followed by block 0. [facts/phones.md 1.4]
func TestRollOver(t *testing.T) {
	tr := transfer{limit: maxImage, server: box}
	from := netip.AddrPortFrom(box, 1069)
	pkt := append([]byte{0, opData, 0, 0}, make([]byte, blockSize)...)
	send := func(n int, size int) (bool, bool, string) {
		pkt[2], pkt[3] = byte(n>>8), byte(n)
		done, progress, _, result := tr.take(pkt[:4+size], from)
		return done, progress, result
	}
	got := 0
	for n := 1; n <= 81920; n++ {
		if done, progress, _ := send(n, blockSize); done || !progress {
			t.Fatal(n, done, progress)
		}
		if n%1000 == 0 {
			got += tr.data.Len()
			tr.data.Reset() // 40 MiB are not needed to count blocks
			if _, progress, _ := send(n, blockSize); progress {
				t.Fatal("a block was taken twice")
			}
		}
	}
	if got += tr.data.Len(); got != 40<<20 || !tr.bound || tr.to != from {
		t.Error(got)
	}
	tr.limit = tr.data.Len()
	if done, _, result := send(81921, 1); !done || result != TooLarge {
		t.Error(result)
	}
}

func TestSettings(t *testing.T) {
	s, err := parseXML([]byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n"+sipFile("SIP41.9-4-2-1S")+"\xa0"), 115)
	want := Settings{Load: "SIP41.9-4-2-1S", VersionStamp: "{Jan 01 2003 00:00:00}", CallControl: []string{"10.0.0.1"},
		UserLocale: "english_united_states", NetworkLocale: "united_states", SoftKeys: "softkey1.xml", DialTemplate: "dialplan1.xml", PeerSharing: true}
	if d := cmp.Diff(want, s); err != nil || d != "" {
		t.Error(err, d)
	}
	s, err = parseXML([]byte("<Default><loadInformation8>A</loadInformation8><loadInformation7>B</loadInformation7></Default>"), 7)
	if err != nil || s.Load != "B" {
		t.Error(s, err)
	}
	for _, bad := range []string{"", "x", "<html/>", "<device>", "<device></Device>", "<?xml version=\"1.0\" encoding=\"EBCDIC\"?><device/>",
		"<device>" + strings.Repeat("<a>", maxDepth) + strings.Repeat("</a>", maxDepth) + "</device>"} {
		if s, err := parseXML([]byte(bad), 7); !errors.Is(err, errConfig) {
			t.Errorf("%.30q: %+v %v", bad, s, err)
		}
	}
	var txt Settings
	if err := txt.parseText([]byte("IMAGE_VERSION: \"P0S3-8-12-00\" ; x\r\nproxy1_address: UNPROVISIONED\r\ndial_template: dialplan\r\n")); err != nil ||
		txt.Load != "P0S3-8-12-00" || txt.CallControl != nil || txt.DialTemplate != "dialplan" {
		t.Errorf("%+v %v", txt, err)
	}
	if err := txt.parseText([]byte("# nothing\n")); !errors.Is(err, errConfig) {
		t.Error(err)
	}
}

func TestStepText(t *testing.T) {
	s := Step{Device: "SEP001E7A000001", Boot: 1, Kind: File, Transport: "HTTP", Server: box, Name: "x", Result: "200", Bytes: 3, Took: 9 * time.Millisecond}
	if got, want := s.String(), "SEP001E7A000001 boot 1 file HTTP 10.0.0.1 x: 200, 3 bytes in 9ms"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	o := Outcome{Kind: Stuck, Reason: NoLease}
	if o.String() != "stuck: no lease" {
		t.Error(o)
	}
	if a := peers.Broadcast(netip.MustParsePrefix("10.1.2.3/22")); a != netip.MustParseAddr("10.1.3.255") {
		t.Error(a)
	}
	if got := printable([]byte("a\nb\x00c")); got != "a.b" {
		t.Error(got)
	}
}

// TestContainers: what a phone finds out about files by itself.
func TestContainers(t *testing.T) {
	for _, load := range []string{"SCCP41.9-4-2SR3-1S", "sip78xx.12-1-1-12", "sip88xx.12-0-1MN-113", "P0030801SR02"} {
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(load, err)
		}
		list := load + ".loads"
		cs, err := containers{}.Components(list, files[list])
		if err != nil || len(cs) == 0 {
			t.Fatal(load, cs, err)
		}
		if _, err := (containers{}).Components("other.loads", files[list]); err == nil {
			t.Error(load, "a list under another name was taken")
		}
		g5 := strings.HasPrefix(load, "sip")
		for _, c := range cs {
			f, ok := files[c.Name]
			if !ok {
				t.Fatal(load, c)
			}
			if err := (containers{}).Check(c, f); err != nil {
				t.Error(load, c, err)
			}
			bad := bytes.Clone(f)
			bad[len(bad)-1]++
			if err := (containers{}).Check(c, bad); (err != nil) != g5 {
				t.Error(load, c, "changed contents:", err) // only G5 files have a digest
			}
			for name, err := range map[string]error{
				"size":  containers{}.Check(Component{c.Name, int64(len(f)) + 1}, f),
				"name":  containers{}.Check(Component{"other.sbn", -1}, f),
				"cut":   containers{}.Check(Component{c.Name, -1}, f[:200]),
				"empty": containers{}.Check(Component{c.Name, -1}, nil),
			} {
				if err == nil {
					t.Error(load, c, name, "was taken")
				}
			}
		}
	}
	files, err := firmware.Synthesise("SCCP41.9-4-2SR3-1S", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := (containers{}).Unwrap("x.sgn", files["SCCP41.9-4-2SR3-1S.loads"]); err != nil || !bytes.Contains(b, []byte("jar41sccp")) || b[0] == 1 {
		t.Errorf("%.40q %v", b, err)
	}
	if _, err := (containers{}).Unwrap("x.sgn", []byte(sccpFile(""))); !errors.Is(err, errUntrusted) {
		t.Error("an unsigned file was taken:", err)
	}
}

func FuzzParseReply(f *testing.F) {
	f.Add(serverPacket(7, "\x35\x01\x05\x36\x04\x0a\x00\x00\x01\x34\x01\x03\xff"))
	f.Add(serverPacket(7, "\x01\x04\xff\xff\xff\x00\x96\x08\x0a\x00\x00\x01\x0a\x00\x00\x02"))
	p := newPure(f, Spec{Model: "7961"})
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := parseReply(b, 7, testMAC); err == nil {
			if l, ok := p.acked(r); ok && (!l.Addr.IsValid() || !l.Server.IsValid() || l.Renew < 0) {
				t.Errorf("%+v", l)
			}
		}
	})
}

func FuzzUDPPayload(f *testing.F) {
	b := broadcastFrame(testMAC, []byte("payload"))
	b[37] = portClient
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { udpPayload(b) })
}

func FuzzReadAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"))
	f.Add([]byte("HTTP/1.1 503 Busy\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if data, result := readAnswer(bytes.NewReader(b), 100); len(data) > 100 || result == "" {
			t.Error(len(data), result)
		}
	})
}

func FuzzTransfer(f *testing.F) {
	f.Add([]byte("\x00\x03\x00\x01abc"), []byte("\x00\x05\x00\x01No such file\x00"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		tr := transfer{limit: 1000, server: box}
		for _, x := range [][]byte{a, b} {
			// A last block is acknowledged on the socket: not in this test.
			if len(x) >= 4 && x[1] == opData && len(x) < 4+blockSize {
				continue
			}
			if done, _, _, result := tr.take(x, netip.AddrPortFrom(box, 1)); done && result == "" {
				t.Error("done without a result")
			}
		}
		if tr.data.Len() > 1000 {
			t.Error(tr.data.Len())
		}
	})
}

func FuzzSettings(f *testing.F) {
	f.Add([]byte(sipFile("x")))
	f.Add([]byte("image_version: a\nproxy1_address: b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := parseXML(b, 7)
		if err == nil && len(s.CallControl) > maxMembers {
			t.Error(s)
		}
		_ = s.parseText(b)
		if s, err := parseProfile(b); err == nil && len(s.CallControl) > 1 {
			t.Error(s)
		}
	})
}
