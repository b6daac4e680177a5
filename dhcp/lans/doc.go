// Package lans is the interfaces that a DHCP server of either family serves: the
// sockets of each, which come and go with it, who serves on them, and how they
// stand.
//
// Sockets are a UDP socket bound to the device and one AF_PACKET socket for what
// the kernel cannot do with a datagram; the servers build theirs around them.
// Lans keeps those that are wanted, by means of platform/listen, and is looked at
// twice a second for interfaces that went, came, or were made anew.
//
// Concurrency: the methods may be called from any goroutine. Failure: an interface
// that does not exist is waited for and is no news; without CAP_NET_RAW there is
// no packet socket, and NoRaw says why. Testing: Sockets over loopback, and the
// servers' own tests over cables between namespaces.
package lans
