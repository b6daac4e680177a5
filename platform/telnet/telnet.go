// Package telnet is the box as a client of telnet, for engineers who go on from
// its console to a switch or a gateway.
//
// Follows RFC 854, 1073 (window size), 1091 (terminal type), 857 and 858. The
// other end may echo and suppress go-ahead; it is told the size of the window and
// that the terminal is a VT100; every other option is refused. Concurrency: one
// goroutine reads and one writes. Failure: the error of the network. What the
// other end negotiates is bounded: a sub-negotiation by maxSub bytes, answers by
// maxAnswers. Testing: a server of the test that speaks the protocol in bytes,
// and a fuzz target over what servers send.
package telnet

import (
	"bufio"
	"context"
	"net"
	"net/netip"
	"sync"
	"time"
)

// DialTime is how long a connection may take to open, as on a router.
const DialTime = 30 * time.Second

const (
	maxSub     = 64  // bytes of a sub-negotiation
	maxAnswers = 512 // to options in one connection: a peer that goes on plays
)

// The commands and options that are understood.
const (
	se, sb, will, wont, do, dont, iac = 240, 250, 251, 252, 253, 254, 255

	optEcho, optGoAhead, optType, optWindow = 1, 3, 24, 31
)

// Conn is a connection: bytes without the protocol.
type Conn struct {
	net.Conn
	width, height int

	in   *bufio.Reader
	last byte // the byte read before

	mu      sync.Mutex // of what is written
	theirs  [256]bool  // options that the other end has on
	ours    [256]bool
	answers int
}

// Dial opens a connection for a window of that size; height 0 is one without
// paging.
func Dial(ctx context.Context, to netip.AddrPort, width, height int) (*Conn, error) {
	d := net.Dialer{Timeout: DialTime}
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return newConn(c, width, height), nil
}

func newConn(c net.Conn, width, height int) *Conn {
	return &Conn{Conn: c, width: width, height: height, in: bufio.NewReader(c)}
}

// Read gives what the other end says, without what it negotiates. It returns
// what has come, and waits only for the first byte.
func (c *Conn) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) && (n == 0 || c.in.Buffered() > 0) {
		b, err := c.in.ReadByte()
		if err != nil {
			return n, err
		}
		if b == iac {
			data, err := c.command()
			if err != nil {
				return n, err
			}
			if !data {
				continue
			}
		}
		was := c.last
		c.last = b
		if b == 0 && was == '\r' {
			continue // CR NUL is a CR
		}
		p[n] = b
		n++
	}
	return n, nil
}

// command reads what follows IAC; data says that it was a byte 255.
func (c *Conn) command() (data bool, err error) {
	b, err := c.in.ReadByte()
	if err != nil {
		return false, err
	}
	switch b {
	case iac:
		return true, nil
	case will, wont, do, dont:
		option, err := c.in.ReadByte()
		if err != nil {
			return false, err
		}
		return false, c.negotiate(b, option)
	case sb:
		return false, c.sub()
	}
	return false, nil
}

// sub reads a sub-negotiation to its end. The one that is answered is the
// question for the type of the terminal.
func (c *Conn) sub() error {
	var text []byte
	for {
		b, err := c.in.ReadByte()
		if err != nil {
			return err
		}
		if b == iac {
			if b, err = c.in.ReadByte(); err != nil {
				return err
			}
			if b == se {
				break
			}
		}
		if len(text) < maxSub {
			text = append(text, b)
		}
	}
	if len(text) == 2 && text[0] == optType && text[1] == 1 && c.ours[optType] {
		return c.answer(append([]byte{iac, sb, optType, 0}, "VT100\xff\xf0"...))
	}
	return nil
}

// negotiate answers a change of an option, and only a change: otherwise two ends
// could answer each other for ever. [RFC 854, page 3]
func (c *Conn) negotiate(what, option byte) error {
	switch what {
	case will:
		switch {
		case option != optEcho && option != optGoAhead:
			return c.answer([]byte{iac, dont, option})
		case !c.theirs[option]:
			c.theirs[option] = true
			return c.answer([]byte{iac, do, option})
		}
	case wont:
		if c.theirs[option] {
			c.theirs[option] = false
			return c.answer([]byte{iac, dont, option})
		}
	case do:
		switch {
		case option != optGoAhead && option != optType && option != optWindow:
			return c.answer([]byte{iac, wont, option})
		case !c.ours[option]:
			c.ours[option] = true
			text := []byte{iac, will, option}
			if option == optWindow {
				text = append(text, iac, sb, optWindow)
				for _, b := range []byte{byte(c.width >> 8), byte(c.width), byte(c.height >> 8), byte(c.height)} {
					if text = append(text, b); b == iac {
						text = append(text, iac)
					}
				}
				text = append(text, iac, se)
			}
			return c.answer(text)
		}
	case dont:
		if c.ours[option] {
			c.ours[option] = false
			return c.answer([]byte{iac, wont, option})
		}
	}
	return nil
}

func (c *Conn) answer(text []byte) error {
	if c.answers++; c.answers > maxAnswers {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, err := c.Conn.Write(text)
	return err
}

// Write sends what is typed: CR as CR NUL, 255 twice.
func (c *Conn) Write(p []byte) (int, error) {
	var out []byte
	for _, b := range p {
		switch out = append(out, b); b {
		case '\r':
			out = append(out, 0)
		case iac:
			out = append(out, iac)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.Conn.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}
