package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"time"

	"option150/platform/flash"
	"option150/platform/journal"
	"option150/platform/service"
	"option150/platform/sorted"
)

// ErrOff says that no path is configured.
var ErrOff = errors.New("archive feature not enabled")

// Options are what an archive is made of.
type Options struct {
	Flash    *flash.Flash
	Text     func() string // the configuration to keep, as `write memory` saves it
	Hostname func() string // for $h
	Recorder journal.Recorder
}

// Archive is the copies and the command log. Use New.
type Archive struct {
	opt Options
	log *Log

	saving sync.Mutex // one copy at a time

	mu    sync.Mutex // guards what follows
	cfg   Config
	on    bool
	since time.Time
	timer *time.Timer
	gen   int // of the timer
	work  sync.WaitGroup
	ended bool
}

// New returns an archive that is off.
func New(o Options) *Archive {
	o.Recorder = journal.Or(o.Recorder)
	return &Archive{opt: o, cfg: Default(), since: time.Now(), log: newLog(o.Recorder)}
}

// Name implements service.Service.
func (a *Archive) Name() string { return "archive" }

// Prepare implements service.Service. The spec is a Config.
func (a *Archive) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	c, ok := new.(Config)
	if new != nil && !ok {
		return nil, fmt.Errorf("archive: unknown spec %T", new)
	}
	if !ok {
		c = Default()
	}
	return service.Funcs{OnCommit: func() { a.set(c, ok) }}, nil
}

func (a *Archive) set(c Config, on bool) {
	a.log.set(c.Log)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.on != on {
		a.since = time.Now()
	}
	restart := c.Period != a.cfg.Period || (c.Path == "") != (a.cfg.Path == "")
	a.cfg, a.on = c, on
	if restart {
		a.schedule()
	}
}

// schedule starts the period anew. a.mu is held.
func (a *Archive) schedule() {
	a.gen++
	if a.timer != nil {
		a.timer.Stop()
		a.timer = nil
	}
	if a.ended || a.cfg.Period == 0 || a.cfg.Path == "" {
		return
	}
	gen := a.gen
	a.timer = time.AfterFunc(time.Duration(a.cfg.Period)*time.Minute, func() { a.tick(gen) })
}

func (a *Archive) tick(gen int) {
	a.mu.Lock()
	if gen != a.gen || a.ended {
		a.mu.Unlock()
		return
	}
	a.schedule()
	a.work.Add(1)
	a.mu.Unlock()
	defer a.work.Done()
	a.unasked()
}

// unasked makes a copy nobody waits for; a failure is logged.
func (a *Archive) unasked() {
	if _, err := a.Save(); err != nil {
		a.opt.Recorder.Record(Failed{Why: reason(err)})
	}
}

// Written is told of every write memory.
func (a *Archive) Written() {
	a.mu.Lock()
	wanted := a.cfg.WriteMemory && a.cfg.Path != ""
	a.mu.Unlock()
	if wanted {
		a.unasked()
	}
}

// Close ends the timer and waits for a copy under way.
func (a *Archive) Close() {
	a.mu.Lock()
	a.ended = true
	a.schedule()
	a.mu.Unlock()
	a.work.Wait()
}

// Status implements service.Service.
func (a *Archive) Status() service.Status {
	a.mu.Lock()
	defer a.mu.Unlock()
	st := service.Status{State: service.Disabled, Since: a.since}
	if a.on {
		st.State = service.Running
	}
	return st
}

// Enabled reports that a path is configured.
func (a *Archive) Enabled() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cfg.Path != ""
}

// Log is the log of configuration commands.
func (a *Archive) Log() *Log { return a.log }

func (a *Archive) settings() (Config, names) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.cfg, namesOf(a.cfg.Path, a.opt.Hostname())
}

// Copy is one kept configuration.
type Copy struct {
	Number int
	Path   string // in flash:, clean
}

// File is the copy as it is named in commands, "flash:archive/BR1-cfg-3".
func (c Copy) File() string { return display(c.Path) }

// Listing is what show archive shows.
type Listing struct {
	Maximum int
	Next    string // file the next copy will be, with <timestamp> for $t
	Copies  []Copy // oldest first
}

// List reads which copies there are. ErrOff without a path.
func (a *Archive) List() (Listing, error) {
	c, n := a.settings()
	if c.Path == "" {
		return Listing{}, ErrOff
	}
	copies := a.copies(n)
	return Listing{c.Maximum, display(n.make(next(copies), "<timestamp>")), copies}, nil
}

func (a *Archive) copies(n names) []Copy {
	entries, err := a.opt.Flash.List(n.dir)
	if err != nil {
		return nil // no directory: nothing was kept yet
	}
	re := n.pattern()
	var out []Copy
	for _, e := range entries {
		m := re.FindStringSubmatch(e.Name())
		if m == nil || e.Dir {
			continue
		}
		number, _ := strconv.Atoi(m[1])
		out = append(out, Copy{number, e.Path})
	}
	sorted.By(out, func(x, y Copy) int {
		return cmp.Or(cmp.Compare(x.Number, y.Number), strings.Compare(x.Path, y.Path))
	})
	return out
}

func next(copies []Copy) int {
	if len(copies) == 0 {
		return 1
	}
	return copies[len(copies)-1].Number + 1
}

// Save keeps a copy now and drops the oldest beyond the maximum, in this
// order: a full disk costs no copy.
func (a *Archive) Save() (Copy, error) {
	a.saving.Lock()
	defer a.saving.Unlock()
	c, n := a.settings()
	if c.Path == "" {
		return Copy{}, ErrOff
	}
	if err := a.directories(n.dir); err != nil {
		return Copy{}, err
	}
	copies := a.copies(n)
	k := Copy{Number: next(copies)}
	k.Path = n.make(k.Number, stamp(time.Now()))
	if err := a.opt.Flash.WriteFile(k.Path, []byte(a.opt.Text())); err != nil {
		return Copy{}, fmt.Errorf("archive: %w", err)
	}
	copies = append(copies, k)
	for len(copies) > c.Maximum {
		if err := a.opt.Flash.Delete(copies[0].Path); err != nil {
			break // tried again with the next copy
		}
		copies = copies[1:]
	}
	a.opt.Recorder.Record(Saved{File: k.File()})
	return k, nil
}

// directories makes the directory of the copies.
func (a *Archive) directories(dir string) error {
	for i := 0; i <= len(dir); i++ {
		if i < len(dir) && dir[i] != '/' || i == 0 {
			continue
		}
		if err := a.opt.Flash.Mkdir(dir[:i]); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("archive: %w", err)
		}
	}
	return nil
}

// reason is an error without where it came from.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Path + ": " + pe.Err.Error()
	}
	return err.Error()
}
