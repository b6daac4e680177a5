package client

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

func TestGet(t *testing.T) {
	big := bytes.Repeat([]byte("x"), 100_000)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/big":
			_, _ = w.Write(big)
		case "/moved":
			http.Redirect(w, r, "/big", http.StatusFound)
		case "/away":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/secret":
			w.WriteHeader(http.StatusForbidden)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	for _, c := range []struct {
		path  string
		limit int64
		want  error
	}{
		{"/big", 1 << 20, nil}, {"/moved", 1 << 20, nil}, {"/big", 99_999, ErrTooLarge}, {"/nofile", 10, fs.ErrNotExist},
		{"/secret", 10, fs.ErrPermission}, {"/broken", 10, Status(500)}, {"/loop", 10, Status(302)}, {"/away", 10, Status(302)},
	} {
		var got bytes.Buffer
		_, err := Get(context.Background(), s.URL+c.path, &got, c.limit)
		if !errors.Is(err, c.want) || c.want == nil && !bytes.Equal(got.Bytes(), big) {
			t.Errorf("%s: %d bytes, %v", c.path, got.Len(), err)
		}
	}
	for _, bad := range []string{"ftp://x/y", "http://", "file:///etc/passwd", "http://[::1"} {
		if _, err := Get(context.Background(), bad, io.Discard, 10); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}

func TestGetOfNobody(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := "http://" + l.Addr().String() + "/x"
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := Get(ctx, at, io.Discard, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("interrupted: %v", err)
	}
	_ = l.Close()
	if _, err := Get(context.Background(), at, io.Discard, 10); !errors.Is(err, ErrRefused) {
		t.Errorf("refused: %v", err)
	}
}
