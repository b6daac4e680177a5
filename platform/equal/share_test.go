package equal

import (
	"reflect"
	"testing"
	"testing/quick"
)

// TestShare: what Share says is what Of says, the new value says what it said,
// and the old one is not touched.
func TestShare(t *testing.T) {
	type version struct {
		N     int
		List  []inner
		Words []string
		Pairs [2][]string
		One   inner
	}
	copied := func(v version) version {
		c := v
		c.List = append([]inner(nil), v.List...)
		for i := range c.List {
			c.List[i].Bytes = append([]byte(nil), c.List[i].Bytes...)
		}
		c.Words = append([]string(nil), v.Words...)
		for i := range c.Pairs {
			c.Pairs[i] = append([]string(nil), v.Pairs[i]...)
		}
		c.One.Bytes = append([]byte(nil), v.One.Bytes...)
		return c
	}
	f := func(was version, edit uint8, word string) bool {
		now := copied(was)
		switch at := int(edit) / 8; {
		case edit%8 == 1:
			now.N++
		case edit%8 == 2 && len(now.List) > 0:
			now.List[at%len(now.List)].Name += "x"
		case edit%8 == 3 && len(now.List) > 0:
			i := at % len(now.List)
			now.List = append(now.List[:i], now.List[i+1:]...)
		case edit%8 == 4:
			i := at % (len(now.List) + 1)
			now.List = append(now.List[:i:i], append([]inner{{Name: word}}, now.List[i:]...)...)
		case edit%8 == 5:
			now.Pairs[at%2] = append(now.Pairs[at%2], word)
		}
		before, after := copied(was), copied(now)
		same := Share(&was, &now)
		return same == Of(&before, &after) && Of(&was, &before) && Of(&now, &after) && same == Of(&was, &now)
	}
	if err := quick.Check(f, &quick.Config{MaxCount: 2000}); err != nil {
		t.Error(err)
	}
}

// TestShareTakesLists: all that says the same is one list afterwards, beside
// what was changed, put in or taken out; and appending to it reaches nobody.
func TestShareTakesLists(t *testing.T) {
	full := func() []inner {
		return []inner{{Name: "a", Bytes: []byte{1, 2}}, {Name: "b", Bytes: []byte{3}}, {Name: "c", Bytes: []byte{4}}}
	}
	data := func(b []byte) uintptr { return reflect.ValueOf(b).Pointer() }
	was := outer{List: append(make([]inner, 0, 8), full()...), Words: []string{"x"}}

	now := outer{List: full(), Words: []string{"x"}}
	now.List[1].Name = "changed"
	if Share(&was, &now) || data(was.List[0].Bytes) != data(now.List[0].Bytes) || data(was.List[1].Bytes) != data(now.List[1].Bytes) || &was.Words[0] != &now.Words[0] {
		t.Error("a change of one field")
	}
	for _, n := range []int{0, 1, 2} {
		less := outer{List: full()}
		less.List = append(less.List[:n], less.List[n+1:]...)
		if Share(&was, &less) {
			t.Error("one less is the same")
		}
		for _, i := range less.List {
			j := int(i.Name[0] - 'a')
			if data(i.Bytes) != data(was.List[j].Bytes) {
				t.Errorf("without %d: the bytes of %s are copies", n, i.Name)
			}
		}
	}
	all := outer{List: full(), Words: []string{"x"}}
	if !Share(&was, &all) || &was.List[0] != &all.List[0] {
		t.Error("equal values do not share")
	}
	_ = append(all.List, inner{Name: "new"})
	if spare := was.List[:4]; spare[3].Name != "" {
		t.Error("appending wrote into the old list")
	}
}
