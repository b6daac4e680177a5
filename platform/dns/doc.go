// Package dns is the names of the box: what it looks up itself, and its name
// server, `ip dns server`. It answers for
// the hosts of `ip host` and forwards everything else to the servers of `ip
// name-server`. It is there for LANs whose DHCP cannot be changed: gateways and
// old phones ask for the name CiscoCM1 and take the answer for their TFTP server.
//
//	UDP, TCP :53 of each own address --> who asks, how often --> hosts
//	                                                        \--> ip name-server, one after the other
//
// It follows RFC 1035, 2181, 6891, 7766 and 8482, IOS for the lines, and source
// 004 (Cisco Unified CM System Guide, "Cisco TFTP") for CiscoCM1. The codec is
// github.com/miekg/dns; its server is not used: sockets, bounds and who is
// answered are ours.
//
// It is no open resolver: stations of connected networks and of the networks of
// DHCP pools are answered, or those that an access list permits; others get
// nothing over UDP and no connection over TCP. Each source has a number of
// questions a second, the box a number on their way. Nothing is cached: what is
// forwarded is as fresh as its source.
//
// Concurrency: everything may be used by many goroutines. Failure: a server that
// does not answer costs two seconds and the next is asked; when none does the
// answer is SERVFAIL, and without any REFUSED, so that a resolver asks its next
// server. Testing: a resolver and a server over real sockets, dig and host where
// they are installed, and fuzz targets.
package dns
