package mib

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"option150/platform/plain"
	"option150/platform/settings"
)

// Bounds of an answer. An agent waits for it, and who asked that waits too.
const (
	askTime  = 2 * time.Second // for all of it
	keepTime = 5 * time.Second // what was answered, or that nothing was
	maxBody  = 16 << 20
	maxLogin = 4 << 10 // bytes of the file
)

// Source is the box as the page tells of it.
type Source struct {
	Config string // settings file of the box, which says where [metrics] listens; read for every answer
	Login  string // file with user:password in its first line, where [metrics] has a user; "" = none
	CA     string // file with certificates (PEM) that the one of [metrics] tls is signed by; "" = none

	last tree
	at   time.Time
}

// facts are what is read of the JSON of the page. [docs/page.md]
type facts struct {
	Total    int `json:"total"`
	Up       int `json:"up"`
	Inferred int `json:"inferred"`
	Unseen   int `json:"unseen"`
	phones   []phone
}

type phone struct {
	Device  string `json:"device"`
	Address string `json:"address"`
	Six     string `json:"address6"`
	Model   string `json:"model"`
	Load    string `json:"load"`
	State   string `json:"state"`
	Up      bool   `json:"up"`
	Verdict struct {
		Code string `json:"code"`
		Text string `json:"text"`
	} `json:"verdict"`
}

// Serve answers an agent with what the box tells. See [Serve].
func (s *Source) Serve(in io.Reader, out io.Writer) error { return Serve(in, out, s.tree) }

// tree is that of now, or of at most keepTime ago.
func (s *Source) tree() tree {
	if s.last == nil || time.Since(s.at) >= keepTime {
		f, err := s.ask()
		if err != nil {
			s.last = unreachable(err.Error())
		} else {
			s.last = newTree(f)
		}
		s.at = time.Now()
	}
	return s.last
}

func (s *Source) ask() (*facts, error) {
	set, err := settings.Load(s.Config)
	if err != nil {
		return nil, err
	}
	m := &set.Metrics
	if m.Listen == "" {
		return nil, fmt.Errorf("listen of [metrics] in %s is empty: nobody answers there", s.Config)
	}
	at, err := netip.ParseAddrPort(m.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen of [metrics] in %s is no address with a port", s.Config)
	}
	if a := at.Addr(); a.IsUnspecified() && a.Is4() {
		at = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), at.Port())
	} else if a.IsUnspecified() {
		at = netip.AddrPortFrom(netip.IPv6Loopback(), at.Port())
	}
	tr, url := &http.Transport{DisableCompression: true, MaxResponseHeaderBytes: 16 << 10}, "http://"+at.String()
	if m.TLS != "" {
		if tr.TLSClientConfig, err = s.tls(); err != nil {
			return nil, err
		}
		url = "https://" + at.String()
	}
	defer tr.CloseIdleConnections()
	user, password := "", ""
	if m.User != "" {
		if user, password, err = s.login(); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	get := func(path string, into any) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, url+path, nil)
		if err != nil {
			return err
		}
		if user != "" {
			r.SetBasicAuth(user, password)
		}
		resp, err := tr.RoundTrip(r)
		if ctx.Err() != nil {
			return fmt.Errorf("no answer within %s", askTime)
		} else if err != nil {
			return err
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
		switch {
		case err != nil:
			return err
		case resp.StatusCode != http.StatusOK:
			first, _, _ := strings.Cut(string(b), "\n")
			return fmt.Errorf("the box answers %d: %s", resp.StatusCode, plain.Shown(first, maxValue))
		case len(b) > maxBody:
			return errors.New("the box answers more than can be read")
		}
		if err := json.Unmarshal(b, into); err != nil {
			return errors.New("what answers is no page of this box")
		}
		return nil
	}
	f := &facts{}
	if err := get("/api/v1/overview", f); err != nil {
		return nil, err
	}
	return f, get("/api/v1/phones", &f.phones)
}

// login reads user and password. The settings have a hash, which logs nobody in.
func (s *Source) login() (user, password string, err error) {
	if s.Login == "" {
		return "", "", errors.New("[metrics] has a user: --login names a file with user:password")
	}
	f, err := os.Open(s.Login)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxLogin))
	if err != nil {
		return "", "", err
	}
	first, _, _ := strings.Cut(string(b), "\n")
	user, password, ok := strings.Cut(strings.TrimSuffix(first, "\r"), ":")
	if !ok || user == "" {
		return "", "", fmt.Errorf("%s: no user:password in its first line", s.Login)
	}
	return user, password, nil
}

// tls trusts whom the file names and nobody else. The name in the certificate is
// that of the box for browsers, and not the address that is asked here.
func (s *Source) tls() (*tls.Config, error) {
	if s.CA == "" {
		return nil, errors.New("[metrics] has tls: --ca names a file with the certificate, or with that of who signed it")
	}
	f, err := os.Open(s.CA)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("%s: no certificate", s.CA)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true, VerifyConnection: func(c tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: pool, Intermediates: x509.NewCertPool()}
		for _, x := range c.PeerCertificates[1:] {
			o.Intermediates.AddCert(x)
		}
		_, err := c.PeerCertificates[0].Verify(o)
		return err
	}}, nil
}
