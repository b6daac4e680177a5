package metrics

import (
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"strings"
	"time"

	"option150/telephony/inventory"
)

//go:embed pages/style.css
var files embed.FS

// handler answers every request. Pages are made whole before the first byte
// leaves, so that a fault is an answer of its own and not half a page.
type handler struct {
	s     *Sources
	style []byte
	mux   *http.ServeMux
}

func newHandler(s *Sources) (*handler, error) {
	style, err := files.ReadFile("pages/style.css")
	if err != nil {
		return nil, err
	}
	h := &handler{s: s, style: style, mux: http.NewServeMux()}
	h.mux.Handle("/metrics", scrapes(newCollector(s).collect))
	h.mux.HandleFunc("/{$}", h.overview)
	h.mux.HandleFunc("/phones/{name}", h.phone)
	h.mux.HandleFunc("/api/v1/phones", h.apiPhones)
	h.mux.HandleFunc("/api/v1/phones/{name}/timeline", h.apiTimeline)
	h.mux.HandleFunc("/style.css", func(w http.ResponseWriter, _ *http.Request) { answer(w, "text/css; charset=utf-8", h.style) })
	return h, nil
}

// ServeHTTP implements http.Handler: the rules that hold for every answer.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		head.Set("Allow", "GET, HEAD")
		http.Error(w, "this window is read-only", http.StatusMethodNotAllowed)
		return
	}
	if path.Clean(r.URL.Path) != r.URL.Path && r.URL.Path != "/" {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	h.mux.ServeHTTP(w, r)
}

func answer(w http.ResponseWriter, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body) // a client that hung up needs no answer
}

func (h *handler) json(w http.ResponseWriter, data any) {
	b, err := json.MarshalIndent(data, "", "  ")
	if err != nil {
		http.Error(w, "the answer could not be made", http.StatusInternalServerError)
		return
	}
	answer(w, "application/json", append(b, '\n'))
}

func (h *handler) overview(w http.ResponseWriter, _ *http.Request) {
	o := h.s.overview(time.Now())
	answer(w, "text/html; charset=utf-8", []byte(o.page()))
}

func (h *handler) phone(w http.ResponseWriter, r *http.Request) {
	if p, ok := h.one(w, r); ok {
		x := phonePage{Host: h.s.hostname(), Label: h.s.label(p), phoneJSON: phoneOf(p), Boots: boots(p)}
		answer(w, "text/html; charset=utf-8", []byte(x.page()))
	}
}

func (h *handler) apiPhones(w http.ResponseWriter, _ *http.Request) {
	out := []phoneJSON{}
	for _, p := range h.s.phones(time.Now()) {
		out = append(out, phoneOf(p))
	}
	h.json(w, out)
}

func (h *handler) apiTimeline(w http.ResponseWriter, r *http.Request) {
	if p, ok := h.one(w, r); ok {
		h.json(w, timelineJSON{phoneOf(p), boots(p)})
	}
}

// one finds the phone of the address.
func (h *handler) one(w http.ResponseWriter, r *http.Request) (inventory.Phone, bool) {
	p, ok := h.s.phone(strings.TrimSpace(r.PathValue("name")), time.Now())
	if !ok {
		http.Error(w, "no such phone has been seen", http.StatusNotFound)
	}
	return p, ok
}

var errSpec = errors.New("metrics: not a specification of this service")
