package fleet

import (
	"fmt"
	"strconv"
	"strings"
)

// root is the prefix of all there is of the fleet.
const root = "/option150/"

// Bounds of what others may have us keep. A larger value is passed over and counted.
const (
	maxBoxes  = 4096
	maxKeys   = 256 // of one box
	maxAbout  = 8 << 10
	maxChunk  = 32 << 10
	maxConfig = 1 << 20   // packed
	maxText   = 4 << 20   // unpacked
	maxTotal  = 128 << 20 // of all values kept
	chunkOf   = 32        // phones
	maxChunks = 128
	// MaxPhones of a box are published.
	MaxPhones = chunkOf * maxChunks
)

// ID is a box: its name is its own in its domain.
type ID struct{ Domain, Name string }

// String is what a box of any domain is called.
func (b ID) String() string { return b.Domain + "/" + b.Name }

// Prefix of the keys that only the box itself may write.
func (b ID) Prefix() string { return boxes + b.Domain + "/" + b.Name + "/" }

// The trees below root.
const (
	boxes    = root + "box/"
	downs    = root + "down/"
	bindings = root + "bindings/"
)

// BindingsPrefix is of the keys that all boxes of a domain may write.
func BindingsPrefix(domain string) string { return bindings + domain + "/" }

// BoxesKey has the names of the boxes among which the pools of a domain are shared, in
// their order, with blanks between.
func BoxesKey(domain string) string { return BindingsPrefix(domain) + "boxes" }

// GenerationKey has the generation of the bindings of a domain, decimal; without it
// that is 0.
func GenerationKey(domain string) string { return BindingsPrefix(domain) + "generation" }

// DownPrefix is of the words of operators that boxes of a domain are off; all its boxes
// may write them. The name of the box follows, and the value is since when, seconds
// since 1970, and the generation in which it was said, with a blank between.
func DownPrefix(domain string) string { return downs + domain + "/" }

// Word is the value below DownPrefix: that a box is off since then, seconds since 1970,
// said in a generation of the bindings.
type Word struct {
	Since int64
	Gen   uint64
}

// String is the value as it is written.
func (w Word) String() string { return fmt.Sprintf("%d %d", w.Since, w.Gen) }

// ReadWord reads one. That somebody says so counts for nothing if it cannot be read.
func ReadWord(value string) (w Word, ok bool) {
	since, gen, _ := strings.Cut(value, " ")
	var err, err2 error
	w.Since, err = strconv.ParseInt(since, 10, 64)
	w.Gen, err2 = strconv.ParseUint(gen, 10, 63)
	return w, err == nil && err2 == nil
}

// Kinds of keys of a box.
const (
	keyHere   = "here"
	keyAbout  = "about"
	keyConfig = "config"
	keyPhones = "phones/"
)

func chunkKey(i int) string { return fmt.Sprintf("%s%02x", keyPhones, i) }

// place is whose a key is and which: kind "" is none of a box.
func place(key string) (of ID, kind string) {
	rest, ok := strings.CutPrefix(key, boxes)
	p := strings.SplitN(rest, "/", 3)
	if !ok || len(p) != 3 || !ValidName(p[0]) || !ValidName(p[1]) {
		return ID{}, ""
	}
	return ID{p[0], p[1]}, p[2]
}

// downAt is the box that a key is the word about.
func downAt(key string) (ID, bool) {
	rest, ok := strings.CutPrefix(key, downs)
	domain, name, two := strings.Cut(rest, "/")
	return ID{domain, name}, ok && two && ValidName(domain) && ValidName(name)
}

// chunkAt is the number of a key of phones.
func chunkAt(kind string) (int, bool) {
	s, ok := strings.CutPrefix(kind, keyPhones)
	n, err := strconv.ParseUint(s, 16, 16)
	return int(n), ok && err == nil && n < maxChunks && chunkKey(int(n)) == kind
}
