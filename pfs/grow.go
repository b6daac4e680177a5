package pfs

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

// grower builds the tree of one file.
type grower struct {
	g          *group
	f          *Facts
	name, load string
	from, to   time.Time // of this distribution
	nodes      map[ether.MAC]*Node
	gave       map[ether.MAC]time.Time // who passed the file on, and when last
	tree       Tree
}

// tree joins what is known of one file. It reports false where there is nothing.
func (g *group) tree(name string, f *Facts) (Tree, bool) {
	w := &grower{g: g, f: f, name: name, nodes: map[ether.MAC]*Node{}, gave: map[ether.MAC]time.Time{}}
	var size int64
	w.load, size = g.load(name)
	if !w.wave() {
		return Tree{}, false
	}
	w.tree = Tree{Subnet: g.subnet, Family: g.family, Load: w.load, Files: []string{name}, Size: size, Start: w.from, End: w.to, Hidden: w.hidden()}
	w.fetched()
	w.passed()
	w.others()
	w.roots()
	w.arrange()
	return w.tree, len(w.tree.Nodes) > 0
}

// wave finds the time of the newest distribution.
func (w *grower) wave() bool {
	type span struct{ from, to time.Time }
	var all []span
	for _, p := range w.g.peers {
		for _, f := range p.Fetches {
			if f.File == w.name {
				all = append(all, span{f.Asked, later(f.Asked, f.End)})
				if f.Copies > 0 {
					all = append(all, span{f.First, f.Whole})
				}
			}
		}
		if p.Log.Path != "" && (Record{Path: p.Log.Path}).File() == w.name {
			all = append(all, span{p.Log.Last, p.Log.Last})
		}
	}
	for i := range w.g.edges {
		if e := &w.g.edges[i]; w.has(e) {
			all = append(all, span{e.t.Start, e.t.End})
		}
	}
	sorted.By(all, func(a, b span) int { return b.to.Compare(a.to) })
	for i, s := range all {
		if i > 0 && w.from.Sub(s.to) > waveGap {
			break
		}
		w.from, w.to = earlier(w.from, s.from), later(w.to, s.to)
	}
	return len(all) > 0
}

func (w *grower) in(at time.Time) bool { return !at.Before(w.from) && !at.After(w.to) }

// has: the transfer carried the file.
func (w *grower) has(e *edge) bool {
	if w.name == unlabelled {
		return !e.known()
	}
	return slices.ContainsFunc(e.files, func(f File) bool { return f.Name == w.name })
}

func (w *grower) node(mac ether.MAC) *Node {
	n := w.nodes[mac]
	if n == nil {
		n = &Node{MAC: mac, Depth: -1, Role: Unknown}
		if p := w.g.peer(mac); p != nil {
			n.Addr, n.Model = p.Addr, p.Model
			if w.burst(p) {
				n.Evidence |= ByBroadcast
			}
		}
		w.nodes[mac] = n
	}
	return n
}

// burst: the phone broadcast when the file was distributed.
func (w *grower) burst(p *Peer) bool {
	return slices.ContainsFunc(p.Bursts, func(b Broadcast) bool {
		return !b.First.After(w.to.Add(around)) && !b.Last.Before(w.from.Add(-around))
	})
}

// hidden says why what happens here cannot be seen.
func (w *grower) hidden() string {
	relayed, elsewhere := false, ""
	for _, p := range w.g.peers {
		relayed = relayed || p.Relay.IsValid()
		if c := w.f.Phones[p.MAC]; c.LoadServer != "" && (c.Load == "" || w.load == "" || phone.Load(c.Load).Equal(phone.Load(w.load))) {
			elsewhere = c.LoadServer
		}
	}
	inside := w.f.Subnets == nil || !w.g.subnet.IsValid() || slices.ContainsFunc(w.f.Subnets, w.g.subnet.Overlaps)
	switch {
	case elsewhere != "":
		return "firmware comes from the load server " + keep(elsewhere) + ", which this box is not asked about"
	case relayed || !inside:
		return "the subnet is behind a relay: its broadcasts and connections do not reach this box"
	}
	return ""
}

// fetched: who asked this box for it.
func (w *grower) fetched() {
	for _, p := range w.g.peers {
		for _, f := range p.Fetches {
			if f.File != w.name || !w.in(f.began()) {
				continue
			}
			n := w.node(p.MAC)
			n.Evidence |= ByServing
			n.How, n.Start, n.Copies = string(f.Transport), f.began(), f.Copies
			if f.Copies > 0 {
				n.Role, n.Bytes, n.Took, n.Basis = Fetched, f.Size, f.Whole.Sub(f.First), Observed
			} else if n.Role == Unknown {
				n.Role, n.Basis, n.Bytes = Waiting, Observed, f.Bytes
				n.Why = "is fetching it"
				if !f.End.IsZero() {
					n.Why = fmt.Sprintf("its transfer from this box stopped after %d bytes", f.Bytes)
				}
			}
		}
	}
}

