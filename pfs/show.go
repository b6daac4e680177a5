package pfs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// table prints rows below their heads in columns two blanks apart. An empty
// cell is a dash, so that a column can be found by its place and by its number.
func table(heads []string, rows [][]string) string {
	width := make([]int, len(heads))
	for i, h := range heads {
		width[i] = len(h)
	}
	for _, r := range rows {
		for i, c := range r {
			if c == "" {
				r[i] = "-"
			}
			width[i] = max(width[i], len(r[i]))
		}
	}
	var b strings.Builder
	line := func(r []string) {
		var l strings.Builder
		for i, c := range r {
			fmt.Fprintf(&l, "%-*s  ", width[i], c)
		}
		b.WriteString(strings.TrimRight(l.String(), " ") + "\n")
	}
	line(heads)
	for _, r := range rows {
		line(r)
	}
	return b.String()
}

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
func ShowTree(trees []Tree, what string) string {
	var b strings.Builder
	n := 0
	for _, t := range trees {
		if what != "" && !t.about(what) {
			continue
		}
		if n++; n > 1 {
			b.WriteByte('\n')
		}
		t.text(&b)
	}
	switch {
	case n == 0 && what != "":
		return "Nothing has been seen of " + keep(what) + "\n"
	case n == 0:
		return "No firmware has been distributed that this box knows of\n"
	}
	return b.String()
}

// about: the tree is of this load or file; a load may be meant by its list.
func (t *Tree) about(what string) bool {
	w := strings.ToLower(strings.TrimSuffix(strings.ToLower(what), ".loads"))
	return strings.ToLower(t.Load) == w || slices.ContainsFunc(t.Files, func(f string) bool { return strings.EqualFold(f, what) })
}

func (t *Tree) text(b *strings.Builder) {
	files := t.Files[0]
	switch {
	case files == unlabelled:
		files = "unknown"
	case len(t.Files) > 1:
		files = fmt.Sprintf("%d, from %s to %s", len(t.Files), t.Files[0], t.Files[len(t.Files)-1])
	}
	fmt.Fprintf(b, "Subnet: %s  Family: %s  Load: %s\nFiles: %s\n", subnetText(t.Subnet), orUnknown(t.Family), orUnknown(t.Load), files)
	rows := make([][]string, 0, len(t.Nodes))
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
		rows = append(rows, []string{strings.Repeat("  ", max(n.Depth, 0)) + n.MAC.Device(), string(n.Role), parent, depth, bytes, secs(n.Took), from, n.Evidence.String(), string(n.Basis)})
	}
	b.WriteString(table([]string{"Phone", "Role", "Parent", "Depth", "Bytes", "Seconds", "From", "Evidence", "Basis"}, rows))
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
func ShowVerify(l []Verification) string {
	if len(l) == 0 {
		return "No firmware has been distributed that this box knows of: nothing can be said about sharing\n"
	}
	rows := make([][]string, 0, len(l))
	for _, v := range l {
		roots := make([]string, 0, len(v.Roots))
		for _, r := range v.Roots {
			roots = append(roots, r.Device())
		}
		rows = append(rows, []string{subnetText(v.Subnet), orUnknown(v.Family), orUnknown(v.Load), string(v.Result), num(v.Phones), num(v.Peer), num(v.Copies), strings.Join(roots, ","), string(v.Basis)})
	}
	var b strings.Builder
	b.WriteString(table([]string{"Subnet", "Family", "Load", "Sharing", "Phones", "From peers", "Copies served", "Root", "Basis"}, rows))
	for _, v := range l {
		models := ""
		if v.Models != "" {
			models = " (" + v.Models + ")"
		}
		fmt.Fprintf(&b, "\nSubnet %s, family %s%s, %s: %s (%s)\n", subnetText(v.Subnet), orUnknown(v.Family), models, orUnknown(v.Load), v.Text, v.Basis)
		for _, d := range v.Details {
			b.WriteString("  " + d + "\n")
		}
		for _, c := range v.Certain {
			b.WriteString("  To be certain: " + c + "\n")
		}
	}
	return b.String()
}

// ShowPeers is `show pfs peers`: every phone that takes part, and how it shows.
func ShowPeers(s Snapshot, f Facts) string {
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
	var rows [][]string
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
		rows = append(rows, []string{p.MAC.Device(), addrText(p.Addr), orUnknown(p.Model), orUnknown(p.Family), subnetText(p.Subnet), num(frames), num(rhythm), last,
			num(fed[p.MAC]), num(len(from[p.MAC])), num(served), p.Log.XID, string(p.Log.Role(p.Addr))})
	}
	if rows == nil {
		return "No phone has been seen to share firmware\n"
	}
	return table([]string{"Phone", "Address", "Model", "Family", "Subnet", "Frames", "Claims", "Last frame", "Transfers in", "Children", "Files served", "XID", "Log says"}, rows)
}

// ShowEvidence is `show pfs evidence`: everything that was seen, each by
// itself, in the order of time. Payloads are bytes: nobody knows what they mean.
func ShowEvidence(s Snapshot) string {
	type item struct {
		at   time.Time
		cell []string
	}
	var all []item
	add := func(at time.Time, kind Evidence, m ether.MAC, basis Basis, what string) {
		all = append(all, item{at, []string{clockOf(at), kind.String(), device(m), string(basis), what}})
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
		return "Nothing has been seen of firmware sharing\n"
	}
	sorted.Stable(all, func(a, b item) int { return a.at.Compare(b.at) })
	rows := make([][]string, len(all))
	for i := range all {
		rows[i] = all[i].cell
	}
	return table([]string{"Time", "Evidence", "Phone", "Basis", "What"}, rows)
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
