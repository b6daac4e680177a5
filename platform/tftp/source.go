package tftp

import (
	"errors"
	"io"
)

// source gives the blocks of a file as they go on the wire.
type source interface {
	// block fills p with block n, the first is 1, and returns its length; less
	// than len(p) means the last one. Blocks are asked for in order, or again
	// from any block of the window on.
	block(n uint64, p []byte) (int, error)
	// last is the number of the last block, 0 while it is not known.
	last() uint64
}

// octets is the file as it is: block n lies at (n-1)*blockSize, so nothing
// needs to be remembered.
type octets struct {
	r         io.ReaderAt
	size      int64
	blockSize int64
	final     uint64
}

// newOctets knows the last block: an exact multiple of the block size ends with
// an empty one.
func newOctets(r io.ReaderAt, size int64, blockSize int) *octets {
	return &octets{r, size, int64(blockSize), uint64(size/int64(blockSize)) + 1}
}

func (o *octets) block(n uint64, p []byte) (int, error) {
	at := int64(n-1) * o.blockSize
	return readAt(o.r, at, p[:min(int64(len(p)), max(o.size-at, 0))])
}

func (o *octets) last() uint64 { return o.final }

// readAt fills p or fails: a file that became shorter is a read error, not an
// early end that the client would take for the whole file.
func readAt(r io.ReaderAt, at int64, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return n, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// netascii converts on the fly: LF becomes CR LF and a lone CR becomes CR NUL
// [RFC 764 by way of RFC 1350]. A pair may be split by the edge of a block, so
// where a block begins in the file, and whether the second half of a pair is
// due, is remembered for every block of the window.
type netascii struct {
	r      io.ReaderAt
	size   int64
	begin  []place // by block number modulo length
	final  uint64
	chunk  [256]byte
	filled int   // octets in chunk
	at     int64 // where in the file chunk begins
}

// place is where a block begins.
type place struct {
	offset int64
	due    byte // second half of a pair: '\n' or 0
	split  bool // due is owed
}

func newNetascii(r io.ReaderAt, size int64, window int) *netascii {
	return &netascii{r: r, size: size, begin: make([]place, window+2)}
}

func (a *netascii) last() uint64 { return a.final }

func (a *netascii) block(n uint64, p []byte) (int, error) {
	ring := uint64(len(a.begin))
	at := a.begin[n%ring]
	if n == 1 {
		at = place{}
	}
	i := 0
	for i < len(p) {
		if at.split {
			p[i] = at.due
			at.split = false
			i++
			continue
		}
		if at.offset >= a.size {
			a.final = n
			break
		}
		c, err := a.byteAt(at.offset)
		if err != nil {
			return 0, err
		}
		at.offset++
		switch c {
		case '\n':
			p[i], at.due, at.split = '\r', '\n', true
		case '\r':
			p[i], at.due, at.split = '\r', 0, true
		default:
			p[i] = c
		}
		i++
	}
	a.begin[(n+1)%ring] = at
	return i, nil
}

func (a *netascii) byteAt(offset int64) (byte, error) {
	if offset < a.at || offset >= a.at+int64(a.filled) {
		n, err := readAt(a.r, offset, a.chunk[:min(int64(len(a.chunk)), a.size-offset)])
		if err != nil {
			return 0, err
		}
		a.at, a.filled = offset, n
	}
	return a.chunk[offset-a.at], nil
}
