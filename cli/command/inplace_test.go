package command

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"option150/cli/language"
	"option150/platform/config"
)

// TestVersionsStay is a law over all declarations: a version of the
// configuration stays as it was whatever is typed later. Versions have lists in
// common, see config.Clone; a command that changes such a list in place changes
// what runs, and what is written to nvram meanwhile. In each section that is one
// of many, and below it, each word is typed several times, so that its list has
// several elements of which some go.
func TestVersionsStay(t *testing.T) {
	b, f := testBox(t)
	for _, header := range []string{"ip dhcp pool A", "ip dhcp class C", "ephone 1", "ephone-dn 1", "ephone-template 1",
		"voice register pool 1", "voice register dn 1", "voice register template 1",
		"voice register dialplan 1", "voice user-profile 1", "voice logout-profile 1", "ephone-type Wall", "voice register pool-type Wall", "interface gi0/0", "ip access-list standard A", "line vty 0 4"} {
		enters := b.Language.Graph(language.Global).Match(header, 15)
		in, err := b.Language.Enter(language.Section{Mode: language.Global}, enters)
		if err != nil {
			t.Fatal(err)
		}
		for n, it := range b.Language.Graph(in.Mode).Help("", 15).Items {
			o := &operator{r: rand.New(rand.NewPCG(uint64(n), 153)), l: b.Language, f: f, c: config.Default(f)}
			if err := b.Language.Apply(o.c, language.Section{Mode: language.Global}, enters, header); err != nil {
				t.Fatal(err)
			}
			o.typed = []string{header}
			var versions, copies []*config.Config
			for range 60 {
				if len(o.stack) == 0 || o.r.IntN(2) == 0 {
					o.stack = []language.Section{in}
				}
				if o.first = ""; len(o.stack) == 1 {
					o.first = it.Name
				}
				was := o.c
				if o.type1(); o.c == was {
					continue
				}
				o.c.Share(was) // as the store does
				versions, copies = append(versions, was), append(copies, deepCopy(reflect.ValueOf(was)).Interface().(*config.Config))
			}
			for i, v := range versions {
				if !v.Equal(copies[i]) {
					t.Errorf("the version before %q was changed later, by one of %q", o.typed[i+1], o.typed[i+1:])
					break
				}
			}
		}
	}
}

// deepCopy copies what config.Clone may share.
func deepCopy(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch {
	case v.Kind() == reflect.Pointer && v.Type() == reflect.TypeFor[*config.Config]():
		out.Set(reflect.New(v.Type().Elem()))
		out.Elem().Set(deepCopy(v.Elem()))
	case v.Kind() == reflect.Slice && !v.IsNil():
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(deepCopy(v.Index(i)))
		}
	case v.Kind() == reflect.Struct && v.Type().PkgPath() != "net/netip" && v.Type().PkgPath() != "time":
		for i := range v.NumField() {
			out.Field(i).Set(deepCopy(v.Field(i)))
		}
	default:
		out.Set(v)
	}
	return out
}
