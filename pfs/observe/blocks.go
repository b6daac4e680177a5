package observe

import (
	"encoding/binary"
	"errors"
	"io"
)

// Blocks of pcapng. [pcapng specification 4]
const (
	blockSection  = 0x0a0d0d0a
	blockEnhanced = 6
	blockPacket   = 2
	maxBlock      = 1 << 20
)

var errBlock = errors.New("damaged block")

// blocks hands a pcapng file on block by block, and none that would make its
// reader allocate what a few bytes claim.
type blocks struct {
	r    io.Reader
	buf  []byte
	rest []byte
	big  bool
}

// Read implements io.Reader.
func (b *blocks) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if err := b.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *blocks) order() binary.ByteOrder {
	if b.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func (b *blocks) next() error {
	var head [12]byte
	if _, err := io.ReadFull(b.r, head[:]); err != nil {
		return err
	}
	typ := binary.LittleEndian.Uint32(head[:])
	if typ == blockSection {
		switch {
		case head[8] == 0x1a:
			b.big = true
		case head[8] == 0x4d:
			b.big = false
		default:
			return errBlock
		}
	}
	typ = b.order().Uint32(head[:])
	n := b.order().Uint32(head[4:])
	if n < 12 || n > maxBlock || n%4 != 0 {
		return errBlock
	}
	b.buf = append(b.buf[:0], head[:]...)
	b.buf = append(b.buf, make([]byte, n-12)...)
	if _, err := io.ReadFull(b.r, b.buf[12:]); err != nil {
		return err
	}
	if (typ == blockEnhanced || typ == blockPacket) && (n < 32 || b.order().Uint32(b.buf[20:]) > n-32) {
		return errBlock
	}
	b.rest = b.buf
	return nil
}
