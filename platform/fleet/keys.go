package fleet

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"option150/platform/fleet/etcd"
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

// BindingsPrefix is of the keys that all boxes of a domain read, and write but for the
// signs of life of others.
func BindingsPrefix(domain string) string { return bindings + domain + "/" }

// BoxesKey has the names of the boxes among which the pools of a domain are shared, in
// their order, with blanks between.
func BoxesKey(domain string) string { return BindingsPrefix(domain) + "boxes" }

// MaxSharing is how many boxes share the pools of a domain at most.
const MaxSharing = 64

// ReadBoxes reads that list. What is no name of a box is none, and a name counts once.
func ReadBoxes(value string) (list []string) {
	if len(value) > MaxSharing*(MaxName+1) {
		return nil
	}
	for _, n := range strings.Fields(value) {
		if ValidName(n) && !slices.Contains(list, n) && len(list) < MaxSharing {
			list = append(list, n)
		}
	}
	return list
}

// GenerationKey has the generation of the bindings of a domain, decimal; without it
// that is 0.
func GenerationKey(domain string) string { return BindingsPrefix(domain) + "generation" }

// maxGeneration is beyond what boxes count to; what is larger is somebody's nonsense.
const maxGeneration = 1 << 40

// ReadGeneration reads one, 0 = it is none.
func ReadGeneration(value string) uint64 {
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil || n > maxGeneration {
		return 0
	}
	return n
}

// NextGeneration is the one after n, as it is written. After the last comes the first,
// so that nonsense does not end the counting.
func NextGeneration(n uint64) (uint64, string) {
	if n++; n > maxGeneration {
		n = 1
	}
	return n, strconv.FormatUint(n, 10)
}

// Sharing is among whom the pools of a domain are shared, as it was read.
type Sharing struct {
	Domain     string
	Boxes      []string
	Gen        uint64
	List       int64 // revision of BoxesKey
	Generation int64 // revision of GenerationKey
}

// Enter is the transaction that makes a box one of them. All shares are others then: the
// generation goes up, so that nothing new is given out before all boxes know.
func (s Sharing) Enter(name string) (etcd.Txn, error) {
	if len(s.Boxes) >= MaxSharing {
		return etcd.Txn{}, fmt.Errorf("domain %s shares its pools among %d boxes already", s.Domain, MaxSharing)
	}
	boxes, generation := BoxesKey(s.Domain), GenerationKey(s.Domain)
	_, next := NextGeneration(s.Gen)
	return etcd.Txn{If: []etcd.Compare{{Key: boxes, Mod: s.List}, {Key: generation, Mod: s.Generation}},
		Puts: []etcd.Put{{Key: boxes, Value: strings.Join(append(slices.Clone(s.Boxes), name), " ")}, {Key: generation, Value: next}}}, nil
}

// The keys of a domain's bindings that are of an address, or of a box.
const (
	leaseTree = "at/"
	beatTree  = "beat/"
	clockTree = "clock/"
)

// LeasePrefix is of the leases: the address follows, and nothing that a client says.
func LeasePrefix(domain string) string { return BindingsPrefix(domain) + leaseTree }

// BeatKey is the sign of life of a box that shares bindings, ClockKey its clock; only
// the box itself may write them.
func (b ID) BeatKey() string  { return BindingsPrefix(b.Domain) + beatTree + b.Name }
func (b ID) ClockKey() string { return BindingsPrefix(b.Domain) + clockTree + b.Name }

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
