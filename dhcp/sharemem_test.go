package dhcp

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"option150/dhcp/store"
	"option150/platform/fleet"
	"option150/platform/fleet/etcd"
)

// memory is an engine of a fleet that forgets when it is told to.
type memory struct {
	mu      sync.Mutex
	cluster uint64
	rev     int64
	kv      map[string]etcd.KV
	log     []etcd.Change // in order; Mod is the revision
	news    chan struct{} // closed at every change
	age     int           // how often it was set back
	dead    bool
	full    bool          // it writes nothing: it has the alarm NOSPACE
	slow    time.Duration // its disk: a write takes up to that
	compact int           // how often it forgot what changed
	rnd     *rand.Rand
}

func newMemory(rnd *rand.Rand) *memory {
	return &memory{cluster: 7, rev: 1, kv: map[string]etcd.KV{}, news: make(chan struct{}), rnd: rnd}
}

// set changes what goes wrong with it.
func (m *memory) set(f func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m)
}

// takes is how long a write does, and whether it can be.
func (m *memory) takes() (d time.Duration, full bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.slow > 0 {
		d = time.Duration(m.rnd.Int64N(int64(m.slow)))
	}
	return d, m.full
}

// forget is a compaction.
func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.log = nil
	m.compact++
	close(m.news)
	m.news = make(chan struct{})
}

func (m *memory) header() etcd.Header { return etcd.Header{Cluster: m.cluster, Revision: m.rev} }

func (m *memory) apply(t etcd.Txn) etcd.Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	once := map[string]bool{}
	for _, p := range t.Puts {
		if once[p.Key] {
			panic("a key is put twice: " + p.Key)
		}
		once[p.Key] = true
	}
	if len(t.If) > 128 || len(t.Puts) > 128 {
		panic("too many operations")
	}
	for _, c := range t.If {
		if m.kv[c.Key].Mod == c.Mod {
			continue
		}
		r := etcd.Result{Header: m.header()}
		for _, k := range t.Else {
			if kv, ok := m.kv[k]; ok {
				r.KVs = append(r.KVs, kv)
			}
		}
		return r
	}
	m.rev++
	for _, p := range t.Puts {
		kv := etcd.KV{Key: p.Key, Value: p.Value, Created: m.rev, Mod: m.rev}
		if m.kv[p.Key] = kv; p.Delete {
			delete(m.kv, p.Key)
		}
		m.log = append(m.log, etcd.Change{KV: kv, Deleted: p.Delete})
	}
	close(m.news)
	m.news = make(chan struct{})
	return etcd.Result{Header: m.header(), OK: true}
}

// declareDown is the word of an operator that a box is off.
func (m *memory) declareDown(domain, box string) {
	m.mu.Lock()
	gen, _ := strconv.ParseUint(m.kv[fleet.GenerationKey(domain)].Value, 10, 64)
	m.mu.Unlock()
	m.apply(etcd.Txn{Puts: []etcd.Put{{Key: fleet.DownPrefix(domain) + box, Value: fleet.Word{Since: time.Now().Unix(), Gen: gen}.String()}}})
}

// backup is a copy; restore has the engine be what it was then.
func (m *memory) backup() *memory {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := &memory{cluster: m.cluster, rev: m.rev, kv: map[string]etcd.KV{}}
	for k, v := range m.kv {
		c.kv[k] = v
	}
	return c
}

func (m *memory) restore(c *memory, cluster uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cluster, m.rev, m.log = cluster, c.rev, nil
	m.age++
	m.kv = map[string]etcd.KV{}
	for k, v := range c.kv {
		m.kv[k] = v
	}
	close(m.news)
	m.news = make(chan struct{})
}

// link is the way of one box to it. It implements claim.Store.
type link struct {
	m *memory

	mu   sync.Mutex
	rnd  *rand.Rand
	cut  bool
	gone bool          // the box is dead
	bad  int           // one in so many exchanges has no answer, 0 = none
	lag  time.Duration // of what the watches bring, at most
}

