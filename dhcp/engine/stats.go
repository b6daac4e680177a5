package engine

// Statistics are the counters of `show ip dhcp server statistics`, and in
// Extra those that IOS does not have: they never appear in that table.
type Statistics struct {
	MemoryUsage    uint64 // bytes the bindings take, about
	AddressPools   int
	DatabaseAgents int
	Automatic      int // bindings now
	Manual         int // manual bindings configured
	Expired        uint64
	Malformed      uint64
	SecureARP      int
	Renew          uint64 // requests to renew or rebind a lease, of Received.Request
	Received       Received
	Sent           Sent
	Extra          Extra
	Shared         Shared
}

// Shared counts what becomes of leases of shared pools.
type Shared struct {
	Granted    uint64 // claims
	Refused    uint64 // by a rule, or because another box was first
	Unanswered uint64 // claims; their clients were not answered either
	Clashes    uint64 // addresses that two boxes had on record for two clients
}

// Received counts requests by message.
type Received struct {
	BootRequest, Discover, Request, Decline, Release, Inform uint64
	LeaseQuery                                               uint64 // not in the table
}

// Sent counts replies by message.
type Sent struct {
	BootReply, Offer, Ack, Nak uint64
	LeaseReply                 uint64 // not in the table
}

// Extra counts what IOS has no counter for.
type Extra struct {
	ForeignDecline uint64 // DECLINE of an address that is not the sender's
	ForeignRelease uint64
	MACMismatch    uint64 // Ethernet source other than chaddr
	RateLimited    uint64
	Starved        uint64 // one address more than one station may have
	OverLimit      uint64 // one lease more than its interface may have
	Untrusted      uint64 // option 82 without a relay
	OtherServer    uint64 // REQUEST that names another server
	UnknownClient  uint64 // REQUEST of a client we know nothing of
	Contested      uint64 // REQUEST for an address that two claim and nobody has
	Incomplete     uint64 // needed fields are missing
	NoPool         uint64
	NoLease        uint64
	Held           uint64 // not answered because another server answers
	DiskRefused    uint64 // not answered because the disk does not work
	Overload       uint64 // dropped because the disk is behind
	Late           uint64 // dropped because a newer copy waited, for want of room, or after a second
	SendFailed     uint64
}
