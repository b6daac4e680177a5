package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"
)

//go:embed index.html *.js page.css icon.svg
var files embed.FS

// Pages answers for the page. Use New.
type Pages struct {
	s   *Sources
	hub *hub
	mux *http.ServeMux

	mu      sync.Mutex
	streams int // tabs that watch
	hosts   map[string]int

	tick, beat, patience time.Duration // of streams; tests are in a hurry
}

// New returns the page. The error is a defect of its files.
func New(s Sources) (*Pages, error) {
	p := &Pages{s: &s, hub: newHub(&s), mux: http.NewServeMux(), hosts: map[string]int{}, tick: lookTime, beat: beatTime, patience: streamWrite}
	for path, f := range map[string]struct{ file, kind string }{
		"/{$}": {"index.html", "text/html"}, "/firmware": {"index.html", "text/html"}, "/log": {"index.html", "text/html"}, "/changes": {"index.html", "text/html"},
		"/app.js": {"app.js", "text/javascript"}, "/dom.js": {"dom.js", "text/javascript"}, "/phones.js": {"phones.js", "text/javascript"}, "/views.js": {"views.js", "text/javascript"}, "/chart.js": {"chart.js", "text/javascript"}, "/page.css": {"page.css", "text/css"}, "/icon.svg": {"icon.svg", "image/svg+xml"},
	} {
		h, err := asset(f.file, f.kind)
		if err != nil {
			return nil, err
		}
		p.mux.HandleFunc(path, h)
	}
	index, err := asset("index.html", "text/html")
	if err != nil {
		return nil, err
	}
	p.mux.HandleFunc("/phones/{name}", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := p.one(w, r); ok {
			index(w, r)
		}
	})
	p.mux.HandleFunc("/api/v1/phones", p.apiPhones)
	p.mux.HandleFunc("/api/v1/phones/{name}/timeline", func(w http.ResponseWriter, r *http.Request) {
		if t, ok := p.one(w, r); ok {
			answer(w, t)
		}
	})
	p.mux.HandleFunc("/api/v1/overview", func(w http.ResponseWriter, _ *http.Request) {
		head, _, _ := p.hub.since(0)
		answer(w, json.RawMessage(head))
	})
	for _, name := range []string{"firmware", "log", "changes"} {
		build, _ := p.view(name, "")
		p.mux.HandleFunc("/api/v1/"+name, func(w http.ResponseWriter, _ *http.Request) { answer(w, json.RawMessage(p.hub.of(name+" ", build))) })
	}
	p.mux.HandleFunc("/api/v1/events", p.events)
	return p, nil
}

// ServeHTTP implements http.Handler.
func (p *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !p.own(r) {
		http.Error(w, "this box has another name: ask for it by its address, or by its hostname", http.StatusMisdirectedRequest)
		return
	}
	p.mux.ServeHTTP(w, r)
}

// Streams is how many tabs watch.
func (p *Pages) Streams() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.streams
}

// asset serves a file of ours. A browser may keep it, and asks whether it is
// still the same.
func asset(name, kind string) (http.HandlerFunc, error) {
	b, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	tag := fmt.Sprintf(`"%x"`, sha256.Sum256(b))[:18] + `"`
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", kind+"; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
	}, nil
}

// view is what builds a view, for phone one of a phone; false: there is none.
func (p *Pages) view(name, phone string) (func() any, bool) {
	switch name {
	case "firmware":
		return func() any { return p.s.firmware(time.Now()) }, true
	case "log":
		return func() any { return p.s.log() }, true
	case "changes":
		return func() any { return p.s.changes() }, true
	case "phone":
		if _, ok := p.s.timeline(phone, time.Now()); !ok {
			return nil, false
		}
		return func() any {
			if t, ok := p.s.timeline(phone, time.Now()); ok {
				return struct {
					Host string `json:"host"`
					timelineJSON
				}{p.s.hostname(), t}
			}
			return nil
		}, true
	}
	return nil, false
}

func (p *Pages) apiPhones(w http.ResponseWriter, _ *http.Request) {
	seen, _ := p.s.phones(time.Now())
	if seen == nil {
		seen = []phoneJSON{}
	}
	answer(w, seen)
}

// one finds the phone of the address.
func (p *Pages) one(w http.ResponseWriter, r *http.Request) (timelineJSON, bool) {
	t, ok := p.s.timeline(r.PathValue("name"), time.Now())
	if !ok {
		http.Error(w, "no such phone has been seen", http.StatusNotFound)
	}
	return t, ok
}

// answer is JSON for people and programs. It is made whole before the first byte
// leaves.
func answer(w http.ResponseWriter, data any) {
	b, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		http.Error(w, "the answer could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(b, '\n')) // a client that hung up needs no answer
}
