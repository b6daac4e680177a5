package capture

import (
	"fmt"

	"golang.org/x/net/bpf"
)

// MaxPorts bounds each port list of a Filter.
const MaxPorts = 64

// Flags of a TCP segment.
const (
	FIN = 1 << iota
	SYN
	RST
	PSH
	ACK
)

// Filter says which frames are wanted: IPv4, untagged or with one 802.1Q or
// 802.1ad tag, from or to one of the ports. Fragments other than the first do
// not match, as with libpcap.
type Filter struct {
	UDP, TCP []uint16
	TCPFlags uint8    // only segments with one of these flags, 0 = all
	Resets   []uint16 // TCP ports of which only resets that come from them are wanted
	ARP      bool     // ARP too
	Announce bool     // CDP and LLDP too, untagged as they are sent
	Group    bool     // of UDP and ARP only what came in, to a group address
	Snap     int      // bytes kept of a frame, 0 = all
}

// Offsets in an Ethernet frame and in an IPv4 header, and the numbers found
// there (RFC 791, 793, 768; IEEE 802.1Q).
const (
	offType   = 12
	offIP     = 14
	tagSize   = 4
	typeIPv4  = 0x0800
	typeARP   = 0x0806
	typeQ     = 0x8100
	typeAD    = 0x88a8
	protoTCP  = 6
	protoUDP  = 17
	flagsByte = 13 // in the TCP header
)

var reject = bpf.RetConstant{}

// accept lets as much of a frame through as is wanted.
func (f Filter) accept() bpf.RetConstant {
	if f.Snap > 0 {
		return bpf.RetConstant{Val: uint32(f.Snap)}
	}
	return bpf.RetConstant{Val: maxFrame}
}

// Assemble makes the program for the kernel. A Filter without ports and ARP
// is no program: every frame.
func (f Filter) Assemble() ([]bpf.RawInstruction, error) {
	if len(f.UDP) > MaxPorts || len(f.TCP) > MaxPorts || len(f.Resets) > MaxPorts {
		return nil, fmt.Errorf("capture filter: more than %d ports", MaxPorts)
	}
	if len(f.UDP) == 0 && len(f.TCP) == 0 && len(f.Resets) == 0 && !f.ARP && !f.Announce {
		return nil, nil
	}
	plain, tagged := f.frame(offIP), f.frame(offIP+tagSize)
	var prog []bpf.Instruction
	if f.Announce {
		// 01-00-0C-CC-CC-CC, or the type of LLDP.
		prog = append(prog,
			bpf.LoadAbsolute{Off: 0, Size: 4},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0x01000ccc, SkipFalse: 3},
			bpf.LoadAbsolute{Off: 4, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0xcccc, SkipFalse: 1}, f.accept(),
			bpf.LoadAbsolute{Off: offType, Size: 2},
			bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeLLDP, SkipFalse: 1}, f.accept())
	}
	prog = append(prog,
		bpf.LoadAbsolute{Off: offType, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeQ, SkipTrue: 2},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeAD, SkipTrue: 1},
		bpf.Jump{Skip: uint32(len(tagged))})
	prog = append(append(prog, tagged...), plain...)
	raw, err := bpf.Assemble(prog)
	if err != nil {
		return nil, fmt.Errorf("capture filter: %w", err)
	}
	return raw, nil
}

// frame is the program for a frame whose IPv4 header starts at ip. It always
// returns.
func (f Filter) frame(ip uint32) []bpf.Instruction {
	p := []bpf.Instruction{bpf.LoadAbsolute{Off: ip - 2, Size: 2}}
	group := f.group()
	if f.ARP {
		p = append(append(append(p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeARP, SkipFalse: uint8(len(group)) + 1}), group...), f.accept())
	}
	udp := append(group, f.portProgram(ip, f.UDP, 0)...)
	p = append(p,
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: typeIPv4, SkipTrue: 1}, reject,
		bpf.LoadAbsolute{Off: ip + 6, Size: 2},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 0x1fff, SkipFalse: 1}, reject,
		bpf.LoadMemShift{Off: ip}, // X = length of the IP header
		bpf.LoadAbsolute{Off: ip + 9, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoUDP, SkipTrue: 1},
		bpf.Jump{Skip: uint32(len(udp))})
	p = append(p, udp...)
	p = append(p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: protoTCP, SkipTrue: 1}, reject)
	return append(append(p, f.resets(ip)...), f.portProgram(ip, f.TCP, f.TCPFlags)...)
}

// resets accepts resets from the ports of Resets and leaves all else to what
// comes behind it.
func (f Filter) resets(ip uint32) (p []bpf.Instruction) {
	if len(f.Resets) == 0 {
		return nil
	}
	for _, port := range f.Resets {
		p = append(p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(port), SkipFalse: 1}, f.accept())
	}
	head := []bpf.Instruction{bpf.LoadIndirect{Off: ip + flagsByte, Size: 1},
		bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: RST, SkipFalse: uint8(len(p) + 1)}, bpf.LoadIndirect{Off: ip, Size: 2}}
	return append(head, p...)
}

// group rejects what this machine sent and what is for one station.
func (f Filter) group() []bpf.Instruction {
	if !f.Group {
		return nil
	}
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtType}, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(Outgoing), SkipFalse: 1}, reject,
		bpf.LoadAbsolute{Off: 0, Size: 1}, bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: 1, SkipTrue: 1}, reject,
	}
}

// portProgram accepts the ports of a UDP or TCP header behind X, in either
// direction, and rejects all else.
func (f Filter) portProgram(ip uint32, ports []uint16, flags uint8) []bpf.Instruction {
	var p []bpf.Instruction
	if len(ports) > 0 {
		if flags != 0 {
			p = append(p, bpf.LoadIndirect{Off: ip + flagsByte, Size: 1},
				bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: uint32(flags), SkipTrue: 1}, reject)
		}
		for _, off := range []uint32{ip, ip + 2} {
			p = append(p, bpf.LoadIndirect{Off: off, Size: 2})
			for _, port := range ports {
				p = append(p, bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(port), SkipFalse: 1}, f.accept())
			}
		}
	}
	return append(p, reject)
}
