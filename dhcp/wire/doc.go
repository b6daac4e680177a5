// Package wire reads and writes what the DHCP server has on the wire: requests,
// replies with their options in an order of our own, the answers of other
// servers, and the Ethernet frames of replies and address probes.
//
// RFC 951, 2131, 2132, 3046, 3396, 5227. Options are read as
// github.com/insomniacslk/dhcp/dhcpv4 reads them, which is their judge in tests,
// and also those of BOOTP, of messages without END and of overloaded fields.
// Replies have options in an order of our own: 53 first and 150 after 66.
//
// Pure functions over bytes, for any number of goroutines. Failure: a packet
// that makes no sense is an error that says why; nothing from outside can make
// it panic or grow. Testing: tables and fuzz targets; dhcp/dhcptest is a second
// opinion on every reply.
package wire
