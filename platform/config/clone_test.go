package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"option150/platform/listen"
	"option150/platform/netif"
)

// generator fills a value of any type with things that are not zero, so that
// every leaf of a configuration exists and can be changed.
type generator struct{ n int }

var leaves = map[reflect.Type]func(n int) any{
	reflect.TypeFor[netip.Addr]():   func(n int) any { return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}) },
	reflect.TypeFor[netip.Prefix](): func(n int) any { return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n >> 8), byte(n), 0}), 24) },
	reflect.TypeFor[time.Time]():    func(n int) any { return time.Unix(int64(n), 0) },
}

func (g *generator) fill(v reflect.Value, path string) error {
	g.n++
	if f, ok := leaves[v.Type()]; ok {
		v.Set(reflect.ValueOf(f(g.n)))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("s", g.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(g.n%100 + 1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(g.n%100 + 1))
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				return fmt.Errorf("%s.%s is not exported: a configuration is plain data", path, f.Name)
			}
			if err := g.fill(v.Field(i), path+"."+f.Name); err != nil {
				return err
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			if err := g.fill(v.Index(i), fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	default:
		return fmt.Errorf("%s is a %s: a configuration is structs, slices and plain values; Clone and Equal know no other", path, v.Type())
	}
	return nil
}

// walk calls do with every leaf and every slice.
func walk(v reflect.Value, path string, do func(v reflect.Value, path string)) {
	if _, ok := leaves[v.Type()]; ok {
		do(v, path)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			walk(v.Field(i), path+"."+v.Type().Field(i).Name, do)
		}
	case reflect.Slice:
		do(v, path)
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), do)
		}
	default:
		do(v, path)
	}
}

// mutate changes one leaf to something else.
func mutate(v reflect.Value) {
	switch v.Interface().(type) {
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.MustParseAddr("203.0.113.77")))
		return
	case netip.Prefix:
		v.Set(reflect.ValueOf(netip.MustParsePrefix("203.0.113.0/30")))
		return
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1<<30, 0)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + " changed")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(v.Uint() + 1)
	case reflect.Slice:
		v.Set(v.Slice(0, v.Len()-1))
	}
}

