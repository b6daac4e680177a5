package store

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// errRecord says that a record in the store cannot be read.
var errRecord = errors.New("unreadable record")

// The versions of a record. An IPv4 address is written as it always was, so
// that a box that goes back to an earlier release reads its bindings.
const (
	recordVersion  = 1
	recordVersion6 = 2    // with IPv6 addresses, the preferred lifetime and the client's own address
	maxString      = 1024 // of a text in a record; longer ones are not written
)

// AppendRecord writes r in its binary form: that of the log, and of what boxes tell
// one another.
func AppendRecord(b []byte, r *engine.Record) []byte {
	var flags byte
	if r.Manual {
		flags |= 1
	}
	if r.Imported {
		flags |= 2
	}
	if r.Addr.Is6() {
		b = append(b, recordVersion6, r.Kind, r.State, flags, r.HType)
		b = appendAddr6(appendAddr6(b, r.Addr), r.Relay)
	} else {
		b = append(b, recordVersion, r.Kind, r.State, flags, r.HType)
		b = wire.AppendAddr(wire.AppendAddr(b, r.Addr), r.Relay)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Start))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Expiry))
	b = binary.LittleEndian.AppendUint32(b, r.Lease)
	b = append(b, r.MAC[:]...)
	if r.Addr.Is6() {
		b = binary.LittleEndian.AppendUint32(b, r.Preferred)
		b = appendAddr6(b, r.Peer)
	}
	for _, s := range []string{r.Key, r.Pool, r.Interface, r.Hostname, r.Vendor, r.Method} {
		if len(s) > maxString {
			s = s[:maxString]
		}
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}

// appendAddr6 writes an IPv6 address; one that is not there is all zeros.
func appendAddr6(b []byte, a netip.Addr) []byte {
	if !a.IsValid() {
		a = netip.IPv6Unspecified()
	}
	v := a.As16()
	return append(b, v[:]...)
}

func addr6Of(b []byte) netip.Addr {
	if a := netip.AddrFrom16([16]byte(b)); !a.IsUnspecified() && !a.Is4In6() {
		return a
	}
	return netip.Addr{}
}

const (
	recordFixed  = 5 + 4 + 4 + 8 + 8 + 4 + 6
	recordFixed6 = 5 + 16 + 16 + 8 + 8 + 4 + 6 + 4 + 16
)

// ParseRecord reads what AppendRecord wrote.
func ParseRecord(b []byte) (engine.Record, error) {
	if len(b) < recordFixed || b[0] != recordVersion && (b[0] != recordVersion6 || len(b) < recordFixed6) {
		return engine.Record{}, errRecord
	}
	six := b[0] == recordVersion6
	r := engine.Record{Kind: b[1], State: b[2], Manual: b[3]&1 != 0, Imported: b[3]&2 != 0, HType: b[4]}
	if b = b[5:]; six {
		r.Addr, r.Relay, b = addr6Of(b[:16]), addr6Of(b[16:32]), b[32:]
	} else {
		r.Addr, r.Relay, b = wire.AddrOf(b[:4]), wire.AddrOf(b[4:8]), b[8:]
	}
	r.Start = int64(binary.LittleEndian.Uint64(b))
	r.Expiry = int64(binary.LittleEndian.Uint64(b[8:]))
	r.Lease = binary.LittleEndian.Uint32(b[16:])
	r.MAC = ether.MAC(b[20:26])
	if b = b[26:]; six {
		r.Preferred, r.Peer, b = binary.LittleEndian.Uint32(b), addr6Of(b[4:20]), b[20:]
	}
	for _, s := range []*string{&r.Key, &r.Pool, &r.Interface, &r.Hostname, &r.Vendor, &r.Method} {
		if len(b) < 2 {
			return engine.Record{}, errRecord
		}
		n := int(binary.LittleEndian.Uint16(b))
		if n > maxString || len(b) < 2+n {
			return engine.Record{}, errRecord
		}
		*s, b = string(b[2:2+n]), b[2+n:]
	}
	ok := len(b) == 0 && r.Addr.IsValid() && r.Kind >= engine.RecordBinding && r.Kind <= engine.RecordResolved &&
		(r.Kind != engine.RecordBinding || r.Key != "" && (r.State == engine.StateLeased || r.State == engine.StateFree))
	if !ok {
		return engine.Record{}, errRecord
	}
	return r, nil
}
