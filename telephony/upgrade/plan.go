package upgrade

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"time"

	"option150/platform/columns"
	"option150/platform/ether"
	"option150/platform/sorted"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// Planned is a phone that is to be upgraded.
type Planned struct {
	MAC    ether.MAC
	Model  string
	Runs   string // load it is known to run, "" = not known
	Class  Class  // what it showed, where Runs is not known
	Subnet netip.Prefix
}

// Plan is what `show upgrade plan` is made of.
type Plan struct {
	Type, Load string
	Sizes      []int64 // of the files a phone fetches, in their order
	StoneSize  int64   // of the stepping stone, 0 = none is needed or here
	StoneHere  bool
	Unknown    string // `upgrade unknown`
	Phones     []Planned
	Count      int // phones to plan for instead of those that are known; 0 = those
	Line       Line
	Of         string        // where Line comes from: "as given", "measured of 3 phones"
	LAN        time.Duration // round trip on the LAN, for one copy to this box
	Serving    int           // transfers this box serves at a time
}

// peerRate is what a phone passes on to a peer, in bytes a second: a guess in
// the middle of what is reported. [D]
const peerRate = 3e6

// leg is how a group of phones reaches the load.
type leg struct {
	model, runs string
	subnet      netip.Prefix
	path        string
	loads       int // upgrades
	bytes       int64
}

// Bytes are those of the load.
func (p *Plan) Bytes() (n int64) {
	for _, s := range p.Sizes {
		n += s
	}
	return n
}

// leg is the path of one phone.
func (p *Plan) leg(x Planned) leg {
	l := leg{model: x.Model, runs: x.Runs, subnet: x.Subnet, loads: 1, bytes: p.Bytes()}
	load := phone.Load(p.Load)
	words := func(l phone.Load) string { return cmp.Or(l.Version().String(), l.Canonical()) }
	from, need := "?", firmware.Before(load)
	if x.Runs != "" {
		from, need = words(phone.Load(x.Runs)), firmware.Steps(phone.Load(x.Runs), load)
	} else if x.Class == Direct || x.Class == Stone || len(need) > 0 && need[0].Asks != "" {
		need = nil
	}
	switch {
	case phone.Load(x.Runs).Equal(load):
		return leg{model: x.Model, runs: x.Runs, subnet: x.Subnet, path: "none, it runs it"}
	case len(need) == 0, x.Runs == "" && x.Class != Stepping && p.Unknown == "direct":
		l.path = from + " -> " + words(load)
	case x.Runs == "" && x.Class != Stepping && p.Unknown == "":
		return leg{model: x.Model, subnet: x.Subnet, path: "none, it keeps its image: what it runs is not known"}
	case !p.StoneHere:
		return leg{model: x.Model, runs: x.Runs, subnet: x.Subnet, path: "none, " + need[0].Release + " first, and that is not here"}
	default:
		l.path = from + " -> " + need[0].Release + " -> " + words(load)
		l.loads, l.bytes = 2, l.bytes+p.StoneSize
	}
	return l
}

// legs groups the phones, in the order of their models, loads and subnets.
func (p *Plan) legs() (out []leg, count map[leg]int) {
	count = map[leg]int{}
	for _, x := range p.Phones {
		l := p.leg(x)
		if count[l]++; count[l] == 1 {
			out = append(out, l)
		}
	}
	sorted.By(out, func(a, b leg) int {
		return cmp.Or(cmp.Compare(a.model, b.model), cmp.Compare(a.runs, b.runs), a.subnet.Addr().Compare(b.subnet.Addr()), cmp.Compare(a.path, b.path))
	})
	return out, count
}

// Tree is the time that phones of one subnet need for the files of a load when
// one fetches them and all pass them on to two others each, file by file: a
// flow through the levels of the tree. [source 002]
func Tree(sizes []int64, phones int, root func(int64) time.Duration) (t time.Duration, depth int) {
	for ; 1<<(depth+1)-1 < phones; depth++ {
	}
	done := make([]float64, depth+1) // of the file before, by level
	for _, s := range sizes {
		done[0] += root(s).Seconds()
		for l := 1; l <= depth; l++ {
			done[l] = max(done[l], done[l-1]) + 2*float64(s)/peerRate
		}
	}
	return seconds(done[depth]), depth
}

// each is the time of all files of the load, one after the other.
func (p *Plan) each(one func(int64, Line) time.Duration, l Line) (t time.Duration) {
	for _, s := range p.Sizes {
		t += one(s, l)
	}
	return t
}

// fleet is the time of n phones at once: as many at a time as are served, and
// the line has to carry all of it.
func (p *Plan) fleet(one time.Duration, n int, overhead float64, l Line) time.Duration {
	rounds := math.Ceil(float64(max(n, 1)) / float64(max(p.Serving, 1)))
	t := one.Seconds() * rounds
	if l.Rate > 0 {
		t = max(t, float64(n)*float64(p.Bytes())*overhead*8/l.Rate)
	}
	return seconds(t)
}

