package pfs

import (
	"cmp"
	"slices"
	"strings"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// roots decides which of those who fetched the file passed it on.
func (w *grower) roots() {
	var open []*Node // fetched, and nothing says yet whether they passed it on
	takers := 0      // others that take part and did not fetch
	for _, n := range w.nodes {
		p := w.g.peer(n.MAC)
		says := p != nil && w.logged(p) && p.Log.Role(p.Addr) == Root
		if says {
			n.Evidence |= ByLog
		}
		switch {
		case n.Role == Child || n.Role == Waiting:
			if n.Why == "" {
				takers++
			}
		case n.Role == Fetched && !w.gave[n.MAC].Before(n.Start):
			n.Role, n.Basis = Root, Observed
		case n.Role == Fetched && !w.gave[n.MAC].IsZero():
			n.Role, n.Basis = Self, Observed // it gave what it had before that
		case !w.gave[n.MAC].IsZero() && n.Role == Unknown:
			n.Basis = Hypothesis // gave what it was not seen to get
			if says {
				n.Role, n.Basis = Root, Observed
			}
		case says && n.Role == Fetched, says && n.Role == Unknown:
			n.Role, n.Basis = Root, Observed
		case n.Role == Fetched:
			open = append(open, n)
		case n.Role == Unknown:
			takers++
		}
	}
	sorted.By(open, func(a, b *Node) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.MAC.Hex(), b.MAC.Hex()))
	})
	w.sift(open, takers, len(w.gave) > 0)
	w.again()
	for _, n := range w.nodes {
		if (n.Role == Self || n.Again) && n.Why == "" {
			n.Why = w.reason(n)
		}
	}
}

// again marks the roots that fetched the file for want of a peer: another had it
// already, and the first alone is the root of the family on the subnet
// [sources/002], or its parent stopped.
func (w *grower) again() {
	var first *Node
	for _, n := range w.nodes {
		if n.Role == Root && (first == nil || cmp.Or(n.Start.Compare(first.Start), strings.Compare(n.MAC.Hex(), first.MAC.Hex())) < 0) {
			first = n
		}
	}
	for _, n := range w.nodes {
		n.Again = n.Role == Root && n.Copies > 0 && (n != first || w.broken(n.MAC, n.Start) != nil)
	}
}

// sift tells roots from those who fetched for themselves where nobody saw a
// connection.
func (w *grower) sift(open []*Node, takers int, edges bool) {
	rooted := slices.ContainsFunc(w.all(), func(n *Node) bool { return n.Role == Root })
	var may []*Node
	for _, n := range open {
		switch c, ok := w.f.Phones[n.MAC]; {
		case w.f.Mirror && edges || w.f.Mirror && takers == 0:
			// All connections are seen here, and it has none.
			n.Role, n.Basis = Self, Observed
		case rooted, ok && c.Sharing != "1":
			n.Role, n.Basis = Self, Inferred
		default:
			may = append(may, n)
		}
	}
	if w.f.Observing && slices.ContainsFunc(may, func(n *Node) bool { return n.Evidence&ByBroadcast != 0 }) {
		may = slices.DeleteFunc(may, func(n *Node) bool {
			if n.Evidence&ByBroadcast == 0 {
				n.Role, n.Basis = Self, Inferred
				return true
			}
			return false
		})
	}
	switch {
	case len(may) == 0:
	case takers == 0 && len(may)+len(w.nodes)-len(open) == 1 && len(open) == 1:
		// One phone fetched it and nobody else wanted it: nothing to share.
	case takers == 0:
		for _, n := range may {
			n.Role, n.Basis = Self, Inferred
		}
	default:
		// The first is the root; who began when it was through came later to
		// the same server, who began before that may be as well the root.
		first := may[0]
		first.Role, first.Basis = Root, Inferred
		for _, n := range may[1:] {
			if n.Start.Before(first.Start.Add(first.Took)) {
				first.Role, first.Basis = Fetched, Hypothesis
				n.Role, n.Basis = Fetched, Hypothesis
			} else {
				n.Role, n.Basis = Self, Inferred
			}
		}
	}
}

