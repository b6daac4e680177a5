package fleet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"option150/platform/fleet/etcd"
)

// The files in nvram: that are taken where no line names others and they are there.
const (
	DefaultCA          = "fleet-ca.pem"
	DefaultCertificate = "fleet-certificate.pem"
	DefaultKey         = "fleet-key.pem"
)

// files is the section with the files that lie where they are looked for.
func (c Config) files(read func(string) ([]byte, error)) Config {
	if !slices.ContainsFunc(c.Servers, func(s string) bool { return strings.HasPrefix(s, "https:") }) {
		return c
	}
	there := func(name string) bool { _, err := read(name); return !errors.Is(err, fs.ErrNotExist) }
	if c.CA == "" && there(DefaultCA) {
		c.CA = DefaultCA
	}
	if c.Certificate == "" && there(DefaultCertificate) && there(DefaultKey) {
		c.Certificate, c.Key = DefaultCertificate, DefaultKey
	}
	return c
}

// Dial is a client of the servers of a section; it connects when it is used. read
// reads files of nvram:.
func (c Config) Dial(read func(string) ([]byte, error)) (*etcd.Client, error) {
	c = c.files(read)
	t, err := c.tls(read)
	if err != nil {
		return nil, err
	}
	return etcd.New(etcd.Options{Members: c.Servers, TLS: t, User: c.User, Password: c.Password}), nil
}

// tls is how servers of https are reached.
func (c Config) tls(read func(string) ([]byte, error)) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CA != "" {
		pem, err := file(read, c.CA)
		if err != nil {
			return nil, err
		}
		if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("the file nvram:%s holds no certificate", c.CA)
		}
	}
	if c.Certificate != "" {
		pair, err := c.pair(read)
		if err != nil {
			return nil, err
		}
		t.Certificates = []tls.Certificate{pair}
	}
	return t, nil
}

func (c Config) pair(read func(string) ([]byte, error)) (tls.Certificate, error) {
	cert, err := file(read, c.Certificate)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := file(read, c.Key)
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return pair, fmt.Errorf("nvram:%s and nvram:%s are no certificate with its key", c.Certificate, c.Key)
	}
	return pair, nil
}

func file(read func(string) ([]byte, error), name string) ([]byte, error) {
	b, err := read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the file nvram:%s is not there", name)
	}
	return b, err
}

// user is who the engine takes the box for.
func (c Config) user(read func(string) ([]byte, error)) (string, error) {
	c = c.files(read)
	if c.User != "" || c.Certificate == "" {
		return c.User, nil
	}
	pair, err := c.pair(read)
	if err != nil {
		return "", err
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return "", err
	}
	return leaf.Subject.CommonName, nil
}
