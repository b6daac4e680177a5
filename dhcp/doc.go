// Package dhcp is the IPv4 DHCP server of the appliance: the addresses, option
// 66 and option 150 a branch's phones need before they can ask for a file.
//
//	UDP :67, AF_PACKET             one engine goroutine            one committer
//	reader per interface, queue -> packets, now -> outcome  --->   log, fdatasync
//	                                 |  OFFER, NAK at once           |  ACK afterwards
//	                                 +--> raw frame / broadcast / relay <--+
//
// What waits is taken together at each step, and nobody waits when nothing does
// (docs/adr/0016). When more waits than can be answered in time, the queue says
// what goes first, the engine's goroutine reads the sockets itself (intake), and
// a window bounds the OFFERs under way.
//
// It follows RFC 951, 1542, 2131, 2132, 3011, 3046, 3396, 3527, 4039, 4361,
// 5107, 5227 (probing, in the background), 5859 (option 150), 6842, 8357 and
// 8925, and IOS where those leave a choice. The fifty checks named TestCheckNN
// are its specification.
//
// dhcp/engine decides and is pure, dhcp/store keeps bindings, dhcp/wire knows the
// formats; this package composes them with sockets, clock and goroutines.
//
// Concurrency: the engine runs in one goroutine without locks. Methods of Server
// may be called from any goroutine; what they return are copies. Event values
// hold copies.
//
// Durability: a DHCPACK leaves only after its record is on disk. OFFERs are
// never stored. Releases, declines and clears are written with the next batch.
//
// Failure: a packet that makes no sense is counted and dropped. A disk that
// fails makes the service Degraded: new clients get silence, known clients are
// acknowledged for no longer than what is already on disk. An interface that
// does not exist makes the service Waiting; it is tried again. Without
// CAP_NET_RAW replies are broadcast and nothing is probed: Degraded.
//
// Testing: the engine is pure (packet and time in, replies out) and is tested
// without sockets and without sleeping; Options.Listen runs the whole server on
// 127.0.0.1 with any port and answers the port the request came from, so that
// perfdhcp works without root; frames are checked over a veth pair in private
// namespaces.
package dhcp
