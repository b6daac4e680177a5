package metrics

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"option150/platform/aaa"
	"option150/platform/journal"
	"option150/platform/listen"
)

// failures counts what was recorded.
type failures struct{ all []LoginFailed }

func (f *failures) Record(e journal.Event) { f.all = append(f.all, e.(LoginFailed)) }

// TestAccess: without a user the page is for the machine itself, and the figures
// for everybody; with one nothing is for anybody else, and who guesses waits.
func TestAccess(t *testing.T) {
	secret, err := aaa.NewSecret("right")
	if err != nil {
		t.Fatal(err)
	}
	rec := &failures{}
	served := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	with := newGuard(Access{User: "noc", Secret: secret}, served, rec)
	ask := func(g *guard, from, path, user, password string) int {
		r := httptest.NewRequest("GET", path, nil)
		r.RemoteAddr = from
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		if w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") == "" {
			t.Error("a browser is not told to ask")
		}
		return w.Code
	}
	const here, v4in6, there, other = "127.0.0.1:9", "[::ffff:127.0.0.1]:9", "10.150.0.9:9", "[2001:db8::9]:9"
	none, anyone := newGuard(Access{}, served, rec), newGuard(Access{Anyone: true}, served, rec)
	for _, c := range []struct {
		g                    *guard
		from, path, user, pw string
		want                 int
	}{
		{none, here, "/", "", "", 200}, {none, v4in6, "/", "", "", 200}, {none, there, "/", "", "", 403}, {none, there, "/api/v1/phones", "", "", 403},
		{none, there, "/metrics", "", "", 200}, {none, there, "/metrics/../", "", "", 403}, {anyone, other, "/", "", "", 200},
		{with, here, "/", "", "", 401}, {with, there, "/metrics", "", "", 401}, {with, there, "/", "noc", "right", 200}, {with, other, "/metrics", "noc", "right", 200},
		{with, there, "/", "noc", "wrong", 401}, {with, there, "/", "root\x1b\u202e", "right", 401}, {with, there, "/", "noc", "", 401},
		{with, there, "/", "", "", 401}, {with, there, "/", "noc", "2", 401}, {with, there, "/", "noc", "3", 401},
		{with, there, "/", "noc", "4", 429}, {with, there, "/", "", "", 429}, {with, there, "/", "noc", "right", 200}, {with, other, "/", "noc", "wrong", 401},
	} {
		if got := ask(c.g, c.from, c.path, c.user, c.pw); got != c.want {
			t.Errorf("%s %s %q %q: %d, want %d", c.from, c.path, c.user, c.pw, got, c.want)
		}
	}
	if n := len(rec.all); n != 6 || rec.all[1].User != `root\x1b\u202e` {
		t.Errorf("%d failures: %+v", n, rec.all)
	}
	if with.full(netip.MustParseAddr("10.150.0.9"), time.Now().Add(2*wrongTime)) {
		t.Error("a host that guessed waits for ever")
	}
	// Any number of hosts that guess locks nobody else out.
	for i := range 2 * maxHosts {
		with.failed(netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)}), time.Now())
	}
	if len(with.wrong) > maxHosts {
		t.Fatal("what is remembered of hosts has no bound")
	}
	if got := ask(with, "10.8.0.1:9", "/", "noc", "wrong"); got != http.StatusUnauthorized {
		t.Errorf("a host that guesses for the first time while others do: %d", got)
	}
	// A machine with the addresses of a whole IPv6 network is one.
	for i := range 2 * maxWrong {
		want := http.StatusUnauthorized
		if i >= maxWrong {
			want = http.StatusTooManyRequests
		}
		if got := ask(with, fmt.Sprintf("[2001:db8:5::%x]:9", i+1), "/", "noc", "wrong"); got != want {
			t.Errorf("address %d of a network: %d, want %d", i+1, got, want)
		}
	}
	if got := ask(with, "[2001:db8:6::1]:9", "/", "noc", "wrong"); got != http.StatusUnauthorized {
		t.Errorf("the next network: %d", got)
	}
}

// signed writes a certificate with its key.
func signed(t *testing.T, file, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTLS: https with the certificate of the file, the next one once it is
// another; nothing in clear.
func TestTLS(t *testing.T) {
	file := filepath.Join(t.TempDir(), "metrics.pem")
	if FitTLS(file) == nil {
		t.Error("no file is a certificate")
	}
	signed(t, file, "one")
	if err := FitTLS(file); err != nil {
		t.Fatal(err)
	}
	s := New(Sources{Access: Access{TLS: file}})
	t.Cleanup(s.Close)
	c, err := s.Prepare(t.Context(), nil, Spec{Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: netip.AddrFrom4([4]byte{127, 0, 0, 1})}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	at := s.set.States()[0].Bound.String()
	name := func() string {
		x, err := tls.Dial("tcp", at, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		if _, err := x.Write([]byte("GET /metrics HTTP/1.0\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, 12)
		if _, err := x.Read(b); err != nil || string(b) != "HTTP/1.0 200" {
			t.Fatalf("%q %v", b, err)
		}
		return x.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if n := name(); n != "one" {
		t.Error(n)
	}
	signed(t, file, "another")
	if n := name(); n != "another" {
		t.Error(n)
	}
	if err := os.WriteFile(file, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := name(); n != "another" {
		t.Error("a torn file ends it")
	}
	x, err := net.Dial("tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	_, _ = x.Write([]byte("GET /metrics HTTP/1.0\r\n\r\n"))
	b := make([]byte, 64)
	if n, _ := x.Read(b); string(b[:min(n, 12)]) != "HTTP/1.0 400" {
		t.Errorf("%q", b[:n])
	}
}
