package simphone

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Registered and Rejected are the results of a Register step beside Refused
// and NoAnswer.
const (
	Registered = "registered"
	Rejected   = "rejected"
)

// register registers the phone, over TCP, at the first call control that takes a
// connection on the port of its protocol. What closes it or says no has rejected
// the phone. hold is to be called when the phone goes down.
func (p *Phone) register(ctx context.Context, s Settings) (hold func(), rejected bool, err error) {
	port, ask := 2000, p.registerSCCP
	if p.n.proto == SIP {
		port, ask = 5060, p.registerSIP
	}
	result := NoAnswer
	for i, name := range s.CallControl {
		a, ok := p.resolve(ctx, p.lease, name)
		if !ok {
			continue
		}
		var c net.Conn
		err := p.o.In(func() (e error) {
			d := net.Dialer{Timeout: p.o.Timers.Connect}
			c, e = d.DialContext(ctx, "tcp4", net.JoinHostPort(a.String(), strconv.Itoa(port)))
			return e
		})
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		if err != nil {
			result = Refused
			continue
		}
		_ = c.SetDeadline(time.Now().Add(p.o.Timers.Connect))
		stop := context.AfterFunc(ctx, func() { _ = c.Close() })
		err = ask(c)
		if stop(); err == nil {
			_ = c.SetDeadline(time.Time{})
			p.log(Step{Kind: Register, Server: a, Result: Registered})
			p.on.Store(int32(i + 1))
			return func() { p.on.Store(0); _ = c.Close() }, false, nil
		}
		_ = c.Close()
		if ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		p.log(Step{Kind: Register, Server: a, Result: Rejected})
		return nil, true, nil
	}
	p.log(Step{Kind: Register, Server: netip.Addr{}, Result: result})
	return nil, false, nil
}

// registerSCCP sends a Register message and waits for RegisterAck. [facts/phones.md 8]
func (p *Phone) registerSCCP(c net.Conn) error {
	body := make([]byte, 172)
	copy(body, p.spec.MAC.Device())
	addr := p.lease.Addr.Addr().As4()
	copy(body[24:], addr[:])
	binary.LittleEndian.PutUint32(body[28:], uint32(p.n.model.ID))
	copy(body[52:], p.spec.MAC[:])
	copy(body[92:92+31], p.load)
	if _, err := c.Write(sccpMessage(0x0001, body)); err != nil {
		return err
	}
	for {
		var head [12]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return err
		}
		n := int64(binary.LittleEndian.Uint32(head[:])) - 4
		if n < 0 || n > 4096 {
			return errConfig
		}
		if _, err := io.CopyN(io.Discard, c, n); err != nil {
			return err
		}
		switch binary.LittleEndian.Uint32(head[8:]) {
		case 0x0081:
			return nil
		case 0x009d:
			return errRejected
		}
	}
}

// sccpMessage is a message with its head.
func sccpMessage(id uint32, body []byte) []byte {
	b := make([]byte, 12, 12+len(body))
	binary.LittleEndian.PutUint32(b, uint32(4+len(body)))
	binary.LittleEndian.PutUint32(b[8:], id)
	return append(b, body...)
}

var errRejected = errors.New("call control says no")

// registerSIP sends a REGISTER and waits for its end. [RFC 3261 10.2; facts/phones.md 8]
func (p *Phone) registerSIP(c net.Conn) error {
	local, server, dev := c.LocalAddr().String(), c.RemoteAddr().String(), p.spec.MAC.Device()
	var b bytes.Buffer
	fmt.Fprintf(&b, "REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/TCP %s;branch=z9hG4bK%d\r\nFrom: <sip:%s@%s>;tag=%d\r\nTo: <sip:%s@%s>\r\n", server, local, time.Now().UnixNano(), dev, server, p.boots, dev, server)
	fmt.Fprintf(&b, "Call-ID: %s-%d@%s\r\nCSeq: 101 REGISTER\r\nMax-Forwards: 70\r\nUser-Agent: Cisco-CP%s\r\n", p.spec.MAC.Hex(), time.Now().UnixNano(), local, p.n.model.Keyword)
	fmt.Fprintf(&b, "Contact: <sip:%s@%s;transport=tcp>;+sip.instance=\"<urn:uuid:00000000-0000-0000-0000-%s>\";+u.sip!devicename.ccm.cisco.com=\"%s\"\r\n", dev, local, strings.ToLower(p.spec.MAC.Hex()), dev)
	fmt.Fprintf(&b, "Reason: SIP;cause=200;text=\"cisco-alarm:25 Name=%s ActiveLoad=%s.loads Last=initialized\"\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n", dev, p.load)
	if _, err := c.Write(b.Bytes()); err != nil {
		return err
	}
	in := bufio.NewReader(c)
	for {
		status, err := in.ReadString('\n')
		if err != nil {
			return err
		}
		for line := status; strings.TrimSpace(line) != ""; {
			if line, err = in.ReadString('\n'); err != nil {
				return err
			}
		}
		switch {
		case strings.HasPrefix(status, "SIP/2.0 1"):
		case strings.HasPrefix(status, "SIP/2.0 200"):
			return nil
		default:
			return errRejected
		}
	}
}
