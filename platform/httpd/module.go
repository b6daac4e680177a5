package httpd

import (
	"net/http"
	"strconv"
)

// Module is one application on the HTTP server, a session module in IOS terms.
type Module interface {
	http.Handler
	Name() string           // "HFS"
	Description() string    // for show ip http server session-module
	Knows(path string) bool // whether it answers for the decoded path
}

// NameHome is the name of the home page module.
const NameHome = "HOME_PAGE"

// HomePage is the module that says what the box is, on / alone. It has no
// secrets, no forms and no links.
func HomePage() Module { return homePage{} }

type homePage struct{}

const homeText = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Option 150</title></head>
<body><h1>Option 150</h1>
<p>This box gives Cisco IP phones their addresses and their files.</p>
<p>It is operated from its command line, over SSH or on its console.</p>
</body></html>
`

func (homePage) Name() string           { return NameHome }
func (homePage) Description() string    { return "Home page of the box" }
func (homePage) Knows(path string) bool { return path == "/" || path == "/index.html" }

func (homePage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		text(w, http.StatusMethodNotAllowed, "Method not allowed\n")
		return
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(homeText)))
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet {
		_, _ = w.Write([]byte(homeText))
	}
}

// text is a small plain answer with its length.
func text(w http.ResponseWriter, status int, body string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // net/http drops the body of an answer to HEAD
}
