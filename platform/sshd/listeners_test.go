package sshd

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"golang.org/x/crypto/ssh"

	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

func TestListeners(t *testing.T) {
	testkit.Listeners(t, func(t *testing.T) testkit.Listening {
		b := start(t, Spec{}, nil)
		b.apply(t, nil)
		return testkit.Listening{Service: b.Server, Proto: listen.TCP,
			Spec: func(e listen.Endpoint) service.Spec { return Spec{Enabled: true, Endpoint: e} },
			Answers: func(at netip.AddrPort) bool {
				b.addr = at.String()
				var c *ssh.Client
				var err error
				if c, err = dial(b, "lab"); err != nil {
					return false
				}
				return c.Close() == nil
			},
			Break: func() {
				l, _ := b.set.Places()[0].Socket()
				_ = l.Close()
			},
			Before: func(before func(listen.Endpoint) error) {
				b.open = func(ctx context.Context, e listen.Endpoint) (*net.TCPListener, error) {
					if err := before(e); err != nil {
						return nil, err
					}
					return listen.OpenTCP(ctx, e)
				}
			}}
	})
}
