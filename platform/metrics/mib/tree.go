package mib

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"option150/platform/plain"
	"option150/platform/sorted"
)

// Root is option150MIB, below netSnmpPlaypen of NET-SNMP-MIB: the product has no
// enterprise number of its own.
const Root = ".1.3.6.1.4.1.8072.9999.9999.150"

// Bounds of the tree.
const (
	MaxRows  = 5000 // phones in the table
	maxValue = 255  // bytes of a DisplayString [RFC 2579]
	maxIndex = 64   // bytes of option150PhoneName
)

// root is Root as numbers, objects the node below it.
var (
	root, _ = parse(Root)
	objects = append(slices.Clone(root), 1)
)

type oid []uint32

// parse reads ".1.3.6"; 128 numbers is what SNMP has. [RFC 2578 3.5]
func parse(s string) (oid, bool) {
	parts := strings.Split(strings.TrimPrefix(s, "."), ".")
	if len(parts) > 128 {
		return nil, false
	}
	var o oid
	for _, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return nil, false
		}
		o = append(o, uint32(n))
	}
	return o, true
}

func (o oid) String() string {
	var b strings.Builder
	for _, n := range o {
		b.WriteByte('.')
		b.WriteString(strconv.FormatUint(uint64(n), 10))
	}
	return b.String()
}

// object is one value with its place.
type object struct {
	at    oid
	typ   string // as pass_persist calls it
	value string
}

// tree is the objects in the order of a walk.
type tree []object

// find looks for an object; at is its place, or that of the next one.
func (t tree) find(o oid) (at int, found bool) {
	return slices.BinarySearchFunc(t, o, func(x object, o oid) int { return slices.Compare(x.at, o) })
}

// states are the words of Option150State.
var states = map[string]int{"seen": 1, "addressed": 2, "configured": 3, "loading": 4, "provisioned": 5, "stuck": 6}

// unreachable is the tree of a box that does not answer.
func unreachable(why string) tree {
	var t tree
	t.scalar(1, "integer", truth(false))
	t.scalar(2, "string", shown(why, maxValue))
	return t
}

// newTree is the tree of what a box said.
func newTree(f *facts) tree {
	var t tree
	t.scalar(1, "integer", truth(true))
	t.scalar(2, "string", "")
	for i, n := range []int{f.Total, f.Up, f.Inferred, f.Unseen} {
		t.scalar(uint32(3+i), "gauge", strconv.Itoa(max(0, n)))
	}
	counts, names := map[[2]string]int{}, map[string]bool{}
	for _, p := range f.phones {
		state, known := states[p.State]
		name := shown(cmp.Or(p.Device, p.Address, p.Six), maxIndex)
		if !known || name == "" || names[name] || len(names) >= MaxRows {
			continue
		}
		names[name] = true
		code := shown(p.Verdict.Code, 16)
		counts[[2]string{p.State, code}]++
		for i, v := range []struct{ typ, value string }{
			{"integer", strconv.Itoa(state)}, {"string", code}, {"integer", truth(p.Up)}, {"string", shown(cmp.Or(p.Address, p.Six), maxValue)},
			{"string", shown(p.Model, maxValue)}, {"string", shown(p.Load, maxValue)}, {"string", shown(p.Verdict.Text, maxValue)},
		} {
			t.add(append(oid{3, 1, uint32(2 + i)}, index(name)...), v.typ, v.value)
		}
	}
	for k, n := range counts {
		t.add(append(oid{2, 1, 3, uint32(states[k[0]])}, index(k[1])...), "gauge", strconv.Itoa(n))
	}
	sorted.By(t, func(a, b object) int { return slices.Compare(a.at, b.at) })
	return t
}

func (t *tree) scalar(n uint32, typ, value string) { t.add(oid{1, n, 0}, typ, value) }

func (t *tree) add(below oid, typ, value string) {
	*t = append(*t, object{slices.Concat(objects, below), typ, value})
}

// index is a text as the last part of a place (IMPLIED). [RFC 2578 7.7]
func index(s string) (o oid) {
	for i := range len(s) {
		o = append(o, uint32(s[i]))
	}
	return o
}

func truth(b bool) string {
	if b {
		return "1"
	}
	return "2"
}

// shown is a text as a value: one line of ASCII, for DisplayString has no more.
func shown(s string, most int) string {
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '?'
		}
		return r
	}, plain.Shown(s, most))
}
