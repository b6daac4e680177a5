package fleet

import (
	"cmp"
	"slices"
	"time"

	"option150/platform/fleet/etcd"
)

// begin takes over what the engine has. How old it is, nobody knows yet.
func (f *Fleet) begin(mine string, c Config, all []etcd.KV, head etcd.Header) {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := &f.view
	if v.mine != mine {
		return
	}
	now := time.Now()
	v.head, v.answer, v.whole, v.why = head, now, now, ""
	was := v.boxes
	v.boxes = map[string]*seen{}
	for _, kv := range all {
		name, x, ok := decode(kv, prefix(c.Domain))
		if !ok || len(v.boxes) >= maxBoxes {
			continue
		}
		s := &seen{value: x, at: now}
		if o := was[name]; o != nil {
			s.told = o.told
			s.changed = o.value != x
		}
		v.boxes[name] = s
	}
}

// changes takes note of what others, and this box, have written.
func (f *Fleet) changes(mine string, c Config, h etcd.Header, list []etcd.Change) {
	f.mu.Lock()
	var back []string
	v := &f.view
	if v.mine == mine {
		v.head, v.answer = h, time.Now()
		for _, x := range list {
			if name := v.change(c, x); name != "" {
				back = append(back, name)
			}
		}
	}
	f.mu.Unlock()
	for _, name := range back {
		f.opt.Recorder.Record(BoxBack{Name: name, Domain: c.Domain})
	}
}

// change returns the name of a box that was said to be gone.
func (v *view) change(c Config, x etcd.Change) string {
	p := prefix(c.Domain)
	if x.Deleted {
		if len(x.Key) > len(p) {
			delete(v.boxes, x.Key[len(p):])
		}
		return ""
	}
	name, val, ok := decode(x.KV, p)
	if !ok || v.boxes[name] == nil && len(v.boxes) >= maxBoxes {
		return ""
	}
	was := v.boxes[name]
	v.boxes[name] = &seen{value: val, at: time.Now(), changed: true}
	if name == c.Name && val.Instance != v.mine {
		v.double = true
	} else if name == c.Name && was != nil && was.Instance == v.mine {
		v.double = false
	}
	if was != nil && was.told {
		return name
	}
	return ""
}

// tell says which boxes are gone now.
func (f *Fleet) tell(mine string) {
	f.mu.Lock()
	var gone []string
	domain := f.config.Domain
	if f.view.mine == mine {
		for name, s := range f.view.boxes {
			if !s.told && f.stateOf(name, time.Now()) == Gone {
				s.told = true
				gone = append(gone, name)
			}
		}
	}
	f.mu.Unlock()
	slices.Sort(gone)
	for _, name := range gone {
		f.opt.Recorder.Record(BoxGone{Name: name, Domain: domain})
	}
}

// State is how a box stands, as far as this one can tell.
type State string

// The states.
const (
	There   = State("there")
	Gone    = State("gone")
	Unknown = State("unknown") // not watched for long enough, or the engine does not answer
)

// stateOf needs the lock.
func (f *Fleet) stateOf(name string, now time.Time) State {
	s, v := f.view.boxes[name], &f.view
	switch {
	case v.whole.IsZero() || now.Sub(v.answer) > f.gone:
		return Unknown
	case now.Sub(s.at) > f.gone:
		return Gone
	case s.changed:
		return There
	}
	return Unknown
}

// Box is one box of the domain.
type Box struct {
	Name    string
	Self    bool
	State   State
	Seen    time.Time // when its key changed, or was first read
	Version string
	Started time.Time // by its own clock
}

// View is what is known of the fleet.
type View struct {
	Config
	On       bool
	Answers  bool
	Why      string    // it does not
	Answer   time.Time // of the engine, the last one; zero = none
	Cluster  uint64
	Revision int64
	Boxes    []Box // in the order of their names
}

// View is a copy of what is known now.
func (f *Fleet) View() View {
	f.mu.Lock()
	defer f.mu.Unlock()
	v := &f.view
	out := View{Config: f.config.Clone(), On: f.cancel != nil, Answers: !v.whole.IsZero(), Why: v.why, Answer: v.answer, Cluster: v.head.Cluster, Revision: v.head.Revision}
	now := time.Now()
	for name, s := range v.boxes {
		out.Boxes = append(out.Boxes, Box{Name: name, Self: name == f.config.Name, State: f.stateOf(name, now), Seen: s.at, Version: s.Version, Started: time.Unix(s.Started, 0)})
	}
	slices.SortFunc(out.Boxes, func(a, b Box) int { return cmp.Compare(a.Name, b.Name) })
	return out
}
