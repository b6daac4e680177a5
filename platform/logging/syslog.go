package logging

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	local7    = 23   // facility of IOS
	maxPacket = 1024 // RFC 3164 4.1
	// sendTime bounds what a full socket buffer costs the reader.
	sendTime = 20 * time.Millisecond
	maxHosts = 16
)

// sender is the way to the syslog servers: one socket per family, not
// connected, so that a server that refuses costs nothing but its messages.
type sender struct {
	hosts []HostCounts
	port  uint16
	v4    *net.UDPConn
	v6    *net.UDPConn
}

func openSender(hosts []netip.Addr, port uint16) (*sender, error) {
	s := &sender{port: port}
	for _, h := range hosts[:min(len(hosts), maxHosts)] {
		h = h.Unmap()
		s.hosts = append(s.hosts, HostCounts{Addr: h})
		conn, family := &s.v4, "udp4"
		if h.Is6() {
			conn, family = &s.v6, "udp6"
		}
		if *conn != nil {
			continue
		}
		c, err := net.ListenUDP(family, nil)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("logging host %s: %w", h, err)
		}
		*conn = c
	}
	return s, nil
}

// keep takes over the counts of the sender before.
func (s *sender) keep(old *sender) {
	for i := range s.hosts {
		if c := old.counts(s.hosts[i].Addr); c.Addr.IsValid() {
			s.hosts[i].Sent, s.hosts[i].Failed = c.Sent, c.Failed
		}
	}
}

func (s *sender) counts(h netip.Addr) HostCounts {
	for _, c := range s.hosts {
		if c.Addr == h.Unmap() {
			return c
		}
	}
	return HostCounts{Addr: h}
}

// Packet is a message as it goes to a server: "<189>41: *Nov 21 ...: %...".
func Packet(number uint64, severity int, line string) []byte {
	line = strings.ReplaceAll(line, "\n", " ")
	p := fmt.Appendf(nil, "<%d>%d: %s", local7*8+severity, number, line)
	return p[:min(len(p), maxPacket)]
}

func (s *sender) send(number uint64, severity int, line string) {
	p := Packet(number, severity, line)
	for i := range s.hosts {
		h := &s.hosts[i]
		conn := s.v4
		if h.Addr.Is6() {
			conn = s.v6
		}
		err := conn.SetWriteDeadline(time.Now().Add(sendTime))
		if err == nil {
			_, err = conn.WriteToUDPAddrPort(p, netip.AddrPortFrom(h.Addr, s.port))
		}
		if h.Down = err != nil; h.Down {
			h.Failed++
			continue
		}
		h.Sent++
	}
}

func (s *sender) close() {
	for _, c := range []*net.UDPConn{s.v4, s.v6} {
		if c != nil {
			c.Close()
		}
	}
}
