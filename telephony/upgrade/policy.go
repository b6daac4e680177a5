package upgrade

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// fresh is how long a look at flash: is good for when nothing is known to have
// changed: a file that somebody puts there or takes away from outside is seen
// before the next phone is told of its load.
const fresh = 200 * time.Millisecond

// Policy says which loads files may name. Its fields are set before use.
type Policy struct {
	Find    firmware.Lookup
	Files   func() []string // paths of flash: below the home path
	Changes func() uint64   // grows whenever this process changes flash:
	Open    func() bool     // port 6970 is listened on
	Own     func(netip.Addr) bool
	// Holder is the phone that holds an address, by its lease; nil = not known.
	Holder  func(netip.Addr) (ether.MAC, bool)
	Classes *Classes
	// Rollouts are the upgrades under way; nil = there are none.
	Rollouts *Rollouts

	of       *Policy // the policy this one is on paper, nil = none
	checker  firmware.Checker
	building sync.Mutex // held while files are built again
	mu       sync.Mutex
	states   map[string]firmware.State
	loads    []string // whole loads of flash:
	looked   time.Time
	seen     uint64
	turn     uint64 // of the classes, and when, at the last Due
	asked    time.Time
	changes  uint64
}

// Refresh has the files built again if something has changed, or has not been
// looked at for a while. Who asks meanwhile waits: no phone is given a file
// that the policy is about to change.
func (p *Policy) Refresh(build func()) {
	p.building.Lock()
	defer p.building.Unlock()
	if p.due() {
		build()
	}
}

func (p *Policy) due() bool {
	turn, changes, now := p.Classes.Turn()+p.Rollouts.Turn(), p.Changes(), time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if turn == p.turn && changes == p.changes && now.Sub(p.asked) < fresh {
		return false
	}
	p.turn, p.changes, p.asked = turn, changes, now
	return true
}

// look forgets what may have changed.
func (p *Policy) look() {
	n, now := p.Changes(), time.Now()
	if p.states == nil || n != p.seen || now.Sub(p.looked) >= fresh {
		p.states, p.loads, p.seen, p.looked = map[string]firmware.State{}, nil, n, now
	}
}

// Whole examines a load as phones would get it, to its last byte where its form
// has a digest.
func (p *Policy) Whole(load string) firmware.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	s, ok := p.states[load]
	if !ok {
		s = p.examiner().Examine(p.Find, phone.Load(load), true)
		p.states[load] = s
	}
	return s
}

// stone is the whole load in flash: over which phones step; "" = there is none.
func (p *Policy) stone(target phone.Load, step firmware.Step) string {
	for _, l := range p.lists() {
		h := phone.Load(l)
		if step.Is(h) && firmware.FamilyOf(l) == firmware.FamilyOf(string(target)) &&
			h.Protocol() == target.Protocol() && p.Whole(l).Complete() {
			return l
		}
	}
	return ""
}

// Stone is the whole load in flash: over which phones step to another; "" =
// there is none, or none is needed.
func (p *Policy) Stone(target string) string {
	if need := steps(target); len(need) > 0 {
		return p.stone(phone.Load(target), need[0])
	}
	return ""
}

// Needs is the release a phone may have to run before a load; "" = none.
func (p *Policy) Needs(load string) string {
	if need := steps(load); len(need) > 0 {
		return need[0].Release
	}
	return ""
}

// lists are the loads of flash: by the names of their lists, and the single
// images over which phones step, with their endings.
func (p *Policy) lists() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	if p.loads == nil {
		p.loads = []string{}
		for _, f := range p.Files() {
			l := phone.Load(f[strings.LastIndexByte(f, '/')+1:])
			name := l.Canonical()
			switch ending := strings.ToLower(l.Suffix()); {
			case ending == ".bin" || ending == ".zup":
				name = string(l)
			case ending != ".loads" || strings.HasSuffix(strings.ToLower(name), ".default"):
				continue
			}
			if !slices.Contains(p.loads, name) {
				p.loads = append(p.loads, name)
			}
		}
	}
	return p.loads
}

// away reports that a load server, as a line names it, is another host than
// this box.
func (p *Policy) away(server string) bool {
	if server == "" {
		return false
	}
	a, err := netip.ParseAddr(server)
	return err != nil || !p.Own(a.Unmap())
}

// Firmware is what the files of a configuration may name now.
func (p *Policy) Firmware(c *cnf.Config) (f cnf.Firmware) {
	servers := cnf.ValuesOf(c, cnf.LoadServer)
	all := p.away(servers.All.Value)
	for _, l := range slices.Concat(c.Service.Loads, c.Global.Loads) {
		if !all && !l.Force && !p.Whole(l.File).Complete() {
			f.Withheld = append(f.Withheld, l.File)
		}
		if need := steps(l.File); !l.Force && c.Unknown != cnf.UnknownDirect && len(need) > 0 && need[0].Asks == "" {
			f.Strange = append(f.Strange, l.File)
		}
	}
	for _, load := range p.Rollouts.loads() {
		p.Rollouts.wants(load, p.sets(load))
	}
	x := choice{p: p, c: c, servers: servers, f: &f}
	for i := range c.Ephones {
		x.phone(c.Ephones[i].MAC, c.TypeOf(&c.Ephones[i]), c.Service.Loads)
	}
	for _, e := range c.Pools {
		x.phone(e.MAC, e.Type, c.Global.Loads)
	}
	return f
}

// steps are those that an unknown phone of the family may need.
func steps(load string) []firmware.Step { return firmware.Before(phone.Load(load)) }

// choice is how the loads of phones are chosen.
type choice struct {
	p       *Policy
	c       *cnf.Config
	servers cnf.Values
	f       *cnf.Firmware
}

