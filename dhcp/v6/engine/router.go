package engine

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"option150/dhcp/v6/wire"
	"option150/platform/message"
	"option150/platform/sorted"
)

// Routers decide whether phones ask for an address at all: by the flags of their
// advertisements. [RFC 4861 4.2] The server asks for them when it begins and
// whenever it has heard none, and says what it hears.

const (
	routerAsk   = 4 * time.Second // between questions, as hosts ask [RFC 4861 10]
	routerAsks  = 3
	routerAgain = time.Minute
	routerLife  = 30 * time.Minute // an advertisement counts so long; routers repeat it every 10
	maxRouters  = 16               // of all links
)

// watch is what is known of the routers of a link.
type watch struct {
	asks    int
	next    Instant
	told    bool // that there is none
	routers []heard
}

type heard struct {
	wire.Router
	last Instant
}

// RouterEntry is a router that was heard, as `show ipv6 routers` lists it.
type RouterEntry struct {
	Interface string
	wire.Router
	Last time.Time
}

type (
	// RouterHeard is a router that advertises itself, for the first time or with
	// other flags.
	RouterHeard struct {
		Interface      string
		Router         netip.Addr
		Managed, Other bool
		Pool           bool // the pool of the link has addresses to give
	}
	// NoRouter is a link on which no router answers.
	NoRouter struct{ Interface string }
)

// EventName implements journal.Event.
func (RouterHeard) EventName() string { return "dhcpv6.RouterHeard" }

// EventName implements journal.Event.
func (NoRouter) EventName() string { return "dhcpv6.NoRouter" }

// LogMessage implements journal.Logged.
func (r RouterHeard) LogMessage() (message.Message, bool) {
	switch {
	case r.Managed:
		return message.Message{}, false
	case r.Pool:
		return message.DHCPv6NoManaged.With(Address6(r.Router), r.Interface), true
	}
	return message.DHCPv6NoOther.With(Address6(r.Router), r.Interface), !r.Other
}

// LogMessage implements journal.Logged.
func (n NoRouter) LogMessage() (message.Message, bool) {
	return message.DHCPv6NoRouter.With(n.Interface), true
}

// LinkUp begins to look for the routers of a link.
func (e *Engine) LinkUp(now Instant, name string) {
	e.watch[name] = &watch{next: now}
	e.due = min(e.due, now)
}

// LinkDown forgets them.
func (e *Engine) LinkDown(name string) { delete(e.watch, name) }

// RouterHeard takes note of an advertisement.
func (e *Engine) RouterHeard(now Instant, name string, r wire.Router) {
	w := e.watch[name]
	if w == nil {
		return
	}
	i := slices.IndexFunc(w.routers, func(h heard) bool { return h.Addr == r.Addr })
	news := i < 0 || w.routers[i].Managed != r.Managed || w.routers[i].Other != r.Other
	switch {
	case i >= 0:
		w.routers[i] = heard{r, now}
	case len(w.routers) < maxRouters:
		w.routers = append(w.routers, heard{r, now})
	default:
		return
	}
	w.told, w.asks = false, 0
	if news {
		pool := false
		if l := e.t.links[name]; l != nil && l.pool != nil {
			pool = l.pool.conf.Prefix.IsValid()
		}
		e.Event(RouterHeard{Interface: name, Router: r.Addr, Managed: r.Managed, Other: r.Other, Pool: pool})
	}
}

// tickRouters asks where none is known, and says so when nobody answers.
func (e *Engine) tickRouters(now Instant) (next Instant) {
	next = never
	for name, w := range e.watch {
		w.routers = slices.DeleteFunc(w.routers, func(h heard) bool { return now-h.last > routerLife })
		if e.t.links[name] == nil {
			continue
		}
		if len(w.routers) > 0 {
			w.next = max(w.next, now+time.Second)
			continue
		}
		if w.next <= now {
			switch {
			case w.asks < routerAsks:
				w.next = now + routerAsk
			default:
				if !w.told {
					w.told = true
					e.Event(NoRouter{Interface: name})
				}
				w.next = now + routerAgain
			}
			w.asks++
			e.out.Ask = append(e.out.Ask, Question{Interface: name})
		}
		next = min(next, w.next)
	}
	return next
}

// RouterList is every router heard.
func (e *Engine) RouterList() (out []RouterEntry) {
	for name, w := range e.watch {
		for _, h := range w.routers {
			out = append(out, RouterEntry{name, h.Router, e.at(h.last)})
		}
	}
	sorted.By(out, func(a, b RouterEntry) int {
		if n := strings.Compare(a.Interface, b.Interface); n != 0 {
			return n
		}
		return a.Addr.Compare(b.Addr)
	})
	return out
}
