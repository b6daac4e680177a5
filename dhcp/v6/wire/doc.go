// Package wire reads and writes what the DHCPv6 server has on the wire:
// messages of clients, the relays they came through, replies, and the frames
// that tell who sent a message and who has an address.
//
// RFC 8415 (messages, relays), 3646, 4242, 4704, 6939 (option 79), 8357 (relay
// port), 4861 (neighbour solicitation). A message is read without copying: its
// options are slices of the packet, and nothing of it is kept that the engine
// does not look at. An option that is longer than what it stands in makes the
// whole message malformed; none is ever cut, read or written.
//
// Pure functions over bytes, for any number of goroutines. Failure: a message
// that makes no sense is an error that says why; nothing from outside can make
// it panic or grow. Testing: tables and fuzz targets, for messages and for
// relays in relays.
package wire
