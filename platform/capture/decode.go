package capture

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"option150/platform/ether"
)

// Packet is what a frame says up to layer 4.
type Packet struct {
	Time    time.Time
	SrcMAC  ether.MAC
	DstMAC  ether.MAC
	VLAN    int    // -1 = untagged
	Type    uint16 // EtherType behind the tags, 0x0800 is IPv4
	Proto   uint8  // 17 UDP, 6 TCP; 0 if there is no IPv4 header
	TTL     uint8
	Src     netip.AddrPort // port 0 if neither UDP nor TCP
	Dst     netip.AddrPort
	Flags   uint8 // TCP
	Seq     uint32
	Ack     uint32
	ID      uint16 // of the IPv4 header
	Size    int    // bytes of payload on the wire, by the IPv4 header; more than Payload has if the frame was cut
	Payload []byte // behind the last header understood; shares memory with the frame
}

// UDP reports whether the packet is a UDP datagram.
func (p Packet) UDP() bool { return p.Proto == protoUDP }

// TCP reports whether the packet is a TCP segment.
func (p Packet) TCP() bool { return p.Proto == protoTCP }

// String is one line for a log: "10.0.0.11:49152 > 10.0.0.1:6970 TCP SYN 0".
func (p Packet) String() string {
	switch {
	case p.TCP():
		s := ""
		for i, n := range []string{"FIN", "SYN", "RST", "PSH", "ACK"} {
			if p.Flags&(1<<i) != 0 {
				s += " " + n
			}
		}
		return fmt.Sprintf("%s > %s TCP%s %d", p.Src, p.Dst, s, len(p.Payload))
	case p.UDP():
		return fmt.Sprintf("%s > %s UDP %d", p.Src, p.Dst, len(p.Payload))
	}
	return fmt.Sprintf("%s > %s type %04x %d", p.SrcMAC, p.DstMAC, p.Type, len(p.Payload))
}

// ErrShort is the error of a frame that ends before its headers do.
var ErrShort = errors.New("malformed frame")

// Decoder decodes frames without allocating. It is for one goroutine.
type Decoder struct {
	eth    layers.Ethernet
	tags   [2]layers.Dot1Q
	ip     layers.IPv4
	udp    layers.UDP
	tcp    layers.TCP
	parser [2]*gopacket.DecodingLayerParser
	found  []gopacket.LayerType
}

// NewDecoder returns a Decoder.
func NewDecoder() *Decoder {
	d := new(Decoder)
	// The second parser reads the inside of a double-tagged frame: a parser
	// holds one layer of each type.
	d.parser[0] = gopacket.NewDecodingLayerParser(layers.LayerTypeEthernet, &d.eth, &d.tags[0], &d.ip, &d.udp, &d.tcp)
	d.parser[1] = gopacket.NewDecodingLayerParser(layers.LayerTypeDot1Q, &d.tags[1], &d.ip, &d.udp, &d.tcp)
	for _, p := range d.parser {
		p.IgnoreUnsupported = true
	}
	return d
}

// Decode reads one frame. The error is ErrShort, with the packet as far as it
// was understood.
func (d *Decoder) Decode(frame []byte, ci gopacket.CaptureInfo) (Packet, error) {
	f := Frame{Time: ci.Timestamp, Data: frame, VLAN: -1}
	for _, a := range ci.AncillaryData {
		if v, ok := a.(VLAN); ok {
			f.VLAN = int(v)
		}
	}
	return d.DecodeFrame(&f)
}

// DecodeFrame is the same for a frame of a Ring.
func (d *Decoder) DecodeFrame(f *Frame) (Packet, error) {
	frame := f.Data
	p := Packet{Time: f.Time, VLAN: f.VLAN}
	err := d.parser[0].DecodeLayers(frame, &d.found)
	if n := len(d.found); err == nil && n > 0 && d.found[n-1] == layers.LayerTypeDot1Q &&
		(d.tags[0].Type == typeQ || d.tags[0].Type == typeAD) {
		d.take(&p)
		err = d.parser[1].DecodeLayers(d.tags[0].Payload, &d.found)
	}
	d.take(&p)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrShort, err)
	}
	return p, err
}

func (d *Decoder) take(p *Packet) {
	for _, t := range d.found {
		switch t {
		case layers.LayerTypeEthernet:
			copy(p.SrcMAC[:], d.eth.SrcMAC)
			copy(p.DstMAC[:], d.eth.DstMAC)
			p.Type, p.Payload = uint16(d.eth.EthernetType), d.eth.Payload
		case layers.LayerTypeDot1Q:
			tag := &d.tags[0]
			if d.found[0] == layers.LayerTypeDot1Q {
				tag = &d.tags[1]
			}
			p.VLAN, p.Type, p.Payload = int(tag.VLANIdentifier), uint16(tag.Type), tag.Payload
		case layers.LayerTypeIPv4:
			p.Proto, p.TTL, p.Payload, p.ID = uint8(d.ip.Protocol), d.ip.TTL, d.ip.Payload, d.ip.Id
			// 0 is the length of what the kernel has joined beyond 64 KiB.
			if p.Size = len(d.ip.Payload); d.ip.Length > 0 {
				p.Size = max(0, int(d.ip.Length)-4*int(d.ip.IHL))
			}
			src, _ := netip.AddrFromSlice(d.ip.SrcIP)
			dst, _ := netip.AddrFromSlice(d.ip.DstIP)
			p.Src, p.Dst = netip.AddrPortFrom(src.Unmap(), 0), netip.AddrPortFrom(dst.Unmap(), 0)
		case layers.LayerTypeUDP:
			p.Src = netip.AddrPortFrom(p.Src.Addr(), uint16(d.udp.SrcPort))
			p.Dst = netip.AddrPortFrom(p.Dst.Addr(), uint16(d.udp.DstPort))
			p.Payload = d.udp.Payload
			p.Size = max(0, p.Size-8)
		case layers.LayerTypeTCP:
			p.Src = netip.AddrPortFrom(p.Src.Addr(), uint16(d.tcp.SrcPort))
			p.Dst = netip.AddrPortFrom(p.Dst.Addr(), uint16(d.tcp.DstPort))
			p.Flags, p.Seq, p.Ack, p.Payload = tcpFlags(&d.tcp), d.tcp.Seq, d.tcp.Ack, d.tcp.Payload
			p.Size = max(0, p.Size-4*int(d.tcp.DataOffset))
		}
	}
}

func tcpFlags(t *layers.TCP) (f uint8) {
	for i, on := range []bool{t.FIN, t.SYN, t.RST, t.PSH, t.ACK} {
		if on {
			f |= 1 << i
		}
	}
	return f
}
