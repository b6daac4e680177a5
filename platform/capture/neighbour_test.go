package capture

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/google/gopacket"
	"golang.org/x/net/bpf"

	"option150/platform/ether"
	"option150/platform/wire"
)

var phoneMAC = ether.MAC{0x00, 0x1e, 0x7a, 0x00, 0x00, 0x01}

// cdpTag is one tag of a CDP frame.
func cdpTag(kind uint16, value string) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	return append(binary.BigEndian.AppendUint16(b, uint16(4+len(value))), value...)
}

// cdpFrame is what a phone announces, in the order of the tags of real ones.
func cdpFrame(src ether.MAC, device, version, platform string) []byte {
	b := []byte("\xaa\xaa\x03\x00\x00\x0c\x20\x00\x02\xb4\x00\x00")
	b = append(b, cdpTag(1, device)...)
	b = append(b, cdpTag(2, "\x00\x00\x00\x01\x01\x01\xcc\x00\x04\x0a\x00\x00\x17")...)
	b = append(b, cdpTag(3, "Port 1")...)
	b = append(b, cdpTag(4, "\x00\x00\x04\x90")...)
	b = append(b, cdpTag(5, version)...)
	b = append(b, cdpTag(6, platform)...)
	return append(append(append(GroupCDP[:], src[:]...), byte(len(b)>>8), byte(len(b))), b...)
}

func lldpTLV(kind byte, value string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(kind)<<9|uint16(len(value))), value...)
}

// lldpFrame is what a phone announces by LLDP-MED.
func lldpFrame(src ether.MAC, name string) []byte {
	var b []byte
	b = append(b, lldpTLV(1, "\x05\x01\x0a\x00\x00\x17")...)
	b = append(b, lldpTLV(2, "\x07001E7A000001:P1")...)
	b = append(b, lldpTLV(3, "\x00\xb4")...)
	b = append(b, lldpTLV(5, name)...)
	b = append(b, lldpTLV(6, "Cisco IP Phone 7961G,V5, SCCP41.9-4-2SR3-1S")...)
	b = append(b, lldpTLV(127, "\x00\x12\xbb\x01\x00\x33\x03")...)
	b = append(b, lldpTLV(127, "\x00\x12\xbb\x02\x01\x40\x28\x2e")...) // voice, VLAN 20 tagged
	b = append(b, lldpTLV(127, "\x00\x12\xbb\x07SCCP41.9-4-2SR3-1S")...)
	b = append(b, lldpTLV(127, "\x00\x12\xbb\x08FCH1234ABCD")...)
	b = append(b, lldpTLV(127, "\x00\x12\xbb\x0aCP-7961G")...)
	b = append(b, lldpTLV(0, "")...)
	return append(append(append(groupLLDP[:], src[:]...), 0x88, 0xcc), b...)
}

// seen puts a frame through decoder and watcher, as Watch does.
func seen(t testing.TB, frame []byte) any {
	t.Helper()
	p, err := NewDecoder().Decode(frame, gopacket.CaptureInfo{Timestamp: time.Unix(1, 0), Length: len(frame), CaptureLength: len(frame)})
	if err != nil {
		return nil
	}
	if e := NewWatcher(6970, nil).Packet(p); e != nil {
		return e
	}
	return nil
}

func TestAnnounced(t *testing.T) {
	const load = "SCCP41.9-4-2SR3-1S"
	at := netip.MustParseAddr("10.0.0.23")
	for _, c := range []struct {
		name  string
		frame []byte
		want  any
	}{
		{"CDP of a phone", cdpFrame(phoneMAC, "SEP001E7A000001", load, "Cisco IP Phone 7961"),
			wire.Told{MAC: phoneMAC, Addr: at, By: wire.CDP, Model: "Cisco IP Phone 7961", Load: load}},
		{"CDP of a phone with the suffix", cdpFrame(phoneMAC, "SEP001E7A000001", load+".loads", "Cisco IP Phone 7961"),
			wire.Told{MAC: phoneMAC, Addr: at, By: wire.CDP, Model: "Cisco IP Phone 7961", Load: load}},
		{"CDP of a switch", cdpFrame(phoneMAC, "switch1.example.net", "Cisco IOS Software", "cisco WS-C2960"), nil},
		{"CDP in the name of another phone", cdpFrame(phoneMAC, "SEP001E7A000002", load, "Cisco IP Phone 7961"), nil},
		{"LLDP of a phone", lldpFrame(phoneMAC, "SEP001E7A000001.example.net"),
			wire.Told{MAC: phoneMAC, Addr: at, By: wire.LLDP, Model: "CP-7961G", Load: load, Serial: "FCH1234ABCD", VLAN: 20}},
		{"LLDP of a switch", lldpFrame(phoneMAC, "switch1"), nil},
		{"a frame that breaks off", cdpFrame(phoneMAC, "SEP001E7A000001", load, "Cisco IP Phone 7961")[:30], nil},
	} {
		if got := seen(t, c.frame); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestAnnouncedFilter: the program for the kernel lets these frames through, and
// no others of that kind.
func TestAnnouncedFilter(t *testing.T) {
	raw, err := NewWatcher(6970, nil).Filter().Assemble()
	if err != nil {
		t.Fatal(err)
	}
	var prog []bpf.Instruction
	for _, r := range raw {
		i := r.Disassemble()
		if _, ok := i.(bpf.LoadExtension); ok { // the machine here has none: it came in
			i = bpf.LoadConstant{Dst: bpf.RegA, Val: uint32(Broadcast)}
		}
		prog = append(prog, i)
	}
	vm, err := bpf.NewVM(prog)
	if err != nil {
		t.Fatal(err)
	}
	mine := ether.MAC{2, 0, 0, 0, 0, 1}
	all := ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	udp := func(dst ether.MAC) []byte {
		f := append(append(dst[:], mine[:]...), 8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, protoUDP, 0, 0, 10, 0, 0, 2, 10, 0, 0, 1, 0, 67, 0, 67, 0, 8, 0, 0)
		return append(f, make([]byte, 18)...)
	}
	arp := func(dst ether.MAC) []byte {
		return append(append(append(dst[:], mine[:]...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1), make([]byte, 36)...)
	}
	spanningTree := append([]byte{0x01, 0x80, 0xc2, 0, 0, 0, 0, 1, 2, 3, 4, 5, 0, 38}, make([]byte, 46)...)
	for _, c := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"CDP", cdpFrame(phoneMAC, "SEP001E7A000001", "x", "y"), true},
		{"LLDP", lldpFrame(phoneMAC, "x"), true},
		{"spanning tree", spanningTree, false},
		{"ARP to all", arp(all), true},
		{"ARP to one", arp(mine), false},
		{"DHCP to all", udp(all), true},
		{"DHCP of a relay", udp(mine), false},
	} {
		if n, err := vm.Run(c.frame); err != nil || (n > 0) != c.want {
			t.Errorf("%s: %d %v", c.name, n, err)
		}
	}
}

func FuzzAnnounced(f *testing.F) {
	f.Add(cdpFrame(phoneMAC, "SEP001E7A000001", "SCCP41.9-4-2SR3-1S", "Cisco IP Phone 7961"))
	f.Add(lldpFrame(phoneMAC, "SEP001E7A000001"))
	f.Fuzz(func(t *testing.T, frame []byte) {
		e, ok := seen(t, frame).(wire.Told)
		if !ok {
			return
		}
		if e.MAC.IsZero() || len(e.Model) > wire.MaxTold || len(e.Load) > wire.MaxTold || len(e.Serial) > wire.MaxTold {
			t.Errorf("%+v", e)
		}
	})
}
