package pair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"option150/platform/flash"
	"option150/platform/fleet/leader"
	"option150/platform/journal"
	"option150/platform/service"
	"option150/platform/sorted"
)

// Name is the service in plans.
const Name = "flash-pair"

// Options are what a Fetcher is made of. Engine and Flash are required.
type Options struct {
	Engine   leader.Engine
	Flash    *flash.Flash
	Recorder journal.Recorder
}

// Fetcher is the service. Use New.
type Fetcher struct {
	leader.Work
	opt    Options
	hashes sums
	// Others in tests.
	times  times
	look   time.Duration
	usable func(netip.AddrPort) bool

	mu    sync.Mutex
	state State
	since service.Since
}

// State is how the files stand.
type State struct {
	Leader  string // "" = none
	Heard   bool
	Why     string // nothing of the list can be fetched
	Home    string // the leader's home path
	Files   int    // of the leader's list
	Bytes   int64
	Same    int   // of those, here as they are there
	Fetched int   // since the leader is followed
	Octets  int64 // of those
	Refused int   // of the leader's list, by their names
	More    int   // files that had no room in it
	Looked  time.Time
	Open    []Pending // not here as they are there
}

// Pending is a file that is not here yet.
type Pending struct {
	File
	Other bool  // there is one of that name
	Have  int64 // that came, -1 = it is not its turn
	Why   string
	Next  time.Time // it is tried again
	tries int
}

// New returns one that follows nobody.
func New(o Options) *Fetcher {
	o.Recorder = journal.Or(o.Recorder)
	f := &Fetcher{opt: o, hashes: sums{flash: o.Flash}, times: fieldTimes(), look: time.Second, usable: usable}
	f.Work = leader.Work{Begin: f.begin, Run: f.run}
	return f
}

// Name implements service.Service.
func (*Fetcher) Name() string { return Name }

func (f *Fetcher) begin(leader string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.state = State{Leader: leader}
}

// State is how it stands now.
func (f *Fetcher) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.state
	s.Open = slices.Clone(s.Open)
	return s
}

// Status implements service.Service.
func (f *Fetcher) Status() service.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, why := service.Running, ""
	switch s := &f.state; {
	case !f.Running():
		st = service.Disabled
	case !s.Heard:
		st, why = service.Waiting, s.Leader+" has published no list of files that this box has seen"
	case s.Why != "":
		st, why = service.Degraded, s.Why
	default:
		for _, p := range s.Open {
			if p.Why != "" {
				st, why = service.Degraded, fmt.Sprintf("%d of %d files of %s are not here, the first is flash:%s: %s", len(s.Open), s.Files, s.Leader, p.Path, p.Why)
				break
			}
		}
	}
	return service.Status{State: st, Why: why, Since: f.since.Note(st, why)}
}

func (f *Fetcher) run(ctx context.Context, from string) {
	var l List
	var last string
	var changed uint64
	var looked time.Time
	leader.Hear(ctx, f.opt.Engine, from, Kind, f.look, func(value string, there bool) {
		switch {
		case !there:
			return
		case value != last:
			last, looked = value, time.Time{}
			l = f.heard(value)
		}
		// Who puts files here by other ways is seen within a minute.
		if now := f.opt.Flash.Changes(); now != changed || time.Since(looked) > time.Minute {
			changed, looked = now, time.Now()
			f.compare(ctx, l)
		}
		if f.next(ctx, l) {
			changed = f.opt.Flash.Changes() // it was us
		}
	})
}

// heard takes note of a list.
func (f *Fetcher) heard(value string) List {
	l, refused, err := Decode(value)
	l.At = slices.DeleteFunc(l.At, func(a netip.AddrPort) bool { return !f.usable(a) })
	f.mu.Lock()
	defer f.mu.Unlock()
	s := &f.state
	s.Heard, s.Why, s.Home, s.Refused, s.More, s.Files, s.Bytes, s.Same, s.Open = true, "", l.Home, refused, l.More, len(l.Files), 0, 0, nil
	switch {
	case err != nil:
		s.Why = err.Error()
	case len(l.At) == 0 && len(l.Files) > 0:
		s.Why = errNowhere.Error()
	}
	for _, x := range l.Files {
		s.Bytes += x.Size
	}
	return l
}

