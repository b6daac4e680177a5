package fleet

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/fleet/packed"
	"option150/platform/plain"
	"option150/platform/sorted"
)

// Bounds of one write.
const (
	maxPuts   = 64
	maxWrite  = 512 << 10 // bytes; etcd takes 1.5 MB by default
	writeTime = 10 * time.Second
	lookIdle  = 10 * time.Second // without an event phones change by the time that passes
	aboutTime = 5 * time.Second  // between two of about
)

// own is what of this box is at the engine. It belongs to the goroutine of the run,
// but for refused.
type own struct {
	lease   int64
	mod     int64 // revision of our sign of life, 0 = it is not there
	refused string
	full    bool // the engine takes nothing any more

	at    map[string]string // kind of key: its value, a hash of it for config
	slots []string          // devices in the order of the chunks
	place map[string]int

	version any // of the configuration
	hash    string
	changed time.Time
	packed  string
	events  uint64
	looked  time.Time
	aboutAt time.Time
	passing bool // a write that was due did not hold all
}

// begin forgets what was known of the engine.
func (o *own) begin() {
	o.mod, o.at, o.events, o.looked = 0, map[string]string{}, 0, time.Time{}
}

// read notes what the engine has of this box. A sign of life is ours if it is of this
// process.
func (o *own) read(me here, kind string, kv etcd.KV) {
	var h here
	switch {
	case kind != keyHere:
		o.at[kind] = digest(kv.Value)
	case json.Unmarshal([]byte(kv.Value), &h) == nil && h.Instance == me.Instance:
		o.mod = kv.Mod
	}
}

func digest(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:6])
}

// want is what of this box shall be at the engine, in the order of its importance.
type want struct {
	kind, value string
}

// publish writes what is not at the engine as it is, one transaction at most. Only who
// has the name writes.
func (f *Fleet) publish(ctx context.Context, r *run) error {
	o := &r.own
	if o.mod == 0 || !f.due(o) {
		return nil
	}
	list := f.wanted(r)
	keep := map[string]bool{}
	key := r.config.ID().Prefix()
	t := etcd.Txn{If: []etcd.Compare{{Key: key + keyHere, Mod: o.mod}}}
	next := map[string]string{}
	size := 0
	o.passing = false
	put := func(p etcd.Put, kind, hash string) {
		if len(t.Puts) >= maxPuts || len(t.Puts) > 0 && size+len(p.Value) > maxWrite {
			o.passing = true
			return
		}
		size += len(p.Value)
		t.Puts, next[kind] = append(t.Puts, p), hash
	}
	for _, w := range list {
		keep[w.kind] = true
		if was, there := o.at[w.kind]; w.kind == keyAbout && there && was != digest(w.value) && time.Since(o.aboutAt) < aboutTime {
			o.passing = true // its services may change with every second
			continue
		}
		if d := digest(w.value); o.at[w.kind] != d {
			put(etcd.Put{Key: key + w.kind, Value: w.value}, w.kind, d)
		}
	}
	for kind := range o.at {
		if !keep[kind] {
			put(etcd.Put{Key: key + kind, Delete: true}, kind, "")
		}
	}
	if len(t.Puts) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	res, err := r.client.Do(ctx, t)
	if err != nil {
		return f.refused(r, err)
	}
	f.answered(r)
	if !res.OK { // the sign of life is over, or another box's
		o.mod = 0
		return errors.New("the sign of life of this box is gone")
	}
	for k, d := range next {
		if o.at[k] = d; d == "" {
			delete(o.at, k)
		}
		if k == keyAbout {
			o.aboutAt = time.Now()
		}
	}
	f.mu.Lock()
	f.writes++
	f.mu.Unlock()
	f.debug(Published{Keys: len(t.Puts), Bytes: size, Revision: res.Revision})
	return nil
}

