package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/sorted"
)

// follow is a run: it connects again and again, once what was before it has ended.
func (f *Fleet) follow(ctx context.Context, r, was *run) {
	defer close(r.done)
	defer r.client.Close()
	if was != nil {
		<-was.done
		if was.me == r.me {
			r.own.lease, r.own.mod = was.own.lease, was.own.mod
		}
	}
	defer func() { f.end(r, context.Cause(ctx)) }()
	for ctx.Err() == nil {
		err := f.session(ctx, r)
		if ctx.Err() != nil {
			return
		}
		f.lost(r, err)
		select { // not all boxes at the same moment
		case <-ctx.Done():
		case <-time.After(f.beat/5 + rand.N(f.beat/2)):
		}
	}
}

// end takes the keys along, or at least the sign of life.
func (f *Fleet) end(r *run, why error) {
	if r.own.mod == 0 || errors.Is(why, errAgain) {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if errors.Is(why, errLeave) {
		p := r.config.ID().Prefix()
		t := etcd.Txn{If: []etcd.Compare{{Key: p + keyHere, Mod: r.own.mod}}}
		for k := range r.own.at {
			if t.Puts = append(t.Puts, etcd.Put{Key: p + k, Delete: true}); len(t.Puts) == maxPuts {
				_, _ = r.client.Do(ctx, t)
				t.Puts = nil
			}
		}
		for _, l := range f.opt.Lend {
			t.Puts = append(t.Puts, etcd.Put{Key: ID{r.config.Domain, r.config.Name}.FollowPrefix() + l.Kind, Delete: true})
		}
		t.Puts = append(t.Puts, etcd.Put{Key: p + keyHere, Delete: true})
		_, _ = r.client.Do(ctx, t)
	}
	_ = r.client.Revoke(ctx, r.own.lease)
}

// lost notes that the engine is not followed.
func (f *Fleet) lost(r *run, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == r {
		var no *etcd.Refused
		f.view.whole, f.view.why, f.view.refused = time.Time{}, short(err), errors.As(err, &no)
	}
}

// short is why the engine does not answer, as it is shown.
func short(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, context.Canceled):
		return "the connection ended"
	}
	return said(err.Error())
}

