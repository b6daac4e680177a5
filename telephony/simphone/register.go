package simphone

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
)

// Registered and Rejected are the results of a Register step beside Refused
// and NoAnswer.
const (
	Registered = "registered"
	Rejected   = "rejected"
)

// register opens the connection on which a phone registers: TCP to the first
// call control that takes one, on the port of its protocol. It is not spoken on;
// call control that closes it at once has rejected the phone. hold is to be
// closed when the phone goes down.
func (p *Phone) register(ctx context.Context, s Settings) (hold func(), rejected bool, err error) {
	port := 2000
	if p.n.proto == SIP {
		port = 5060
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
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, err = c.Read(make([]byte, 1))
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			p.log(Step{Kind: Register, Server: a, Result: Registered})
			p.on.Store(int32(i + 1))
			return func() { p.on.Store(0); _ = c.Close() }, false, nil
		}
		_ = c.Close()
		p.log(Step{Kind: Register, Server: a, Result: Rejected})
		return nil, true, nil
	}
	p.log(Step{Kind: Register, Server: netip.Addr{}, Result: result})
	return nil, false, nil
}
