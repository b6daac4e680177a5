package pfs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/platform/columns"
	"option150/platform/ether"
	"option150/platform/sorted"
)

// The tables of the show commands.
var (
	TreeTable       = columns.Dashed("Phone", "Role", "Parent", "Depth", "Bytes", "Seconds", "From", "Evidence", "Basis").With("subnet family load files")
	VerifyTable     = columns.Dashed("Subnet", "Family", "Load", "Sharing", "Phones", "From peers", "Copies served", "Root", "Basis")
	PeersTable      = columns.Dashed("Phone", "Address", "Model", "Family", "Subnet", "Frames", "Claims", "Last frame", "Transfers in", "Children", "Files served", "XID", "Log says")
	EvidenceTable   = columns.Dashed("Time", "Evidence", "Phone", "Basis", "What")
	SensorsTable    = columns.Dashed("Interface", "Mode", "Frames", "Dropped", "State")
	StatisticsTable = columns.Dashed("Interface", "Received", "Dropped", "Held back", "Malformed", "Strangers", "Copies", "Broadcasts", "Bursts", "Segments", "Connections", "Evicted", "Unicast", "Muted")
	ConfigTable     = columns.Dashed("Phone", "Configured as", "Model", "Has sharing", "Value", "Level", "Load server", "Log server", "Finding")
)

func num[T int | int64 | uint64](n T) string { return strconv.FormatInt(int64(n), 10) }

func secs(d time.Duration) string {
	if d <= 0 {
		return ""
	}
	return strconv.FormatFloat(d.Seconds(), 'f', 1, 64)
}

func device(m ether.MAC) string {
	if m.IsZero() {
		return "?"
	}
	return m.Device()
}

func clockOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("15:04:05.000")
}

// ShowTree is `show pfs tree`: the trees of a load or file, "" = all.
func ShowTree(trees []Tree, what string) *columns.Page {
	b := &columns.Page{}
	n := 0
	for _, t := range trees {
		if what != "" && !t.about(what) {
			continue
		}
		if n++; n > 1 {
			b.WriteString("\n")
		}
		t.text(b)
	}
	switch {
	case n == 0 && what != "":
		return columns.Empty("Nothing has been seen of " + keep(what) + "\n")
	case n == 0:
		return columns.Empty("No firmware has been distributed that this box knows of\n")
	}
	return b
}

// about: the tree is of this load or file; a load may be meant by its list.
func (t *Tree) about(what string) bool {
	w := strings.ToLower(strings.TrimSuffix(strings.ToLower(what), ".loads"))
	return strings.ToLower(t.Load) == w || slices.ContainsFunc(t.Files, func(f string) bool { return strings.EqualFold(f, what) })
}

func (t *Tree) text(b *columns.Page) {
	files := t.Files[0]
	switch {
	case files == unlabelled:
		files = "unknown"
	case len(t.Files) > 1:
		files = fmt.Sprintf("%d, from %s to %s", len(t.Files), t.Files[0], t.Files[len(t.Files)-1])
	}
	fmt.Fprintf(b, "Subnet: %s  Family: %s  Load: %s\nFiles: %s\n", subnetText(t.Subnet), orUnknown(t.Family), orUnknown(t.Load), files)
	rows := b.Table(TreeTable).Given(subnetText(t.Subnet), orUnknown(t.Family), orUnknown(t.Load), files)
	for _, n := range t.Nodes {
		parent, depth := "", "?"
		switch {
		case !n.Parent.IsZero():
			parent = n.Parent.Device()
		case n.Role == Child || n.Role == Waiting || n.Role == Unknown:
			parent = "?"
		}
		if n.Depth >= 0 {
			depth = num(n.Depth)
		}
		if n.Role == Self || n.Role == Fetched {
			depth = ""
		}
		from := n.How
		if n.Role == Child {
			from = "peer"
			if n.CallSeen {
				from = map[bool]string{true: "peer, parent called", false: "peer, child called"}[n.Called]
			}
		}
		bytes := ""
		if n.Bytes > 0 {
			bytes = num(n.Bytes)
		}
		rows.Row(strings.Repeat("  ", max(n.Depth, 0))+n.MAC.Device(), n.Role, parent, depth, bytes, secs(n.Took), from, n.Evidence, n.Basis)
	}
	var notes []string
	for _, n := range t.Nodes {
		if n.Why != "" {
			notes = append(notes, n.MAC.Device()+": "+n.Why)
		}
	}
	for _, f := range t.Findings {
		notes = append(notes, "Finding: "+f)
	}
	if t.Hidden != "" {
		notes = append(notes, "Not seen from here: "+t.Hidden)
	}
	if notes != nil { // apart from the table
		b.WriteString("\n" + strings.Join(notes, "\n") + "\n")
	}
}

