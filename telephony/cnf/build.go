package cnf

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"option150/platform/equal"
	"option150/platform/ether"
	"option150/telephony/phone"
)

// Options is what a build needs to know besides the configuration.
type Options struct {
	Generation uint64 // kept in the set
	// Stamp, when not empty, is the version stamp of all SCCP files instead of
	// the one made of each content: "Jan 01 2002 00:00:00".
	Stamp string
	// Sync, when not empty, is the same for SIP files: 16 digits.
	Sync     string
	Firmware Firmware
	// LogServer, when not empty, is the log server phones are told of unless a
	// line names another: where their model has one.
	LogServer string
	// Services is where the box answers the services key of phones, "" = it does
	// not: "http://10.1.1.1:80/CMEserverForPhone/". It is named in the files of
	// phones people log in at, unless a line names another place.
	Services string
	// Absent are the names lines give to files nobody serves: they are in no
	// phone's file. See Names.
	Absent []string
	Logins []Login // who is logged in where, see SortLogins
}

// ErrTooMuch says that the set would exceed MaxFiles or MaxTotal.
var ErrTooMuch = errors.New("too many or too large phone files")

// Rebuild makes the same set as Build, and takes from a set that was built
// before what has not changed. The configuration must not be changed any more.
func Rebuild(was *Set, c Config, o Options) (*Set, error) {
	in := inputsOf(c, o)
	if was != nil && equal.Of(&was.made.in, &in) {
		same := *was
		same.config, same.Generation, same.options, same.Anew = c, o.Generation, o, false
		return &same, nil
	}
	phones := len(in.Phones) + len(in.Pools)
	b := &builder{
		in: in, set: &Set{Generation: o.Generation, config: c, macs: macsOf(c), names: make(map[string]*File, 2*phones)}, devices: make(map[ether.MAC]bool, phones),
		was: recall(was, &in),
		now: made{in: in, fixed: make(map[string]rendered), plain: make(map[string]rendered), own: make(map[int]ownFile), pools: make(map[int]poolFiles, len(in.Pools))},
	}
	b.set.Anew = b.was.fixed == nil
	b.sccp()
	b.sip()
	if len(b.set.files) > MaxFiles || b.total > MaxTotal {
		return nil, fmt.Errorf("%w: %d files, %d bytes", ErrTooMuch, len(b.set.files), b.total)
	}
	b.set.options = o
	b.set.Devices, b.set.left, b.set.made = len(b.devices), b.problems, b.now
	return b.set, nil
}

type builder struct {
	in       inputs
	set      *Set
	problems problems
	total    int
	devices  map[ether.MAC]bool
	sccpSums [][]byte // different contents, for the stamp of the whole
	was, now made     // what is known from the set before, and what the next may know
}

// render makes a content that carries the given stamp.
type render func(stamp string) []byte

// add puts a file in the set unless its size or its name forbids it.
func (b *builder) add(f *File, where string) *File {
	switch n := len(f.Content); {
	case n > SizeLimit:
		b.problems.add(Refuse, "file-too-large", where, "%s would be %d bytes and is not built: phones take at most %d", f.Name, n, SizeLimit)
		return nil
	case n == 0:
		return nil // an empty file counts as absent for phones
	case n > SizeWarn:
		b.problems.add(Warning, "file-large", where, "%s is %d bytes: phones of the 79x1 to 79x5 series take at most %d", f.Name, n, SizeWarn)
	}
	if f.key == "" { // a file of the set before has it, and is not to be written to
		f.key = lookupKey(f.Name)
	}
	if had := b.set.names[f.key]; had != nil {
		b.problems.add(Warning, "name-taken", where, "%s is not built: that name is served from %s", f.Name, had.Location)
		return nil
	}
	if len(b.set.files) > MaxFiles || b.total > MaxTotal {
		b.total += len(f.Content)
		return nil // Build reports it
	}
	if f.ETag == "" {
		f.ETag = etag(f.Content)
	}
	b.total += len(f.Content)
	b.set.files = append(b.set.files, f)
	b.set.names[f.key] = f
	for _, a := range f.Aliases {
		b.name(f, a, where)
	}
	return f
}

// name binds one name; the first file keeps it. Ephones come first, so of an
// ephone and a pool with one MAC the ephone has the SEP file.
func (b *builder) name(f *File, name, where string) {
	key := lookupKey(name)
	switch had := b.set.names[key]; {
	case had == nil:
		b.set.names[key] = f
	case had != f:
		b.problems.add(Warning, "name-taken", where, "%s is served from %s, not from %s", name, had.Location, f.Location)
	}
}

// alias adds a name to a file that is already in the set.
func (b *builder) alias(f *File, name, where string) {
	f.Aliases = append(f.Aliases, name)
	b.name(f, name, where)
}

// fixed gives a file that is made of the settings alone, which the set before
// had as well unless they changed.
func (b *builder) fixed(name string, make func() (content []byte, stamp string)) rendered {
	r, ok := b.was.fixed[name]
	if !ok {
		r.content, r.stamp = make()
		r.etag = etag(r.content)
	}
	b.now.fixed[name] = r
	return r
}

// stamped renders a content with a stamp made of it.
func (b *builder) stamped(r render, fixed string, form func(uint64) string) (content []byte, stamp string) {
	if stamp = fixed; stamp == "" {
		stamp = form(sum64(r("")))
	}
	return r("{" + stamp + "}"), stamp
}

// directory is the place of files: "system:/its/" for the default, else the
// file system named with its/ below it.
func directory(location, byDefault string) string {
	l := oneLine(strings.TrimSpace(location))
	if l == "" || strings.EqualFold(strings.TrimRight(l, "/"), strings.TrimRight(byDefault, "/")) || strings.EqualFold(l, "system:") {
		return byDefault
	}
	if strings.HasPrefix(strings.ToLower(l), "tftp:") {
		return strings.TrimRight(l, "/") + "/"
	}
	if i := strings.IndexByte(l, ':'); i >= 0 && strings.Trim(l[i+1:], "/") == "" {
		return l[:i] + ":/its/"
	}
	return strings.TrimRight(l, "/") + "/"
}

// load finds the load of a model: the line for its keyword, else the one for
// its load key ("7960-7940").
func load(loads []LoadEntry, m phone.Model) phone.Load {
	for _, l := range loads {
		if strings.EqualFold(l.Type, m.Keyword) {
			return phone.Load(l.File)
		}
	}
	for _, l := range loads {
		if strings.EqualFold(l.Type, m.LoadKey) {
			return phone.Load(l.File)
		}
		if k, ok := phone.Lookup(l.Type); ok && k.Keyword == m.Keyword {
			return phone.Load(l.File)
		}
	}
	return ""
}

// fileWord reports whether a keyword can be part of a file name.
func fileWord(s string) bool {
	if s == "" || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && (c != '.' || i == 0) {
			return false
		}
	}
	return true
}

// address is an address as files carry it, "" when there is none.
func address(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.Unmap().String()
}

// port is p, or the default when nothing is configured.
func port(p, byDefault uint16) int {
	if p == 0 {
		return int(byDefault)
	}
	return int(p)
}

// urlOf finds a `url` line; the first of the kinds that exists counts. Only
// the first word is the URL, the others are options of the command.
func urlOf(urls []URL, kinds ...string) (url string, rest []string) {
	for _, k := range kinds {
		for _, u := range urls {
			if strings.EqualFold(u.Kind, k) {
				if w := strings.Fields(u.URL); len(w) > 0 {
					return w[0], w[1:]
				}
			}
		}
	}
	return "", nil
}
