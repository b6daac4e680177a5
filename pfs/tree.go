package pfs

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// Times that keep one distribution of a file apart from the next.
const (
	waveGap = 30 * time.Minute // of silence: what comes after it is another distribution
	around  = time.Minute      // broadcasts so long before and after it belong to it
)

// Tree is how one file, or files that went the same way, were distributed
// among the phones of a family on a subnet.
type Tree struct {
	Subnet     netip.Prefix // invalid: not known
	Family     string
	Load       string // "" = not known
	Files      []string
	Size       int64 // of the files together, 0 = not known
	Start, End time.Time
	Nodes      []Node // roots first, children below their parents
	Findings   []string
	Hidden     string // why it cannot be seen from here; "" = it can
}

// Node is a phone in a tree.
type Node struct {
	MAC      ether.MAC
	Addr     netip.Addr
	Model    string
	Role     Role
	Parent   ether.MAC // zero: none, or not known
	Depth    int       // below the root; -1 = not known
	Bytes    int64
	Took     time.Duration
	Start    time.Time
	Evidence Evidence
	Basis    Basis
	How      string // what it used to fetch: "TFTP", "HTTP"
	Why      string // why it fetched it itself, what stopped
	Called   bool   // the parent called the child; meaningful if CallSeen
	CallSeen bool
	Kids     int
	Copies   int
	Again    bool // a root although another phone had the file: it fetched it for want of a peer
}

// group is a family on a subnet.
type group struct {
	subnet netip.Prefix
	family string
	peers  []*Peer
	edges  []edge
	loads  []Load
	wanted map[string]map[ether.MAC]bool // by whom, see wants
}

// edge is a transfer inside of a group.
type edge struct {
	t *Transfer
	label
}

// Trees builds the trees of every subnet, family and file, the newest
// distribution of each. Files that went the same way share one tree.
func Trees(s Snapshot, f Facts) []Tree {
	s.complete(&f)
	var out []Tree
	for _, g := range groups(&s, &f) {
		var of []Tree
		for _, name := range g.files() {
			if t, ok := g.tree(name, &f); ok {
				of = append(of, t)
			}
		}
		out = append(out, together(of)...)
	}
	return out
}

func groups(s *Snapshot, f *Facts) []*group {
	type key struct {
		subnet netip.Prefix
		family string
	}
	by := map[key]*group{}
	for i := range s.Peers {
		p := &s.Peers[i]
		k := key{p.Subnet, p.Family}
		if by[k] == nil {
			by[k] = &group{subnet: p.Subnet, family: p.Family}
		}
		by[k].peers = append(by[k].peers, p)
	}
	var out []*group
	for _, g := range by {
		g.loads = append(slices.Clone(f.Loads), served(g.peers, f.Loads)...)
		g.wanted = g.wants(f)
		out = append(out, g)
	}
	sorted.By(out, func(a, b *group) int {
		return cmp.Or(a.subnet.Addr().Compare(b.subnet.Addr()), cmp.Compare(a.subnet.Bits(), b.subnet.Bits()), strings.Compare(a.family, b.family))
	})
	for i := range s.Transfers {
		t := &s.Transfers[i]
		if t.Parent.IsZero() {
			continue
		}
		for _, g := range out {
			if g.peer(t.Parent) == nil && g.peer(t.Child) == nil {
				continue
			}
			e := edge{t: t}
			sure := t.Called && t.Ended && !t.Broken
			if sure || t.Missing == 0 {
				e.label = labelOf(t.Bytes+t.Missing, g.loads, sure, g.near(t))
			}
			if !e.known() && t.Broken {
				e.label = g.before(t)
			}
			g.edges = append(g.edges, e)
			break
		}
	}
	return out
}

func (g *group) peer(mac ether.MAC) *Peer {
	for _, p := range g.peers {
		if p.MAC == mac {
			return p
		}
	}
	return nil
}

// unlabelled is the name of the tree of transfers whose file is not known.
const unlabelled = "?"

// files are the names there is evidence for, in the order of their loads.
func (g *group) files() []string {
	seen := map[string]bool{}
	for _, p := range g.peers {
		for _, f := range p.Fetches {
			seen[f.File] = true
		}
		if p.Log.Path != "" {
			seen[Record{Path: p.Log.Path}.File()] = true
		}
	}
	unknown := false
	for _, e := range g.edges {
		for _, f := range e.files {
			seen[f.Name] = true
		}
		unknown = unknown || !e.known()
	}
	var out []string
	for _, l := range g.loads {
		for _, f := range l.Files {
			if seen[f.Name] {
				out = append(out, f.Name)
				delete(seen, f.Name)
			}
		}
	}
	rest := make([]string, 0, len(seen))
	for n := range seen {
		rest = append(rest, n)
	}
	slices.Sort(rest)
	if out = append(out, rest...); unknown {
		out = append(out, unlabelled)
	}
	return out
}

// load finds the load a file belongs to: of several that share it the one whose
// list phones of the group asked for.
func (g *group) load(name string) (load string, size int64) {
	for _, l := range g.loads {
		i := slices.IndexFunc(l.Files, func(f File) bool { return f.Name == name })
		if i < 0 {
			continue
		}
		size = l.Files[i].Size
		asked := g.asked(l.Name)
		if load == "" || asked {
			load = l.Name
		}
		if asked {
			break
		}
	}
	if load == "" && strings.HasSuffix(strings.ToLower(name), ".loads") {
		load = phone.Load(name).Canonical()
	}
	return load, size
}

// asked: a phone of the group asked for the list of the load.
func (g *group) asked(load string) bool {
	return slices.ContainsFunc(g.peers, func(p *Peer) bool { return fetchedLoad(p, load) })
}

// together joins trees whose phones have the same parts and parents.
func together(trees []Tree) []Tree {
	var out []Tree
	for _, t := range trees {
		i := slices.IndexFunc(out, func(o Tree) bool { return o.Load == t.Load && o.Load != "" && o.Hidden == t.Hidden && sameShape(o, t) })
		if i < 0 {
			out = append(out, t)
			continue
		}
		o := &out[i]
		o.Files = append(o.Files, t.Files...)
		o.Size += t.Size
		o.Start, o.End = earlier(o.Start, t.Start), later(o.End, t.End)
		for k := range o.Nodes {
			n := &o.Nodes[k]
			m := t.Nodes[slices.IndexFunc(t.Nodes, func(x Node) bool { return x.MAC == n.MAC })]
			n.Bytes += m.Bytes
			n.Took += m.Took
			n.Start = earlier(n.Start, m.Start)
			n.Evidence |= m.Evidence
			n.Copies = max(n.Copies, m.Copies)
		}
	}
	return out
}

func sameShape(a, b Tree) bool {
	if len(a.Nodes) != len(b.Nodes) || !slices.Equal(a.Findings, b.Findings) {
		return false
	}
	for _, x := range a.Nodes {
		if !slices.ContainsFunc(b.Nodes, func(y Node) bool {
			return x.MAC == y.MAC && x.Role == y.Role && x.Parent == y.Parent && x.Basis == y.Basis && x.Why == y.Why && x.Again == y.Again
		}) {
			return false
		}
	}
	return true
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
