package upgrade

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// Rollout is an upgrade of phones in waves, as it is configured.
type Rollout struct {
	Name    string
	Type    string // keyword of `load`
	Load    string
	Phones  []Selection // none = all of the type
	Waves   []Wave      // by number; what they leave is one more
	Window  Window
	Percent int // of a wave that has to come back
	Minutes int // from a phone's first boot inside the wave
}

// Clone is a copy for a command to change.
func (r Rollout) Clone() Rollout {
	r.Phones, r.Waves = slices.Clone(r.Phones), slices.Clone(r.Waves)
	return r
}

// What a rollout without a gate line has.
const (
	DefaultPercent = 90
	DefaultMinutes = 30
)

// The kinds of a selection.
const (
	ByEphone = "ephone"    // tags
	ByPool   = "pool"      // tags of voice register pools
	ByDHCP   = "dhcp-pool" // name of the pool their lease is from
	ByClass  = "dhcp-class"
	ByServer = "server" // the file server their lease names first
)

// Selection is a group of phones.
type Selection struct {
	Kind     string
	From, To int        // of tags
	Name     string     // of a DHCP pool or class
	Server   netip.Addr // first of option 150
}

func (s Selection) String() string {
	switch s.Kind {
	case ByEphone, ByPool:
		if s.From == s.To {
			return fmt.Sprintf("%s %d", s.Kind, s.From)
		}
		return fmt.Sprintf("%s %d-%d", s.Kind, s.From, s.To)
	case ByServer:
		return s.Kind + " " + s.Server.String()
	}
	return s.Kind + " " + s.Name
}

// Wave is how many phones begin with it.
type Wave struct{ Number, Phones int }

// Window is when phones may begin, in minutes of the day; equal = always.
type Window struct{ From, To int }

// Open reports whether phones may begin.
func (w Window) Open(now time.Time) bool {
	m := now.Hour()*60 + now.Minute()
	switch {
	case w.From == w.To:
		return true
	case w.From < w.To:
		return m >= w.From && m < w.To
	}
	return m >= w.From || m < w.To // over midnight
}

func (w Window) String() string {
	return fmt.Sprintf("%02d:%02d %02d:%02d", w.From/60, w.From%60, w.To/60, w.To%60)
}

// State is where a rollout stands.
type State string

// The states.
const (
	Idle    State = "not started"
	Running State = "running"
	Paused  State = "paused"
	Stopped State = "stopped" // a wave failed its gate
	Done    State = "done"
	Aborted State = "aborted"
)

// Progress is a rollout under way: what is kept over a restart.
type Progress struct {
	Name    string      `json:"name"`
	State   State       `json:"state"`
	Why     string      `json:"why,omitempty"`
	Type    string      `json:"type"`
	Load    string      `json:"load"`
	Wave    int         `json:"wave"` // the one under way, from 1
	Waves   int         `json:"waves"`
	Started time.Time   `json:"started"`
	Ended   time.Time   `json:"ended,omitzero"`
	Phones  []*Upgraded `json:"phones"`

	of   map[ether.MAC]*Upgraded
	conf Rollout
	want [][]string // files of the load, by platform
	open bool       // the window, when it was looked at last
}

// Upgraded is a phone of a rollout.
type Upgraded struct {
	MAC      ether.MAC `json:"-"`
	Device   string    `json:"device"`
	Line     string    `json:"line"`            // "ephone 3"
	Group    string    `json:"group,omitempty"` // the file server its lease names first
	Wave     int       `json:"wave"`
	From     string    `json:"from,omitempty"`   // load it ran, as far as known
	Began    time.Time `json:"began,omitzero"`   // first boot inside the wave
	Fetched  time.Time `json:"fetched,omitzero"` // all files of the load were sent to it
	Done     time.Time `json:"done,omitzero"`
	How      string    `json:"how,omitempty"` // evidence of Done
	Inferred bool      `json:"inferred,omitempty"`
	Failed   time.Time `json:"failed,omitzero"`
	Verdict  string    `json:"verdict,omitempty"` // when it failed

	named, giving, took string          // load its file names; when it was given it; of the one it fetched
	listed              bool            // it asked for the list in this boot
	went                bool            // it asked for what comes after its load
	away                bool            // it fetches loads from another server, unseen
	got                 map[string]bool // files of the load sent since
}

// The states of a phone.
func (u *Upgraded) state(p *Progress) string {
	switch {
	case !u.Done.IsZero():
		return "done"
	case !u.Failed.IsZero() && !u.Fetched.IsZero():
		return "not returned"
	case !u.Failed.IsZero():
		return "stuck"
	case !u.Began.IsZero():
		return "running"
	case p.State == Running && u.Wave <= p.Wave:
		return "not reset"
	}
	return "waiting"
}

// Candidate is a configured phone that a rollout may be about.
type Candidate struct {
	MAC   ether.MAC
	Line  string
	Tag   int
	SIP   bool
	Group string // address of the file server its lease names first, "" = not known
	DHCP  string // pool of its lease
	Class string // class of its lease
	Runs  string // load it is known to run
}

// chosen reports that a selection means a phone.
func (s Selection) chosen(c Candidate) bool {
	switch s.Kind {
	case ByEphone, ByPool:
		return c.SIP == (s.Kind == ByPool) && c.Tag >= s.From && c.Tag <= s.To
	case ByDHCP:
		return strings.EqualFold(c.DHCP, s.Name)
	case ByClass:
		return strings.EqualFold(c.Class, s.Name)
	case ByServer:
		return c.Group == s.Server.String()
	}
	return false
}

// begin makes the phones of a rollout and their waves. Phones whose leases name
// different file servers first are taken in turn, so that a wave loads all of
// them alike. [source 001, procedure optimization]
func begin(r Rollout, all []Candidate, now time.Time) *Progress {
	p := &Progress{Name: r.Name, State: Running, Type: r.Type, Load: r.Load, Wave: 1, Started: now, conf: r, of: map[ether.MAC]*Upgraded{}}
	var groups []string
	byGroup := map[string][]Candidate{}
	for _, c := range all {
		if len(r.Phones) > 0 && !slices.ContainsFunc(r.Phones, func(s Selection) bool { return s.chosen(c) }) || p.of[c.MAC] != nil {
			continue
		}
		if byGroup[c.Group] == nil {
			groups = append(groups, c.Group)
		}
		p.of[c.MAC] = &Upgraded{}
		byGroup[c.Group] = append(byGroup[c.Group], c)
	}
	slices.Sort(groups)
	sizes := slices.Clone(r.Waves)
	sorted.By(sizes, func(a, b Wave) int { return cmp.Compare(a.Number, b.Number) })
	wave, left := 0, 0
	for more := true; more; {
		more = false
		for _, g := range groups {
			if len(byGroup[g]) == 0 {
				continue
			}
			c := byGroup[g][0]
			byGroup[g], more = byGroup[g][1:], true
			for left == 0 {
				if wave < len(sizes) {
					left = sizes[wave].Phones
				} else {
					left = len(all)
				}
				wave++
			}
			left--
			u := &Upgraded{MAC: c.MAC, Device: c.MAC.Device(), Line: c.Line, Group: c.Group, Wave: wave, From: c.Runs}
			p.of[c.MAC] = u
			p.Phones = append(p.Phones, u)
		}
	}
	p.Waves = wave
	return p
}
