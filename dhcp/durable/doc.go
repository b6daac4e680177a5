// Package durable is what the DHCP servers of both families are built around:
// the committer, by which a binding is on disk before its client is told of it;
// what a disk that fails and comes back means to the engine; a clock that no one sets;
// and the mailbox of the one goroutine that decides.
//
// It follows the decisions of dhcp: one engine without locks, one writer of
// records, replies that wait for their batch. Concurrency: the methods may be
// called from any goroutine, but for those of Clock, which belongs to the engine's.
// Failure: a disk that cannot be written is a state that is asked for, not an
// error of a call. Testing: with a store whose sync fails or waits, and by killing
// the process.
package durable
