package capture

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/wire"
)

// Ports that are watched beside the file port.
const (
	portSecure = 6971 // HTTPS provisioning [usecallmanager.nz, HTTPS provisioning]
	portPeers  = 4051 // Peer Firmware Sharing [source 002]
	portDHCP   = 67
)

// Watcher turns frames into facts about phones. It is pure: packets in, events
// out. It is for one goroutine.
type Watcher struct {
	refusals *Refusals
	booting  func() bool // whether DHCP requests are facts: no server runs here
	last     map[sight]time.Time
	tokens   int
	second   time.Time
}

// sight is what is told once a second: a repeated ARP request is a fact, a
// storm of them is not.
type sight struct {
	mac    ether.MAC
	target netip.Addr
	kind   byte
}

const (
	sightEvery = 500 * time.Millisecond
	maxSights  = 4096
	maxSecond  = 200    // facts a second: what phones of one segment do is far less
	maxWatched = 10_000 // frames a second, each costs a system call
)

// NewWatcher watches for connections to the file port that are refused, and
// for what phones broadcast. booting tells whether their DHCP requests are
// facts; nil = never.
func NewWatcher(port uint16, booting func() bool) *Watcher {
	if booting == nil {
		booting = func() bool { return false }
	}
	return &Watcher{refusals: NewRefusals(port), booting: booting, last: map[sight]time.Time{}}
}

// Filter is the filter that suffices: resets of the file port, opening segments
// of the other, broadcasts of phones and ARP. Connections that are accepted and
// transfers cost nothing.
func (w *Watcher) Filter() Filter {
	return Filter{Resets: []uint16{w.refusals.port}, TCP: []uint16{portSecure}, TCPFlags: SYN | RST, UDP: []uint16{portPeers, portDHCP}, ARP: true, Announce: true, Group: true}
}

// Packet looks at one packet; nil = nothing to tell.
func (w *Watcher) Packet(p Packet) journal.Event {
	e := w.event(p)
	if e == nil || !w.allowed(p.Time) {
		return nil
	}
	return e
}

// allowed bounds the facts of one second.
func (w *Watcher) allowed(at time.Time) bool {
	if at.Sub(w.second) >= time.Second || at.Before(w.second) {
		w.second, w.tokens = at, maxSecond
	}
	w.tokens--
	return w.tokens >= 0
}

// fresh reports that a sight was not told a moment ago.
func (w *Watcher) fresh(at time.Time, s sight) bool {
	if t, ok := w.last[s]; ok && at.Sub(t) < sightEvery && !at.Before(t) {
		return false
	}
	if len(w.last) >= maxSights {
		clear(w.last)
	}
	w.last[s] = at
	return true
}

func (w *Watcher) event(p Packet) journal.Event {
	switch {
	case p.TCP() && p.Dst.Port() == portSecure && p.Flags&(SYN|ACK|RST) == SYN:
		if w.fresh(p.Time, sight{p.SrcMAC, p.Dst.Addr(), 's'}) {
			return wire.Secure{Client: p.Src.Addr(), MAC: p.SrcMAC, Server: p.Dst.Addr(), Port: portSecure}
		}
	case p.TCP():
		if e, ok := w.refusals.Packet(p); ok {
			return e
		}
		if e, ok := refused(p, w.refusals.port); ok {
			return e
		}
	case p.UDP() && p.Dst.Port() == portPeers:
		if p.DstMAC[0]&1 != 0 && w.fresh(p.Time, sight{p.SrcMAC, p.Src.Addr(), 'p'}) {
			return wire.Shared{MAC: p.SrcMAC, Client: p.Src.Addr()}
		}
	case p.UDP() && p.Dst.Port() == portDHCP:
		if p.DstMAC[0]&1 != 0 && w.booting() {
			if e, ok := booting(p.Payload); ok && w.fresh(p.Time, sight{e.MAC, e.Server, kindOf(e)}) {
				return e
			}
		}
	case p.Announcement():
		if e, ok := Announced(p); ok && w.fresh(p.Time, sight{e.MAC, e.Addr, 'n'}) {
			return e
		}
	case p.Type == typeARP:
		if e, ok := sought(p); ok && w.fresh(p.Time, sight{e.MAC, e.Target, 'a'}) {
			return e
		}
	}
	return nil
}

