package dns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	codec "github.com/miekg/dns"
)

// The names the box itself looks up (`ping`, `copy tftp:`, `ntp server`) are
// those of `ip host` first, then of the servers of `ip name-server`; without
// either the machine's own resolver is asked as ever.

var (
	inUse   atomic.Pointer[Server]
	replace sync.Once
)

// Resolve makes this the server whose names the process looks up.
func (s *Server) Resolve() {
	inUse.Store(s)
	replace.Do(func() {
		net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: dial}
	})
}

// dial is a connection to the name server at an address, or to ours in its
// place.
func dial(ctx context.Context, network, addr string) (net.Conn, error) {
	s := inUse.Load()
	if s == nil {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	d := s.data.Load()
	if len(d.servers) == 0 && len(d.zone.addrs) == 0 {
		return (&net.Dialer{}).DialContext(ctx, network, addr)
	}
	near, far := net.Pipe()
	go s.own(far, d, addr)
	return near, nil
}

// own answers the resolver of this process, which frames its questions as over
// TCP.
func (s *Server) own(c net.Conn, d *data, addr string) {
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(MaxServers * askTime))
	ctx, cancel := context.WithTimeout(context.Background(), MaxServers*askTime)
	defer cancel()
	var head [2]byte
	for {
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(head[:]))
		r := new(codec.Msg)
		if _, err := io.ReadFull(c, b); err != nil || r.Unpack(b) != nil {
			return
		}
		m := d.zone.immediate(r)
		switch {
		case m != nil:
		case len(d.servers) > 0:
			if m = s.forward(ctx, r, d.servers, "udp"); m.Truncated {
				m = s.forward(ctx, r, d.servers, "tcp")
			}
		default:
			var err error
			if m, _, err = (&codec.Client{Timeout: askTime, UDPSize: codec.MaxMsgSize}).ExchangeContext(ctx, r, addr); err != nil {
				return
			}
		}
		out, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
			return
		}
	}
}
