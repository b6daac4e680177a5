package httpd

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

func TestListeners(t *testing.T) {
	testkit.Listeners(t, func(t *testing.T) testkit.Listening {
		s, _ := newServer(t, nil)
		return testkit.Listening{Service: s, Proto: listen.TCP,
			Spec: func(e listen.Endpoint) service.Spec {
				return Spec{Listeners: []Listener{{Endpoint: e, Modules: []string{"A"}}}}
			},
			Answers: func(at netip.AddrPort) bool { return says(t, at, "/") == "A" },
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
