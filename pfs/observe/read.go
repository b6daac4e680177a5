package observe

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"time"
	"unicode/utf16"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/pfs"
	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/journal"
)

// Kind is what a file turned out to be.
type Kind string

// The kinds.
const (
	PCAP   Kind = "pcap"
	PCAPNG Kind = "pcapng"
	Log    Kind = "log"
)

// Reading is what was read of a file.
type Reading struct {
	Kind      Kind
	Frames    int
	Malformed int
	Records   []pfs.Record // of a log
	State     *pfs.State
	Broadcast bool // UDP 4051 was in it
	TCP       bool // TCP 4051 between phones was
	pfs.Counters
	Cut error // why it ended before its end, nil if it did not
}

// maxFrame bounds one frame of a capture file.
const maxFrame = 256 << 10

// Magic numbers of the files, as bytes. [pcap and pcapng specifications]
var (
	magicNG   = []byte{0x0a, 0x0d, 0x0d, 0x0a}
	magicPCAP = [][]byte{{0xd4, 0xc3, 0xb2, 0xa1}, {0xa1, 0xb2, 0xc3, 0xd4}, {0x4d, 0x3c, 0xb2, 0xa1}, {0xa1, 0xb2, 0x3c, 0x4d}}
)

// Read reads a capture or a log. DHCP, TFTP requests and GETs on port 6970 are
// read out of a capture too, so that phones have names, models and files. A
// file that is damaged is read as far as it goes.
func Read(r io.Reader) (*Reading, error) {
	br := bufio.NewReaderSize(r, 1<<16)
	head, err := br.Peek(4)
	if err != nil && len(head) == 0 {
		return nil, errors.New("the file is empty")
	}
	out := &Reading{State: pfs.NewState()}
	switch {
	case bytes.Equal(head, magicNG):
		out.Kind = PCAPNG
		return out, out.captured(openNG(br))
	case isPCAP(head):
		out.Kind = PCAP
		return out, out.captured(openPCAP(br))
	}
	out.Kind = Log
	text, err := io.ReadAll(io.LimitReader(br, pfs.MaxLog+1))
	if err != nil {
		return nil, err
	}
	if len(text) > pfs.MaxLog {
		return nil, fmt.Errorf("a log of more than %d MiB: give the part that has the DLoad lines", pfs.MaxLog>>20)
	}
	plain, ok := plainText(text)
	if !ok {
		return nil, errors.New("neither a pcap nor a pcapng file, nor text")
	}
	out.Records = pfs.ParseLog(plain)
	for _, x := range out.Records {
		out.State.Fold(journal.Entry{Event: pfs.Logged{Record: x, Import: true}})
	}
	return out, nil
}

// plainText reads what terminal programs write: UTF-8, UTF-16 with a mark, zero
// bytes between the lines of a console.
func plainText(b []byte) (string, bool) {
	for mark, order := range map[string]binary.ByteOrder{"\xff\xfe": binary.LittleEndian, "\xfe\xff": binary.BigEndian} {
		if rest, ok := bytes.CutPrefix(b, []byte(mark)); ok {
			u := make([]uint16, len(rest)/2)
			for i := range u {
				u[i] = order.Uint16(rest[2*i:])
			}
			b = []byte(string(utf16.Decode(u)))
		}
	}
	if bytes.IndexByte(b, 0) >= 0 && !bytes.Contains(b, []byte("DLoad:")) {
		return "", false
	}
	return string(bytes.ReplaceAll(b, []byte{0}, nil)), true
}

func isPCAP(head []byte) bool {
	for _, m := range magicPCAP {
		if bytes.Equal(head, m) {
			return true
		}
	}
	return false
}

// frames gives the next frame and its link type.
type frames func() ([]byte, gopacket.CaptureInfo, layers.LinkType, error)

func openPCAP(r io.Reader) (frames, error) {
	p, err := pcapgo.NewReader(r)
	if err != nil {
		return nil, err
	}
	p.SetSnaplen(maxFrame)
	return func() ([]byte, gopacket.CaptureInfo, layers.LinkType, error) {
		b, ci, err := p.ZeroCopyReadPacketData()
		return b, ci, p.LinkType(), err
	}, nil
}

func openNG(r io.Reader) (frames, error) {
	p, err := pcapgo.NewNgReader(&blocks{r: r}, pcapgo.NgReaderOptions{WantMixedLinkType: true, SkipUnknownVersion: true})
	if err != nil {
		return nil, err
	}
	return func() ([]byte, gopacket.CaptureInfo, layers.LinkType, error) {
		b, ci, err := p.ZeroCopyReadPacketData()
		var link layers.LinkType
		if err == nil && len(ci.AncillaryData) > 0 {
			link, _ = ci.AncillaryData[0].(layers.LinkType)
		}
		return b, ci, link, err
	}, nil
}

