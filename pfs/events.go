package pfs

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
)

// Topic is what `debug pfs` prints.
const Topic = "pfs"

// The facts recorded about Peer Firmware Sharing.
type (
	// Broadcast is a burst of UDP 4051 frames of one phone: recorded with its
	// first frame, again when its rhythm is known (three frames) and when it
	// has ended. The later one replaces the earlier, which has the same First.
	Broadcast struct {
		MAC       ether.MAC
		Addr      netip.Addr // source address of the frames
		Interface string
		First     time.Time
		Last      time.Time
		Frames    int
		Rhythm    int // gaps between them that are about 250 ms
		Length    int // bytes of the payload, 0 = they differ
		Constant  int // bytes that are the same in all frames, of those kept
		Head      string
		Strings   string // printable runs, as seen; not decoded fields
		Ended     bool
	}
	// Transfer is a connection on TCP 4051 between two phones, recorded when
	// it is first seen, while it goes on, and at its end. The later one
	// replaces the earlier, which has the same ID.
	Transfer struct {
		ID            uint64
		Parent        ether.MAC // sent the bulk; zero while neither did
		Child         ether.MAC
		A, B          ether.MAC // the two, A called B if Called
		Called        bool      // the SYN was seen
		Bytes         int64     // unique bytes from parent to child
		Back          int64     // unique bytes the other way
		Missing       int64     // bytes not seen between those that were
		Retransmitted int64
		Start, End    time.Time
		Chunks        []Chunk // bytes between pauses, in order
		Ended         bool    // FIN, RST or silence
		Broken        bool    // ended by a reset or silence
	}
	// Logged is a record of a phone's own log.
	Logged struct {
		MAC    ether.MAC // zero: the log names no phone that is known here
		Addr   netip.Addr
		Record Record
		Import bool // from a file
	}
)

// Chunk is a part of a transfer without a pause in it.
type Chunk struct {
	Bytes      int64
	Start, End time.Time
}

// EventName implements journal.Event.
func (Broadcast) EventName() string { return "pfs.Broadcast" }

// EventName implements journal.Event.
func (Transfer) EventName() string { return "pfs.Transfer" }

// EventName implements journal.Event.
func (Logged) EventName() string { return "pfs.Logged" }

func line(format string, a ...any) []journal.DebugLine {
	return []journal.DebugLine{{Topic: Topic, Text: "PFS: " + fmt.Sprintf(format, a...)}}
}

// DebugLines implements journal.Debugged.
func (e Broadcast) DebugLines() []journal.DebugLine {
	what := fmt.Sprintf("%d frames, %d in rhythm", e.Frames, e.Rhythm)
	if e.Frames == 1 {
		what = "first frame"
	}
	if e.Ended {
		what += ", ended"
	}
	if e.Strings != "" {
		what += ", strings seen: " + e.Strings
	}
	return line("broadcast of %s (%s) on %s: %s", e.MAC.Device(), e.Addr, e.Interface, what)
}

// DebugLines implements journal.Debugged.
func (e Transfer) DebugLines() []journal.DebugLine {
	from, to, arrow := e.Parent, e.Child, "->"
	if e.Parent.IsZero() {
		from, to, arrow = e.A, e.B, "--"
	}
	what := ""
	if e.Ended {
		what = ", ended"
	}
	if e.Broken {
		what = ", broken off"
	}
	if e.Called {
		what += ", called by " + e.A.Device()
	}
	return line("tcp %s %s %s: %d bytes, %d back, %d missing%s", from.Device(), arrow, to.Device(), e.Bytes, e.Back, e.Missing, what)
}

// DebugLines implements journal.Debugged.
func (e Logged) DebugLines() []journal.DebugLine {
	who := "a phone that is not known"
	switch {
	case !e.MAC.IsZero():
		who = e.MAC.Device()
	case e.Addr.IsValid():
		who = e.Addr.String()
	}
	return line("log of %s: %s %s %s", who, e.Record.Level, Clock(e.Record.At), strings.TrimSpace(e.Record.Raw))
}

// Clock is a time of day as the log prints it.
func Clock(d time.Duration) string {
	return time.Unix(0, 0).UTC().Add(d).Format("15:04:05.000000")
}
