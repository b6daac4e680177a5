package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/ether"
	"option150/platform/plain"
)

// Sizes of the fixed part. [RFC 2131 2]
const (
	HeaderLen  = 236 // up to the magic cookie
	CookieLen  = 4
	minReply   = 300  // RFC 951: some relays drop less
	MaxPayload = 1472 // one Ethernet frame
	DefPayload = 548  // 576 less IP and UDP header, RFC 2131 2
	MaxRequest = 2048 // larger datagrams are not DHCP
	FlagBcast  = 0x8000
	OpRequest  = 1
	OpReply    = 2
	PortServer = 67
	PortClient = 68
)

// Bounds of what a client or a relay may send.
const (
	MaxKey      = 512 // bytes of a client identifier or a parameter list
	MaxRelayLen = 1024
)

// Offsets in the fixed part.
const (
	OffRelay = 24 // giaddr
	offSname = 44
	OffFile  = 108
)

var (
	cookie       = []byte{99, 130, 83, 99}
	errMalformed = errors.New("malformed")
)

// Message types. 0 stands for BOOTP. [RFC 2132 9.6, RFC 4388 6.1]
const (
	MsgBootp           = 0
	MsgDiscover        = 1
	MsgOffer           = 2
	MsgRequest         = 3
	MsgDecline         = 4
	MsgAck             = 5
	MsgNak             = 6
	MsgRelease         = 7
	MsgInform          = 8
	MsgLeaseQuery      = 10
	MsgLeaseUnassigned = 11
	MsgLeaseUnknown    = 12
	MsgLeaseActive     = 13
)

// Option codes used by name.
const (
	OptPad          = 0
	OptMask         = 1
	OptRouters      = 3
	OptDNS          = 6
	OptHostname     = 12
	OptDomain       = 15
	OptBroadcast    = 28
	optVendorOpts   = 43
	OptNetBIOS      = 44
	OptNodeType     = 46
	OptRequestedIP  = 50
	OptLease        = 51
	OptOverload     = 52
	OptMessageType  = 53
	OptServerID     = 54
	OptParameters   = 55
	OptMessage      = 56
	OptMaxSize      = 57
	OptT1           = 58
	OptT2           = 59
	OptVendorClass  = 60
	OptClientID     = 61
	OptTFTPName     = 66
	OptBootfile     = 67
	OptRapidCommit  = 80
	OptRelayInfo    = 82
	OptLastTransact = 91
	OptV6Only       = 108
	OptSubnetSel    = 118
	OptUserClass    = 77
	OptVIClass      = 124 // RFC 3925
	OptVIVendor     = 125
	OptTFTPAddrs    = 150
	OptEnd          = 255
)

// Sub-options of option 82.
const (
	subCircuit    = 1
	subRemote     = 2
	subLinkSelect = 5  // RFC 3527
	subOverride   = 11 // RFC 5107
	subRelayPort  = 19 // RFC 8357
)

// Packet is a request as the engine sees it. It holds copies: nothing in it
// points into the buffer it was decoded from.
type Packet struct {
	Type      byte // a msg constant; msgBootp if there is no option 53
	cookie    bool // has the magic cookie: its sender understands options
	HType     byte
	xid       [4]byte
	Flags     uint16
	CIAddr    netip.Addr // invalid if 0.0.0.0, as the others
	GIAddr    netip.Addr
	MAC       ether.MAC
	Raw       [16]byte // chaddr with its padding, echoed
	ID        []byte   // option 61, nil if none
	Params    []byte   // option 55, nil if none
	Vendor    string   // option 60 without trailing NULs
	Host      string   // option 12, printable
	Wanted    netip.Addr
	Server    netip.Addr
	Lease     uint32 // option 51, 0 if none
	MaxSize   int    // largest UDP payload of a reply
	Rapid     bool
	Subnet    netip.Addr // option 118
	Relay     []byte     // option 82 as it came, nil if none
	Circuit   []byte
	Remote    []byte
	Link      netip.Addr // 82.5
	Override  netip.Addr // 82.11
	RelayPort bool       // 82.19: answer the relay's source port
	Cisco     bool       // option 60 is that of a Cisco phone
	class     [4][]byte  // see Option
}

// Decode reads a request. Every error is errMalformed with its reason. b is
// not kept. Facts: facts/dhcp.md 6.1.
func Decode(b []byte) (*Packet, error) {
	switch {
	case len(b) < HeaderLen:
		return nil, fmt.Errorf("%w: %d bytes", errMalformed, len(b))
	case len(b) > MaxRequest:
		return nil, fmt.Errorf("%w: longer than %d bytes", errMalformed, MaxRequest)
	case b[0] != OpRequest:
		return nil, fmt.Errorf("%w: op %d", errMalformed, b[0])
	case b[1] != 1 && b[1] != 6: // Ethernet, IEEE 802
		return nil, fmt.Errorf("%w: hardware type %d", errMalformed, b[1])
	case b[2] != 6:
		return nil, fmt.Errorf("%w: hardware address of %d bytes", errMalformed, b[2])
	}
	b = slices.Clone(b)
	p := &Packet{cookie: len(b) >= HeaderLen+CookieLen && bytes.Equal(b[HeaderLen:HeaderLen+CookieLen], cookie)}
	if !p.cookie && len(b) >= HeaderLen+CookieLen && !AllZero(b[HeaderLen:HeaderLen+CookieLen]) {
		return nil, fmt.Errorf("%w: magic cookie", errMalformed)
	}
	var o optionSet
	if p.cookie { // else plain BOOTP: no vendor area, or an empty one
		if err := o.readAll(b); err != nil {
			return nil, err
		}
	}
	p.HType, p.xid, p.Flags = b[1], [4]byte(b[4:8]), binary.BigEndian.Uint16(b[10:])
	p.Raw, p.MAC = [16]byte(b[28:44]), ether.MAC(b[28:34])
	p.CIAddr, p.GIAddr = AddrOf(b[12:16]), AddrOf(b[24:28])
	return p, p.options(&o)
}

