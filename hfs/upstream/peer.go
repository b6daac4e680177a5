package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// times are those of the service. Tests have others.
type times struct {
	Connect  time.Duration // to a server, all its addresses together
	Answer   time.Duration // to its first byte
	Search   time.Duration // through all servers
	Decide   time.Duration // after which HTTP is told to ask again: TFTP waits for the end of the search
	Stall    time.Duration // without a byte before a fetch is taken up anew
	GiveUp   time.Duration // without a byte before it has failed
	Absent   time.Duration // "no such file" is remembered
	Keep     time.Duration // any other answer is, for the question that follows over TFTP
	Probe    time.Duration // first pause between questions to a server that is down
	Check    time.Duration // between looks at whether a cached file has changed
	Resolve  time.Duration // between look-ups of a name
	Patience int           // failures in a row before a server is left out
}

func fieldTimes() times {
	return times{Connect: time.Second, Answer: 2 * time.Second, Search: 4 * time.Second, Decide: 2 * time.Second,
		Stall: 10 * time.Second, GiveUp: 30 * time.Second, Absent: 30 * time.Second, Keep: 3 * time.Second,
		Probe: 5 * time.Second, Check: time.Hour, Resolve: time.Minute, Patience: 2}
}

// answer is what a server said to a question.
type answer int

const (
	has    answer = iota
	absent        // it has no such file
	busy          // ask again
	failed        // it said nothing that can be used
)

// peer is one alternate with what is known of it.
type peer struct {
	s   *Server
	alt Alternate
	tr  *http.Transport

	mu       sync.Mutex
	addrs    []netip.Addr
	resolved time.Time
	last     netip.Addr // address that answered last: asked first
	fails    int
	down     bool
	probing  bool
	since    time.Time // of up or down; zero = not asked yet
	why      string
	rtt      time.Duration
	count    PeerCounters
}

// PeerCounters are what was counted of one alternate, or of all.
type PeerCounters struct {
	PeerRequests, PeerNotFound, PeerBusy, PeerError uint64
	WanBytes                                        uint64 // octets of files
}

func (s *Server) newPeer(a Alternate) *peer {
	p := &peer{s: s, alt: a}
	if ip, err := netip.ParseAddr(a.Host); err == nil {
		p.addrs = []netip.Addr{ip.Unmap()}
	}
	p.tr = &http.Transport{
		DialContext:            func(ctx context.Context, _, _ string) (net.Conn, error) { return p.dial(ctx) },
		ResponseHeaderTimeout:  s.tune.Answer,
		MaxResponseHeaderBytes: 32 << 10,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    8,
		MaxConnsPerHost:        64,
		IdleConnTimeout:        20 * time.Second,
	}
	return p
}

var (
	errNoAddress = errors.New("its name has no address")
	errSelf      = errors.New("it is this box itself")
)

// addresses are those of the server, the one that answered last in front. A
// name that cannot be looked up now keeps the addresses it had.
func (p *peer) addresses(ctx context.Context) ([]netip.Addr, error) {
	p.mu.Lock()
	all, last := p.addrs, p.last
	_, err := netip.ParseAddr(p.alt.Host)
	look := err != nil && (len(all) == 0 || time.Since(p.resolved) > p.s.tune.Resolve)
	if look {
		p.resolved = time.Now()
	}
	p.mu.Unlock()
	if look {
		if found, err := p.s.opt.Resolve(ctx, p.alt.Host); err == nil && len(found) > 0 {
			for i := range found {
				found[i] = found[i].Unmap()
			}
			all = found[:min(len(found), 8)]
			p.mu.Lock()
			p.addrs = all
			p.mu.Unlock()
		}
	}
	if len(all) == 0 {
		return nil, errNoAddress
	}
	own := p.s.own()
	all = slices.DeleteFunc(slices.Clone(all), func(a netip.Addr) bool { return own[a.WithZone("")] && p.alt.Port == p.s.port() })
	if len(all) == 0 {
		return nil, errSelf
	}
	if i := slices.Index(all, last); i > 0 {
		all[0], all[i] = all[i], all[0]
	}
	return all, nil
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

// ask asks for a file. A body that comes with has is the caller's to close. The
// text says what the server said, in a few words.
func (p *peer) ask(ctx context.Context, method, name string, more http.Header) (*http.Response, answer, string) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+net.JoinHostPort(strings.Trim(p.alt.Host, "[]"), strconv.Itoa(int(p.alt.Port))), nil)
	if err != nil {
		return nil, failed, "cannot be asked"
	}
	req.URL.Path, req.URL.RawPath = "/"+name, "/"+escaped(name)
	for k, v := range more {
		req.Header[k] = v
	}
	via := "1.1 " + p.s.opt.ID
	if before := req.Header.Get("Via"); before != "" {
		via = before + ", " + via
	}
	req.Header.Set("Via", via)
	req.Header.Set("User-Agent", "Option150")
	p.mu.Lock()
	p.count.PeerRequests++
	p.mu.Unlock()
	begun := time.Now()
	resp, err := p.tr.RoundTrip(req)
	if err != nil {
		why := words(err)
		p.failed(ctx, why)
		return nil, failed, why
	}
	p.answered(time.Since(begun))
	said := strconv.Itoa(resp.StatusCode)
	switch resp.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusNotModified:
		if resp.Header.Get("Content-Encoding") != "" {
			resp.Body.Close()
			p.wrong()
			return nil, failed, "sends an encoding that was not asked for"
		}
		return resp, has, said
	case http.StatusNotFound, http.StatusGone:
		drain(resp)
		p.mu.Lock()
		p.count.PeerNotFound++
		p.mu.Unlock()
		return nil, absent, said
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		drain(resp)
		p.mu.Lock()
		p.count.PeerBusy++
		p.mu.Unlock()
		return nil, busy, said
	}
	drain(resp)
	p.wrong()
	return nil, failed, said
}

