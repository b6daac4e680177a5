package fleet

import (
	"encoding/json"
	"time"

	"option150/platform/fleet/etcd"
)

// view is what is known while a section is complete. It belongs to the lock of Fleet.
type view struct {
	head    etcd.Header
	answer  time.Time // of the engine, the last one
	whole   time.Time // since when its changes are followed without a gap; zero = they are not
	first   time.Duration
	why     string // it does not answer
	refused bool   // it answers, and lets this box do nothing
	double  bool   // another box has our name
	boxes   map[ID]*box
	down    map[ID]string
	size    int         // bytes of values
	passed  int         // values that are none, or too many
	engine  etcd.Status // when it was looked at last
}

// box is what is known of one.
type box struct {
	here   string // instance, "" = it gives no sign of life
	at     time.Time
	since  int64
	about  About
	chunks map[int]chunk
	config int  // bytes at the engine
	told   bool // that it is gone
	known  bool // about was read
}

// chunk keeps phones as they were written: they are read again when somebody looks.
type chunk struct {
	raw    string
	counts Counts
}

// connecting is why nothing is known before the first answer.
const connecting = "connecting"

func newView() view {
	return view{boxes: map[ID]*box{}, down: map[ID]string{}, why: connecting}
}

// put takes a value over. It returns a box that was said to be gone and is not.
func (v *view) put(kv etcd.KV, now time.Time) (back ID) {
	of, kind := place(kv.Key)
	if kind == "" {
		if d, ok := downAt(kv.Key); ok && len(v.down) < maxBoxes && len(kv.Value) <= shortText {
			v.down[d] = kv.Value
		}
		return back
	}
	b := v.boxes[of]
	if b == nil {
		if len(v.boxes) >= maxBoxes {
			v.passed++
			return back
		}
		b = &box{at: now, chunks: map[int]chunk{}}
		v.boxes[of] = b
	}
	chunkNo, isChunk := chunkAt(kind)
	switch {
	case kind == keyHere:
		var h here
		if len(kv.Value) > maxAbout || json.Unmarshal([]byte(kv.Value), &h) != nil || h.Instance == "" {
			v.passed++
			return back
		}
		if b.here == "" {
			b.at = now
			if b.told {
				back, b.told = of, false
			}
		}
		b.here, b.since = cut(h.Instance, shortText), h.Since
	case kind == keyAbout:
		a, ok := readAbout(kv.Value)
		if !ok {
			v.passed++
			return back
		}
		b.about, b.known = a, true
	case kind == keyConfig:
		b.config = len(kv.Value)
	case isChunk:
		list, ok := readPhones(kv.Value)
		was := len(b.chunks[chunkNo].raw)
		if !ok || v.size+len(kv.Value)-was > maxTotal {
			v.drop(b, chunkNo)
			v.passed++
			return back
		}
		v.size += len(kv.Value) - was
		b.chunks[chunkNo] = chunk{raw: kv.Value, counts: count(list)}
	default:
		v.passed++
	}
	return back
}

func (v *view) drop(b *box, i int) {
	v.size -= len(b.chunks[i].raw)
	delete(b.chunks, i)
}

// remove takes note that a key is not there any more.
func (v *view) remove(key string, now time.Time) {
	of, kind := place(key)
	if kind == "" {
		if d, ok := downAt(key); ok {
			delete(v.down, d)
		}
		return
	}
	b := v.boxes[of]
	if b == nil {
		return
	}
	i, isChunk := chunkAt(kind)
	switch {
	case kind == keyHere:
		b.here, b.at = "", now
	case kind == keyAbout:
		b.about, b.known = About{}, false
	case kind == keyConfig:
		b.config = 0
	case isChunk:
		v.drop(b, i)
	}
	if b.here == "" && !b.known { // it left, or was shut out
		for i := range b.chunks {
			v.drop(b, i)
		}
		delete(v.boxes, of)
	}
}

// count is the phones of a box by state.
func (b *box) count() (n Counts) {
	for _, c := range b.chunks {
		for i := range n {
			n[i] += c.counts[i]
		}
	}
	return n
}
