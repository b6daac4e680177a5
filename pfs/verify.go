package pfs

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/phone"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Result is the answer to: does sharing work?
type Result string

// The results.
const (
	Works     Result = "works"
	Partly    Result = "partly"
	NotAtAll  Result = "no"
	Unsure    Result = "unsure"  // what was seen fits more than one answer
	UnderWay  Result = "running" // phones are still at it
	Alone     Result = "alone"   // one phone wanted it: nothing to share
	NotSeen   Result = "unseen"  // cannot be seen from here
	unrelated Result = ""
)

// Verification is the answer for a load, a family and a subnet.
type Verification struct {
	Subnet  netip.Prefix
	Family  string
	Models  string // "7941 7961"
	Load    string
	Result  Result
	Basis   Basis
	Phones  int // that took part
	Peer    int // got all they did not fetch as root from a peer
	Seen    int // of those: the connection was observed
	Some    int // got some files from a peer and fetched the others
	Roots   []ether.MAC
	Copies  int // served by this box of its most served file
	Text    string
	Details []string // phones that did otherwise, and why
	Certain []string // what would make it certain

	fetchers int // were served it by this box
}

// Verify answers for every load that was distributed; load restricts it to one,
// "" = all. It is the question the document of the feature leaves open.
func Verify(s Snapshot, f Facts, load string) []Verification {
	type key struct {
		subnet netip.Prefix
		family string
		load   string
	}
	by := map[key][]Tree{}
	for _, t := range Trees(s, f) {
		if t.Files[0] == unlabelled && !slices.ContainsFunc(t.Nodes, func(n Node) bool { return n.Role == Child }) || load != "" && !phone.Load(load).Equal(phone.Load(t.Load)) {
			continue
		}
		k := key{t.Subnet, t.Family, t.Load}
		by[k] = append(by[k], t)
	}
	var out []Verification
	for k, trees := range by {
		v := Verification{Subnet: k.subnet, Family: k.family, Load: k.load}
		v.judge(trees, &s, &f)
		out = append(out, v)
	}
	sorted.By(out, func(a, b Verification) int {
		return cmp.Or(a.Subnet.Addr().Compare(b.Subnet.Addr()), strings.Compare(a.Family, b.Family), strings.Compare(a.Load, b.Load))
	})
	return out
}

// part is what a phone was over all files of a load.
type part struct {
	node                                   Node // of the file that says most
	root, child, self, fetched, open, none bool
	guessed                                bool // of a file that it got from a peer: nobody saw it
	own                                    int  // files it fetched for want of a peer
	passed                                 bool // and passed on
	copies                                 int  // of the file it was served most often
}

func (v *Verification) judge(trees []Tree, s *Snapshot, f *Facts) {
	parts := map[ether.MAC]*part{}
	models := map[string]bool{}
	findings := []string(nil)
	files := 0
	for _, t := range trees {
		files += len(t.Files)
		for _, n := range t.Nodes {
			p := parts[n.MAC]
			if p == nil {
				p = &part{node: n}
				parts[n.MAC] = p
			}
			p.take(n, len(t.Files))
			if n.Model != "" {
				models[n.Model] = true
			}
			v.Copies = max(v.Copies, copiesOf(t))
		}
		for _, x := range t.Findings {
			if !slices.Contains(findings, x) {
				findings = append(findings, x)
			}
		}
	}
	names := make([]string, 0, len(models))
	for m := range models {
		names = append(names, m)
	}
	slices.Sort(names)
	v.Models = strings.Join(names, " ")
	var self, again, open, unknown, fetched []*part
	order := make([]*part, 0, len(parts))
	for _, p := range parts {
		order = append(order, p)
	}
	sorted.By(order, func(a, b *part) int { return strings.Compare(a.node.MAC.Hex(), b.node.MAC.Hex()) })
	observed := true
	for _, p := range order {
		v.Phones++
		if p.root {
			v.Roots = append(v.Roots, p.node.MAC)
		}
		if p.root || p.self || p.fetched {
			v.fetchers++
		}
		if p.copies > 1 {
			again = append(again, p)
		}
		switch {
		case p.self:
			self = append(self, p)
			if p.child {
				v.Some++
				observed = observed && !p.guessed
			}
		case p.open:
			open = append(open, p)
		case p.none: // of one file at least nobody knows how it got it
			unknown = append(unknown, p)
		case p.child:
			v.Peer++
			if !p.guessed {
				v.Seen++
			}
			observed = observed && !p.guessed
		case p.root:
		default:
			fetched = append(fetched, p)
		}
	}
	if v.Basis = Inferred; observed && v.Peer+v.Some > 0 {
		v.Basis = Observed
	}
	if v.Load == "" {
		v.nameless(f)
		v.gaps(s, parts)
		return
	}
	v.decide(trees[0].Hidden, self, again, open, unknown, fetched)
	v.details(files, self, open, unknown, fetched, f)
	for _, p := range again {
		v.say(p.node, fmt.Sprintf("fetched it %d times", p.copies), "")
	}
	v.Details = append(v.Details, findings...)
	v.outsiders(s, f)
	v.certain(f, trees[0].Hidden)
	if v.Basis != Observed {
		v.gaps(s, parts)
	}
}

