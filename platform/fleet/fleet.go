package fleet

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/journal"
	"option150/platform/service"
)

// Name is the service in plans.
const Name = "fleet"

// Times of the fleet.
const (
	beatEvery = 5 * time.Second
	goneAfter = 3 * beatEvery // without a change of its key
	patience  = 2 * time.Second
	again     = time.Second // between attempts to reach the engine
)

// Bounds of what others may have us keep.
const (
	maxBoxes = 2048
	maxValue = 1024
	maxText  = 64
)

// value is what a box says of itself.
type value struct {
	Instance string `json:"instance"` // of the process
	Version  string `json:"version"`
	Started  int64  `json:"started"` // seconds since 1970, by its clock
	Stamp    int64  `json:"stamp"`
}

// Options are what a fleet is made of.
type Options struct {
	Version  string
	Recorder journal.Recorder
}

// Fleet is the service. Use New.
type Fleet struct {
	opt Options
	// Faster by tests.
	beat, gone time.Duration

	mu     sync.Mutex
	config Config
	cancel context.CancelCauseFunc // nil while it does nothing
	done   chan struct{}
	view   view
	since  service.Since
}

// view is what is known while a section is complete.
type view struct {
	head   etcd.Header
	answer time.Time // of the engine, the last one
	whole  time.Time // since when its changes are followed without a gap; zero = they are not
	why    string    // it does not answer
	double bool      // another box has our name
	mine   string    // instance
	boxes  map[string]*seen
}

type seen struct {
	value
	at      time.Time // when it was seen or changed last
	changed bool      // since it was first seen
	told    bool      // that it is gone
}

// New returns a fleet that does nothing.
func New(o Options) *Fleet {
	o.Recorder = journal.Or(o.Recorder)
	return &Fleet{opt: o, beat: beatEvery, gone: goneAfter}
}

// Name implements service.Service.
func (*Fleet) Name() string { return Name }

// Prepare implements service.Service: an engine that does not answer is a fact about
// the world.
func (f *Fleet) Prepare(_ context.Context, _, to service.Spec) (service.Change, error) {
	want, _ := to.(Config)
	want = want.Clone()
	return service.Funcs{OnCommit: func() { f.set(want) }}, nil
}

func (f *Fleet) set(want Config) {
	f.stop(true)
	if want.Missing() != "" {
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	f.mu.Lock()
	defer f.mu.Unlock()
	f.config, f.cancel, f.done = want, cancel, make(chan struct{})
	f.view = view{mine: rand.Text(), boxes: map[string]*seen{}, why: "connecting"}
	go f.run(ctx, want, f.view.mine, f.done)
}

// errLeave ends a run whose box is no longer of the domain.
var errLeave = errors.New("it leaves the fleet")

// stop ends it. With leave the box takes its key along, and nobody waits for that.
func (f *Fleet) stop(leave bool) {
	f.mu.Lock()
	cancel, done := f.cancel, f.done
	f.cancel, f.done, f.config, f.view = nil, nil, Config{}, view{}
	f.mu.Unlock()
	if cancel == nil {
		return
	}
	if leave {
		cancel(errLeave)
		return
	}
	cancel(nil)
	<-done
}

// Close ends it.
func (f *Fleet) Close() { f.stop(false) }

// Status implements service.Service.
func (f *Fleet) Status() service.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	st, why := service.Running, ""
	switch {
	case f.cancel == nil:
		st = service.Disabled
	case f.view.answer.IsZero() && f.view.why == "connecting":
		st, why = service.Starting, f.view.why
	case f.view.whole.IsZero():
		st, why = service.Degraded, "no server of the fleet answers: "+f.view.why
	case f.view.double:
		st, why = service.Degraded, "another box is called "+f.config.Name+" too"
	}
	return service.Status{State: st, Why: why, Since: f.since.Note(st, why)}
}

func prefix(domain string) string { return "/option150/" + domain + "/box/" }

// run connects again and again.
func (f *Fleet) run(ctx context.Context, c Config, mine string, done chan struct{}) {
	defer close(done)
	client := etcd.New(etcd.Options{Members: c.Servers, User: c.User, Password: c.Password})
	defer client.Close()
	me := value{Instance: mine, Version: f.opt.Version, Started: time.Now().Unix()}
	var last int64 // revision of our key
	defer func() {
		if last != 0 && errors.Is(context.Cause(ctx), errLeave) {
			f.leave(client, c, last)
		}
	}()
	for ctx.Err() == nil {
		err := f.session(ctx, client, c, me, &last)
		if ctx.Err() != nil {
			return
		}
		f.lost(mine, err)
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// lost notes that the engine is not followed.
func (f *Fleet) lost(mine string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.view.mine != mine {
		return
	}
	f.view.whole, f.view.why = time.Time{}, short(err.Error())
}

// leave removes our key, unless somebody has written it since.
func (f *Fleet) leave(client *etcd.Client, c Config, last int64) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	key := prefix(c.Domain) + c.Name
	_, _ = client.Do(ctx, etcd.Txn{If: []etcd.Compare{{Key: key, Mod: last}}, Puts: []etcd.Put{{Key: key, Delete: true}}})
}

func short(s string) string { return s[:min(len(s), 200)] }

// session reads all there is and follows it until something fails.
func (f *Fleet) session(ctx context.Context, client *etcd.Client, c Config, me value, last *int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	all, head, err := read(ctx, client, prefix(c.Domain))
	if err != nil {
		return err
	}
	f.begin(me.Instance, c, all, head)
	news := make(chan struct{}, 1)
	var watch sync.WaitGroup
	watch.Go(func() {
		cancel(client.Watch(ctx, prefix(c.Domain), head.Revision+1, func(h etcd.Header, list []etcd.Change) error {
			f.changes(me.Instance, c, h, list)
			select {
			case news <- struct{}{}:
			default:
			}
			return nil
		}))
	})
	defer watch.Wait()
	defer cancel(nil)
	tick := time.NewTicker(f.beat)
	defer tick.Stop()
	silent := 0
	for {
		if err := f.say(ctx, client, c, me, last); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
		select {
		case <-news:
			silent = 0
		default: // our own sign of life did not come back
			if silent++; silent > 2 {
				return errors.New("changes do not come")
			}
		}
		f.tell(me.Instance)
	}
}

func read(ctx context.Context, client *etcd.Client, p string) ([]etcd.KV, etcd.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return client.Range(ctx, p)
}

// say writes the sign of life of this box.
func (f *Fleet) say(ctx context.Context, client *etcd.Client, c Config, me value, last *int64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	me.Stamp = time.Now().Unix()
	text, err := json.Marshal(me)
	if err != nil {
		return err
	}
	r, err := client.Do(ctx, etcd.Txn{Puts: []etcd.Put{{Key: prefix(c.Domain) + c.Name, Value: string(text)}}})
	if err != nil {
		return fmt.Errorf("to write: %w", err)
	}
	*last = r.Revision
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.view.mine == me.Instance {
		f.view.answer = time.Now()
	}
	return nil
}

func decode(kv etcd.KV, p string) (name string, v value, ok bool) {
	name = strings.TrimPrefix(kv.Key, p)
	if !ValidName(name) || len(kv.Value) > maxValue || json.Unmarshal([]byte(kv.Value), &v) != nil {
		return "", v, false
	}
	v.Version = printable(v.Version)
	return name, v, true
}

// printable is what others wrote, as it may be shown.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), maxText)])
}
