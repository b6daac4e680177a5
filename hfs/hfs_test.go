package hfs

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/httpd"
	"option150/platform/journal"
	"option150/platform/listen"
)

var firmware = bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MB

const cnf = `<?xml version="1.0"?><device/>`

type notes struct {
	mu  sync.Mutex
	all []journal.Event
}

func (n *notes) Record(e journal.Event) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.all = append(n.all, e)
}

// last is the last event of a kind.
func last[E journal.Event](n *notes) (e E) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, a := range n.all {
		if x, ok := a.(E); ok {
			e = x
		}
	}
	return e
}

type busy struct{}

func (busy) Name() string { return "upstream" }
func (busy) Open(_ context.Context, _ fileserver.Request, name string) (*fileserver.Hit, error) {
	if name == "busy.loads" {
		return nil, fileserver.ErrBusy
	}
	return nil, nil
}

// box is a file server with an HFS before it.
func box(t testing.TB) (*Server, *fileserver.Server, *notes) {
	t.Helper()
	dir := t.TempDir()
	for p, c := range map[string]string{
		"SCCP41.9-4-2SR3-1S.loads": "loads", "phones/jar41sccp.9-4-2ES26.sbn": string(firmware), "German_Germany/7960-tones.xml": "<tones/>",
		"a b+c%41.raw": "odd name", "empty.tlv": "", "startup-config": "secret", "Ringlist.xml": "<rings/>",
	} {
		full := filepath.Join(dir, p)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(c), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_ = unix.Mkfifo(filepath.Join(dir, "fifo"), 0o644)
	_ = os.Symlink("/etc/passwd", filepath.Join(dir, "link"))
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fl.Close() })
	rec := &notes{}
	files := fileserver.New(fileserver.Options{Flash: fl, Recorder: rec, Routes: []fileserver.Route{busy{}},
		Generated: func(name string) ([]byte, time.Time, string, bool) {
			if strings.EqualFold(name, "SEP001E7A000001.cnf.xml") {
				return []byte(cnf), time.Unix(1e9, 0), `"gen-1"`, true
			}
			return nil, time.Time{}, "", false
		}})
	return New(files), files, rec
}

// serve puts it on a real socket.
func serve(t testing.TB, s *Server) netip.AddrPort {
	t.Helper()
	return serving(t, s, nil).Listeners()[0].Bound
}

// serving is serve with the server itself, which tells rec.
func serving(t testing.TB, s *Server, rec journal.Recorder) *httpd.Server {
	t.Helper()
	h := httpd.New(map[string]httpd.Module{NameModule: s.Module()}, rec)
	c, err := h.Prepare(t.Context(), nil, httpd.Spec{Listeners: []httpd.Listener{{
		Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.MustParseAddr("127.0.0.1"), Owner: Owner}, Modules: []string{NameModule}}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		h.Close(ctx)
	})
	return h
}

// exchange sends raw requests and parses what comes back.
type exchange func(t *testing.T, request string) (*http.Response, string)

func inMemory(h http.Handler) exchange {
	return func(t *testing.T, request string) (*http.Response, string) {
		t.Helper()
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
		if err != nil {
			t.Fatal(err)
		}
		r.RemoteAddr = "10.1.1.5:49152"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		b, _ := io.ReadAll(w.Result().Body)
		return w.Result(), string(b)
	}
}

func overSocket(a netip.AddrPort) exchange {
	return func(t *testing.T, request string) (*http.Response, string) {
		t.Helper()
		c, err := net.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(c, request)
		method, _, _ := strings.Cut(request, " ")
		r, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: method})
		if err != nil {
			t.Fatalf("%.60q: %v", request, err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatalf("%.60q: %v", request, err)
		}
		return r, string(b)
	}
}

