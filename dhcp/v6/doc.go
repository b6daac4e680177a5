// Package v6 is the DHCPv6 server of the appliance: addresses for phones of IPv6,
// and the vendor options by which Cisco phones learn their TFTP servers there, as
// option 150 tells them in IPv4. [RFC 8415; sources/004]
//
//	UDP :547, AF_PACKET        one engine goroutine           one committer
//	readers per interface ---> message, now -> outcome  --->  log, fdatasync
//	                             |  ADVERTISE at once           |  REPLY afterwards
//	                             +-> link-local, its interface <-+   or the relay
//
// dhcp/v6/engine decides and is pure, dhcp/v6/wire knows the formats. Store,
// committer and clock are those of the server of IPv4 (dhcp/store, dhcp/durable),
// so that a REPLY leaves only after its record is on disk, and a killed process, a
// full disk, a flipped byte and a clock that is set do what they do there.
// Router advertisements are the router's: the server never sends one. It asks for
// them and listens, because phones ask for an address only where a router tells
// them to.
//
// Concurrency: the engine runs in one goroutine without locks. Methods of Server
// may be called from any goroutine; what they return are copies.
//
// Failure: a message that makes no sense is counted and dropped. A disk that
// fails makes the service Degraded: known clients are answered for no longer than
// what is on disk, new ones are left to another server. An interface that does not
// exist is waited for. Without CAP_NET_RAW messages are taken from the UDP socket:
// hardware addresses are not known then, and the service says so. While no
// interface has `ipv6 dhcp server` there is no socket and no goroutine.
//
// Testing: the engine without sockets; Options.Listen runs the whole server on ::1
// with any port and answers the port a message came from; raw frames over a cable
// between namespaces, with dhclient, dhcpcd, systemd-networkd, nmap and dhcrelay.
package v6