// session reads all there is and follows it until something fails.
func (f *Fleet) session(ctx context.Context, r *run) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	below := ""
	if !r.config.ViewAll {
		below = r.config.Domain + "/"
	}
	head, err := f.read(ctx, r, below)
	if err != nil {
		return err
	}
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel(nil)
	for _, tree := range []string{boxes, downs} {
		watch.Go(func() {
			cancel(r.client.Watch(ctx, tree+below, head.Revision+1, func(h etcd.Header, list []etcd.Change) error {
				f.changes(r, h, list)
				return nil
			}))
		})
	}
	if len(f.opt.Lend) > 0 {
		watch.Go(func() { f.lend(ctx, r) })
	}
	tick := time.NewTicker(min(f.beat, time.Second))
	defer tick.Stop()
	var kept, looked time.Time
	for {
		if time.Since(looked) >= lookEvery || r.own.full && time.Since(looked) >= f.beat {
			f.look(ctx, r)
			looked = time.Now()
		}
		if time.Since(kept) >= f.beat {
			if err := f.alive(ctx, r); err != nil {
				return err
			}
			kept = time.Now()
			f.tell(r)
		}
		if err := f.publish(ctx, r); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// read takes over what the engine has. What a box has beyond what it may is passed over.
func (f *Fleet) read(ctx context.Context, r *run, below string) (etcd.Header, error) {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	v := newView()
	r.own.begin()
	mine, keys := r.config.ID(), map[ID]int{}
	head, err := r.client.Scan(ctx, boxes+below, func(kv etcd.KV) string {
		of, kind := place(kv.Key)
		switch keys[of]++; {
		case kind == "":
			v.passed++
			return ""
		case keys[of] > maxKeys:
			v.passed++
			return of.Prefix()
		}
		v.put(kv, start)
		if of == mine {
			r.own.read(r.me, kind, kv)
		}
		return ""
	})
	if err == nil {
		_, err = r.client.Scan(ctx, downs+below, func(kv etcd.KV) string { v.put(kv, start); return "" })
	}
	if err != nil {
		return head, fmt.Errorf("to read: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run != r {
		return head, context.Canceled
	}
	now := time.Now()
	var back []ID
	for id, b := range v.boxes { // what was said of a box stays said
		if o := f.view.boxes[id]; o != nil {
			b.told = o.told && b.here == ""
			if o.told && b.here != "" {
				back = append(back, id)
			}
			if (o.here == "") == (b.here == "") {
				b.at = o.at
			}
		}
	}
	v.engine = f.view.engine
	v.head, v.answer, v.whole, v.why, v.first = head, now, now, "", now.Sub(start)
	if h := v.boxes[mine]; h != nil {
		v.double = h.here != "" && h.here != r.me.Instance
	}
	f.view = v
	for _, id := range back {
		defer f.opt.Recorder.Record(BoxBack{Name: id.Name, Domain: id.Domain})
	}
	return head, nil
}

// changes takes note of what others, and this box, have written.
func (f *Fleet) changes(r *run, h etcd.Header, list []etcd.Change) {
	f.mu.Lock()
	var back []ID
	mine := r.config.ID()
	if f.run == r {
		now := time.Now()
		f.view.head, f.view.answer = h, now
		for _, x := range list {
			if x.Deleted {
				f.view.remove(x.Key, now)
			} else if id := f.view.put(x.KV, now); id != (ID{}) {
				back = append(back, id)
			}
		}
		b := f.view.boxes[mine]
		f.view.double = b != nil && b.here != "" && b.here != r.me.Instance
	}
	f.mu.Unlock()
	for _, id := range back {
		f.opt.Recorder.Record(BoxBack{Name: id.Name, Domain: id.Domain})
	}
	if len(list) > 0 {
		f.debug(Seen{Revision: h.Revision, Keys: len(list), First: list[0].Key})
	}
}

// tell says which boxes are gone now: those that were there, and are not for a while.
func (f *Fleet) tell(r *run) {
	f.mu.Lock()
	var gone []ID
	if f.run == r {
		for id, b := range f.view.boxes {
			if _, down := f.view.down[id]; b.here == "" && !b.told && !down && id != r.config.ID() && time.Since(b.at) > f.lease {
				b.told = true
				gone = append(gone, id)
			}
		}
	}
	f.mu.Unlock()
	sorted.By(gone, compareID)
	for _, id := range gone {
		f.opt.Recorder.Record(BoxGone{Name: id.Name, Domain: id.Domain})
	}
}

// alive gives the sign of life. A lease that is over is taken anew, with all keys that
// went with it.
func (f *Fleet) alive(ctx context.Context, r *run) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if r.config.Name == "" { // it only looks: that the engine answers is worth a question
		_, _, err := r.client.Range(ctx, boxes+"~")
		if err == nil {
			f.answered(r)
		}
		return err
	}
	o := &r.own
	if f.taken(r) {
		o.mod = 0
	}
	if o.lease != 0 && o.mod != 0 {
		err := r.client.Keep(ctx, o.lease)
		if err == nil {
			f.answered(r)
			return nil
		}
		if !errors.Is(err, etcd.ErrGone) {
			return fmt.Errorf("sign of life: %w", err)
		}
		o.lease, o.mod = 0, 0
	}
	var err error
	if o.lease == 0 {
		if o.lease, err = r.client.Grant(ctx, f.lease); err != nil {
			o.lease = 0
			return f.refused(r, fmt.Errorf("sign of life: %w", err))
		}
	}
	text, err := json.Marshal(r.me)
	if err != nil {
		return err
	}
	key := r.config.ID().Prefix() + keyHere
	res, err := r.client.Do(ctx, etcd.Txn{If: []etcd.Compare{{Key: key}}, Puts: []etcd.Put{{Key: key, Value: string(text), Lease: o.lease}}})
	if err != nil {
		return f.refused(r, fmt.Errorf("sign of life: %w", err))
	}
	f.answered(r)
	if res.OK {
		o.mod = res.Revision
		return nil
	}
	// another box of this name: it is asked again at the next beat
	return r.client.Keep(ctx, o.lease)
}

// taken reports that the key of our sign of life was removed, though its lease lasts.
func (f *Fleet) taken(r *run) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	b := f.view.boxes[r.config.ID()]
	return f.run == r && f.view.head.Revision > r.own.mod && (b == nil || b.here != r.me.Instance)
}

// refused keeps a session that may read and not write.
func (f *Fleet) refused(r *run, err error) error {
	var no *etcd.Refused
	if !errors.As(err, &no) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	r.own.refused = said(no.Text)
	if r.own.full = etcd.IsFull(err); !r.own.full { // a lease is kept there all the same
		r.own.lease, r.own.mod = 0, 0
	}
	return nil
}

// look asks how the engine stands. One that does not say so is none the worse for it.
func (f *Fleet) look(ctx context.Context, r *run) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s, err := r.client.Status(ctx)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && f.run == r {
		f.view.engine = s
		r.own.full = s.Full
	}
}

func (f *Fleet) answered(r *run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.own.refused = ""; f.run == r {
		f.view.answer = time.Now()
	}
}