func TestFetches(t *testing.T) {
	s, _, rec := box(t)
	for kind, do := range map[string]exchange{"memory": inMemory(s.Module()), "socket": overSocket(serve(t, s))} {
		t.Run(kind, func(t *testing.T) {
			first, _ := do(t, "GET /Ringlist.xml HTTP/1.1\r\nHost:x\r\n\r\n")
			tag := first.Header.Get("Etag")
			if len(tag) < 10 || tag[0] != '"' {
				t.Fatalf("entity tag %q", tag)
			}
			for _, c := range []struct {
				request string // after the method, with CRLF as |
				status  int
				body    string
				header  string // that must be there
			}{
				{"GET /SEP001E7A000001.cnf.xml HTTP/1.1|Host:10.0.0.1:6970||", 200, cnf, "Content-Type: text/xml"},
				{"GET /sep001e7a000001.CNF.xml HTTP/1.0||", 200, cnf, "Etag: \"gen-1\""},
				{"GET //Communicator\\SEP001E7A000001.cnf.xml HTTP/1.1|Host: x||", 200, cnf, "Cache-Control: no-store"},
				{"GET /SCCP41.9-4-2SR3-1S.loads HTTP/1.1|Host: x||", 200, "loads", "Content-Type: application/octet-stream"},
				{"GET /jar41sccp.9-4-2ES26.sbn HTTP/1.1|Host: x||", 200, string(firmware), "Content-Length: 1048576"},
				{"GET /German_Germany/7960-tones.xml HTTP/1.1|Host: x||", 200, "<tones/>", ""},
				{"GET /German_Germany%2F7960-tones.xml?x=1 HTTP/1.1|Host: x||", 200, "<tones/>", ""},
				{"GET /a%20b+c%2541.raw HTTP/1.1|Host: x||", 200, "odd name", ""},
				{"GET http://10.0.0.1:6970/Ringlist.xml HTTP/1.1|Host: x||", 200, "<rings/>", ""},
				{"HEAD /jar41sccp.9-4-2ES26.sbn HTTP/1.1|Host: x||", 200, "", "Content-Length: 1048576"},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|If-None-Match: " + tag + "||", 304, "", "Etag: " + tag},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|If-None-Match: \"other\"||", 200, "<rings/>", ""},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|Range: bytes=1-5||", 206, "rings", "Content-Range: bytes 1-5/8"},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|Range: bytes=1-5|If-Range: \"other\"||", 200, "<rings/>", ""},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|Range: bytes=0-0,1-1,2-2,3-3,4-4||", 200, "<rings/>", ""},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|Range: bytes=50-||", 416, "", ""},
				{"GET /Ringlist.xml HTTP/1.1|Host: x|Accept-Encoding: gzip||", 200, "<rings/>", "Content-Length: 8"},
				{"GET /CTLSEP001E7A000001.tlv HTTP/1.1|Host: x||", 404, "No such file\n", "Content-Length: 13"},
				{"GET /empty.tlv HTTP/1.1|Host: x||", 404, "No such file\n", ""},
				{"GET / HTTP/1.1|Host: x||", 404, "No such file\n", ""},
				{"GET /Ringlist.xml.sgn HTTP/1.1|Host: x||", 404, "No such file\n", ""},
				{"GET /" + strings.Repeat("x", 2000) + " HTTP/1.1|Host: x||", 404, "No such file\n", ""},
				{"GET /busy.loads HTTP/1.1|Host: x||", 503, "Busy, ask again\n", "Content-Length: 16"},
				{"GET /startup-config HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /../nvram/startup-config HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /%2e%2e/nvram/startup-config HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /..%5c..%5cx HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /x%00.loads HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /fifo HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /link HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"GET /German_Germany HTTP/1.1|Host: x||", 403, "Access violation\n", ""},
				{"POST /Ringlist.xml HTTP/1.1|Host: x|Content-Length: 0||", 405, "Method not allowed\n", "Allow: GET, HEAD"},
				{"DELETE /Ringlist.xml HTTP/1.1|Host: x||", 405, "Method not allowed\n", ""},
			} {
				r, body := do(t, strings.ReplaceAll(c.request, "|", "\r\n"))
				if r.StatusCode != c.status || c.body != "" && body != c.body || c.status == 304 && body != "" {
					t.Errorf("%.70s: %d %.40q", c.request, r.StatusCode, body)
				}
				if k, v, ok := strings.Cut(c.header, ": "); ok && r.Header.Get(k) != v {
					t.Errorf("%.70s: %s: %q", c.request, k, r.Header.Get(k))
				}
				if len(r.TransferEncoding) != 0 || r.Header.Get("Content-Encoding") != "" {
					t.Errorf("%.70s: encoded %v", c.request, r.TransferEncoding)
				}
				if c.status != 304 && kind == "socket" && r.ContentLength < 0 {
					t.Errorf("%.70s: no Content-Length", c.request)
				}
				if c.status == 503 {
					if n, err := strconv.Atoi(r.Header.Get("Retry-After")); err != nil || n < 15 || n > 45 {
						t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
					}
				}
			}
			do(t, "GET /SCCP41.9-4-2SR3-1S.loads HTTP/1.1\r\nHost:x\r\n\r\n")
			e := settled(t, rec, "/SCCP41.9-4-2SR3-1S.loads")
			if !e.Complete || e.Bytes != 5 || e.Status != 200 || e.File != "flash:/SCCP41.9-4-2SR3-1S.loads" || e.Route != "flash" {
				t.Errorf("recorded %+v", e)
			}
			do(t, "HEAD /jar41sccp.9-4-2ES26.sbn HTTP/1.1\r\nHost:x\r\n\r\n")
			if e := settled(t, rec, "/jar41sccp.9-4-2ES26.sbn"); !e.Complete || e.Bytes != 0 {
				t.Errorf("recorded %+v", e)
			}
			do(t, "GET /Ringlist.xml HTTP/1.1\r\nHost: x\r\nRange: bytes=1-5\r\n\r\n")
			if e := settled(t, rec, "/Ringlist.xml"); !e.Complete || e.Bytes != 5 || e.Status != 206 {
				t.Errorf("recorded %+v", e)
			}
		})
	}
}

