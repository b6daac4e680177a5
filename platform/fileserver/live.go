package fileserver

import (
	"net/netip"
	"sync"
	"time"

	"option150/platform/sorted"
)

// Session is a file on its way to a client, for show.
type Session struct {
	Transport Transport
	Client    netip.AddrPort
	Local     netip.AddrPort // that was asked
	Name      string         // as asked
	Route     string
	Size      int64
	Sent      int64 // HTTP: given to the client's TCP
	Since     time.Time
}

// Asking is a request that has ended, for show.
type Asking struct {
	At        time.Time
	Transport Transport
	Client    netip.AddrPort
	Name      string
	Result    string // "sent", "cut off", "absent", "busy", "refused"
	Bytes     int64
	Took      time.Duration
	Why       string
}

// maxAskings is how many requests are remembered.
const maxAskings = 512

// file makes the answer. Its Finish gives the place back and tells the end.
func (s *Server) file(r Request, asked string, place *seat, h *Hit, route string, start time.Time) *File {
	x := &serving{File: File{Name: h.Name, Route: route, Size: h.Size, ModTime: h.ModTime, ETag: h.ETag, Content: h.Content, place: place},
		s: s, r: r, asked: asked, start: start, hit: h}
	x.serving = x
	if a, ok := h.Content.(Arriving); ok {
		x.Content = &patient{Arriving: a, place: place, size: h.Size}
	}
	s.live.begin(x)
	return &x.File
}

// serving is a file on its way, with what is told at its end.
type serving struct {
	File
	s     *Server
	r     Request
	asked string
	start time.Time
	given time.Time // to TCP, all of it; zero = not yet
	hit   *Hit

	last, next *serving // of live
}

// lateWord is how late TCP may tell that all is there, and that be found: it waits
// for more to tell on purpose, and a look is taken now and then. It is no part of
// how long the file took. [RFC 1122 4.2.3.2: half a second]
const lateWord = 600 * time.Millisecond

func (x *serving) end(res Result) {
	h := x.hit
	changed := res.Complete && h.Changed != nil && h.Changed()
	closeHit(h)
	if changed {
		res.Complete, res.Why = false, "the file was changed while it was sent"
	}
	s, r := x.s, &x.r
	now := time.Now()
	took := now.Sub(x.start)
	if res.Complete && !x.given.IsZero() && now.Sub(x.given) < lateWord {
		took = x.given.Sub(x.start)
	}
	ended := Asking{At: now, Transport: r.Transport, Client: r.Client, Name: x.asked, Result: "sent", Bytes: res.Bytes, Took: took, Why: res.Why}
	if !res.Complete {
		ended.Result = "cut off"
	}
	s.live.end(x, ended)
	x.place.end()
	s.count.served(r.Transport, res, x.Route == RouteFlash || x.Route == RouteBinding)
	s.rec.Record(Served{Transport: r.Transport, Client: r.Client, Local: r.Local, Name: x.asked, File: x.Name,
		Route: x.Route, Size: h.Size, Bytes: res.Bytes, Duration: took, Retransmits: res.Retransmits,
		BlockSize: res.BlockSize, Status: res.Status, Complete: res.Complete, Why: res.Why, Peer: r.Peer})
}

// live is what goes on and what went on last.
type live struct {
	mu    sync.Mutex
	first *serving // of what goes on, the newest
	ring  [maxAskings]Asking
	n     int // ever
}

func (l *live) begin(x *serving) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.next = l.first; x.next != nil {
		x.next.last = x
	}
	l.first = x
}

func (l *live) end(x *serving, a Asking) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if x.next != nil {
		x.next.last = x.last
	}
	if x.last != nil {
		x.last.next = x.next
	} else {
		l.first = x.next
	}
	x.last, x.next = nil, nil
	l.put(a)
}

// add is the end of a request that got no file.
func (l *live) add(a Asking) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.put(a)
}

func (l *live) put(a Asking) {
	l.ring[l.n%maxAskings] = a
	l.n++
}

// Progress tells how much of a file was given to the client so far.
func (f *File) Progress(sent int64) {
	f.sent.Store(sent)
	if sent >= f.Size {
		f.Given()
	}
}

// Given tells that all that is to be sent was given to TCP. It holds no place any
// more: only an acknowledgement is missing.
func (f *File) Given() {
	f.serving.given = time.Now()
	f.Yield()
}

// Sessions are the files on their way now, the oldest first.
func (s *Server) Sessions() []Session {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	var out []Session
	for x := s.live.first; x != nil; x = x.next {
		out = append(out, Session{Transport: x.r.Transport, Client: x.r.Client, Local: x.r.Local, Name: x.asked, Route: x.Route,
			Size: x.hit.Size, Sent: x.sent.Load(), Since: x.start})
	}
	sorted.By(out, func(a, b Session) int { return a.Since.Compare(b.Since) })
	return out
}

// Requests are the last n requests that have ended, the newest last.
func (s *Server) Requests(n int) []Asking {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	n = min(n, s.live.n, maxAskings)
	var out []Asking
	for i := s.live.n - n; i < s.live.n; i++ {
		out = append(out, s.live.ring[i%maxAskings])
	}
	return out
}
