// Package share is the rules by which several boxes give out the addresses of the
// same pools: whose share an address is in, what a box may do while it is connected
// to the engine that all of them write to, and what while it is isolated.
//
//	absent, of my share ------------------> create, if it still is absent
//	its client's -------------------------> put, if nobody changed it meanwhile
//	another client's, long over, my share,
//	and every box there or declared down -> put, in the same way
//	isolated: an active lease a little longer, or never used addresses of my share
//
// It follows the rules of draft-ietf-dhc-failover-12 for lead time (5.2.1) and partner
// down (9.4), with a store that compares and swaps in place of its messages;
// docs/adr/0019 says why each rule is as it is. dhcp/engine asks it, where a domain is set.
//
// Concurrency: a Domain belongs to one goroutine, as the engine of dhcp does. It is
// pure: it reads no clock and sends nothing. Failure: a Refusal says which rule
// forbids an address; what is not known counts against giving it out. Testing:
// random schedules of boxes, members, clients and faults, whose ACKs are
// checked afterwards (TestSchedules); make shares runs thousands.
package share
