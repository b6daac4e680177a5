package httpd

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// slow is a module that waits in every way there is.
type slow struct {
	words
	free chan struct{} // what waits without a word waits for this
}

func (s slow) Answer(ctx context.Context, q *Question, a *Answer) bool {
	body := q.Path
	switch q.Path {
	case "/asks":
		select {
		case <-ctx.Done():
			return false
		case <-s.free:
		}
	case "/stuck":
		<-s.free
	case "/when":
		body = fmt.Sprint(!q.Asked.IsZero())
	case "/large":
		body = strings.Repeat("x", large)
	case "/fetched": // a content that comes bit by bit
		a.Status, a.Size, a.Content = 200, 4, io.MultiReader(strings.NewReader("ab"), waits{s.free}, strings.NewReader("cd"))
		return true
	}
	a.Status, a.Body, a.Size = 200, []byte(body), int64(len(body))
	return true
}

type waits struct{ c chan struct{} }

func (w waits) Read([]byte) (int, error) {
	<-w.c
	return 0, io.EOF
}

func newSlow(t *testing.T) (netip.AddrPort, func()) {
	t.Helper()
	_, a, release := newSlowServer(t)
	return a, release
}

func newSlowAt(t *testing.T) (*Server, netip.AddrPort) {
	t.Helper()
	s, a, _ := newSlowServer(t)
	return s, a
}

func newSlowServer(t *testing.T) (*Server, netip.AddrPort, func()) {
	t.Helper()
	free := make(chan struct{})
	release := sync.OnceFunc(func() { close(free) })
	s := New(map[string]Module{"S": slow{words{name: "S"}, free}}, nil)
	t.Cleanup(func() {
		release()
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		s.Close(ctx)
	})
	return s, apply(t, s, at("127.0.0.1", 0, "S"))[0].Bound, release
}

func ask(t *testing.T, a netip.AddrPort, paths ...string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	var all strings.Builder
	for _, p := range paths {
		fmt.Fprintf(&all, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", p)
	}
	if _, err := io.WriteString(c, all.String()); err != nil {
		t.Fatal(err)
	}
	return c
}

func answered(r *bufio.Reader) (string, error) {
	a, err := http.ReadResponse(r, nil)
	if err != nil {
		return "", err
	}
	b, err := io.ReadAll(a.Body)
	return string(b), err
}

// TestWhoWaitsHoldsUpNobody: an answer that waits, whether it says so or not,
// and clients that take nothing, keep no other client from its own; and each has
// its answer in the end.
func TestWhoWaitsHoldsUpNobody(t *testing.T) {
	a, release := newSlow(t)
	var waiting []net.Conn
	for range 5 {
		for _, p := range []string{"/asks", "/stuck", "/fetched", "/large"} {
			waiting = append(waiting, ask(t, a, p, "/behind"))
		}
		if got, err := answered(bufio.NewReader(ask(t, a, "/other"))); got != "/other" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	release()
	var wg sync.WaitGroup
	for i, c := range waiting {
		wg.Go(func() {
			r := bufio.NewReader(c)
			first, err := answered(r)
			behind, err2 := answered(r)
			want := []string{"/asks", "/stuck", "abcd", strings.Repeat("x", large)}[i%4]
			if first != want || behind != "/behind" {
				t.Errorf("%.20q %v, %.20q %v", first, err, behind, err2)
			}
		})
	}
	wg.Wait()
}

// large is more than the two ends of a connection hold.
const large = 8 << 20

// TestTurns: who asks for much at once has it in order, and others in between.
func TestTurns(t *testing.T) {
	a, _ := newSlow(t)
	var all []string
	for i := range 500 {
		all = append(all, fmt.Sprintf("/%d", i))
	}
	var wg sync.WaitGroup
	for range 40 {
		c := ask(t, a, all...)
		wg.Go(func() {
			r := bufio.NewReader(c)
			for _, want := range all {
				if got, err := answered(r); got != want {
					t.Errorf("%q %v, want %q", got, err, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestQuestionInPieces: a question may come octet by octet, and the next with it.
func TestQuestionInPieces(t *testing.T) {
	a, _ := newSlow(t)
	c := ask(t, a)
	raw := bytes.Repeat([]byte("GET /x HTTP/1.1\r\nHost: x\r\n\r\n"), 3)
	go func() {
		for i := range raw {
			_, _ = c.Write(raw[i : i+1])
		}
	}()
	r := bufio.NewReader(c)
	for range 3 {
		if got, err := answered(r); got != "/x" {
			t.Fatalf("%q %v", got, err)
		}
	}
	_ = c.(*net.TCPConn).CloseWrite()
	if _, err := r.ReadByte(); err != io.EOF {
		t.Errorf("after its end: %v", err)
	}
}

// When a Question had been asked is known of what the kernel told of: not of one
// behind another, nor of the end of one whose beginning had been read.
func TestWhenItHadBeenAsked(t *testing.T) {
	a, _ := newSlow(t)
	const ask = "GET /when HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, c := range []struct {
		parts []string
		want  string
	}{
		{[]string{ask}, "true"},
		{[]string{ask, ask}, "true true"},
		{[]string{ask + ask}, "true false"},
		{[]string{"\r\n" + ask}, "false"},
		{[]string{ask[:20], ask[20:]}, "false"},
	} {
		conn, err := net.Dial("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		r := bufio.NewReader(conn)
		var got []string
		for i, part := range c.parts {
			if _, err := io.WriteString(conn, part); err != nil {
				t.Fatal(err)
			}
			n := strings.Count(strings.Join(c.parts[:i+1], ""), ask) - len(got)
			if n == 0 {
				time.Sleep(20 * time.Millisecond) // or both came at once, which is another case
			}
			for range n {
				resp, err := http.ReadResponse(r, nil)
				if err != nil {
					t.Fatal(err)
				}
				body, _ := io.ReadAll(resp.Body)
				got = append(got, string(body))
			}
		}
		_ = conn.Close()
		if g := strings.Join(got, " "); g != c.want && !(len(c.parts) > 1 && c.parts[0] != ask && g == "true") {
			t.Errorf("%q: %s, want %s", c.parts, g, c.want)
		}
	}
}
