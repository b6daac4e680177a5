package capture

import (
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// TestTablesAreGivenBack: of gopacket's tables only what has a name takes memory,
// and what has one is decoded as before; of the others none is more than an
// error.
func TestTablesAreGivenBack(t *testing.T) {
	GiveBackTables()
	GiveBackTables() // twice is once
	used := 0
	for _, m := range layers.EthernetTypeMetadata {
		if m.DecodeWith != nil {
			used++
		}
	}
	for _, m := range layers.PPPTypeMetadata {
		if m.DecodeWith != nil {
			used++
		}
	}
	if used > 1000 { // the pages at the ends are shared with other variables
		t.Errorf("%d entries are still there", used)
	}
	for _, e := range []layers.EthernetType{layers.EthernetTypeIPv4, layers.EthernetTypeIPv6, layers.EthernetTypeARP, layers.EthernetTypeDot1Q,
		layers.EthernetTypeQinQ, layers.EthernetTypeLLC, layers.EthernetTypeCiscoDiscovery, layers.EthernetTypeLinkLayerDiscovery} {
		if m := layers.EthernetTypeMetadata[e]; m.DecodeWith == nil || m.LayerType == 0 || m.Name == "" {
			t.Errorf("%#x: %+v", uint16(e), m)
		}
	}
	for _, e := range []layers.PPPType{layers.PPPTypeIPv4, layers.PPPTypeIPv6, layers.PPPTypeMPLSUnicast, layers.PPPTypeMPLSMulticast} {
		if m := layers.PPPTypeMetadata[e]; m.DecodeWith == nil || m.Name == "" {
			t.Errorf("%#x: %+v", uint16(e), m)
		}
	}
	frame := frameOf(1, protoUDP, 5, 0, 69, 1024, 0)
	if p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.Default); p.Layer(layers.LayerTypeUDP) == nil {
		t.Errorf("a tagged datagram is %v", p)
	}
	for i := range 1 << 16 {
		frame[12], frame[13] = byte(i>>8), byte(i)
		p := gopacket.NewPacket(frame, layers.LayerTypeEthernet, gopacket.NoCopy)
		if p.Layer(layers.LayerTypeEthernet) == nil || layers.EthernetTypeMetadata[i].DecodeWith == nil && i >= 0x600 && p.ErrorLayer() == nil {
			t.Fatalf("type %#x is %v", i, p)
		}
		if _, err := NewDecoder().Decode(frame, gopacket.CaptureInfo{}); err != nil && i != 0x0800 && i != 0x8100 && i != 0x88a8 {
			t.Fatalf("type %#x: %v", i, err)
		}
	}
}
