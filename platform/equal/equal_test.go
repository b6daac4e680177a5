package equal

import (
	"net/netip"
	"reflect"
	"testing"
	"testing/quick"
	"time"
)

type inner struct {
	Name  string
	Bytes []byte
	MAC   [6]byte
	On    bool
}

type outer struct {
	N     int
	F     float64
	U     uint16
	List  []inner
	Words []string
	One   inner
	Lease time.Duration
	Any   any
}

// TestAsDeepEqual compares random values, each with a copy and with another.
func TestAsDeepEqual(t *testing.T) {
	type random struct { // outer without what quick cannot make
		N     int
		F     float64
		U     uint16
		List  []inner
		Words []string
		One   inner
	}
	make1 := func(r random) outer {
		return outer{N: r.N, F: r.F, U: r.U, List: r.List, Words: r.Words, One: r.One}
	}
	f := func(r, s random) bool {
		a, b := make1(r), make1(s)
		c := a
		c.List = append([]inner(nil), a.List...)
		c.Words = append([]string(nil), a.Words...)
		return Of(&a, &c) && Any(a, c) && Of(&a, &b) == reflect.DeepEqual(normal(a), normal(b))
	}
	if err := quick.Check(f, nil); err != nil {
		t.Error(err)
	}
}

// normal makes empty lists nil.
func normal(o outer) outer {
	if len(o.List) == 0 {
		o.List = nil
	}
	if len(o.Words) == 0 {
		o.Words = nil
	}
	return o
}

func TestEveryDifferenceIsSeen(t *testing.T) {
	base := func() outer {
		return outer{N: 1, F: 1.5, U: 2, List: []inner{{Name: "a", Bytes: []byte{1, 2}}}, Words: []string{"x"}, Lease: time.Hour, Any: 3}
	}
	for name, change := range map[string]func(*outer){
		"int": func(o *outer) { o.N++ }, "float": func(o *outer) { o.F++ }, "uint16": func(o *outer) { o.U++ },
		"inner name": func(o *outer) { o.List[0].Name = "b" }, "inner byte": func(o *outer) { o.List[0].Bytes[1]++ },
		"inner array": func(o *outer) { o.List[0].MAC[5]++ }, "inner bool": func(o *outer) { o.List[0].On = true },
		"length": func(o *outer) { o.Words = append(o.Words, "y") }, "nested struct": func(o *outer) { o.One.Name = "z" },
		"duration": func(o *outer) { o.Lease++ }, "interface": func(o *outer) { o.Any = 4 }, "interface type": func(o *outer) { o.Any = "3" },
	} {
		a, b := base(), base()
		if !Of(&a, &b) {
			t.Fatal("equal values differ")
		}
		if change(&b); Of(&a, &b) {
			t.Errorf("%s: not seen", name)
		}
	}
}

func TestNilAndEmpty(t *testing.T) {
	if !Any(outer{}, outer{List: []inner{}, Words: []string{}}) || Any(nil, outer{}) || !Any(nil, nil) || Any(1, "1") {
		t.Error("nil or types")
	}
}

func TestAddresses(t *testing.T) {
	a, b := netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.1")
	c := netip.MustParsePrefix("fe80::/10")
	d := netip.MustParsePrefix("fe80::/11")
	z, y := netip.MustParseAddr("fe80::1%eth0"), netip.MustParseAddr("fe80::1%eth1")
	if !Of(&a, &b) || Of(&c, &d) || Of(&z, &y) || !Of(&c, &c) {
		t.Error("addresses")
	}
}

func TestMapsAreRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a map was compared")
		}
	}()
	Any(map[string]int{}, map[string]int{})
}
