package hfs

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/testkit"
)

// served is how many files were told to have been sent, or not.
func served(rec *notes) (n int) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, e := range rec.all {
		if _, is := e.(fileserver.Served); is {
			n++
		}
	}
	return n
}

// TestArrived: an answer was sent when its client's TCP has acknowledged it, not
// when it was given to ours: however it was asked for, from wherever it comes, and
// also where the client never says another word.
func TestArrived(t *testing.T) {
	dir := t.TempDir()
	for name, size := range map[string]int{"small.xml": 60_000, "image.sbn": 200_000} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Repeat("x", size)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fl, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer fl.Close()
	rec := &notes{}
	files := fileserver.New(fileserver.Options{Flash: fl, Recorder: rec,
		Generated: func(name string) ([]byte, time.Time, string, bool) {
			return []byte(strings.Repeat("g", 50_000)), time.Unix(1e9, 0), `"gen-1"`, name == "SEP001E7A000001.cnf.xml"
		}})
	s := New(files)
	h := serving(t, s, rec)
	all := func(t *testing.T, c *net.TCPConn) {
		r, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			var n int64
			if n, err = io.Copy(io.Discard, r.Body); n != r.ContentLength {
				t.Errorf("%d octets of %d", n, r.ContentLength)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	given := func(t *testing.T, size int64) {
		testkit.Until(t, "all is given", func() bool {
			open := h.Connections()
			return len(open) == 1 && open[0].Out >= size
		})
		time.Sleep(time.Millisecond)
	}
	type end struct {
		name  string
		do    func(t *testing.T, c *net.TCPConn, size int64)
		whole bool
	}
	ends := []end{
		{"reads and stays", func(t *testing.T, c *net.TCPConn, _ int64) { all(t, c) }, true},
		{"reads and closes", func(t *testing.T, c *net.TCPConn, _ int64) { all(t, c); c.Close() }, true},
		{"says that it asks no more, and reads", func(t *testing.T, c *net.TCPConn, size int64) {
			_ = c.CloseWrite()
			given(t, size)
			all(t, c)
		}, true},
		{"reads late", func(t *testing.T, c *net.TCPConn, size int64) {
			given(t, size)
			if files.Counters().HttpConnectRequests == 0 {
				t.Error("it has ended before it was read")
			}
			all(t, c)
		}, true},
		{"reads nothing and resets", func(t *testing.T, c *net.TCPConn, size int64) {
			given(t, size)
			_ = c.SetLinger(0)
			c.Close()
		}, false},
		{"reads a part and goes", func(t *testing.T, c *net.TCPConn, size int64) {
			given(t, size)
			_, _ = io.ReadFull(c, make([]byte, 10_000))
			c.Close()
		}, false},
		{"says that it asks no more, and resets", func(t *testing.T, c *net.TCPConn, size int64) {
			_ = c.CloseWrite()
			given(t, size)
			_ = c.SetLinger(0)
			c.Close()
		}, false},
	}
	const first = " HTTP/1.1\r\nHost: x\r\n"
	for _, f := range []struct {
		name string
		size int64
	}{{"SEP001E7A000001.cnf.xml", 50_000}, {"small.xml", 60_000}, {"image.sbn", 200_000}} {
		for _, how := range []struct{ name, rest string }{
			{"kept", first}, {"closed", first + "Connection: close\r\n"}, {"1.0", " HTTP/1.0\r\n"}, {"1.0 kept", " HTTP/1.0\r\nConnection: keep-alive\r\n"},
			{"odd", first + "X: y\r\n"}, {"odd, closed", first + "X: y\r\nConnection: close\r\n"}, {"range", first + "Range: bytes=1-\r\n"},
		} {
			for _, e := range ends {
				t.Run(f.name+" "+how.name+" "+e.name, func(t *testing.T) {
					before := served(rec)
					c := testkit.Narrow(t, h.Listeners()[0].Bound)
					defer c.Close()
					if _, err := io.WriteString(c, "GET /"+f.name+how.rest+"\r\n"); err != nil {
						t.Fatal(err)
					}
					e.do(t, c, f.size)
					testkit.Until(t, "it has ended", func() bool { return served(rec) > before })
					x := last[fileserver.Served](rec)
					if x.Complete != e.whole || (x.Why == "") != e.whole || (x.Bytes >= f.size-1) != e.whole {
						t.Errorf("%+v", x)
					}
					c.Close()
					testkit.Until(t, "it is gone", func() bool { return len(h.Connections()) == 0 })
				})
			}
		}
	}
	testkit.Until(t, "no place is held", func() bool { n, _ := files.Serving(); return n == 0 && s.Fetches() == 0 })
}
