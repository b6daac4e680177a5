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
	turn, changes, now := p.Classes.Turn(), p.Changes(), time.Now()
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
		s = p.checker.Examine(p.Find, phone.Load(load), true)
		p.states[load] = s
	}
	return s
}

// stone is the whole load of that family and protocol over which phones step;
// "" = there is none in flash:.
func (p *Policy) stone(target phone.Load, step firmware.Step) string {
	for _, l := range p.lists() {
		h := phone.Load(l)
		if v := h.Version(); v.Known && v.String() == step.Release && firmware.FamilyOf(l) == firmware.FamilyOf(string(target)) &&
			h.Protocol() == target.Protocol() && p.Whole(l).Complete() {
			return l
		}
	}
	return ""
}

// lists are the loads of flash: by the names of their lists.
func (p *Policy) lists() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.look()
	if p.loads == nil {
		p.loads = []string{}
		for _, f := range p.Files() {
			base := f[strings.LastIndexByte(f, '/')+1:]
			if !strings.HasSuffix(strings.ToLower(base), ".loads") || strings.HasSuffix(strings.ToLower(base), ".default.loads") {
				continue
			}
			if l := phone.Load(base).Canonical(); !slices.Contains(p.loads, l) {
				p.loads = append(p.loads, l)
			}
		}
	}
	return p.loads
}

// elsewhere reports that phones fetch their loads from another server.
func (p *Policy) elsewhere(c *cnf.Config) bool {
	for _, s := range c.Service.ServicePhone {
		if s.Name == "loadServer" && s.Value != "" {
			a, err := netip.ParseAddr(s.Value)
			return err != nil || !p.Own(a.Unmap())
		}
	}
	return false
}

// Firmware is what the files of a configuration may name now.
func (p *Policy) Firmware(c *cnf.Config) (f cnf.Firmware) {
	away := p.elsewhere(c)
	for _, l := range slices.Concat(c.Service.Loads, c.Global.Loads) {
		if !away && !l.Force && !p.Whole(l.File).Complete() {
			f.Withheld = append(f.Withheld, l.File)
		}
		if !l.Force && c.Unknown != cnf.UnknownDirect && len(steps(l.File)) > 0 {
			f.Strange = append(f.Strange, l.File)
		}
	}
	for _, e := range c.Ephones {
		f.Phones = p.phone(f.Phones, c, e.MAC, e.Type, c.Service.Loads, f.Withheld)
	}
	for _, e := range c.Pools {
		f.Phones = p.phone(f.Phones, c, e.MAC, e.Type, c.Global.Loads, f.Withheld)
	}
	return f
}

// steps are those that an unknown phone of the family may need.
func steps(load string) []firmware.Step { return firmware.Before(phone.Load(load)) }

// phone adds what is different for one phone.
func (p *Policy) phone(out []cnf.PhoneLoad, c *cnf.Config, mac ether.MAC, typ string, loads []cnf.LoadEntry, withheld []string) []cnf.PhoneLoad {
	l, ok := cnf.LoadOf(loads, typ)
	if mac.IsZero() || !ok || l.Force || slices.Contains(withheld, l.File) {
		return out
	}
	need := steps(l.File)
	if len(need) == 0 {
		return out
	}
	d := p.decide(c.Unknown, mac, l.File, need[0])
	if d.Load == l.File && !d.Alone {
		return out
	}
	return append(out, cnf.PhoneLoad{MAC: mac, Load: d.Load, Alone: d.Alone})
}

// Decision is what a phone's file names, and why.
type Decision struct {
	Known
	Target string
	Load   string // "" = none: it keeps its image
	Alone  bool
	Why    string
}

// decide is the rule for a phone whose target lies beyond a stepping stone.
func (p *Policy) decide(unknown string, mac ether.MAC, target string, step firmware.Step) (d Decision) {
	defer func() { p.Classes.names(mac, d.Load) }()
	d = Decision{Known: p.Classes.settle(mac, p.Open()), Target: target}
	class := d.Class
	if class == Unknown {
		switch unknown {
		case cnf.UnknownDirect:
			d.Load, d.Why = target, "upgrade unknown direct"
			return d
		case cnf.UnknownStepping:
			class, d.Why = Stepping, "upgrade unknown stepping: "
		default:
			d.Why = "what it runs is not known: it keeps its image"
			return d
		}
	}
	switch class {
	case Direct:
		d.Load, d.Why = target, d.Evidence
	case Stone:
		d.Load, d.Alone, d.Why = target, true, d.Evidence
	default:
		d.Alone = true
		if d.Load = p.stone(phone.Load(target), step); d.Load == "" {
			d.Why += "it needs " + step.Release + " first and flash: has no such load: it keeps its image"
			return d
		}
		p.Classes.gave(mac, d.Load, p.files(d.Load))
		d.Why += step.Release + " first: " + step.Why
	}
	return d
}

// files are the names a phone fetches of a load.
func (p *Policy) files(load string) []string {
	s := p.Whole(load)
	if s.Set == nil {
		return nil
	}
	return append([]string{s.First}, s.Set.Names()...)
}

// Decide tells the decision for a configured phone; false when no stepping
// stone concerns it.
func (p *Policy) Decide(c *cnf.Config, mac ether.MAC, typ string, loads []cnf.LoadEntry) (Decision, bool) {
	l, ok := cnf.LoadOf(loads, typ)
	if !ok || l.Force {
		return Decision{}, false
	}
	need := steps(l.File)
	if len(need) == 0 {
		return Decision{}, false
	}
	return p.decide(c.Unknown, mac, l.File, need[0]), true
}
