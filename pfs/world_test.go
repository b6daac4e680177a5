package pfs

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	dhcp "option150/dhcp/engine"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
)

// world is a subnet told as a sequence of events. All of it is synthetic: the
// payloads say PFS-TEST and nothing of the real protocol is known.
type world struct {
	t     *testing.T
	now   time.Time
	state *State
	track *Tracker
	id    uint16
	facts Facts
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), state: NewState()}
	w.track = NewTracker(w.state, w, "GigabitEthernet0/0", 1)
	w.facts = Facts{Loads: []Load{load41, load42}, Subnets: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}, Phones: map[ether.MAC]Configured{}}
	return w
}

var load41 = Load{Name: "SCCP41.9-4-2SR3-1S", Files: []File{{"SCCP41.9-4-2SR3-1S.loads", 652}, {"jar41sccp.9-4-2ES26.sbn", 163052}, {"apps41.9-4-2ES26.sbn", 315757}}}
var load42 = Load{Name: "SCCP42.9-4-2SR3-1S", Files: []File{{"SCCP42.9-4-2SR3-1S.loads", 660}, {"jar42sccp.9-4-2ES26.sbn", 176339}, {"apps42.9-4-2ES26.sbn", 463723}}}

// Record implements journal.Recorder.
func (w *world) Record(e journal.Event) { w.state.Fold(journal.Entry{Time: w.now, Event: e}) }

func (w *world) wait(d time.Duration) { w.now = w.now.Add(d) }

func mac(n int) ether.MAC { return ether.MAC{0x00, 0x1e, 0x7a, 0, byte(n >> 8), byte(n)} }

func addr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func port(n int, p uint16) netip.AddrPort { return netip.AddrPortFrom(addr(n), p) }

// lease gives phone n the address 10.0.0.n.
func (w *world) lease(n int, model string) {
	w.Record(dhcp.Ack{MAC: mac(n), Addr: addr(n), VendorClass: "Cisco Systems, Inc. IP Phone CP-" + model + "G\x00", Mask: "255.255.255.0"})
}

// configured says what the configuration has for phone n.
func (w *world) configured(n int, load, sharing string) {
	c := Configured{Load: load, Sharing: sharing, Line: fmt.Sprint("ephone ", n)}
	if sharing != "" {
		c.Level = "system"
	}
	w.facts.Phones[mac(n)] = c
}

// boot: the phone asks for its configuration.
func (w *world) boot(n int) {
	w.ask(n, "SEP"+mac(n).Hex()+".cnf.xml", 900)
	w.wait(50 * time.Millisecond)
}

func (w *world) ask(n int, name string, size int64) {
	w.Record(fileserver.Asked{Transport: fileserver.HTTP, Client: port(n, 49152), Name: "/" + name})
	w.wait(20 * time.Millisecond)
	w.Record(fileserver.Served{Transport: fileserver.HTTP, Client: port(n, 49152), Name: "/" + name, Size: size, Bytes: size, Complete: true, Duration: 20 * time.Millisecond})
}

// up: the phone goes on to the next phase.
func (w *world) up(n int) { w.ask(n, "united_states/g3-tones.xml", 100) }

// fetch: the phone fetches a whole load.
func (w *world) fetch(n int, l Load) {
	for _, f := range l.Files {
		w.ask(n, f.Name, f.Size)
		w.wait(100 * time.Millisecond)
	}
}

// claim: five broadcasts, 250 ms apart.
func (w *world) claim(n int) {
	for i := range 5 {
		w.id++
		w.frame(Packet{Src: port(n, Port), Dst: netip.MustParseAddrPort("10.0.0.255:4051"), SrcMAC: mac(n),
			DstMAC: ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, Payload: fmt.Appendf(nil, "PFS-TEST %d", i), ID: w.id})
		w.wait(250 * time.Millisecond)
	}
}

func (w *world) frame(p Packet) {
	p.Time = w.now
	if p.Size == 0 {
		p.Size = len(p.Payload)
	}
	w.track.Packet(&p)
}

