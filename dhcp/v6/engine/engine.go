package engine

import (
	"container/list"
	"encoding/hex"
	"net/netip"
	"strings"
	"time"

	v4 "option150/dhcp/engine"
	"option150/dhcp/v6/wire"
	"option150/platform/ether"
	"option150/platform/journal"
)

// Instant is a point in time on the engine's own clock, see dhcp/engine.
type Instant = v4.Instant

// Bounds: what a flood of invented clients may take.
const (
	offerHold   = 60 * time.Second
	maxBindings = 1 << 16 // those of clients that have left included
	forPhones   = 1 << 12 // of those, kept for what looks like a phone
	maxOffers   = 1 << 14
	maxSource   = 64 // addresses of one Ethernet source: a bridge with stations behind it has as many
	maxParked   = 1024
	askWindow   = 300 * time.Millisecond // to say that an address is in use
)

// ConflictTimeout ends the quarantine of an address that was declined.
const ConflictTimeout = v4.DefaultConflictTimeout

// Engine decides. One goroutine owns it. Times given to it are those of its own
// clock.
type Engine struct {
	t        *Tables
	epoch    time.Time // wall time at instant 0
	duid     []byte    // of the server
	Test     bool      // answer the port a message came from; unicast is taken
	CanProbe bool      // a station can be asked whether it has an address

	bindings   map[netip.Addr]*binding
	clients    map[string][]*binding // by record key: DUID and association
	expiries   expiries
	freed      list.List // *binding that nobody has, the one that ended first in front
	offers     map[netip.Addr]*offer
	offersOf   map[string]*offer
	offerQueue list.List // *offer, the first to lapse first
	conflicts  map[netip.Addr]*conflict
	borrowed   map[ether.MAC]int // leases by the Ethernet source of who asked
	starveAt   map[ether.MAC]Instant
	parked     []parked
	asked      map[netip.Addr]*question
	watch      map[string]*watch // by interface
	due        Instant
	Stats      Statistics

	DiskBad bool
	seq     uint64
	fresh   []uncommitted
	pending []uncommitted

	out Outcome
}

type uncommitted struct {
	seq   uint64
	b     *binding
	until Instant
}

// Inbound is a datagram as it came.
type Inbound struct {
	Data      []byte // valid only during the call
	Interface string // IOS name
	From      netip.AddrPort
	Source    ether.MAC // of the frame, zero if unknown
	Unicast   bool      // it was sent to an address of this box
}

// Answer is a datagram to be sent. An address that is link-local is one of the
// interface.
type Answer struct {
	Interface string
	To        netip.AddrPort
	Payload   []byte
}

// Question asks on an interface who has an address, or, with the zero Addr, which
// routers there are.
type Question struct {
	Interface string
	Addr      netip.Addr
}

// Outcome is what is to be done. The slices belong to whoever took it.
type Outcome struct {
	First   []journal.Event // facts that hold already
	Records []v4.Record
	Seq     uint64
	Durable bool // Replies and Then wait for the records
	Replies []Answer
	Then    []journal.Event // facts once the replies are sent
	Ask     []Question
}

// call is one message on its way through the engine.
type call struct {
	now     Instant
	in      *Inbound
	p       *wire.Packet
	link    *link
	pool    *pool
	relay   netip.Addr // the link address that selected the network, invalid = the link itself
	peer    netip.Addr // address of the client
	mac     ether.MAC  // of the client, zero if unknown
	client  string     // its DUID, as it is printed
	resumed bool       // it has waited for an answer about its addresses
}

// New returns an engine that serves nothing yet; epoch is the wall time at
// instant 0, duid that of the server.
func New(epoch time.Time, duid []byte) *Engine {
	return &Engine{
		epoch: epoch, duid: duid, t: Compile(Spec{}), due: never,
		bindings: map[netip.Addr]*binding{}, clients: map[string][]*binding{},
		offers: map[netip.Addr]*offer{}, offersOf: map[string]*offer{}, conflicts: map[netip.Addr]*conflict{},
		borrowed: map[ether.MAC]int{}, starveAt: map[ether.MAC]Instant{}, asked: map[netip.Addr]*question{}, watch: map[string]*watch{},
	}
}

