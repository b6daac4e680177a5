package upstream

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/telephony/firmware"
)

// cluster is another file server.
type cluster struct {
	*httptest.Server
	mu     sync.Mutex
	files  map[string][]byte
	asked  map[string]int
	seen   []*http.Request
	status int           // instead of any file
	hold   chan struct{} // answers wait for it
	cut    int64         // bodies end after so many bytes, cuts times
	cuts   int
	pause  int64 // bodies wait after so many bytes for more
	more   chan struct{}
	ranges bool // it knows Range
	marks  bool // it sends ETag

	modified time.Time // Last-Modified; zero = none

	each func(http.ResponseWriter) // sees every answer; called with mu held
}

func newCluster(t *testing.T, files map[string][]byte) *cluster {
	return newClusterAt(t, "127.0.0.1:0", files)
}

func newClusterAt(t *testing.T, addr string, files map[string][]byte) *cluster {
	t.Helper()
	c := &cluster{files: files, asked: map[string]int{}, ranges: true, marks: true}
	if c.files == nil {
		c.files = map[string][]byte{}
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	c.Server = httptest.NewUnstartedServer(c)
	c.Server.Listener.Close()
	c.Server.Listener = l
	c.Server.Start()
	t.Cleanup(c.Close)
	return c
}

func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	c.mu.Lock()
	c.asked[name]++
	c.seen = append(c.seen, r)
	b, ok := c.files[name]
	status, hold, cut := c.status, c.hold, int64(-1)
	if c.cuts > 0 && r.Method == http.MethodGet && ok {
		c.cuts--
		cut = c.cut
	}
	ranges, marks, pause, more, modified := c.ranges, c.marks, c.pause, c.more, c.modified
	if c.each != nil {
		c.each(w)
	}
	c.mu.Unlock()
	if hold != nil {
		select {
		case <-hold:
		case <-r.Context().Done():
			return
		}
	}
	switch {
	case status != 0:
		w.WriteHeader(status)
		return
	case !ok:
		http.NotFound(w, r)
		return
	}
	if marks {
		w.Header().Set("Etag", fmt.Sprintf(`"%x"`, len(b)*31+int(b[len(b)-1])))
	}
	if !ranges {
		r.Header.Del("Range")
	}
	if cut >= 0 {
		w = &cutter{w, cut}
	}
	if more != nil {
		w = &pausing{w, pause, more}
	}
	http.ServeContent(w, r, name, modified, strings.NewReader(string(b)))
}

// pausing waits in the middle of a body.
type pausing struct {
	http.ResponseWriter
	left int64
	more chan struct{}
}

func (p *pausing) Write(b []byte) (int, error) {
	n := min(int64(len(b)), max(p.left, 0))
	if p.left -= n; p.left <= 0 && n < int64(len(b)) {
		if _, err := p.ResponseWriter.Write(b[:n]); err != nil {
			return 0, err
		}
		_ = http.NewResponseController(p.ResponseWriter).Flush()
		<-p.more
		m, err := p.ResponseWriter.Write(b[n:])
		return int(n) + m, err
	}
	return p.ResponseWriter.Write(b)
}

// Unwrap serves http.ResponseController.
func (p *pausing) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// cutter ends a body in its middle.
type cutter struct {
	http.ResponseWriter
	left int64
}

// Unwrap serves http.ResponseController.
func (c *cutter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *cutter) Write(p []byte) (int, error) {
	if c.left <= 0 {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	n, err := c.ResponseWriter.Write(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if err == nil && n < len(p) {
		_ = http.NewResponseController(c.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, err
}

func (c *cluster) set(f func()) { c.mu.Lock(); defer c.mu.Unlock(); f() }
func (c *cluster) times(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.asked[name]
}

func (c *cluster) alternate(order int) Alternate {
	ap := netip.MustParseAddrPort(c.Listener.Addr().String())
	return Alternate{Order: order, Host: ap.Addr().String(), Port: ap.Port()}
}

// nobody is an address where nothing listens.
func nobody(t *testing.T, order int) Alternate {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	return Alternate{Order: order, Host: a.Addr().String(), Port: a.Port()}
}

// fold keeps the events.
type fold struct {
	mu  sync.Mutex
	all []journal.Event
}

func (f *fold) Record(e journal.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, e)
}

func count[T journal.Event](f *fold) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.all {
		if _, ok := e.(T); ok {
			n++
		}
	}
	return n
}

var here = ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}

// box is a file server with alternates.
type box struct {
	*Server
	files *fileserver.Server
	seen  *fold
	dir   string
}

func quick() times {
	t := fieldTimes()
	t.Connect, t.Answer, t.Search, t.Decide = time.Second, time.Second, 3*time.Second, 1500*time.Millisecond
	t.Stall, t.GiveUp, t.Probe = time.Second, 4*time.Second, 20*time.Millisecond
	return t
}

func newBox(t *testing.T, cfg Config, own ...fileserver.Lookup) *box {
	return openBox(t, t.TempDir(), cfg, quick(), own...)
}

func openBox(t *testing.T, dir string, cfg Config, tune times, own ...fileserver.Lookup) *box {
	t.Helper()
	b := &box{seen: &fold{}, dir: dir}
	b.Server = newServer(Options{Dir: dir, ID: "box-a", Here: func(m ether.MAC) bool { return m == here }, Recorder: b.seen}, tune)
	o := fileserver.Options{Recorder: b.seen, Before: []fileserver.Route{b.Home()}, Routes: []fileserver.Route{b.Route()}, Peer: b.Relayed}
	if len(own) > 0 {
		o.Generated = own[0]
	}
	b.files = fileserver.New(o)
	b.configure(t, cfg)
	t.Cleanup(b.Close)
	return b
}

func (b *box) configure(t *testing.T, cfg Config) {
	t.Helper()
	if cfg.CacheSize == 0 {
		cfg.CacheSize = DefaultCacheSize
	}
	c, err := b.Prepare(context.Background(), nil, Spec{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
}

var phoneAt = netip.MustParseAddrPort("10.1.1.20:50000")

func (b *box) open(name string, tr fileserver.Transport) (*fileserver.File, error) {
	return b.openAs(fileserver.Request{Transport: tr, Client: phoneAt, Name: name})
}

func (b *box) openAs(r fileserver.Request) (*fileserver.File, error) {
	return b.files.Open(context.Background(), r)
}

// get takes a whole file over one of the transports.
func (b *box) get(t *testing.T, name string) (string, error) {
	t.Helper()
	f, err := b.open(name, fileserver.TFTP)
	if err != nil {
		return "", err
	}
	defer f.Finish(fileserver.Result{Complete: true})
	got, err := io.ReadAll(f.Content)
	if err == nil && int64(len(got)) != f.Size {
		t.Errorf("%s: %d bytes of %d", name, len(got), f.Size)
	}
	return string(got), err
}

func image(name string, size int) []byte {
	return firmware.SyntheticFile(name, []byte(strings.Repeat("firmware ", size/9+1)))
}

func wait(t *testing.T, what string, f func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("%s did not come about", what)
}
