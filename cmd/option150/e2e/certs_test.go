package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"testing"
	"time"
)

// signer is an authority of the test: it signs certificates of servers and boxes.
type signer struct {
	t    *testing.T
	root *x509.Certificate
	key  *ecdsa.PrivateKey
	ca   []byte // PEM
	n    int64
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{t: t, n: 1, root: &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "CA of the test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}}
	s.key = s.newKey()
	s.ca = s.pem(s.root, s.key)
	return s
}

func (s *signer) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	return k
}

func (s *signer) pem(c *x509.Certificate, k *ecdsa.PrivateKey) []byte {
	der, err := x509.CreateCertificate(rand.Reader, c, s.root, &k.PublicKey, s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// sign makes a certificate of a name, with its key, PEM.
func (s *signer) sign(name string, addrs ...string) (cert, key []byte) {
	s.n++
	c := &x509.Certificate{SerialNumber: big.NewInt(s.n), Subject: pkix.Name{CommonName: name}, NotBefore: s.root.NotBefore, NotAfter: s.root.NotAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, a := range addrs {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(a))
	}
	k := s.newKey()
	text, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.pem(c, k), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text})
}

// authority makes a CA and a certificate of an address, PEM.
func authority(t *testing.T, addr string) (ca, cert, key []byte) {
	t.Helper()
	s := newSigner(t)
	cert, key = s.sign("engine", addr, "127.0.0.1")
	return s.ca, cert, key
}
