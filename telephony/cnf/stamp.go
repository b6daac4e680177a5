package cnf

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"time"
)

// Phones compare version stamps for equality only, so a stamp made of the
// content is as good as a time and does not change when a file is merely built
// again. The forms are those of IOS: a date for SCCP, 16 digits for SIP.
// [facts/cme.md 1(7), 6.2, 11 #9 and #23]

// stampBase and stampSpan are the dates SCCP stamps are chosen from: all later
// than Jan 01 2002 00:00:00, which means that the clock was never set.
var stampBase = time.Date(2003, time.January, 1, 0, 0, 0, 0, time.UTC).Unix()

const stampSpan = 1 << 29 // seconds, 17 years

func dateStamp(sum uint64) string {
	return time.Unix(stampBase+int64(sum%stampSpan), 0).UTC().Format("Jan 02 2006 15:04:05")
}

func digitStamp(sum uint64) string { return fmt.Sprintf("%016d", sum%10_000_000_000_000_000) }

func sum64(parts ...[]byte) uint64 {
	h := sha256.New()
	for _, p := range parts {
		write(h, p)
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// write adds a part with its length, so that parts cannot run into each other.
func write(h hash.Hash, p []byte) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(p)))
	h.Write(n[:])
	h.Write(p)
}
