package hfs

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// writes counts what the server writes to a connection, in pieces.
type writes struct {
	net.Listener
	mu     sync.Mutex
	pieces []int
}

type counted struct {
	net.Conn
	w *writes
}

func (w *writes) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return counted{c, w}, nil
}

func (c counted) Write(b []byte) (int, error) {
	c.w.mu.Lock()
	c.w.pieces = append(c.w.pieces, len(b))
	c.w.mu.Unlock()
	return c.Conn.Write(b)
}

// TestOneWrite: header and content of a phone's little file leave together, one
// write for each answer on a connection.
func TestOneWrite(t *testing.T) {
	s, _, _ := box(t)
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &writes{Listener: l}
	srv := &http.Server{Handler: s.Module()}
	go func() { _ = srv.Serve(w) }()
	defer srv.Close()
	c, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r := bufio.NewReader(c)
	for _, ask := range []struct{ method, header, want string }{
		{"GET", "", cnf},
		{"GET", "", cnf},
		{"HEAD", "", ""},
		{"GET", "Range: bytes=2-\r\n", cnf[2:]},
	} {
		w.mu.Lock()
		w.pieces = nil
		w.mu.Unlock()
		_, _ = io.WriteString(c, ask.method+" /SEP001E7A000001.cnf.xml HTTP/1.1\r\nHost: x\r\n"+ask.header+"\r\n")
		a, err := http.ReadResponse(r, &http.Request{Method: ask.method})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(a.Body)
		if err != nil || string(got) != ask.want {
			t.Errorf("%s %s: %q, %v", ask.method, strings.TrimSpace(ask.header), got, err)
		}
		w.mu.Lock()
		if len(w.pieces) != 1 {
			t.Errorf("%s %s: written in pieces of %v bytes", ask.method, strings.TrimSpace(ask.header), w.pieces)
		}
		w.mu.Unlock()
	}
}
