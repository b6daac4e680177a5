// Package tftp is the TFTP server of the appliance: how phones without HTTP,
// boot loaders and recovery images get their files, and where every phone goes
// when HTTP cannot serve it.
//
// Follows RFC 1350, 1123 section 4.2, 2347 (options), 2348 (blksize), 2349
// (timeout, tsize) and 7440 (windowsize, at most 64). Why it is an engine of
// our own: docs/adr/0001-own-tftp-engine.md.
//
//	port 69  --door-->  lookup (bounded goroutines, fileserver.Opener)
//	                       |
//	                       v
//	             TID pool: K sockets, each a shard with a table of transfers,
//	             one reading goroutine and one timer goroutine
//
// A transfer is a value in the table of one shard: no socket and no goroutine
// of its own. The state machine (sender) is pure: packets and times in, blocks
// out. A client's address chooses its shard, so that a repeated request always
// meets the transfer it belongs to.
//
// Concurrency: every exported method may be called from any goroutine. Opener
// is called from at most Settings.MaxLookups goroutines; Content.ReadAt is
// called with the lock of one shard held and must not wait for more than a
// disk. File.Finish is called exactly once for every file opened, without a
// lock held.
//
// Failure: a malformed packet is answered with a fixed text at a limited rate
// or not at all; an error is never answered. A panic of the Opener or of a
// Content ends that one transfer. A socket that dies is reported in Status and
// opened again with growing pauses; it never spins. Stop never waits for a
// client: running transfers go on on the pool sockets for a grace time.
//
// Testing: New with an Opener over a map, Serve on a socket of port 0 of
// 127.0.0.1, and a probe that sends packets by hand; see harness_test.go and probe_test.go.
package tftp