// drain reads a short body, so that the connection can be used again.
func drain(r *http.Response) {
	if r.ContentLength >= 0 && r.ContentLength < 4<<10 {
		buf := make([]byte, 4<<10)
		for {
			if _, err := r.Body.Read(buf); err != nil {
				break
			}
		}
	}
	r.Body.Close()
}

// escaped is a clean name as the path of a request.
func escaped(name string) string {
	parts := strings.Split(name, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}

// words is an error in a few words of ours.
func words(err error) string {
	var ne net.Error
	switch {
	case errors.Is(err, errNoAddress), errors.Is(err, errSelf):
		return errorsText(err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses the connection"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot be reached"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &ne) && ne.Timeout():
		return "no answer"
	}
	return "broke the connection off"
}

func errorsText(err error) string {
	if errors.Is(err, errSelf) {
		return errSelf.Error()
	}
	return errNoAddress.Error()
}

func (p *peer) wrong() {
	p.mu.Lock()
	p.count.PeerError++
	p.mu.Unlock()
}

// failed counts a failure; at the Patience-th in a row the server is left out.
func (p *peer) failed(ctx context.Context, why string) {
	if p.s.ctx.Err() != nil {
		return // we ended it
	}
	p.mu.Lock()
	p.count.PeerError++
	p.fails++
	p.why = why
	gone := !p.down && p.fails >= p.s.tune.Patience
	if gone {
		p.down, p.since = true, time.Now()
	}
	probe := !p.probing
	p.probing = p.probing || probe
	p.mu.Unlock()
	if gone {
		p.s.rec.Record(Down{p.alt.Order, p.alt.String(), why})
	}
	if probe {
		p.s.work.Go(p.probe)
	}
}

func (p *peer) answered(rtt time.Duration) {
	p.mu.Lock()
	back := p.down
	if p.down || p.since.IsZero() {
		p.since = time.Now()
	}
	p.down, p.fails, p.why, p.rtt = false, 0, "", rtt
	p.mu.Unlock()
	if back {
		p.s.rec.Record(Up{p.alt.Order, p.alt.String()})
		p.s.forgetFailures()
	}
}

func (p *peer) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

func (p *peer) failing() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fails > 0
}

// maxProbe is the longest pause between two questions to a server that is down.
const maxProbe = 30 * time.Second

// probe asks a server that failed until it answers or is no alternate any more.
func (p *peer) probe() {
	defer func() {
		p.mu.Lock()
		p.probing = false
		p.mu.Unlock()
	}()
	for pause := p.s.tune.Probe; p.failing() && p.s.current(p); pause = min(2*pause, maxProbe) {
		if !p.s.sleep(pause) || !p.s.current(p) {
			return
		}
		p.greet()
	}
}

// greet asks for a file that every server knows what to say of: any answer will
// do.
func (p *peer) greet() {
	ctx, cancel := context.WithTimeout(p.s.ctx, p.s.tune.Connect+p.s.tune.Answer)
	defer cancel()
	if resp, said, _ := p.ask(ctx, http.MethodHead, "XMLDefault.cnf.xml", nil); said == has {
		resp.Body.Close()
	}
}
