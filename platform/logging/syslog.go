package logging

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

const (
	maxPacket = 1024 // RFC 3164 4.1
	// sendTime bounds what a full socket buffer costs the reader.
	sendTime = 20 * time.Millisecond
	maxHosts = 16
)

// sender is the way to the syslog servers: one socket per family, not
// connected, so that a server that refuses costs nothing but its messages.
type sender struct {
	hosts []HostCounts
	form  Form
	v4    *net.UDPConn
	v6    *net.UDPConn
}

func openSender(cfg Config, port uint16) (*sender, error) {
	s := &sender{form: Form{Facility: cfg.Facility, Unnumbered: cfg.Unnumbered}}
	for _, h := range cfg.Hosts[:min(len(cfg.Hosts), maxHosts)] {
		h.Addr = h.Addr.Unmap()
		if h.Port == 0 {
			h.Port = port
		}
		s.hosts = append(s.hosts, HostCounts{Host: h})
		conn, family := &s.v4, "udp4"
		if h.Addr.Is6() {
			conn, family = &s.v6, "udp6"
		}
		if *conn != nil {
			continue
		}
		c, err := net.ListenUDP(family, nil)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("logging host %s: %w", h.Addr, err)
		}
		*conn = c
	}
	return s, nil
}

// keep takes over the counts of the sender before.
func (s *sender) keep(old *sender) {
	for i := range s.hosts {
		for _, c := range old.hosts {
			if c.Host == s.hosts[i].Host {
				s.hosts[i].Sent, s.hosts[i].Failed = c.Sent, c.Failed
			}
		}
	}
}

// Form is how messages go to servers.
type Form struct {
	Facility   int
	Unnumbered bool
}

// Packet is a message as it goes to a server: "<189>41: *Nov 21 ...: %...".
func (f Form) Packet(number uint64, severity int, line string) []byte {
	p := fmt.Appendf(nil, "<%d>", f.Facility*8+severity)
	if !f.Unnumbered {
		p = fmt.Appendf(p, "%d: ", number)
	}
	p = append(p, strings.ReplaceAll(line, "\n", " ")...)
	return p[:min(len(p), maxPacket)]
}

func (s *sender) send(number uint64, severity int, line string) {
	p := s.form.Packet(number, severity, line)
	for i := range s.hosts {
		h := &s.hosts[i]
		conn := s.v4
		if h.Addr.Is6() {
			conn = s.v6
		}
		err := conn.SetWriteDeadline(time.Now().Add(sendTime))
		if err == nil {
			_, err = conn.WriteToUDPAddrPort(p, netip.AddrPortFrom(h.Addr, h.Port))
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
