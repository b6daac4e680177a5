package dns

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	codec "github.com/miekg/dns"

	"option150/platform/listen"
)

// socket is one of the two kinds at one address.
type socket struct {
	udp *net.UDPConn
	tcp *net.TCPListener
}

// Close implements listen.Socket.
func (s socket) Close() error {
	if s.udp != nil {
		return s.udp.Close()
	}
	return s.tcp.Close()
}

// SyscallConn implements listen.Socket.
func (s socket) SyscallConn() (syscall.RawConn, error) {
	if s.udp != nil {
		return s.udp.SyscallConn()
	}
	return s.tcp.SyscallConn()
}

func open(ctx context.Context, e listen.Endpoint) (s socket, err error) {
	if e.Proto == listen.UDP {
		s.udp, err = listen.OpenUDP(ctx, e)
	} else {
		s.tcp, err = listen.OpenTCP(ctx, e)
	}
	return s, err
}

// place serves at one endpoint.
type place struct{ s *Server }

// Leave implements listen.Server.
func (place) Leave(closing func()) { closing() }

// Serve implements listen.Server.
func (p place) Serve(c socket) error {
	if c.udp != nil {
		return p.s.serveUDP(c.udp)
	}
	return p.s.serveTCP(c.tcp)
}

// serveUDP answers datagrams. What the hosts answer is answered at once; what is
// forwarded waits beside.
func (s *Server) serveUDP(c *net.UDPConn) error {
	var asks sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	defer asks.Wait()
	defer cancel()
	buf := make([]byte, codec.MaxMsgSize)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		r, data := s.accept(buf[:n], from.Addr())
		if r == nil {
			continue
		}
		send := func(m *codec.Msg) {
			m.Truncate(udpSize(r))
			if b, err := m.Pack(); err == nil {
				_, _ = c.WriteToUDPAddrPort(b, from)
			}
		}
		if m := data.zone.immediate(r); m != nil {
			send(m)
			continue
		}
		if !s.begin() {
			continue // the client asks again
		}
		asks.Go(func() {
			defer s.end()
			send(s.forward(ctx, r, data.servers, "udp"))
		})
	}
}

// udpSize is what the client takes in one datagram.
func udpSize(r *codec.Msg) int {
	n := codec.MinMsgSize
	if o := r.IsEdns0(); o != nil {
		n = max(n, int(o.UDPSize()))
	}
	return min(n, maxUDP)
}

// accept decodes a request of somebody who is answered, and counts it; nil if it
// is to be dropped.
func (s *Server) accept(b []byte, from netip.Addr) (*codec.Msg, *data) {
	data := s.data.Load()
	from = from.Unmap()
	if !data.answers(from) {
		s.stats.refused.Add(1)
		return nil, data
	}
	if !s.limit.allow(from, time.Now()) {
		s.stats.limited.Add(1)
		return nil, data
	}
	r := new(codec.Msg)
	if len(b) < 12 || b[2]&0x80 != 0 || r.Unpack(b) != nil { // an answer is never answered
		s.stats.malformed.Add(1)
		return nil, data
	}
	s.stats.asked.Add(1)
	return r, data
}

// begin takes one of the places of questions on their way.
func (s *Server) begin() bool {
	select {
	case s.pending <- struct{}{}:
		return true
	default:
		s.stats.limited.Add(1)
		return false
	}
}

func (s *Server) end() { <-s.pending }

// serveTCP takes connections.
func (s *Server) serveTCP(l *net.TCPListener) error {
	var conns sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	defer conns.Wait()
	defer cancel()
	for {
		c, err := l.AcceptTCP()
		if err != nil {
			if listen.Passing(err) {
				continue
			}
			return err
		}
		from, _ := netip.ParseAddrPort(c.RemoteAddr().String())
		if !s.data.Load().answers(from.Addr().Unmap()) || !s.enter(from.Addr()) {
			s.stats.refused.Add(1)
			_ = c.Close()
			continue
		}
		conns.Go(func() {
			defer s.leave(from.Addr())
			stop := context.AfterFunc(ctx, func() { _ = c.Close() })
			defer stop()
			defer c.Close()
			s.talk(ctx, c, from.Addr())
		})
	}
}

// enter counts a connection.
func (s *Server) enter(a netip.Addr) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns >= maxTCP || s.perHost[a] >= perHost {
		return false
	}
	s.conns++
	s.perHost[a]++
	return true
}

func (s *Server) leave(a netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns--
	if s.perHost[a]--; s.perHost[a] == 0 {
		delete(s.perHost, a)
	}
}

// talk answers the requests of one connection, one after the other.
func (s *Server) talk(ctx context.Context, c net.Conn, from netip.Addr) {
	var head [2]byte
	for range maxQueries {
		_ = c.SetDeadline(time.Now().Add(idleTime))
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return
		}
		b := make([]byte, binary.BigEndian.Uint16(head[:]))
		if _, err := io.ReadFull(c, b); err != nil {
			return
		}
		r, data := s.accept(b, from)
		if r == nil {
			return
		}
		m := data.zone.immediate(r)
		if m == nil {
			if !s.begin() {
				return
			}
			m = s.forward(ctx, r, data.servers, "tcp")
			s.end()
		}
		out, err := m.Pack()
		if err != nil || len(out) > codec.MaxMsgSize {
			return
		}
		_ = c.SetDeadline(time.Now().Add(idleTime))
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
			return
		}
	}
}
