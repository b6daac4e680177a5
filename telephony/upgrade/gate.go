package upgrade

import (
	"fmt"
	"slices"
	"time"

	"option150/platform/ether"
)

// Start begins a rollout, or goes on with one that is paused. A rollout that
// has ended begins anew. It says what it did.
func (r *Rollouts) Start(c Rollout, all []Candidate) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.find(c.Name)
	switch {
	case p != nil && p.State == Running:
		return "", fmt.Errorf("upgrade %s is running", c.Name)
	case p != nil && p.State == Paused:
		p.State, p.Why = Running, ""
		r.turned()
		return fmt.Sprintf("upgrade %s goes on with wave %d of %d", c.Name, p.Wave, p.Waves), nil
	}
	n := begin(c, all, r.Now())
	if len(n.Phones) == 0 {
		return "", fmt.Errorf("upgrade %s: no configured phone is meant by its lines", c.Name)
	}
	for _, o := range r.all {
		if o.Name == c.Name || o.State != Running && o.State != Paused {
			continue
		}
		for _, u := range n.Phones {
			if o.of[u.MAC] != nil {
				return "", fmt.Errorf("%s takes part in upgrade %s, which is %s", u.Device, o.Name, o.State)
			}
		}
	}
	for _, u := range n.Phones {
		if u.From != "" && equalLoads(u.From, c.Load) {
			u.Done, u.How = n.Started, "ran it before"
		}
	}
	r.all = append(slices.DeleteFunc(r.all, func(o *Progress) bool { return o == p }), n)
	if len(r.all) > maxRollouts {
		r.all = r.all[1:]
	}
	n.open = c.Window.Open(n.Started)
	r.turned()
	return fmt.Sprintf("upgrade %s: %d phones in %d waves", c.Name, len(n.Phones), n.Waves), nil
}

// Pause lets no more phones begin.
func (r *Rollouts) Pause(name string) error { return r.end(name, Paused, "by an operator") }

// Abort ends a rollout. Phones that have the load, or all its files, keep it.
func (r *Rollouts) Abort(name string) error { return r.end(name, Aborted, "by an operator") }

func (r *Rollouts) end(name string, s State, why string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.find(name)
	if p == nil || p.State != Running && (p.State != Paused || s == Paused) {
		return fmt.Errorf("upgrade %s is not running", name)
	}
	p.State, p.Why = s, why
	if s != Paused {
		p.Ended = r.Now()
	}
	r.turned()
	return nil
}

// Judge says what is wrong with a phone, "" = nothing is known.
type Judge func(ether.MAC) string

// Tick looks at the gates and the windows; conf is what is configured. It gives
// the rollouts that ended, or changed their wave.
func (r *Rollouts) Tick(conf []Rollout, judge Judge) (turned []string) {
	now := r.Now()
	r.mu.Lock()
	// Without its lines it is nothing: phones get what their load lines say.
	n := len(r.all)
	r.all = slices.DeleteFunc(r.all, func(p *Progress) bool {
		return !slices.ContainsFunc(conf, func(c Rollout) bool { return c.Name == p.Name })
	})
	if len(r.all) != n {
		r.turned()
	}
	var late []*Upgraded
	for _, p := range r.all {
		i := slices.IndexFunc(conf, func(c Rollout) bool { return c.Name == p.Name })
		if i < 0 {
			continue
		}
		p.conf = conf[i]
		if open := p.conf.Window.Open(now); open != p.open {
			p.open = open
			r.turn++
		}
		for _, u := range p.Phones {
			if u.Began.IsZero() || !u.Done.IsZero() || !u.Failed.IsZero() || p.State != Running && p.State != Paused {
				continue
			}
			if now.Sub(u.Began) >= time.Duration(p.conf.Minutes)*time.Minute {
				u.Failed = now
				late = append(late, u)
				r.note()
			}
		}
	}
	r.mu.Unlock()
	// The verdict asks others; nothing is held meanwhile.
	said := make([]string, len(late))
	for i, u := range late {
		said[i] = judge(u.MAC)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, u := range late {
		u.Verdict = said[i]
	}
	for _, p := range r.all {
		for p.State == Running && r.gate(p, now) {
			turned = append(turned, p.Name)
		}
	}
	return turned
}

// gate looks at the wave under way and reports that it is over.
func (r *Rollouts) gate(p *Progress, now time.Time) bool {
	total, done, failed := 0, 0, 0
	for _, u := range p.Phones {
		if u.Wave != p.Wave {
			continue
		}
		total++
		switch {
		case !u.Done.IsZero():
			done++
		case !u.Failed.IsZero():
			failed++
		}
	}
	switch {
	case failed*100 > (100-p.conf.Percent)*total:
		p.State, p.Ended = Stopped, now
		p.Why = fmt.Sprintf("wave %d failed its gate: %d of %d phones did not come back within %d minutes, %d percent have to", p.Wave, failed, total, p.conf.Minutes, p.conf.Percent)
	case done+failed == total && p.Wave >= p.Waves:
		p.State, p.Ended, p.Why = Done, now, ""
	case done+failed < total && (p.Wave >= p.Waves || done*100 < p.conf.Percent*total):
		return false
	default:
		p.Wave++
	}
	r.turned()
	return true
}

// Snapshot is a copy of a rollout for those who look at it; ok is false when it
// was never started.
func (r *Rollouts) Snapshot(name string) (Progress, bool) {
	if r == nil {
		return Progress{}, false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.find(name)
	if p == nil {
		return Progress{}, false
	}
	c := *p
	c.of, c.Phones = nil, make([]*Upgraded, len(p.Phones))
	for i, u := range p.Phones {
		x := *u
		x.got = nil
		c.Phones[i] = &x
	}
	return c, true
}
