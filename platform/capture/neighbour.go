package capture

import (
	"net/netip"
	"strings"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"

	"option150/platform/ether"
	"option150/platform/wire"
)

// Where phones announce themselves: the group addresses of CDP and of LLDP and
// the type of LLDP frames. A Cisco switch consumes CDP, and no bridge forwards
// LLDP, so a box sees these frames only where a phone is plugged into it, into a
// hub, or mirrored. [IEEE 802.1AB 7.1; Cisco, Configuring Cisco Discovery Protocol]
var (
	GroupCDP  = ether.MAC{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc}
	groupLLDP = ether.MAC{0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e}
)

const (
	typeLLDP     = 0x88cc
	maxAnnounced = 1500 // bytes of a frame behind its header
	snapHeader   = 8    // LLC and SNAP before CDP
)

// Announcement reports that a frame is CDP or LLDP, of whomever.
func (p *Packet) Announcement() bool { return p.DstMAC == GroupCDP || p.Type == typeLLDP }

// Announced reads what a phone says of itself in a CDP or LLDP frame. Frames of
// switches are none of a phone.
func Announced(p Packet) (wire.Told, bool) {
	b := p.Payload
	if len(b) > maxAnnounced {
		return wire.Told{}, false
	}
	switch {
	case p.DstMAC == GroupCDP && len(b) > snapHeader && string(b[:snapHeader]) == "\xaa\xaa\x03\x00\x00\x0c\x20\x00":
		return cdp(p.SrcMAC, b[snapHeader:])
	case p.Type == typeLLDP:
		return lldp(p.SrcMAC, b)
	}
	return wire.Told{}, false
}

// decode reads the layers; gopacket turns a panic of a decoder into an error
// layer.
func decode(b []byte, first gopacket.LayerType) gopacket.Packet {
	return gopacket.NewPacket(b, first, gopacket.DecodeOptions{NoCopy: true})
}

// cdp reads the tags of a CDP frame: device, address, version, platform.
func cdp(src ether.MAC, b []byte) (wire.Told, bool) {
	if len(b) < 4 {
		return wire.Told{}, false // the decoder does not look
	}
	i, ok := decode(b, layers.LayerTypeCiscoDiscovery).Layer(layers.LayerTypeCiscoDiscoveryInfo).(*layers.CiscoDiscoveryInfo)
	if !ok {
		return wire.Told{}, false
	}
	t := wire.Told{By: wire.CDP, Model: wire.Printable(i.Platform), Load: loadWord(i.Version)}
	for _, a := range i.Addresses {
		if x, ok := netip.AddrFromSlice(a); ok && x.Unmap().Is4() {
			t.Addr = x.Unmap()
			break
		}
	}
	return named(t, src, i.DeviceID)
}

// lldp reads an LLDP frame: system name, description, and the inventory of
// LLDP-MED (ANSI/TIA-1057 10.2.6).
func lldp(src ether.MAC, b []byte) (wire.Told, bool) {
	p := decode(b, layers.LayerTypeLinkLayerDiscovery)
	d, ok := p.Layer(layers.LayerTypeLinkLayerDiscovery).(*layers.LinkLayerDiscovery)
	i, has := p.Layer(layers.LayerTypeLinkLayerDiscoveryInfo).(*layers.LinkLayerDiscoveryInfo)
	if !ok || !has {
		return wire.Told{}, false
	}
	t := wire.Told{By: wire.LLDP, Load: loadWord(i.SysDescription)}
	if m, err := media(i); err == nil {
		t.Model, t.Serial = wire.Printable(m.Model), wire.Printable(m.SerialNumber)
		if l := loadWord(m.SoftwareRevision); l != "" {
			t.Load = l
		}
		if m.NetworkPolicy.Defined {
			t.VLAN = int(m.NetworkPolicy.VLANId)
		}
	}
	// The chassis of a phone is its address: the family 1 and four bytes.
	if c := d.ChassisID; c.Subtype == layers.LLDPChassisIDSubTypeNetworkAddr && len(c.ID) == 5 && c.ID[0] == 1 {
		t.Addr = netip.AddrFrom4([4]byte(c.ID[1:]))
	}
	name, _, _ := strings.Cut(i.SysName, ".")
	return named(t, src, name)
}

// media reads the LLDP-MED part; its decoder is called by nobody who would
// catch its panic.
func media(i *layers.LinkLayerDiscoveryInfo) (m layers.LLDPInfoMedia, err error) {
	defer func() {
		if recover() != nil {
			m, err = layers.LLDPInfoMedia{}, ErrShort
		}
	}()
	return i.DecodeMedia()
}

// named says of which phone it is told: SEP and the hardware address, which has
// to be that of the frame.
func named(t wire.Told, src ether.MAC, device string) (wire.Told, bool) {
	if len(device) != 15 || !strings.EqualFold(device[:3], "SEP") {
		return wire.Told{}, false
	}
	mac, err := ether.ParseMAC(device[3:])
	if err != nil || mac != src || mac.IsZero() {
		return wire.Told{}, false
	}
	t.MAC = mac
	return t, true
}

// loadWord finds the name of a load in a text: "SCCP41.9-4-2SR3-1S", or the last
// of several words of a description.
func loadWord(s string) string {
	out := ""
	for _, w := range strings.FieldsFunc(wire.Printable(s), func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		u := strings.ToUpper(w)
		if strings.HasPrefix(u, "SCCP") || strings.HasPrefix(u, "SIP") || strings.HasPrefix(u, "P00") || strings.HasPrefix(u, "P0S") || strings.HasPrefix(u, "TERM") {
			out = strings.TrimSuffix(w, ".loads")
		}
	}
	return out
}