// talk is a connection between two phones.
type talk struct {
	w    *world
	a, b int // a calls b
	port uint16
	seq  [2]uint32
	twin bool // every frame is seen twice, as on some mirror ports
}

func (w *world) call(a, b int, twin bool) *talk {
	t := &talk{w: w, a: a, b: b, port: 50000 + w.id, seq: [2]uint32{0xfffffff0, 77}, twin: twin}
	t.send(0, syn, 0)
	t.send(1, syn|ack, 0)
	t.seq[0]++
	t.seq[1]++
	return t
}

func (t *talk) send(from int, flags uint8, size int) {
	t.w.id++
	p := Packet{TCP: true, Flags: flags, Size: size, Seq: t.seq[from], ID: t.w.id, SrcMAC: mac(t.a), DstMAC: mac(t.b), Src: port(t.a, t.port), Dst: port(t.b, Port)}
	if from == 1 {
		p.SrcMAC, p.DstMAC, p.Src, p.Dst = p.DstMAC, p.SrcMAC, p.Dst, p.Src
	}
	t.w.frame(p)
	if t.twin {
		t.w.frame(p)
	}
	t.seq[from] += uint32(size)
	t.w.wait(100 * time.Microsecond)
}

// give sends bytes from a (0) or b (1).
func (t *talk) give(from int, bytes int64) {
	for ; bytes > 0; bytes -= 1448 {
		t.send(from, ack, int(min(bytes, 1448)))
	}
}

func (t *talk) bye() { t.send(0, fin|ack, 0); t.send(1, fin|ack, 0) }

// pass sends files from a phone to another, on a connection each or on one
// that is kept, called by either side.
func (w *world) pass(parent, child int, files []File, keptOpen, childCalls, twin bool) {
	a, b, from := parent, child, 0
	if childCalls {
		a, b, from = child, parent, 1
	}
	var c *talk
	for i, f := range files {
		if c == nil {
			c = w.call(a, b, twin)
		}
		c.give(1-from, 40) // the child says something
		c.give(from, f.Size)
		w.wait(300 * time.Millisecond)
		if !keptOpen || i == len(files)-1 {
			c.bye()
			c = nil
		}
	}
}

// drawn is the trees as text: role, parent and basis of each phone.
func (w *world) drawn() string {
	var b strings.Builder
	for _, t := range Trees(w.state.Snapshot(w.facts.Subnets), w.facts) {
		fmt.Fprintf(&b, "%s family %s, %d files of %s\n", subnetText(t.Subnet), t.Family, len(t.Files), t.Load)
		for _, n := range t.Nodes {
			parent := ""
			if n.Role == Child {
				parent = " of ?"
			}
			if !n.Parent.IsZero() {
				parent = fmt.Sprint(" of ", int(n.Parent[5]))
			}
			why := ""
			if n.Why != "" {
				why = " (" + n.Why + ")"
			}
			fmt.Fprintf(&b, " %d %s%s depth %d, %s by %s%s\n", n.MAC[5], n.Role, parent, n.Depth, n.Basis, n.Evidence, why)
		}
		for _, f := range t.Findings {
			fmt.Fprintf(&b, " ! %s\n", f)
		}
	}
	return b.String()
}

func (w *world) want(text string) {
	w.t.Helper()
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\n\t\t", "\n"), "\n")
	text = strings.TrimRight(text, "\t ")
	if got := w.drawn(); got != text {
		w.t.Errorf("got\n%s\nwant\n%s", got, text)
	}
}

func (w *world) verify(t *testing.T) Verification {
	t.Helper()
	l := Verify(w.state.Snapshot(w.facts.Subnets), w.facts, "")
	if len(l) != 1 {
		t.Fatalf("%d verifications: %+v", len(l), l)
	}
	return l[0]
}

func detailed(v Verification, parts ...string) bool {
	for _, p := range parts {
		if !slices.ContainsFunc(v.Details, func(d string) bool { return strings.Contains(d, p) }) {
			return false
		}
	}
	return true
}

func netPrefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }
