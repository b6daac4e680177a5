package observe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/pfs"
	"option150/platform/ether"
)

// tagged puts tags of VLANs before the type of a frame.
func tagged(f []byte, tags ...byte) []byte {
	out := bytes.Clone(f[:12])
	for i, v := range tags {
		kind := []byte{0x81, 0}
		if i < len(tags)-1 {
			kind = []byte{0x88, 0xa8}
		}
		out = append(append(out, kind...), 0, v)
	}
	return append(out, f[12:]...)
}

// swapped is a pcap file with microseconds in the other byte order.
func (s *story) swapped() []byte {
	be := binary.BigEndian
	b := be.AppendUint32(nil, 0xa1b2c3d4)
	b = append(b, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 1)
	for _, f := range s.out {
		b = be.AppendUint32(b, uint32(f.at.Unix()))
		b = be.AppendUint32(b, uint32(f.at.Nanosecond()/1000))
		b = be.AppendUint32(be.AppendUint32(b, uint32(len(f.data))), uint32(len(f.data)))
		b = append(b, f.data...)
	}
	return b
}

// mixed is a pcapng file of two interfaces: one Ethernet, one of `-i any`.
func (s *story) mixed() []byte {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriterInterface(&b, pcapgo.NgInterface{LinkType: layers.LinkTypeEthernet, SnapLength: 0, TimestampResolution: 9}, pcapgo.DefaultNgWriterOptions)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := w.AddInterface(pcapgo.NgInterface{LinkType: layers.LinkTypeLinuxSLL, TimestampResolution: 9}); err != nil {
		s.t.Fatal(err)
	}
	for i, f := range s.out {
		d, link := f.data, 0
		if i%2 == 1 {
			d, link = cooked(f.data, linkSLL), 1
		}
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(d), Length: len(d), InterfaceIndex: link}, d); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		s.t.Fatal(err)
	}
	return b.Bytes()
}

// cut is a pcap file of so many bytes a frame.
func (s *story) cut(snap int) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	_ = w.WriteFileHeader(uint32(snap), layers.LinkTypeEthernet)
	for _, f := range s.out {
		d := f.data[:min(len(f.data), snap)]
		_ = w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(d), Length: len(f.data)}, d)
	}
	return b.Bytes()
}

// TestReadForms: whatever wrote the file, the tree is the same; frames that are
// cut to their headers say the same of who gave what to whom.
func TestReadForms(t *testing.T) {
	with := func(change func([]byte) []byte) *story {
		s := upgrade(t)
		for i := range s.out {
			s.out[i].data = change(s.out[i].data)
		}
		return s
	}
	one := with(func(f []byte) []byte { return tagged(f, 110) })
	two := with(func(f []byte) []byte { return tagged(f, 7, 110) })
	s := upgrade(t)
	for name, c := range map[string]struct {
		file  []byte
		names bool // DHCP and requests are in it
	}{
		"tagged": {one.pcap(1), true}, "tagged, any": {one.pcap(linkSLL), true}, "tagged twice": {two.pcap(1), true},
		"the other byte order": {s.swapped(), true}, "mixed": {s.mixed(), true},
		"250 bytes": {s.cut(250), false}, "128 bytes": {s.cut(128), false}, "96 bytes": {s.cut(96), false}, "68 bytes": {s.cut(68), false}, "54 bytes": {s.cut(54), false},
	} {
		r, err := Read(bytes.NewReader(c.file))
		if err != nil || r.Cut != nil || r.Frames != len(s.out) || !r.TCP || !r.Broadcast {
			t.Errorf("%s: %v, %+v", name, err, r)
			continue
		}
		f := pfs.Facts{Loads: loads, Mirror: true, Observing: true, Offline: true}
		snap := r.State.Snapshot(nil)
		tree := pfs.ShowTree(pfs.Trees(snap, f), "").String()
		want := []string{"SEP001E7A000001    child  SEP001E7A000000", "SEP001E7A000002  child  SEP001E7A000001"}
		if c.names {
			want = append(want, "Subnet: 10.0.0.0/24  Family: 41  Load: SCCP41.9-4-2SR3-1S\nFiles: 2,", "SEP001E7A000000      root   -")
		}
		for _, x := range want {
			if !strings.Contains(strings.ReplaceAll(tree, "SEP001E7A000001  child", "SEP001E7A000001    child"), x) {
				t.Errorf("%s: no %q in\n%s", name, x, tree)
			}
		}
		for _, p := range snap.Peers {
			if len(p.Bursts) != 1 || p.Bursts[0].Frames != 5 {
				t.Errorf("%s: %+v", name, p)
			}
		}
	}
}

