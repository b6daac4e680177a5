// Package fleet is the box among others: it says at an etcd they have in common that
// it is there, how it stands and how its phones stand, and knows the same of others.
//
//	/option150/box/DOMAIN/NAME/here        with a lease of 15 s: which process it is
//	                           about       version, services, configuration it has
//	                           phones/00.. states and verdicts, 32 phones a key
//	                           config      with `publish configuration`, gzip, no secrets
//	/option150/down/DOMAIN/NAME            the word of an operator that a box is off
//	/option150/bindings/DOMAIN/boxes       whose share of the pools is which
//	                           ...         the bindings, which are not this package's
//
// What is published is state, not events: after a cut a box compares what is at the
// engine with what is true now and writes the difference, at most one transaction a
// second. Whether a box is there the engine tells by its lease, so that no two clocks
// are compared. What a phone controls is a value and never a key; what other boxes
// write is bounded, checked, and shown with what does not print written out: one of
// them may be stolen. A box has its name to itself: a second one of that name
// publishes nothing, and says so.
//
// Concurrency: two goroutines while a section `fleet` is complete, none without.
// Failure: an engine that does not answer makes the service Degraded, and every other
// box unknown; nothing else of the box waits for it. Testing: against the etcd of
// Debian (TestFleet, TestUsers, TestHostile); TestMany is 500 boxes of 20 phones.
package fleet
