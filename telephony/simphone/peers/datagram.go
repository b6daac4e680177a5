package peers

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// mark is the beginning of all that these phones send to each other.
const mark = "PFS-TEST synthetic "

// maxDatagram bounds what is read.
const maxDatagram = 512

// The verbs.
const (
	vClaim = "CLAIM" // broadcast: xid strength n model
	vRoot  = "ROOT"  // the address to follow
	vJoin  = "JOIN"  // xid n model, the address that is followed
	vPlace = "PLACE" // parent depth xid of the root
	vAdopt = "ADOPT" // the child to serve
	vBye   = "BYE"   // a child needs nothing more
	vLeave = "LEAVE" // takes no more children
)

// datagram is a parsed datagram.
type datagram struct {
	from        netip.Addr
	verb, group string
	args        []string
}

func parse(from netip.Addr, b []byte) (datagram, bool) {
	s, ok := strings.CutPrefix(string(b), mark)
	f := strings.Fields(s)
	if !ok || len(f) < 2 {
		return datagram{}, false
	}
	return datagram{from: from, verb: f[0], group: f[1], args: f[2:]}, true
}

func (d datagram) arg(i int) string {
	if i < len(d.args) {
		return d.args[i]
	}
	return ""
}

func (d datagram) addr(i int) netip.Addr {
	a, err := netip.ParseAddr(d.arg(i))
	if err != nil {
		return netip.Addr{}
	}
	return a
}

func (d datagram) hex(i int) uint32 {
	v, err := strconv.ParseUint(d.arg(i), 16, 32)
	if err != nil {
		return 0
	}
	return uint32(v)
}

func (d datagram) number(i int) int {
	v, err := strconv.Atoi(d.arg(i))
	if err != nil {
		return 0
	}
	return v
}

// send is one datagram; one that cannot be sent is one that nobody heard.
func (n *Node) send(to netip.Addr, verb, group string, args ...any) {
	b := []byte(mark + verb + " " + group)
	for _, a := range args {
		b = fmt.Appendf(b, " %v", a)
	}
	_, _ = n.udp.WriteToUDPAddrPort(b, netip.AddrPortFrom(to, Port))
}

// Broadcast is the directed broadcast address of a subnet.
func Broadcast(p netip.Prefix) netip.Addr {
	a := p.Addr().As4()
	for i := p.Bits(); i < 32; i++ {
		a[i/8] |= 0x80 >> (i % 8)
	}
	return netip.AddrFrom4(a)
}

// listen reads datagrams until the socket is closed.
func (n *Node) listen() {
	b := make([]byte, maxDatagram)
	for {
		k, from, err := n.udp.ReadFromUDPAddrPort(b)
		if err != nil {
			if n.ctx.Err() != nil {
				return
			}
			if _, ok := err.(*net.OpError); ok {
				continue // an ICMP error of a former send
			}
			return
		}
		a := from.Addr().Unmap()
		if d, ok := parse(a, b[:k]); ok && a != n.cfg.Addr.Addr() && n.cfg.Addr.Contains(a) {
			n.take(d)
		}
	}
}
