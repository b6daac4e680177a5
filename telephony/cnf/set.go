package cnf

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strings"

	"option150/platform/ether"
)

// Bounds of what is built. [facts/phones.md 1.7, 2; facts/files.md 1.5]
const (
	// SizeWarn is the size the 3rd generation refuses, less one: larger
	// files are warned about.
	SizeWarn = 550_000
	// SizeLimit is the size 78xx and 88xx phones cut off at (2048 KB): larger
	// files are not built.
	SizeLimit = 2048 * 1024
	// MaxFiles and MaxTotal bound a set.
	MaxFiles = 16384
	MaxTotal = 256 << 20
	// maxName bounds the names that are looked up.
	maxName = 255
)

// The protocols files are for.
const (
	SCCP = "SCCP"
	SIP  = "SIP"
)

// File is one generated file.
type File struct {
	Name     string // the name it is served under
	Content  []byte // not to be written to
	ETag     string // strong, quoted; made of the content unless given
	Location string // "system:/its/XMLDefault7960.cnf.xml": for more and the binding lists
	Aliases  []string
	Stamp    string    // version stamp in the content, without braces; "" = none
	Protocol string    // SCCP or SIP
	MAC      ether.MAC // of a file for one phone
	// Fallback marks a file to be served only if the operator has put none of
	// that name on flash: the empty dial rules.
	Fallback bool
	plain    bool   // listed once without alias
	key      string // what Lookup finds its own name by
}

// Names returns every name the file is served under, its own first.
func (f *File) Names() []string {
	out := []string{f.Name}
	for _, a := range f.Aliases {
		if a != f.Name {
			out = append(out, a)
		}
	}
	return out
}

// Set is everything that was built from one configuration. It is immutable.
// A nil Set is an empty one.
type Set struct {
	Generation uint64 // from Options
	SCCPStamp  string // of `create cnf-files version-stamp`, "Mar 07 2009 11:02:45"
	Sync       string // 16 digits, of `create profile sync` and syncinfo.xml
	Devices    int    // phones a file was built for
	Anew       bool   // every file was made: nothing was taken over from the set before

	files  []*File // SCCP first, each in the order of the binding list
	names  map[string]*File
	config Config // that it was built from
	macs   []ether.MAC
	left   []Problem // what the build itself found
	made   made      // for Rebuild

	options Options
}

// Options is what was said beside the configuration when the set was built.
func (s *Set) Options() Options {
	if s == nil {
		return Options{}
	}
	return s.options
}

// Firmware is what was said of loads when the set was built.
func (s *Set) Firmware() Firmware { return s.Options().Firmware }

// Problems is everything Validate says of the configuration, and what could
// not be built.
func (s *Set) Problems() []Problem {
	if s == nil {
		return nil
	}
	return append(Validate(s.config), s.left...)
}

// LeftOut is what could not be built of a configuration that is in order: a
// file that would be too large for the phones.
func (s *Set) LeftOut() []Problem {
	if s == nil {
		return nil
	}
	return Refusals(s.left)
}

// Files returns the files in the order of the binding lists.
func (s *Set) Files() []*File {
	if s == nil {
		return nil
	}
	return append([]*File(nil), s.files...)
}

// Len is the number of files.
func (s *Set) Len() int {
	if s == nil {
		return 0
	}
	return len(s.files)
}

// Lookup finds a file by the name a phone asks for: with or without leading
// slash, / or \ between its parts, any case, below Communicator/ or not. A
// name that asks for signed content (.sgn) never finds an unsigned file: the
// phone would refuse it. [facts/phones.md 2.8]
func (s *Set) Lookup(name string) (*File, bool) {
	if s == nil || len(name) > maxName {
		return nil, false
	}
	key := lookupKey(name)
	if strings.HasSuffix(key, ".sgn") {
		return nil, false
	}
	f, ok := s.names[key]
	if !ok {
		if rest, cut := strings.CutPrefix(key, "communicator/"); cut {
			f, ok = s.names[rest]
		}
	}
	return f, ok
}

// At finds a file by its location, "system:/its/XMLDefault.cnf.xml", or by the
// directory of the location and one of its names.
func (s *Set) At(location string) (*File, bool) {
	if s == nil || len(location) > 2*maxName {
		return nil, false
	}
	for _, f := range s.files {
		if strings.EqualFold(f.Location, location) {
			return f, true
		}
	}
	i := strings.LastIndexByte(location, '/')
	if f, ok := s.Lookup(location[i+1:]); ok && i >= 0 && strings.EqualFold(f.Location[:strings.LastIndexByte(f.Location, '/')], location[:i]) {
		return f, true
	}
	return nil, false
}

func lookupKey(name string) string {
	name = strings.ReplaceAll(name, `\`, "/")
	for strings.Contains(name, "//") {
		name = strings.ReplaceAll(name, "//", "/")
	}
	return strings.ToLower(strings.TrimPrefix(name, "/"))
}

// Summary is the difference between two sets.
type Summary struct {
	Added, Changed, Removed []string // names, sorted
	Same                    int
}

// Names returns all names that differ, sorted.
func (s Summary) Names() []string {
	out := append(append(append([]string(nil), s.Added...), s.Changed...), s.Removed...)
	sort.Strings(out)
	return out
}

// Summarise compares two sets name by name; aliases count as names.
func Summarise(old, new *Set) Summary {
	var sum Summary
	both := make(map[*File]bool) // the files a set took over from the one before
	if old != nil && new != nil {
		for _, f := range old.files {
			both[f] = false
		}
		for _, f := range new.files {
			if _, ok := both[f]; ok {
				both[f] = true
				sum.Same += len(f.Names())
			}
		}
	}
	was := byWireName(old, both)
	for name, f := range byWireName(new, both) {
		o, had := was[name]
		switch {
		case !had:
			sum.Added = append(sum.Added, name)
		case o.ETag != f.ETag:
			sum.Changed = append(sum.Changed, name)
		default:
			sum.Same++
		}
		delete(was, name)
	}
	for name := range was {
		sum.Removed = append(sum.Removed, name)
	}
	sort.Strings(sum.Added)
	sort.Strings(sum.Changed)
	sort.Strings(sum.Removed)
	return sum
}

// SameFiles reports whether two sets serve the same content under the same
// names, file by file: what most lines of a pasted configuration leave as it is.
func SameFiles(a, b *Set) bool {
	return a.Len() == b.Len() && (a.Len() == 0 || slices.EqualFunc(a.files, b.files, func(x, y *File) bool {
		return x == y || x.Name == y.Name && x.ETag == y.ETag && x.Location == y.Location && slices.Equal(x.Aliases, y.Aliases)
	}))
}

func byWireName(s *Set, without map[*File]bool) map[string]*File {
	m := make(map[string]*File)
	if s != nil {
		for _, f := range s.files {
			if without[f] {
				continue
			}
			for _, n := range f.Names() {
				m[n] = f
			}
		}
	}
	return m
}

func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}
