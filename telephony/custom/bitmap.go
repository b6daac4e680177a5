package custom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of the logo of the 7940 and 7960: the space on the screen in pixels, and
// the size that is recommended. A larger picture is scaled down by the phone.
// [Cisco SIP IP phone 7940 and 7960 administrator guide: logo_url]
const (
	logoWide, logoHigh = 90, 56
	logoBytes          = 15 << 10
	maxBitmap          = 1 << 20
)

// Logo reads a file that is meant as the logo of a 7940 or 7960, which take a
// Windows bitmap of 256 colours and, by Cisco's guide, behave unpredictably with
// anything else. less is what the phone makes of it, "" if it shows it as it is.
func Logo(r io.Reader, size int64) (less string, wrong error) {
	if size > maxBitmap {
		return "", fmt.Errorf("it has %d bytes, %d are recommended at most", size, logoBytes)
	}
	b, err := io.ReadAll(io.LimitReader(r, maxBitmap))
	if err != nil {
		return "", errors.New("it cannot be read")
	}
	w, h, packed, err := bitmap(b)
	switch {
	case err != nil:
		return "", err
	case packed:
		less = "it is compressed, and whether phones read that is not published"
	case w > logoWide || h > logoHigh:
		less = fmt.Sprintf("it is %d x %d, phones scale it down to %d x %d", w, h, logoWide, logoHigh)
	case size > logoBytes:
		less = fmt.Sprintf("it has %d bytes, %d are recommended at most", size, logoBytes)
	}
	return less, nil
}

// The head of a Windows bitmap: 14 bytes of the file, then a BITMAPINFOHEADER of
// 40 bytes or a later form that begins alike. [Microsoft, Bitmap Storage]
const (
	bitmapHead = 14 + 40
	rgb        = 0 // biCompression without compression
)

// bitmap reads the size of a Windows bitmap of 256 colours, or says why it is
// none. Everything that its head promises has to be there.
func bitmap(b []byte) (width, height int, packed bool, err error) {
	if !bytes.HasPrefix(b, []byte("BM")) {
		return 0, 0, false, errors.New("it is no Windows bitmap")
	}
	if len(b) < bitmapHead {
		return 0, 0, false, errors.New("it is no whole bitmap")
	}
	at, head := int64(binary.LittleEndian.Uint32(b[10:])), binary.LittleEndian.Uint32(b[14:])
	w, h := int64(int32(binary.LittleEndian.Uint32(b[18:]))), int64(int32(binary.LittleEndian.Uint32(b[22:])))
	depth, compression, used := binary.LittleEndian.Uint16(b[28:]), binary.LittleEndian.Uint32(b[30:]), int64(binary.LittleEndian.Uint32(b[46:]))
	if h < 0 {
		h = -h // rows from the top
	}
	switch {
	case head < 40:
		return 0, 0, false, errors.New("it is a bitmap of OS/2, not of Windows")
	case depth != 8:
		return 0, 0, false, fmt.Errorf("it has %d bits a pixel, phones take 8: 256 colours", depth)
	case w <= 0 || h <= 0 || w > 4096 || h > 4096:
		return 0, 0, false, fmt.Errorf("its head says %d x %d pixels", w, h)
	case used > 256 || at < 14+int64(head)+4*used || int64(len(b)) < at, compression == rgb && int64(len(b)) < at+(w+3)/4*4*h:
		return 0, 0, false, errors.New("it is no whole bitmap")
	}
	return int(w), int(h), compression != rgb, nil
}
