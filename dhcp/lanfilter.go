package dhcp

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"option150/dhcp/wire"
)

// What is not wanted of a busy wire is left in the kernel: a frame that is
// copied to this process to be passed over costs as much as one that matters.

// lanFilter lets through, of the untagged frames that arrive on the interface
// itself: ARP, UDP to port 67, and UDP from port 67 to 68. Relayed requests are
// taken from the UDP socket. A frame of a VLAN is seen on the parent device as
// well, with its tag put aside by the kernel.
func lanFilter(index int) []bpf.Instruction {
	const (
		payload      = wire.EtherLen + wire.UDPLen // behind the IP header
		accept, drop = 23, 24
	)
	at := 0
	var prog []bpf.Instruction
	add := func(i bpf.Instruction) { prog = append(prog, i); at++ }
	jump := func(cond bpf.JumpTest, val uint32, yes, no int) {
		skip := func(to int) uint8 { return uint8(to - at - 1) }
		add(bpf.JumpIf{Cond: cond, Val: val, SkipTrue: skip(yes), SkipFalse: skip(no)})
	}
	add(bpf.LoadExtension{Num: bpf.ExtInterfaceIndex})
	jump(bpf.JumpEqual, uint32(index), 2, drop)
	add(bpf.LoadExtension{Num: bpf.ExtType})
	jump(bpf.JumpEqual, unix.PACKET_OUTGOING, drop, 4)
	add(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent})
	jump(bpf.JumpEqual, 0, 6, drop)
	add(bpf.LoadAbsolute{Off: 12, Size: 2})
	jump(bpf.JumpEqual, wire.TypeARP, accept, 8)
	jump(bpf.JumpEqual, wire.TypeIPv4, 9, drop)
	add(bpf.LoadAbsolute{Off: 23, Size: 1})
	jump(bpf.JumpEqual, wire.ProtoUDP, 11, drop)
	add(bpf.LoadAbsolute{Off: 20, Size: 2})
	jump(bpf.JumpBitsSet, 0x1fff, drop, 13)
	add(bpf.LoadMemShift{Off: wire.EtherLen})
	add(bpf.LoadIndirect{Off: wire.EtherLen + 2, Size: 2})
	jump(bpf.JumpEqual, wire.PortServer, 19, 16)
	jump(bpf.JumpEqual, wire.PortClient, 17, drop)
	add(bpf.LoadIndirect{Off: wire.EtherLen, Size: 2})
	jump(bpf.JumpEqual, wire.PortServer, accept, drop)
	add(bpf.LoadIndirect{Off: payload, Size: 1})
	jump(bpf.JumpEqual, wire.OpRequest, 21, accept)
	add(bpf.LoadIndirect{Off: payload + wire.OffRelay, Size: 4})
	jump(bpf.JumpEqual, 0, accept, drop)
	add(bpf.RetConstant{Val: wire.MaxRequest + 256})
	add(bpf.RetConstant{Val: 0})
	return prog
}

// relayedFilter lets through to the UDP socket of an interface that has a raw
// one what is relayed, and what is too short to tell: that is counted. Offsets
// are those of the UDP header.
func relayedFilter() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.LoadExtension{Num: bpf.ExtLen},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: wire.UDPLen + wire.HeaderLen, SkipFalse: 2},
		bpf.LoadAbsolute{Off: wire.UDPLen + wire.OffRelay, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1},
		bpf.RetConstant{Val: 1 << 16},
		bpf.RetConstant{Val: 0},
	}
}
