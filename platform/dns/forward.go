package dns

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	codec "github.com/miekg/dns"
)

const (
	askTime = 2 * time.Second // one server; that of IOS's `ip domain timeout` is 3 s
	maxUDP  = 1232            // bytes of a datagram that no network fragments [DNS flag day 2020]
)

// forward asks the servers one after the other, over the transport the question
// came by. What comes back is theirs, but for the number of the question.
func (s *Server) forward(ctx context.Context, r *codec.Msg, servers []netip.Addr, transport string) *codec.Msg {
	if len(servers) == 0 {
		return reply(r, codec.RcodeRefused)
	}
	q := r.Copy()
	q.Id = codec.Id()
	c := codec.Client{Net: transport, Timeout: askTime, UDPSize: codec.MaxMsgSize}
	for _, a := range servers {
		if ctx.Err() != nil {
			break
		}
		s.stats.forwarded.Add(1)
		m, _, err := c.ExchangeContext(ctx, q, net.JoinHostPort(a.String(), s.port()))
		if err != nil || m == nil || !sameQuestion(q, m) || m.Rcode == codec.RcodeServerFailure || m.Rcode == codec.RcodeRefused {
			continue
		}
		m.Id = r.Id
		m.Question = r.Question
		return m
	}
	s.stats.unanswered.Add(1)
	return reply(r, codec.RcodeServerFailure)
}

// port is that of the servers asked; tests have another.
func (s *Server) port() string {
	if s.opt.Port != "" {
		return s.opt.Port
	}
	return "53"
}

// sameQuestion reports whether an answer is one to this question.
func sameQuestion(q, m *codec.Msg) bool {
	return m.Response && len(m.Question) == 1 && strings.EqualFold(m.Question[0].Name, q.Question[0].Name) &&
		m.Question[0].Qtype == q.Question[0].Qtype && m.Question[0].Qclass == q.Question[0].Qclass
}
