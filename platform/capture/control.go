package capture

import (
	"encoding/binary"
	"time"

	"golang.org/x/sys/unix"
)

// control is what the kernel says beside a frame.
type control struct {
	time   time.Time // zero = not said
	length int       // on the wire
	vlan   int       // -1 = none
}

// readControl walks the control messages of one recvmsg. Everything is read
// with the machine's byte order and width and never through a cast: a cast
// traps on mipsle where the bytes do not lie on a word boundary.
//
// Layouts: struct cmsghdr {size_t len; int level; int type}, struct
// tpacket_auxdata {u32 status, len, snaplen; u16 mac, net, vlan_tci,
// vlan_tpid}, struct timespec of 8 or 16 bytes.
func readControl(b []byte) control {
	c := control{vlan: -1}
	ne := binary.NativeEndian
	const word = unix.SizeofCmsghdr - 8 // size of size_t
	for len(b) >= unix.SizeofCmsghdr {
		var size int
		if word == 8 {
			size = int(min(ne.Uint64(b), uint64(len(b))))
		} else {
			size = int(min(ne.Uint32(b), uint32(len(b))))
		}
		if size < unix.SizeofCmsghdr {
			return c
		}
		level, typ := ne.Uint32(b[word:]), ne.Uint32(b[word+4:])
		d := b[unix.SizeofCmsghdr:size]
		switch {
		case level == unix.SOL_PACKET && typ == unix.PACKET_AUXDATA && len(d) >= 18:
			c.length = int(ne.Uint32(d[4:]))
			if ne.Uint32(d)&unix.TP_STATUS_VLAN_VALID != 0 {
				c.vlan = int(ne.Uint16(d[16:]) & 0x0fff)
			}
		case level == unix.SOL_SOCKET && typ == unix.SO_TIMESTAMPNS && len(d) >= 16:
			c.time = time.Unix(int64(ne.Uint64(d)), int64(ne.Uint64(d[8:])))
		case level == unix.SOL_SOCKET && typ == unix.SO_TIMESTAMPNS && len(d) >= 8:
			c.time = time.Unix(int64(int32(ne.Uint32(d))), int64(int32(ne.Uint32(d[4:]))))
		}
		next := (size + word - 1) &^ (word - 1)
		if next >= len(b) {
			return c
		}
		b = b[next:]
	}
	return c
}