// gaps says that a mirror port loses frames: what went is not known where it
// does.
func (v *Verification) gaps(s *Snapshot, parts map[ether.MAC]*part) {
	n, all := 0, 0
	for i := range s.Transfers {
		if t := &s.Transfers[i]; parts[t.A] != nil || parts[t.B] != nil {
			if all++; t.Missing > 0 {
				n++
			}
		}
	}
	if n > 0 {
		v.Certain = append(v.Certain, fmt.Sprintf("a mirror port that loses nothing: %d of %d connections have gaps", n, all))
	}
}

func copiesOf(t Tree) (n int) {
	for _, x := range t.Nodes {
		n += x.Copies
	}
	return n
}

func (p *part) take(n Node, files int) {
	p.copies = max(p.copies, n.Copies)
	role := n.Role
	if n.Again {
		role = Self
		p.passed = p.passed || n.Kids > 0
	}
	switch role {
	case Root:
		p.root = true
	case Child:
		p.child = true
		p.guessed = p.guessed || n.Basis != Observed
	case Self:
		if !p.self {
			p.node = n
		}
		p.self = true
		p.own += files
	case Waiting:
		if !p.open {
			p.node = n
		}
		p.open = true
	case Fetched:
		p.fetched = true
	default:
		p.passed = p.passed || n.Kids > 0
		if p.none = true; n.Why != "" && !p.self && !p.open {
			p.node = n
		}
	}
}

// nameless is the answer about files whose sizes tell nothing.
func (v *Verification) nameless(f *Facts) {
	v.Result, v.Basis = Unsure, Observed
	v.Text = fmt.Sprintf("%d of %d phones got files from a peer, and their sizes do not tell which", v.Peer, v.Phones)
	what := "the loads in flash:, that have the sizes"
	if f.Offline {
		what = "--loads DIR, with the files of the loads"
	}
	v.Certain = append(v.Certain, what)
}

func (v *Verification) decide(hidden string, self, again, open, unknown, fetched []*part) {
	more := ""
	if len(again) > 0 {
		more = fmt.Sprintf(", %d more than once", len(again))
	}
	switch {
	case hidden != "" && v.Seen == 0:
		v.Result, v.Basis = NotSeen, Hypothesis
		v.Text = "cannot be seen from here: " + hidden
		if v.Copies > 0 {
			v.Text += fmt.Sprintf("; this box served %s to %d of %d phones", copiesText(v.Copies), v.fetchers, v.Phones)
		}
	case v.Phones == 1 && v.Peer == 0 && len(open) == 0:
		v.Result = Alone
		v.Text = "one phone fetched it, nobody else wanted it: nothing was to share"
	case len(open) > 0:
		v.Result, v.Basis = UnderWay, cmp.Or(v.Basis, Inferred)
		v.Text = fmt.Sprintf("%d of %d phones got it from a peer so far, %d have not got it yet, %s served by this box", v.Peer, v.Phones, len(open), copiesText(v.Copies))
	case v.Peer > 0 && len(self)+len(again)+len(unknown)+len(fetched) == 0:
		v.Result = Works
		v.Text = fmt.Sprintf("sharing works: %d of %d phones got it from a peer, %s served by this box", v.Peer, v.Phones, copiesText(v.Copies))
	case v.Peer > 0:
		v.Result = Partly
		v.Text = fmt.Sprintf("sharing works in part: %d of %d phones got it from a peer, %d fetched it themselves%s, %s served by this box", v.Peer, v.Phones, len(self)+len(fetched), more, copiesText(v.Copies))
	case v.Some > 0:
		v.Result = Partly
		v.Text = fmt.Sprintf("sharing works in part: none of %d phones got all of it from a peer, %d got some of its files so, %s served by this box", v.Phones, v.Some, copiesText(v.Copies))
	case len(self) > 1 && len(unknown) == 0:
		v.Result = NotAtAll
		v.Text = fmt.Sprintf("sharing does not work: each of the %d phones fetched it from this box, %s served", v.Phones, copiesText(v.Copies))
	default:
		v.Result, v.Basis = Unsure, Hypothesis
		v.Text = fmt.Sprintf("not certain: %s served by this box, and nothing says how the other phones get it", copiesText(v.Copies))
	}
}

