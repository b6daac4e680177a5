package metrics

import (
	"errors"
	"net/http"
	"path"
)

// handler answers every request.
type handler struct{ mux *http.ServeMux }

func newHandler(s *Sources) *handler {
	h := &handler{http.NewServeMux()}
	h.mux.Handle("/metrics", scrapes(newCollector(s).collect))
	if s.Page != nil {
		h.mux.Handle("/", s.Page)
	}
	return h
}

// policy lets a page have files of this box and nothing else: no script, style,
// frame or form of somebody else, and none that stands in the page itself.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// ServeHTTP implements http.Handler: the rules that hold for every answer.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	head := w.Header()
	head.Set("Content-Security-Policy", policy)
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("X-Frame-Options", "DENY")
	head.Set("Referrer-Policy", "no-referrer")
	head.Set("Cross-Origin-Resource-Policy", "same-origin")
	head.Set("Cross-Origin-Opener-Policy", "same-origin")
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

var errSpec = errors.New("metrics: not a specification of this service")