func filled(t *testing.T) *Config {
	t.Helper()
	c := &Config{}
	if err := (&generator{}).fill(reflect.ValueOf(c).Elem(), "Config"); err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCloneIsDeep is law L6: every leaf of a clone can be changed without the
// original noticing, and Equal notices every change.
func TestCloneIsDeep(t *testing.T) {
	c := filled(t)
	before := fmt.Sprintf("%+v", *c)
	if !c.Equal(c.Clone()) || fmt.Sprintf("%+v", *c.Clone()) != before {
		t.Fatal("a clone is not equal to its original")
	}
	var paths []string
	walk(reflect.ValueOf(c).Elem(), "Config", func(_ reflect.Value, path string) { paths = append(paths, path) })
	if len(paths) < 200 {
		t.Fatalf("only %d leaves: the walk misses something", len(paths))
	}
	for n, path := range paths {
		k := c.Clone()
		i := 0
		walk(reflect.ValueOf(k).Elem(), "Config", func(v reflect.Value, _ string) {
			if i++; i == n+1 {
				mutate(v)
			}
		})
		if fmt.Sprintf("%+v", *c) != before {
			t.Fatalf("%s of a clone is that of the original", path)
		}
		if c.Equal(k) || k.Equal(c) {
			t.Errorf("Equal does not look at %s", path)
		}
	}
}

// TestCloneOfEmpty: nothing becomes something by cloning.
func TestCloneOfEmpty(t *testing.T) {
	for _, c := range []*Config{{}, Default(Facts{}), Default(lan("10.0.0.1/24"))} {
		if k := c.Clone(); !c.Equal(k) || fmt.Sprintf("%+v", *c) != fmt.Sprintf("%+v", *k) {
			t.Errorf("%+v\n%+v", *c, *k)
		}
	}
}

// TestEqualOfLists: no list and an empty list say the same, at every place.
func TestEqualOfLists(t *testing.T) {
	c := filled(t)
	n := 0
	walk(reflect.ValueOf(c).Elem(), "Config", func(v reflect.Value, path string) {
		if v.Kind() != reflect.Slice {
			return
		}
		n++
		was := reflect.New(v.Type()).Elem()
		was.Set(v)
		v.SetZero()
		k := c.Clone()
		v.Set(reflect.MakeSlice(v.Type(), 0, 4))
		if !c.Equal(k) || !k.Equal(c) {
			t.Errorf("%s: no list does not equal an empty one", path)
		}
		v.Set(was)
	})
	if n < 10 {
		t.Fatalf("only %d lists", n)
	}
}

// lan is a box with GigabitEthernet0/0 and 0/1 on eth0 and eth1, the first with
// these addresses of the host's.
func lan(addrs ...string) Facts {
	f := Facts{SSH: listen.Endpoint{Port: 22}}
	for i, d := range []string{"eth0", "eth1"} {
		f.Interfaces = append(f.Interfaces, InterfaceFact{Mapping: netif.Mapping{Name: fmt.Sprintf("GigabitEthernet0/%d", i), Device: d}, Up: true})
	}
	for _, a := range addrs {
		f.Interfaces[0].Addrs = append(f.Interfaces[0].Addrs, netip.MustParsePrefix(a))
	}
	return f
}

func TestCarried(t *testing.T) {
	show := func(c *Config) string {
		var out []string
		for _, k := range c.Carried {
			out = append(out, strings.Join(append([]string{k.In + ">" + k.Line}, k.Children...), ";"))
		}
		return strings.Join(out, " ")
	}
	k := func(in, line string, place int, children ...string) Carried {
		return Carried{In: in, Line: line, Place: place, Children: children}
	}
	for _, s := range []struct {
		name string
		do   func(*Config)
		want string
	}{
		{"by place, then as they came", func(c *Config) {
			for _, x := range []Carried{k("", "c", 2), k("", "z", 1), k("", "b", 2), k("", "a", 1)} {
				c.Carry(x)
			}
		}, ">z >a >c >b"},
		{"sections behind the top level, each together", func(c *Config) {
			for _, x := range []Carried{k("s", "2", 0), k("", "x", 9), k("r", "9", 0), k("s", "1", 0)} {
				c.Carry(x)
			}
		}, ">x r>9 s>2 s>1"},
		{"twice", func(c *Config) { c.Carry(k("", "a", 1)); c.Carry(k("", "a", 1)); c.Carry(k("s", "a", 0)) }, ">a s>a"},
		{"a block gets what it lacks", func(c *Config) {
			c.Carry(k("", "router rip", 1, " version 2", " network 1"))
			c.Carry(k("", "router rip", 1, " network 2", " version 2"))
			c.Carry(k("", "router rip", 1))
		}, ">router rip; version 2; network 1; network 2"},
		{"a nested block is replaced", func(c *Config) {
			c.Carry(k("", "p", 1, " class A", "  bandwidth 1"))
			c.Carry(k("", "p", 1, " class A", "  bandwidth 2"))
		}, ">p; class A;  bandwidth 2"},
		{"a line takes the place of its no", func(c *Config) { c.Carry(k("", "no ip cef", 1)); c.Carry(k("", "ip cef", 1)) }, ">ip cef"},
		{"drop", func(c *Config) {
			c.Carry(k("", "ip cef", 1))
			c.Carry(k("s", "ip cef", 0))
			if !c.DropCarried("", "ip cef") || c.DropCarried("", "ip cef") {
				t.Error("dropped wrongly")
			}
		}, "s>ip cef"},
		{"drop by the first words", func(c *Config) {
			c.Carry(k("", "a 1 x", 1))
			c.Carry(k("", "b 1 x", 1))
			c.Carry(k("", "b 1 y", 1))
			c.Carry(k("", "b 2", 1))
			if !c.DropCarried("", "a 1") || !c.DropCarried("", "b 1") || c.DropCarried("", "a") || c.DropCarried("", "b 1") {
				t.Error("dropped wrongly")
			}
		}, ">b 2"},
		{"a line takes the place of a shorter no", func(c *Config) {
			c.Carry(k("", "no park-slot", 1))
			c.Carry(k("", "no park", 1))
			c.Carry(k("", "park-slot 1", 1))
		}, ">no park >park-slot 1"},
		{"no no is no command", func(c *Config) {
			c.Carry(k("", "no ip cef", 1))
			if c.DropCarried("", "no") || c.DropCarried("", "no ip") || !c.DropCarried("", "no ip cef") {
				t.Error("dropped wrongly")
			}
		}, ""},
		{"words, not letters", func(c *Config) {
			c.Carry(k("", "ab c", 1))
			if c.DropCarried("", "a") {
				t.Error("dropped wrongly")
			}
		}, ">ab c"},
		{"a section goes", func(c *Config) {
			c.Carry(k("s", "a", 0))
			c.Carry(k("t", "a", 0))
			c.DropSection("s")
			if c.Carries("s") || !c.Carries("t") {
				t.Error("dropped wrongly")
			}
		}, "t>a"},
		{"a section is renamed", func(c *Config) {
			c.Carry(k("b", "1", 0))
			c.Carry(k("b", "2", 0))
			c.Carry(k("c", "3", 0))
			c.RenameSection("b", "d")
			c.RenameSection("d", "d")
		}, "c>3 d>1 d>2"},
	} {
		t.Run(s.name, func(t *testing.T) {
			c := &Config{}
			s.do(c)
			if got := show(c); got != s.want {
				t.Errorf("got  %s\nwant %s", got, s.want)
			}
		})
	}
	children := []string{" x"}
	c := &Config{}
	c.Carry(Carried{Line: "a", Children: children})
	if children[0] = " changed"; c.Carried[0].Children[0] != " x" {
		t.Error("the children of a carried line are the caller's")
	}
}

func TestLinesAndBanners(t *testing.T) {
	c := Default(Facts{})
	if c.VTYs() != 5 || c.Line("vty", 4) == nil || c.Line("vty", 5) != nil || c.Line("con", 0) == nil || c.Line("aux", 0) != nil {
		t.Errorf("%+v", c.Lines)
	}
	c.SetBanner("motd", "a\n")
	c.SetBanner("exec", "b\n")
	c.SetBanner("motd", "c\n")
	if c.Banner("motd") != "c\n" || c.Banner("login") != "" || c.Banners[0].Kind != "exec" || len(c.Banners) != 2 {
		t.Errorf("%+v", c.Banners)
	}
	c.SetBanner("motd", "")
	c.SetBanner("exec", "")
	if len(c.Banners) != 0 || !c.Equal(Default(Facts{})) {
		t.Errorf("%+v", c.Banners)
	}
}
