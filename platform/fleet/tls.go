package fleet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"time"

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

// Client is a client of the servers of a section; it connects when it is used. read
// reads files of nvram:. One that cannot be used makes each request fail, until it can.
func (c Config) Client(read func(string) ([]byte, error)) *etcd.Client {
	f := &files{config: c, read: read}
	_, _ = f.tls() // kept for the time in which another takes its place
	return etcd.New(etcd.Options{Members: c.Servers, TLS: f.tls, User: c.User, Password: c.Password})
}

// Dial is Client where files that cannot be used are refused.
func (c Config) Dial(read func(string) ([]byte, error)) (*etcd.Client, error) {
	if _, err := c.files(read).tls(read); err != nil {
		return nil, err
	}
	return c.Client(read), nil
}

// files are those a connection is made with. They are read for each one, so that a
// certificate that was renewed is taken without a word. One that is replaced just now,
// file after file, is not: then what was read before is good for another connection.
type files struct {
	config Config
	read   func(string) ([]byte, error)

	mu   sync.Mutex
	last *tls.Config
}

func (f *files) tls() (*tls.Config, error) {
	t, err := f.config.files(f.read).tls(f.read)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.last = t
	}
	if f.last == nil {
		return nil, err
	}
	return f.last, nil
}

// Files is how those of a section stand in nvram: now.
type Files struct {
	Problem string    // they cannot be used as they are, "" = they can, or there are none
	User    string    // who the certificate says the box is
	Ends    time.Time // of the certificate, zero = there is none
}

// Files reads those that the section names.
func (f *Fleet) Files(c Config) (out Files) {
	t, err := c.files(f.opt.ReadFile).tls(f.opt.ReadFile)
	if err != nil {
		out.Problem = said(err.Error())
		return out
	}
	for _, pair := range t.Certificates {
		if leaf, err := x509.ParseCertificate(pair.Certificate[0]); err == nil {
			out.User, out.Ends = tame(leaf.Subject.CommonName, shortText), leaf.NotAfter
		}
	}
	return out
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
