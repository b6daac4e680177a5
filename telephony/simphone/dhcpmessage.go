package simphone

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"option150/platform/ether"
)

// Message types of DHCP and the options a phone knows. [RFC 2132, RFC 5859]
const (
	msgDiscover = 1
	msgOffer    = 2
	msgRequest  = 3
	msgAck      = 5
	msgNak      = 6
	msgRelease  = 7

	optMask     = 1
	optRouter   = 3
	optDNS      = 6
	optHostname = 12
	optAddr     = 50
	optLease    = 51
	optOverload = 52
	optType     = 53
	optServer   = 54
	optParams   = 55
	optRenew    = 58
	optClass    = 60
	optClientID = 61
	optTFTPName = 66
	optTFTP150  = 150
	optEnd      = 255
)

const (
	bootpSize  = 236 // up to the cookie [RFC 951]
	flagBcast  = 0x8000
	payloadLen = 548 // the phones send 576 octets of IP [facts/dhcp.md 2]
)

var cookie = [4]byte{99, 130, 83, 99}

// errDHCP is a packet that is no answer to this phone.
var errDHCP = errors.New("malformed DHCP packet")

// query is a DHCP packet of the phone.
type query struct {
	kind   byte
	xid    uint32
	secs   uint16
	bcast  bool
	client netip.Addr // ciaddr: when renewing and releasing
	addr   netip.Addr // option 50
	server netip.Addr // option 54
}

// packet is the UDP payload. The options are in the order of the 79xx:
// 53, (54), 61, 12, 60, (50), 55; of a release 53, 54, 61; the 7905 and 7912 have
// 60 before 12. [facts/phones.md 1.1; that 54 stands second in a request too is
// [D], after the release]
func (p *Phone) packet(q query) []byte {
	b := make([]byte, bootpSize, payloadLen)
	b[0], b[1], b[2] = 1, 1, 6
	binary.BigEndian.PutUint32(b[4:], q.xid)
	binary.BigEndian.PutUint16(b[8:], q.secs)
	if q.bcast {
		binary.BigEndian.PutUint16(b[10:], flagBcast)
	}
	if q.client.IsValid() {
		copy(b[12:16], q.client.AsSlice())
	}
	copy(b[28:], p.spec.MAC[:])
	b = append(b, cookie[:]...)
	opt := func(code byte, v []byte) { b = append(append(b, code, byte(len(v))), v...) }
	opt(optType, []byte{q.kind})
	if q.server.IsValid() {
		opt(optServer, q.server.AsSlice())
	}
	opt(optClientID, append([]byte{1}, p.spec.MAC[:]...))
	if q.kind != msgRelease {
		if p.n.profiled() {
			opt(optClass, []byte(p.n.class))
		}
		opt(optHostname, []byte(p.spec.MAC.Device()))
		if !p.n.profiled() {
			opt(optClass, []byte(p.n.class))
		}
		if q.addr.IsValid() {
			opt(optAddr, q.addr.AsSlice())
		}
		opt(optParams, p.n.params())
	}
	b = append(b, optEnd)
	return b[:payloadLen] // the rest of the array is zero: pads
}

// reply is what the phone keeps of a server's packet.
type reply struct {
	kind    byte
	addr    netip.Addr // yiaddr
	siaddr  netip.Addr
	sname   string
	server  netip.Addr // option 54
	mask    netip.Addr
	routers []netip.Addr
	dns     []netip.Addr
	lease   time.Duration
	renew   time.Duration
	name66  string
	tftp    []netip.Addr // option 150; a phone reads four octets at a time, whatever they are
}

// parseReply reads a server's packet for one transaction of one phone. The
// bytes come from anybody on the LAN.
func parseReply(b []byte, xid uint32, mac ether.MAC) (reply, error) {
	if len(b) < bootpSize+4 || b[0] != 2 || b[1] != 1 || b[2] != 6 || [4]byte(b[bootpSize:bootpSize+4]) != cookie {
		return reply{}, errDHCP
	}
	if binary.BigEndian.Uint32(b[4:]) != xid || ether.MAC(b[28:34]) != mac {
		return reply{}, fmt.Errorf("%w: of another transaction", errDHCP)
	}
	opts := make(map[byte][]byte)
	if err := readOptions(b[bootpSize+4:], opts); err != nil {
		return reply{}, err
	}
	over := byte(0)
	if v := opts[optOverload]; len(v) == 1 {
		over = v[0]
	}
	file, sname := b[108:236], b[44:108]
	if over&1 != 0 { // RFC 2132 9.3: file first, then sname
		if err := readOptions(file, opts); err != nil {
			return reply{}, err
		}
	}
	if over&2 != 0 {
		if err := readOptions(sname, opts); err != nil {
			return reply{}, err
		}
		sname = nil
	}
	r := reply{addr: netip.AddrFrom4([4]byte(b[16:20])), siaddr: netip.AddrFrom4([4]byte(b[20:24])), sname: text(sname)}
	if v := opts[optType]; len(v) == 1 {
		r.kind = v[0]
	}
	r.server, r.mask = first(opts[optServer]), first(opts[optMask])
	r.routers, r.dns, r.tftp = addrs(opts[optRouter]), addrs(opts[optDNS]), addrs(opts[optTFTP150])
	r.lease, r.renew = seconds(opts[optLease]), seconds(opts[optRenew])
	r.name66 = text(opts[optTFTPName])
	return r, nil
}

// readOptions adds options to a map; one that comes several times is joined
// [RFC 3396]. A missing end is forgiven: the packet may be cut there.
func readOptions(b []byte, into map[byte][]byte) error {
	for len(b) > 0 {
		code := b[0]
		switch {
		case code == 0:
			b = b[1:]
			continue
		case code == optEnd:
			return nil
		case len(b) < 2 || len(b) < 2+int(b[1]):
			return fmt.Errorf("%w: option %d is longer than the packet", errDHCP, code)
		}
		into[code] = append(into[code], b[2:2+int(b[1])]...)
		b = b[2+int(b[1]):]
	}
	return nil
}

func addrs(b []byte) (out []netip.Addr) {
	for ; len(b) >= 4 && len(out) < 16; b = b[4:] {
		out = append(out, netip.AddrFrom4([4]byte(b)))
	}
	return out
}

func first(b []byte) netip.Addr {
	if a := addrs(b); len(a) == 1 {
		return a[0]
	}
	return netip.Addr{}
}

func seconds(b []byte) time.Duration {
	if len(b) != 4 {
		return 0
	}
	return time.Duration(binary.BigEndian.Uint32(b)) * time.Second
}

// text is a string up to its first NUL.
func text(b []byte) string {
	for i, c := range b {
		if c == 0 {
			return string(b[:i])
		}
	}
	return string(b)
}