// phone adds what is different for one phone: its upgrade, its load server, its
// step.
func (x *choice) phone(mac ether.MAC, typ string, loads []cnf.LoadEntry) {
	if mac.IsZero() {
		return
	}
	l, ok := cnf.LoadOf(loads, typ)
	said := l.File // by its lines
	if !l.Force && slices.Contains(x.f.Withheld, l.File) {
		said = ""
	}
	target, upgraded := x.p.Rollouts.Target(mac)
	d := Decision{Load: said}
	away := x.p.away(x.servers.Of(mac).Value)
	defer func() { x.p.Rollouts.names(mac, d.Load, away) }()
	if !upgraded {
		if target = l.File; !ok || l.Force {
			return
		}
	}
	d, _ = x.p.choose(x.c, mac, target, away)
	if d.Load != said || d.Alone {
		x.f.Phones = append(x.f.Phones, cnf.PhoneLoad{MAC: mac, Load: d.Load, Alone: d.Alone})
	}
}

// choose decides what a phone's file names on the way to its target; false when
// that is the target itself, as for most phones.
func (p *Policy) choose(c *cnf.Config, mac ether.MAC, target string, away bool) (Decision, bool) {
	switch need := steps(target); {
	case !away && !p.Whole(target).Complete():
		return Decision{Target: target, Withheld: true, Why: "it is not whole, and show firmware tells what is missing: it keeps its image"}, true
	case len(need) > 0:
		return p.decide(c.Unknown, mac, target, need[0], away), true
	}
	return Decision{Target: target, Load: target}, false
}

// Giving says that a phone is about to be given a file, as it is now.
func (p *Policy) Giving(name string) {
	if mac, own := phone.MACOfFile(name); own && !phone.TrustFile(name) {
		p.Classes.give(mac)
		p.Rollouts.give(mac)
	}
}

// Decision is what a phone's file names, and why.
type Decision struct {
	Known
	Target string
	Load   string // "" = none: it keeps its image
	Alone  bool
	Why    string

	Withheld bool // it names none because the target is not whole
}

// class is that of a phone with regard to a step: what it said it runs decides.
func (k Known) class(step firmware.Step, target string) Class {
	if k.Class != Exact {
		return k.Class
	}
	needs, ok := step.Needs(phone.Load(k.Runs))
	switch {
	case !ok || firmware.FamilyOf(k.Runs) != firmware.FamilyOf(target):
		return Unknown
	case needs:
		return Stepping
	}
	return Direct
}

// decide is the rule for a phone whose target lies beyond a stepping stone.
func (p *Policy) decide(unknown string, mac ether.MAC, target string, step firmware.Step, away bool) (d Decision) {
	defer func() { p.Classes.names(mac, d.Load, step.Asks, away) }()
	d = Decision{Known: p.Classes.settle(mac, p.Open(), step.Asks == ""), Target: target}
	class := d.class(step, target)
	if class == Unknown {
		switch {
		case step.Asks != "":
			d.Load, d.Why = target, "if it needs another first it asks for "+step.Asks
			return d
		case unknown == cnf.UnknownDirect:
			d.Load, d.Why = target, "upgrade unknown direct"
			return d
		case unknown == cnf.UnknownStepping:
			class, d.Why = Stepping, "upgrade unknown stepping: "
		default:
			d.Why = "what it runs is not known: it keeps its image"
			return d
		}
	} else if d.Class == Exact && class == Stepping {
		d.Why = d.Evidence + ": "
	}
	switch class {
	case Direct:
		// A phone on the stone shares nothing on the rest of its way.
		d.Load, d.Alone, d.Why = target, d.Stone != "" && phone.Load(d.Stone).Equal(phone.Load(d.Runs)), d.Evidence
	case Stone:
		d.Load, d.Alone, d.Why = target, true, d.Evidence
	default:
		d.Alone = true
		if d.Load = p.stone(phone.Load(target), step); d.Load == "" && away {
			d.Load = step.Stone(phone.Load(target))
		}
		if d.Load == "" {
			d.Why += "it needs " + step.Release + " first and flash: has no such load: it keeps its image"
			return d
		}
		p.Classes.gave(mac, d.Load, p.files(d.Load))
		d.Why += step.Release + " first: " + step.Why
	}
	return d
}

// sets are the names a phone fetches of a load: one list for each platform, of
// which a phone fetches that of its own.
func (p *Policy) sets(load string) (out [][]string) {
	s := p.Whole(load)
	if s.Set == nil {
		return nil
	}
	of := map[string]int{}
	for _, c := range s.Set.Components {
		i, ok := of[c.Platform]
		if !ok {
			i = len(out)
			of[c.Platform] = i
			out = append(out, []string{strings.ToLower(s.First)})
		}
		if !c.Optional {
			out[i] = append(out[i], strings.ToLower(c.Name))
		}
	}
	return out
}

// files are the names a phone fetches of a load.
func (p *Policy) files(load string) []string {
	s := p.Whole(load)
	if s.Set == nil {
		return nil
	}
	return append([]string{s.First}, s.Set.Names()...)
}

// Decide tells the decision for a configured phone; false when its file names its
// load and nothing more is to be said.
func (p *Policy) Decide(c *cnf.Config, mac ether.MAC, typ string, loads []cnf.LoadEntry) (Decision, bool) {
	target, upgraded := p.Rollouts.Target(mac)
	if !upgraded {
		l, ok := cnf.LoadOf(loads, typ)
		if !ok || l.Force {
			return Decision{}, false
		}
		target = l.File
	}
	return p.choose(c, mac, target, p.away(cnf.ValuesOf(c, cnf.LoadServer).Of(mac).Value))
}
