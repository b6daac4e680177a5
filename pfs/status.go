package pfs

import (
	"fmt"
	"strings"

	"option150/platform/columns"
	"option150/platform/ether"
	"option150/platform/sorted"
)

// Status is how the observer stands.
type Status struct {
	Sensors []Sensor
	Log     LogStatus
	Ring    RingStatus
}

// Sensor is one interface that is looked at.
type Sensor struct {
	Interface string
	Mirror    bool   // TCP between phones is seen here
	Auto      bool   // because it serves phones, without a line
	State     string // "running", or why not
	Running   bool
	Received  uint64 // frames the filter let through, dropped ones included
	Dropped   uint64 // by the kernel, for want of room
	Malformed uint64
	Held      uint64 // times the reading was held back for the sake of file service
	Counters
}

// LogStatus is how the receiver of phones' logs stands.
type LogStatus struct {
	Port      uint16 // 0 = off
	State     string
	Accepted  uint64 // datagrams of known phones
	Refused   uint64 // of anybody else
	Limited   uint64 // of known phones, too many at a time
	Records   uint64
	Unknown   uint64 // records with a text that is not known
	Announced string // what phones are told in their files, "" = nothing
}

// RingStatus is how the capture ring stands.
type RingStatus struct {
	Size   int // bytes at most, 0 = none
	Used   int
	Frames int
}

// Show is `show pfs`.
func Show(st Status, s Snapshot, f Facts) *columns.Page {
	b := &columns.Page{}
	b.WriteString("Peer Firmware Sharing is observed. This box opens no socket on port 4051 and sends nothing to it.\n\n")
	if len(st.Sensors) > 0 {
		t := b.Table(SensorsTable)
		for _, x := range st.Sensors {
			t.Row(x.Interface, mode(x), x.Received, x.Dropped, x.State)
		}
	} else {
		b.WriteString("No interface is looked at\n")
	}
	b.WriteString("\n") // apart from the table
	if st.Log.Port == 0 {
		b.WriteString("Log server: off\n")
	} else {
		fmt.Fprintf(b, "Log server: udp port %d, %s, %d records; phones are told %s\n", st.Log.Port, st.Log.State, st.Log.Records, dash(st.Log.Announced))
	}
	if st.Ring.Size > 0 {
		fmt.Fprintf(b, "Capture ring: %d of %d bytes, %d frames\n", st.Ring.Used, st.Ring.Size, st.Ring.Frames)
	}
	fmt.Fprintf(b, "Phones known: %d, connections: %d\n", len(s.Peers), len(s.Transfers))
	if l := Verify(s, f, ""); len(l) > 0 {
		b.WriteString("\n")
		b.Add(ShowVerify(l))
	}
	return b
}

func mode(x Sensor) string {
	switch {
	case x.Mirror:
		return "mirror"
	case x.Auto:
		return "observe (serves phones)"
	}
	return "observe"
}

// ShowStatistics is `show pfs statistics`.
func ShowStatistics(st Status, s Snapshot) *columns.Page {
	b := &columns.Page{}
	if len(st.Sensors) > 0 {
		t := b.Table(StatisticsTable)
		for _, x := range st.Sensors {
			t.Row(x.Interface, x.Received, x.Dropped, x.Held, x.Malformed, x.Strangers, x.Copies,
				x.Broadcasts, x.Bursts, x.Segments, x.Flows, x.Evicted, x.Other, x.Muted)
		}
	} else {
		b.WriteString("No interface is looked at\n")
	}
	l := st.Log
	fmt.Fprintf(b, "\nLog datagrams: %d accepted, %d refused, %d beyond the rate; records: %d, with unknown text: %d\n", l.Accepted, l.Refused, l.Limited, l.Records, l.Unknown)
	fmt.Fprintf(b, "Phones: %d of at most %d, connections kept: %d of at most %d, made room: %d\n", len(s.Peers), MaxPhones, len(s.Transfers), MaxTransfers, s.Evicted)
	return b
}

// ShowConfig is `show pfs config`: for every phone that is configured the
// effective value, which level gives it, and what contradicts it.
func ShowConfig(s Snapshot, f Facts, params func(ether.MAC) (logServer string)) *columns.Page {
	against := Contradictions(Trees(s, f), f)
	macs := make([]ether.MAC, 0, len(f.Phones))
	for m := range f.Phones {
		macs = append(macs, m)
	}
	sorted.By(macs, func(a, b ether.MAC) int { return strings.Compare(a.Hex(), b.Hex()) })
	b := &columns.Page{}
	rows := b.Table(ConfigTable)
	for _, m := range macs {
		c := f.Phones[m]
		has := map[string]string{"yes": "yes", "no": "no"}[c.Model.PFS]
		if has == "" {
			has = "?"
		}
		value, level := "off", c.Level
		switch {
		case c.Model.PFS == "no":
			value, level = "", ""
		case c.Sharing == "1":
			value = "on"
		}
		if level == "" && value != "" {
			level = "default"
		}
		rows.Row(m.Device(), c.Line, c.Model.Keyword, has, value, level, c.LoadServer, params(m), against[m])
	}
	if rows.Len() == 0 {
		return columns.Empty("No phone is configured\n")
	}
	return b
}

// Contradictions are phones whose file enables sharing while what they do says
// otherwise.
func Contradictions(trees []Tree, f Facts) map[ether.MAC]string {
	out := map[ether.MAC]string{}
	for _, t := range trees {
		for _, n := range t.Nodes {
			c, ok := f.Phones[n.MAC]
			if n.Role != Self || !ok || c.Sharing != "1" || c.Model.PFS == "no" || strings.Contains(n.Why, "stopped after") {
				continue
			}
			out[n.MAC] = "enabled, and it fetched " + dash(t.Load) + " itself (" + string(n.Basis) + ")"
		}
	}
	return out
}
