package engine

import (
	"bytes"
	"net/netip"
	"strings"
	"time"

	"option150/dhcp/wire"
	"option150/platform/sorted"
)

// The watch for other DHCP servers on the wire: what they broadcast is seen in
// passing, and a DISCOVER of our own is sent at start, when a link comes up and
// every five minutes. With `ip dhcp foreign-server hold` a server that answers
// within the first seconds makes this one hold its offers until Takeover.
// [DESIGN 7, facts/diagnosis.md 5]
const (
	watchEvery   = 5 * time.Minute
	inquireEvery = time.Minute // after a client chose another server
	maxAnswers   = 20          // events of one server in a second

	WatchWindow = 4 * time.Second // dnsmasq pings for 3 s, IOS for 2 s before it offers
)

// watch is the state of it on one interface.
type watch struct {
	up     bool
	heard  bool    // something came in since
	until  Instant // end of the first seconds
	next   Instant // next DISCOVER
	sent   int
	holder netip.Addr // the server that made us hold, invalid = none

	class    string  // vendor class the next DISCOVER carries, "" = none
	inquired bool    // inquiry is valid
	inquiry  Instant // of the last DISCOVER that was sent because a client chose another server
}

type foreignKey struct {
	iface  string
	server netip.Addr
}

// foreignServer is a server that was seen.
type foreignServer struct {
	ForeignServer
	first, last Instant

	second Instant // in which events were recorded
	events int
}

// LinkUp starts the watch on an interface; window is the length of the first
// seconds.
func (e *Engine) LinkUp(now Instant, iface string, window time.Duration) {
	w := e.watch[iface]
	if w == nil {
		w = &watch{}
		e.watch[iface] = w
	}
	if w.up {
		return
	}
	w.up, w.sent, w.next, w.until = true, 0, now, now+window
}

// LinkDown ends it; who held us is forgotten, it may be another wire next.
func (e *Engine) LinkDown(iface string) { delete(e.watch, iface) }

// watching sends what is due and returns when the next is.
func (e *Engine) watching(now Instant) Instant {
	soon := now + time.Second
	for name, w := range e.watch {
		if now >= w.next {
			w.sent++
			w.next = now + watchEvery
			if w.sent == 1 { // once more: a switch port may still be learning
				w.next = now + (w.until-now)/3
			}
			e.out.Watch = append(e.out.Watch, Look{name, w.class})
			w.class = ""
		}
		if w.next < soon {
			soon = w.next
		}
	}
	sorted.By(e.out.Watch, func(a, b Look) int { return strings.Compare(a.Interface, b.Interface) })
	return soon
}

// holding reports whether nothing is to be offered to the client: another
// server answers on its wire, or it is too early to know.
func (e *Engine) holding(c *call) bool {
	if !e.holds() || c.p.GIAddr.IsValid() {
		return false
	}
	w := e.watch[c.in.Interface]
	return w != nil && (w.holder.IsValid() || c.now < w.until)
}

// holds reports whether another server is a reason to hold at all.
func (e *Engine) holds() bool {
	return e.t.Spec.ForeignServer == ForeignHold && !e.t.Spec.Takeover && !e.tookOver
}

// Held returns the interfaces that are holding and the servers they hold for.
func (e *Engine) Held() map[string]netip.Addr {
	out := map[string]netip.Addr{}
	if e.holds() {
		for name, w := range e.watch {
			if w.holder.IsValid() {
				out[name] = w.holder
			}
		}
	}
	return out
}

// Takeover serves from now on, whoever else answers and however often the
// link goes up.
func (e *Engine) Takeover() {
	e.tookOver = true
	for _, w := range e.watch {
		w.holder, w.until = netip.Addr{}, 0
	}
}

// inquire asks the servers of a wire what they give to a client that chose one
// of them: without the broadcast flag their answers to it are not seen here. The
// question carries the client's vendor class, by which servers decide.
func (e *Engine) inquire(c *call) {
	w := e.watch[c.in.Interface]
	if w == nil || c.p.GIAddr.IsValid() || w.inquired && c.now-w.inquiry < inquireEvery {
		return
	}
	w.inquired, w.inquiry, w.next, w.class = true, c.now, c.now, c.p.Vendor
}

// told bounds how often an answer of a known server is an event.
func (f *foreignServer) told(now Instant) bool {
	if f.events == 0 || now-f.second >= time.Second {
		f.second, f.events = now, 0
	}
	f.events++
	return f.events <= maxAnswers
}

// ServerReply looks at a datagram from port 67 that another server sent.
func (e *Engine) ServerReply(now Instant, in *Inbound) {
	e.hear(now, in.Interface)
	m, ok := wire.DecodeReply(in.Data)
	if !ok {
		return
	}
	server := m.Server
	if !server.IsValid() {
		server = in.From.Addr()
	}
	if !server.Is4() || e.t.own[server] || e.t.own[in.From.Addr()] || e.peer(server) {
		return
	}
	key := foreignKey{in.Interface, server}
	f := e.foreign[key]
	again := f != nil
	if !again {
		if len(e.foreign) >= maxForeign {
			return
		}
		f = &foreignServer{first: now, ForeignServer: ForeignServer{Server: server, Interface: in.Interface}}
		e.foreign[key] = f
	}
	f.last, f.MAC = now, in.Source
	f.Client, f.Addr, f.Relay = m.Client, m.Addr, m.Relay
	if m.Mask.IsValid() && f.Addr.IsValid() {
		f.Mask = m.Mask
	}
	if m.Name != nil {
		f.Option66 = wire.Printable(strings.TrimRight(string(m.Name), "\x00"))
	}
	if m.TFTP != nil {
		f.Option150 = decode150(m.TFTP)
	}
	if w := e.watch[in.Interface]; w != nil && now < w.until && e.holds() && !w.holder.IsValid() {
		w.holder = server
		f.Hold, again = true, false
	}
	f.Again = again
	if !again || f.told(now) {
		e.Event(f.ForeignServer)
	}
}

// decode150 shows an option 150 as a phone would read it. The usual fault is
// text in place of addresses.
func decode150(v []byte) string {
	if len(v) == 0 || len(v)%4 != 0 || printableBytes(v) {
		return "not addresses: \"" + wire.Printable(string(v)) + "\""
	}
	var out []string
	for ; len(v) >= 4; v = v[4:] {
		out = append(out, netip.AddrFrom4([4]byte(v[:4])).String())
	}
	return strings.Join(out, " ")
}

// printableBytes reports whether v is text with a dot in it: "10.0.0.1" is
// eight bytes and would pass for two addresses.
func printableBytes(v []byte) bool {
	for _, c := range v {
		if c < 0x20 || c > 0x7e {
			return false
		}
	}
	return bytes.IndexByte(v, '.') >= 0
}
