package sshd

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/aaa"
)

// keyTries is how many keys a client may offer before it comes to its
// password. They cannot be guessed, so they do not use up the retries.
const keyTries = 8

var errLogin = errors.New("login refused")

// login is who got in and how. It travels in the Permissions of the method that
// succeeded: a client may offer the key of one user and sign with another's.
type login struct {
	user   aaa.User
	method string
}

type loginKey struct{}

func admitted(u aaa.User, method string) *ssh.Permissions {
	return &ssh.Permissions{ExtraData: map[any]any{loginKey{}: login{u, method}}}
}

// auth is the login of one connection.
type auth struct {
	s             *Server
	spec          *Spec
	conn          net.Conn
	remote, local netip.AddrPort
	failed        int // passwords
}

// config is the SSH side of a connection.
func (s *Server) config(spec *Spec, conn net.Conn, in *guest) *ssh.ServerConfig {
	a := &auth{s: s, spec: spec, conn: conn, remote: addrPort(conn.RemoteAddr()), local: addrPort(conn.LocalAddr())}
	c := &ssh.ServerConfig{
		MaxAuthTries:  spec.Retries,
		ServerVersion: "SSH-2.0-Option150",
		PasswordCallback: func(m ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			return a.password(m.User(), "password", string(password))
		},
		KeyboardInteractiveCallback: func(m ssh.ConnMetadata, ask ssh.KeyboardInteractiveChallenge) (*ssh.Permissions, error) {
			answers, err := ask("", "", []string{"Password: "}, []bool{false})
			if err != nil {
				return nil, err
			}
			if len(answers) != 1 {
				return nil, errLogin
			}
			return a.password(m.User(), "keyboard-interactive", answers[0])
		},
		// Asked once, for the first question of somebody whose keys are exchanged.
		BannerCallback: func(ssh.ConnMetadata) string {
			s.gate.asks(in)
			_ = conn.SetDeadline(time.Now().Add(spec.LoginGrace))
			if s.o.Banner == nil {
				return ""
			}
			return crlf(s.o.Banner())
		},
	}
	if spec.PublicKey && s.o.Authorized != nil {
		// Offered only where somebody has a key, so that clients with many keys
		// keep all their tries elsewhere.
		c.MaxAuthTries += keyTries
		c.PublicKeyCallback = a.key
	}
	spec.Algorithms.apply(c, s.o.HostKeys.Signers())
	return c
}

// password checks one try. After the last one the connection ends.
func (a *auth) password(user, how, password string) (*ssh.Permissions, error) {
	if u, ok := a.s.o.Authenticate(user, password); ok && !a.quiet() {
		return admitted(u, how), nil
	}
	a.failed++
	a.s.rec.Record(LoginFailed{User: printable(user), Remote: a.remote, Local: a.local, Method: how})
	if a.s.o.Failed != nil {
		a.s.o.Failed(printable(user), a.remote, a.local)
	}
	if a.spec.PublicKey && a.failed >= a.spec.Retries || a.quiet() {
		_ = a.conn.Close()
	}
	return nil, errLogin
}

// key says whether a key may log a user in. That the client has its private
// half is checked after it, by x/crypto/ssh. A key that is merely offered is no
// failed login: clients try all they have.
func (a *auth) key(m ssh.ConnMetadata, k ssh.PublicKey) (*ssh.Permissions, error) {
	if n := rsaBitsOf(k); n != 0 && n < minRSABits || a.quiet() {
		return nil, errLogin
	}
	u, ok := a.s.o.Authorized(m.User(), Key{Type: k.Type(), Hash: hashOf(k)})
	if !ok {
		return nil, errLogin
	}
	return admitted(u, "publickey"), nil
}

// quiet reports that logins are refused for a while (`login block-for`).
func (a *auth) quiet() bool { return a.s.o.Quiet != nil && a.s.o.Quiet(a.remote.Addr()) }
