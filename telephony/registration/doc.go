// Package registration reads, on a mirror port, how phones register at their
// call control. It is the surest sign that a phone came up: call control itself
// says so.
//
//	SCCP  TCP 2000: RegisterAck, RegisterReject, keep-alives that nobody answers
//	SIP   UDP and TCP 5060: 200 OK to a REGISTER, with a binding; what refuses it
//	both encrypted, TCP 2443 and 5061: a connection that carries data both ways
//	for a while. It is no more than that, so it is inferred
//
// A connection that opens is no registration, and neither is one that is asked
// for. What a phone says of itself on the way, its name and its load, is told
// with it, as wire.Told.
//
// Follows RFC 3261 10 (REGISTER), RFC 8446 5.1 (records of TLS), and the message
// numbers of SCCP as Wireshark's packet-skinny and chan-sccp have them.
//
// The box sees such frames on an interface that `mirror` in section `pfs` names.
//
// Bounds: 4096 connections and as many SIP registrations, 16 KiB kept of each
// direction, 100 facts a second; what is beyond is let go, the oldest first.
// Every byte is a stranger's: what does not read as it should is passed over.
//
// Concurrency: a Watcher is for one goroutine. Failure: Watch returns what the
// socket says. Testing: packets made by hand, and a fuzz target.
package registration
