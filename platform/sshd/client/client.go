// Package client is the box as a client of SSH: a shell on a switch or a gateway
// for an engineer at the box's console.
//
// Follows RFC 4251 to 4254 by golang.org/x/crypto/ssh. As on a router without
// `ip ssh stricthostkeycheck` the key of the other end is not compared with
// anything: its fingerprint is told, and the person decides. Concurrency: one
// goroutine reads and one writes. Failure: ErrDenied when the password is not
// taken, else the error of the network. Testing: the box's own server and
// OpenSSH's.
package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// DialTime is how long a connection may take to open, LoginTime how long the
// other end may take to answer in the exchange of keys and the login; a person
// who types a password is not counted.
const (
	DialTime  = 30 * time.Second
	LoginTime = 60 * time.Second
)

// tries is how often a password is asked for, as on a router.
const tries = 3

// ErrDenied says that the other end does not take user and password.
var ErrDenied = errors.New("user or password is not accepted")

// Options are a call.
type Options struct {
	To            netip.AddrPort
	User          string
	Width, Height int    // of the window; height 0 = no paging there
	Command       string // to carry out in place of a shell
	// Password asks the person; what the other end asks itself comes first.
	Password func(question string) (string, error)
	// Key is told the fingerprint of the other end before a password is sent; an
	// error ends the call.
	Key func(fingerprint string) error
}

// Conn is a shell at the other end.
type Conn struct {
	client  *ssh.Client
	session *ssh.Session
	in      io.WriteCloser
	out     io.Reader
}

// Dial logs in and opens a shell, or carries out the command.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	d := net.Dialer{Timeout: DialTime}
	c, err := d.DialContext(ctx, "tcp", o.To.String())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	defer stop()
	limit := func(f func() (string, error)) (string, error) {
		_ = c.SetDeadline(time.Time{}) // somebody types
		defer func() { _ = c.SetDeadline(time.Now().Add(LoginTime)) }()
		return f()
	}
	_ = c.SetDeadline(time.Now().Add(LoginTime))
	password := func() (string, error) {
		return limit(func() (string, error) { return o.Password("Password: ") })
	}
	asked := func(_, instruction string, questions []string, echos []bool) ([]string, error) {
		answers := make([]string, len(questions))
		for i, q := range questions {
			if len(questions) > 8 || len(q) > 200 {
				return nil, errors.New("the other end asks too much")
			}
			a, err := limit(func() (string, error) { return o.Password(q) })
			if err != nil {
				return nil, err
			}
			answers[i] = a
		}
		return answers, nil
	}
	conn, channels, requests, err := ssh.NewClientConn(c, o.To.String(), &ssh.ClientConfig{
		User: o.User,
		Auth: []ssh.AuthMethod{ssh.RetryableAuthMethod(ssh.KeyboardInteractive(asked), tries), ssh.RetryableAuthMethod(ssh.PasswordCallback(password), tries)},
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			return o.Key(ssh.FingerprintSHA256(key))
		},
	})
	if err != nil {
		_ = c.Close()
		if s := err.Error(); strings.Contains(s, "unable to authenticate") || strings.Contains(s, "authentication failures") {
			err = ErrDenied
		}
		return nil, err
	}
	_ = c.SetDeadline(time.Time{})
	client := ssh.NewClient(conn, channels, requests)
	s, err := shell(client, o)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	return s, nil
}

func shell(client *ssh.Client, o Options) (*Conn, error) {
	s, err := client.NewSession()
	if err != nil {
		return nil, err
	}
	c := &Conn{client: client, session: s}
	if c.in, err = s.StdinPipe(); err != nil {
		return nil, err
	}
	r, w := io.Pipe()
	s.Stdout, s.Stderr, c.out = w, w, r
	if o.Command == "" {
		if err := s.RequestPty("vt100", o.Height, o.Width, ssh.TerminalModes{}); err != nil {
			return nil, err
		}
		err = s.Shell()
	} else {
		err = s.Start(o.Command)
	}
	if err != nil {
		return nil, err
	}
	go func() {
		_ = s.Wait() // how it ended is the other end's affair
		_ = w.Close()
	}()
	return c, nil
}

// Read gives what the other end says; io.EOF when the shell has ended.
func (c *Conn) Read(p []byte) (int, error) { return c.out.Read(p) }

// Write sends what is typed.
func (c *Conn) Write(p []byte) (int, error) { return c.in.Write(p) }

// Close hangs up.
func (c *Conn) Close() error { return c.client.Close() }