func (w *grower) all() []*Node {
	out := make([]*Node, 0, len(w.nodes))
	for _, n := range w.nodes {
		out = append(out, n)
	}
	return out
}

// reason is why a phone fetched the file itself, as far as it can be known.
func (w *grower) reason(n *Node) string {
	if e := w.broken(n.MAC, n.Start); e != nil {
		return e.stopped()
	}
	for i := range w.g.edges {
		if e := &w.g.edges[i]; e.t.Child == n.MAC && w.has(e) && w.name != unlabelled && e.t.End.Before(n.Start) && w.in(e.t.Start) {
			return "it had it from " + e.t.Parent.Device() + " and asked again"
		}
	}
	for i := range w.g.edges {
		if e := &w.g.edges[i]; e.t.Parent == n.MAC && e.t.Broken && (e.part || !e.known()) && !e.t.End.Before(n.Start) && e.t.Start.Sub(n.Start) < waveGap {
			return "it stopped after it had sent " + itoa(e.t.Bytes) + " bytes to " + e.t.Child.Device()
		}
	}
	c, ok := w.f.Phones[n.MAC]
	switch {
	case ok && c.Model.PFS == "no":
		return "the " + c.Model.Keyword + " does not share firmware"
	case ok && c.Sharing != "1" && c.Level == "":
		return "sharing is not enabled in its file"
	case ok && c.Sharing != "1":
		return "sharing is off in its file (" + c.Level + ")"
	case n.Model == "7931":
		return "the 7931 has sharing off whatever its file says (CSCud66570)"
	case w.midway(n):
		return "a peer gave it the files before, and no more (inferred)"
	case w.f.Observing && n.Evidence&ByBroadcast == 0:
		return "it sent no broadcast: firmware before 8.3(1), sharing off, or as in CSCus67416"
	case ok:
		return "sharing is enabled in its file: as in CSCus67416"
	}
	return ""
}

// midway: the phone asked for no file that comes before this one in its load,
// and others did.
func (w *grower) midway(n *Node) bool {
	p := w.g.peer(n.MAC)
	for _, l := range w.g.loads {
		k := slices.IndexFunc(l.Files, func(f File) bool { return f.Name == w.name })
		if l.Name != w.load || k <= 0 || p == nil {
			continue
		}
		return p.fetchOf(l.Files[0].Name).IsZero() && slices.ContainsFunc(w.g.peers, func(o *Peer) bool { return !o.fetchOf(l.Files[0].Name).IsZero() })
	}
	return false
}

// arrange puts the nodes in the order of the tree and finds its depth.
func (w *grower) arrange() {
	kids := map[ether.MAC][]*Node{}
	for _, n := range w.nodes {
		if w.nodes[n.Parent] != nil && n.Parent != n.MAC {
			kids[n.Parent] = append(kids[n.Parent], n)
		}
	}
	byTime := func(a, b *Node) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Start.Compare(b.Start), strings.Compare(a.MAC.Hex(), b.MAC.Hex()))
	}
	done := map[ether.MAC]bool{}
	var put func(n *Node, depth int)
	put = func(n *Node, depth int) {
		if done[n.MAC] {
			return
		}
		done[n.MAC] = true
		n.Depth = depth
		below := kids[n.MAC]
		n.Kids = len(below)
		if n.Kids > 2 {
			w.find("%s has %d children, phones feed two at most", n.MAC.Device(), n.Kids)
		}
		w.tree.Nodes = append(w.tree.Nodes, *n)
		sorted.By(below, byTime)
		for _, k := range below {
			if depth >= 0 {
				put(k, depth+1)
			} else {
				put(k, -1)
			}
		}
	}
	all := w.all()
	sorted.By(all, byTime)
	for _, n := range all {
		if w.nodes[n.Parent] == nil || n.Parent == n.MAC {
			depth := -1
			if n.Role == Root {
				depth = 0
			}
			put(n, depth)
		}
	}
	for _, n := range all { // a ring of parents
		put(n, -1)
	}
}

func rank(n *Node) int {
	return slices.Index([]Role{Root, Fetched, Child, Waiting, Self, Unknown}, n.Role)
}
