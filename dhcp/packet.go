package dhcp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"option150/platform/ether"
)

// Sizes of the fixed part. [RFC 2131 2]
const (
	headerLen  = 236 // up to the magic cookie
	cookieLen  = 4
	minReply   = 300  // RFC 951: some relays drop less
	maxPayload = 1472 // one Ethernet frame
	defPayload = 548  // 576 less IP and UDP header, RFC 2131 2
	maxRequest = 2048 // larger datagrams are not DHCP
	flagBcast  = 0x8000
	opRequest  = 1
	opReply    = 2
	portServer = 67
	portClient = 68
)

// Offsets in the fixed part.
const (
	offSname = 44
	offFile  = 108
)

var (
	cookie       = []byte{99, 130, 83, 99}
	errMalformed = errors.New("malformed")
)

// Message types. 0 stands for BOOTP. [RFC 2132 9.6, RFC 4388 6.1]
const (
	msgBootp           = 0
	msgDiscover        = 1
	msgOffer           = 2
	msgRequest         = 3
	msgDecline         = 4
	msgAck             = 5
	msgNak             = 6
	msgRelease         = 7
	msgInform          = 8
	msgLeaseQuery      = 10
	msgLeaseUnassigned = 11
	msgLeaseUnknown    = 12
	msgLeaseActive     = 13
)

// Option codes used by name.
const (
	optPad          = 0
	optMask         = 1
	optRouters      = 3
	optDNS          = 6
	optHostname     = 12
	optDomain       = 15
	optBroadcast    = 28
	optVendorOpts   = 43
	optNetBIOS      = 44
	optNodeType     = 46
	optRequestedIP  = 50
	optLease        = 51
	optOverload     = 52
	optMessageType  = 53
	optServerID     = 54
	optParameters   = 55
	optMessage      = 56
	optMaxSize      = 57
	optT1           = 58
	optT2           = 59
	optVendorClass  = 60
	optClientID     = 61
	optTFTPName     = 66
	optBootfile     = 67
	optRapidCommit  = 80
	optRelayInfo    = 82
	optLastTransact = 91
	optV6Only       = 108
	optSubnetSel    = 118
	optTFTPAddrs    = 150
	optEnd          = 255
)

// Sub-options of option 82.
const (
	subCircuit    = 1
	subRemote     = 2
	subLinkSelect = 5  // RFC 3527
	subOverride   = 11 // RFC 5107
	subRelayPort  = 19 // RFC 8357
)

// packet is a request as the engine sees it. It holds copies: nothing in it
// points into the buffer it was decoded from.
type packet struct {
	typ     byte // a msg constant; msgBootp if there is no option 53
	cookie  bool // has the magic cookie: its sender understands options
	htype   byte
	xid     [4]byte
	flags   uint16
	ciaddr  netip.Addr // invalid if 0.0.0.0, as the others
	giaddr  netip.Addr
	mac     ether.MAC
	raw     [16]byte // chaddr with its padding, echoed
	id      []byte   // option 61, nil if none
	params  []byte   // option 55, nil if none
	vendor  string   // option 60 without trailing NULs
	host    string   // option 12, printable
	wanted  netip.Addr
	server  netip.Addr
	lease   uint32 // option 51, 0 if none
	maxSize int    // largest UDP payload of a reply
	rapid   bool
	subnet  netip.Addr // option 118
	relay   []byte     // option 82 as it came, nil if none
	circuit []byte
	remote  []byte
	link    netip.Addr // 82.5
	over    netip.Addr // 82.11
	port    bool       // 82.19: answer the relay's source port
	cisco   bool       // option 60 is that of a Cisco phone
}

// decode reads a request. Every error is errMalformed with its reason. b is
// not kept. Facts: reference/dhcp.md 6.1.
func decode(b []byte) (*packet, error) {
	switch {
	case len(b) < headerLen:
		return nil, fmt.Errorf("%w: %d bytes", errMalformed, len(b))
	case len(b) > maxRequest:
		return nil, fmt.Errorf("%w: longer than %d bytes", errMalformed, maxRequest)
	case b[0] != opRequest:
		return nil, fmt.Errorf("%w: op %d", errMalformed, b[0])
	case b[1] != 1 && b[1] != 6: // Ethernet, IEEE 802
		return nil, fmt.Errorf("%w: hardware type %d", errMalformed, b[1])
	case b[2] != 6: // the library cuts or pads silently
		return nil, fmt.Errorf("%w: hardware address of %d bytes", errMalformed, b[2])
	}
	// A complete packet without END is accepted, an overrun by one byte is
	// still refused, because END is appended to a copy.
	buf := make([]byte, 0, len(b)+cookieLen+1)
	p := &packet{cookie: len(b) >= headerLen+cookieLen && bytes.Equal(b[headerLen:headerLen+cookieLen], cookie)}
	switch {
	case p.cookie:
		buf = append(buf, b...)
	case len(b) >= headerLen+cookieLen && !allZero(b[headerLen:headerLen+cookieLen]):
		return nil, fmt.Errorf("%w: magic cookie", errMalformed)
	default: // plain BOOTP: no vendor area, or an empty one
		buf = append(append(buf, b[:headerLen]...), cookie...)
	}
	m, err := dhcpv4.FromBytes(append(buf, optEnd))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	if err := overload(m.Options, b); err != nil {
		return nil, err
	}
	p.htype, p.xid, p.flags = b[1], [4]byte(b[4:8]), m.Flags
	p.raw, p.mac = [16]byte(b[28:44]), ether.MAC(b[28:34])
	p.ciaddr, p.giaddr = addrOf(b[12:16]), addrOf(b[24:28])
	return p, p.options(m.Options)
}

