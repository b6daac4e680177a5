package upstream

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"option150/platform/fileserver"
)

// question is what a search is for. All that ask the same share it.
type question struct {
	name string
	home string // Alternate.String of who is asked first, "" = in order
	only bool   // nobody else is asked
}

// search is one walk through the alternates. The rest is set before done is
// closed.
type search struct {
	q      question
	done   chan struct{}
	file   *flight // found
	err    error   // else
	silent bool    // some that were to be asked did not answer
	until  time.Time
}

// maxSearches bounds the searches under way and those that are remembered.
const (
	maxSearches = 128
	maxAnswers  = 4096
)

var (
	errUndecided = fileserver.Elsewhere("the alternates are still being asked")
	errTooMany   = fileserver.Elsewhere("too many files are being asked for elsewhere")
)

// find shares a search or begins one, and waits for its end as long as patience
// allows.
func (s *Server) find(ctx context.Context, st *settings, q question, via string, patience time.Duration) (*search, error) {
	s.mu.Lock()
	f := s.searches[q]
	if f != nil && f.over() && (f.file == nil && time.Now().After(f.until) || f.file != nil && (f.file.stale() || f.file.thrownAway())) {
		s.drop(q)
		f = nil
	}
	if f == nil {
		if len(s.searches) >= maxAnswers {
			s.forgetLocked() // who asks for thousands of names must not make the rest unanswerable
		}
		if s.underWay() >= maxSearches || len(s.searches) >= maxAnswers {
			s.mu.Unlock()
			return nil, errTooMany
		}
		f = &search{q: q, done: make(chan struct{})}
		s.searches[q] = f
		s.work.Go(func() { s.walk(f, st, via) })
	}
	s.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-f.done:
		return f, nil
	case <-timer.C:
		return nil, errUndecided
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (f *search) over() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// underWay is the number of searches that have not ended. The lock is held.
func (s *Server) underWay() (n int) {
	for _, f := range s.searches {
		if !f.over() {
			n++
		}
	}
	return n
}

// drop forgets an answer. The lock is held.
func (s *Server) drop(q question) {
	if f := s.searches[q]; f != nil && f.over() {
		delete(s.searches, q)
		if f.file != nil {
			f.file.release()
		}
	}
}

// forgetLocked forgets every answer that is no file.
func (s *Server) forgetLocked() {
	for q, f := range s.searches {
		if f.over() && f.file == nil {
			delete(s.searches, q)
		}
	}
}

// Forget drops what is remembered of names the alternates did not have.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forgetLocked()
}

// forgetFailures drops the answers that a server now up had no part in.
func (s *Server) forgetFailures() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for q, f := range s.searches {
		if f.over() && f.silent {
			s.drop(q)
		}
	}
}

// tidy ends what nobody waits for.
func (s *Server) tidy(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for q, f := range s.searches {
		if !f.over() {
			continue
		}
		if f.file != nil {
			if !f.file.idle(now, s.tune.Keep) {
				continue
			}
		} else if now.Before(f.until) {
			continue
		}
		s.drop(q)
	}
}

// walk asks the alternates in their order.
func (s *Server) walk(f *search, st *settings, via string) {
	defer close(f.done)
	ctx, cancel := context.WithTimeout(s.ctx, s.tune.Search)
	defer cancel()
	more := http.Header{}
	if via != "" {
		more.Set("Via", via)
	}
	var asked []string
	for _, p := range order(st.peers, f.q) {
		if p.isDown() || ctx.Err() != nil {
			f.silent = true
			asked = append(asked, p.alt.String()+" does not answer")
			continue
		}
		file, said, text := s.fetch(ctx, p, f.q.name, more)
		asked = append(asked, p.alt.String()+" "+text)
		switch said {
		case has:
			f.file = file // tidy ends it
			return
		case busy:
			f.err, f.until = fileserver.Elsewhere(p.alt.String()+" is busy ("+text+")"), time.Now().Add(s.tune.Keep)
			return
		case failed:
			f.silent = true
		}
	}
	f.until = time.Now().Add(s.tune.Absent)
	f.err = fileserver.Nowhere{Asked: strings.Join(asked, ", "), Unsure: f.silent}
	if f.silent {
		f.until = time.Now().Add(s.tune.Keep)
	}
}

func order(peers []*peer, q question) []*peer {
	i := slices.IndexFunc(peers, func(p *peer) bool { return p.alt.String() == q.home })
	switch {
	case i < 0 && q.only:
		return nil
	case i < 0:
		return peers
	case q.only:
		return peers[i : i+1]
	}
	out := []*peer{peers[i]}
	return append(append(out, peers[:i]...), peers[i+1:]...)
}

// fetch asks one server, and begins the flight of what it has.
func (s *Server) fetch(ctx context.Context, p *peer, name string, more http.Header) (*flight, answer, string) {
	body, end := context.WithCancel(s.ctx) // outlives the search
	stop := context.AfterFunc(ctx, end)
	resp, said, text := p.ask(body, name, more)
	if said == has {
		if not := p.look(name, resp); not != "" {
			resp.Body.Close()
			said, text = failed, not
		}
	}
	if said != has {
		stop()
		end()
		return nil, said, text
	}
	f, err := s.depart(p, name, resp, end)
	if !stop() && err == nil && !f.whole() { // the time was over at this very moment
		err = errors.New("no answer in time")
	}
	switch {
	case err == nil:
		return f, has, text
	case errors.Is(err, errEmpty):
		return nil, absent, "has an empty file"
	case errors.Is(err, errRoom):
		return nil, busy, err.Error()
	}
	return nil, failed, p.wrong(err.Error())
}
