package httpd

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

// shelf is a module with a file and a page, each larger than the two ends of a
// connection hold, and the same from memory. It remembers how they ended.
type shelf struct {
	words
	page []byte
	size int64 // what it says the file has

	mu    sync.Mutex
	ended []ending
	told  int64
	drop  bool // it panics when it is told how far it is
}

// medium is what our end of a connection holds and a narrow client's does not.
const medium = 200_000

type ending struct {
	sent int64
	err  error
}

func (s *shelf) Answer(_ context.Context, q *Question, a *Answer) bool {
	a.Status, a.Size = 200, int64(len(s.page))
	a.Progress = func(n int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.told = n; s.drop {
			panic("defect")
		}
	}
	over := func() {}
	switch q.Path {
	case "/file":
		f, err := os.Open(s.file)
		if err != nil {
			panic(err)
		}
		s.mu.Lock()
		a.Size = s.size
		s.mu.Unlock()
		a.Content, over = f, func() { f.Close() }
	case "/page":
		a.Body = s.page
	case "/medium":
		a.Body, a.Size = s.page[:medium], medium
	default:
		a.Body, a.Size = []byte("small"), 5
	}
	a.Done = func(sent int64, err error) {
		over()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = append(s.ended, ending{sent, err})
	}
	return true
}

func (s *shelf) last(t *testing.T, n int) ending {
	t.Helper()
	var e ending
	wait(t, "it has ended", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.ended) > 0 {
			e = s.ended[len(s.ended)-1]
		}
		return len(s.ended) >= n
	})
	return e
}

func newShelf(t *testing.T, change func(*Limits)) (*Server, *shelf, netip.AddrPort, *notes) {
	t.Helper()
	l := DefaultLimits()
	if change != nil {
		change(&l)
	}
	m := &shelf{words: words{"S", filepath.Join(t.TempDir(), "firmware")}, page: make([]byte, large), size: large}
	for i := range m.page {
		m.page[i] = byte(i >> 8)
	}
	if err := os.WriteFile(m.file, m.page, 0o644); err != nil {
		t.Fatal(err)
	}
	rec := &notes{}
	s := NewWithLimits(map[string]Module{"S": m}, rec, l)
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Close(ctx)
	})
	return s, m, apply(t, s, at("127.0.0.1", 0, "S"))[0].Bound, rec
}

// TestDelivery: what a client has no room for waits with its connection: in
// order, whole, with what was asked behind it, and without a goroutine for each.
func TestDelivery(t *testing.T) {
	s, m, a, _ := newShelf(t, func(l *Limits) { l.PerAddress, l.FirstStall = 1000, time.Minute })
	const clients = 40
	before := runtime.NumGoroutine()
	var all []net.Conn
	for i := range clients {
		all = append(all, ask(t, a, []string{"/file", "/page"}[i%2], "/small", "/file", "/behind"))
	}
	wait(t, "all have what they have room for", func() bool {
		open := s.Connections()
		for _, c := range open {
			if c.Out < 1<<16 {
				return false
			}
		}
		return len(open) == clients
	})
	wait(t, "nobody waits for them", func() bool { return runtime.NumGoroutine() < before+10 })
	for i, c := range all {
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		_ = c.(*net.TCPConn).CloseWrite()
		r := bufio.NewReader(c)
		for _, want := range [][]byte{m.page, []byte("small"), m.page, []byte("small")} {
			if got, err := answered(r); err != nil || got != string(want) {
				t.Fatalf("client %d: %d octets, %v, want %d", i, len(got), err, len(want))
			}
		}
		if _, err := r.ReadByte(); err != io.EOF {
			t.Errorf("client %d, after its end: %v", i, err)
		}
	}
	if e := m.last(t, 4*clients); e.err != nil {
		t.Error(e.err)
	}
	wait(t, "all are gone", func() bool { return len(s.Connections()) == 0 })
}

