package claim

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/share"
	"option150/platform/fleet"
	"option150/platform/fleet/etcd"
	"option150/platform/journal"
)

// Times of a session.
const (
	skew       = 4 // seconds that the clocks of two boxes may differ by
	beatEvery  = 2 * time.Second
	answerTime = 2 * time.Second // of what no client waits for
	readTime   = 5 * time.Second // of all there is
	againAfter = time.Second     // at most, see pauseAfter
	firstPause = 50 * time.Millisecond
	steady     = 2 * time.Second // connected for longer, it was no failure
	keepEvery  = 5               // beats
	silentFor  = 3               // beats of our own that do not come back
)

// Store is what is asked of the engine of the fleet; an etcd.Client is one.
type Store interface {
	Range(ctx context.Context, prefix string) ([]etcd.KV, etcd.Header, error)
	Do(ctx context.Context, t etcd.Txn) (etcd.Result, error)
	Watch(ctx context.Context, prefix string, from int64, f func(etcd.Header, []etcd.Change) error) error
}

// Host runs a function on the goroutine of the DHCP engine and waits for it. It
// reports false, and does not run it, when that has ended.
type Host func(func(*engine.Engine, engine.Instant)) bool

// Session is one box's part in a domain.
type Session struct {
	conf  share.Config
	keys  keys
	store Store
	root  *os.Root // of nvram:, nil = nothing is kept
	rec   journal.Recorder
	host  Host

	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}
	again  chan struct{}           // all is to be read again
	clock  map[string]*differences // of the host's goroutine
	stale  map[string]int64        // of the host's goroutine: signs of life that tell nothing, see heard
	fresh  bool                    // of the host's goroutine: the domain had never heard of this box
	since  time.Time               // connected, zero = it was not; of run
	name   string                  // of this session: no other has it
	before string                  // that of the one before it on this disk
	twin   namesake                // of the host's goroutine

	mu   sync.Mutex
	kept kept
	why  string // the last fault
	echo int64  // revision of the last sign of life of our own that came back
	told bool   // that it is isolated
	join bool   // it was connected before
}

// New returns a session that does nothing before Start. The store and the root are its
// own.
func New(conf share.Config, store Store, root *os.Root, rec journal.Recorder) *Session {
	ctx, cancel := context.WithCancel(context.Background())
	s := &Session{conf: conf, keys: keysOf(conf.Domain), store: store, root: root, rec: journal.Or(rec), ctx: ctx, cancel: cancel,
		done: make(chan struct{}), again: make(chan struct{}, 1), clock: map[string]*differences{}, stale: map[string]int64{}}
	s.kept = kept{Box: conf.Box, Domain: conf.Domain} // it has lost what it had
	switch k, ok := load(root, conf.Domain); {
	case ok && k.Box == conf.Box:
		s.kept = k
	case ok:
		s.rec.Record(engine.SharedRenamed{Domain: conf.Domain, Was: k.Box, Box: conf.Box})
	}
	s.name, s.before = rand.Text(), s.kept.Run
	return s
}

// Domain is what is known before anything was read; now is seconds since 1970.
func (s *Session) Domain(now int64) *share.Domain {
	d := share.New(share.Rules{Box: s.conf.Box, Boxes: s.kept.Boxes, Lead: s.conf.Lead, Skew: skew, OwnShare: s.conf.OwnShare})
	d.Started, d.Last, d.Gen, d.Untried, d.Unheard = now, s.kept.Last, s.kept.Gen, share.TriedAfter, true
	return d
}

// Start begins. The domain has to be set at the engine of the host.
func (s *Session) Start(h Host) {
	s.host = h
	go s.run()
}

// Stop ends it; it does not wait. Claims are not answered from then on.
func (s *Session) Stop() { s.cancel() }

// Wait returns when all that it started has ended. It has to be stopped, and the host
// has to run functions, or to refuse them.
func (s *Session) Wait() { <-s.done }

// Waits is "": a session waits for the engine alone.
func (s *Session) Waits() string { return "" }

// Why is the last fault, "" while it is connected.
func (s *Session) Why() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.why
}

var (
	errAgain  = errors.New("something was written: it is read again")
	errLost   = errors.New("an exchange had no answer")
	errEnded  = errors.New("the server has ended")
	errSilent = errors.New("changes do not come")
	errBack   = errors.New("it has gone back")
	errMany   = fmt.Errorf("the domain has more than %d bindings", maxBindings-1)
)

func (s *Session) run() {
	defer close(s.done)
	defer s.leave()
	for again, failed := 0, 0; s.ctx.Err() == nil; {
		s.since = time.Time{}
		err := s.session()
		if !s.since.IsZero() && time.Since(s.since) > steady {
			failed = 0
		}
		var wait time.Duration
		switch {
		case errors.Is(err, errAgain) && again < 100:
			again++
			wait = time.Duration(again) * time.Millisecond
		default:
			again = 0
			wait = pauseAfter(failed)
			if failed++; errors.Is(err, errLost) {
				wait = 0
			}
		}
		s.alone(err, failed)
		select {
		case <-s.ctx.Done():
		case <-time.After(wait):
		}
	}
}

