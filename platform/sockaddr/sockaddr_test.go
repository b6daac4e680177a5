package sockaddr

import (
	"net/netip"
	"testing"

	"golang.org/x/sys/unix"
)

func TestThereAndBack(t *testing.T) {
	for _, c := range []struct {
		end  string
		v6   bool
		size uint32
		want string
	}{
		{"10.150.0.1:69", false, unix.SizeofSockaddrInet4, "10.150.0.1:69"},
		{"10.150.0.1:6970", true, unix.SizeofSockaddrInet6, "10.150.0.1:6970"}, // mapped
		{"[2001:db8::1]:258", true, unix.SizeofSockaddrInet6, "[2001:db8::1]:258"},
		{"[fe80::1%lo]:69", true, unix.SizeofSockaddrInet6, "[fe80::1%lo]:69"},
		{"[fe80::1%4000000000]:69", true, unix.SizeofSockaddrInet6, "[fe80::1%4000000000]:69"}, // no such interface
	} {
		var a Raw
		if n := Put(&a, netip.MustParseAddrPort(c.end), c.v6); n != c.size {
			t.Errorf("%s: %d octets, want %d", c.end, n, c.size)
		}
		if got := AddrPort(&a).String(); got != c.want {
			t.Errorf("%s: %s, want %s", c.end, got, c.want)
		}
	}
	if AddrPort(&Raw{}).IsValid() {
		t.Error("an address of no family")
	}
}
