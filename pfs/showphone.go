package pfs

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"option150/platform/ether"
)

// HeadText is the beginning of the first frame as bytes.
func (b *Broadcast) HeadText() string {
	h := b.Head[:min(len(b.Head), 2*headShown)]
	if h == "" {
		return "no payload"
	}
	if len(h) < len(b.Head) {
		h += "..."
	}
	return "bytes " + h
}

// Occurrences looks for the values of a phone's log among the bytes of its
// broadcasts. What it finds is a hypothesis for who owns phones, never a
// decoded field: four bytes may be there by chance.
func (p *Peer) Occurrences() []string {
	var out []string
	values := []struct{ name, hex string }{{"XID", p.Log.XID}}
	for _, r := range p.Log.Records {
		if r.Kind == LogClaim {
			values = append(values, struct{ name, hex string }{"map", r.Map}, struct{ name, hex string }{"strength", r.Strength})
		}
	}
	if h, err := strconv.ParseUint(p.Log.H, 10, 32); err == nil {
		values = append(values, struct{ name, hex string }{"H", fmt.Sprintf("%08x", h)})
	}
	for _, v := range values {
		raw, err := hex.DecodeString(v.hex)
		if err != nil || len(raw) != 4 {
			continue
		}
		back := []byte{raw[3], raw[2], raw[1], raw[0]}
		for order, want := range map[string][]byte{"as printed": raw, "reversed": back} {
			if n, at, total := p.occur(want); n > 0 {
				out = append(out, fmt.Sprintf("the value of %s (%s), %s, occurs at byte %d of the first frame of %d of %d bursts", v.name, v.hex, order, at, n, total))
			}
		}
	}
	return out
}

func (p *Peer) occur(want []byte) (n, at, total int) {
	for i := range p.Bursts {
		h, err := hex.DecodeString(p.Bursts[i].Head)
		if err != nil {
			continue
		}
		total++
		if k := strings.Index(string(h), string(want)); k >= 0 && (n == 0 || k == at) {
			at = k
			n++
		}
	}
	return n, at, total
}

// ShowPhone is `show pfs phone NAME`: all that is known of one phone.
func ShowPhone(s Snapshot, f Facts, mac ether.MAC) string {
	s.complete(&f)
	p := s.peer(mac)
	c, configured := f.Phones[mac]
	if p == nil && !configured {
		return ""
	}
	var b strings.Builder
	row := func(k, format string, a ...any) { fmt.Fprintf(&b, "%-12s %s\n", k+":", fmt.Sprintf(format, a...)) }
	row("Phone", "%s", mac.Device())
	if p != nil {
		row("Address", "%s in %s", addrText(p.Addr), subnetText(p.Subnet))
		row("Model", "%s, family %s", orUnknown(p.Model), orUnknown(p.Family))
	}
	if configured {
		row("Configured", "%s, load %s", c.Line, dash(c.Load))
		row("Sharing", "%s", c.sharing())
	} else {
		row("Configured", "not here")
	}
	if p == nil {
		row("Seen", "never")
		return b.String()
	}
	for _, t := range Trees(s, f) {
		for _, n := range t.Nodes {
			if n.MAC == mac {
				row("Role", "%s", n.sentence(&t))
			}
		}
	}
	for _, x := range p.Bursts {
		what := ""
		if x.Strings != "" {
			what = ", strings seen: " + x.Strings
		}
		row("Broadcast", "%s %d frames, %d in rhythm, %s, %s%s", clockOf(x.First), x.Frames, x.Rhythm, lengthText(x.Length), x.HeadText(), what)
	}
	for i := range s.Transfers {
		t := &s.Transfers[i]
		switch mac {
		case t.Parent:
			row("Sent", "%s to %s %d bytes%s", clockOf(t.Start), t.Child.Device(), t.Bytes, t.how())
		case t.Child:
			row("Got", "%s from %s %d bytes%s", clockOf(t.Start), t.Parent.Device(), t.Bytes, t.how())
		case t.A, t.B:
			if t.Parent.IsZero() {
				row("Talked", "%s %s with %s, %d bytes", clockOf(t.Start), t.A.Device(), t.B.Device(), t.Bytes)
			}
		}
	}
	for _, x := range p.Fetches {
		times := ""
		if x.Copies > 1 {
			times = fmt.Sprintf(", %d times, the first at %s", x.Copies, clockOf(x.First))
		}
		row("Fetched", "%s %s over %s, %d bytes%s%s", clockOf(x.Asked), x.File, x.Transport, x.Bytes, map[bool]string{false: ", not complete"}[x.Complete], times)
	}
	if p.Log.Total > 0 {
		b.WriteString(p.Log.Text(p.Addr))
	}
	for _, o := range p.Occurrences() {
		row("Hypothesis", "%s", o)
	}
	return b.String()
}

func (t *Transfer) how() string {
	s := ""
	if t.Called {
		s = ", called by " + t.A.Device()
	}
	if t.Broken {
		s += ", broken off"
	}
	return s
}

func (c Configured) sharing() string {
	level := c.Level
	if level == "" {
		level = "nothing sets it"
	}
	switch {
	case c.Model.PFS == "no":
		return "the model has none"
	case c.Sharing == "1":
		return "enabled (" + level + ")"
	case c.Sharing == "":
		return "off, the default (" + level + ")"
	}
	return "off (" + level + ")"
}

// sentence is the role of a phone in a tree.
func (n *Node) sentence(t *Tree) string {
	what := t.Load
	if len(t.Files) == 1 {
		what = t.Files[0]
	}
	s := string(n.Role)
	switch n.Role {
	case Root:
		s = "root of " + what
	case Child:
		s = "got " + what + " from " + device(n.Parent)
	case Waiting:
		s = "waits for " + what
	case Self:
		s = "fetched " + what + " itself"
	case Fetched:
		s = "fetched " + what
	case Unknown:
		s = "wants " + what
	}
	if n.Why != "" {
		s += ": " + n.Why
	}
	return s + " (" + string(n.Basis) + ", by " + n.Evidence.String() + ")"
}

// Text is what a log says, with its last records.
func (l *Log) Text(own netip.Addr) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Log:         %d records, role %s, XID %s\n", l.Total, l.Role(own), dash(l.XID))
	if l.Path != "" {
		fmt.Fprintf(&b, "             root %s, model %s, file %s, H %s\n", addrText(l.Root), l.Model, l.Path, l.H)
	}
	for _, r := range l.Records {
		fmt.Fprintf(&b, "  %s %s  %s\n", Clock(r.At), r.Level, r.Raw)
	}
	return b.String()
}

// Timing is how long the steps of a session took by the phone's own clock.
func (l *Log) Timing() string {
	var first, claim, confirm, fetch time.Duration
	for _, r := range l.Records {
		switch r.Kind {
		case LogListen:
			first = r.At
		case LogClaim:
			claim = r.At
		case LogConfirm:
			confirm = r.At
		case LogFetch:
			fetch = r.At
		}
	}
	var w []string
	step := func(name string, a, b time.Duration) {
		if a > 0 && b > a {
			w = append(w, fmt.Sprintf("%s %.2f s", name, (b-a).Seconds()))
		}
	}
	step("listening to claim", first, claim)
	step("claim to confirmed root", claim, confirm)
	step("root to transfer", confirm, fetch)
	return strings.Join(w, ", ")
}
