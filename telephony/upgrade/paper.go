package upgrade

import (
	"maps"

	"option150/platform/ether"
	"option150/telephony/firmware"
)

// OnPaper is a policy that decides as this one does and notes nothing: for a
// configuration that is not in force. find and files are those of flash: as that
// configuration serves them.
func (p *Policy) OnPaper(find firmware.Lookup, files func() []string) *Policy {
	return &Policy{Find: find, Files: files, Changes: p.Changes, Open: p.Open, Own: p.Own, Holder: p.Holder,
		Classes: p.Classes.copy(), Rollouts: p.Rollouts.copy(), of: p}
}

// files that were read are remembered for both.
func (p *Policy) examiner() *firmware.Checker {
	if p.of != nil {
		return p.of.examiner()
	}
	return &p.checker
}

func (c *Classes) copy() *Classes {
	n := NewClasses(nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	for mac, r := range c.known {
		x := *r
		x.fetched = maps.Clone(r.fetched)
		n.known[mac] = &x
	}
	maps.Copy(n.at, c.at)
	return n
}

func (r *Rollouts) copy() *Rollouts {
	n := NewRollouts(nil)
	if r == nil {
		return n
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n.Now = r.Now
	for _, p := range r.all {
		x := *p
		x.of, x.Phones = make(map[ether.MAC]*Upgraded, len(p.of)), nil
		for _, u := range p.Phones {
			y := *u
			y.got = maps.Clone(u.got)
			x.Phones, x.of[u.MAC] = append(x.Phones, &y), &y
		}
		n.all = append(n.all, &x)
	}
	return n
}
