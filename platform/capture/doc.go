// Package capture looks at frames on an interface without touching them: the
// source of the peer-firmware observer and the watcher that turns "the phone
// was refused on port 6970" from a guess into a fact.
//
//	Open(ifname, Options) -> Source -> Decoder -> Packet
//	OpenRing(ifname, Options) -> Ring -+                +-> Watcher -> facts of platform/wire (journal)
//
// Source implements gopacket.ZeroCopyPacketDataSource. It is
// our own (google/gopacket's EthernetHandle cannot be closed while a read is
// waiting and cuts frames that the kernel has joined): facts/libraries.md
// 4.2. The filter runs in the kernel and is assembled with x/net/bpf.
//
// Privilege: CAP_NET_RAW. Opening happens in the network namespace of the
// calling thread; reading may be done anywhere.
//
// Concurrency: one goroutine reads a Source; Close, Stats and SetReadDeadline
// may be called from others. Close wakes the reader.
//
// Failure: wrapped errnos; os.ErrClosed after Close; malformed frames are
// errors of Decode and never panics. While the interface is down a reader
// waits; it goes on when the interface is up again.
//
// Testing: go test, in private namespaces (platform/netns).
package capture