// due reports that something may be another than at the last look.
func (f *Fleet) due(o *own) bool {
	var n uint64
	if f.opt.Events != nil {
		n = f.opt.Events()
	}
	if n == o.events && !o.passing && time.Since(o.looked) < lookIdle {
		return false
	}
	o.events, o.looked = n, time.Now()
	return true
}

func (f *Fleet) wanted(r *run) []want {
	o := &r.own
	about := About{Version: cut(f.opt.Version, shortText), Started: f.opt.Started.Unix()}
	if r.config.Publish == PublishNothing {
		about.Silent = true
		return []want{{keyAbout, encode(about)}}
	}
	f.configuration(r)
	about.Hash = o.hash
	if !o.changed.IsZero() {
		about.Changed = o.changed.Unix()
	}
	if f.opt.Services != nil {
		for _, s := range f.opt.Services() {
			if len(about.Services) < services {
				about.Services = append(about.Services, Service{s.Name, s.State, plain.Shown(s.Why, longText/2)})
			}
		}
	}
	var chunks []want
	if f.opt.Phones != nil {
		var list []Phone
		list, about.Phones = f.opt.Phones()
		chunks = o.chunks(list)
	}
	out := []want{{keyAbout, encode(about)}}
	out = append(out, chunks...)
	if r.config.Publish == PublishConfiguration && o.packed != "" {
		out = append(out, want{keyConfig, o.packed})
	}
	return out
}

// encode is without the escapes that are for pages, which take six bytes each.
func encode(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // of strings and numbers: it cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// configuration takes note of which the box has now.
func (f *Fleet) configuration(r *run) {
	o := &r.own
	if f.opt.Configuration == nil {
		return
	}
	version, text := f.opt.Configuration()
	if version == o.version {
		return
	}
	t := text()
	hash := digest(t)
	if o.hash != "" && o.hash != hash {
		o.changed = time.Now()
	}
	o.version, o.hash, o.packed = version, hash, ""
	if r.config.Publish == PublishConfiguration {
		o.packed, _ = bounds.Pack(t) // too large: the others have its sum alone
	}
}

var (
	bounds    = packed.Bounds{Packed: maxConfig, Text: maxText}
	errPacked = errors.New("its configuration cannot be read")
)

func unpack(s string) (string, error) {
	text, err := bounds.Unpack(s)
	if err != nil {
		return "", errPacked
	}
	return text, nil
}

// chunks deals phones out to keys: one keeps its place as long as it is there, so that
// a phone that changes is one key that does.
func (o *own) chunks(list []Phone) []want {
	list = slices.Clone(list[:min(len(list), MaxPhones)])
	sorted.By(list, func(a, b Phone) int { return cmp.Compare(a.Device, b.Device) })
	here := map[string]bool{}
	for i := range list {
		here[list[i].Device] = true
	}
	if o.place == nil {
		o.place = map[string]int{}
	}
	var free []int
	for i, d := range o.slots {
		if !here[d] {
			delete(o.place, d)
			o.slots[i] = ""
			free = append(free, i)
		}
	}
	byChunk := map[int][]Phone{}
	for _, p := range list {
		at, ok := o.place[p.Device]
		switch {
		case ok:
		case len(free) > 0:
			at, free = free[0], free[1:]
			o.slots[at], o.place[p.Device] = p.Device, at
		default:
			at = len(o.slots)
			o.slots, o.place[p.Device] = append(o.slots, p.Device), at
		}
		for _, t := range []*string{&p.Device, &p.Model, &p.Load, &p.Address} {
			*t = plain.Shown(*t, shortText)
		}
		p.Text = plain.Shown(p.Text, longText)
		byChunk[at/chunkOf] = append(byChunk[at/chunkOf], p)
	}
	var out []want
	for i := range (len(o.slots) + chunkOf - 1) / chunkOf {
		if l := byChunk[i]; len(l) > 0 {
			out = append(out, want{chunkKey(i), encode(l)}) // of maxChunk at most: its texts are bounded
		}
	}
	return out
}
