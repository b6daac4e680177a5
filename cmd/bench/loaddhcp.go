package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"
)

// The DHCP of a phone behind a relay: the load generator is the relay, so the
// server answers it by unicast as it would a branch's router. [RFC 2131, 1542]
const (
	dhcpDiscover = 1
	dhcpOffer    = 2
	dhcpRequest  = 3
	dhcpAck      = 5
	dhcpNak      = 6
	dhcpHeader   = 236
	dhcpMagic    = 0x63825363
	dhcpTimeout  = time.Second
	phoneClass   = "Cisco Systems, Inc. IP Phone CP-7961G\x00"
)

// exchange is one phone that wants an address.
type exchange struct {
	xid    uint32
	begun  time.Time
	sent   time.Time
	offer  netip.Addr // from the OFFER
	server netip.Addr
}

// dora is the load: so many exchanges under way, each of another phone.
type dora struct {
	j     job
	relay netip.Addr
	conn  *net.UDPConn
	tally
	open  map[uint32]*exchange
	given map[netip.Addr]uint32
	next  uint32
	look  time.Time // when unanswered messages are looked for again
	buf   []byte
}

// dhcp keeps Clients exchanges under way for a time, or until Count are done.
func (j job) dhcp() (result, error) {
	return j.dhcpFrom(netip.AddrPortFrom(clientAddr, 67), uint32(time.Now().UnixNano())&^0xfffff)
}

func (j job) dhcpFrom(relay netip.AddrPort, first uint32) (result, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(relay))
	if err != nil {
		return result{}, err
	}
	defer conn.Close()
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		return result{}, err
	}
	d := &dora{j: j, relay: relay.Addr(), conn: conn, open: map[uint32]*exchange{}, given: map[netip.Addr]uint32{}, next: first, buf: make([]byte, 2048)}
	start := time.Now()
	for range j.Clients {
		if err := d.begin(); err != nil {
			return result{}, err
		}
	}
	in := make([]byte, 2048)
	for time.Since(start) < j.For && len(d.open) > 0 {
		if err := conn.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			return result{}, err
		}
		n, err := conn.Read(in)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
		case err != nil:
			return result{}, err
		default:
			d.Packets++
			if err := d.answer(in[:n]); err != nil {
				return result{}, err
			}
		}
		if err := d.again(); err != nil {
			return result{}, err
		}
	}
	return d.finish(time.Since(start)), nil
}

// begin sends the DISCOVER of a new phone, unless there were enough.
func (d *dora) begin() error {
	if d.j.Count > 0 && d.Done+d.Failed+len(d.open) >= d.j.Count {
		return nil
	}
	d.next++
	e := &exchange{xid: d.next, begun: time.Now()}
	d.open[e.xid] = e
	return d.send(e)
}

// send sends the message that is due.
func (d *dora) send(e *exchange) error {
	mac := [6]byte{0x02, 0x15}
	binary.BigEndian.PutUint32(mac[2:], e.xid)
	b := phoneMessage(d.buf, d.relay, e.xid, mac, e.offer, e.server)
	e.sent = time.Now()
	d.Packets++
	_, err := d.conn.WriteToUDPAddrPort(b, d.j.Target)
	return err
}

// phoneMessage is a DISCOVER of a phone behind a relay; with an address it is the
// REQUEST of a phone that restarts, with a server that of what was offered.
func phoneMessage(buf []byte, relay netip.Addr, xid uint32, mac [6]byte, addr, server netip.Addr) []byte {
	b := buf[:dhcpHeader]
	clear(b)
	b[0], b[1], b[2], b[3] = 1, 1, 6, 1 // request, Ethernet, 6 bytes, one hop
	binary.BigEndian.PutUint32(b[4:], xid)
	giaddr := relay.As4()
	copy(b[24:], giaddr[:])
	copy(b[28:], mac[:])
	b = binary.BigEndian.AppendUint32(b, dhcpMagic)
	kind := byte(dhcpDiscover)
	if addr.IsValid() {
		kind = dhcpRequest
	}
	b = append(b, 53, 1, kind, 61, 7, 1)
	b = append(b, mac[:]...)
	if addr.IsValid() {
		a := addr.As4()
		b = append(append(b, 50, 4), a[:]...)
	}
	if server.IsValid() {
		a := server.As4()
		b = append(append(b, 54, 4), a[:]...)
	}
	b = append(append(b, 60, byte(len(phoneClass))), phoneClass...)
	b = append(b, 55, 7, 1, 66, 6, 3, 15, 150, 35, 255)
	for len(b) < 300 {
		b = append(b, 0)
	}
	return b
}