// pauseAfter is how long nothing is asked after so many sessions have failed one after
// the other: where one member has died the next is asked at once.
func pauseAfter(failed int) time.Duration {
	if failed == 0 {
		return 0
	}
	return min(firstPause<<min(failed-1, 10), againAfter)
}

// leave gives back what it was given.
func (s *Session) leave() {
	if s.root != nil {
		_ = s.root.Close()
	}
	if c, ok := s.store.(interface{ Close() }); ok {
		c.Close()
	}
}

// alone has the box count as isolated. It is told when it could not be connected
// again at once: by the second failure.
func (s *Session) alone(err error, failed int) {
	if s.ctx.Err() != nil {
		return
	}
	fresh := false // clients get something
	s.host(func(e *engine.Engine, now engine.Instant) {
		if d := e.Share(); d != nil {
			d.Connected = false
			fresh = d.New(e.Wall(now)) == nil
		}
	})
	if errors.Is(err, errAgain) || errors.Is(err, errLost) {
		return
	}
	s.fault(err)
	if failed < 2 {
		return
	}
	s.mu.Lock()
	tell := !s.told
	s.told = true
	s.mu.Unlock()
	if tell {
		s.rec.Record(engine.SharedAlone{Why: short(err), New: fresh})
	}
}

func short(err error) string {
	t := err.Error()
	return t[:min(len(t), 200)]
}

func (s *Session) fault(err error) {
	s.mu.Lock()
	s.why = short(err)
	s.mu.Unlock()
}

// readAgain has all read again.
func (s *Session) readAgain() {
	select {
	case s.again <- struct{}{}:
	default:
	}
}

// head is where the engine was seen last.
func (s *Session) head() etcd.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return etcd.Header{Cluster: s.kept.Cluster, Revision: s.kept.Revision}
}

// note takes down where the engine is. It reports false when it is not beyond where it
// was before it was asked, or another one was found meanwhile: then the answer counts for
// nothing.
func (s *Session) note(before etcd.Header, r etcd.Result) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Cluster != before.Cluster || r.Cluster != s.kept.Cluster || r.Revision < before.Revision || r.OK && r.Revision == before.Revision {
		return false
	}
	s.kept.Revision = max(s.kept.Revision, r.Revision)
	return true
}

// session reads all there is, enters what this box knows, and follows what changes
// until something fails.
func (s *Session) session() error {
	select {
	case <-s.again:
	default:
	}
	v, err := s.read()
	if err != nil {
		return err
	}
	if err := s.settle(v); err != nil {
		return err
	}
	if err := s.prove(v); err != nil {
		return err
	}
	_, off := v.downs[s.conf.Box]
	var puts []engine.Bound
	misleads := false
	if !s.host(func(e *engine.Engine, now engine.Instant) {
		if d := e.Share(); d != nil && s.misleads(d, e.Wall(now), v) {
			misleads = true
			return
		}
		if puts = e.Enter(now, v.at); len(puts) == 0 && !off {
			s.whole(e, now, v)
		}
	}) {
		return errEnded
	}
	switch {
	case misleads:
		return s.takeBack(v)
	case len(puts) > 0:
		return s.enter(v, puts)
	case off:
		k := s.keys.downOf(s.conf.Box)
		return s.write(v.head, etcd.Txn{If: []etcd.Compare{{Key: k, Mod: v.downs[s.conf.Box].Mod}}, Puts: []etcd.Put{{Key: k, Delete: true}}})
	}
	s.back(v)
	s.since = time.Now()
	return s.follow(v)
}

func (s *Session) read() (*view, error) {
	ctx, cancel := context.WithTimeout(s.ctx, readTime)
	defer cancel()
	v, err := readView(ctx, s.store, s.keys)
	if err == nil && len(v.at) >= maxBindings {
		err = errMany
	}
	return v, err
}

// readView reads the words of operators before the rest: what changes since comes by
// the watches from the older revision on.
func readView(ctx context.Context, st Store, k keys) (*view, error) {
	downs, first, err := st.Range(ctx, k.downs)
	if err != nil {
		return nil, err
	}
	all, head, err := st.Range(ctx, k.prefix)
	if err != nil {
		return nil, err
	}
	if head.Cluster != first.Cluster || head.Revision < first.Revision {
		return nil, errBack
	}
	v := newView(head)
	v.first = first.Revision
	for _, kv := range append(all, downs...) {
		v.put(k, kv)
	}
	return v, nil
}