// DUID is the identifier of the server.
func (e *Engine) DUID() []byte { return e.duid }

// Take hands over what the last calls decided.
func (e *Engine) Take() Outcome {
	o := e.out
	e.out = Outcome{}
	if len(o.Records) > 0 {
		e.seq++
		o.Seq = e.seq
		for _, u := range e.fresh {
			u.seq = e.seq
			e.pending = append(e.pending, u)
		}
	}
	e.fresh = e.fresh[:0]
	return o
}

// Event records a fact that holds now.
func (e *Engine) Event(ev journal.Event) { e.out.First = append(e.out.First, ev) }

// discard counts a message that is not answered, and says why.
func (e *Engine) discard(c *call, why string) {
	e.Stats.Discarded++
	e.Event(Discarded{Type: TypeName(c.p.Type), MAC: c.mac, DUID: c.client, From: c.peer, Interface: c.in.Interface, Why: why})
}

// Packet handles one datagram.
func (e *Engine) Packet(now Instant, in *Inbound) {
	p, err := wire.Decode(in.Data)
	if err != nil {
		e.Stats.Discarded++
		e.Stats.Malformed++
		e.Event(Malformed{Interface: in.Interface, From: in.From.Addr(), Why: err.Error()})
		return
	}
	c := e.call(now, in, p)
	e.Stats.Received[p.Type]++
	if len(p.Relays) > 0 {
		e.Stats.Received[wire.RelayForward]++
	}
	e.Event(Received{
		Type: TypeName(p.Type), MAC: c.mac, DUID: c.client, From: c.peer, Interface: in.Interface, Relay: c.relay, Relays: len(p.Relays),
		Class: p.Class, Host: p.Host, Phone: p.Phone(), WantsVendor: p.Asked != nil && p.Wants(wire.OptVendorOpts),
		Foreign: p.Server != nil && string(p.Server) != string(e.duid), packet: string(in.Data),
	})
	if why := e.invalid(c); why != "" {
		e.discard(c, why)
		return
	}
	if len(e.pending) > v4.MaxPending {
		e.Stats.Overload++
		e.discard(c, "the disk is behind")
		return
	}
	if c.unicast() && !e.Test {
		e.answer(c, wire.Reply, nil, &status{wire.UseMulticast, "send to the group of servers"})
		return
	}
	e.handle(c)
}

func (e *Engine) handle(c *call) {
	switch c.p.Type {
	case wire.Solicit:
		e.solicit(c)
	case wire.Request, wire.Renew, wire.Rebind:
		e.request(c)
	case wire.Confirm:
		e.confirm(c)
	case wire.Release, wire.Decline:
		e.giveBack(c)
	case wire.InformationRequest:
		e.inform(c)
	}
}

// invalid is why a message is not looked at, "" if it is. [RFC 8415 16]
func (e *Engine) invalid(c *call) string {
	p := c.p
	switch p.Type {
	case wire.Advertise, wire.Reply, wire.Reconfigure:
		return "not for a server"
	case wire.Solicit, wire.Confirm, wire.Rebind:
		if p.Server != nil {
			return "it names a server"
		}
	case wire.Request, wire.Renew, wire.Release, wire.Decline:
		if p.Server == nil {
			return "it names no server"
		}
	case wire.InformationRequest:
		if len(p.IAs) > 0 {
			return "it has an association"
		}
	}
	switch {
	case p.Type != wire.InformationRequest && p.Client == nil:
		return "it has no client identifier"
	case p.Server != nil && string(p.Server) != string(e.duid):
		e.forget(c)
		return "it is for another server"
	case c.unicast() && !e.Test && !toldMulticast(p.Type):
		return "it was not sent to the group of servers" // [RFC 8415 16]
	}
	return ""
}

// unicast reports that a client sent to an address of the box, which is offered
// to nobody here.
func (c *call) unicast() bool { return c.in.Unicast && len(c.p.Relays) == 0 }

// toldMulticast reports that who sends such a message to an address of the box is
// told to use the group. [RFC 8415 18.4]
func toldMulticast(typ byte) bool {
	return typ == wire.Request || typ == wire.Renew || typ == wire.Release || typ == wire.Decline
}