// TestReadPortOnly: a capture of port 4051 alone knows no names but those the
// hardware addresses give, and no files but by their sizes.
func TestReadPortOnly(t *testing.T) {
	s := upgrade(t)
	kept := s.out[:0:0]
	for _, f := range s.out {
		if binary.BigEndian.Uint16(f.data[34:]) == 4051 || binary.BigEndian.Uint16(f.data[36:]) == 4051 {
			kept = append(kept, f)
		}
	}
	s.out = kept
	for _, c := range []struct {
		loads []pfs.Load
		want  []string
	}{
		{nil, []string{"?       ?       ?     unsure   3", "2 of 3 phones got files from a peer, and their sizes do not tell which (observed)", "To be certain: --loads DIR",
			"SEP001E7A000001  child  SEP001E7A000000  ?      32228"}},
		{loads, []string{"Load: SCCP41.9-4-2SR3-1S\nFiles: 2,", "SEP001E7A000000  ?      ?", "partly", "SEP001E7A000000 passed it on and has not been seen to get it"}},
	} {
		r, err := Read(bytes.NewReader(s.pcap(1)))
		if err != nil || r.Strangers != 0 {
			t.Fatal(err, r)
		}
		var b bytes.Buffer
		if err := r.Report(&b, c.loads, nil); err != nil {
			t.Fatal(err)
		}
		for _, w := range c.want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("no %q in\n%s", w, b.String())
			}
		}
		if strings.Contains(b.String(), "  works  ") || strings.Contains(b.String(), "No firmware has been distributed") {
			t.Error(b.String())
		}
	}
}

// TestReadQuickly: one phone hands on many small files to two others within a
// second: a file has no flood to be kept from, and each connection has its end.
func TestReadQuickly(t *testing.T) {
	s := &story{t: t, now: time.Unix(1e9, 0)}
	for i := range 30 {
		s.pass(0, 1, 1000+100*i)
		s.pass(0, 2, 1000+100*i)
	}
	r, err := Read(bytes.NewReader(s.pcap(1)))
	if err != nil || r.Muted != 0 {
		t.Fatal(err, r)
	}
	for _, x := range r.State.Snapshot(nil).Transfers {
		if !x.Ended || x.Broken {
			t.Errorf("%+v", x)
		}
	}
}

// TestReadAnnounced: a phone that says what it is, by CDP or LLDP, has a model
// and a load although its lease is not in the file.
func TestReadAnnounced(t *testing.T) {
	tlv := func(kind int, text string) []byte {
		return append(binary.BigEndian.AppendUint16(nil, uint16(kind<<9|len(text))), text...)
	}
	tag := func(kind int, text string) []byte {
		return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, uint16(kind)), uint16(4+len(text))), text...)
	}
	lldp := func(m ether.MAC) []byte {
		b := append([]byte{1, 0x80, 0xc2, 0, 0, 0x0e}, m[:]...)
		b = append(b, 0x88, 0xcc)
		b = append(b, tlv(1, "\x05\x01\x0a\x00\x00\x0a")...)
		b = append(append(b, tlv(2, "\x07Port 1")...), tlv(3, "\x00\xb4")...)
		b = append(append(b, tlv(5, m.Device())...), tlv(6, "Cisco IP Phone CP-7961G, V5, SCCP41.9-4-2SR3-1S")...)
		b = append(b, tlv(127, "\x00\x12\xbb\x0aCP-7961G")...)
		return append(b, 0, 0)
	}
	cdp := func(m ether.MAC) []byte {
		b := []byte("\xaa\xaa\x03\x00\x00\x0c\x20\x00\x02\xb4\x00\x00")
		b = append(append(append(b, tag(1, m.Device())...), tag(5, "SCCP41.9-4-2SR3-1S")...), tag(6, "Cisco IP Phone 7961")...)
		head := append([]byte{1, 0, 0x0c, 0xcc, 0xcc, 0xcc}, m[:]...)
		return append(append(head, byte(len(b)>>8), byte(len(b))), b...)
	}
	for _, link := range []int{1, linkSLL, 276} {
		s := &story{t: t, now: time.Unix(1e9, 0)}
		s.out = append(s.out, frame{s.now, lldp(phoneMAC(0))}, frame{s.now, cdp(phoneMAC(1))})
		if link != 1 { // what `-i any` says of an 802.2 frame
			d := cooked(s.out[1].data, link)
			copy(d[map[int]int{linkSLL: 14, 276: 0}[link]:], []byte{0, 4})
			s.out[1].data = d
			s.out[0].data = cooked(s.out[0].data, link)
		}
		file := s.raw(link)
		r, err := Read(bytes.NewReader(file))
		if err != nil || r.Malformed != 0 {
			t.Fatal(link, err, r)
		}
		peers := r.State.Snapshot(nil).Peers
		if len(peers) != 2 {
			t.Fatalf("link type %d: %+v", link, peers)
		}
		for _, p := range peers {
			if p.Model != "7961" || p.Family != "41" || p.Runs != "SCCP41.9-4-2SR3-1S" {
				t.Errorf("link type %d: %+v", link, p)
			}
		}
	}
}

