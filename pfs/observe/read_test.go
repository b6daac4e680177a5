package observe

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/pfs"
	"option150/platform/ether"
	"option150/platform/fileserver"
)

// story is a capture made up frame by frame. Payloads on 4051 say PFS-TEST:
// nothing of the real protocol is known.
type story struct {
	t   testing.TB
	now time.Time
	id  uint16
	out []frame
}

type frame struct {
	at   time.Time
	data []byte
}

var serverMAC = ether.MAC{2, 0, 0, 0, 0, 1}

func (s *story) ip(src, dst netip.AddrPort, smac, dmac ether.MAC, tcp *layers.TCP, payload []byte) {
	s.t.Helper()
	s.id++
	eth := &layers.Ethernet{SrcMAC: smac[:], DstMAC: dmac[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, Id: s.id, SrcIP: net.IP(src.Addr().AsSlice()), DstIP: net.IP(dst.Addr().AsSlice()), Protocol: layers.IPProtocolUDP}
	var l4 gopacket.SerializableLayer
	if tcp != nil {
		ip.Protocol = layers.IPProtocolTCP
		tcp.SrcPort, tcp.DstPort = layers.TCPPort(src.Port()), layers.TCPPort(dst.Port())
		_ = tcp.SetNetworkLayerForChecksum(ip)
		l4 = tcp
	} else {
		udp := &layers.UDP{SrcPort: layers.UDPPort(src.Port()), DstPort: layers.UDPPort(dst.Port())}
		_ = udp.SetNetworkLayerForChecksum(ip)
		l4 = udp
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, eth, ip, l4, gopacket.Payload(payload)); err != nil {
		s.t.Fatal(err)
	}
	s.out = append(s.out, frame{s.now, bytes.Clone(b.Bytes())})
	s.now = s.now.Add(200 * time.Microsecond)
}

var everybody = ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

func at(a netip.Addr, p uint16) netip.AddrPort { return netip.AddrPortFrom(a, p) }

// lease: DISCOVER with the class of a phone, and the ACK.
func (s *story) lease(n int, class string) {
	m := phoneMAC(n)
	msg := func(op byte, typ byte, a netip.Addr, opts ...byte) []byte {
		b := make([]byte, 240, 300)
		b[0], b[1], b[2] = op, 1, 6
		if a.IsValid() {
			copy(b[16:], a.AsSlice())
		}
		copy(b[28:], m[:])
		copy(b[236:], []byte{99, 130, 83, 99})
		b = append(b, 53, 1, typ)
		return append(append(b, opts...), 255)
	}
	s.ip(at(netip.IPv4Unspecified(), 68), at(netip.AddrFrom4([4]byte{255, 255, 255, 255}), 67), m, everybody, nil,
		msg(1, 1, netip.Addr{}, append([]byte{60, byte(len(class))}, class...)...))
	s.ip(at(boxAddr, 67), at(phoneAddr(n), 68), serverMAC, m, nil, msg(2, 5, phoneAddr(n), 1, 4, 255, 255, 255, 0))
}

// get fetches a file over HTTP.
func (s *story) get(n int, name string, size int) {
	c, b, m := at(phoneAddr(n), 49152+s.id), at(boxAddr, 6970), phoneMAC(n)
	s.ip(c, b, m, serverMAC, &layers.TCP{PSH: true, ACK: true, Seq: 1}, fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost:10.0.0.1:6970\r\n\r\n", name))
	body := append(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", size), make([]byte, size)...)
	for seq := uint32(9000); len(body) > 0; {
		k := min(len(body), 1448)
		s.ip(b, c, serverMAC, m, &layers.TCP{ACK: true, Seq: seq}, body[:k])
		seq += uint32(k)
		body = body[k:]
	}
}

// read fetches a file over TFTP.
func (s *story) read(n int, name string, size int) {
	c, m := at(phoneAddr(n), 49152+s.id), phoneMAC(n)
	s.ip(c, at(boxAddr, 69), m, serverMAC, nil, []byte("\x00\x01"+name+"\x00octet\x00"))
	for block := 1; ; block++ {
		k := min(size, 512)
		d := append([]byte{0, 3, byte(block >> 8), byte(block)}, make([]byte, k)...)
		s.ip(at(boxAddr, 40000), c, serverMAC, m, nil, d)
		if block == 2 {
			s.ip(at(boxAddr, 40000), c, serverMAC, m, nil, d) // again
		}
		if size -= k; k < 512 {
			return
		}
	}
}

func (s *story) claim(n int) {
	for i := range 5 {
		s.ip(at(phoneAddr(n), 4051), netip.MustParseAddrPort("10.0.0.255:4051"), phoneMAC(n), everybody, nil, fmt.Appendf(nil, "PFS-TEST %d", i))
		s.now = s.now.Add(250 * time.Millisecond)
	}
}

// pass: parent calls child and sends so many bytes.
func (s *story) pass(parent, child, size int) {
	a, b, ma, mb := at(phoneAddr(parent), 50000+s.id), at(phoneAddr(child), 4051), phoneMAC(parent), phoneMAC(child)
	s.ip(a, b, ma, mb, &layers.TCP{SYN: true, Seq: 99}, nil)
	s.ip(b, a, mb, ma, &layers.TCP{SYN: true, ACK: true, Seq: 7}, nil)
	seq := uint32(100)
	for ; size > 0; size -= 1448 {
		k := min(size, 1448)
		s.ip(a, b, ma, mb, &layers.TCP{ACK: true, Seq: seq}, make([]byte, k))
		seq += uint32(k)
	}
	s.ip(a, b, ma, mb, &layers.TCP{FIN: true, ACK: true, Seq: seq}, nil)
	s.ip(b, a, mb, ma, &layers.TCP{FIN: true, ACK: true, Seq: 8}, nil)
}

const class = "Cisco Systems, Inc. IP Phone CP-7961G\x00"

var loads = []pfs.Load{{Name: "SCCP41.9-4-2SR3-1S", Files: []pfs.File{{Name: "SCCP41.9-4-2SR3-1S.loads", Size: 652}, {Name: "apps41.9-4-2ES26.sbn", Size: 31576}}}}

// upgrade: phone 0 is root, by HTTP and TFTP, and feeds phone 1, which feeds 2.
func upgrade(t testing.TB) *story {
	s := &story{t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}
	for i := range 3 {
		s.lease(i, class)
		s.get(i, "SEP"+phoneMAC(i).Hex()+".cnf.xml", 900)
		s.claim(i)
	}
	s.get(0, loads[0].Files[0].Name, 652)
	s.read(0, loads[0].Files[1].Name, 31576)
	for _, f := range loads[0].Files {
		s.pass(0, 1, int(f.Size))
		s.pass(1, 2, int(f.Size))
	}
	return s
}

// as writes the story with a link type.
func (s *story) pcap(link int) []byte {
	var b bytes.Buffer
	w := pcapgo.NewWriterNanos(&b)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		s.t.Fatal(err)
	}
	for _, f := range s.out {
		d := cooked(f.data, link)
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(d), Length: len(d)}, d); err != nil {
			s.t.Fatal(err)
		}
	}
	binary.LittleEndian.PutUint32(b.Bytes()[20:], uint32(link))
	return b.Bytes()
}

