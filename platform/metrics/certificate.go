package metrics

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"option150/platform/rootfile"
)

// certificate is the one of a file, read again when the file is another: what
// renews it tells nobody.
type certificate struct {
	file string
	mu   sync.Mutex
	at   time.Time
	size int64
	cert *tls.Certificate
}

// FitTLS reports why a file cannot be the certificate with its key; "" can.
func FitTLS(file string) error {
	if file == "" {
		return nil
	}
	if _, err := loadTLS(file); err != nil {
		return fmt.Errorf("metrics.tls: no certificate with its key: %w", err)
	}
	return nil
}

// loadTLS reads a file of a certificate and its key, of a megabyte at most.
func loadTLS(file string) (tls.Certificate, error) {
	const most = 1 << 20
	text, err := rootfile.ReadNamed(file, most)
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s: larger than %d bytes", file, most)
	}
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, text)
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.file)
	if err == nil && (c.cert == nil || !info.ModTime().Equal(c.at) || info.Size() != c.size) {
		var next tls.Certificate
		if next, err = loadTLS(c.file); err == nil {
			c.cert, c.at, c.size = &next, info.ModTime(), info.Size()
		}
	}
	if c.cert == nil {
		return nil, err
	}
	return c.cert, nil // the old one serves while the new one is being written
}

func (a *Access) tlsConfig() *tls.Config {
	if a.TLS == "" {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}, GetCertificate: (&certificate{file: a.TLS}).get}
}
