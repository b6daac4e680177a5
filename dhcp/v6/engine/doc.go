// Package engine decides what the DHCPv6 server answers: message and time in,
// outcome out. It owns every binding, offer, conflict and counter, and has the
// values that the server is configured by and shows.
//
// RFC 8415 without its prefixes and temporary addresses, 3646 (names), 4242
// (information refresh), 4704, 6939, 8357; the vendor options by which Cisco
// phones learn their TFTP servers [sources/004]; IOS where those leave a choice.
// Records, times and what a disk that fails means are those of dhcp/engine, the
// server of IPv4, so that store and committer are the same code.
//
// Which address a client gets is computed of the prefix and who it is: it is the
// same after everything was lost, and none can be foretold by a neighbour's.
// Whether it is in use is found out by the client, which has to ask before it
// uses an address (RFC 4862 5.4) and declines one that is taken; only an address
// that a client claims without a record is asked for from here.
//
// Pure: it opens nothing, reads no clock and has no lock. One goroutine owns an
// Engine; what its methods return are copies, but for an Outcome, which belongs
// to whoever took it. Failure: what makes no sense is counted and dropped; a
// disk that fails is told to it and limits what it promises. Testing: tables of
// messages; time passes when a test says so.
package engine
