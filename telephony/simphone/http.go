package simphone

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// PortHTTP is where phones ask for files over HTTP. [facts/phones.md 1.2]
const PortHTTP = 6970

// maxHeader bounds the head of an answer.
const maxHeader = 16 << 10

// request is the request of the download client of a 7800 or 8800, to the
// byte: no blank after Host:, no other header. [facts/phones.md 1.3]
func httpRequest(server netip.Addr, name string) []byte {
	return fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost:%s\r\n\r\n", name, netip.AddrPortFrom(server, PortHTTP))
}

// httpGet asks one server for one file on a connection of its own. result is
// the status code, or one of the Results; data is there when it is "200".
func (p *Phone) httpGet(ctx context.Context, server netip.Addr, name string, limit int) (data []byte, result string, err error) {
	start := time.Now()
	defer func() {
		if err == nil {
			p.log(Step{Kind: File, Transport: "HTTP", Server: server, Name: name, Result: result,
				Bytes: int64(len(data)), Took: time.Since(start)})
		}
	}()
	c, err := p.connect(ctx, server)
	switch {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, Refused, nil
	case err != nil: // timeout, no route: to a phone all the same
		return nil, NoAnswer, nil
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	ic := &idleConn{Conn: c, ctx: ctx, idle: p.o.Timers.Answer}
	if _, err := ic.Write(httpRequest(server, name)); err == nil {
		data, result = readAnswer(p.through(ic), limit)
	} else {
		result = CutOff
	}
	if ctx.Err() != nil {
		return nil, "", ctx.Err()
	}
	return data, result, nil
}

// through is what a transfer goes through on its way: nothing, or a fault.
func (p *Phone) through(r *idleConn) io.Reader {
	f := p.spec.Faults
	if f.CutAfter <= 0 && f.Slow <= 0 {
		return r
	}
	return &narrow{r: r, left: f.CutAfter, cut: f.CutAfter > 0, rate: f.Slow}
}

// narrow is a way that breaks off, or that lets little through.
type narrow struct {
	r    *idleConn
	left int
	cut  bool
	rate int // bytes a second, 0 = all
}

func (n *narrow) Read(b []byte) (int, error) {
	if n.cut && n.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	if n.cut {
		b = b[:min(len(b), n.left)]
	}
	if n.rate > 0 {
		b = b[:min(len(b), max(n.rate/20, 1))]
		if err := sleep(n.r.ctx, 50*time.Millisecond); err != nil {
			return 0, err
		}
	}
	k, err := n.r.Read(b)
	n.left -= k
	return k, err
}

func (p *Phone) connect(ctx context.Context, server netip.Addr) (c net.Conn, err error) {
	err = p.o.In(func() (e error) {
		d := net.Dialer{Timeout: p.o.Timers.Connect, KeepAlive: -1}
		if p.spec.Faults.Slow > 0 { // what is under way is little, too
			d.Control = func(_, _ string, c syscall.RawConn) (err error) {
				e := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 4096) })
				return errors.Join(e, err)
			}
		}
		c, e = d.DialContext(ctx, network("tcp", server), netip.AddrPortFrom(server, PortHTTP).String())
		return e
	})
	return c, err
}

// idleConn ends a read or write that makes no progress.
type idleConn struct {
	net.Conn
	ctx  context.Context
	idle time.Duration
}

func (c *idleConn) Read(b []byte) (int, error) {
	if err := c.push(); err != nil {
		return 0, err
	}
	return c.Conn.Read(b)
}

func (c *idleConn) Write(b []byte) (int, error) {
	if err := c.push(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}

func (c *idleConn) push() error {
	if err := c.SetDeadline(time.Now().Add(c.idle)); err != nil {
		return err
	}
	return c.ctx.Err() // after the deadline: the context may have set it before
}

// readAnswer reads status line, headers and body. The server may keep the
// connection open: the length ends the body.
func readAnswer(r io.Reader, limit int) (data []byte, result string) {
	head := &io.LimitedReader{R: r, N: maxHeader}
	br := bufio.NewReader(head)
	line, err := br.ReadString('\n')
	f := strings.Fields(line)
	if err != nil || len(f) < 2 || !strings.HasPrefix(f[0], "HTTP/1.") || len(f[1]) != 3 {
		if err == nil || len(line) > 0 {
			return nil, Malformed
		}
		return nil, CutOff
	}
	code, err := strconv.Atoi(f[1])
	if err != nil || code < 100 {
		return nil, Malformed
	}
	size := -1
	for {
		line, err := br.ReadString('\n')
		if err != nil {
			return nil, Malformed
		}
		if line = strings.TrimRight(line, "\r\n"); line == "" {
			break
		}
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, "Content-Length") {
			if size, err = strconv.Atoi(strings.TrimSpace(v)); err != nil || size < 0 {
				return nil, Malformed
			}
		}
	}
	if code != 200 {
		return nil, f[1]
	}
	if size > limit {
		return nil, TooLarge
	}
	head.N = int64(limit) + 1 // from here on the body
	if size >= 0 {
		data = make([]byte, size)
		if n, err := io.ReadFull(br, data); err != nil {
			return data[:n], CutOff
		}
		return data, f[1]
	}
	data, err = io.ReadAll(br)
	switch {
	case len(data) > limit:
		return nil, TooLarge
	case err != nil:
		return data, CutOff
	}
	return data, f[1]
}
