package hfs

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"time"

	"option150/platform/fileserver"
	"option150/platform/httpd"
)

// Answer implements httpd.Direct. It says what ServeHTTP says, without a header
// of maps and a context that is watched: it is what every phone asks.
func (m module) Answer(ctx context.Context, q *httpd.Question, a *httpd.Answer) bool {
	f, err := m.s.files.Open(ctx, fileserver.Request{Transport: fileserver.HTTP, Name: q.Path, UserAgent: q.Agent, Client: q.Client, Local: q.Local, Asked: q.Asked})
	if err != nil {
		no, ok := refusal(err)
		if !ok {
			return false
		}
		a.Status, a.Size, a.Body = no.status, int64(len(no.text)), []byte(no.text)
		a.Field("Cache-Control", noStore)
		a.Field("Content-Type", plainText)
		if no.again != "" {
			a.Field("Retry-After", no.again)
		}
		return true
	}
	m.s.fetches.Add(1)
	a.Status, a.Size, a.Progress = http.StatusOK, f.Size, f.Progress
	a.Field("Accept-Ranges", "bytes")
	a.Field("Cache-Control", noStore)
	a.Field("Content-Type", contentType(f.Name))
	if f.ETag != "" {
		a.Field("Etag", f.ETag)
	}
	if mod := f.ModTime; !mod.IsZero() && !mod.Equal(time.Unix(0, 0)) {
		a.Field("Last-Modified", m.s.stamp(mod))
	}
	if a.Body = whole(f); a.Body == nil {
		a.Content = f.Content
	}
	want := f.Size
	if q.Head {
		want = 0
	}
	a.Done = func(sent int64, err error) {
		defer m.s.fetches.Add(-1)
		if errors.Is(err, httpd.ErrDefect) {
			f.Finish(fileserver.Result{Why: "defect"})
			return
		}
		f.Finish(result(sent, want, http.StatusOK, err))
	}
	return true
}

// whole is the content of a file that is there as a whole, else nil.
func whole(f *fileserver.File) []byte {
	m, ok := f.Content.(*bytes.Reader)
	if !ok || int64(m.Len()) != f.Size {
		return nil
	}
	var g grab
	if _, err := m.WriteTo(&g); err != nil {
		return nil
	}
	return g
}

// grab keeps what is written to it, without a copy.
type grab []byte

func (g *grab) Write(b []byte) (int, error) {
	*g = b
	return len(b), nil
}

// stamp is a time as headers have it. Phones ask for few files.
func (s *Server) stamp(t time.Time) string {
	if last := s.lastStamp.Load(); last != nil && last.at.Equal(t) {
		return last.text
	}
	n := &stamp{t, t.UTC().Format(http.TimeFormat)}
	s.lastStamp.Store(n)
	return n.text
}

type stamp struct {
	at   time.Time
	text string
}
