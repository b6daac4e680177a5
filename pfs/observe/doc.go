// Package observe is the eyes of package pfs: frames and the phones' logs in,
// facts out to the journal.
//
//	interface -> capture.Ring -> decode -> pfs.Tracker --+
//	udp 514   -> Receiver -> pfs.ParseLog ---------------+-> journal -> pfs.State
//	FILE      -> Read (pcap, pcapng, log) ---------------+
//
// It never transmits, and no socket of it is bound to port 4051: frames are
// looked at below the protocols, with a filter in the kernel (UDP and TCP port
// 4051, ARP). Follows sources/002 (ports, behaviour) and, for files of
// captures, the formats pcap and pcapng as google/gopacket reads them.
//
// Server is a service.Service. An interface that cannot be opened is tried
// again; one that was named by a line refuses the line. Without CAP_NET_RAW the
// interfaces that serve phones are left alone, and the status says so.
//
// Concurrency: one goroutine an interface, one for the log server; all methods
// may be called from any goroutine. Failure: see Status. Testing: namespaces
// with a switch; files written by the test. Fixtures are synthetic.
package observe