// TestDeliveryEnds: however it ends the module is told, once.
func TestDeliveryEnds(t *testing.T) {
	for _, path := range []string{"/file", "/page"} {
		t.Run(path[1:], func(t *testing.T) {
			s, m, a, rec := newShelf(t, func(l *Limits) { l.FirstStall, l.Stall = 400*time.Millisecond, 20*time.Second })
			// A client that never reads.
			never := ask(t, a)
			_ = never.(*net.TCPConn).SetReadBuffer(4096)
			_, _ = io.WriteString(never, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
			if e := m.last(t, 1); !errors.Is(e.err, os.ErrDeadlineExceeded) || e.sent == 0 || e.sent >= large {
				t.Errorf("never reads: %+v", e)
			}
			wait(t, "it is gone", func() bool { return len(s.Connections()) == 0 })
			never.Close()
			// One that goes in the middle.
			gone := ask(t, a, path, "/behind")
			_, _ = io.CopyN(io.Discard, gone, 1<<20)
			_ = gone.(*net.TCPConn).SetLinger(0)
			gone.Close()
			if e := m.last(t, 2); e.err == nil || e.sent < 1<<20 || e.sent >= large {
				t.Errorf("goes: %+v", e)
			}
			// HEAD has the head alone.
			head := ask(t, a)
			_, _ = io.WriteString(head, "HEAD "+path+" HTTP/1.1\r\nHost: x\r\n\r\nGET /small HTTP/1.0\r\n\r\n")
			r := bufio.NewReader(head)
			if got, err := http.ReadResponse(r, &http.Request{Method: "HEAD"}); err != nil || got.ContentLength != large {
				t.Errorf("HEAD: %+v, %v", got, err)
			}
			if got, err := answered(r); got != "small" {
				t.Errorf("behind HEAD: %q %v", got, err)
			}
			m.last(t, 4)
			m.mu.Lock()
			if m.ended[2] != (ending{}) || m.ended[3] != (ending{5, nil}) {
				t.Errorf("HEAD: %+v", m.ended[2:])
			}
			m.mu.Unlock()
			// A defect ends one connection and nothing else.
			m.mu.Lock()
			m.drop = true
			m.mu.Unlock()
			_, _ = io.Copy(io.Discard, ask(t, a, path)) // to its end
			if e := m.last(t, 5); e.err != ErrDefect || rec.count("http.Defect") != 1 {
				t.Errorf("a defect: %+v, %d recorded", e, rec.count("http.Defect"))
			}
			m.mu.Lock()
			m.drop = false
			m.mu.Unlock()
			// The end of the server.
			last := ask(t, a, path)
			wait(t, "it is on its way", func() bool { all := s.Connections(); return len(all) == 1 && all[0].Out > 1<<16 })
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			s.Close(ctx)
			if e := m.last(t, 6); e.err == nil || e.sent >= large {
				t.Errorf("the server ends: %+v", e)
			}
			last.Close()
		})
	}
}

// TestDeliveryOfAFileThatShrank: what is promised and is not there ends the
// connection.
func TestDeliveryOfAFileThatShrank(t *testing.T) {
	_, m, a, _ := newShelf(t, nil)
	m.mu.Lock()
	m.size = large + 1
	m.mu.Unlock()
	r := bufio.NewReader(ask(t, a, "/file", "/behind"))
	got, err := answered(r)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.Equal([]byte(got), m.page) {
		t.Errorf("%d octets, %v", len(got), err)
	}
	e := m.last(t, 1)
	m.mu.Lock()
	defer m.mu.Unlock()
	if !errors.Is(e.err, ErrShort) || e.sent != large || m.told != large {
		t.Errorf("%+v, told of %d", e, m.told)
	}
}

// TestPaceOfDelivery: who comes back from a pause has the full time from then
// on, and a slow but steady reader has all the time it takes.
func TestPaceOfDelivery(t *testing.T) {
	_, m, a, _ := newShelf(t, func(l *Limits) { l.FirstStall, l.Stall = 2*time.Second, 60*time.Second })
	c := ask(t, a, "/file")
	buf := make([]byte, 1<<20)
	for _, pause := range []time.Duration{1600, 3000} { // longer than the first, after a first one
		time.Sleep(pause * time.Millisecond)
		if _, err := io.ReadFull(c, buf); err != nil {
			t.Fatalf("after a pause of %d ms: %v", pause, err)
		}
	}
	if rest, err := io.Copy(io.Discard, io.LimitReader(c, large-2<<20)); err != nil || rest != large-2<<20 {
		t.Errorf("%d octets, %v", rest, err)
	}
	if e := m.last(t, 1); e.err != nil || e.sent != large {
		t.Errorf("%+v", e)
	}
}

func (s *shelf) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ended)
}
