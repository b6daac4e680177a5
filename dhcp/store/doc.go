// Package store keeps the bindings of the DHCP server on disk: an append-only
// log of checked records in segments, and a snapshot that replaces old ones.
//
// A batch is one write and one fdatasync: when Commit returns, its records
// survive a power cut. Concurrency: one goroutine commits; compaction runs
// beside it on segments that are closed. Failure: Commit says so and the
// segment is not used again until Reopen; what cannot be read at start is
// reported and does not keep the rest from being read. Testing: in a directory,
// with torn and damaged files, with a sync that fails, and by killing the
// process (TestKill of package dhcp).
package store
