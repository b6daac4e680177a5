package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
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
	last     netip.Addr          // address that answered last: asked first
	deaf     map[netip.Addr]bool // addresses that took a connection and then did not answer: asked last
	looking  chan struct{}       // closed when the look-up that is under way has ended; nil = none is
	fails    int
	down     bool
	probing  bool
	since    time.Time // of up or down; zero = not asked yet
	why      string
	odd      string // its last answer is not one of a file server: what it was
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
		MaxConnsPerHost:        256, // each file on its way has one
		IdleConnTimeout:        20 * time.Second,
	}
	return p
}

// ask asks for a file, as phones do: there are servers that know GET alone. A body that comes with has is the caller's to close. The
// text says what the server said, in a few words.
func (p *peer) ask(ctx context.Context, name string, more http.Header) (*http.Response, answer, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(strings.Trim(p.alt.Host, "[]"), strconv.Itoa(int(p.alt.Port))), nil)
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
	var at netip.Addr
	resp, err := p.tr.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if a, ok := i.Conn.RemoteAddr().(*net.TCPAddr); ok {
			at = a.AddrPort().Addr().Unmap()
		}
	}})))
	if err != nil {
		why := words(err)
		if ctx.Err() != nil && time.Since(begun) < p.s.tune.Answer {
			return nil, failed, "was not given the time to answer" // we ended it: that is no fault of his
		}
		p.failed(why, at)
		return nil, failed, why
	}
	p.answered(time.Since(begun), at)
	said := strconv.Itoa(resp.StatusCode)
	switch code := resp.StatusCode; {
	case code == http.StatusOK, code == http.StatusPartialContent && more.Get("Range") != "",
		code == http.StatusNotModified && (more.Get("If-None-Match") != "" || more.Get("If-Modified-Since") != ""):
		if e := resp.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
			resp.Body.Close()
			return nil, failed, p.wrong("sends an encoding that was not asked for")
		}
		return resp, has, said
	case code == http.StatusNotFound, code == http.StatusGone:
		drain(resp)
		p.mu.Lock()
		p.count.PeerNotFound++
		p.odd = ""
		p.mu.Unlock()
		return nil, absent, said
	case code == http.StatusServiceUnavailable, code == http.StatusTooManyRequests:
		drain(resp)
		p.mu.Lock()
		p.count.PeerBusy++
		p.odd = ""
		p.mu.Unlock()
		return nil, busy, said
	case code == http.StatusRequestedRangeNotSatisfiable && more.Get("Range") != "":
		drain(resp)
		return nil, failed, said
	}
	drain(resp)
	return nil, failed, p.wrong(said)
}

// look sees that what is answered is a file and no page. What it read of it
// stays in the body. "" says that it is one.
func (p *peer) look(name string, resp *http.Response) (not string) {
	var read []byte
	for buf := make([]byte, maxLook); !isPage(name); {
		n, err := resp.Body.Read(buf[:maxLook-len(read)])
		read = append(read, buf[:n]...)
		is, sure := page(read)
		if is {
			return p.wrong("sends a page in place of a file")
		}
		if err != nil && err != io.EOF && len(read) == 0 {
			return p.wrong("sends nothing of a file it says it has")
		}
		if sure || err != nil || len(read) == maxLook {
			break
		}
	}
	p.mu.Lock()
	p.odd = ""
	p.mu.Unlock()
	body := resp.Body
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(read), body), body}
	return ""
}

// drain reads a short body, so that the connection can be used again.
func drain(r *http.Response) {
	if r.ContentLength >= 0 && r.ContentLength < 4<<10 {
		_, _ = io.Copy(io.Discard, r.Body)
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
	case errors.Is(err, errNoAddress):
		return errNoAddress.Error()
	case errors.Is(err, errSelf):
		return errSelf.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refuses the connection"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "cannot be reached"
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.As(err, &ne) && ne.Timeout():
		return "no answer"
	}
	return "broke the connection off"
}

// wrong counts an answer that says neither "here it is" nor "no such file", and
// gives it back.
func (p *peer) wrong(odd string) string {
	p.mu.Lock()
	p.count.PeerError++
	p.odd = odd
	p.mu.Unlock()
	return odd
}

// failed counts a failure; at the Patience-th in a row the server is left out. at
// is the address that took the connection, invalid = none did. One that is deaf is
// not the whole server: its other addresses are asked before that.
func (p *peer) failed(why string, at netip.Addr) {
	if p.s.ctx.Err() != nil {
		return // we ended it
	}
	p.mu.Lock()
	p.count.PeerError++
	p.fails++
	p.why = why
	patience := p.s.tune.Patience
	if at.IsValid() {
		if p.deaf == nil {
			p.deaf = map[netip.Addr]bool{}
		}
		if p.deaf[at] = true; slices.ContainsFunc(p.addrs, func(a netip.Addr) bool { return !p.deaf[a] }) {
			patience *= 2
		}
	}
	p.last, p.resolved = netip.Addr{}, time.Time{} // it may have another address by now
	gone := !p.down && p.fails >= patience
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

func (p *peer) answered(rtt time.Duration, at netip.Addr) {
	p.mu.Lock()
	back := p.down
	if p.down || p.since.IsZero() {
		p.since = time.Now()
	}
	p.down, p.fails, p.why, p.rtt = false, 0, "", rtt
	delete(p.deaf, at)
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
	const name = "XMLDefault.cnf.xml"
	if resp, said, _ := p.ask(ctx, name, nil); said == has {
		_ = p.look(name, resp)
		drain(resp)
	}
}