// settled waits until the end of a request was recorded: the client may have
// its bytes a moment earlier.
func settled(t *testing.T, rec *notes, name string) fileserver.Served {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		rec.mu.Lock()
		asked := 0
		var e fileserver.Served
		for _, a := range rec.all {
			switch a := a.(type) {
			case fileserver.Asked:
				asked++
			case fileserver.Served:
				asked--
				if a.Name == name { // one of before may be told later
					e = a
				}
			case fileserver.NotFound, fileserver.Busy, fileserver.Denied:
				asked--
			}
		}
		rec.mu.Unlock()
		if asked == 0 && e.Name == name {
			return e
		}
		if time.Now().After(end) {
			t.Fatalf("no end of %s: %+v, %d open", name, e, asked)
		}
	}
}

// TestPhoneRequest: the request of an 8861 as it is on the wire, and an
// answer the phone can parse. [facts/phones.md 1.3]
func TestPhoneRequest(t *testing.T) {
	s, _, rec := box(t)
	a := serve(t, s)
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := fmt.Fprintf(c, "GET /SEP001E7A000001.cnf.xml HTTP/1.1\r\nHost:%s\r\n\r\n", a); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	status, _ := r.ReadString('\n')
	if status != "HTTP/1.1 200 OK\r\n" {
		t.Errorf("status line %q", status)
	}
	length := -1
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "\r\n" {
			break
		}
		if v, ok := strings.CutPrefix(line, "Content-Length: "); ok {
			length, _ = strconv.Atoi(strings.TrimSpace(v))
		}
	}
	if length != len(cnf) {
		t.Fatalf("Content-Length %d", length)
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil || string(body) != cnf {
		t.Errorf("%q %v", body, err)
	}
	_ = c.Close() // the phone closes when it has the body
	e := last[fileserver.Asked](rec)
	if e.Name != "/SEP001E7A000001.cnf.xml" || e.UserAgent != "" || e.Client.Addr() != netip.MustParseAddr("127.0.0.1") || e.Local != a {
		t.Errorf("%+v", e)
	}
}

// TestClientGoes: who closes in the middle is counted as aborted, and its
// place is given back.
func TestClientGoes(t *testing.T) {
	s, files, rec := box(t)
	a := serve(t, s)
	d := net.Dialer{}
	c, err := d.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	for range 64 { // many ranges of one file: more than socket buffers take
		_, _ = io.WriteString(c, "GET /jar41sccp.9-4-2ES26.sbn HTTP/1.1\r\nHost:x\r\n\r\n")
	}
	_, _ = io.ReadFull(c, make([]byte, 100))
	_ = c.(*net.TCPConn).SetLinger(0)
	_ = c.Close()
	for end := time.Now().Add(10 * time.Second); files.Counters().HttpRequestsAborted == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v", files.Counters())
		}
	}
	if e := last[fileserver.Served](rec); e.Complete || e.Why == "" {
		t.Errorf("%+v", e)
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if n, _ := files.Serving(); n == 0 && s.Fetches() == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("a place is lost")
		}
	}
}

// sink is a ResponseWriter that sees what it is asked to read from.
type sink struct {
	http.ResponseWriter
	from []io.Reader
}

func (s *sink) ReadFrom(r io.Reader) (int64, error) {
	s.from = append(s.from, r)
	return io.Copy(struct{ io.Writer }{s.ResponseWriter}, r)
}

