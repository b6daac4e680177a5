package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/journal"
	"option150/platform/service"
)

// Name is the service in plans.
const Name = "fleet"

// Times of the fleet.
const (
	leaseTime = 15 * time.Second // after which a box without a sign of life is gone
	beatEvery = 5 * time.Second
	patience  = 2 * time.Second
	readTime  = 60 * time.Second // for all there is
	lookEvery = 30 * time.Second // how the engine stands
)

// Options are what a fleet is made of. The functions give copies of what is true now;
// they are called once a second while the box is in a fleet.
type Options struct {
	Version  string
	Started  time.Time
	Recorder journal.Recorder
	ReadFile func(name string) ([]byte, error) // of nvram:

	Phones   func() (list []Phone, all int) // up to MaxPhones of all there are
	Services func() []Service
	// Configuration is the running one: a value that is another when it is, and the
	// text without secrets.
	Configuration func() (version any, text func() string)
	Lend          []Lent // what boxes that follow this one are given
	// Events goes up whenever something happened that phones or services may show.
	Events func() uint64
}

// Fleet is the service. Use New.
type Fleet struct {
	opt         Options
	beat, lease time.Duration // faster by tests

	mu     sync.Mutex
	run    *run // nil while it does nothing
	view   view
	since  service.Since
	why    map[string]string // kinds of Lend are not given
	writes uint64

	debugged atomic.Bool
}

// run is one complete section at work.
type run struct {
	config Config
	me     here
	client *etcd.Client
	cancel context.CancelCauseFunc
	done   chan struct{}
	own    own
}

// New returns a fleet that does nothing.
func New(o Options) *Fleet {
	o.Recorder = journal.Or(o.Recorder)
	if o.ReadFile == nil {
		o.ReadFile = func(string) ([]byte, error) { return nil, fs.ErrNotExist }
	}
	return &Fleet{opt: o, beat: beatEvery, lease: leaseTime}
}

// Name implements service.Service.
func (*Fleet) Name() string { return Name }

// Prepare implements service.Service. An engine that does not answer is a fact about
// the world; a file that cannot be read, or does not hold what it is named for, is
// refused.
func (f *Fleet) Prepare(_ context.Context, _, to service.Spec) (service.Change, error) {
	want, _ := to.(Config)
	want = want.Clone().files(f.opt.ReadFile)
	var client *etcd.Client
	if want.Missing() == "" {
		var err error
		if client, err = want.Dial(f.opt.ReadFile); err != nil {
			return nil, err
		}
	}
	return service.Funcs{OnCommit: func() { f.set(want, client) }}, nil
}

func (f *Fleet) set(want Config, client *etcd.Client) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.run
	f.run, f.view, f.since = nil, view{}, service.Since{}
	if client != nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		f.run = &run{config: want, client: client, cancel: cancel, done: make(chan struct{}), me: here{Instance: rand.Text(), Since: time.Now().Unix()}}
		f.view = newView()
		same := was != nil && was.config.ID() == want.ID()
		if same {
			f.run.me = was.me
		}
		go f.follow(ctx, f.run, was)
	}
	if was != nil {
		cause := errLeave
		if f.run != nil && was.config.ID() == want.ID() {
			cause = errAgain
		}
		was.cancel(cause)
	}
}

// Why a run ends.
var (
	errLeave = errors.New("it leaves the fleet")
	errAgain = errors.New("it goes on with another section")
	errStop  = errors.New("the box stops")
)

// Close ends it: the others see at once that the box is off.
func (f *Fleet) Close() {
	f.mu.Lock()
	was := f.run
	f.run, f.view = nil, view{}
	f.mu.Unlock()
	if was != nil {
		was.cancel(errStop)
		<-was.done
	}
}

// Link is a connection to the engine, for what else of the box is kept there. Done is
// closed when the section is another; then there may be a new one.
type Link struct {
	Config
	Client *etcd.Client
	Done   <-chan struct{}
}

// Link returns the connection; false: the box is in no fleet.
func (f *Fleet) Link() (Link, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == nil {
		return Link{}, false
	}
	return Link{Config: f.run.config.Clone(), Client: f.run.client, Done: f.run.done}, true
}

// Status implements service.Service.
func (f *Fleet) Status() service.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, why := service.Running, ""
	switch v := &f.view; {
	case f.run == nil:
		st = service.Disabled
	case v.whole.IsZero() && v.answer.IsZero() && v.why == connecting:
		st, why = service.Starting, v.why
	case v.whole.IsZero() && v.refused:
		st, why = service.Degraded, "the servers refuse this box: "+v.why+"; `fleet init` makes its user"
	case v.whole.IsZero():
		st, why = service.Degraded, "no server of the fleet answers: "+v.why
	case v.double:
		st, why = service.Degraded, "another box is called "+f.run.config.Name+" too, or was until a moment ago: this one publishes nothing"
	case v.engine.Full:
		st, why = service.Degraded, "the servers are full and take nothing: `show fleet` says what to do there"
	case f.run.own.refused != "":
		st, why = service.Degraded, "the servers refuse what this box writes: "+f.run.own.refused
	}
	return service.Status{State: st, Why: why, Since: f.since.Note(st, why)}
}
