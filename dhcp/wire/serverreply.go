package wire

import (
	"bytes"
	"net/netip"
	"slices"

	"option150/platform/ether"
)

// ServerReply is what the box looks at in a reply of another server. It holds
// copies, as packet does.
type ServerReply struct {
	typ    byte       // msgOffer, msgAck or msgNak
	Server netip.Addr // option 54, invalid if none
	Client ether.MAC
	Addr   netip.Addr // yiaddr
	Relay  netip.Addr
	Mask   netip.Addr // option 1, invalid if none
	Name   []byte     // option 66, nil if none
	TFTP   []byte     // option 150, nil if none
	Next   netip.Addr // siaddr, invalid if none
	Boot   string     // sname, "" if none or if it holds options
	Router netip.Addr // the first of option 3, invalid if none
}

// Ack reports a DHCPACK.
func (a ServerReply) Ack() bool { return a.typ == MsgAck }

// DecodeReply reads an OFFER, ACK or NAK; ok is false for everything else.
func DecodeReply(b []byte) (a ServerReply, ok bool) {
	if len(b) < HeaderLen+CookieLen || len(b) > MaxRequest || b[0] != OpReply || b[2] != 6 || !bytes.Equal(b[HeaderLen:HeaderLen+CookieLen], cookie) {
		return a, false
	}
	var o optionSet
	if o.read(b[HeaderLen+CookieLen:]) != nil {
		return a, false
	}
	typ := o.val[OptMessageType]
	if len(typ) != 1 || typ[0] != MsgOffer && typ[0] != MsgAck && typ[0] != MsgNak {
		return a, false
	}
	a = ServerReply{typ: typ[0], Server: AddrOf(o.val[OptServerID]), Client: ether.MAC(b[28:34]), Addr: AddrOf(b[16:20]), Relay: AddrOf(b[24:28])}
	if mask := o.val[OptMask]; len(mask) == 4 {
		a.Mask = netip.AddrFrom4([4]byte(mask))
	}
	a.Name, a.TFTP = slices.Clone(o.val[OptTFTPName]), slices.Clone(o.val[OptTFTPAddrs])
	a.Next = AddrOf(b[20:24])
	if over := o.val[OptOverload]; len(over) == 0 || over[0]&2 == 0 {
		name, _, _ := bytes.Cut(b[offSname:OffFile], []byte{0})
		a.Boot = string(name)
	}
	if r := o.val[OptRouters]; len(r) >= 4 {
		a.Router = AddrOf(r[:4])
	}
	return a, true
}
