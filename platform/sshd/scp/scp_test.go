package scp

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"option150/platform/testkit"
)

// serve is an SSH server with one host key that runs what it is asked for in a
// directory.
func serve(t *testing.T, dir string, run func(line string, ch ssh.Channel)) (addr string, rekey func()) {
	t.Helper()
	newKey := func() ssh.Signer {
		_, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ssh.NewSignerFromKey(priv)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	conf := func(k ssh.Signer) *ssh.ServerConfig {
		c := &ssh.ServerConfig{PasswordCallback: func(m ssh.ConnMetadata, p []byte) (*ssh.Permissions, error) {
			if m.User() == "backup" && string(p) == "secret" {
				return nil, nil
			}
			return nil, errors.New("no")
		}}
		c.AddHostKey(k)
		return c
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	keys := make(chan *ssh.ServerConfig, 1)
	keys <- conf(newKey())
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			k := <-keys
			keys <- k
			go func() {
				_, chans, reqs, err := ssh.NewServerConn(c, k)
				if err != nil {
					return
				}
				go ssh.DiscardRequests(reqs)
				for n := range chans {
					ch, reqs, err := n.Accept()
					if err != nil {
						return
					}
					for r := range reqs {
						if r.Type == "exec" {
							var v struct{ Line string }
							_ = ssh.Unmarshal(r.Payload, &v)
							_ = r.Reply(true, nil)
							run(v.Line, ch)
							_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(struct{ N uint32 }{0}))
							ch.Close()
							continue
						}
						_ = r.Reply(false, nil)
					}
				}
			}()
		}
	}()
	return l.Addr().String(), func() { <-keys; keys <- conf(newKey()) }
}

// The other side is OpenSSH's scp.
func TestAgainstOpenSSH(t *testing.T) {
	bin := testkit.NeedProgram(t, "scp", "openssh-client")
	dir := t.TempDir()
	addr, rekey := serve(t, dir, func(line string, ch ssh.Channel) {
		f := strings.Fields(line)
		c := exec.Command(bin, f[1:]...)
		c.Dir, c.Stdin, c.Stdout, c.Stderr = dir, ch, ch, io.Discard
		_ = c.Run()
	})
	var c Client
	p := Place{Host: addr, User: "backup", Password: "secret", Path: "router-dhcp"}
	if _, err := c.Get(t.Context(), p, 1<<20); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	text := bytes.Repeat([]byte("*time* Jan 21 2005 03:52 PM\n"), 9000)
	if err := c.Put(t.Context(), p, text); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "router-dhcp")); err != nil || !bytes.Equal(b, text) {
		t.Errorf("%v, %d bytes", err, len(b))
	}
	if b, err := c.Get(t.Context(), p, 1<<20); err != nil || !bytes.Equal(b, text) {
		t.Errorf("%v, %d bytes", err, len(b))
	}
	if _, err := c.Get(t.Context(), p, 100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	no := p
	no.Path = "missing/dir/file"
	if err := c.Put(t.Context(), no, text); err == nil {
		t.Error("written into no directory")
	}
	no = p
	no.Password = "wrong"
	if err := c.Put(t.Context(), no, text); err == nil {
		t.Error("written without the password")
	}
	rekey()
	if err := c.Put(t.Context(), p, text); !errors.Is(err, ErrHostKey) {
		t.Errorf("another host key: %v", err)
	}
}

// A server that hangs or speaks something else.
func TestBadServers(t *testing.T) {
	for name, run := range map[string]func(string, ssh.Channel){
		"hangs":   func(_ string, ch ssh.Channel) { _, _ = io.Copy(io.Discard, ch) },
		"talks":   func(_ string, ch ssh.Channel) { _, _ = ch.Write([]byte("welcome\n")) },
		"ends":    func(string, ssh.Channel) {},
		"endless": func(_ string, ch ssh.Channel) { _, _ = ch.Write([]byte("\x01" + strings.Repeat("x", 5000))) },
	} {
		addr, _ := serve(t, t.TempDir(), run)
		var c Client
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		if err := c.Put(ctx, Place{Host: addr, User: "backup", Password: "secret", Path: "x"}, []byte("y")); err == nil {
			t.Errorf("%s: written", name)
		}
		cancel()
	}
	for _, path := range []string{"", "-rf", "a b", "$(id)", "x;y", "dir/", "`id`", "a'b", strings.Repeat("x", 300)} {
		if Usable(path) {
			t.Errorf("%q is usable", path)
		}
	}
}

func FuzzOffered(f *testing.F) {
	f.Add([]byte("C0644 12 name\n"))
	f.Add([]byte("\x01scp: x: No such file or directory\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &stream{in: bufio.NewReader(bytes.NewReader(b)), out: io.Discard}
		if n, err := s.offered(); err == nil && n < 0 {
			t.Fatal(n)
		}
	})
}