// overload adds the options in file and sname when option 52 says so. The
// library ignores it and cuts both fields at the first NUL. [RFC 2131 4.1]
func overload(o dhcpv4.Options, b []byte) error {
	v, ok := o[optOverload]
	if !ok {
		return nil
	}
	if len(v) != 1 || v[0] < 1 || v[0] > 3 {
		return fmt.Errorf("%w: option 52", errMalformed)
	}
	if v[0]&1 != 0 {
		if err := o.FromBytes(b[offFile:headerLen]); err != nil {
			return fmt.Errorf("%w: file: %w", errMalformed, err)
		}
	}
	if v[0]&2 != 0 {
		if err := o.FromBytes(b[offSname:offFile]); err != nil {
			return fmt.Errorf("%w: sname: %w", errMalformed, err)
		}
	}
	return nil
}

// options takes over what the engine looks at. An option of the wrong length
// makes the packet malformed when an answer built on it could be wrong; a
// doubled option arrives here joined, which is right for RFC 3396 and wrong,
// and found by its length, for the short ones.
func (p *packet) options(o dhcpv4.Options) error {
	bad := func(code byte) error { return fmt.Errorf("%w: option %d", errMalformed, code) }
	for _, f := range [...]struct {
		code byte
		size int
	}{{optMessageType, 1}, {optRequestedIP, 4}, {optServerID, 4}, {optLease, 4}, {optSubnetSel, 4}, {optMaxSize, 2}} {
		if v, ok := o[f.code]; ok && len(v) != f.size {
			return bad(f.code)
		}
	}
	for _, code := range []byte{optClientID, optParameters} {
		if v, ok := o[code]; ok && (len(v) == 0 || len(v) > maxKey) {
			return bad(code)
		}
	}
	if v, ok := o[optMessageType]; ok {
		p.typ = v[0]
		switch p.typ {
		case msgDiscover, msgRequest, msgDecline, msgRelease, msgInform, msgLeaseQuery:
		default:
			return bad(optMessageType)
		}
	}
	p.id, p.params = o[optClientID], o[optParameters]
	p.vendor = printable(strings.TrimRight(string(o[optVendorClass]), "\x00"))
	p.host = printable(strings.TrimRight(string(o[optHostname]), "\x00"))
	p.cisco = ciscoPhone(p.vendor)
	p.wanted, p.server, p.subnet = addrOf(o[optRequestedIP]), addrOf(o[optServerID]), addrOf(o[optSubnetSel])
	if v := o[optLease]; v != nil {
		p.lease = max(binary.BigEndian.Uint32(v), 1)
	}
	p.maxSize = defPayload
	if v := o[optMaxSize]; v != nil {
		if n := int(binary.BigEndian.Uint16(v)); n >= 576 { // less is illegal, RFC 2132 9.10
			p.maxSize = min(n-28, maxPayload)
		}
	}
	_, p.rapid = o[optRapidCommit]
	if v, ok := o[optRelayInfo]; ok {
		if len(v) > maxRelayLen {
			return bad(optRelayInfo)
		}
		p.relay = append([]byte{}, v...)
		return p.relayInfo(v)
	}
	return nil
}

// relayInfo reads the sub-options the server understands. [RFC 3046 2]
func (p *packet) relayInfo(v []byte) error {
	for len(v) > 0 {
		if len(v) < 2 || len(v) < 2+int(v[1]) {
			return fmt.Errorf("%w: option 82", errMalformed)
		}
		sub := v[2 : 2+int(v[1])]
		switch v[0] {
		case subCircuit:
			p.circuit = slices.Clone(sub)
		case subRemote:
			p.remote = slices.Clone(sub)
		case subLinkSelect:
			p.link = addrOf(sub)
		case subOverride:
			p.over = addrOf(sub)
		case subRelayPort:
			p.port = len(sub) == 0
		}
		v = v[2+len(sub):]
	}
	return nil
}

// asked reports whether the client's parameter list names the option.
func (p *packet) asked(code byte) bool { return bytes.IndexByte(p.params, code) >= 0 }

// appendKey appends what identifies the client: its client identifier, or else
// hardware type and address. [RFC 2131 4.2, RFC 4361]
func (p *packet) appendKey(b []byte) []byte {
	if len(p.id) > 0 {
		return append(append(b, 'i'), p.id...)
	}
	return append(append(b, 'h', p.htype), p.mac[:]...)
}

// addrOf reads four bytes; 0.0.0.0 and everything else is the invalid address.
func addrOf(b []byte) netip.Addr {
	if len(b) != 4 || allZero(b) {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(b))
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// printable replaces what would upset a terminal or a log. It bounds the text
// too: clients choose it.
func printable(s string) string {
	const most = 128
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return '?'
		}
		return r
	}, s)
}
