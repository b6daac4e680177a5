// Package acl is standard access lists: who may come, by source address alone.
// `access-class` of the vty lines and of the HTTP server use them. Extended
// lists filter packets, which this box does not do: they are carried.
//
// Follows facts/ios-cli.md 1.14 and the IOS forms of `access-list 1-99` and
// `ip access-list standard`.
//
// Pure values: nothing is opened, everything is safe for concurrent use as long
// as nobody changes the value. Nothing fails: an entry that does not fit an
// address says nothing about it. Testing: tables, and a property test of the
// canonical form.
package acl

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// MaxEntries bounds one list, MaxLists a configuration.
const (
	MaxEntries = 1000
	MaxLists   = 200
)

// List is one standard access list.
type List struct {
	Name    string // "10", or a name
	Entries []Entry
}

// Entry is one line of a list: a rule, or, with Remark, a comment.
type Entry struct {
	Remark   string
	Permit   bool
	Addr     netip.Addr // bits the wildcard ignores are zero; 0.0.0.0 for any
	Wildcard netip.Addr // bits that are one do not matter
	Log      bool       // `log`: a refused connection is logged in any case
}

// The ends of the range of addresses.
var (
	zero = netip.AddrFrom4([4]byte{})
	ones = netip.AddrFrom4([4]byte{255, 255, 255, 255})
)

// Rule makes an entry in its canonical form. No address is any, no wildcard that
// of a host. A standard list knows IPv4: an entry of an address of IPv6 fits
// nobody.
func Rule(permit bool, addr, wildcard netip.Addr, log bool) Entry {
	switch addr = addr.Unmap(); {
	case !addr.IsValid():
		addr, wildcard = zero, ones
	case !addr.Is4():
		return Entry{Permit: permit, Addr: addr, Wildcard: zero, Log: log}
	}
	if !wildcard.Is4() {
		wildcard = zero
	}
	a, w := addr.As4(), wildcard.As4()
	for i := range a {
		a[i] &^= w[i]
	}
	return Entry{Permit: permit, Addr: netip.AddrFrom4(a), Wildcard: wildcard, Log: log}
}

// Any reports that the entry fits every address.
func (e Entry) Any() bool { return e.Remark == "" && e.Wildcard == ones }

// Host reports that the entry fits one address.
func (e Entry) Host() bool { return e.Remark == "" && e.Wildcard == zero }

func (e Entry) fits(a netip.Addr) bool {
	if e.Remark != "" || !a.Is4() || !e.Addr.Is4() || !e.Wildcard.Is4() {
		return false
	}
	x, want, w := a.As4(), e.Addr.As4(), e.Wildcard.As4()
	for i := range x {
		if x[i]&^w[i] != want[i] {
			return false
		}
	}
	return true
}

// Permits reports whether the list lets an address in. The first rule that
// fits decides; at the end of a list everybody is denied. A nil list, and one
// without a rule, permits all, as on IOS: a name that nobody has defined yet
// shuts nobody out. An IPv6 address fits no rule.
func (l *List) Permits(a netip.Addr) bool {
	if l == nil || !slices.ContainsFunc(l.Entries, func(e Entry) bool { return e.Remark == "" }) {
		return true
	}
	e := l.Decides(a)
	return e != nil && e.Permit
}

// Decides is the rule that decides about an address, nil if none does.
func (l *List) Decides(a netip.Addr) *Entry {
	if l == nil {
		return nil
	}
	a = a.Unmap()
	for i := range l.Entries {
		if l.Entries[i].fits(a) {
			return &l.Entries[i]
		}
	}
	return nil
}

// Clone is a deep copy.
func (l List) Clone() List {
	l.Entries = slices.Clone(l.Entries)
	return l
}

// Number is the number of a numbered list, 0 for a named one.
func Number(name string) int {
	n, err := strconv.Atoi(name)
	if err != nil || name[0] == '+' {
		return 0
	}
	return n
}

// Standard reports that a number is one of standard lists.
func Standard(n int) bool { return n >= 1 && n <= 99 || n >= 1300 && n <= 1999 }

// Find returns the list of that name in lists, or nil.
func Find(lists []List, name string) *List {
	for i := range lists {
		if lists[i].Name == name {
			return &lists[i]
		}
	}
	return nil
}

// Compare orders lists as running-configs have them: numbered ones by number,
// then named ones.
func Compare(a, b List) int {
	x, y := Number(a.Name), Number(b.Name)
	switch {
	case x != 0 && y != 0:
		return x - y
	case x != 0:
		return -1
	case y != 0:
		return 1
	case a.Name < b.Name:
		return -1
	case a.Name > b.Name:
		return 1
	}
	return 0
}

// Show is `show access-lists`: rules are numbered by tens, as they stand.
func Show(lists []List) []string {
	var out []string
	for _, l := range lists {
		out = append(out, "Standard IP access list "+l.Name)
		n := 0
		for _, e := range l.Entries {
			if e.Remark != "" {
				continue
			}
			n += 10
			out = append(out, fmt.Sprintf("    %d %s", n, e.show()))
		}
	}
	return out
}

func (e Entry) show() string {
	s := "deny   "
	if e.Permit {
		s = "permit "
	}
	switch {
	case e.Any():
		s += "any"
	case e.Host():
		s += e.Addr.String()
	default:
		s += fmt.Sprintf("%s, wildcard bits %s", e.Addr, e.Wildcard)
	}
	if e.Log {
		s += " log"
	}
	return s
}