// The tables of `show upgrade plan`, which ends with ExamplesTable.
var (
	PlanTable  = columns.Form("Phones  Model     Runs                         Subnet                      Bytes  Path\n", "%6d  %-9s %-28s %-18s %14d  %s\n", "phones model runs subnet bytes path")
	TimesTable = columns.Form("", "%-34s %14s %14s  %s\n", "the_load_itself one_phone all_phones how")
)

// Text is `show upgrade plan`.
func (p *Plan) Text() *columns.Page {
	w := &columns.Page{}
	fmt.Fprintf(w, "%s to %s: %d files, %d bytes for each phone\n", p.Type, phone.Load(p.Load).Canonical(), len(p.Sizes), p.Bytes())
	fmt.Fprintf(w, "Line: round trip %s, loss %.3g %% each way, %s\n\n", p.Line.RTT.Round(10*time.Microsecond), p.Line.Loss*100, p.Of)
	legs, count := p.legs()
	n, bytes, upgrades, largest := 0, int64(0), 0, 0
	subnets := map[netip.Prefix]int{}
	var t *columns.Table
	if len(legs) > 0 {
		t = w.Table(PlanTable)
	}
	for _, l := range legs {
		k := count[l]
		subnet := "-"
		if l.subnet.IsValid() {
			subnet = l.subnet.String()
		}
		t.Row(k, l.model, cmp.Or(l.runs, "-"), subnet, int64(k)*l.bytes, l.path)
		if l.loads > 0 {
			n, bytes, upgrades = n+k, bytes+int64(k)*l.bytes, upgrades+k*l.loads
			subnets[l.subnet] += k
			largest = max(largest, subnets[l.subnet])
		}
	}
	fmt.Fprintf(w, "%d of %d phones change their load, %d upgrades, %d bytes\n\n", n, len(p.Phones), upgrades, bytes)
	if p.Count > 0 {
		n, largest = p.Count, p.Count
	}
	p.times(w, n, largest, max(len(subnets), 1))
	return w
}

// times is the table of what the last step takes each way.
func (p *Plan) times(w *columns.Page, n, largest, subnets int) {
	const tftpOver, httpOver = float64(block+head) / block, float64(mss+58) / mss
	fmt.Fprintf(w, "%-34s %14s %14s  %s\n", "The load itself", "One phone", fmt.Sprintf("%d phones", n), "How")
	t := w.Table(TimesTable)
	row := func(what string, one, all time.Duration, how string) {
		t.Row(what, inWords(one), inWords(all), how)
	}
	tftp, http := p.each(TFTP, p.Line), p.each(HTTP, p.Line)
	formula := p.each(Formula, p.Line)
	row("TFTP by the formula of source 001", formula, p.fleet(formula, n, tftpOver, p.Line), "a loss counts once")
	row("TFTP", tftp, p.fleet(tftp, n, tftpOver, p.Line), fmt.Sprintf("a block at a time, %d phones at a time", p.Serving))
	row("HTTP", http, p.fleet(http, n, httpOver, p.Line), fmt.Sprintf("%d phones at a time", p.Serving))
	for _, root := range []struct {
		what string
		one  time.Duration
		get  func(int64, Line) time.Duration
	}{{"PFS, the root over TFTP", tftp, TFTP}, {"PFS, the root over HTTP", http, HTTP}} {
		all, depth := Tree(p.Sizes, largest, func(s int64) time.Duration { return root.get(s, p.Line) })
		if p.Line.Rate > 0 { // the roots of all subnets share the line
			all = max(all, seconds(float64(subnets)*float64(p.Bytes())*8/p.Line.Rate))
		}
		row(root.what, root.one, all, fmt.Sprintf("a tree of depth %d in the largest subnet, 3 MB/s between phones (assumed)", depth))
	}
	lan := Line{RTT: p.LAN, Timeout: Wait(p.LAN), Rate: 100e6}
	one := p.each(TFTP, lan)
	row("one copy to this box, then TFTP", http+one, http+p.fleet(one, n, tftpOver, Line{RTT: p.LAN, Rate: 1e9}), fmt.Sprintf("over HTTP, then round trips of %s here", p.LAN.Round(10*time.Microsecond)))
	w.WriteString("\nExamples of source 001, by its formula\n")
	w.Add(Examples())
}

// inWords is a duration as engineers say it.
func inWords(d time.Duration) string {
	switch s := d.Seconds(); {
	case s < 120:
		return fmt.Sprintf("%.1f s", s)
	case s < 7200:
		return fmt.Sprintf("%.1f min", s/60)
	default:
		return fmt.Sprintf("%.1f h", s/3600)
	}
}
