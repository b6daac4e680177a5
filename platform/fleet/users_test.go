package fleet

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"option150/platform/fleet/etcd"
	"option150/platform/service"
	"option150/platform/testkit"
	"option150/platform/testkit/etcdtest"
)

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// member is a box of domain D with its user at an engine that guards itself.
func member(t *testing.T, e *etcdtest.Members, name string) (*Fleet, Config) {
	f := New(Options{Version: "1.0", Phones: func() ([]Phone, int) {
		return []Phone{{Device: "SEP0000000000" + strings.ToUpper(name[:1]) + "0", State: "stuck", Code: "R05", Text: "no file"}}, 1
	}})
	f.beat, f.lease = 200*time.Millisecond, 2*time.Second
	c := Config{Name: name, Domain: "D", Servers: e.URLs, User: "box-" + name, Password: "pw-" + name, Share: true}
	t.Cleanup(f.Close)
	return f, c
}

// A box may write its own prefix and what its domain shares, and nothing else; one
// that is shut out may nothing at all, while the others go on.
func TestUsers(t *testing.T) {
	e := etcdtest.Start(t, 1)
	a, ca := member(t, e, "A")
	b, cb := member(t, e, "AB") // its name begins as the other's does
	commit(t, a, ca)
	testkit.Until(t, "the engine asks nobody, and the section has a user", func() bool {
		return a.Status().State == service.Degraded && strings.Contains(a.Status().Why, "refuse")
	})
	testkit.Until(t, "the engine", func() bool { _, err := a.Guarded(soon(t), ca); return err == nil })
	if guarded, err := a.Guarded(soon(t), ca); err != nil || guarded {
		t.Fatalf("guarded %v, %v", guarded, err)
	}
	if _, err := a.Init(soon(t), Config{Name: "A", Domain: "D", Servers: ca.Servers}, "top"); !errors.Is(err, ErrNobody) {
		t.Errorf("without a user: %v", err)
	}
	done, err := a.Init(soon(t), ca, "top")
	if err != nil || !strings.Contains(strings.Join(done, "\n"), "asks everybody") && !strings.Contains(strings.Join(done, "\n"), "ask everybody") {
		t.Fatalf("%q: %v", done, err)
	}
	if _, err := b.Init(soon(t), cb, "wrong"); err == nil {
		t.Error("a wrong password of root")
	}
	if done, err = b.Init(soon(t), cb, "top"); err != nil {
		t.Fatalf("%q: %v", done, err)
	}
	if again, err := b.Init(soon(t), cb, "top"); err != nil || strings.Contains(strings.Join(again, "\n"), "share") {
		t.Errorf("a second time: %q, %v", again, err)
	}
	stranger := cb
	stranger.Name = "C" // with the user of another box
	if _, err := b.Init(soon(t), stranger, "top"); err == nil || !strings.Contains(err.Error(), "user of its own") {
		t.Errorf("the user of another box: %v", err)
	}
	commit(t, b, cb)
	both := func(f *Fleet) func() bool {
		return func() bool { return f.states() == "A there, AB there" && len(f.Phones(nil)) == 2 }
	}
	testkit.Until(t, "A does not see both", both(a))
	testkit.Until(t, "AB does not see both", both(b))
	if names, err := b.Shares(soon(t)); err != nil || strings.Join(names, " ") != "A AB" {
		t.Errorf("shares %q, %v", names, err)
	}

	l, _ := b.Link()
	if kv, err := one(soon(t), l.Client, GenerationKey("D")); err != nil || kv.Value != "2" {
		t.Errorf("the generation did not go up with each box: %+v, %v", kv, err)
	}

	// What a stolen box may write.
	thief := etcd.New(etcd.Options{Members: e.URLs, User: cb.User, Password: cb.Password})
	defer thief.Close()
	put := func(key string) error {
		_, err := thief.Do(soon(t), etcd.Txn{Puts: []etcd.Put{{Key: key, Value: "x"}}})
		return err
	}
	var no *etcd.Refused
	for _, key := range []string{ID{"D", "A"}.Prefix() + keyAbout, ID{"D", "A"}.Prefix() + "x", ID{"E", "AB"}.Prefix() + "x", BindingsPrefix("E") + "x", DownPrefix("E") + "x", root + "x", "x",
		BindingsPrefix("D") + "x", BoxesKey("D") + "x", ID{"D", "A"}.BeatKey(), ID{"D", "A"}.ClockKey(), ID{"D", "AB"}.BeatKey() + "x", ID{"D", "A"}.FollowPrefix() + "sections"} {
		if err := put(key); !errors.As(err, &no) {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, key := range []string{ID{"D", "AB"}.Prefix() + "x", ID{"D", "AB"}.FollowPrefix() + "x", LeasePrefix("D") + "10.0.0.1", BoxesKey("D"), GenerationKey("D"), ID{"D", "AB"}.BeatKey(), ID{"D", "AB"}.ClockKey(), DownPrefix("D") + "A"} {
		if err := put(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	for _, tree := range []string{boxes + "D/", DownPrefix("D"), BindingsPrefix("D"), FollowTree("D")} {
		if _, _, err := thief.Range(soon(t), tree); err != nil {
			t.Errorf("%s: %v", tree, err)
		}
	}
	if _, _, err := thief.Range(soon(t), FollowTree("E")); !errors.As(err, &no) {
		t.Errorf("what another domain follows is read: %v", err)
	}
	if _, _, err := thief.Range(soon(t), boxes+"E/"); !errors.As(err, &no) {
		t.Errorf("another domain is read: %v", err)
	}

	// Down: refused for one that is there, noted for one that is not.
	if err := a.SetDown(soon(t), "AB", true); err == nil || !strings.Contains(err.Error(), "signs of life") {
		t.Errorf("a box that is there: %v", err)
	}
	b.Close()
	testkit.Until(t, "AB is not gone", func() bool { return a.states() == "A there, AB gone" })
	if err := a.SetDown(soon(t), "AB", true); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "AB is not down", func() bool { return a.states() == "A there, AB down" })
	if err := a.SetDown(soon(t), "AB", false); err != nil {
		t.Fatal(err)
	}
	testkit.Until(t, "AB is down still", func() bool { return a.states() == "A there, AB gone" })
	if err := a.SetDown(soon(t), "AB", false); err == nil {
		t.Error("taken back twice")
	}

	// Shut out.
	commit(t, b, cb)
	testkit.Until(t, "AB is not back", both(a))
	if _, err := a.ShutOut(soon(t), ca, ID{"D", "AB"}, "wrong"); err == nil {
		t.Error("a wrong password of root")
	}
	if done, err = a.ShutOut(soon(t), ca, ID{"D", "AB"}, "top"); err != nil || !strings.Contains(done[0], "is gone") {
		t.Fatalf("%q: %v", done, err)
	}
	testkit.Until(t, "AB is still listed", func() bool { return a.states() == "A there" && len(a.Phones(nil)) == 1 })
	if err := put(ID{"D", "AB"}.Prefix() + "x"); !errors.As(err, &no) {
		t.Errorf("it writes: %v", err)
	}
	if _, _, err := thief.Range(soon(t), boxes+"D/"); !errors.As(err, &no) {
		t.Errorf("it reads: %v", err)
	}
	testkit.Until(t, "AB does not say so", func() bool { return b.Status().State == service.Degraded && strings.Contains(b.Status().Why, "refuse") })
	if done, err = a.ShutOut(soon(t), ca, ID{"D", "AB"}, "top"); err != nil || !strings.Contains(done[0], "no role") {
		t.Errorf("a second time: %q, %v", done, err)
	}
}

// pair is a certificate with its key, signed by parent; nil = by itself.
func pair(t *testing.T, name string, parent *x509.Certificate, by *ecdsa.PrivateKey) (cert *x509.Certificate, key *ecdsa.PrivateKey, certPEM, keyPEM []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true, IsCA: parent == nil}
	if parent == nil {
		parent, by = x, key
	}
	der, err := x509.CreateCertificate(rand.Reader, x, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: k})
}

// With TLS a box is who its certificate says, and servers that another signed are none.
func TestTLS(t *testing.T) {
	auth := newSecure(t, t.TempDir())
	_, _, otherPEM, _ := pair(t, "another", nil, nil)
	_, _, boxPEM, boxKey := pair(t, "box-A", auth.ca, auth.key)
	e := auth.start()
	n := &nvram{file: map[string][]byte{"ca.pem": auth.pem, "other.pem": otherPEM, "box.pem": boxPEM, "box-key.pem": boxKey}}
	f := New(Options{Version: "1.0", ReadFile: n.read})
	f.beat, f.lease = 200*time.Millisecond, 2*time.Second
	t.Cleanup(f.Close)
	c := Config{Name: "A", Domain: "D", Servers: e.URLs, CA: "ca.pem", Certificate: "box.pem", Key: "box-key.pem"}
	for what, bad := range map[string]func(*Config){
		"a file that is not there":   func(c *Config) { c.CA = "none.pem" },
		"a key for a certificate":    func(c *Config) { c.Certificate = "box-key.pem" },
		"the certificate of another": func(c *Config) { c.Certificate = "other.pem" },
		"a key for an authority":     func(c *Config) { c.CA = "box-key.pem" },
	} {
		x := c
		bad(&x)
		if _, err := f.Prepare(context.Background(), nil, x); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	wrong := c
	wrong.CA = "other.pem"
	commit(t, f, wrong)
	testkit.Until(t, "a server that another signed", func() bool { return f.Status().State == service.Degraded })
	commit(t, f, c)
	testkit.Until(t, "the engine answers", func() bool { return f.states() == "A there" })
	if _, err := f.Init(soon(t), c, "top"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	commit(t, f, c) // by its certificate alone
	testkit.Until(t, "the certificate is its user", func() bool { return f.Status().State == service.Running && f.states() == "A there" })
}
