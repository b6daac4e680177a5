// Package scp is the box as a client of scp: the bindings of `ip dhcp database
// scp://user:password@host/file`. The file is small and travels in one piece.
//
// The protocol is that of OpenSSH's `scp -t` and `scp -f` over an exec request
// (scp(1), option -O), which routers speak too. Concurrency: a Client may be
// used by many goroutines. Failure: fs.ErrNotExist when the server says so, else
// the error of the network or the server's own words. The key of a server is
// remembered from the first connection of a run; ErrHostKey says that it
// changed. Testing: OpenSSH's scp behind an SSH server of the test.
package scp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/plain"
)

// The reasons a transfer fails beside those of the network.
var (
	ErrHostKey  = errors.New("the host key of the server is not the one it had")
	ErrTooLarge = errors.New("file too large")
	ErrName     = errors.New("not a name for scp")
	errProtocol = errors.New("the server does not speak scp")
)

const (
	dialTime   = 10 * time.Second
	maxControl = 1024 // bytes of a line of the protocol
	maxHosts   = 64   // keys remembered
)

// Place is a file of a server.
type Place struct {
	Host     string // host or host:port
	User     string
	Password string
	Path     string
}

// Client remembers the keys of servers.
type Client struct {
	mu   sync.Mutex
	keys map[string][]byte
}

// Put writes a file.
func (c *Client) Put(ctx context.Context, p Place, text []byte) error {
	return c.run(ctx, p, "-t", func(s *stream) error {
		if err := s.answered(); err != nil {
			return err
		}
		name := p.Path[strings.LastIndexByte(p.Path, '/')+1:]
		if _, err := fmt.Fprintf(s.out, "C0644 %d %s\n", len(text), name); err != nil {
			return err
		}
		if err := s.answered(); err != nil {
			return err
		}
		if _, err := s.out.Write(append(bytes.Clone(text), 0)); err != nil {
			return err
		}
		return s.answered()
	})
}

// Get reads a file of at most limit bytes.
func (c *Client) Get(ctx context.Context, p Place, limit int) (text []byte, err error) {
	err = c.run(ctx, p, "-f", func(s *stream) error {
		size, err := s.offered()
		if err != nil {
			return err
		}
		if size > limit {
			return ErrTooLarge
		}
		text = make([]byte, size)
		if _, err := s.out.Write([]byte{0}); err != nil {
			return err
		}
		if _, err := io.ReadFull(s.in, text); err != nil {
			return err
		}
		if err := s.answered(); err != nil {
			return err
		}
		_, err = s.out.Write([]byte{0})
		return err
	})
	return text, err
}

// Usable reports whether a path can be asked for: servers give it to a shell or
// do not, so it has nothing that a shell would read.
func Usable(path string) bool {
	ok := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-/:+@,", r)
	}
	return path != "" && len(path) <= 255 && path[0] != '-' && !strings.HasSuffix(path, "/") && strings.IndexFunc(path, func(r rune) bool { return !ok(r) }) < 0
}

// stream is one run of the protocol.
type stream struct {
	in  *bufio.Reader
	out io.Writer
}

func (c *Client) run(ctx context.Context, p Place, mode string, talk func(*stream) error) error {
	if !Usable(p.Path) {
		return fmt.Errorf("%w: %q", ErrName, p.Path)
	}
	addr := p.Host
	if _, _, err := net.SplitHostPort(addr); err != nil {
		addr = net.JoinHostPort(strings.Trim(addr, "[]"), "22")
	}
	d := net.Dialer{Timeout: dialTime}
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer raw.Close()
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	defer stop()
	_ = raw.SetDeadline(time.Now().Add(dialTime)) // of the handshake
	conn, chans, reqs, err := ssh.NewClientConn(raw, addr, &ssh.ClientConfig{
		User: p.User, Auth: []ssh.AuthMethod{ssh.Password(p.Password)}, HostKeyCallback: c.known,
	})
	if err != nil {
		return during(ctx, err)
	}
	_ = raw.SetDeadline(time.Time{})
	client := ssh.NewClient(conn, chans, reqs)
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		return during(ctx, err)
	}
	defer session.Close()
	in, err1 := session.StdoutPipe()
	out, err2 := session.StdinPipe()
	if err := errors.Join(err1, err2, session.Start("scp "+mode+" "+p.Path)); err != nil {
		return during(ctx, err)
	}
	if err := talk(&stream{in: bufio.NewReaderSize(in, 32<<10), out: out}); err != nil {
		return during(ctx, err)
	}
	_ = out.Close()
	return nil
}

// during says that time ran out where the connection broke because of it.
func during(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// known compares the key of a server with the one it had.
func (c *Client) known(host string, _ net.Addr, key ssh.PublicKey) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, now := c.keys[host], key.Marshal()
	switch {
	case was == nil && len(c.keys) < maxHosts:
		if c.keys == nil {
			c.keys = map[string][]byte{}
		}
		c.keys[host] = now
	case was == nil, subtle.ConstantTimeCompare(was, now) == 1:
	default:
		return ErrHostKey
	}
	return nil
}

// answered reads an acknowledgement.
func (s *stream) answered() error {
	b, err := s.in.ReadByte()
	if err != nil {
		return fmt.Errorf("%w: %w", errProtocol, err)
	}
	if b == 0 {
		return nil
	}
	return s.refused(b)
}

// offered reads the header of a file, `C0644 SIZE NAME`.
func (s *stream) offered() (size int, err error) {
	if _, err := s.out.Write([]byte{0}); err != nil {
		return 0, err
	}
	b, err := s.in.ReadByte()
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errProtocol, err)
	}
	if b != 'C' {
		return 0, s.refused(b)
	}
	line, err := s.line()
	if err != nil {
		return 0, err
	}
	f := strings.Fields(line)
	if len(f) < 3 {
		return 0, errProtocol
	}
	n, err := strconv.ParseUint(f[1], 10, 31)
	if err != nil {
		return 0, errProtocol
	}
	return int(n), nil
}

// refused is what the server says in place of a file.
func (s *stream) refused(kind byte) error {
	if kind != 1 && kind != 2 {
		return errProtocol
	}
	line, err := s.line()
	if err != nil {
		return err
	}
	if strings.Contains(line, "No such file") {
		return fs.ErrNotExist
	}
	return errors.New(plain.Shown(strings.TrimSpace(line), 120))
}

func (s *stream) line() (string, error) {
	var b strings.Builder
	for b.Len() < maxControl {
		c, err := s.in.ReadByte()
		if err != nil {
			return "", fmt.Errorf("%w: %w", errProtocol, err)
		}
		if c == '\n' {
			return b.String(), nil
		}
		b.WriteByte(c)
	}
	return "", errProtocol
}
