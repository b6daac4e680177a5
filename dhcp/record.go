package dhcp

import (
	"encoding/binary"
	"errors"
	"net/netip"

	"option150/platform/ether"
)

// Kinds of record.
const (
	recordBinding  = 1 // the state of an address, whole
	recordForget   = 2 // nothing is known of the address
	recordConflict = 3
	recordResolved = 4 // the conflict is cleared
)

// States of a binding on disk.
const (
	stateLeased = 1
	stateFree   = 2 // released or taken back; the owner is remembered
)

// record is one fact in the bindings store. A record says all there is to say
// about its address, so that the last one wins and compaction is dropping the
// others. Times are seconds since 1970.
type record struct {
	Kind      byte
	State     byte
	Manual    bool
	HType     byte
	Addr      netip.Addr
	Relay     netip.Addr
	Start     int64  // when the lease was last granted, or the conflict found
	Expiry    int64  // forever = infinite
	Lease     uint32 // seconds granted, 0xffffffff = infinite
	MAC       ether.MAC
	Key       string // see packet.appendKey
	Pool      string
	Interface string
	Hostname  string
	Vendor    string
	Method    string // of a conflict
}

// errRecord says that a record in the store cannot be read.
var errRecord = errors.New("unreadable record")

const (
	recordVersion = 1
	maxString     = 1024 // of a text in a record; longer ones are not written
)

// appendRecord writes r in its binary form.
func appendRecord(b []byte, r *record) []byte {
	var flags byte
	if r.Manual {
		flags |= 1
	}
	b = append(b, recordVersion, r.Kind, r.State, flags, r.HType)
	b = appendAddr(b, r.Addr)
	b = appendAddr(b, r.Relay)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Start))
	b = binary.LittleEndian.AppendUint64(b, uint64(r.Expiry))
	b = binary.LittleEndian.AppendUint32(b, r.Lease)
	b = append(b, r.MAC[:]...)
	for _, s := range []string{r.Key, r.Pool, r.Interface, r.Hostname, r.Vendor, r.Method} {
		if len(s) > maxString {
			s = s[:maxString]
		}
		b = append(binary.LittleEndian.AppendUint16(b, uint16(len(s))), s...)
	}
	return b
}

func appendAddr(b []byte, a netip.Addr) []byte {
	var v [4]byte
	putAddr(v[:], a)
	return append(b, v[:]...)
}

const recordFixed = 5 + 4 + 4 + 8 + 8 + 4 + 6

// parseRecord reads what appendRecord wrote.
func parseRecord(b []byte) (record, error) {
	if len(b) < recordFixed || b[0] != recordVersion {
		return record{}, errRecord
	}
	r := record{Kind: b[1], State: b[2], Manual: b[3]&1 != 0, HType: b[4]}
	r.Addr, r.Relay = addrOf(b[5:9]), addrOf(b[9:13])
	r.Start = int64(binary.LittleEndian.Uint64(b[13:]))
	r.Expiry = int64(binary.LittleEndian.Uint64(b[21:]))
	r.Lease = binary.LittleEndian.Uint32(b[29:])
	r.MAC = ether.MAC(b[33:39])
	b = b[recordFixed:]
	for _, s := range []*string{&r.Key, &r.Pool, &r.Interface, &r.Hostname, &r.Vendor, &r.Method} {
		if len(b) < 2 {
			return record{}, errRecord
		}
		n := int(binary.LittleEndian.Uint16(b))
		if n > maxString || len(b) < 2+n {
			return record{}, errRecord
		}
		*s, b = string(b[2:2+n]), b[2+n:]
	}
	ok := len(b) == 0 && r.Addr.IsValid() && r.Kind >= recordBinding && r.Kind <= recordResolved &&
		(r.Kind != recordBinding || r.Key != "" && (r.State == stateLeased || r.State == stateFree))
	if !ok {
		return record{}, errRecord
	}
	return r, nil
}
