package probe

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// Control asks a call control: by a TCP connection, and where that is not
// taken and the protocol is SIP by an OPTIONS request over UDP. Whatever answers
// it is a call control; silence over UDP is only silence.
func (p Prober) Control(ctx context.Context, at netip.AddrPort, sip bool) Answer {
	p = p.fill()
	ctx, cancel := context.WithTimeout(ctx, p.Wait)
	defer cancel()
	over := make(chan bool, 1)
	go func() { over <- sip && options(ctx, at) }()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", at.String())
	if err == nil {
		c.Close()
		return Answer{true, fmt.Sprintf("TCP port %d takes connections", at.Port())}
	}
	detail := fmt.Sprintf("TCP port %d %s", at.Port(), why(err))
	if !sip {
		return Answer{false, detail}
	}
	if <-over {
		return Answer{true, fmt.Sprintf("SIP answers over UDP port %d", at.Port())}
	}
	return Answer{false, detail + fmt.Sprintf("; no answer to SIP OPTIONS over UDP port %d", at.Port())}
}

// options sends OPTIONS twice, a third of the time apart, as UDP loses
// datagrams. RFC 3261 11.
func options(ctx context.Context, at netip.AddrPort) bool {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return false
	}
	defer c.Close()
	until, _ := ctx.Deadline()
	step := time.Until(until) / 3
	me := c.LocalAddr().(*net.UDPAddr).AddrPort()
	request := []byte(fmt.Sprintf("OPTIONS sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK-option150\r\nMax-Forwards: 1\r\n"+
		"From: <sip:option150@%[2]s>;tag=150\r\nTo: <sip:%[1]s>\r\nCall-ID: option150-%[3]d@%[4]s\r\nCSeq: 1 OPTIONS\r\nContact: <sip:option150@%[2]s>\r\nContent-Length: 0\r\n\r\n",
		at, me, me.Port(), me.Addr()))
	buf := make([]byte, 512)
	for i := range 2 {
		if _, err := c.Write(request); err != nil {
			return false
		}
		wait := step
		if i == 1 {
			wait = time.Until(until)
		}
		_ = c.SetReadDeadline(time.Now().Add(wait))
		n, err := c.Read(buf)
		if err == nil {
			return bytes.HasPrefix(buf[:n], []byte("SIP/2.0 "))
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}
