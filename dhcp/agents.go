package dhcp

import (
	"context"
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"sync"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/leasefile"
)

// Files are the places agents of `ip dhcp database` name. Read returns
// fs.ErrNotExist if there is no such file.
type Files interface {
	Read(ctx context.Context, url string) ([]byte, error)
	Write(ctx context.Context, url string, text []byte) error
}

const (
	agentLook  = time.Second      // how often an agent looks whether there is something to write
	readAgain  = 30 * time.Second // after a file could not be read
	lastWrite  = 2 * time.Second  // how long the end of the service waits for agents
	neverWrote = ^uint64(0)
)

// agents keeps copies of the bindings elsewhere. They are for interchange and
// for a box whose disk is lost: the log of this package is always younger.
// Nothing waits for them.
type agents struct {
	r     *running
	files Files

	mu  sync.Mutex
	all []*agent
}

// agent is one copy. Its file is read before it is written for the first time:
// a new box must not overwrite what it is to take over.
type agent struct {
	of   *agents
	ctx  context.Context
	stop context.CancelFunc
	done chan struct{}

	mu      sync.Mutex
	conf    engine.Database
	stand   DatabaseAgent
	known   bool      // what is in the file is taken over, or there is none
	written uint64    // the changes it has
	changed time.Time // when one that it has not was noticed
	failing bool      // said already
}

// set makes these the agents.
func (g *agents) set(want []engine.Database) {
	if g.files == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var next, fresh []*agent
	for _, d := range want {
		i := slices.IndexFunc(g.all, func(a *agent) bool { return a.conf.URL == d.URL })
		if i >= 0 {
			g.all[i].configure(d)
			next = append(next, g.all[i])
			continue
		}
		a := &agent{of: g, done: make(chan struct{}), written: neverWrote}
		a.ctx, a.stop = context.WithCancel(context.Background())
		a.stand.Status = "Being read."
		a.configure(d)
		next, fresh = append(next, a), append(fresh, a)
	}
	for _, a := range g.all {
		if !slices.Contains(next, a) {
			a.stop()
		}
	}
	g.all = next
	if len(fresh) > 0 {
		go readFirst(fresh)
	}
}

// readFirst reads the files of agents that are new. Of several the newest
// counts, by the time in it; one that takes too long is not waited for.
func readFirst(fresh []*agent) {
	type read struct {
		a *agent
		l *leasefile.List
	}
	came := make(chan read, len(fresh))
	for _, a := range fresh {
		go func() { came <- read{a, a.read()} }()
	}
	var newest read
	patience := time.After(readAgain)
	for n := len(fresh); n > 0; n-- {
		select {
		case r := <-came:
			go r.a.run()
			switch {
			case r.l == nil:
			case newest.l == nil || r.l.Written.After(newest.l.Written):
				newest.a.older()
				newest = r
			default:
				r.a.older()
			}
		case <-patience:
			go func() { // they fill what is missing then
				for ; n > 0; n-- {
					r := <-came
					r.a.fill(r.l)
					go r.a.run()
				}
			}()
			newest.a.fill(newest.l)
			return
		}
	}
	newest.a.fill(newest.l)
}

// older says that the file of another agent is newer.
func (a *agent) older() {
	if a != nil {
		a.is(func(s *DatabaseAgent) { s.Status = "Last read succeeded. Another agent has newer bindings." })
	}
}

// close writes what is not written yet, as far as that is quick, and ends them.
func (g *agents) close() {
	g.mu.Lock()
	all := g.all
	g.all = nil
	g.mu.Unlock()
	var wg sync.WaitGroup
	for _, a := range all {
		a.stop()
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), lastWrite)
			defer cancel()
			select {
			case <-a.done: // a transfer of its own has ended
				a.write(ctx)
			case <-ctx.Done():
			}
		})
	}
	wg.Wait()
}

func (g *agents) list() (out []DatabaseAgent) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, a := range g.all {
		a.mu.Lock()
		out = append(out, a.stand)
		a.mu.Unlock()
	}
	return out
}

func (a *agent) configure(d engine.Database) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d.WriteDelay == 0 {
		d.WriteDelay = engine.DefaultWriteDelay
	}
	if d.Timeout == 0 {
		d.Timeout = engine.DefaultDatabaseTimeout
	}
	a.conf = d
	a.stand.URL, a.stand.Delay, a.stand.Timeout = d.URL, d.WriteDelay, max(d.Timeout, 0)
}

// is changes how the agent stands.
func (a *agent) is(f func(*DatabaseAgent)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f(&a.stand)
}

// within is a context for one transfer.
func (a *agent) within(ctx context.Context) (context.Context, context.CancelFunc, engine.Database) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.conf.Timeout == engine.NoTimeout {
		ctx, cancel := context.WithCancel(ctx)
		return ctx, cancel, a.conf
	}
	ctx, cancel := context.WithTimeout(ctx, a.conf.Timeout)
	return ctx, cancel, a.conf
}

