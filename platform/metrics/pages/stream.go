package pages

import (
	"bytes"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"option150/platform/listen"
)

// Bounds of the streams.
const (
	// maxStreams leaves half of the connections of the listener to those who ask
	// and go: a wall of screens does not keep Prometheus out.
	maxStreams  = 32
	hostStreams = 8                // of one host: a browser opens six
	streamWrite = 10 * time.Second // a reader that takes nothing for so long is closed
	beatTime    = 15 * time.Second // between two signs of life
	againTime   = 10               // seconds after which a browser that found no place comes back
)

// events is the stream of a tab, as server-sent events: `head` and `phones` of
// the overview, or `view` with one of the others whenever it is another than
// before, and `beat` so that the tab can tell silence from a dead line. It ends
// when the tab, the listener or the patience with a slow reader does.
func (p *Pages) events(w http.ResponseWriter, r *http.Request) {
	next, ok := p.reader(r)
	if !ok {
		http.Error(w, "there is nothing of that name to watch", http.StatusNotFound)
		return
	}
	host := hostOf(r)
	if !p.watch(host, 1) {
		w.Header().Set("Retry-After", strconv.Itoa(againTime))
		http.Error(w, "as many tabs as there may be are watching", http.StatusServiceUnavailable)
		return
	}
	defer p.watch(host, -1)
	w.Header().Set("Content-Type", "text/event-stream")
	if r.Method == http.MethodHead {
		return
	}
	s := &stream{w: w, rc: http.NewResponseController(w), patience: p.patience}
	// The request is read: its deadline is not one of the stream.
	if s.rc.SetReadDeadline(time.Time{}) != nil || !s.send(append([]byte("retry: 3000\n"), beat()...)) {
		return
	}
	tick := time.NewTicker(p.tick)
	defer tick.Stop()
	for said := time.Now(); ; {
		b, ok := next()
		if !ok {
			return
		}
		if len(b) == 0 && time.Since(said) >= p.beat {
			b = beat()
		}
		if len(b) > 0 {
			if !s.send(b) {
				return
			}
			said = time.Now()
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

// watch counts the streams of a host and of all; false: there is no place for
// another.
func (p *Pages) watch(host string, by int) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if by > 0 && (p.streams >= maxStreams || p.hosts[host] >= hostStreams) {
		return false
	}
	p.streams += by
	if p.hosts[host] += by; p.hosts[host] == 0 {
		delete(p.hosts, host)
	}
	return true
}

// hostOf is whom a request came from.
func hostOf(r *http.Request) string {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return listen.Host(remote.Addr()).String()
}

// reader gives what is new each time it is called; false: there is no more.
func (p *Pages) reader(r *http.Request) (func() ([]byte, bool), bool) {
	q := r.URL.Query()
	name := q.Get("view")
	if name == "" {
		rev := uint64(0)
		return func() (out []byte, _ bool) {
			head, rows, now := p.hub.since(rev)
			rev = now
			if head != nil {
				out = event(out, "head", head)
			}
			if rows != nil {
				out = event(out, "phones", rows)
			}
			return out, true
		}, true
	}
	build, ok := p.view(name, q.Get("phone"))
	if !ok {
		return nil, false
	}
	key := name + " " + q.Get("phone")
	var had []byte
	return func() ([]byte, bool) {
		b := p.hub.of(key, build)
		if b == nil {
			return nil, false // the phone was forgotten
		}
		if bytes.Equal(b, had) {
			return nil, true
		}
		had = b
		return event(nil, "view", b), true
	}, true
}

// beat tells the time of the box, in milliseconds since 1970.
func beat() []byte { return event(nil, "beat", strconv.AppendInt(nil, time.Now().UnixMilli(), 10)) }

// event adds one; data has no line ends.
func event(to []byte, name string, data []byte) []byte {
	to = append(append(append(to, "event: "...), name...), "\ndata: "...)
	return append(append(to, data...), '\n', '\n')
}

type stream struct {
	w        http.ResponseWriter
	rc       *http.ResponseController
	patience time.Duration
}

// send writes at once; the reader has to take it within the patience. Between
// two of them there is no deadline.
func (s *stream) send(b []byte) bool {
	if s.rc.SetWriteDeadline(time.Now().Add(s.patience)) != nil {
		return false
	}
	if _, err := s.w.Write(b); err != nil {
		return false
	}
	return s.rc.Flush() == nil && s.rc.SetWriteDeadline(time.Time{}) == nil
}
