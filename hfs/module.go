package hfs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"option150/platform/fileserver"
	"option150/platform/httpd"
)

// NameModule is the name of the session module in plans and show.
const NameModule = "HFS"

// maxRanges bounds what one request may ask for; phones ask for none.
// [facts/files.md 7.3]
const maxRanges = 4

// Module is the session module. It knows every path, so it is asked last where
// it shares a port.
func (s *Server) Module() httpd.Module { return module{s} }

type module struct{ s *Server }

func (module) Name() string        { return NameModule }
func (module) Description() string { return "HTTP File-fetch Server" }
func (module) Knows(string) bool   { return true }

// ServeHTTP implements http.Handler.
func (m module) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	req := request(r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if d, ok := m.s.files.(denier); ok {
			_ = d.Deny(req, "method "+strconv.Quote(r.Method[:min(len(r.Method), 16)]))
		}
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "Method not allowed\n")
		return
	}
	f, err := m.s.files.Open(r.Context(), req)
	if err != nil {
		no, ok := refusal(err)
		if !ok {
			panic(http.ErrAbortHandler) // nobody is there to be answered
		}
		if no.again != "" {
			w.Header().Set("Retry-After", no.again)
		}
		answer(w, no.status, no.text)
		return
	}
	m.s.fetches.Add(1)
	defer m.s.fetches.Add(-1)
	send(w, r, f)
}

// Denied implements httpd.Denier: a phone that is kept out is a finding about
// that phone.
func (m module) Denied(r *http.Request, list string) {
	if d, ok := m.s.files.(denier); ok {
		_ = d.Deny(request(r), "access list "+list+" of ip http access-class")
	}
}

// denier records a request that never came to a look-up.
type denier interface {
	Deny(r fileserver.Request, why string) error
}

// request is the question. The path is decoded once, by net/http; package
// flash makes one name of it for both transports. A query is no part of it.
func request(r *http.Request) fileserver.Request {
	req := fileserver.Request{Transport: fileserver.HTTP, Name: r.URL.Path, UserAgent: r.UserAgent(),
		Via: strings.Join(r.Header.Values("Via"), ", ")}
	req.Client, _ = netip.ParseAddrPort(r.RemoteAddr)
	req.Client = netip.AddrPortFrom(req.Client.Addr().Unmap(), req.Client.Port())
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		p := a.AddrPort()
		req.Local = netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return req
}

// no is an answer that is not a file.
type no struct {
	status int
	text   string
	again  string // Retry-After
}

// refusal maps the errors of the look-up. Whatever is not known is 503, which
// sends the phone to TFTP; a false 404 would be final. false: the client has
// gone. [facts/files.md 10]
func refusal(err error) (no, bool) {
	switch {
	case errors.Is(err, fileserver.ErrNotFound):
		return no{http.StatusNotFound, "No such file\n", ""}, true
	case errors.Is(err, fileserver.ErrDenied):
		return no{http.StatusForbidden, "Access violation\n", ""}, true
	case errors.Is(err, fileserver.ErrMalformed):
		return no{http.StatusBadRequest, "Illegal operation\n", ""}, true
	case errors.Is(err, context.Canceled):
		return no{}, false
	}
	return no{http.StatusServiceUnavailable, "Busy, ask again\n", strconv.Itoa(15 + rand.IntN(31))}, true
}

// The values of both ways to answer.
const (
	plainText = "text/plain; charset=utf-8"
	noStore   = "no-store" // as CUCM [facts/phones.md 1.3]
)

func answer(w http.ResponseWriter, status int, body string) {
	h := w.Header()
	h.Set("Content-Type", plainText)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", noStore)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// send serves the file and tells how it ended.
func send(w http.ResponseWriter, r *http.Request, f *fileserver.File) {
	c := &counter{ResponseWriter: w, head: r.Method == http.MethodHead, file: f}
	done := fileserver.Result{Why: "defect"} // stands if ServeContent panics
	defer func() { f.Finish(done) }()

	h := w.Header()
	h.Set("Content-Type", contentType(f.Name))
	h.Set("Cache-Control", noStore)
	if f.ETag != "" {
		h.Set("Etag", f.ETag)
	}
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		r.Header.Del("Range")
	}
	since := r.Header.Get("If-Modified-Since")
	if at, err := http.ParseTime(since); err == nil && !at.Equal(f.ModTime.Truncate(time.Second)) {
		r.Header.Del("If-Modified-Since") // an older file that was put back has changed as well
	}
	http.ServeContent(c, r, "", f.ModTime, f.Content)
	c.flush()
	if c.err == nil && c.sent > 0 && c.sent == c.want {
		f.Given()
		missing, err := httpd.Taken(w, r)
		c.sent, c.err = max(c.sent-missing, 0), err
	}
	done = result(c.sent, c.want, c.status, c.err)
}

