package pages

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"
	"time"
)

// Times between two looks at the box while somebody watches.
const (
	lookTime = time.Second     // when something happened
	idleTime = 5 * time.Second // when nothing did: verdicts change with time as well
	// lookShare bounds the part of one processor that looking takes: the pause is
	// so many times as long as the look was.
	lookShare = 20
)

// hub is the state that all tabs share, so that thirty of them cost what one
// does. It keeps the last look and nothing of any reader; without a reader
// nobody calls it.
type hub struct {
	s    *Sources
	pace time.Duration // lookTime; tests are in a hurry

	mu    sync.Mutex
	look  memo // of the overview
	rates rates
	looks uint64 // so far
	rev   uint64 // number of the last one that changed something
	gone  uint64 // rev of the last look in which a row had disappeared
	rows  map[string]*kept
	head  kept
	views map[string]*view
}

// kept is JSON, and the look since which it is so.
type kept struct {
	text []byte
	rev  uint64
	look uint64 // rows: last look it was in
}

// memo says when something was made last.
type memo struct {
	at   time.Time
	seq  uint64
	cost time.Duration
}

// due reports that it is time to look again. moving: something changes that
// nothing is recorded of, such as how far a transfer is.
func (m *memo) due(now time.Time, seq uint64, pace time.Duration, moving bool) bool {
	passed := now.Sub(m.at)
	if passed < max(pace*9/10, min(lookShare*m.cost, 60*pace)) {
		return false
	}
	return moving || m.at.IsZero() || seq != m.seq || passed >= idleTime
}

// view is a view that is sent as a whole when it changed.
type view struct {
	memo
	kept
}

// maxViews bounds the views that are remembered: those of phones come and go.
const maxViews = 64

func newHub(s *Sources) *hub {
	return &hub{s: s, pace: lookTime, rows: map[string]*kept{}, views: map[string]*view{}}
}

func (h *hub) last() uint64 {
	if h.s.Last == nil {
		return 0
	}
	return h.s.Last()
}

// refresh looks at the box if it is time to. h.mu is held.
func (h *hub) refresh() {
	began, seq := time.Now(), h.last()
	if !h.look.due(began, seq, h.pace, len(h.rates.before) > 0) {
		return
	}
	head, rows := h.s.overview(began, &h.rates)
	h.looks++
	look := h.looks
	changed := h.head.set(encode(head), look)
	for i := range rows {
		id := rows[i].ID
		for n := 2; h.rows[id] != nil && h.rows[id].look == look; n++ {
			id = rows[i].ID + "#" + strconv.Itoa(n) // two stations behind one address
		}
		if h.rows[id] == nil {
			h.rows[id] = &kept{}
		}
		k := h.rows[id]
		rows[i].ID = id
		k.look = look
		changed = k.set(encode(rows[i]), look) || changed
	}
	for id, k := range h.rows {
		if k.look != look {
			delete(h.rows, id)
			h.gone, changed = look, true
		}
	}
	if changed {
		h.rev = look
	}
	h.look = memo{began, seq, time.Since(began)}
}

// set takes what it is now and reports that it is another than before.
func (k *kept) set(text []byte, rev uint64) bool {
	if k.text != nil && bytes.Equal(k.text, text) {
		return false
	}
	k.text, k.rev = text, rev
	return true
}

// since is what a reader who knows the look rev does not know: the head, nil if
// it is the same, and the rows as the data of an event, nil likewise. A reader
// whose rows have disappeared is given all there are.
func (h *hub) since(rev uint64) (head, rows []byte, now uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refresh()
	if h.head.rev > rev {
		head = h.head.text
	}
	whole := rev == 0 || h.gone > rev
	var b bytes.Buffer
	b.WriteString(`{"whole":` + strconv.FormatBool(whole) + `,"rows":[`)
	n := 0
	for _, k := range h.rows {
		if whole || k.rev > rev {
			if n++; n > 1 {
				b.WriteByte(',')
			}
			b.Write(k.text)
		}
	}
	b.WriteString("]}")
	if n > 0 || whole {
		rows = b.Bytes()
	}
	return head, rows, h.rev
}

// of is a view by its name, made by build unless it is fresh. nil: there is none
// of that name.
func (h *hub) of(name string, build func() any) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	seq := h.last()
	v := h.views[name]
	if v == nil {
		if len(h.views) >= maxViews {
			clear(h.views)
		}
		v = &view{}
		h.views[name] = v
	}
	if began := time.Now(); v.due(began, seq, h.pace, false) {
		data := build()
		if data == nil {
			delete(h.views, name)
			return nil
		}
		v.set(encode(data), 0)
		v.memo = memo{began, seq, time.Since(began)}
	}
	return v.text
}

// encode is JSON on one line. What is encoded are structs of ours, so there is
// no error.
func encode(data any) []byte {
	b, err := json.Marshal(data)
	if err != nil {
		return []byte("null")
	}
	return b
}
