// Package callcontrol asks the call control that phone files name whether it
// is there: one question per address, however many phones register at it. Its
// answers are what verdicts R25 and R26 rest on; a phone that has all its files
// and no call control is not up.
//
// SCCP is asked by a TCP connection that is closed at once, SIP by an OPTIONS
// over UDP (RFC 3261 11) and, if that stays silent, by a TCP connection. A
// refused connection is an observation; silence over UDP is an inference,
// because call control may keep quiet to whom it does not know.
//
// Bounds: MaxTargets addresses, one question to each per Every, Timeout for the
// answer. Off with `no phone-probe call-control`.
//
// Concurrency: Run is one goroutine; Answers may be called by any. Failure: what
// cannot be asked is no answer. Testing: loopback listeners.
package callcontrol

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"option150/telephony/cnf"
	"option150/telephony/inventory"
)

// Config is `phone-probe call-control`, on by default.
type Config struct{ Probe bool }

// Default is the factory configuration.
func Default() Config { return Config{Probe: true} }

// Bounds.
const (
	MaxTargets = 16
	Every      = 30 * time.Second
	Timeout    = 2 * time.Second
)

// Target is an address phones register at.
type Target struct {
	Addr netip.AddrPort
	SIP  bool
}

// Named is the call control a source address names, with the port of the
// protocol.
func Named(s cnf.SourceAddress, sip bool) (out []netip.AddrPort) {
	port := uint16(2000)
	if sip {
		port = 5060
	}
	if s.Port != 0 {
		port = s.Port
	}
	for _, a := range []netip.Addr{s.Addr, s.Secondary} {
		if a.IsValid() {
			out = append(out, netip.AddrPortFrom(a, port))
		}
	}
	return out
}

// Targets is the call control the files of configured phones name, each
// address once; none when asking is off.
func Targets(c Config, t cnf.Config) (out []Target) {
	if !c.Probe {
		return nil
	}
	add := func(phones int, s cnf.SourceAddress, sip bool) {
		if phones == 0 {
			return
		}
		for _, a := range Named(s, sip) {
			out = append(out, Target{Addr: a, SIP: sip})
		}
	}
	add(len(t.Ephones), t.Service.SourceAddress, false)
	add(len(t.Pools), t.Global.SourceAddress, true)
	return out
}

// Prober asks. Use New.
type Prober struct {
	targets func() []Target
	every   time.Duration
	kick    chan struct{}

	mu      sync.Mutex
	answers map[netip.AddrPort]inventory.Answer
}

// New returns a prober of the targets a function names; it is called before
// each round. every is the time between rounds, 0 = Every.
func New(targets func() []Target, every time.Duration) *Prober {
	if every <= 0 {
		every = Every
	}
	return &Prober{targets: targets, every: every, kick: make(chan struct{}, 1), answers: map[netip.AddrPort]inventory.Answer{}}
}

// Answers are those of the last round; an address that was not asked has none.
func (p *Prober) Answers() map[netip.AddrPort]inventory.Answer {
	if p == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[netip.AddrPort]inventory.Answer, len(p.answers))
	for a, x := range p.answers {
		out[a] = x
	}
	return out
}

// Kick asks anew soon: the configuration has changed.
func (p *Prober) Kick() {
	if p == nil {
		return
	}
	select {
	case p.kick <- struct{}{}:
	default:
	}
}

// Run asks until the context ends.
func (p *Prober) Run(ctx context.Context) {
	t := time.NewTicker(p.every)
	defer t.Stop()
	for {
		p.round(ctx)
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-p.kick:
			// Lines of a paste come one by one.
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
		}
	}
}

func (p *Prober) round(ctx context.Context) {
	targets := p.targets()
	targets = targets[:min(len(targets), MaxTargets)]
	p.begin(targets)
	var wg sync.WaitGroup
	answers := make([]inventory.Answer, len(targets))
	for i, t := range targets {
		wg.Go(func() { answers[i] = Ask(ctx, t) })
	}
	wg.Wait()
	if ctx.Err() != nil {
		return
	}
	now := make(map[netip.AddrPort]inventory.Answer, len(targets))
	for i, t := range targets {
		now[t.Addr] = answers[i]
	}
	p.mu.Lock()
	p.answers = now
	p.mu.Unlock()
}

// begin says of those that are asked for the first time that they are.
func (p *Prober) begin(targets []Target) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range targets {
		if _, ok := p.answers[t.Addr]; !ok {
			p.answers[t.Addr] = inventory.Answer{Asking: true, Basis: inventory.Observed, Why: fmt.Sprintf("%s is being asked", t.Addr)}
		}
	}
}

// Ask asks one target.
func Ask(ctx context.Context, t Target) inventory.Answer {
	if !t.SIP {
		return connects(ctx, t.Addr)
	}
	answer := options(ctx, t.Addr)
	if answer.OK {
		return answer
	}
	if tcp := connects(ctx, t.Addr); tcp.OK {
		return tcp
	}
	return answer
}

// connects opens a TCP connection and closes it.
func connects(ctx context.Context, a netip.AddrPort) inventory.Answer {
	d := net.Dialer{Timeout: Timeout}
	c, err := d.DialContext(ctx, "tcp", a.String())
	switch {
	case err == nil:
		_ = c.Close()
		return inventory.Answer{OK: true, Basis: inventory.Observed, Why: fmt.Sprintf("%s takes TCP connections", a)}
	case errors.Is(err, syscall.ECONNREFUSED):
		return inventory.Answer{Basis: inventory.Observed, Why: fmt.Sprintf("%s refuses a TCP connection of this box", a)}
	}
	return inventory.Answer{Basis: inventory.Observed, Why: fmt.Sprintf("%s does not take a TCP connection of this box in %s", a, Timeout)}
}

// options sends one SIP OPTIONS, and once more: the first may be lost.
func options(ctx context.Context, a netip.AddrPort) inventory.Answer {
	silent := inventory.Answer{Basis: inventory.Inferred, Why: fmt.Sprintf("%s does not answer SIP OPTIONS of this box", a)}
	d := net.Dialer{Timeout: Timeout}
	c, err := d.DialContext(ctx, "udp", a.String())
	if err != nil {
		return silent
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	local := c.LocalAddr().String()
	buf := make([]byte, 2048)
	for try := range 2 {
		request := fmt.Sprintf("OPTIONS sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKoption150%d;rport\r\nMax-Forwards: 1\r\n"+
			"From: <sip:option150@%s>;tag=option150\r\nTo: <sip:%s>\r\nCall-ID: probe-%d@%s\r\nCSeq: %d OPTIONS\r\nContent-Length: 0\r\n\r\n",
			a, local, try, local, a, time.Now().UnixNano(), local, try+1)
		if _, err := c.Write([]byte(request)); err != nil {
			break
		}
		if err := c.SetReadDeadline(time.Now().Add(Timeout / 2)); err != nil {
			return silent
		}
		switch n, err := c.Read(buf); {
		case err == nil && n >= 4 && string(buf[:4]) == "SIP/":
			return inventory.Answer{OK: true, Basis: inventory.Observed, Why: fmt.Sprintf("%s answers SIP OPTIONS", a)}
		case errors.Is(err, syscall.ECONNREFUSED):
			return inventory.Answer{Basis: inventory.Observed, Why: fmt.Sprintf("%s refuses SIP over UDP: its port is closed", a)}
		}
	}
	return silent
}