// TestSendfileIsKept: firmware reaches the connection as a file that the kernel
// can send.
func TestSendfileIsKept(t *testing.T) {
	s, _, _ := box(t)
	w := &sink{ResponseWriter: httptest.NewRecorder()}
	s.Module().ServeHTTP(w, httptest.NewRequest("GET", "/jar41sccp.9-4-2ES26.sbn", nil))
	if len(w.from) != 1 {
		t.Fatalf("ReadFrom was called %d times", len(w.from))
	}
	l, ok := w.from[0].(*io.LimitedReader)
	if !ok {
		t.Fatalf("%T", w.from[0])
	}
	if _, ok := l.R.(httpd.Positioned); !ok {
		t.Errorf("%T", l.R)
	}
}

// TestSameNameSameAnswer: whatever is asked for, TFTP and HTTP
// give the same bytes or the same refusal.
func TestSameNameSameAnswer(t *testing.T) {
	s, files, _ := box(t)
	do := inMemory(s.Module())
	r := rand.New(rand.NewPCG(150, 6970))
	base := []string{"SEP001E7A000001.cnf.xml", "SCCP41.9-4-2SR3-1S.loads", "phones/jar41sccp.9-4-2ES26.sbn", "jar41sccp.9-4-2ES26.sbn",
		"German_Germany/7960-tones.xml", "a b+c%41.raw", "empty.tlv", "startup-config", "Ringlist.xml", "CTLFile.tlv", "busy.loads", "fifo", "link"}
	mutate := []func(string) string{
		strings.ToUpper, strings.ToLower,
		func(s string) string { return "/" + s },
		func(s string) string { return `\` + s },
		func(s string) string { return strings.ReplaceAll(s, "/", `\`) },
		func(s string) string { return strings.ReplaceAll(s, "/", "//./") },
		func(s string) string { return "../" + s },
		func(s string) string { return "x/../" + s },
		func(s string) string { return s + ".sgn" },
		func(s string) string { return "Communicator/" + s },
		func(s string) string { return s + "%2f" },
		func(s string) string { return s + "\x00" },
		func(s string) string { return s + "?a#b;c" },
		func(s string) string { return s[:r.IntN(len(s)+1)] },
		func(s string) string { return s + strings.Repeat("y", r.IntN(300)) },
		func(s string) string { return s + string(rune(r.IntN(0x3000))) },
	}
	for range 1500 {
		name := base[r.IntN(len(base))]
		for range r.IntN(3) {
			name = mutate[r.IntN(len(mutate))](name)
		}
		same(t, files, do, name)
	}
}

// same asks both ways.
func same(t *testing.T, files fileserver.Opener, do exchange, name string) {
	t.Helper()
	var content string
	f, err := files.Open(context.Background(), fileserver.Request{Transport: fileserver.TFTP, Name: name, Client: netip.MustParseAddrPort("10.1.1.6:5000")})
	if err == nil {
		b, _ := io.ReadAll(f.Content)
		content = string(b)
		f.Finish(fileserver.Result{Bytes: int64(len(b)), Complete: true})
	}
	target := (&url.URL{Path: "/" + name}).EscapedPath()
	resp, body := do(t, "GET "+target+" HTTP/1.1\r\nHost:x\r\n\r\n")
	want := 200
	switch {
	case err == nil:
	case errors.Is(err, fileserver.ErrNotFound):
		want = 404
	case errors.Is(err, fileserver.ErrDenied):
		want = 403
	case errors.Is(err, fileserver.ErrBusy):
		want = 503
	default:
		t.Fatalf("%q: %v", name, err)
	}
	if resp.StatusCode != want || want == 200 && body != content {
		t.Fatalf("%q: TFTP %v with %d bytes, HTTP %d with %d bytes", name, err, len(content), resp.StatusCode, len(body))
	}
}

// FuzzTarget sends any request target through the resolver of URL paths.
func FuzzTarget(f *testing.F) {
	for _, s := range []string{"/a", "/%2e%2e/x", "//x", "http://h/x", "*", "/x%00", `/..%5cx`, "/a?b#c", "/%E2%80%AE", "/SEP001E7A000001.cnf.xml"} {
		f.Add(s)
	}
	s, files, _ := box(f)
	h := s.Module()
	f.Fuzz(func(t *testing.T, target string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost:x\r\n\r\n")))
		if err != nil {
			return
		}
		r.RemoteAddr = "10.1.1.5:49152"
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		switch w.Code {
		case 200, 206, 304, 403, 404, 416, 503:
		default:
			t.Fatalf("%q: status %d", target, w.Code)
		}
		if strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "root:") {
			t.Fatalf("%q: %q", target, w.Body)
		}
		same(t, files, inMemory(h), r.URL.Path)
	})
}
