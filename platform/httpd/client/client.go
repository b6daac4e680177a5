// Package client is the box as a client of HTTP servers: `copy http: flash:`.
// It has limits on everything: time for an answer, time without a byte, size,
// redirections.
//
// Follows facts/ios-cli.md 1.13. Concurrency: every call stands alone.
// Failure: ErrTimeout, fs.ErrNotExist, fs.ErrPermission, ErrTooLarge, the error
// of the writer, or a Status. Testing: servers on 127.0.0.1.
package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"
)

// The limits of a transfer.
const (
	dialTime     = 5 * time.Second
	answerTime   = 15 * time.Second
	stallTime    = 30 * time.Second // without a byte
	maxRedirects = 3
	maxHeader    = 64 << 10
)

// The reasons a transfer fails.
var (
	ErrTimeout  = errors.New("timed out")
	ErrTooLarge = errors.New("file too large")
	ErrRefused  = errors.New("connection refused")
)

// Status is an answer that is no file.
type Status int

func (s Status) Error() string { return fmt.Sprintf("HTTP status %d", int(s)) }

// Get writes the file at an http address to w, at most limit bytes.
func Get(ctx context.Context, address string, w io.Writer, limit int64) (int64, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" || u.Host == "" {
		return 0, errors.New("not an http address")
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stall := time.AfterFunc(dialTime+answerTime, func() { cancel(ErrTimeout) })
	defer stall.Stop()
	tr := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialTime}).DialContext,
		ResponseHeaderTimeout:  answerTime,
		MaxResponseHeaderBytes: maxHeader,
		DisableKeepAlives:      true,
		DisableCompression:     true,
	}
	defer tr.CloseIdleConnections()
	c := &http.Client{Transport: tr, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects || r.URL.Scheme != "http" {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("User-Agent", "Option150")
	resp, err := c.Do(req)
	if err != nil {
		return 0, meaning(ctx, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusOK:
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return 0, fs.ErrNotExist
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return 0, fs.ErrPermission
	default:
		return 0, Status(resp.StatusCode)
	}
	if resp.ContentLength > limit {
		return 0, ErrTooLarge
	}
	n, err := io.Copy(w, &body{r: io.LimitReader(resp.Body, limit+1), stall: stall})
	if n > limit {
		return n, ErrTooLarge
	}
	return n, meaning(ctx, err)
}

// body starts the clock anew with every piece that arrives.
type body struct {
	r     io.Reader
	stall *time.Timer
}

func (b *body) Read(p []byte) (int, error) {
	b.stall.Reset(stallTime)
	return b.r.Read(p)
}

func meaning(ctx context.Context, err error) error {
	var ne net.Error
	switch {
	case err == nil:
		return nil
	case errors.Is(context.Cause(ctx), ErrTimeout):
		return ErrTimeout
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, syscall.ECONNREFUSED):
		return ErrRefused
	case errors.As(err, &ne) && ne.Timeout():
		return ErrTimeout
	}
	var ue *url.Error
	if errors.As(err, &ue) {
		return ue.Err
	}
	return err
}
