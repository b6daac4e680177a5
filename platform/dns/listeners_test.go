package dns

import (
	"context"
	"net/netip"
	"testing"
	"time"

	codec "github.com/miekg/dns"

	"option150/platform/acl"
	"option150/platform/listen"
	"option150/platform/service"
	"option150/platform/testkit"
)

// The name server does with its ports what every service here does, over UDP
// and over TCP.
func TestListeners(t *testing.T) {
	for _, proto := range []listen.Proto{listen.UDP, listen.TCP} {
		t.Run(string(proto), func(t *testing.T) {
			testkit.Listeners(t, func(t *testing.T) testkit.Listening {
				s := New(Options{})
				t.Cleanup(s.Close)
				var before func(listen.Endpoint) error
				kind := listen.Kind[socket, place]{New: func(listen.Want) place { return place{s} }, First: 10 * time.Millisecond, Last: 20 * time.Millisecond}
				kind.Open = func(ctx context.Context, e listen.Endpoint) (socket, error) {
					if before != nil {
						if err := before(e); err != nil {
							return socket{}, err
						}
					}
					return open(ctx, e)
				}
				s.set = listen.NewSet(kind)
				everybody := []acl.List{{Name: "1", Entries: []acl.Entry{}}} // a list without a rule permits all
				return testkit.Listening{
					Service: s, Proto: proto,
					Spec: func(e listen.Endpoint) service.Spec {
						return Spec{Endpoints: []listen.Endpoint{e}, Hosts: hosts, List: everybody}
					},
					Answers: func(at netip.AddrPort) bool {
						m := new(codec.Msg)
						m.SetQuestion("CiscoCM1.", codec.TypeA)
						r, _, err := (&codec.Client{Net: string(proto), Timeout: time.Second}).Exchange(m, at.String())
						return err == nil && len(r.Answer) == 2
					},
					Break: func() {
						c, _ := s.set.Places()[0].Socket()
						_ = c.Close()
					},
					Before: func(f func(listen.Endpoint) error) { before = f },
				}
			})
		})
	}
}
