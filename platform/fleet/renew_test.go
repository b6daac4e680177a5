package fleet

import (
	"crypto/ecdsa"
	"crypto/x509"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"option150/platform/service"
	"option150/platform/testkit"
	"option150/platform/testkit/etcdtest"
)

// nvram is the files of a box.
type nvram struct {
	mu   sync.Mutex
	file map[string][]byte
}

func (n *nvram) set(name string, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.file[name] = b
}

func (n *nvram) read(name string) ([]byte, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if b := n.file[name]; b != nil {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

// secure is an engine that asks for certificates, with what its authority signed.
type secure struct {
	t   *testing.T
	dir string
	ca  *x509.Certificate
	key *ecdsa.PrivateKey
	pem []byte
}

// newSecure makes an authority and puts the files of a server that it signed into dir.
func newSecure(t *testing.T, dir string) *secure {
	s := &secure{t: t, dir: dir}
	s.ca, s.key, s.pem, _ = pair(t, "the fleet", nil, nil)
	_, _, cert, key := pair(t, "server", s.ca, s.key)
	for name, b := range map[string][]byte{"ca.pem": s.pem, "server.pem": cert, "server.key": key} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *secure) start() *etcdtest.Members {
	at := func(name string) string { return filepath.Join(s.dir, name) }
	return etcdtest.Start(s.t, 1, "--cert-file", at("server.pem"), "--key-file", at("server.key"), "--client-cert-auth", "--trusted-ca-file", at("ca.pem"))
}

// All certificates are renewed, by another authority too, while nobody types a line:
// the next connection is made with what is in nvram: then. While a file of two is
// replaced the pair before is shown, and `show fleet` tells that it does not fit.
func TestRenewed(t *testing.T) {
	dir := t.TempDir()
	s := newSecure(t, dir)
	e := s.start()
	_, _, cert, key := pair(t, "box-A", s.ca, s.key)
	n := &nvram{file: map[string][]byte{"ca.pem": s.pem, "box.pem": cert, "box-key.pem": key}}
	f := New(Options{Version: "1.0", ReadFile: n.read})
	f.beat, f.lease = 200*time.Millisecond, 2*time.Second
	t.Cleanup(f.Close)
	c := Config{Name: "A", Domain: "D", Servers: e.URLs, CA: "ca.pem", Certificate: "box.pem", Key: "box-key.pem"}
	commit(t, f, c)
	testkit.Until(t, "the engine does not answer", func() bool { return f.states() == "A there" })
	again := func(what string) {
		t.Helper()
		e.Kill(0)
		testkit.Until(t, "the engine is dead", func() bool { return f.Status().State == service.Degraded })
		e.Up(0)
		testkit.Until(t, what, func() bool { return f.states() == "A there" && f.Status().State == service.Running })
	}
	if x := f.Files(c); x.User != "box-A" || x.Problem != "" || time.Until(x.Ends) < 30*time.Minute {
		t.Errorf("%+v", x)
	}

	// One of two files was replaced when the connection ended.
	_, _, cert2, key2 := pair(t, "box-A", s.ca, s.key)
	n.set("box.pem", cert2)
	again("half of a pair is there, and the one before is not shown")
	if x := f.Files(c); !strings.Contains(x.Problem, "are no certificate with its key") {
		t.Errorf("%+v", x)
	}
	n.set("box-key.pem", key2)
	again("the second pair is not taken")

	// Another authority has signed everything.
	e.Kill(0)
	testkit.Until(t, "the engine is dead", func() bool { return f.Status().State == service.Degraded })
	s = newSecure(t, dir)
	e.Up(0)
	testkit.Until(t, "a server that another signed is believed", func() bool { return strings.Contains(f.Status().Why, "certificate") })
	_, _, cert3, key3 := pair(t, "box-A", s.ca, s.key)
	n.set("ca.pem", s.pem)
	n.set("box-key.pem", key3)
	n.set("box.pem", cert3)
	testkit.Until(t, "the certificates of another authority are not taken", func() bool { return f.states() == "A there" && f.Status().State == service.Running })
}
