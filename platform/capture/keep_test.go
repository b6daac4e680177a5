package capture

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"option150/platform/ether"
)

var (
	keptPhone = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	keptBox   = ether.MAC{2, 0, 0, 0, 0, 1}
)

// keptFrame is a packet between the phone and the box.
func keptFrame(t *testing.T, out bool, proto gopacket.SerializableLayer, body string) []byte {
	t.Helper()
	e := &layers.Ethernet{SrcMAC: keptPhone[:], DstMAC: keptBox[:], EthernetType: layers.EthernetTypeIPv4}
	ip := &layers.IPv4{Version: 4, TTL: 64, SrcIP: []byte{10, 0, 0, 23}, DstIP: []byte{10, 0, 0, 1}, Protocol: layers.IPProtocolTCP}
	if out {
		e.SrcMAC, e.DstMAC, ip.SrcIP, ip.DstIP = e.DstMAC, e.SrcMAC, ip.DstIP, ip.SrcIP
	}
	switch l := proto.(type) {
	case *layers.UDP:
		ip.Protocol = layers.IPProtocolUDP
		_ = l.SetNetworkLayerForChecksum(ip)
	case *layers.TCP:
		_ = l.SetNetworkLayerForChecksum(ip)
	}
	b := gopacket.NewSerializeBuffer()
	if err := gopacket.SerializeLayers(b, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}, e, ip, proto, gopacket.Payload(body)); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(b.Bytes())
}

// TestKeeperCutsBodies: what is asked for is there, what is given not.
func TestKeeperCutsBodies(t *testing.T) {
	k := &Keeper{since: time.Unix(1, 0)}
	d := NewDecoder()
	take := func(b []byte) {
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(2, 0), CaptureLength: len(b), Length: len(b)}
		p, _ := d.Decode(b, ci)
		k.take(p, b, ci)
	}
	const secret = "<phonePassword>hunter2</phonePassword>"
	for _, b := range [][]byte{
		keptFrame(t, false, &layers.TCP{SrcPort: 40000, DstPort: 6970, ACK: true, PSH: true}, "GET /SEP001E7A000001.cnf.xml HTTP/1.1\r\nHost:10.0.0.1:6970\r\n\r\n"),
		keptFrame(t, true, &layers.TCP{SrcPort: 6970, DstPort: 40000, ACK: true}, "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\n"+secret),
		keptFrame(t, true, &layers.TCP{SrcPort: 6970, DstPort: 40000, ACK: true}, secret),
		keptFrame(t, true, &layers.UDP{SrcPort: 69, DstPort: 40000}, "\x00\x03\x00\x01"+secret),
		keptFrame(t, false, &layers.UDP{SrcPort: 40000, DstPort: 69}, "\x00\x01SEP001E7A000001.cnf.xml\x00octet\x00"),
		keptFrame(t, false, &layers.UDP{SrcPort: 4051, DstPort: 4051}, "abcd"+secret),
		keptFrame(t, true, &layers.TCP{SrcPort: 2000, DstPort: 40001, ACK: true}, secret),
	} {
		take(b)
		for n := range b {
			take(b[:n]) // cut frames
		}
	}
	var out bytes.Buffer
	n, err := k.Write(&out, keptPhone, netip.Addr{})
	if err != nil || n < 7 {
		t.Fatal(n, err)
	}
	text := out.String()
	if strings.Contains(text, "hunter2") || strings.Count(text, "GET /SEP001E7A000001") < 1 || !strings.Contains(text, "HTTP/1.1 200 OK") || !strings.Contains(text, "octet") {
		t.Error("what is to be there is not, or what is not is")
	}
	r, err := pcapgo.NewNgReader(&out, pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	_, ci, err := r.ReadPacketData()
	if err != nil || ci.CaptureLength == 0 {
		t.Fatal(ci, err)
	}
	// Another phone has nothing here, and a keeper that was never on says so.
	out.Reset()
	if n, err := k.Write(&out, ether.MAC{9}, netip.Addr{}); n != 0 || err != nil {
		t.Error(n, err)
	}
	if _, err := (&Keeper{}).Write(&out, keptPhone, netip.Addr{}); err != ErrNotOn {
		t.Error(err)
	}
}

// TestKeeperIsBounded: the oldest frames make room.
func TestKeeperIsBounded(t *testing.T) {
	k := &Keeper{since: time.Unix(1, 0)}
	d := NewDecoder()
	b := keptFrame(t, false, &layers.UDP{SrcPort: 68, DstPort: 67}, strings.Repeat("x", 300))
	ci := gopacket.CaptureInfo{CaptureLength: len(b), Length: len(b)}
	for i := range 40_000 {
		binary.BigEndian.PutUint32(b[len(b)-4:], uint32(i))
		p, _ := d.Decode(b, ci)
		k.take(p, b, ci)
	}
	sum := 0
	for _, f := range k.frames[k.first:] {
		sum += len(f.data) + keptRoom
	}
	last := k.frames[len(k.frames)-1].data
	if sum != k.bytes || sum > maxKept || k.gone == 0 || cap(k.frames) > 64_000 || binary.BigEndian.Uint32(last[len(last)-4:]) != 39_999 {
		t.Errorf("%d bytes counted, %d there, %d gone, room for %d", k.bytes, sum, k.gone, cap(k.frames))
	}
}