// raw writes the frames as they are.
func (s *story) raw(link int) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	_ = w.WriteFileHeader(65535, layers.LinkTypeEthernet)
	for _, f := range s.out {
		_ = w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(f.data), Length: len(f.data)}, f.data)
	}
	binary.LittleEndian.PutUint32(b.Bytes()[20:], uint32(link))
	return b.Bytes()
}

// TestReadLogForms: the log as terminal programs write it.
func TestReadLogForms(t *testing.T) {
	text, err := os.ReadFile("../testdata/console-en.txt")
	if err != nil {
		t.Fatal(err)
	}
	var wide, other []byte
	for _, u := range utf16.Encode([]rune(string(text))) {
		wide = binary.LittleEndian.AppendUint16(wide, u)
		other = binary.BigEndian.AppendUint16(other, u)
	}
	for name, file := range map[string][]byte{
		"UTF-8 with a mark": append([]byte("\xef\xbb\xbf"), text...),
		"UTF-16":            append([]byte("\xff\xfe"), wide...),
		"UTF-16, big":       append([]byte("\xfe\xff"), other...),
		"zero bytes":        bytes.ReplaceAll(text, []byte("\n"), []byte("\x00\r\n\x00")),
		"CRLF":              bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"behind much else":  append(bytes.Repeat([]byte("a console says a lot before that\n"), 100_000), text...),
	} {
		r, err := Read(bytes.NewReader(file))
		if err != nil || r.Kind != Log || len(r.Records) != 26 {
			t.Errorf("%s: %v, %+v", name, err, r)
		}
	}
	if _, err := Read(bytes.NewReader(bytes.Repeat([]byte("x"), pfs.MaxLog+1))); err == nil || !strings.Contains(err.Error(), "16 MiB") {
		t.Error(err)
	}
}

// TestReadTwoSessions: a file with the boots of two days says what the last of
// them did, whatever the time of day.
func TestReadTwoSessions(t *testing.T) {
	session := func(clock, xid string) string {
		return fmt.Sprintf("DBG %[1]s.000001 DLoad: +++ fd=7 Listening on peer TCP port 4051\nINF %[1]s.100000 DLoad: XID%[2]s TxBdcst Ad 1: ClaimRoot(tent)\n", clock, xid)
	}
	for _, c := range [][2]string{{"23:10:00", "02:19:00"}, {"02:19:00", "23:10:00"}, {"09:00:00", "08:00:00"}} {
		r, err := Read(strings.NewReader(session(c[0], "00000001") + session(c[1], "00000002")))
		if err != nil || len(r.Records) != 4 {
			t.Fatal(err, r)
		}
		if l := r.State.Snapshot(nil).Strange; l.XID != "00000002" || l.Total != 2 {
			t.Errorf("%v: %+v", c, l)
		}
	}
}
