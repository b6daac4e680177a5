package etcd

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// What came of a request that has no answer.
var (
	// ErrUnsent: no member could be reached, nothing was done.
	ErrUnsent = errors.New("no member can be reached")
	// ErrUnanswered: it may have been done, or may yet be.
	ErrUnanswered = errors.New("no answer")
	// ErrCompacted: the changes since that revision are not kept any more.
	ErrCompacted = errors.New("the changes since then are not kept any more")
	// ErrTooMuch: the keys and values are more than is read.
	ErrTooMuch = errors.New("there is more than a box reads")
)

// Refused is a request the engine refused: it had no effect.
type Refused struct {
	Code int // of gRPC
	Text string
}

// Error implements error.
func (r *Refused) Error() string { return r.Text }

// Codes of gRPC. [grpc.io, Status codes]
const (
	codeInvalid            = 3
	codeNotFound           = 5
	codeExists             = 6
	codePermission         = 7
	codeFailedPrecondition = 9
	codeOutOfRange         = 11
	codeUnimplemented      = 12
	codeUnauthenticated    = 16
	codeExhausted          = 8
)

// outcome says what a status means: after any other code than these the request
// may have been done. etcd gives 14 also when the leader changed under way.
func outcome(code int, text string) error {
	switch code {
	case 0:
		return nil
	case codeInvalid, codeNotFound, codeExists, codePermission, codeFailedPrecondition, codeOutOfRange, codeUnimplemented, codeUnauthenticated:
		return &Refused{Code: code, Text: text}
	case codeExhausted:
		if text == noSpace { // others of this code may come after the effect
			return &Refused{Code: code, Text: text}
		}
	}
	return fmt.Errorf("%w: %s", ErrUnanswered, text)
}

const (
	maxMessage = 16 << 20 // of an answer; etcd takes 1.5 MB by default
	maxStatus  = 512      // bytes of a text that are kept
)

// frame puts a message into its frame. [grpc.io, gRPC over HTTP2]
func frame(m []byte) []byte {
	b := make([]byte, 5, 5+len(m))
	binary.BigEndian.PutUint32(b[1:], uint32(len(m)))
	return append(b, m...)
}

// readMessage reads the next message; io.EOF when there is none.
func readMessage(r io.Reader) ([]byte, error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[1:])
	switch {
	case head[0] != 0:
		return nil, errMessage
	case size > maxMessage:
		return nil, errTooLarge
	}
	var b bytes.Buffer // grows with what comes, not with what is announced
	if n, err := io.CopyN(&b, r, int64(size)); err != nil || n != int64(size) {
		return nil, io.ErrUnexpectedEOF
	}
	return b.Bytes(), nil
}

// status is how a call ended, by the trailer, or by the header when there was
// nothing else.
func status(r *http.Response) error {
	h := r.Trailer
	if h.Get("Grpc-Status") == "" {
		h = r.Header
	}
	code, err := strconv.Atoi(h.Get("Grpc-Status"))
	if err != nil {
		return fmt.Errorf("%w: HTTP %d without a status of gRPC", ErrUnanswered, r.StatusCode)
	}
	text, err := url.PathUnescape(h.Get("Grpc-Message"))
	if err != nil {
		text = h.Get("Grpc-Message")
	}
	return outcome(code, text[:min(len(text), maxStatus)])
}

// post sends a request to one member.
func (c *Client) post(ctx context.Context, member, method, token string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, member+method, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	req.GetBody = nil // no request is sent twice
	req.Header.Set("Content-Type", "application/grpc")
	req.Header.Set("Te", "trailers")
	if token != "" {
		req.Header.Set("Token", token)
	}
	if at, ok := ctx.Deadline(); ok {
		req.Header.Set("Grpc-Timeout", strconv.FormatInt(max(time.Until(at).Milliseconds(), 1), 10)+"m")
	}
	r, err := c.http.Do(req)
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err // without the name of the method
	}
	var dial *net.OpError
	switch {
	case err == nil:
		return r, nil
	case errors.As(err, &dial) && dial.Op == "dial":
		return nil, fmt.Errorf("%w: %w", ErrUnsent, err)
	}
	return nil, fmt.Errorf("%w: %w", ErrUnanswered, err)
}

// once asks one member.
func (c *Client) once(ctx context.Context, member, method, token string, m []byte) ([]byte, error) {
	r, err := c.post(ctx, member, method, token, bytes.NewReader(frame(m)))
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	answer, err := readMessage(r.Body)
	if err == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(r.Body, maxMessage)) // the trailer comes after it
	}
	if errors.Is(err, errTooLarge) {
		return nil, err
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	return answer, status(r)
}