func copiesText(n int) string {
	if n == 1 {
		return "1 copy"
	}
	return strconv.Itoa(n) + " copies"
}

func (v *Verification) details(files int, self, open, unknown, fetched []*part, f *Facts) {
	for _, p := range self {
		what := "fetched it itself"
		if p.own < files {
			what = fmt.Sprintf("fetched %d of %d files itself", p.own, files)
		}
		if p.passed {
			what += " and passed them on"
		}
		v.say(p.node, what, p.node.Why)
	}
	for _, p := range fetched {
		v.say(p.node, "fetched it; whether it passed it on is not known", "")
	}
	for _, p := range open {
		what := "waits for a peer"
		if p.node.Why != "" {
			what = "has not got it"
		}
		v.say(p.node, what, p.node.Why)
	}
	for _, p := range unknown {
		what := "wants it and has not been seen to get it"
		if p.passed {
			what = "passed it on and has not been seen to get it"
		}
		v.say(p.node, what, cmp.Or(p.node.Why, off(f.Phones[p.node.MAC])))
	}
}

// off is why a phone that does nothing may do nothing.
func off(c Configured) string {
	if c.Line != "" && c.Sharing != "1" {
		return "sharing is off in its file"
	}
	return ""
}

func (v *Verification) say(n Node, what, why string) {
	s := n.MAC.Device() + " " + what
	if why != "" {
		s += ": " + why
	}
	v.Details = append(v.Details, s)
}

// outsiders are phones of the family that could have taken part: in another
// subnet, or with another load.
func (v *Verification) outsiders(s *Snapshot, f *Facts) {
	for i := range s.Peers {
		p := &s.Peers[i]
		if p.Family != v.Family || p.Family == "" {
			continue
		}
		c := f.Phones[p.MAC]
		asked := slices.ContainsFunc(p.Fetches, func(x Fetch) bool {
			return x.Copies > 0 && strings.HasSuffix(strings.ToLower(x.File), ".loads")
		})
		switch {
		case p.Subnet != v.Subnet && asked && fetchedLoad(p, v.Load):
			v.Details = append(v.Details, fmt.Sprintf("%s is in another subnet (%s): it has a tree of its own", p.MAC.Device(), subnetText(p.Subnet)))
		case p.Subnet == v.Subnet && c.Load != "" && v.Load != "" && asked && !fetchedLoad(p, v.Load):
			v.Details = append(v.Details, fmt.Sprintf("%s has another firmware base: it fetched %s", p.MAC.Device(), lastLoad(p)))
		}
	}
	slices.Sort(v.Details)
}

func fetchedLoad(p *Peer, load string) bool {
	return slices.ContainsFunc(p.Fetches, func(x Fetch) bool { return phone.Load(x.File).Equal(phone.Load(load)) })
}

func lastLoad(p *Peer) string {
	for i := len(p.Fetches) - 1; i >= 0; i-- {
		if n := p.Fetches[i].File; strings.HasSuffix(strings.ToLower(n), ".loads") {
			return phone.Load(n).Canonical()
		}
	}
	return "another load"
}

// certain is what would turn an inference into an observation.
func (v *Verification) certain(f *Facts, hidden string) {
	if v.Basis == Observed || f.Offline || v.Result == Alone {
		return
	}
	if hidden != "" {
		v.Certain = append(v.Certain, "a box or a capture in that subnet: option150 pfs FILE reads one")
		return
	}
	if !f.Mirror {
		v.Certain = append(v.Certain, "a mirror port of the phones' switch: pfs, mirror INTERFACE")
	}
	if !f.LogServer {
		v.Certain = append(v.Certain, "the phones' own logs: pfs, log-server")
	}
}