// compare finds what is not here as it is there.
func (f *Fetcher) compare(ctx context.Context, l List) {
	there, open, same := map[string]bool{}, []Pending(nil), 0
	before := map[string]Pending{}
	for _, p := range f.State().Open {
		before[p.Path] = p
	}
	for _, x := range l.Files {
		there[x.Path] = true
		sum, size, err := f.hashes.of(ctx, x.Path)
		if ctx.Err() != nil {
			return
		}
		if err == nil && size == x.Size && string(sum[:]) == string(x.Sum) {
			same++
			continue
		}
		p := Pending{File: x, Other: !errors.Is(err, fs.ErrNotExist), Have: -1}
		if o, ok := before[x.Path]; ok && string(o.Sum) == string(x.Sum) {
			p.Why, p.Next, p.tries = o.Why, o.Next, o.tries
		}
		open = append(open, p)
	}
	f.hashes.keep(there)
	sorted.By(open, func(a, b Pending) int {
		return cmp.Or(cmp.Compare(order(a.Path), order(b.Path)), strings.Compare(a.Path, b.Path))
	})
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() == nil {
		f.state.Same, f.state.Open, f.state.Looked = same, open, time.Now()
	}
}

// order has a load come behind its parts.
func order(path string) int {
	if strings.HasSuffix(strings.ToLower(path), ".loads") {
		return 1
	}
	return 0
}

// next fetches the first file whose turn it is.
func (f *Fetcher) next(ctx context.Context, l List) (came bool) {
	if len(l.At) == 0 {
		return false
	}
	now := time.Now()
	f.mu.Lock()
	i := slices.IndexFunc(f.state.Open, func(p Pending) bool { return !p.Next.After(now) })
	if i < 0 || held(f.state.Open, i) {
		f.mu.Unlock()
		return false
	}
	p := f.state.Open[i]
	f.mu.Unlock()
	note := func(change func(*Pending)) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for k := range f.state.Open {
			if ctx.Err() == nil && f.state.Open[k].Path == p.Path {
				change(&f.state.Open[k])
			}
		}
	}
	ask := p.Ask
	if ask == "" {
		ask, _ = under(l.Home, p.Path)
	}
	err := get(ctx, l.At, p.File, ask, f.opt.Flash, f.times, func(have int64) { note(func(p *Pending) { p.Have = have }) })
	if ctx.Err() != nil {
		return false
	}
	if err == nil {
		f.mu.Lock()
		f.state.Fetched++
		f.state.Octets += p.Size
		f.state.Same++
		f.state.Open = slices.DeleteFunc(f.state.Open, func(o Pending) bool { return o.Path == p.Path })
		left := len(f.state.Open)
		f.mu.Unlock()
		f.opt.Recorder.Record(Fetched{Leader: f.State().Leader, Path: p.Path, Size: p.Size, Left: left})
		return true
	}
	why := reason(err)
	note(func(p *Pending) {
		p.tries++
		p.Have, p.Why, p.Next = -1, why, time.Now().Add(min(f.times.Pause<<min(p.tries+2, 12), 10*time.Minute))
	})
	if p.Why != why {
		f.opt.Recorder.Record(Failed{Leader: f.State().Leader, Path: p.Path, Why: why})
	}
	return false
}

// held keeps a load back while a file that may be a part of it was not asked for yet.
func held(open []Pending, i int) bool {
	return order(open[i].Path) == 1 && slices.ContainsFunc(open[:i], func(p Pending) bool { return order(p.Path) == 0 && p.tries == 0 })
}

func reason(err error) string {
	if errors.Is(err, syscall.ENOSPC) {
		return "flash: is full, less the reserve"
	}
	return err.Error()
}
