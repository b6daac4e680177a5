package pfs

import (
	"slices"
	"strings"
	"time"

	"option150/telephony/phone"
)

// What a protocol adds to a file is not known: up to one part in a hundred and
// this many bytes a file are taken for it.
const framing = 64

// label is what a transfer carried, by its size: files that follow one another
// in a load.
type label struct {
	load  string
	files []File
	also  []string // other runs of the same size
}

// run is a candidate.
type run struct {
	load   *Load
	lo, hi int // files [lo, hi)
	excess int64
}

// labelOf finds the component, or the run of components, that a number of
// bytes is. Nothing if none fits; the closest where several do, the others of
// the same size beside it. What fits of the loads that phones asked for counts
// first, then that of their family.
func labelOf(bytes int64, loads []Load, family string, asked func(load string) bool) (label, bool) {
	var tiers [3][]run
	for i := range loads {
		l := &loads[i]
		tier := 2
		if f := phone.Load(l.Name).Family(); asked(l.Name) {
			tier = 0
		} else if family == "" || f == "" || strings.EqualFold(f, family) {
			tier = 1
		}
		for lo := range l.Files {
			sum := int64(0)
			for hi := lo; hi < len(l.Files) && l.Files[hi].Size > 0; hi++ {
				sum += l.Files[hi].Size
				n := int64(hi - lo + 1)
				if excess := bytes - sum; excess >= 0 && excess <= sum/100+framing*n {
					tiers[tier] = closest(tiers[tier], run{l, lo, hi + 1, excess})
				}
			}
		}
	}
	i := slices.IndexFunc(tiers[:], func(t []run) bool { return t != nil })
	if i < 0 {
		return label{}, false
	}
	best := tiers[i]
	out := label{load: best[0].load.Name, files: best[0].load.Files[best[0].lo:best[0].hi]}
	for _, r := range best[1:] {
		if n := runName(r.load.Files[r.lo:r.hi]); n != runName(out.files) {
			out.also = append(out.also, n)
		}
	}
	return out, true
}

func closest(l []run, r run) []run {
	switch {
	case len(l) == 0 || r.excess < l[0].excess:
		return []run{r}
	case r.excess == l[0].excess && len(l) < 8:
		return append(l, r)
	}
	return l
}

func runName(f []File) string {
	n := f[0].Name
	if len(f) > 1 {
		n += " to " + f[len(f)-1].Name
	}
	return n
}

// span is when file i of the label went over a connection, by its bytes: what
// the protocol adds is spread evenly.
func (l label) span(t *Transfer, i int) (from, to time.Time) {
	sum, lo := int64(0), int64(0)
	for k, f := range l.files {
		if k < i {
			lo += f.Size
		}
		sum += f.Size
	}
	all := int64(0)
	for _, c := range t.Chunks {
		all += c.Bytes
	}
	if sum == 0 || all == 0 {
		return t.Start, t.End
	}
	scale := float64(all) / float64(sum)
	return t.when(float64(lo)*scale, false), t.when(float64(lo+l.files[i].Size)*scale, true)
}

// when is the time at which so many bytes had gone; a boundary at a pause is
// the beginning of what follows it, or the end of what went before.
func (t *Transfer) when(bytes float64, end bool) time.Time {
	at := 0.0
	for i, c := range t.Chunks {
		n := float64(c.Bytes)
		slack := min(n/50, 4096)
		if i == len(t.Chunks)-1 || bytes < at+n-slack || end && bytes <= at+n+slack {
			part := min(max((bytes-at)/max(n, 1), 0), 1)
			return c.Start.Add(time.Duration(part * float64(c.End.Sub(c.Start))))
		}
		at += n
	}
	return t.End
}

// served is what the fetches of phones say of the sizes of files: it stands in
// for a load that is not in flash: or was never given.
func served(peers []*Peer, have []Load) []Load {
	sized := map[string]bool{}
	for _, l := range have {
		for _, f := range l.Files {
			sized[f.Name] = sized[f.Name] || f.Size > 0
		}
	}
	var out []Load
	for _, p := range peers {
		var l Load
		for _, f := range p.Fetches {
			if !f.Complete || f.Size <= 0 || sized[f.File] {
				continue
			}
			if strings.HasSuffix(strings.ToLower(f.File), ".loads") && l.Files != nil {
				out, l = append(out, l), Load{}
			}
			if l.Name == "" {
				l.Name = phone.Load(f.File).Canonical()
			}
			l.Files = append(l.Files, File{f.File, f.Size})
			sized[f.File] = true
		}
		if l.Files != nil {
			out = append(out, l)
		}
	}
	return out
}
