package metrics

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"testing"

	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

func TestListeners(t *testing.T) {
	testkit.Listeners(t, func(t *testing.T) testkit.Listening {
		s, _ := box(t)
		return testkit.Listening{Service: s, Proto: listen.TCP,
			Spec: func(e listen.Endpoint) service.Spec { return Spec{Endpoint: e} },
			Answers: func(at netip.AddrPort) bool {
				r, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get("http://" + at.String() + "/page.css")
				if err != nil {
					return false
				}
				r.Body.Close()
				return r.StatusCode == http.StatusOK
			},
			Break: func() {
				l, _ := s.set.Places()[0].Socket()
				_ = l.Close()
			},
			Before: func(before func(listen.Endpoint) error) {
				s.open = func(ctx context.Context, e listen.Endpoint) (*net.TCPListener, error) {
					if err := before(e); err != nil {
						return nil, err
					}
					return listen.OpenTCP(ctx, e)
				}
			}}
	})
}
