package acl

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// List6 is one `ipv6 access-list`. [Cisco, IOS IPv6 Command Reference]
type List6 struct {
	Name    string
	Entries []Entry6 // by number; a remark stands before the rule it is about
}

// Entry6 is one line of a List6: a rule, or, with Remark, a comment.
type Entry6 struct {
	Remark   string
	Seq      int // number of a rule
	Permit   bool
	Proto    string // "ipv6" for every one, "tcp", "udp"; others never come to a door of this box
	From, To End
	More     string // conditions of the line that a door cannot judge: `established` and the like
	Log      bool
}

// End is one end of the traffic a rule is about. The zero value is anywhere.
type End struct {
	Prefix    netip.Prefix // masked; invalid = any
	Op        string       // of the port: "eq", "neq", "gt", "lt", "range"; "" = every one
	Low, High uint16       // High of "range" alone
}

// Flow is what comes to a door: from which address and port, to which of this
// box, by "tcp" or "udp". Where the box was asked may be unknown (the zero
// address, port 0).
type Flow struct {
	From, To netip.AddrPort
	Proto    string
}

// Of is a flow of which the address it comes from is known, and no more.
func Of(a netip.Addr) Flow { return Flow{From: netip.AddrPortFrom(a, 0)} }

// fit is how a rule fits a flow. What cannot be judged is maybe.
type fit int

const (
	no fit = iota
	maybe
	yes
)

func (e End) fits(a netip.AddrPort) fit {
	how := yes
	switch addr := a.Addr().WithZone(""); {
	case !e.Prefix.IsValid(), e.Prefix.Bits() == 0:
	case !addr.IsValid():
		how = maybe
	case !e.Prefix.Contains(addr):
		return no
	}
	if e.Op == "" {
		return how
	}
	p := a.Port()
	if p == 0 {
		return maybe
	}
	in := false
	switch e.Op {
	case "eq":
		in = p == e.Low
	case "neq":
		in = p != e.Low
	case "gt":
		in = p > e.Low
	case "lt":
		in = p < e.Low
	case "range":
		in = p >= e.Low && p <= e.High
	}
	if !in {
		return no
	}
	return how
}

func (e *Entry6) fits(f Flow) fit {
	how := min(e.From.fits(f.From), e.To.fits(f.To))
	switch {
	case e.Remark != "", how == no:
		return no
	case e.Proto == "ipv6":
	case f.Proto == "":
		how = maybe
	case e.Proto != f.Proto:
		return no
	}
	if e.More != "" {
		how = maybe
	}
	return how
}

// Decides is the rule that decides about a flow, nil if none does. What cannot be
// judged decides against it: a rule that permits is passed over then, one that
// denies is not.
func (l *List6) Decides(f Flow) *Entry6 {
	if l == nil || !f.From.Addr().Is6() || f.From.Addr().Is4In6() {
		return nil
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		if how := e.fits(f); how == yes || how == maybe && !e.Permit {
			return e
		}
	}
	return nil
}

// Permits reports whether the list lets a flow in. At the end of a list everybody
// is denied; a nil list, and one without a rule, permits all, as on IOS.
func (l *List6) Permits(f Flow) bool {
	if l == nil || !slices.ContainsFunc(l.Entries, func(e Entry6) bool { return e.Remark == "" }) {
		return true
	}
	e := l.Decides(f)
	return e != nil && e.Permit
}

// PermitsSome reports whether some host of a network is let in to a door of these
// protocols.
func (l *List6) PermitsSome(network netip.Prefix, protos ...string) bool {
	hosts := []netip.Addr{network.Addr().Next()}
	for i := range l.Entries {
		if p := l.Entries[i].From.Prefix; p.IsValid() && p.Overlaps(network) && p.Bits() > network.Bits() {
			hosts = append(hosts, p.Addr()) // of a network within it, the first
			if n := p.Addr().Next(); p.Contains(n) {
				hosts = append(hosts, n)
			}
		}
	}
	return slices.ContainsFunc(hosts, func(a netip.Addr) bool {
		return slices.ContainsFunc(protos, func(proto string) bool { return l.Permits(Flow{From: netip.AddrPortFrom(a, 0), Proto: proto}) })
	})
}