// passed: who passed it to whom, as a mirror port shows.
func (w *grower) passed() {
	for i := range w.g.edges {
		e := &w.g.edges[i]
		if !w.has(e) || !w.in(e.t.Start) {
			continue
		}
		from, to, bytes := e.t.Start, e.t.End, e.t.Bytes
		for k, f := range e.files {
			if f.Name == w.name && (len(e.files) > 1 || e.t.Broken) {
				from, to = e.span(e.t, k)
				bytes = f.Size
			}
		}
		c := w.node(e.t.Child)
		w.node(e.t.Parent).Evidence |= ByTCP
		w.gave[e.t.Parent] = later(w.gave[e.t.Parent], to)
		c.Evidence |= ByTCP
		if c.Role == Fetched {
			continue // it has it from here, whatever came before and after
		}
		took := to.Sub(from)
		if w.name == unlabelled && c.Parent == e.t.Parent { // what went over several connections
			bytes, took, from = bytes+c.Bytes, took+c.Took, c.Start
		}
		c.Parent, c.Role, c.Basis, c.Bytes, c.Took, c.Start = e.t.Parent, Child, Observed, bytes, took, from
		c.CallSeen, c.Called, c.How, c.Why = e.t.Called, e.t.A == e.t.Parent, "", ""
		switch {
		case e.guess:
			c.Basis = Inferred
		case w.name == unlabelled && e.t.Broken:
			c.Role, c.Why = Unknown, e.stopped()
		case w.name == unlabelled && !e.t.Ended:
			c.Role = Waiting
		case w.name == unlabelled && e.could != nil:
			c.Why = "its size fits " + strings.Join(e.could, ", or ")
		}
	}
}

// stopped says how a transfer ended that broke off.
func (e *edge) stopped() string {
	return fmt.Sprintf("its parent %s stopped after %d bytes", e.t.Parent.Device(), e.t.Bytes)
}

// broken finds the last transfer to a phone that broke off before a time.
func (w *grower) broken(to ether.MAC, before time.Time) *edge {
	for i := range slices.Backward(w.g.edges) {
		if e := &w.g.edges[i]; e.t.Child == to && e.t.Broken && (e.part || !e.known()) && !e.t.Start.After(before) && before.Sub(e.t.End) < waveGap {
			return e
		}
	}
	return nil
}

// others: who wants the file and neither asked for it nor was seen to get it.
func (w *grower) others() {
	if w.name == unlabelled {
		return
	}
	for _, p := range w.g.peers {
		if w.nodes[p.MAC] != nil || !w.wants(p) {
			continue
		}
		n := w.node(p.MAC)
		stopped := w.broken(p.MAC, w.to.Add(waveGap))
		switch runs, told := w.runs(p); {
		case told && !runs:
			n.Basis, n.Why = Observed, "it says that it runs "+p.Runs
		case stopped != nil && !told && !w.fetches(p):
			// What it got of it was not all; that it restarted says nothing.
			n.Basis, n.Why = Hypothesis, stopped.stopped()
		case told, w.restarted(p):
			// It needed the load, never asked for it, and runs it.
			n.Role, n.Basis = Child, Inferred
			n.Evidence |= ByServing
		case p.Log.Role(p.Addr) == Child && w.logged(p):
			n.Role, n.Basis = Waiting, Observed
			n.Evidence |= ByLog
		case p.Log.Role(p.Addr) == Root && w.logged(p):
			// roots says what the log says
		case n.Evidence&ByBroadcast != 0:
			n.Role, n.Basis = Waiting, Hypothesis
		default:
			n.Basis = Hypothesis
		}
	}
}

// logged: the phone's log is about the load of this file.
func (w *grower) logged(p *Peer) bool {
	if p.Log.Path == "" {
		return false
	}
	f := Record{Path: p.Log.Path}.File()
	return f == w.name || w.load != "" && phone.Load(f).Equal(phone.Load(w.load))
}

// wants: the phone takes part in the distribution of the file.
func (w *grower) wants(p *Peer) bool {
	if w.logged(p) {
		return true
	}
	c, configured := w.f.Phones[p.MAC]
	if configured && c.Load != "" && w.load != "" && !phone.Load(c.Load).Equal(phone.Load(w.load)) {
		return false
	}
	if w.burst(p) {
		return true
	}
	if !configured || c.Load == "" || w.load == "" || len(p.Boots) == 0 {
		return false
	}
	// Who went on to the next phase without asking for it in the first boot that
	// was seen runs it already, or had it from who knows where.
	first := p.Boots[0]
	return !first.Config.After(w.to) && (first.Next.IsZero() || !first.Load.IsZero())
}

// restarted: a boot in which the phone came no further than its configuration,
// then the file was here, then a boot that went on without asking for it.
func (w *grower) restarted(p *Peer) bool {
	needed := w.burst(p)
	for _, b := range p.Boots {
		if !b.Config.After(w.to) && b.Next.IsZero() {
			needed = true
			continue
		}
		if needed && b.Config.After(w.from) && !b.Next.IsZero() && b.Load.IsZero() {
			return true
		}
	}
	return false
}

// runs: the phone said, since the file was here, which load it runs.
func (w *grower) runs(p *Peer) (this, told bool) {
	if p.Runs == "" || w.load == "" || !p.Told.After(w.from) {
		return false, false
	}
	for _, b := range p.Boots {
		if b.Config.After(w.from) && p.Told.After(b.Config) {
			return phone.Load(p.Runs).Equal(phone.Load(w.load)), true
		}
	}
	return false, false // before it restarted
}

// fetches: it was given another file of the load here.
func (w *grower) fetches(p *Peer) bool {
	for _, l := range w.g.loads {
		if l.Name == w.load {
			return slices.ContainsFunc(l.Files, func(f File) bool { return !p.fetchOf(f.Name).IsZero() })
		}
	}
	return false
}

func (w *grower) find(format string, a ...any) {
	if s := fmt.Sprintf(format, a...); !slices.Contains(w.tree.Findings, s) {
		w.tree.Findings = append(w.tree.Findings, s)
	}
}