// options takes over what the engine looks at. An option of the wrong length
// makes the packet malformed when an answer built on it could be wrong; a
// doubled option arrives here joined, which is right for RFC 3396 and wrong,
// and found by its length, for the short ones.
func (p *Packet) options(o *optionSet) error {
	bad := func(code byte) error { return fmt.Errorf("%w: option %d", errMalformed, code) }
	for _, f := range [...]struct {
		code byte
		size int
	}{{OptMessageType, 1}, {OptRequestedIP, 4}, {OptServerID, 4}, {OptLease, 4}, {OptSubnetSel, 4}, {OptMaxSize, 2}} {
		if o.has[f.code] && len(o.val[f.code]) != f.size {
			return bad(f.code)
		}
	}
	for _, code := range []byte{OptClientID, OptParameters} {
		if v := o.val[code]; o.has[code] && (len(v) == 0 || len(v) > MaxKey) {
			return bad(code)
		}
	}
	if o.has[OptMessageType] {
		p.Type = o.val[OptMessageType][0]
		switch p.Type {
		case MsgDiscover, MsgRequest, MsgDecline, MsgRelease, MsgInform, MsgLeaseQuery:
		default:
			return bad(OptMessageType)
		}
	}
	p.ID, p.Params = o.val[OptClientID], o.val[OptParameters]
	p.Vendor = Printable(strings.TrimRight(string(o.val[OptVendorClass]), "\x00"))
	p.Host = Printable(strings.TrimRight(string(o.val[OptHostname]), "\x00"))
	p.Cisco = CiscoPhone(p.Vendor)
	p.Wanted, p.Server, p.Subnet = AddrOf(o.val[OptRequestedIP]), AddrOf(o.val[OptServerID]), AddrOf(o.val[OptSubnetSel])
	if v := o.val[OptLease]; v != nil {
		p.Lease = max(binary.BigEndian.Uint32(v), 1)
	}
	p.MaxSize = DefPayload
	if v := o.val[OptMaxSize]; v != nil {
		if n := int(binary.BigEndian.Uint16(v)); n >= 576 { // less is illegal, RFC 2132 9.10
			p.MaxSize = min(n-28, MaxPayload)
		}
	}
	for i, code := range classOptions {
		p.class[i] = o.val[code]
	}
	p.Rapid = o.has[OptRapidCommit]
	if v := o.val[OptRelayInfo]; o.has[OptRelayInfo] {
		if len(v) > MaxRelayLen {
			return bad(OptRelayInfo)
		}
		p.Relay = append([]byte{}, v...)
		return p.relayInfo(v)
	}
	return nil
}

// relayInfo reads the sub-options the server understands. [RFC 3046 2]
func (p *Packet) relayInfo(v []byte) error {
	for len(v) > 0 {
		if len(v) < 2 || len(v) < 2+int(v[1]) {
			return fmt.Errorf("%w: option 82", errMalformed)
		}
		sub := v[2 : 2+int(v[1])]
		switch v[0] {
		case subCircuit:
			p.Circuit = slices.Clone(sub)
		case subRemote:
			p.Remote = slices.Clone(sub)
		case subLinkSelect:
			p.Link = AddrOf(sub)
		case subOverride:
			p.Override = AddrOf(sub)
		case subRelayPort:
			p.RelayPort = len(sub) == 0
		}
		v = v[2+len(sub):]
	}
	return nil
}

// Asked reports whether the client's parameter list names the option.
func (p *Packet) Asked(code byte) bool { return bytes.IndexByte(p.Params, code) >= 0 }

// classOptions are the options that classes are made of.
var classOptions = [...]byte{OptVendorClass, OptUserClass, OptVIClass, OptVIVendor}

// Option is what the client sent of an option that classes are made of: 60, 77,
// 124, 125, and 82, which its relay sent. nil for all others.
func (p *Packet) Option(code byte) []byte {
	if code == OptRelayInfo {
		return p.Relay
	}
	for i, c := range classOptions {
		if c == code {
			return p.class[i]
		}
	}
	return nil
}

// AppendKey appends what identifies the client: its client identifier, or else
// hardware type and address. [RFC 2131 4.2, RFC 4361]
func (p *Packet) AppendKey(b []byte) []byte {
	if len(p.ID) > 0 {
		return append(append(b, 'i'), p.ID...)
	}
	return append(append(b, 'h', p.HType), p.MAC[:]...)
}

// AddrOf reads four bytes; 0.0.0.0 and everything else is the invalid address.
func AddrOf(b []byte) netip.Addr {
	if len(b) != 4 || AllZero(b) {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b))
}

func AllZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Printable is a text of a client as it is shown and kept.
func Printable(s string) string { return plain.Shown(s, 128) }
