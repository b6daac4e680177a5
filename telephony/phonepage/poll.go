package phonepage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/service"
	"option150/platform/wire"
)

// Name is the name of the service.
const Name = "phone-poll"

// DefaultMinutes is how often a phone is asked.
const DefaultMinutes = 15

// Bounds of the service.
const (
	maxAtOnce  = 4
	perSecond  = 4
	patience   = 3 * time.Second
	seldom     = 24 * time.Hour
	soon       = time.Minute // a phone that is not registered is asked again
	maxTargets = 5000
)

// Config is `phone-poll`; the zero value is the default, off.
type Config struct {
	Minutes int // between two questions to one phone; 0 = off
}

// Target is a phone that may be asked.
type Target struct {
	MAC  ether.MAC
	Addr netip.Addr
	Boot int // it is asked anew after a boot
}

// Options are what a Poller is made of.
type Options struct {
	// Targets are the phones with an address. It is called once a second.
	Targets  func() []Target
	Recorder journal.Recorder
	Port     uint16 // of the pages; 0 = 80
}

// Poller is the service. Use New.
type Poller struct {
	o    Options
	http *http.Client

	mu       sync.Mutex
	config   Config
	stop     context.CancelFunc
	done     chan struct{}
	answered int // of those asked last
	silent   int
}

// New returns a poller that asks nobody until it is configured.
func New(o Options) *Poller {
	if o.Port == 0 {
		o.Port = 80
	}
	o.Recorder = journal.Or(o.Recorder)
	return &Poller{o: o, http: &http.Client{
		Timeout:       patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10, MaxConnsPerHost: 1},
	}}
}

// Name implements service.Service.
func (p *Poller) Name() string { return Name }

// Prepare implements service.Service.
func (p *Poller) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	want, _ := new.(Config)
	return service.Funcs{OnCommit: func() { p.set(want) }}, nil
}

func (p *Poller) set(want Config) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config == want {
		return
	}
	if p.stop != nil {
		p.stop()
		p.stop = nil
	}
	p.config = want
	if want.Minutes > 0 {
		ctx, cancel := context.WithCancel(context.Background())
		was := p.done
		p.stop, p.done = cancel, make(chan struct{})
		go p.run(ctx, time.Duration(want.Minutes)*time.Minute, was, p.done)
	}
}

// Close ends all questions.
func (p *Poller) Close() {
	p.set(Config{})
	p.mu.Lock()
	done := p.done
	p.mu.Unlock()
	if done != nil {
		<-done
	}
}

// Status implements service.Service.
func (p *Poller) Status() service.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.config.Minutes == 0:
		return service.Status{State: service.Disabled}
	case p.silent > 0:
		return service.Status{State: service.Running, Why: fmt.Sprintf("%d phones answer, %d do not: their web access is off or they are away", p.answered, p.silent)}
	}
	return service.Status{State: service.Running}
}

// asked is what is known of one phone.
type asked struct {
	boot   int
	next   time.Time
	wait   time.Duration // until the next question
	silent bool
	busy   bool
}

// run asks until the context ends. before is the end of the run before this.
func (p *Poller) run(ctx context.Context, every time.Duration, before, done chan struct{}) {
	defer close(done)
	if before != nil {
		<-before
	}
	known := map[ether.MAC]*asked{}
	type result struct {
		mac  ether.MAC
		ok   bool
		idle bool // it is registered nowhere so far
	}
	results := make(chan result, maxAtOnce)
	under := 0
	defer func() {
		for ; under > 0; under-- {
			<-results
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-results:
			under--
			if k := known[r.mac]; k != nil {
				k.answer(r.ok, every, time.Now())
				if r.idle {
					k.next = time.Now().Add(min(every, soon))
				}
			}
			continue
		case <-tick.C:
		}
		now := time.Now()
		begun := 0
		targets := p.o.Targets()
		for _, t := range targets[:min(len(targets), maxTargets)] {
			k := known[t.MAC]
			if k == nil {
				k = &asked{wait: every, boot: t.Boot}
				known[t.MAC] = k
			}
			if k.boot != t.Boot {
				*k = asked{wait: every, boot: t.Boot, busy: k.busy, next: now.Add(patience)} // it comes up first
			}
			if k.busy || now.Before(k.next) || under >= maxAtOnce || begun >= perSecond {
				continue
			}
			k.busy = true
			under, begun = under+1, begun+1
			go func() {
				told, err := p.ask(ctx, t)
				if err == nil {
					p.o.Recorder.Record(told)
				}
				results <- result{t.MAC, err == nil, told.Idle}
			}()
		}
		p.count(known, targets)
	}
}

// answer sets when the phone is asked again.
func (k *asked) answer(ok bool, every time.Duration, now time.Time) {
	k.busy, k.silent = false, !ok
	if ok {
		k.wait = every
	} else {
		k.wait = min(2*max(k.wait, every), seldom)
	}
	k.next = now.Add(k.wait)
}

// count says how it goes and forgets phones that are gone.
func (p *Poller) count(known map[ether.MAC]*asked, targets []Target) {
	here := make(map[ether.MAC]bool, len(targets))
	for _, t := range targets {
		here[t.MAC] = true
	}
	answered, silent := 0, 0
	for mac, k := range known {
		switch {
		case !here[mac] && !k.busy:
			delete(known, mac)
		case k.silent:
			silent++
		case !k.next.IsZero():
			answered++
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answered, p.silent = answered, silent
}

// errStranger is a page of another phone than the one that was to be asked.
var errStranger = errors.New("the page is another device's")

// ask reads the pages of one phone.
func (p *Poller) ask(ctx context.Context, t Target) (wire.Told, error) {
	told := wire.Told{Addr: t.Addr, By: wire.Page}
	for i, page := range pages {
		body, err := p.get(ctx, t.Addr, page)
		if err != nil && i == 0 {
			return told, err // no first page, no others
		}
		if err == nil {
			Take(&told, body)
		}
		if i == 0 && told.MAC != t.MAC {
			return told, errStranger
		}
	}
	return told, nil
}

func (p *Poller) get(ctx context.Context, addr netip.Addr, page string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+netip.AddrPortFrom(addr, p.o.Port).String()+page, nil)
	if err != nil {
		return nil, err
	}
	r, err := p.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", page, r.Status)
	}
	return io.ReadAll(io.LimitReader(r.Body, maxPage))
}
