package engine

import (
	"net/netip"

	"option150/platform/ether"
)

// Kinds of record.
const (
	RecordBinding  = 1 // the state of an address, whole
	RecordForget   = 2 // nothing is known of the address
	RecordConflict = 3
	RecordResolved = 4 // the conflict is cleared
)

// States of a binding on disk.
const (
	StateLeased = 1
	StateFree   = 2 // released or taken back; the owner is remembered
)

// Record is one fact in the bindings store, of an IPv4 or an IPv6 address. A
// record says all there is to say about its address, so that the last one wins
// and compaction is dropping the others. Times are seconds since 1970.
type Record struct {
	Kind      byte
	State     byte
	Manual    bool
	Imported  bool // from the list of another server, and not asked for since
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

	// What an IPv6 address has besides. Its Key is the number of the association,
	// four bytes, and the DUID of the client.
	Preferred uint32     // seconds, 0xffffffff = infinite
	Peer      netip.Addr // link-local address of the client
}