// captured runs the frames through the same tracker as live ones, with a clock
// that is theirs.
func (out *Reading) captured(next frames, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", out.Kind, err)
	}
	clock := &replay{state: out.State}
	track := pfs.NewTracker(out.State, clock, string(out.Kind), 1)
	track.PerSecond = math.MaxInt
	dec := capture.NewDecoder()
	files := newFiles(clock)
	for {
		data, ci, link, err := next()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				out.Cut = err
			}
			break
		}
		out.Frames++
		frame, ok := asEthernet(data, link)
		if !ok {
			out.Malformed++
			continue
		}
		clock.at(ci.Timestamp)
		f := capture.Frame{Time: clock.now, Data: frame, VLAN: -1}
		p, err := dec.DecodeFrame(&f)
		switch {
		case err != nil && !p.UDP() && !p.TCP():
			out.Malformed++
		case p.Announcement():
			if t, ok := capture.Announced(p); ok {
				out.State.Introduce(t.MAC, clock.now)
				clock.Record(t)
			}
		case p.Type == typeARP:
			if mac, a, ok := claims(p.Payload); ok {
				out.State.Heard(mac, a)
			}
		case p.Src.Port() == pfs.Port || p.Dst.Port() == pfs.Port:
			q := packet(&p)
			introduce(out.State, &q)
			track.Packet(&q)
		default:
			files.packet(&p)
		}
	}
	track.Flush()
	out.Counters = track.Counters
	out.Broadcast, out.TCP = track.Broadcasts > 0, track.Segments > 0
	return nil
}

// introduce takes who speaks on port 4051 for a phone, under the name its
// hardware address gives it: a capture of that port alone shows nothing else.
func introduce(s *pfs.State, p *pfs.Packet) {
	if p.TCP && p.Size == 0 && p.Flags&capture.SYN == 0 || p.SrcMAC.IsZero() || p.SrcMAC[0]&1 != 0 {
		return
	}
	if _, known := s.Phone(p.SrcMAC, p.Src.Addr()); !known {
		s.Introduce(p.SrcMAC, p.Time)
		s.Heard(p.SrcMAC, p.Src.Addr())
	}
}

// replay is a journal whose clock is that of the frames.
type replay struct {
	state *pfs.State
	now   time.Time
}

// at moves the clock; a frame out of order does not turn it back far.
func (r *replay) at(t time.Time) {
	if t.After(r.now) || r.now.Sub(t) > time.Minute {
		r.now = t
	}
}

// Record implements journal.Recorder.
func (r *replay) Record(e journal.Event) { r.state.Fold(journal.Entry{Time: r.now, Event: e}) }

// Link types beside Ethernet. [tcpdump.org/linktypes]
const (
	linkSLL  = 113
	linkSLL2 = 276 % 256 // gopacket keeps the low byte; no link type of its own has that number
)

// snapCDP is how a CDP frame begins behind its header.
var snapCDP = []byte{0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0}

// asEthernet gives a frame of another link type an Ethernet header.
func asEthernet(b []byte, link layers.LinkType) ([]byte, bool) {
	var kind byte
	var mac, proto, rest []byte
	switch {
	case link == layers.LinkTypeEthernet:
		return b, true
	case link == linkSLL && len(b) >= 16:
		kind, mac, proto, rest = b[1], b[6:14], b[14:16], b[16:]
		if b[5] != 6 {
			mac = make([]byte, 6)
		}
	case link == linkSLL2 && len(b) >= 20:
		kind, mac, proto, rest = b[10], b[12:20], b[0:2], b[20:]
		if b[11] != 6 {
			mac = make([]byte, 6)
		}
	default:
		return nil, false
	}
	var dst ether.MAC // not known
	if kind == byte(capture.Broadcast) || kind == byte(capture.Outgoing) && limited(rest, proto) {
		dst = ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	}
	if bytes.HasPrefix(rest, snapCDP) && bytes.Equal(proto, []byte{0, 4}) { // 802.2: a length instead of a type
		dst, proto = capture.GroupCDP, binary.BigEndian.AppendUint16(nil, uint16(min(len(rest), 1500)))
	}
	out := make([]byte, 0, 14+len(rest))
	out = append(append(append(out, dst[:]...), mac[:6]...), proto...)
	return append(out, rest...), true
}

// limited: sent to 255.255.255.255.
func limited(ip, proto []byte) bool {
	return proto[0] == 8 && proto[1] == 0 && len(ip) >= 20 && netip.AddrFrom4([4]byte(ip[16:20])) == netip.AddrFrom4([4]byte{255, 255, 255, 255})
}