func (l *link) n(n int) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rnd.IntN(n)
}

func (l *link) is() (cut, gone bool, bad int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	return l.cut || l.m.dead, l.gone, l.bad
}

func (l *link) set(f func(*link)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f(l)
}

func (l *link) Do(ctx context.Context, t etcd.Txn) (etcd.Result, error) {
	time.Sleep(time.Duration(1+l.n(4)) * time.Millisecond)
	cut, gone, bad := l.is()
	switch {
	case gone:
		return etcd.Result{}, etcd.ErrUnsent
	case cut && l.n(3) == 0: // it arrives when nobody waits for it
		time.AfterFunc(time.Duration(l.n(20_000))*time.Millisecond, func() { l.m.apply(t) })
		fallthrough
	case cut:
		<-ctx.Done()
		return etcd.Result{}, fmt.Errorf("%w: %w", etcd.ErrUnanswered, ctx.Err())
	}
	d, full := l.m.takes()
	if full {
		return etcd.Result{}, &etcd.Refused{Code: 8, Text: "etcdserver: mvcc: database space exceeded"}
	}
	if d > 0 { // it is done, whether somebody waits for it or not
		done := make(chan etcd.Result, 1)
		time.AfterFunc(d, func() { done <- l.m.apply(t) })
		select {
		case <-ctx.Done():
			return etcd.Result{}, fmt.Errorf("%w: %w", etcd.ErrUnanswered, ctx.Err())
		case r := <-done:
			return r, nil
		}
	}
	r := l.m.apply(t)
	if bad > 0 && l.n(bad) == 0 { // done, and the answer is lost
		if l.n(2) == 0 {
			<-ctx.Done()
		}
		return etcd.Result{}, etcd.ErrUnanswered
	}
	return r, nil
}

func (l *link) Range(ctx context.Context, prefix string) (all []etcd.KV, h etcd.Header, err error) {
	time.Sleep(time.Duration(1+l.n(4)) * time.Millisecond)
	switch cut, gone, _ := l.is(); {
	case cut && !gone && l.n(2) == 0:
		<-ctx.Done()
		return nil, h, fmt.Errorf("%w: %w", etcd.ErrUnanswered, ctx.Err())
	case gone || cut:
		return nil, h, etcd.ErrUnsent
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for k, v := range l.m.kv {
		if strings.HasPrefix(k, prefix) {
			all = append(all, v)
		}
	}
	return all, l.m.header(), nil
}

func (l *link) Watch(ctx context.Context, prefix string, from int64, f func(etcd.Header, []etcd.Change) error) error {
	l.m.mu.Lock()
	age, compact := l.m.age, l.m.compact
	l.m.mu.Unlock()
	for {
		l.m.mu.Lock()
		news, log, h := l.m.news, l.m.log, l.m.header()
		same, whole := age == l.m.age, compact == l.m.compact
		l.m.mu.Unlock()
		cut, gone, _ := l.is()
		if !whole && !cut {
			return etcd.ErrCompacted
		}
		if !same || gone {
			return errors.New("the connection ended")
		}
		var list []etcd.Change
		for _, c := range log {
			if c.Mod >= from && strings.HasPrefix(c.Key, prefix) {
				list = append(list, c)
			}
		}
		if !cut && len(list) > 0 {
			lag := 300 * time.Millisecond
			l.set(func(l *link) { lag = max(lag, l.lag) })
			time.Sleep(time.Duration(l.n(int(lag))))
			if err := f(h, list); err != nil {
				return err
			}
		}
		if !cut {
			from = max(from, h.Revision+1)
		}
		wait := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-news:
		case <-wait.C:
		}
		wait.Stop()
	}
}

// has reports whether it has a lease of a client that runs as long as that.
func (m *memory) has(a netip.Addr, mac []byte, until time.Time) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, err := store.ParseRecord([]byte(m.kv["/option150/bindings/CAMPUS/at/"+a.String()].Value))
	return err == nil && slices.Equal(r.MAC[:], mac) && r.Expiry >= until.Unix()-6
}
