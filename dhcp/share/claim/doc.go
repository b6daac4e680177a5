// Package claim connects a DHCP server with the boxes it shares its pools with: it
// claims leases at an engine that all of them write to, brings to each what the
// others have granted, and says when a box is isolated. What may be granted
// is decided by dhcp/share, in the engine of dhcp; this package carries it out.
//
//	/option150/bindings/DOMAIN/boxes        the list of the boxes, by which the shares go
//	.../generation                          goes up when somebody finds that the engine went back
//	.../at/10.77.0.100                      a lease, as dhcp/store writes it
//	.../beat/BOX, .../clock/BOX             signs of life: that it has seen all; that it runs, and its clock
//	/option150/down/DOMAIN/BOX              the word of an operator that it is off
//
// What a phone says is part of a value, never of a key. docs/adr/0019 has the rules.
//
// Concurrency: a Session has two goroutines, one that reads and says that the box is
// there, one that follows changes; Claim is called by one goroutine of the server's.
// Both change the domain by functions that the goroutine of the DHCP engine runs.
// Failure: a claim without an answer within half a second is told as such, never
// guessed; it is repeated within that time, which by its comparison does no
// harm; and all is read again before the box counts as connected. Testing: against
// a store in memory that loses requests and answers, and against Debian's etcd.
package claim
