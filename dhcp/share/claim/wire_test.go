package claim

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// wireTo is a way to a member that swallows what it is told to: nobody hears an end of
// a connection. What comes meanwhile is gone.
type wireTo struct {
	url string

	mu              sync.Mutex
	isCut, isDeaf   bool
	conns           []net.Conn
	spoiled, closed bool
}

func newWireTo(t *testing.T, url string) *wireTo {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wireTo{url: "http://" + l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
			if err != nil {
				_ = near.Close()
				continue
			}
			w.keep(near, far)
			all.Go(func() { w.copy(far, near, func() bool { return w.isCut }) })
			all.Go(func() { w.copy(near, far, func() bool { return w.isCut || w.isDeaf }) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		w.end(true)
		all.Wait()
	})
	return w
}

func (w *wireTo) keep(c ...net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conns = append(w.conns, c...)
	if w.closed {
		for _, x := range c {
			_ = x.Close()
		}
	}
}

func (w *wireTo) end(closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = closed
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

func (w *wireTo) copy(to, from net.Conn, gone func() bool) {
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			_ = to.Close()
			return
		}
		w.mu.Lock()
		lost := gone()
		w.spoiled = w.spoiled || lost
		w.mu.Unlock()
		if lost {
			continue
		}
		if _, err := to.Write(b[:n]); err != nil && err != io.EOF {
			_ = from.Close()
			return
		}
	}
}

// cut swallows both ways, deaf the answers. What lost bytes ends when it is over, as
// TCP would have brought them.
func (w *wireTo) cut(is bool)  { w.set(func() { w.isCut = is }, is) }
func (w *wireTo) deaf(is bool) { w.set(func() { w.isDeaf = is }, is) }

func (w *wireTo) set(f func(), on bool) {
	w.mu.Lock()
	f()
	again := !on && w.spoiled
	w.spoiled = w.spoiled && on
	w.mu.Unlock()
	if again {
		w.end(false)
	}
}
