package fileserver

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/acl"
	"option150/platform/flash"
)

// Spec is what the service runs by: the lines of the operator, and what they
// name elsewhere in the configuration.
type Spec struct {
	Config
	HomePath string         // directory of flash: for loose names, from `hfs home-path`
	Lists    []acl.List     // the access lists that are named; one that is missing is not defined
	Lists6   []acl.List6    // those of IPv6
	Networks []netip.Prefix // that lines are about, beside those Options.Reach finds
	Relays   []netip.Addr   // routers that phones are behind: their addresses may stand for many
}

// Clone is a deep copy.
func (s Spec) Clone() Spec {
	s.Config = s.Config.Clone()
	s.Networks = slices.Clone(s.Networks)
	s.Relays = slices.Clone(s.Relays)
	s.Lists = slices.Clone(s.Lists)
	for i := range s.Lists {
		s.Lists[i] = s.Lists[i].Clone()
	}
	s.Lists6 = slices.Clone(s.Lists6)
	for i := range s.Lists6 {
		s.Lists6[i] = s.Lists6[i].Clone()
	}
	return s
}

// access is who may have the files of tftp-server lines that end in an access
// list. [facts/files.md 10: access violation, 403]
//
// It is asked before any route: whoever has the file, a name that a line gives
// is refused to those its list denies. And it is asked about each file of
// flash: that was found, because a file is also below the home path under the
// name it has there, and a line that restricts it means the file.
type access struct {
	lists []acl.List
	names map[string]Binding   // as in bound, those with a list only
	files map[string][]Binding // path in lower case; only files all of whose lines have a list
}

func accessOf(s Spec) access {
	a := access{lists: s.Lists, names: map[string]Binding{}, files: map[string][]Binding{}}
	for name, b := range bind(s.Bindings) {
		if b.ACL != "" {
			a.names[name] = b.Binding
		}
	}
	open := map[string]bool{}
	for _, b := range s.Bindings {
		path, err := flash.CleanPath(b.File)
		if err != nil || strings.HasPrefix(strings.ToLower(b.File), "system:") {
			continue
		}
		path = strings.ToLower(path)
		a.files[path] = append(a.files[path], b)
		open[path] = open[path] || b.ACL == ""
	}
	for path := range a.files {
		if open[path] {
			delete(a.files, path)
		}
	}
	return a
}

// denies reports that the list of a line does not let a client have the file.
// A list nobody has defined denies nothing, as everywhere on IOS.
func (a *access) denies(b Binding, from netip.Addr) bool {
	return !acl.Find(a.lists, b.ACL).Permits(from.Unmap())
}

func (a *access) refused(b Binding) error {
	return fmt.Errorf("%w: access list %s of tftp-server %s", ErrDenied, b.ACL, b.File)
}

// name refuses a name that a line gives, before it is looked for.
func (a *access) name(r Request, clean string) error {
	if len(a.names) == 0 {
		return nil
	}
	for _, n := range variants(clean) {
		b, ok := a.names[n]
		if !ok {
			b, ok = a.names[strings.ToLower(n)]
		}
		if ok && a.denies(b, r.Client.Addr()) {
			return a.refused(b)
		}
	}
	return nil
}

// file refuses a file of flash: that was found under its own name, unless one
// of the lines about it lets the client have it.
func (a *access) file(r Request, path string) error {
	if len(a.files) == 0 {
		return nil
	}
	lines := a.files[strings.ToLower(path)]
	for _, b := range lines {
		if !a.denies(b, r.Client.Addr()) {
			return nil
		}
	}
	if len(lines) > 0 {
		return a.refused(lines[0])
	}
	return nil
}