// forget takes back what was offered to a client that chose another server.
func (e *Engine) forget(c *call) {
	if c.p.Type != wire.Request {
		return
	}
	for _, ia := range c.p.IAs {
		if o := e.offersOf[key(c.p.Client, ia.ID)]; o != nil {
			e.drop(o)
		}
	}
}

// call is a message with what selects the network of its client, and who it is.
func (e *Engine) call(now Instant, in *Inbound, p *wire.Packet) *call {
	c := &call{now: now, in: in, p: p, link: e.t.links[in.Interface], client: DUIDText(p.Client), peer: in.From.Addr().WithZone(""), mac: in.Source}
	if n := len(p.Relays); n > 0 {
		c.mac, c.peer = ether.MAC{}, p.Relays[n-1].Peer
		for i := n - 1; i >= 0; i-- { // the one nearest to the client
			r := &p.Relays[i]
			if c.mac.IsZero() {
				c.mac = r.MAC
			}
			if !c.relay.IsValid() && r.Link.IsGlobalUnicast() {
				c.relay = r.Link
			}
		}
		// Many relays send no option 79. The link-local address that the client
		// asked from has the hardware address in it where it is made of that, as
		// those of phones are. [RFC 4291 appendix A; RFC 6939 2]
		if c.mac.IsZero() {
			c.mac = stationOf(c.peer)
		}
	}
	switch {
	case c.link == nil:
	case c.relay.IsValid():
		if c.pool = e.t.around(c.relay); c.pool == nil && p.Type == wire.InformationRequest && c.link.pool != nil && !c.link.pool.conf.Prefix.IsValid() && len(c.link.pool.conf.Networks) == 0 {
			c.pool = c.link.pool // options are the same everywhere
		}
	default:
		c.pool = c.link.pool
	}
	return c
}

// stationOf is the hardware address that a link-local address is made of, zero if
// it is not.
func stationOf(a netip.Addr) (mac ether.MAC) {
	b := a.As16()
	if !a.IsLinkLocalUnicast() || b[11] != 0xff || b[12] != 0xfe || b[8]&2 == 0 {
		return mac
	}
	return ether.MAC{b[8] ^ 2, b[9], b[10], b[13], b[14], b[15]}
}

// lender is the Ethernet source that is counted for the client.
func (c *call) lender() ether.MAC { return c.mac }

// onLink reports whether a client there could use an address; known is false
// when nothing is known of the link.
func (c *call) onLink(a netip.Addr) (on, known bool) {
	var nets []netip.Prefix
	if c.pool != nil {
		nets = append(nets, c.pool.conf.Networks...)
		if c.pool.conf.Prefix.IsValid() {
			nets = append(nets, c.pool.conf.Prefix)
		}
	}
	if !c.relay.IsValid() && c.link != nil {
		for _, p := range c.link.Addrs {
			if p.Addr().IsGlobalUnicast() {
				nets = append(nets, p.Masked())
			}
		}
	}
	for _, n := range nets {
		if n.Contains(a) {
			return true, true
		}
	}
	return false, len(nets) > 0
}

// key is how the association of a client is kept. [dhcp/engine.Record.Key]
func key(duid []byte, iaid uint32) string {
	return string([]byte{byte(iaid >> 24), byte(iaid >> 16), byte(iaid >> 8), byte(iaid)}) + string(duid)
}

// duidOf and iaidOf take a key apart.
func duidOf(key string) []byte {
	if len(key) < 4 {
		return nil
	}
	return []byte(key[4:])
}

func iaidOf(key string) uint32 {
	if len(key) < 4 {
		return 0
	}
	return uint32(key[0])<<24 | uint32(key[1])<<16 | uint32(key[2])<<8 | uint32(key[3])
}

// DUIDText is a DUID as IOS prints it.
func DUIDText(duid []byte) string { return strings.ToUpper(hex.EncodeToString(duid)) }

// TypeName is a message as IOS calls it.
func TypeName(t byte) string {
	names := [...]string{"", "SOLICIT", "ADVERTISE", "REQUEST", "CONFIRM", "RENEW", "REBIND", "REPLY", "RELEASE", "DECLINE", "RECONFIGURE", "INFORMATION-REQUEST", "RELAY-FORWARD", "RELAY-REPLY"}
	if int(t) < len(names) {
		return names[t]
	}
	return ""
}
