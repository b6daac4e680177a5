package dhcp

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"option150/platform/ether"
)

// The watch for other DHCP servers on the wire: what they broadcast is seen in
// passing, and a DISCOVER of our own is sent at start, when a link comes up and
// every five minutes. With `ip dhcp foreign-server hold` a server that answers
// within the first seconds makes this one hold its offers until Takeover.
// [DESIGN 7, reference/diagnosis.md 5]
const (
	watchEvery  = 5 * time.Minute
	watchWindow = 4 * time.Second // dnsmasq pings for 3 s, IOS for 2 s before it offers
)

// watch is the state of it on one interface.
type watch struct {
	up     bool
	until  time.Time // end of the first seconds
	next   time.Time // next DISCOVER
	sent   int
	holder netip.Addr // the server that made us hold, invalid = none
}

type foreignKey struct {
	iface  string
	server netip.Addr
}

// foreignServer is a server that was seen.
type foreignServer struct {
	ForeignServer
	First, Last time.Time
}

// linkUp starts the watch on an interface; window is the length of the first
// seconds.
func (e *engine) linkUp(now time.Time, iface string, window time.Duration) {
	w := e.watch[iface]
	if w == nil {
		w = &watch{}
		e.watch[iface] = w
	}
	if w.up {
		return
	}
	w.up, w.sent, w.next, w.until = true, 0, now, now.Add(window)
}

// linkDown ends it; who held us is forgotten, it may be another wire next.
func (e *engine) linkDown(iface string) { delete(e.watch, iface) }

// watching sends what is due and returns when the next is.
func (e *engine) watching(now time.Time) time.Time {
	soon := now.Add(time.Second)
	for name, w := range e.watch {
		if !now.Before(w.next) {
			w.sent++
			w.next = now.Add(watchEvery)
			if w.sent == 1 { // once more: a switch port may still be learning
				w.next = now.Add(w.until.Sub(now) / 3)
			}
			e.out.watch = append(e.out.watch, name)
		}
		if w.next.Before(soon) {
			soon = w.next
		}
	}
	slices.Sort(e.out.watch)
	return soon
}

// holding reports whether nothing is to be offered to the client: another
// server answers on its wire, or it is too early to know.
func (e *engine) holding(c *call) bool {
	if !e.holds() || c.p.giaddr.IsValid() {
		return false
	}
	w := e.watch[c.in.iface]
	return w != nil && (w.holder.IsValid() || c.now.Before(w.until))
}

// holds reports whether another server is a reason to hold at all.
func (e *engine) holds() bool {
	return e.t.spec.ForeignServer == ForeignHold && !e.t.spec.Takeover && !e.tookOver
}

// held returns the interfaces that are holding and the servers they hold for.
func (e *engine) held() map[string]netip.Addr {
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

// takeover serves from now on, whoever else answers and however often the
// link goes up.
func (e *engine) takeover() {
	e.tookOver = true
	for _, w := range e.watch {
		w.holder, w.until = netip.Addr{}, time.Time{}
	}
}

// serverReply looks at a datagram from port 67 that another server sent.
func (e *engine) serverReply(now time.Time, in *inbound) {
	b := in.data
	if len(b) < headerLen+cookieLen || len(b) > maxRequest || b[0] != opReply || b[2] != 6 || !bytes.Equal(b[headerLen:headerLen+cookieLen], cookie) {
		return
	}
	m, err := dhcpv4.FromBytes(append(slices.Clone(b), optEnd))
	if err != nil {
		return
	}
	switch typ := m.Options[optMessageType]; {
	case len(typ) == 1 && (typ[0] == msgOffer || typ[0] == msgAck || typ[0] == msgNak):
	default:
		return
	}
	server := addrOf(m.Options[optServerID])
	if !server.IsValid() {
		server = in.from.Addr()
	}
	if !server.Is4() || e.t.own[server] || e.t.own[in.from.Addr()] {
		return
	}
	key := foreignKey{in.iface, server}
	f := e.foreign[key]
	if f == nil {
		if len(e.foreign) >= maxForeign {
			return
		}
		f = &foreignServer{First: now, ForeignServer: ForeignServer{Server: server, Interface: in.iface}}
		e.foreign[key] = f
	}
	again := !f.Last.IsZero()
	f.Last, f.MAC = now, in.source
	f.Client, f.Addr, f.Relay = ether.MAC(b[28:34]), addrOf(b[16:20]), addrOf(b[24:28])
	if mask := m.Options[optMask]; len(mask) == 4 && f.Addr.IsValid() {
		f.Mask = netip.AddrFrom4([4]byte(mask))
	}
	if v := m.Options[optTFTPName]; v != nil {
		f.Option66 = printable(strings.TrimRight(string(v), "\x00"))
	}
	if v := m.Options[optTFTPAddrs]; v != nil {
		f.Option150 = decode150(v)
	}
	if w := e.watch[in.iface]; w != nil && now.Before(w.until) && e.holds() && !w.holder.IsValid() {
		w.holder = server
		f.Hold, again = true, false
	}
	if !again {
		e.event(f.ForeignServer)
	}
}

// decode150 shows an option 150 as a phone would read it. The usual fault is
// text in place of addresses.
func decode150(v []byte) string {
	if len(v) == 0 || len(v)%4 != 0 || printableBytes(v) {
		return "not addresses: \"" + printable(string(v)) + "\""
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