func (s *story) pcapng() []byte {
	var b bytes.Buffer
	w, err := pcapgo.NewNgWriter(&b, layers.LinkTypeEthernet)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range s.out {
		if err := w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(f.data), Length: len(f.data)}, f.data); err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		s.t.Fatal(err)
	}
	return b.Bytes()
}

// cooked gives a frame the header of another link type.
func cooked(f []byte, link int) []byte {
	kind := byte(3)
	if f[0]&1 != 0 {
		kind = 1
	}
	switch link {
	case 113:
		h := append([]byte{0, kind, 0, 1, 0, 6}, f[6:12]...)
		return append(append(h, 0, 0, f[12], f[13]), f[14:]...)
	case 276:
		h := append([]byte{f[12], f[13], 0, 0, 0, 0, 0, 2, 0, 1, kind, 6}, f[6:12]...)
		return append(append(h, 0, 0), f[14:]...)
	}
	return f
}

// TestReadCapture: names, files, roots and every edge out of a capture taken
// elsewhere, whatever its form.
func TestReadCapture(t *testing.T) {
	s := upgrade(t)
	for name, file := range map[string][]byte{"ethernet": s.pcap(1), "sll": s.pcap(113), "sll2": s.pcap(276), "pcapng": s.pcapng()} {
		r, err := Read(bytes.NewReader(file))
		if err != nil || r.Cut != nil || r.Malformed != 0 || r.Frames != len(s.out) || !r.TCP || !r.Broadcast {
			t.Errorf("%s: %v, %+v", name, err, r)
			continue
		}
		f := pfs.Facts{Loads: loads, Mirror: r.TCP, Observing: r.Broadcast, Offline: true}
		got := pfs.ShowTree(pfs.Trees(r.State.Snapshot(nil), f), "").String()
		for _, want := range []string{"Subnet: 10.0.0.0/24  Family: 41  Load: SCCP41.9-4-2SR3-1S\nFiles: 2,", "SEP001E7A000000      root   -", "  SEP001E7A000001    child  SEP001E7A000000  1      32228", "    SEP001E7A000002  child  SEP001E7A000001  2      32228"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in\n%s", name, want, got)
			}
		}
		p := r.State.Snapshot(nil).Peers[0]
		if p.Model != "7961" || len(p.Fetches) != 2 || p.Fetches[0].Transport != fileserver.HTTP || p.Fetches[1].Transport != fileserver.TFTP ||
			p.Fetches[1].Bytes != 31576 || !p.Fetches[1].Complete || len(p.Bursts) != 1 || p.Bursts[0].Rhythm != 4 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// TestReadWithoutMirror: a capture of the server's port alone shows the root.
func TestReadWithoutMirror(t *testing.T) {
	s := upgrade(t)
	kept := s.out[:0:0]
	for _, f := range s.out {
		if f.data[23] == 6 && binary.BigEndian.Uint16(f.data[36:]) == 4051 || f.data[23] == 6 && binary.BigEndian.Uint16(f.data[34:]) == 4051 {
			continue
		}
		kept = append(kept, f)
	}
	s.out = kept
	r, err := Read(bytes.NewReader(s.pcap(1)))
	if err != nil || r.TCP {
		t.Fatal(err, r)
	}
	// Without --loads the sizes are those that were served.
	got := pfs.ShowTree(pfs.Trees(r.State.Snapshot(nil), pfs.Facts{Observing: r.Broadcast, Offline: true}), "").String()
	if !strings.Contains(got, "SEP001E7A000000  root     -") || !strings.Contains(got, "SEP001E7A000001  waiting  ?") || strings.Contains(got, "observed\n") && !strings.Contains(got, "inferred") {
		t.Error(got)
	}
}

// TestReadSnapped: a capture cut to headers gives the same tree.
func TestReadSnapped(t *testing.T) {
	s := upgrade(t)
	var b bytes.Buffer
	w := pcapgo.NewWriter(&b)
	_ = w.WriteFileHeader(400, layers.LinkTypeEthernet)
	for _, f := range s.out {
		d := f.data[:min(len(f.data), 400)]
		_ = w.WritePacket(gopacket.CaptureInfo{Timestamp: f.at, CaptureLength: len(d), Length: len(f.data)}, d)
	}
	r, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	got := pfs.ShowTree(pfs.Trees(r.State.Snapshot(nil), pfs.Facts{Loads: loads, Mirror: true, Offline: true}), "").String()
	if !strings.Contains(got, "    SEP001E7A000002  child  SEP001E7A000001  2      32228") {
		t.Error(got)
	}
}

// TestReadLog: the log of a document, without any phone that is known.
func TestReadLog(t *testing.T) {
	text, err := os.ReadFile("../testdata/console-es.txt")
	if err != nil {
		t.Fatal(err)
	}
	r, err := Read(bytes.NewReader(text))
	if err != nil || r.Kind != Log || len(r.Records) != 26 {
		t.Fatal(err, r)
	}
	if l := r.State.Snapshot(nil).Strange; l.XID != "080027F8" || l.Total != 26 || !l.Confirm {
		t.Errorf("%+v", l)
	}
	for _, bad := range []string{"", "\x00\x00\x00\x00\x00", "\x0a\x0d\x0d\x0a garbage that is no block"} {
		if r, err := Read(strings.NewReader(bad)); err == nil && r.Cut == nil {
			t.Errorf("%q: %+v", bad, r)
		}
	}
}

// TestReadCut: a file that ends anywhere is read as far as it goes.
func TestReadCut(t *testing.T) {
	s := upgrade(t)
	for _, file := range [][]byte{s.pcap(1), s.pcapng()} {
		for i := 0; i < len(file); i += 1 + len(file)/300 {
			r, err := Read(bytes.NewReader(file[:i]))
			if err == nil && r.Frames > len(s.out) {
				t.Fatal(r)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	s := &story{t: f, now: time.Unix(1e9, 0)}
	s.lease(0, class)
	s.get(0, "SEP"+phoneMAC(0).Hex()+".cnf.xml", 90)
	s.claim(0)
	s.pass(0, 1, 2000)
	s.read(0, "x.loads", 600)
	f.Add(s.pcap(1))
	f.Add(s.pcap(113))
	f.Add(s.pcap(276))
	f.Add(s.pcapng())
	f.Add([]byte("NOT 02:19:24.412806 DLoad: @@@HROOT:XID080027F8 H=1 m=CP-7961G\nROOT=10.1.1.9 /x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Read(bytes.NewReader(b))
		if err != nil {
			return
		}
		snap := r.State.Snapshot(nil)
		_ = pfs.ShowTree(pfs.Trees(snap, pfs.Facts{Mirror: true, Offline: true}), "").String()
		_ = pfs.ShowEvidence(snap)
	})
}

// FuzzDatagram: what a phone may send to the log server.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte("<31>INF 02:19:23.162700 DLoad: XID080027F8 TxBdcst ClaimRoot(tent): map=ff9d7cb9"), []byte("strength=31d4d43d"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		st := pfs.NewState()
		rec := &replay{state: st, now: time.Unix(1e9, 0)}
		rec.Record(fileserver.Asked{Client: at(phoneAddr(0), 1), Name: "SEP" + phoneMAC(0).Hex() + ".cnf.xml"})
		var c counters
		r := newReceiver(Options{State: st, Recorder: rec}, &c)
		now := time.Unix(1e9, 0)
		for range 3 {
			r.datagram(now, phoneAddr(0), string(a))
			r.datagram(now, phoneAddr(0), string(b))
			r.datagram(now, phoneAddr(7), string(b))
		}
		r.second(now.Add(time.Hour))
		if len(r.open) != 0 || c.refused.Load() != 3 {
			t.Fatalf("%+v %+v", r.open, c.view())
		}
	})
}

var _ io.Reader = (*blocks)(nil)