// result is how an answer ended of which want octets were to be sent.
func result(sent, want int64, status int, err error) fileserver.Result {
	r := fileserver.Result{Bytes: sent, Status: status, Complete: sent == want}
	if !r.Complete {
		r.Why = "the client closed the connection"
		switch {
		case fileserver.Broken(err):
			r.Why = "the file came to no end: " + err.Error()
		case errors.Is(err, httpd.ErrNotTaken):
			r.Why = "the client did not acknowledge all of it"
		case errors.Is(err, os.ErrDeadlineExceeded):
			r.Why = "the client made no progress"
		case err == nil, errors.Is(err, httpd.ErrShort):
			r.Why = "the file ended early"
		}
	}
	return r
}

func contentType(name string) string {
	const xml = ".xml"
	if len(name) >= len(xml) && strings.EqualFold(name[len(name)-len(xml):], xml) {
		return "text/xml"
	}
	return "application/octet-stream"
}

// counter counts the payload. It forwards ReadFrom, without which net/http
// would copy firmware through memory instead of using sendfile.
type counter struct {
	http.ResponseWriter
	head   bool
	file   *fileserver.File
	status int
	sent   int64
	want   int64 // Content-Length of the answer
	err    error
	held   bool // what was written may still be in memory
}

func (c *counter) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
		switch {
		case c.head, status == http.StatusNotModified:
		case status == http.StatusOK, status == http.StatusPartialContent:
			c.want, _ = strconv.ParseInt(c.Header().Get("Content-Length"), 10, 64)
		}
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.count(int64(n), err)
	return n, err
}

// ReadFrom implements io.ReaderFrom. net/http would send the header alone and
// then src. The rest of what is in memory is written instead: it is put behind
// the header, and a phone's configuration leaves in one piece.
func (c *counter) ReadFrom(src io.Reader) (int64, error) {
	if l, ok := src.(*io.LimitedReader); ok {
		if m, ok := l.R.(*bytes.Reader); ok && l.N >= int64(m.Len()) {
			c.held = true
			n, err := m.WriteTo(c.ResponseWriter)
			l.N -= n
			c.count(n, err)
			return n, err
		}
	}
	l, limited := src.(*io.LimitedReader)
	file := false
	if limited {
		switch l.R.(type) {
		case httpd.Positioned, *os.File:
			file = true
		}
	}
	if !file {
		n, err := io.Copy(c.ResponseWriter, src)
		c.count(n, err)
		return n, err
	}
	var total int64
	for l.N > 0 { // in steps, so that how far it is can be told
		part := &io.LimitedReader{R: l.R, N: min(l.N, progressStep)}
		want := part.N
		n, err := io.Copy(c.ResponseWriter, part)
		total += n
		l.N -= n
		c.count(n, err)
		if err != nil || n < want {
			return total, err
		}
	}
	return total, nil
}

// progressStep is what of a large file is given to the kernel at a time.
const progressStep = 1 << 20

// flush sends what is held, so that the file has ended, well or not, before
// that is told.
func (c *counter) flush() {
	if !c.held || c.err != nil {
		return
	}
	err := http.NewResponseController(c.ResponseWriter).Flush()
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		c.err, c.sent = err, 0
	}
}

func (c *counter) count(n int64, err error) {
	if c.status == http.StatusOK || c.status == http.StatusPartialContent {
		c.sent += n
		c.file.Progress(c.sent)
	}
	if c.err == nil {
		c.err = err
	}
}

// Unwrap serves http.ResponseController.
func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }
