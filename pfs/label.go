package pfs

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
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
	could []string // what it could be, where its size does not decide
	guess bool     // inferred: the end was not seen as one, or what came after it tells
	part  bool     // it broke off in the file behind them
}

func (l *label) known() bool { return len(l.files) > 0 }

// run is a candidate.
type run struct {
	files  []File
	load   string
	excess int64
}

// How near a load is to the phones of a transfer. One of another family is none:
// phones share within theirs.
const (
	theirs   = iota // one of the two asked for it, or is to run it
	ofGroup         // another phone of the family on the subnet
	ofFamily        // a load of the family, or one whose name has none
	nears
)

// labelOf finds the component, or the run of components, that a number of bytes
// is: of the loads that are nearest, what fits. Where several do and none fits
// better than the framing of a protocol nobody knows, the size decides nothing.
// sure says that the beginning and the end were seen; else only a size that fits
// closely is taken.
func labelOf(bytes int64, loads []Load, sure bool, near func(load string) (int, bool)) label {
	var fits [nears][]run
	for i := range loads {
		l := &loads[i]
		n, ok := near(l.Name)
		if !ok {
			continue
		}
		for lo := range l.Files {
			sum := int64(0)
			for hi := lo; hi < len(l.Files) && l.Files[hi].Size > 0; hi++ {
				sum += l.Files[hi].Size
				most := framing * int64(hi-lo+1)
				if sure {
					most += sum / 100
				}
				if excess := bytes - sum; excess >= 0 && excess <= most {
					fits[n] = append(fits[n], run{l.Files[lo : hi+1], l.Name, excess})
				}
			}
		}
	}
	for _, all := range fits {
		if len(all) == 0 {
			continue
		}
		least := slices.MinFunc(all, func(a, b run) int { return cmp.Compare(a.excess, b.excess) }).excess
		var names []string
		var best run
		for _, r := range all {
			if n := runName(r.files); r.excess <= least+framing && !slices.Contains(names, n) {
				names, best = append(names, n), r
			}
		}
		if len(names) == 1 {
			return label{load: best.load, files: best.files, guess: !sure}
		}
		return label{could: names[:min(len(names), maxCould)]}
	}
	return label{}
}

// maxCould bounds the names of what a transfer could be.
const maxCould = 4

func runName(f []File) string {
	n := f[0].Name
	if len(f) > 1 {
		n += " to " + f[len(f)-1].Name
	}
	return n
}

// near tells how near a load is to the phones of a transfer.
func (g *group) near(t *Transfer) func(load string) (int, bool) {
	return func(load string) (int, bool) {
		by := g.wanted[loadKey(load)]
		switch of := strings.ToLower(phone.Load(load).Family()); {
		case g.family != "" && of != strings.ToLower(g.family) && families()[of]:
			return 0, false
		case by[t.Parent] || by[t.Child]:
			return theirs, true
		case len(by) > 0:
			return ofGroup, true
		}
		return ofFamily, true
	}
}

func loadKey(load string) string { return strings.ToLower(phone.Load(load).Canonical()) }

// wants is who of the group asked for which load, or is configured for it.
func (g *group) wants(f *Facts) map[string]map[ether.MAC]bool {
	out := map[string]map[ether.MAC]bool{}
	add := func(m ether.MAC, load string) {
		k := loadKey(load)
		if out[k] == nil {
			out[k] = map[ether.MAC]bool{}
		}
		out[k][m] = true
	}
	for _, p := range g.peers {
		if l := f.Phones[p.MAC].Load; l != "" {
			add(p.MAC, l)
		}
		for _, x := range p.Fetches {
			add(p.MAC, x.File)
		}
	}
	return out
}

// families are the names of images that models run.
var families = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for _, m := range phone.Models() {
		if m.Images != "" {
			out[strings.ToLower(m.Images)] = true
		}
	}
	return out
})

// before labels a connection that broke off: its child went on to fetch the
// files of a load from this box, from one in the middle on, and the bytes are
// those of the files before that one and a part of it.
func (g *group) before(t *Transfer) label {
	p := g.peer(t.Child)
	if p == nil || t.Missing > 0 {
		return label{}
	}
	for i := range g.loads {
		l := &g.loads[i]
		sum := int64(0)
		for k, x := range l.Files {
			at := p.fetchOf(x.Name)
			if at.IsZero() {
				sum += x.Size
				continue
			}
			whole := t.Bytes >= sum && t.Bytes <= sum+x.Size+sum/100+framing*int64(k+1)
			if whole && k > 0 && !at.Before(t.End) && at.Sub(t.End) < waveGap {
				return label{load: l.Name, files: l.Files[:k], guess: true, part: true}
			}
			break
		}
	}
	return label{}
}

// fetchOf is when it asked for a file that it was given here.
func (p *Peer) fetchOf(name string) time.Time {
	for i := range p.Fetches {
		if f := &p.Fetches[i]; f.File == name && f.Copies > 0 {
			return f.First
		}
	}
	return time.Time{}
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
			if f.Copies == 0 || f.Size <= 0 || sized[f.File] {
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
