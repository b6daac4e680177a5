package dhcp

import (
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"option150/dhcp/wire"
)

// What is relayed, and what is too short to tell, reaches the UDP socket of an
// interface that has a raw one; the rest comes by that.
func TestRelayedFilter(t *testing.T) {
	vm, err := bpf.NewVM(relayedFilter())
	if err != nil {
		t.Fatal(err)
	}
	direct := append(make([]byte, wire.UDPLen), phoneRequest(mac(0, 1), wire.MsgDiscover).Bytes()...)
	relay := append([]byte(nil), direct...)
	copy(relay[wire.UDPLen+wire.OffRelay:], ipb("10.88.0.1"))
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{"direct": {direct, false}, "relayed": {relay, true}, "short": {direct[:wire.UDPLen+wire.HeaderLen-1], true}, "empty": {direct[:wire.UDPLen], true}} {
		if n, err := vm.Run(c.b); err != nil || (n > 0) != c.want || n > 0 && n < len(c.b) {
			t.Errorf("%s: %d %v", name, n, err)
		}
	}
}

// The destination of a datagram, as the kernel tells it; anything else is none.
func TestDestination(t *testing.T) {
	oob := make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	binary.NativeEndian.PutUint32(oob[unix.SizeofCmsghdr-8:], unix.IPPROTO_IP)
	binary.NativeEndian.PutUint32(oob[unix.SizeofCmsghdr-4:], unix.IP_PKTINFO)
	copy(oob[unix.SizeofCmsghdr+8:], ipb("10.77.0.1"))
	if a := destination(oob); a != ip("10.77.0.1") {
		t.Errorf("%s", a)
	}
	if a := destination(oob[:unix.SizeofCmsghdr+11]); a.IsValid() {
		t.Errorf("of a short one: %s", a)
	}
	oob[unix.SizeofCmsghdr-4]++
	if a := destination(oob); a.IsValid() {
		t.Errorf("of another kind: %s", a)
	}
}