// refused reads a refusal in the reset alone: one that answers a SYN begins at 0,
// and acknowledges it. One of a connection has a number of its own.
// [RFC 9293 3.5.2]
func refused(p Packet, port uint16) (wire.Refused, bool) {
	if p.Src.Port() != port || p.Flags&(SYN|ACK|RST) != ACK|RST || p.Seq != 0 || p.Ack == 0 {
		return wire.Refused{}, false
	}
	return wire.Refused{Client: p.Dst.Addr(), MAC: p.DstMAC, Server: p.Src.Addr(), Port: port}, true
}

func kindOf(e wire.Booting) byte {
	if e.Request {
		return 'r'
	}
	return 'd'
}

// sought reads a broadcast ARP request for another address than the sender's
// own. [RFC 826; RFC 5227: a probe has no sender address]
func sought(p Packet) (wire.Sought, bool) {
	b := p.Payload
	if p.DstMAC[0]&1 == 0 || len(b) < 28 || binary.BigEndian.Uint16(b) != 1 || binary.BigEndian.Uint16(b[2:]) != typeIPv4 || binary.BigEndian.Uint16(b[6:]) != 1 {
		return wire.Sought{}, false
	}
	e := wire.Sought{MAC: ether.MAC(b[8:14]), Client: netip.AddrFrom4([4]byte(b[14:18])), Target: netip.AddrFrom4([4]byte(b[24:28]))}
	if e.Client == e.Target || e.Target.IsUnspecified() || e.MAC != p.SrcMAC {
		return wire.Sought{}, false
	}
	if e.Client.IsUnspecified() {
		e.Client = netip.Addr{}
	}
	return e, true
}

// Options of DHCP that tell about a phone. [RFC 2132]
const (
	dhcpHead    = 236
	optHostname = 12
	optAddr     = 50
	optType     = 53
	optServer   = 54
	optParams   = 55
	optClass    = 60
	optEnd      = 255
)

// booting reads a DHCPDISCOVER or DHCPREQUEST.
func booting(b []byte) (wire.Booting, bool) {
	if len(b) < dhcpHead+4 || b[0] != 1 || b[2] != 6 || string(b[dhcpHead:dhcpHead+4]) != "\x63\x82\x53\x63" {
		return wire.Booting{}, false
	}
	e := wire.Booting{MAC: ether.MAC(b[28:34])}
	kind := byte(0)
	for o := b[dhcpHead+4:]; len(o) > 0 && o[0] != optEnd; {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		if len(o) < 2 || len(o) < 2+int(o[1]) {
			break
		}
		v := o[2 : 2+int(o[1])]
		switch o[0] {
		case optType:
			if len(v) == 1 {
				kind = v[0]
			}
		case optHostname:
			e.Hostname = string(v)
		case optClass:
			e.VendorClass = strings.TrimRight(string(v), "\x00")
		case optParams:
			var s []string
			for _, c := range v {
				s = append(s, strconv.Itoa(int(c)))
			}
			e.Requested = strings.Join(s, ",")
		case optAddr, optServer:
			if len(v) == 4 && o[0] == optAddr {
				e.Addr = netip.AddrFrom4([4]byte(v))
			} else if len(v) == 4 {
				e.Server = netip.AddrFrom4([4]byte(v))
			}
		}
		o = o[2+int(o[1]):]
	}
	e.Request = kind == 3
	return e, (kind == 1 || kind == 3) && !e.MAC.IsZero()
}

// Watch observes an interface and records what Packet tells until the context
// ends. ready, if not nil, is called once frames are being watched. It needs
// CAP_NET_RAW.
func (w *Watcher) Watch(ctx context.Context, ifname string, j journal.Recorder, ready func()) error {
	prog, err := w.Filter().Assemble()
	if err != nil {
		return err
	}
	src, err := Open(ifname, Options{Filter: prog, Groups: []ether.MAC{GroupCDP, groupLLDP}})
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { src.Close() })
	defer func() {
		if stop() {
			src.Close()
		}
	}()
	if ready != nil {
		ready()
	}
	j = journal.Or(j)
	d := NewDecoder()
	pace := Pace{Most: maxWatched}
	for n := 0; ; n++ {
		if pace.Frame(); n%64 == 0 {
			pace.Rest(time.Now())
		}
		frame, ci, err := src.ZeroCopyReadPacketData()
		switch {
		case errors.Is(err, os.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("watch of %s: %w", ifname, err)
		}
		p, err := d.Decode(frame, ci)
		if err != nil {
			continue
		}
		if e := w.Packet(p); e != nil {
			j.Record(e)
		}
	}
}
