package wire

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
)

// AppendOption writes an option of known content.
func AppendOption(b []byte, code uint16, v []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint16(b, uint16(len(v)))
	return append(b, v...)
}

// Begin starts an option whose content follows; End closes it.
func Begin(b []byte, code uint16) (out []byte, at int) {
	b = binary.BigEndian.AppendUint16(b, code)
	return binary.BigEndian.AppendUint16(b, 0), len(b)
}

// End closes what Begin started. It reports false when the content is longer
// than an option can be: then what was written is of no use.
func End(b []byte, at int) bool {
	n := len(b) - at - 2
	if n > math.MaxUint16 {
		return false
	}
	binary.BigEndian.PutUint16(b[at:], uint16(n))
	return true
}

// AppendStatus writes a status code with its text.
func AppendStatus(b []byte, code uint16, text string) []byte {
	return AppendOption(b, OptStatus, append(binary.BigEndian.AppendUint16(nil, code), text...))
}

// AppendAddress writes an address of an IA with its lifetimes in seconds.
func AppendAddress(b []byte, a netip.Addr, preferred, valid uint32) []byte {
	v := a.As16()
	val := binary.BigEndian.AppendUint32(v[:len(v):len(v)], preferred)
	return AppendOption(b, OptIAAddr, binary.BigEndian.AppendUint32(val, valid))
}

// Addresses are the bytes of a list of addresses.
func Addresses(list []netip.Addr) (out []byte) {
	for _, a := range list {
		v := a.As16()
		out = append(out, v[:]...)
	}
	return out
}

// Names are the bytes of a list of names. [RFC 1035 3.1]
func Names(list []string) (out []byte) {
	for _, n := range list {
		for l := range strings.SplitSeq(strings.Trim(n, "."), ".") {
			out = append(append(out, byte(len(l))), l...)
		}
		out = append(out, 0)
	}
	return out
}

// AppendReply writes a reply into the relays of the request, the outermost
// first. It reports false when that does not fit.
func AppendReply(b []byte, relays []Relay, message []byte) ([]byte, bool) {
	if len(relays) == 0 {
		return append(b, message...), true
	}
	r := &relays[0]
	link, peer := r.Link.As16(), r.Peer.As16()
	b = append(b, RelayReply, r.Hops)
	b = append(append(b, link[:]...), peer[:]...)
	if r.Interface != nil {
		b = AppendOption(b, OptInterfaceID, r.Interface)
	}
	if r.Port != nil {
		b = AppendOption(b, OptRelayPort, r.Port)
	}
	b, at := Begin(b, OptRelayMsg)
	b, ok := AppendReply(b, relays[1:], message)
	return b, ok && End(b, at)
}
