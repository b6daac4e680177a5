// Package simphone is a simulated Cisco IP phone: everything a phone does from
// the moment it gets power until it would register, on a real interface with
// real packets. The lab is made of it, the end-to-end tests use it as their
// other side, and cmd/simphone is one phone as a program.
//
//	link -> DISCOVER, OFFER, REQUEST, ACK     (raw frames: no address yet)
//	     -> which file server: 150, 66, siaddr, sname
//	     -> CTLSEP ITLSEP ITLFile SEP ...     (HTTP on 6970, else TFTP)
//	     -> another load wanted? .loads, components, install, reboot
//	     -> locale and dial files -> provisioned, or stuck with a reason
//
// What is known to the byte is done to the byte (facts/phones.md 1.1 to
// 1.7): the DHCP packet with its order of options, its trailing NUL and its
// padding; the HTTP request of four lines without a blank after Host:; the
// read request without options; the order of the names; TFTP for the same
// file after a refused connection and, at once, after a 503, and none after a
// 404. The HTTP and TFTP clients are therefore our own code and not
// libraries. What is only decided carries [D] where it is written down.
//
// There is no call control: a provisioned phone registers nowhere. There is
// no firmware either: images are the synthetic ones of telephony/firmware.
//
// Concurrency: one goroutine calls Boot or Live of a phone; many phones run
// in one process, each with an Options.In that opens sockets in a network
// namespace of its own (netns.Host.Do). No goroutine outlives a call.
//
// Failure: what goes wrong on the network is an Outcome (Stuck with a Reason);
// an error means that the machine is at fault (no such interface, no
// privilege) or that the context ended.
//
// Testing: go test, in private namespaces, against hand-made servers; the
// bytes are asserted on the wire through platform/capture.
package simphone
