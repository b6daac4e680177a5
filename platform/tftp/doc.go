// Package tftp is the TFTP server of the appliance: how phones without HTTP,
// boot loaders and recovery images get their files, and where every phone goes
// when HTTP cannot serve it.
//
// Follows RFC 1350, 1123 section 4.2, 2347 (options), 2348 (blksize), 2349
// (timeout, tsize) and 7440 (windowsize, at most 64). Why it is an engine of
// our own: docs/adr/0001-own-tftp-engine.md.
//
//	port 69  --door-->  look-up (bounded goroutines, fileserver.Opener)
//	                       |
//	                       v
//	             256 sockets, of which a keyed hash of the client picks one; one
//	             goroutine (hub) reads them, and their packets meet the
//	             transfer in the shard of the client; it also keeps the time
//
// A transfer is a value in the table of one shard: no socket and no goroutine
// of its own. The state machine (sender) is pure: packets and times in, blocks
// out. A client's address chooses shard and socket, so that a repeated request
// always meets the transfer it belongs to. Why there are so many sockets:
// docs/adr/0011-a-port-is-the-only-secret.md.
//
// A request holds a place of the serving count only while it is looked up and
// from its first acknowledgement on: until then its address may be forged.
//
// Concurrency: every exported method may be called from any goroutine. Opener
// is called from at most settings.MaxLookups goroutines; Content.ReadAt is
// called with the lock of one shard held and must not wait for more than a
// disk. File.Finish is called exactly once for every file opened, without a
// lock held.
//
// Failure: a malformed packet is answered with a fixed text at a limited rate
// or not at all; an error is never answered. A panic of the Opener or of a
// Content ends that one transfer. Sockets are kept by a listen.Set. Stop never
// waits for a client: running transfers go on on the pool sockets for a grace
// time.
//
// Testing: New with an Opener over a map, a Spec with port 0 of 127.0.0.1, and
// a probe that sends packets by hand; see harness_test.go and probe_test.go.
package tftp