// prove has the engine write something, as soon as a client would have it: one that can be
// read but takes nothing any more, because its disk is full or slow, or this box may
// not write, leaves the box isolated, so that renewals go on.
func (s *Session) prove(v *view) error {
	var at int64
	if !s.host(func(e *engine.Engine, now engine.Instant) {
		at = e.Wall(now)
		if d := e.Share(); d != nil && d.Last == 0 && !v.knows(s.conf.Box) {
			s.fresh = true
		}
		s.found(e, now, v.clocks[s.conf.Box])
	}) {
		return errEnded
	}
	s.sign()
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	r, err := s.attempt(ctx, etcd.Txn{If: []etcd.Compare{{Key: s.keys.generation(), Mod: v.generation}}, Puts: []etcd.Put{{Key: s.keys.clock(s.conf.Box), Value: text(beat{Stamp: at, Run: s.name})}}})
	if err == nil && !r.OK {
		err = errAgain
	}
	return err
}

// write carries out what changes the domain; then it is read again.
func (s *Session) write(before etcd.Header, t etcd.Txn) error {
	ctx, cancel := context.WithTimeout(s.ctx, answerTime)
	defer cancel()
	r, err := s.store.Do(ctx, t)
	if err != nil {
		return err
	}
	if r.Cluster != before.Cluster || r.Revision < before.Revision {
		return errBack
	}
	return errAgain
}

// settle compares the engine with what it was: if it went back the generation goes up. A
// box that is not on the list enters itself: the shares are others then, and all
// boxes have to know before anybody gives out anything new.
func (s *Session) settle(v *view) error {
	s.mu.Lock()
	k := s.kept
	s.mu.Unlock()
	why := ""
	switch {
	case k.Cluster != 0 && k.Cluster != v.head.Cluster:
		why = "it is another cluster"
	case v.head.Revision < k.Revision:
		why = fmt.Sprintf("from revision %d to %d", k.Revision, v.head.Revision)
	case v.gen < k.Gen:
		why = fmt.Sprintf("from generation %d to %d", k.Gen, v.gen)
	}
	if why != "" || v.gen == 0 {
		next, text := fleet.NextGeneration(max(v.gen, k.Gen))
		ctx, cancel := context.WithTimeout(s.ctx, answerTime)
		defer cancel()
		r, err := s.store.Do(ctx, etcd.Txn{If: []etcd.Compare{{Key: s.keys.generation(), Mod: v.generation}}, Puts: []etcd.Put{{Key: s.keys.generation(), Value: text}}})
		if err != nil {
			return err
		}
		if !r.OK {
			return errAgain
		}
		if why != "" {
			s.rec.Record(engine.SharedBack{Why: why})
		}
		s.set(func(k *kept) { k.Cluster, k.Revision, k.Gen = r.Cluster, r.Revision, next })
		return errAgain
	}
	if slices.Contains(v.boxes, s.conf.Box) {
		s.set(func(k *kept) {
			k.Cluster, k.Revision, k.Gen, k.Boxes = v.head.Cluster, max(k.Revision, v.head.Revision), v.gen, v.boxes
		})
		return nil
	}
	t, err := fleet.Sharing{Domain: s.conf.Domain, Boxes: v.boxes, Gen: v.gen, List: v.list, Generation: v.generation}.Enter(s.conf.Box)
	if err != nil {
		return err
	}
	return s.write(v.head, t)
}

// enter has the engine get what this box knows and that does not.
func (s *Session) enter(v *view, puts []engine.Bound) error {
	for part := range slices.Chunk(puts, maxOps) {
		t := etcd.Txn{If: []etcd.Compare{{Key: s.keys.generation(), Mod: v.generation}}}
		for i := range part {
			k := s.keys.at(part[i].Addr)
			t.If = append(t.If, etcd.Compare{Key: k, Mod: part[i].Mod})
			t.Puts = append(t.Puts, etcd.Put{Key: k, Value: lease(&part[i].Record)})
		}
		if err := s.write(v.head, t); !errors.Is(err, errAgain) {
			return err
		}
	}
	return errAgain
}

// whole has the domain be what was read.
func (s *Session) whole(e *engine.Engine, now engine.Instant, v *view) {
	d := e.Share()
	if d == nil {
		return
	}
	d.Boxes, d.ListMod, d.Gen, d.GenMod = v.boxes, v.list, v.gen, v.generation
	clear(d.Beats)
	clear(d.Downs)
	for box, b := range s.heard(d, e.Wall(now), v) {
		d.Beats[box] = b.share()
		e.Peers(box, b.Addrs)
	}
	for box, x := range v.downs {
		d.Downs[box] = x
	}
	mine, said := v.beats[s.conf.Box]
	d.Heard = said && mine.Gen == v.gen
	s.tried(d, e.Wall(now), v)
	s.remember(d)
	if d.Last == 0 && s.fresh { // it cannot have granted anything by these rules before
		d.Founded(e.Wall(now))
	}
	e.Whole(now, v.at)
}

// back tells that the box is connected.
func (s *Session) back(v *view) {
	s.mu.Lock()
	tell := s.told || !s.join
	s.told, s.join, s.why, s.echo = false, true, "", v.head.Revision
	s.mu.Unlock()
	s.save()
	if tell {
		s.rec.Record(engine.SharedAgain{Domain: s.conf.Domain})
	}
}
