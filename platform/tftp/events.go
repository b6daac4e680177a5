package tftp

import (
	"fmt"
	"net/netip"
	"time"

	"option150/platform/journal"
	"option150/platform/message"
)

// Topics of `debug`.
const (
	topicEvents  = "tftp events"
	topicPackets = "tftp packets"
)

// The facts recorded by this package. What became of a file is recorded by
// package fileserver for both transports; these are about the protocol.
//
// The lines of `debug tftp events` are those of IOS; the first four kinds are
// in the IOS Debug Command Reference, `Opened` and `Finished` are from memory
// of real sessions. socket_id is the number of the transfer, process the UDP
// port of ours that serves it (0 = port 69 itself).
type (
	// Request is a read request that was understood and is being looked up.
	Request struct {
		Client    netip.AddrPort
		Local     netip.Addr
		Interface string // where it came in, as the operator names it
		ID        uint32
		Port      uint16 // our side of the transfer
		Name      string
		Mode      Mode
		Options   string // "blksize=1428 tsize=0"
	}
	// Opened is a file that was found and is now being sent.
	Opened struct {
		Client netip.AddrPort
		ID     uint32
		Port   uint16
		File   string
		Size   int64
	}
	// Finished is the end of a transfer that had been opened.
	Finished struct {
		Client      netip.AddrPort
		ID          uint32
		Port        uint16
		File        string
		Bytes       int64
		Duration    time.Duration
		BlockSize   int
		Window      int
		Packets     int // DATA and OACK sent
		Retransmits int
		RTT         time.Duration
		Complete    bool
		Why         string // when not complete, or not surely
	}
	// ErrorSent is an ERROR that answered a request or ended a transfer.
	ErrorSent struct {
		Client netip.AddrPort
		Port   uint16
		Code   uint16
		Text   string
	}
	// Packet is one packet, recorded only while Server.DebugPackets is on.
	Packet struct {
		Client   netip.AddrPort
		Received bool
		Octets   int
		What     string // "DATA block 5", "ACK 5", "OACK blksize=1428"
	}
	// Defect is a panic that ended a lookup or a transfer.
	Defect struct {
		Where string
		Value string
	}
)

// EventName implements journal.Event.
func (Request) EventName() string { return "tftp.Request" }

// EventName implements journal.Event.
func (Opened) EventName() string { return "tftp.Opened" }

// EventName implements journal.Event.
func (Finished) EventName() string { return "tftp.Finished" }

// EventName implements journal.Event.
func (ErrorSent) EventName() string { return "tftp.ErrorSent" }

// EventName implements journal.Event.
func (Packet) EventName() string { return "tftp.Packet" }

// EventName implements journal.Event.
func (Defect) EventName() string { return "tftp.Defect" }

// DebugLines implements journal.Debugged.
func (e Request) DebugLines() []journal.DebugLine {
	return events(
		fmt.Sprintf("TFTP: Server request for port %d, socket_id 0x%08X for process %d", e.Client.Port(), e.ID, e.Port),
		fmt.Sprintf("TFTP: read request from host %s via %s", host(e.Client), e.Interface),
		"TFTP: Looking for "+shown(e.Name))
}

// DebugLines implements journal.Debugged.
func (e Opened) DebugLines() []journal.DebugLine {
	return events(fmt.Sprintf("TFTP: Opened %s, fd %d, size %d for process %d", shown(e.File), e.ID, e.Size, e.Port))
}

// DebugLines implements journal.Debugged.
func (e Finished) DebugLines() []journal.DebugLine {
	took := e.Duration.Round(time.Second)
	clock := fmt.Sprintf("%02d:%02d:%02d", int(took.Hours()), int(took.Minutes())%60, int(took.Seconds())%60)
	if !e.Complete {
		return events(fmt.Sprintf("TFTP: Aborted %s, time %s for process %d: %s", shown(e.File), clock, e.Port, e.Why))
	}
	return events(fmt.Sprintf("TFTP: Finished %s, time %s for process %d", shown(e.File), clock, e.Port))
}

// DebugLines implements journal.Debugged.
func (e ErrorSent) DebugLines() []journal.DebugLine {
	return events(fmt.Sprintf("TFTP: Sending error %d %s", e.Code, e.Text))
}

// DebugLines implements journal.Debugged.
func (e Packet) DebugLines() []journal.DebugLine {
	verb, side := "Sending", "to"
	if e.Received {
		verb, side = "Received", "from"
	}
	return []journal.DebugLine{{Topic: topicPackets,
		Text: fmt.Sprintf("TFTP: %s %s, %d octets %s %s", verb, e.What, e.Octets, side, host(e.Client))}}
}

// LogMessage implements journal.Logged.
func (e Defect) LogMessage() (message.Message, bool) {
	return message.TFTPDefect.With(e.Where, e.Value), true
}

func events(lines ...string) []journal.DebugLine {
	all := make([]journal.DebugLine, len(lines))
	for i, l := range lines {
		all[i] = journal.DebugLine{Topic: topicEvents, Text: l}
	}
	return all
}

// host is an address as IOS debugs print it, "10.2.10.11(50919)".
func host(a netip.AddrPort) string { return fmt.Sprintf("%s(%d)", a.Addr(), a.Port()) }
