package upstream

import (
	"context"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"
	"time"
)

var (
	errNoAddress = errors.New("its name has no address")
	errSelf      = errors.New("it is this box itself")
)

// addresses are those of the server, the one that answered last in front. A
// name that cannot be looked up now keeps the addresses it had, and nobody waits
// for more than a moment for what is known already.
func (p *peer) addresses(ctx context.Context) ([]netip.Addr, error) {
	if _, err := netip.ParseAddr(p.alt.Host); err != nil {
		p.lookUp(ctx)
	}
	p.mu.Lock()
	all, last := slices.Clone(p.addrs), p.last
	deaf := slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool { return !p.deaf[a] })
	all = append(slices.DeleteFunc(all, func(a netip.Addr) bool { return p.deaf[a] }), deaf...)
	p.mu.Unlock()
	if len(all) == 0 {
		return nil, errNoAddress
	}
	if all = slices.DeleteFunc(all, p.s.itself(p.alt.Port)); len(all) == 0 {
		return nil, errSelf
	}
	if i := slices.Index(all, last); i > 0 {
		all[0], all[i] = all[i], all[0]
	}
	return all, nil
}

// itself tells the addresses at which this box would answer itself: its own, and
// what stays within the machine unless boxes have addresses there.
func (s *Server) itself(port uint16) func(netip.Addr) bool {
	own, same, within := s.own(), port == s.port(), true
	for a := range own {
		within = within && !a.IsLoopback()
	}
	return func(a netip.Addr) bool {
		return a.IsUnspecified() || a.IsMulticast() || same && (own[a.WithZone("")] || within && a.IsLoopback())
	}
}

// lookUp looks the name up if it is time to.
func (p *peer) lookUp(ctx context.Context) {
	p.mu.Lock()
	known := len(p.addrs) > 0
	if p.looking == nil && (!known || time.Since(p.resolved) > p.s.tune.Resolve) {
		p.looking = make(chan struct{})
		p.s.work.Go(p.resolve)
	}
	looking := p.looking
	p.mu.Unlock()
	if looking == nil {
		return
	}
	if known {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, stagger)
		defer cancel()
	}
	select {
	case <-looking:
	case <-ctx.Done():
	}
}

// resolveTime bounds a look-up; whoever needs the name waits for less.
const resolveTime = 5 * time.Second

func (p *peer) resolve() {
	ctx, cancel := context.WithTimeout(p.s.ctx, resolveTime)
	defer cancel()
	found, err := p.s.opt.Resolve(ctx, p.alt.Host)
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && len(found) > 0 {
		p.addrs = slices.Clone(found[:min(len(found), 8)])
		for i := range p.addrs {
			p.addrs[i] = p.addrs[i].Unmap()
		}
		maps.DeleteFunc(p.deaf, func(a netip.Addr, _ bool) bool { return !slices.Contains(p.addrs, a) })
	}
	p.resolved = time.Now()
	close(p.looking)
	p.looking = nil
}

// stagger is the time one address has before the next one is tried beside it.
// [RFC 8305 5]
const stagger = 250 * time.Millisecond

// dial connects to whichever address of the server answers.
func (p *peer) dial(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.s.tune.Connect)
	defer cancel()
	all, err := p.addresses(ctx)
	if err != nil {
		return nil, err
	}
	type dialled struct {
		net.Conn
		at  netip.Addr
		err error
	}
	got := make(chan dialled, len(all))
	try := func(a netip.Addr) {
		c, err := p.s.opt.Dial(ctx, netip.AddrPortFrom(a, p.alt.Port))
		got <- dialled{c, a, err}
	}
	next, waiting := 0, 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			if next < len(all) {
				go try(all[next])
				next++
				waiting++
				timer.Reset(stagger)
			}
		case d := <-got:
			waiting--
			if d.err == nil {
				p.mu.Lock()
				p.last = d.at
				p.mu.Unlock()
				go func() { // those that come later
					for range waiting {
						if d := <-got; d.err == nil {
							d.Close()
						}
					}
				}()
				return d.Conn, nil
			}
			if err = d.err; next < len(all) {
				timer.Reset(0)
			} else if waiting == 0 {
				return nil, err
			}
		}
	}
}
