package pfs

import (
	"fmt"
	"net/netip"
	"strings"

	"option150/platform/ether"
	"option150/platform/journal"
)

// Roles is the fact that the part of a phone in the distribution of a load is
// another than before: for its timeline and its verdict.
type Roles struct {
	MAC    ether.MAC
	Addr   netip.Addr
	Load   string
	File   string // of several files the first
	Role   Role
	Parent ether.MAC
	Basis  Basis
	Why    string // why it fetched the file itself
	// Outside: others of its family on its subnet share, and this phone fetches
	// for itself. (R31)
	Outside bool
}

// EventName implements journal.Event.
func (Roles) EventName() string { return "pfs.Role" }

// Text is the fact in a few words: "root of SCCP41.9-4-2SR3-1S".
func (e Roles) Text() string {
	n := Node{Role: e.Role, Parent: e.Parent, Why: e.Why}
	what := e.Load
	if what == "" {
		what = e.File
	}
	s := n.sentence(&Tree{Load: what, Files: []string{"", ""}})
	return s[:strings.LastIndex(s, " (")]
}

// DebugLines implements journal.Debugged.
func (e Roles) DebugLines() []journal.DebugLine {
	return line("%s: %s (%s)", e.MAC.Device(), e.Text(), e.Basis)
}

// Reporter tells what changed between two looks at the trees. It is for one
// goroutine.
type Reporter struct{ said map[ether.MAC]string }

// Report returns what is new. A phone that has different parts for different
// files of a load is told with the part that says most about it: that it
// fetched for itself, that it waits, that it is root, that it is a child.
func (r *Reporter) Report(trees []Tree) []Roles {
	now := map[ether.MAC]Roles{}
	for _, t := range trees {
		if t.Files[0] == unlabelled {
			continue
		}
		shared := false
		for _, n := range t.Nodes {
			shared = shared || n.Role == Root || n.Role == Child
		}
		for _, n := range t.Nodes {
			if n.Role == Unknown || n.Role == Fetched {
				continue
			}
			e := Roles{MAC: n.MAC, Addr: n.Addr, Load: t.Load, File: t.Files[0], Role: n.Role, Parent: n.Parent, Basis: n.Basis, Why: n.Why, Outside: n.Role == Self && shared}
			if had, ok := now[n.MAC]; !ok || had.Load != e.Load || weight(e.Role) > weight(had.Role) {
				now[n.MAC] = e
			}
		}
	}
	if r.said == nil {
		r.said = map[ether.MAC]string{}
	}
	var out []Roles
	said := make(map[ether.MAC]string, len(now))
	for m, e := range now {
		said[m] = fmt.Sprint(e)
		if said[m] != r.said[m] {
			out = append(out, e)
		}
	}
	r.said = said
	return out
}

func weight(r Role) int {
	switch r {
	case Self:
		return 4
	case Waiting:
		return 3
	case Root:
		return 2
	}
	return 1
}
