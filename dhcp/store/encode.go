package store

import (
	"encoding/binary"
	"errors"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// errRecord says that a record in the store cannot be read.
var errRecord = errors.New("unreadable record")

const (
	recordVersion = 1
	maxString     = 1024 // of a text in a record; longer ones are not written
)

// appendRecord writes r in its binary form.
func appendRecord(b []byte, r *engine.Record) []byte {
	var flags byte
	if r.Manual {
		flags |= 1
	}
	if r.Imported {
		flags |= 2
	}
	b = append(b, recordVersion, r.Kind, r.State, flags, r.HType)
	b = wire.AppendAddr(b, r.Addr)
	b = wire.AppendAddr(b, r.Relay)
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

const recordFixed = 5 + 4 + 4 + 8 + 8 + 4 + 6

// parseRecord reads what appendRecord wrote.
func parseRecord(b []byte) (engine.Record, error) {
	if len(b) < recordFixed || b[0] != recordVersion {
		return engine.Record{}, errRecord
	}
	r := engine.Record{Kind: b[1], State: b[2], Manual: b[3]&1 != 0, Imported: b[3]&2 != 0, HType: b[4]}
	r.Addr, r.Relay = wire.AddrOf(b[5:9]), wire.AddrOf(b[9:13])
	r.Start = int64(binary.LittleEndian.Uint64(b[13:]))
	r.Expiry = int64(binary.LittleEndian.Uint64(b[21:]))
	r.Lease = binary.LittleEndian.Uint32(b[29:])
	r.MAC = ether.MAC(b[33:39])
	b = b[recordFixed:]
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
