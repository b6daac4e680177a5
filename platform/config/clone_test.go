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
		if strings.Count(path, ".Below") > 2 {
			return nil // a list of its own kind: three deep is deep enough
		}
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
		if v.Len() > 0 {
			do(v, path)
		}
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

// sharedList tells lists within the elements of a list, which a clone does not copy:
// thousands of pasted lines would each copy all speed dials of the office. That
// no command changes one in place is a law of cli/command.
func sharedList(path string) bool {
	for _, in := range []string{".Telephony.Ephones[", ".Telephony.Pools[", ".Telephony.EphoneTemplates[", ".Telephony.RegisterTemplates[", ".Telephony.Dialplans[", ".Telephony.Users[", ".Telephony.Logouts[", ".DHCP.Pools[", ".DHCP.Classes[", ".DHCPv6.Pools["} {
		if _, rest, ok := strings.Cut(path, in); ok {
			_, rest, _ = strings.Cut(rest, "]")
			return strings.Contains(strings.NewReplacer(".Classes[", "", ".Vendors[", "", ".MAC[", "", ".HardwareAddr[", "").Replace(rest), "[")
		}
	}
	return false
}

// TestCloneIsDeep is law L6: every leaf of a clone can be changed without the
// original noticing, and Equal notices every change. What lies in a shared list
// is replaced with its list.
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
		if sharedList(path) {
			if fmt.Sprintf("%+v", *c) == before {
				t.Errorf("%s is copied, and the test says that it is not", path)
			}
			c = filled(t)
			continue
		}
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
	var show func(in string, k Kept) string
	show = func(in string, k Kept) string {
		out := in + k.Line
		for _, b := range k.Below {
			out += ";" + show(" ", b)
		}
		return out
	}
	all := func(c *Config) string {
		var out []string
		for _, k := range c.Carried {
			out = append(out, show(k.In+">", k.Kept))
		}
		return strings.Join(out, " ")
	}
	is := func(line string) func(string) bool { return func(old string) bool { return sameWords(old, line) } }
	at := func(in string, place int, path ...string) Spot { return Spot{In: in, Place: place, Path: path} }
	keep := func(c *Config, s Spot, lines ...string) {
		for _, l := range lines {
			c.Keep(s, l, is(l), Negation(l))
		}
	}
	for _, s := range []struct {
		name string
		do   func(*Config)
		want string
	}{
		{"by place, then as they came", func(c *Config) {
			keep(c, at("", 2), "c")
			keep(c, at("", 1), "z")
			keep(c, at("", 2), "b")
			keep(c, at("", 1), "a")
		}, ">z >a >c >b"},
		{"sections behind the top level, each together", func(c *Config) {
			keep(c, at("s", 0), "2")
			keep(c, at("", 9), "x")
			keep(c, at("r", 0), "9")
			keep(c, at("s", 0), "1")
		}, ">x r>9 s>2 s>1"},
		{"twice", func(c *Config) { keep(c, at("", 1), "a", "a"); keep(c, at("s", 0), "a") }, ">a s>a"},
		{"blanks do not tell lines apart", func(c *Config) { keep(c, at("", 1), "a  b", "a b") }, ">a b"},
		{"a section gets what it lacks", func(c *Config) {
			keep(c, at("", 1), "router rip")
			keep(c, at("", 1, "router rip"), "version 2", "network 1")
			keep(c, at("", 1), "router rip")
			keep(c, at("", 1, "router rip"), "network 2", "version 2")
		}, ">router rip; version 2; network 1; network 2"},
		{"sections in sections", func(c *Config) {
			keep(c, at("s", 0), "p")
			keep(c, at("s", 0, "p"), "class A")
			keep(c, at("s", 0, "p", "class A"), "bandwidth 1")
			keep(c, at("s", 0, "p", "class B"), "nowhere")
		}, "s>p; class A; bandwidth 1"},
		{"in the place of another", func(c *Config) {
			keep(c, at("", 1), "router rip", "x")
			keep(c, at("", 1, "router rip"), "version 1", "network 1")
			c.Keep(at("", 1, "router rip"), "version 2", func(old string) bool { return strings.HasPrefix(old, "version") }, Negation("version 2"))
			c.Keep(at("", 1), "y", is("x"), Negation("y"))
		}, ">router rip; version 2; network 1 >y"},
		{"a line takes the place of its no", func(c *Config) {
			keep(c, at("", 1), "no ip cef", "ip cef", "r")
			keep(c, at("", 1, "r"), "no auto", "auto 1")
		}, ">ip cef >r; auto 1"},
		{"text", func(c *Config) {
			keep(c, at("", 1), "cert")
			for range 2 {
				c.ClearText(at("", 1, "cert"))
				c.KeepText(at("", 1, "cert"), "30")
				c.KeepText(at("", 1, "cert"), "30")
			}
			c.Unkeep(at("", 1, "cert"), "30")
		}, ">cert; 30; 30"},
		{"drop", func(c *Config) {
			keep(c, at("", 1), "ip cef")
			keep(c, at("s", 0), "ip cef")
			if c.Unkeep(at("", 0), "ip cef") != 1 || c.Unkeep(at("", 0), "ip cef") != 0 {
				t.Error("dropped wrongly")
			}
		}, "s>ip cef"},
		{"drop by the first words", func(c *Config) {
			keep(c, at("", 1), "a 1 x", "b 1 x", "b 1 y", "b 2")
			if c.CountKept(at("", 0), "b 1") != 2 || c.Unkeep(at("", 0), "a 1") != 1 || c.Unkeep(at("", 0), "b  1") != 2 || c.Unkeep(at("", 0), "a") != 0 {
				t.Error("dropped wrongly")
			}
		}, ">b 2"},
		{"drop below", func(c *Config) {
			keep(c, at("", 1), "r")
			keep(c, at("", 1, "r"), "n 1", "n 2", "m")
			if c.CountKept(at("", 0, "r"), "n") != 2 || c.Unkeep(at("", 0, "r"), "n 1") != 1 || c.Unkeep(at("", 0, "q"), "n") != 0 {
				t.Error("dropped wrongly")
			}
		}, ">r; n 2; m"},
		{"a line takes the place of a shorter no", func(c *Config) {
			keep(c, at("", 1), "no park-slot", "no park", "park-slot 1")
		}, ">no park >park-slot 1"},
		{"no no is no command", func(c *Config) {
			keep(c, at("", 1), "no ip cef")
			if c.Unkeep(at("", 0), "no")+c.Unkeep(at("", 0), "no ip") > 0 || c.Unkeep(at("", 0), "no ip cef") != 1 {
				t.Error("dropped wrongly")
			}
		}, ""},
		{"words, not letters", func(c *Config) {
			keep(c, at("", 1), "ab c")
			if c.Unkeep(at("", 0), "a") > 0 {
				t.Error("dropped wrongly")
			}
		}, ">ab c"},
		{"a section goes", func(c *Config) {
			keep(c, at("s", 0), "a")
			keep(c, at("t", 0), "a")
			c.DropSection("s")
			if c.Carries("s") || !c.Carries("t") {
				t.Error("dropped wrongly")
			}
		}, "t>a"},
		{"a section is renamed", func(c *Config) {
			keep(c, at("b", 0), "1", "2")
			keep(c, at("c", 0), "3")
			c.RenameSection("b", "d")
			c.RenameSection("d", "d")
		}, "c>3 d>1 d>2"},
	} {
		t.Run(s.name, func(t *testing.T) {
			c := &Config{}
			s.do(c)
			if got := all(c); got != s.want {
				t.Errorf("got  %s\nwant %s", got, s.want)
			}
			if n := c.Clone(); !n.Equal(c) {
				t.Error("a clone differs")
			}
		})
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
