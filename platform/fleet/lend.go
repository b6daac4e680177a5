package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/message"
)

// lent is the tree of what boxes give those that follow them. It is apart from the
// tree of boxes, because it may hold secrets: who only watches may not read it.
const lent = root + "follow/"

// FollowTree is of the keys that the boxes of a domain read, and each writes its own of.
func FollowTree(domain string) string { return lent + domain + "/" }

// FollowPrefix is of those that only the box itself writes.
func (b ID) FollowPrefix() string { return lent + b.Domain + "/" + b.Name + "/" }

// Lent is one value that a box gives those that follow it.
type Lent struct {
	Kind string
	// Value is asked for once a second while the box publishes its configuration;
	// "" = there is none, ready is false when nothing is known yet. private: nobody on the
	// way to the engine can read it. An error says why there is none.
	Value func(ctx context.Context, private bool) (value string, ready bool, err error)
}

// lend keeps the values at the engine as they are, while a session lasts.
func (f *Fleet) lend(ctx context.Context, r *run) {
	if r.config.Name == "" {
		return // it only watches
	}
	at := map[string]string{}
	again := time.NewTicker(time.Second)
	defer again.Stop()
	for {
		for _, l := range f.opt.Lend {
			value, ready, err := "", true, error(nil)
			if r.config.Publish == PublishConfiguration {
				value, ready, err = l.Value(ctx, r.config.private())
			}
			if err != nil {
				value, ready = "", true
			}
			f.lending(r, l.Kind, err)
			if d := digest(value); ready && at[l.Kind] != d && ctx.Err() == nil {
				if err := f.give(ctx, r, l.Kind, value); err == nil {
					at[l.Kind] = d
				} else if ctx.Err() == nil {
					f.lending(r, l.Kind, err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-again.C:
		}
	}
}

var errNotOurs = errors.New("the box has not given its sign of life yet, or another one has its name")

// give writes a value, or takes it away. Only who has the name does.
func (f *Fleet) give(ctx context.Context, r *run, kind, value string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	id := ID{r.config.Domain, r.config.Name}
	sign := id.Prefix() + keyHere
	kvs, _, err := r.client.Range(ctx, sign)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(kvs, func(kv etcd.KV) bool { return kv.Key == sign })
	var h here
	if i < 0 || json.Unmarshal([]byte(kvs[i].Value), &h) != nil || h.Instance != r.me.Instance {
		return errNotOurs
	}
	res, err := r.client.Do(ctx, etcd.Txn{If: []etcd.Compare{{Key: sign, Mod: kvs[i].Mod}}, Puts: []etcd.Put{{Key: id.FollowPrefix() + kind, Value: value, Delete: value == ""}}})
	if err == nil && !res.OK {
		err = errNotOurs
	}
	return err
}

// lending notes why a kind is not given, and says so when it is another reason.
func (f *Fleet) lending(r *run, kind string, err error) {
	why := ""
	if err != nil {
		why = short(err)
	}
	f.mu.Lock()
	if f.run != r || f.why[kind] == why {
		f.mu.Unlock()
		return
	}
	if f.why == nil {
		f.why = map[string]string{}
	}
	f.why[kind] = why
	f.mu.Unlock()
	if err != nil && !errors.Is(err, errNotOurs) {
		f.opt.Recorder.Record(NotLent{Kind: kind, Why: why})
	}
}

// Lending is why kinds of what others may follow are not given to them: "" of those
// that are.
func (f *Fleet) Lending() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.run == nil || f.run.config.Publish != PublishConfiguration {
		return nil
	}
	out := map[string]string{}
	for _, l := range f.opt.Lend {
		out[l.Kind] = f.why[l.Kind]
	}
	return out
}

// private reports that nobody on the way to the engine can read what is written.
func (c Config) private() bool {
	return !slices.ContainsFunc(c.Servers, func(s string) bool {
		u, err := url.Parse(s)
		if err != nil || u.Scheme == "https" {
			return err != nil
		}
		ip, err := netip.ParseAddr(u.Hostname())
		return err != nil || !ip.IsLoopback()
	})
}

// Answered is when the engine answered last, zero = never.
func (f *Fleet) Answered() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.view.answer
}

// Given calls fn with the value that a box of the domain gives under a kind, and with
// each later one, one call at a time, until ctx ends. there is false while it gives none.
func (f *Fleet) Given(ctx context.Context, box, kind string, fn func(value string, there bool)) {
	for ctx.Err() == nil {
		f.mu.Lock()
		r := f.run
		f.mu.Unlock()
		if r != nil {
			f.given(ctx, r, ID{r.config.Domain, box}.FollowPrefix()+kind, fn)
		}
		select {
		case <-ctx.Done():
		case <-time.After(f.beat / 5):
		}
	}
}

// given is Given while a run lasts and the engine answers.
func (f *Fleet) given(ctx context.Context, r *run, key string, fn func(string, bool)) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-r.done:
			cancel()
		case <-ctx.Done():
		}
	}()
	reading, stop := context.WithTimeout(ctx, readTime)
	kvs, head, err := r.client.Range(reading, key)
	stop()
	if err != nil {
		return
	}
	i := slices.IndexFunc(kvs, func(kv etcd.KV) bool { return kv.Key == key })
	if i < 0 {
		fn("", false)
	} else {
		fn(kvs[i].Value, true)
	}
	_ = r.client.Watch(ctx, key, head.Revision+1, func(_ etcd.Header, list []etcd.Change) error {
		for _, c := range list {
			if c.Key == key {
				fn(c.Value, !c.Deleted)
			}
		}
		return nil
	})
}

// NotLent is the fact that others cannot follow this box.
type NotLent struct{ Kind, Why string }

// EventName implements journal.Event.
func (NotLent) EventName() string { return "fleet.NotLent" }

// ErrSecret is the reason of a Lent that holds secrets where others could read them.
var ErrSecret = errors.New("there are passwords in it, and the way to the engine is not encrypted: it needs servers of https")

// LogMessage implements journal.Logged.
func (e NotLent) LogMessage() (message.Message, bool) {
	return message.FleetNotLent.With(e.Kind, e.Why), true
}
