// Package probe asks other hosts one bounded question: does somebody serve
// files there, does he have this file? The audit asks when an operator looks;
// nothing is asked unasked.
//
//	Files  TFTP read request (RFC 1350) and a connection to port 6970, at once
//	File   the same for one name: data or an HTTP 200 is yes
//
// A question costs at most Wait, a few datagrams and one connection, and takes
// nothing from the other host: a transfer that begins is ended at its first
// block, a body is not read.
//
// Concurrency: the functions may be called from any goroutine. Failure: silence
// is an answer, Detail says what was asked and what came; nothing is retried.
// Testing: servers on loopback addresses.
package probe

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Wait is how long an answer may take.
const Wait = time.Second

// Answer is what came back.
type Answer struct {
	OK     bool
	Silent bool   // nobody answered, neither way
	TFTP   bool   // of File: it is sent over TFTP
	HTTP   bool   // of File: it is sent on port 6970
	Detail string // "TFTP no answer; port 6970 connection refused"
}

// Prober asks. The zero value asks the ports phones ask.
type Prober struct {
	TFTP, HTTP uint16        // 0 = 69 and 6970
	Wait       time.Duration // 0 = Wait
}

func (p Prober) fill() Prober {
	if p.TFTP == 0 {
		p.TFTP = 69
	}
	if p.HTTP == 0 {
		p.HTTP = 6970
	}
	if p.Wait == 0 {
		p.Wait = Wait
	}
	return p
}

// anyName is asked for where every answer will do: every server of phone files
// knows what to say of it.
const anyName = "XMLDefault.cnf.xml"

// Files asks whether somebody serves files: data and an error are both answers.
func (p Prober) Files(ctx context.Context, host netip.Addr) Answer {
	return p.ask(ctx, host, anyName, false, func(r result) bool { return r.answered })
}

// File asks whether a host has a file, and waits for both answers: old firmware
// asks TFTP only.
func (p Prober) File(ctx context.Context, host netip.Addr, name string) Answer {
	return p.ask(ctx, host, name, true, func(r result) bool { return r.has })
}

// result is what one transport said.
type result struct {
	answered, has bool
	text          string
}

func (p Prober) ask(ctx context.Context, host netip.Addr, name string, both bool, good func(result) bool) Answer {
	p = p.fill()
	ctx, cancel := context.WithTimeout(ctx, p.Wait)
	defer cancel()
	overTFTP := make(chan result, 1)
	go func() { overTFTP <- tftp(ctx, netip.AddrPortFrom(host, p.TFTP), name) }()
	h := get(ctx, netip.AddrPortFrom(host, p.HTTP), name)
	h.text = fmt.Sprintf("port %d %s", p.HTTP, h.text)
	if good(h) && !both {
		return Answer{OK: true, Detail: h.text} // the other one ends with the context
	}
	t := <-overTFTP
	t.text = "TFTP " + t.text
	return Answer{good(t) || good(h), !t.answered && !h.answered, t.has, h.has, t.text + "; " + h.text}
}

// The operations of TFTP that occur here. RFC 1350 5.
const (
	opRead  = 1
	opData  = 3
	opError = 5
	opOACK  = 6
)

// tftp sends one read request and looks at the first answer.
func tftp(ctx context.Context, to netip.AddrPort, name string) result {
	c, err := net.ListenUDP("udp", nil)
	if err != nil {
		return result{text: "cannot be asked"}
	}
	defer c.Close()
	if at, ok := ctx.Deadline(); ok {
		_ = c.SetDeadline(at)
	}
	defer context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })()
	if _, err := c.WriteToUDPAddrPort([]byte("\x00\x01"+name+"\x00octet\x00"), to); err != nil {
		return result{text: "cannot be asked"}
	}
	buf := make([]byte, 1024)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return result{text: "no answer"}
		}
		if n < 4 || from.Addr().Unmap() != to.Addr().Unmap() || buf[0] != 0 {
			continue
		}
		switch buf[1] {
		case opData, opOACK:
			_, _ = c.WriteToUDPAddrPort([]byte("\x00\x05\x00\x00enough\x00"), from)
			return result{true, true, "sends " + name}
		case opError:
			return result{answered: true, text: fmt.Sprintf("answers error %d", buf[3])}
		}
	}
}

// get asks over HTTP; the body is not read.
func get(ctx context.Context, to netip.AddrPort, name string) result {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+to.String()+"/"+strings.TrimPrefix(name, "/"), nil)
	if err != nil {
		return result{text: "cannot be asked"}
	}
	t := &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10}
	defer t.CloseIdleConnections()
	r, err := t.RoundTrip(req)
	if err != nil {
		// Who refuses a connection is there, and serves nothing on that port.
		return result{text: why(err)}
	}
	_, _ = io.CopyN(io.Discard, r.Body, 1)
	r.Body.Close()
	return result{true, r.StatusCode == http.StatusOK, fmt.Sprintf("answers %d", r.StatusCode)}
}

// why words an error in a few words of ours.
func why(err error) string {
	if strings.Contains(err.Error(), "refused") {
		return "refuses the connection"
	}
	return "no answer"
}