// Clone is a deep copy.
func (l List6) Clone() List6 {
	l.Entries = slices.Clone(l.Entries)
	return l
}

// Find6 returns the list of that name in lists, or nil.
func Find6(lists []List6, name string) *List6 {
	for i := range lists {
		if lists[i].Name == name {
			return &lists[i]
		}
	}
	return nil
}

// Next is the number a rule gets that is typed without one.
func (l *List6) Next() int {
	n := 0
	for _, e := range l.Entries {
		n = max(n, e.Seq)
	}
	return n + 10
}

// Add puts a rule among the others by its number, 0 for the next one; a remark
// goes to the end. The same rule again changes nothing, another of the number of
// one takes its place. It reports false when the list is full.
func (l *List6) Add(e Entry6) bool {
	if e.Remark == "" {
		if i := slices.IndexFunc(l.Entries, e.same); i >= 0 {
			if e.Seq == 0 || l.Entries[i].Seq == e.Seq {
				return true
			}
			l.Entries = slices.Delete(slices.Clone(l.Entries), i, i+1)
		}
	} else if slices.Contains(l.Entries, e) {
		return true
	}
	at := len(l.Entries)
	if e.Remark == "" {
		if e.Seq == 0 {
			e.Seq = l.Next()
		}
		for i := range l.Entries {
			if o := &l.Entries[i]; o.Remark == "" && o.Seq == e.Seq {
				l.Entries = slices.Clone(l.Entries)
				l.Entries[i] = e
				return true
			} else if o.Remark == "" && o.Seq > e.Seq {
				at = i
				break
			}
		}
	}
	if len(l.Entries) >= MaxEntries {
		return false
	}
	l.Entries = slices.Insert(slices.Clone(l.Entries), at, e)
	return true
}

// Drop takes a rule out by its number, or with 0 by what it says, or a remark.
func (l *List6) Drop(e Entry6) {
	l.Entries = slices.DeleteFunc(slices.Clone(l.Entries), func(o Entry6) bool {
		if e.Seq != 0 {
			return o.Seq == e.Seq
		}
		return e.same(o)
	})
}

// same reports that a line says the same, whatever its number.
func (e Entry6) same(o Entry6) bool {
	o.Seq, e.Seq = 0, 0
	return o == e
}

// Words are an end as it is printed.
func (e End) Words() string {
	s := "any"
	switch {
	case !e.Prefix.IsValid():
	case e.Prefix.Bits() == 128:
		s = "host " + strings.ToUpper(e.Prefix.Addr().String())
	default:
		s = strings.ToUpper(e.Prefix.String())
	}
	switch e.Op {
	case "":
	case "range":
		s += fmt.Sprintf(" range %d %d", e.Low, e.High)
	default:
		s += fmt.Sprintf(" %s %d", e.Op, e.Low)
	}
	return s
}

// Words are a rule as it is printed, without its number.
func (e Entry6) Words() string {
	s := "deny "
	if e.Permit {
		s = "permit "
	}
	s += e.Proto + " " + e.From.Words() + " " + e.To.Words()
	if e.More != "" {
		s += " " + e.More
	}
	if e.Log {
		s += " log"
	}
	return s
}

// Show6 is `show ipv6 access-list`.
func Show6(lists []List6) []string {
	var out []string
	for _, l := range lists {
		out = append(out, "IPv6 access list "+l.Name)
		for _, e := range l.Entries {
			if e.Remark == "" {
				out = append(out, fmt.Sprintf("    %s sequence %d", e.Words(), e.Seq))
			}
		}
	}
	return out
}