// rebindMessage is the REQUEST of a phone at T2 behind a relay: it has its address, and
// neither asks for it nor names a server. [RFC 2131 4.3.2]
func rebindMessage(buf []byte, relay netip.Addr, xid uint32, mac [6]byte, addr netip.Addr) []byte {
	b := phoneMessage(buf, relay, xid, mac, netip.Addr{}, netip.Addr{})
	a := addr.As4()
	copy(b[12:], a[:])
	b[dhcpHeader+4+2] = dhcpRequest
	return b
}

// answer goes on with the exchange an answer belongs to.
func (d *dora) answer(p []byte) error {
	a, ok := parseDHCP(p)
	e := d.open[a.xid]
	if !ok || e == nil {
		return nil // of a phone that is done, or asked twice
	}
	switch {
	case a.kind == dhcpOffer && !e.offer.IsValid():
		e.offer, e.server = a.addr, a.server
		return d.send(e)
	case a.kind == dhcpAck && e.offer.IsValid():
		delete(d.open, e.xid)
		if other, taken := d.given[a.addr]; taken && other != e.xid {
			d.fail(fmt.Errorf("%s was given to two phones", a.addr))
		} else if !a.option150 {
			d.fail(fmt.Errorf("an ACK without option 150"))
		} else {
			d.given[a.addr] = e.xid
			d.Done++
			d.times = append(d.times, time.Since(e.begun))
		}
		return d.begin()
	case a.kind == dhcpNak:
		delete(d.open, e.xid)
		d.fail(fmt.Errorf("a NAK for %s", e.offer))
		return d.begin()
	}
	return nil
}

// again sends what was not answered in time once more.
func (d *dora) again() error {
	now := time.Now()
	if now.Before(d.look) {
		return nil
	}
	d.look = now.Add(50 * time.Millisecond)
	for _, e := range d.open {
		if now.Sub(e.sent) > dhcpTimeout {
			d.Resent++
			if err := d.send(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// dhcpAnswer is what matters of an answer.
type dhcpAnswer struct {
	xid       uint32
	kind      byte
	addr      netip.Addr
	server    netip.Addr
	option150 bool
}

func parseDHCP(p []byte) (a dhcpAnswer, ok bool) {
	if len(p) < dhcpHeader+4 || p[0] != 2 || binary.BigEndian.Uint32(p[dhcpHeader:]) != dhcpMagic {
		return a, false
	}
	a.xid = binary.BigEndian.Uint32(p[4:])
	a.addr = netip.AddrFrom4([4]byte(p[16:20]))
	for o := p[dhcpHeader+4:]; len(o) > 0 && o[0] != 255; {
		if o[0] == 0 {
			o = o[1:]
			continue
		}
		if len(o) < 2 || len(o) < 2+int(o[1]) {
			return a, false
		}
		value := o[2 : 2+int(o[1])]
		switch {
		case o[0] == 53 && len(value) == 1:
			a.kind = value[0]
		case o[0] == 54 && len(value) == 4:
			a.server = netip.AddrFrom4([4]byte(value))
		case o[0] == 150 && len(value) >= 4:
			a.option150 = true
		}
		o = o[2+len(value):]
	}
	return a, a.kind != 0
}
