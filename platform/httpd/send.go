package httpd

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// appendHead appends the head of an answer, the lines in the order net/http has
// them in.
func (q *Question) appendHead(b []byte, a *Answer, kept bool, date string) []byte {
	version := "HTTP/1.1 "
	if q.old {
		version = "HTTP/1.0 "
	}
	b = append(b, version...)
	b = strconv.AppendInt(b, int64(a.Status), 10)
	b = append(append(append(b, ' '), http.StatusText(a.Status)...), "\r\n"...)
	const length = "Content-Length"
	said := false
	for _, f := range a.Fields {
		if !said && f.Name > length {
			b, said = appendLength(b, a.Size), true
		}
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	if !said {
		b = appendLength(b, a.Size)
	}
	b = append(append(append(b, "Date: "...), date...), "\r\n"...)
	switch {
	case !q.old && !kept:
		b = append(b, "Connection: close\r\n"...)
	case q.old && kept:
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return append(b, "\r\n"...)
}

func appendLength(b []byte, n int64) []byte {
	return append(strconv.AppendInt(append(b, "Content-Length: "...), n, 10), "\r\n"...)
}

// date is the Date of an answer, made once a second.
func (s *Server) date() string {
	now := time.Now()
	if d := s.lastDate.Load(); d != nil && d.second == now.Unix() {
		return d.text
	}
	d := &dateLine{now.Unix(), now.UTC().Format(http.TimeFormat)}
	s.lastDate.Store(d)
	return d.text
}

type dateLine struct {
	second int64
	text   string
}

type lastDate = atomic.Pointer[dateLine]