// read fetches the file. It returns nil if there is nothing to take from it.
func (a *agent) read() *leasefile.List {
	ctx, cancel, conf := a.within(a.ctx)
	defer cancel()
	text, err := a.of.files.Read(ctx, conf.URL)
	if errors.Is(err, fs.ErrNotExist) {
		a.mu.Lock()
		a.known = true
		a.stand.Status = "There is no file yet."
		a.mu.Unlock()
		return nil
	}
	var l leasefile.List
	if err == nil {
		if l, err = leasefile.Read(string(text), a.of.r.now().Location()); err != nil && len(text) == 0 {
			l, err = leasefile.List{}, nil // somebody made it for TFTP, which does not create files
		}
	}
	if err != nil {
		a.failed(err, true)
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.known, a.failing = true, false
	a.stand.Read, a.stand.Status = a.of.r.now(), "Last read succeeded. Bindings have been loaded in RAM."
	a.stand.Successes++
	switch {
	case l.Cut:
		a.stand.Status = "Last read succeeded. The file was cut off; what is there has been loaded in RAM."
	case l.Bad > 0:
		a.stand.Status = "Last read succeeded. Some entries could not be read; the others have been loaded in RAM."
	}
	return &l
}

// fill gives the server what its log has not.
func (a *agent) fill(l *leasefile.List) {
	if l == nil {
		return
	}
	var known []engine.Known
	for _, x := range l.Leases {
		known = append(known, engine.Known(x))
	}
	var got engine.Imported
	a.of.r.do(func(e *engine.Engine, now engine.Instant) { got = e.Fill(now, known) })
	a.of.r.opt.Recorder.Record(engine.DatabaseRead{URL: PublicURL(a.url()), Taken: got.Taken, Of: len(known)})
}

func (a *agent) url() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.conf.URL
}

// failed takes note of a transfer that failed. It is said once until one
// succeeds.
func (a *agent) failed(err error, reading bool) {
	if a.ctx.Err() != nil && !errors.Is(err, context.DeadlineExceeded) {
		return // it is being ended
	}
	what := "write"
	if reading {
		what = "read"
	}
	a.mu.Lock()
	again := a.failing
	a.failing = true
	a.stand.Failures++
	a.stand.Status = "Last " + what + " failed: " + reason(err)
	url := a.conf.URL
	a.mu.Unlock()
	if !again {
		a.of.r.opt.Recorder.Record(engine.DatabaseFailed{URL: PublicURL(url), Reading: reading, Why: reason(err)})
	}
}

// reason words an error without paths of the machine.
func reason(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timed out"
	case errors.Is(err, fs.ErrNotExist):
		return "no such file"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return alarming.ReplaceAllString(err.Error(), "...")
}

// alarming are words of servers that automation takes for a failure of the
// command that shows them.
var alarming = regexp.MustCompile(`(?i)not\s+found|errors?\s*:|timed\s+out|invalid|% ?`)

// run writes when there is something to write.
func (a *agent) run() {
	defer close(a.done)
	again := time.Now().Add(readAgain)
	for {
		a.mu.Lock()
		known, delay := a.known, a.conf.WriteDelay
		a.mu.Unlock()
		select {
		case <-a.ctx.Done():
			return
		case <-time.After(min(agentLook, delay/4)):
		}
		switch {
		case known:
			if a.due(delay) {
				a.write(a.ctx)
			}
		case time.Now().After(again):
			a.fill(a.read())
			again = time.Now().Add(readAgain)
		}
	}
}

// due reports whether a change has waited long enough.
func (a *agent) due(delay time.Duration) bool {
	now := a.of.r.changes()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case now == a.written:
		a.changed = time.Time{}
		return false
	case a.changed.IsZero():
		a.changed = time.Now()
	}
	return time.Since(a.changed) >= delay
}

// write writes the bindings if the file does not have them.
func (a *agent) write(ctx context.Context) {
	var list []leasefile.Lease
	var at uint64
	if !a.of.r.do(func(e *engine.Engine, _ engine.Instant) {
		at = e.Changes
		for _, b := range e.List() {
			if b.Active && b.Type == "Automatic" {
				list = append(list, leasefile.Lease{Addr: b.Addr, ClientID: b.ClientID, MAC: b.MAC, Expiry: b.Expiry})
			}
		}
	}) {
		return
	}
	a.mu.Lock()
	skip := !a.known || at == a.written
	a.changed = time.Time{} // the next try is due a delay from now
	a.mu.Unlock()
	if skip {
		return
	}
	ctx, cancel, conf := a.within(ctx)
	defer cancel()
	err := a.of.files.Write(ctx, conf.URL, leasefile.FormatDatabase(list, a.of.r.now()))
	if err != nil {
		a.failed(err, false)
		return
	}
	a.mu.Lock()
	a.written = at
	again := a.failing
	a.failing = false
	a.stand.Successes++
	a.stand.Written, a.stand.Status = a.of.r.now(), "Last write succeeded. Agent information is up-to-date."
	a.mu.Unlock()
	a.of.r.opt.Recorder.Record(engine.DatabaseWritten{URL: PublicURL(conf.URL), Count: len(list), Again: again})
}