// orUnknown is for what is not known, where a dash would say that there is none.
func orUnknown(s string) string {
	if s == "" {
		return "?"
	}
	return s
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// ShowVerify is `show pfs verify`.
func ShowVerify(l []Verification) *columns.Page {
	if len(l) == 0 {
		return columns.Empty("No firmware has been distributed that this box knows of: nothing can be said about sharing\n")
	}
	b := &columns.Page{}
	rows := b.Table(VerifyTable)
	for _, v := range l {
		roots := make([]string, 0, len(v.Roots))
		for _, r := range v.Roots {
			roots = append(roots, r.Device())
		}
		rows.Row(subnetText(v.Subnet), orUnknown(v.Family), orUnknown(v.Load), v.Result, v.Phones, v.Peer, v.Copies, strings.Join(roots, ","), v.Basis)
	}
	for _, v := range l {
		models := ""
		if v.Models != "" {
			models = " (" + v.Models + ")"
		}
		fmt.Fprintf(b, "\nSubnet %s, family %s%s, %s: %s (%s)\n", subnetText(v.Subnet), orUnknown(v.Family), models, orUnknown(v.Load), v.Text, v.Basis)
		for _, d := range v.Details {
			b.WriteString("  " + d + "\n")
		}
		for _, c := range v.Certain {
			b.WriteString("  To be certain: " + c + "\n")
		}
	}
	return b
}

// ShowPeers is `show pfs peers`: every phone that takes part, and how it shows.
func ShowPeers(s Snapshot, f Facts) *columns.Page {
	s.complete(&f)
	fed, from := map[ether.MAC]int{}, map[ether.MAC]map[ether.MAC]bool{}
	for _, t := range s.Transfers {
		if t.Parent.IsZero() {
			continue
		}
		fed[t.Child]++
		if from[t.Parent] == nil {
			from[t.Parent] = map[ether.MAC]bool{}
		}
		from[t.Parent][t.Child] = true
	}
	b := &columns.Page{}
	rows := b.Table(PeersTable)
	for i := range s.Peers {
		p := &s.Peers[i]
		frames, rhythm := 0, 0
		for _, b := range p.Bursts {
			frames += b.Frames
			if b.Rhythm >= 2 {
				rhythm++
			}
		}
		served := 0
		for _, x := range p.Fetches {
			served += min(x.Copies, 1)
		}
		if frames == 0 && served == 0 && fed[p.MAC] == 0 && from[p.MAC] == nil && p.Log.Total == 0 {
			continue
		}
		last := ""
		if n := len(p.Bursts); n > 0 {
			last = clockOf(p.Bursts[n-1].Last)
		}
		rows.Row(p.MAC.Device(), addrText(p.Addr), orUnknown(p.Model), orUnknown(p.Family), subnetText(p.Subnet), frames, rhythm, last,
			fed[p.MAC], len(from[p.MAC]), served, p.Log.XID, p.Log.Role(p.Addr))
	}
	if rows.Len() == 0 {
		return columns.Empty("No phone has been seen to share firmware\n")
	}
	return b
}

// ShowEvidence is `show pfs evidence`: everything that was seen, each by
// itself, in the order of time. Payloads are bytes: nobody knows what they mean.
func ShowEvidence(s Snapshot) *columns.Page {
	type item struct {
		at   time.Time
		cell []any
	}
	var all []item
	add := func(at time.Time, kind Evidence, m ether.MAC, basis Basis, what string) {
		all = append(all, item{at, []any{clockOf(at), kind, device(m), basis, what}})
	}
	for i := range s.Peers {
		p := &s.Peers[i]
		for _, b := range p.Bursts {
			what := fmt.Sprintf("%d frames, %d of them 250 ms apart, %s, %d bytes the same, first %s", b.Frames, b.Rhythm, lengthText(b.Length), b.Constant, b.HeadText())
			if b.Strings != "" {
				what += ", strings seen: " + b.Strings
			}
			add(b.First, ByBroadcast, p.MAC, Observed, what)
		}
		for _, x := range p.Fetches {
			what := fmt.Sprintf("asked for %s over %s", x.File, x.Transport)
			if x.Copies > 0 {
				what = fmt.Sprintf("fetched %s over %s, %d bytes in %s s", x.File, x.Transport, x.Size, dash(secs(x.Whole.Sub(x.First))))
			}
			if x.Asked.After(x.First) && x.Copies > 0 {
				what += ", again at " + clockOf(x.Asked)
			}
			if !x.Complete && !x.End.IsZero() {
				what += fmt.Sprintf(", stopped after %d bytes", x.Bytes)
			}
			add(x.began(), ByServing, p.MAC, Observed, what)
		}
		for _, r := range p.Log.Records {
			if r.telling() {
				add(p.Log.Last, ByLog, p.MAC, Observed, "phone's clock "+Clock(r.At)+": "+r.Raw)
			}
		}
	}
	for _, r := range s.Strange.Records {
		if r.telling() {
			add(s.Strange.Last, ByLog, ether.MAC{}, Observed, "phone's clock "+Clock(r.At)+": "+r.Raw)
		}
	}
	for _, t := range s.Transfers {
		who, other, what := t.Parent, t.Child, "sent"
		if who.IsZero() {
			who, other, what = t.A, t.B, "talked with"
		}
		text := fmt.Sprintf("%s %s %d bytes, %d back, %d missing, %d again, %s s", what, other.Device(), t.Bytes, t.Back, t.Missing, t.Retransmitted, dash(secs(t.End.Sub(t.Start))))
		switch {
		case t.Broken:
			text += ", broken off"
		case !t.Ended:
			text += ", going on"
		}
		add(t.Start, ByTCP, who, Observed, text)
	}
	if all == nil {
		return columns.Empty("Nothing has been seen of firmware sharing\n")
	}
	sorted.Stable(all, func(a, b item) int { return a.at.Compare(b.at) })
	b := &columns.Page{}
	rows := b.Table(EvidenceTable)
	for i := range all {
		rows.Row(all[i].cell...)
	}
	return b
}

// telling: the record says what the phone is for a file.
func (r *Record) telling() bool {
	return r.Kind == LogRoot || r.Kind == LogConfirm || r.Kind == LogClaim || r.Kind == LogFetch
}

func lengthText(n int) string {
	if n == 0 {
		return "different lengths"
	}
	return num(n) + " bytes each"
}
