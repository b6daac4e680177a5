package etcd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Options are how the members are reached.
type Options struct {
	Members []string // "https://A:2379", or "http://A:2379"
	// TLS is asked for each connection to a member of https, nil = as the machine has it.
	TLS            func() (*tls.Config, error)
	User, Password string // "" = by the certificate, or nobody
}

// Client asks the members of one engine, the one that answered last first.
type Client struct {
	opt  Options
	http *http.Client
	wire *http.Transport

	mu    sync.Mutex
	at    int // of Members
	token string
}

// Times of a connection.
const (
	dialTime  = time.Second
	pingAfter = 5 * time.Second // of silence
	pingTime  = 2 * time.Second
)

// New returns a client; it connects when it is used.
func New(o Options) *Client {
	d := &net.Dialer{Timeout: dialTime}
	t := &http.Transport{
		DialContext: d.DialContext, DisableCompression: true, Protocols: new(http.Protocols),
		HTTP2: &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTime},
	}
	if o.TLS == nil {
		o.TLS = func() (*tls.Config, error) { return &tls.Config{MinVersion: tls.VersionTLS12}, nil }
	}
	t.DialTLSContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		return secured(ctx, d, network, addr, o.TLS)
	}
	t.Protocols.SetHTTP2(true)
	t.Protocols.SetUnencryptedHTTP2(true)
	return &Client{opt: o, wire: t, http: &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// secured connects with a member of https. Whatever fails on the way, nothing was asked.
func secured(ctx context.Context, d *net.Dialer, network, addr string, with func() (*tls.Config, error)) (net.Conn, error) {
	conf, err := with()
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	conf = conf.Clone()
	conf.NextProtos = []string{"h2"}
	if conf.ServerName, _, err = net.SplitHostPort(addr); err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	plain, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	c := tls.Client(plain, conf)
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	if err := c.HandshakeContext(ctx); err != nil {
		_ = plain.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	return c, nil
}

// Close gives the connections back.
func (c *Client) Close() { c.wire.CloseIdleConnections() }

// member is the one to ask, with the token of the user.
func (c *Client) member(ctx context.Context) (at int, url, token string, err error) {
	c.mu.Lock()
	at, token = c.at, c.token
	c.mu.Unlock()
	url = c.opt.Members[at]
	if c.opt.User == "" || token != "" {
		return at, url, token, nil
	}
	b, err := c.once(ctx, url, "/etcdserverpb.Auth/Authenticate", "", appendBytes(appendBytes(nil, 1, c.opt.User), 2, c.opt.Password))
	if err != nil {
		if errors.Is(err, ErrUnanswered) { // to be logged in is no effect
			err = fmt.Errorf("%w: %w", ErrUnsent, errors.Unwrap(err))
		}
		return at, url, "", err
	}
	err = eachField(b, func(field int, _ int64, body []byte) error {
		if field == 2 {
			token = string(body)
		}
		return nil
	})
	c.mu.Lock()
	c.token = token
	c.mu.Unlock()
	return at, url, token, err
}

// failed has the next one asked from now on. A token is one of the member that gave it.
func (c *Client) failed(at int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at == at {
		c.at = (at + 1) % len(c.opt.Members)
		c.token = ""
	}
}

// stale reports whether a refusal is about the token alone, and forgets it. [rpctypes,
// ErrGRPCInvalidAuthToken, ErrGRPCAuthOldRevision]
func (c *Client) stale(err error) bool {
	var r *Refused
	if c.opt.User == "" || !errors.As(err, &r) || r.Text != "etcdserver: invalid auth token" && r.Text != "etcdserver: revision of auth store is old" {
		return false
	}
	c.mu.Lock()
	c.token = ""
	c.mu.Unlock()
	return true
}

// call asks for one answer. A member that cannot be reached is passed over as long
// as nothing was sent; after that there is an answer or there is none.
func (c *Client) call(ctx context.Context, method string, m []byte) ([]byte, error) {
	err := ErrUnsent
	for tries := 0; tries <= len(c.opt.Members) && ctx.Err() == nil; tries++ {
		at, url, token, merr := c.member(ctx)
		var b []byte
		if err = merr; err == nil {
			b, err = c.once(ctx, url, method, token, m)
		}
		switch {
		case err == nil:
			return b, nil
		case errors.Is(err, ErrUnsent):
			c.failed(at)
		case errors.Is(err, ErrUnanswered):
			c.failed(at)
			return nil, err
		case !c.stale(err):
			return nil, err
		}
	}
	return nil, err
}

// Range reads all keys that begin with prefix, as they are at one revision, the
// newest: the engine asks a majority before it answers. ErrTooMuch: there is more than a
// box keeps.
func (c *Client) Range(ctx context.Context, prefix string) (all []KV, head Header, err error) {
	size := 0
	head, err = c.Scan(ctx, prefix, func(kv KV) string {
		if size += len(kv.Key) + len(kv.Value); size > maxRange {
			return prefix
		}
		all = append(all, kv)
		return ""
	})
	if err == nil && size > maxRange {
		return nil, head, ErrTooMuch
	}
	return all, head, err
}

// maxRange is what Range keeps, bytes: a quarter of a million leases have as many.
const maxRange = 64 << 20

// Scan is Range for what need not be kept: f is given the keys in order, and may say
// with which prefix of theirs it is done.
func (c *Client) Scan(ctx context.Context, prefix string, f func(KV) (done string)) (Header, error) {
	var head Header
	size := pageSize
	for from, to := prefix, end(prefix); ; {
		b, err := c.call(ctx, "/etcdserverpb.KV/Range", rangeRequest(from, to, head.Revision, size))
		if errors.Is(err, errTooLarge) && size > 1 {
			size /= 4
			continue
		}
		if err != nil {
			return head, err
		}
		p, err := decodeRange(b)
		if err != nil {
			return head, err
		}
		if head.Revision == 0 {
			head = p.Header
		}
		for _, kv := range p.kvs {
			if kv.Key < from {
				continue
			}
			from = kv.Key + "\x00"
			if done := f(kv); done != "" {
				from = end(done)
			}
		}
		if !p.more || len(p.kvs) == 0 || to != "\x00" && from >= to {
			return head, nil
		}
	}
}

// Do carries a transaction out, once.
func (c *Client) Do(ctx context.Context, t Txn) (Result, error) {
	b, err := c.call(ctx, "/etcdserverpb.KV/Txn", t.encode())
	if errors.Is(err, errTooLarge) {
		err = fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	if err != nil {
		return Result{}, err
	}
	r, err := decodeTxn(b)
	if err != nil {
		return r, fmt.Errorf("%w: %w", ErrUnanswered, err)
	}
	return r, nil
}

// Watch calls f with the changes of keys that begin with prefix, from a revision on,
// in order and without a gap; those of one revision never come apart. A call without
// changes says up to where all is known. It returns when ctx ends, when the member
// is lost, or with ErrCompacted; f may end it with an error of its own.
func (c *Client) Watch(ctx context.Context, prefix string, from int64, f func(Header, []Change) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	at, url, token, err := c.member(ctx)
	if err != nil {
		c.failed(at)
		return err
	}
	const progress, fragments = 4, 8
	m := appendBytes(nil, 1, prefix)
	m = appendBytes(m, 2, end(prefix))
	m = appendInt(m, 3, from)
	m = putInt(m, progress, 1)
	m = putInt(m, fragments, 1)
	body, out := io.Pipe() // stays open: its end would be the end of the watch
	defer out.Close()
	go func() { _, _ = out.Write(frame(putBytes(nil, 1, m))) }() // ends with the pipe
	// While a request has a body that is not over, net/http does not look at the context.
	defer context.AfterFunc(ctx, func() { _ = out.CloseWithError(context.Cause(ctx)) })()
	r, err := c.post(ctx, url, "/etcdserverpb.Watch/Watch", token, body)
	if err != nil {
		c.failed(at)
		return err
	}
	defer r.Body.Close()
	var parts []Change
	for {
		b, err := readMessage(r.Body)
		if err != nil {
			if errors.Is(err, io.EOF) {
				if err = status(r); err == nil {
					err = io.EOF
				}
			}
			if !c.stale(err) {
				c.failed(at)
			}
			return fmt.Errorf("watch: %w", err)
		}
		w, err := decodeWatch(b)
		switch {
		case err != nil:
			return err
		case w.compacted > 0:
			return ErrCompacted
		case w.canceled:
			return fmt.Errorf("watch: %s", w.reason)
		case w.created:
			continue
		}
		if parts = append(parts, w.changes...); len(parts) > maxChanges {
			return fmt.Errorf("watch: %w", errMessage)
		}
		if w.fragment {
			continue
		}
		if err := f(w.Header, parts); err != nil {
			return err
		}
		parts = nil
	}
}

// maxChanges is more than a revision has: a transaction has 128 by default.
const maxChanges = 1 << 16
