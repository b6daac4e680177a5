package upgrade

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/journal"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

const (
	old    = "SCCP41.8-5-2S"
	target = "SCCP41.9-4-2SR3-1S"
	dev    = "SEP001E7A000001"
)

var (
	mac  = ether.MAC{0, 0x1e, 0x7a, 0, 0, 1}
	addr = netip.MustParseAddrPort("10.0.0.9:50000")
)

// bench is a policy over a flash of synthetic loads, with a clock of its own.
type bench struct {
	t       *testing.T
	p       *Policy
	tree    fstest.MapFS
	now     time.Time
	changes uint64
	open    bool
}

func newBench(t *testing.T, loads ...string) *bench {
	b := &bench{t: t, tree: fstest.MapFS{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), open: true}
	for _, l := range loads {
		b.put(l, "")
	}
	b.p = &Policy{Classes: NewClasses(nil), Changes: func() uint64 { b.changes++; return b.changes }, Open: func() bool { return b.open },
		Own:  func(netip.Addr) bool { return false },
		Find: func(n string) (firmware.Found, bool) { f, _ := firmware.FromFS(b.tree); return f(n) },
		Files: func() (out []string) {
			for n := range b.tree {
				out = append(out, n)
			}
			return out
		}}
	return b
}

func (b *bench) put(load, dir string) {
	files, err := firmware.Synthesise(load, "", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	for n, c := range files {
		b.tree[dir+n] = &fstest.MapFile{Data: c}
	}
}

func (b *bench) config(unknown string) *cnf.Config {
	c := cnf.Default()
	c.Service.Present, c.Unknown = true, unknown
	c.Service.Loads = []cnf.LoadEntry{{Type: "7961", File: target}}
	c.Ephones = []cnf.Ephone{{Tag: 1, MAC: mac, Type: "7961"}}
	return &c
}

// named is the load in the phone's file; "target" = that of its line.
func (b *bench) named(c *cnf.Config) string {
	f := b.p.Firmware(c)
	b.told(c, f)
	for _, p := range f.Phones {
		if p.MAC == mac {
			if p.Alone {
				return p.Load + " alone"
			}
			return p.Load
		}
	}
	if slices.Contains(f.Withheld, target) {
		return "withheld"
	}
	return "target"
}

// told holds that what is told of the phone is what its file names.
func (b *bench) told(c *cnf.Config, f cnf.Firmware) {
	b.t.Helper()
	for _, e := range cnf.EffectiveOf(*c, cnf.Options{Firmware: f}) {
		d, ok := b.p.Decide(c, e.MAC, c.TypeOf(&c.Ephones[0]), c.Service.Loads)
		if ok && phone.Load(d.Load).Canonical() != e.Load || ok && d.Load == "" && d.Why == "" {
			b.t.Errorf("the file of %s names %q, and told is %+v", e.MAC.Device(), e.Load, d)
		}
	}
}

func (b *bench) record(e journal.Event) {
	b.now = b.now.Add(time.Second)
	b.p.Classes.Fold(journal.Entry{Time: b.now, Event: e})
}

func (b *bench) ask(tr fileserver.Transport, name string) {
	port := uint16(69)
	if tr == fileserver.HTTP {
		port = 6970
	}
	b.record(fileserver.Asked{Transport: tr, Client: addr, Local: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), port), Name: name})
}

func (b *bench) boot(tr fileserver.Transport) {
	b.now = b.now.Add(10 * time.Minute)
	b.ask(tr, "CTL"+dev+".tlv")
	b.ask(tr, dev+".cnf.xml")
}

// got is a phone that fetches its file.
func (b *bench) got(c *cnf.Config) {
	b.named(c)
	b.p.Giving(dev + ".cnf.xml")
	b.record(fileserver.Served{Transport: fileserver.TFTP, Client: addr, Name: dev + ".cnf.xml", Complete: true})
}

func (b *bench) fetch(load string) {
	files, _ := firmware.Synthesise(load, "", nil)
	b.ask(fileserver.TFTP, load+".loads")
	for n := range files {
		b.record(fileserver.Served{Transport: fileserver.TFTP, Client: addr, Name: n, Complete: true})
	}
}

// TestSteps: what a phone's file names follows from what it showed, never from
// the transport that asks.
func TestSteps(t *testing.T) {
	b := newBench(t, old, target)
	c := b.config(cnf.UnknownKeep)
	if got := b.named(c); got != "" {
		t.Errorf("a phone that showed nothing gets %q", got)
	}
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != old+" alone" {
		t.Fatalf("a phone that asks TFTP gets %q", got)
	}
	b.ask(fileserver.TFTP, old+".loads")
	b.boot(fileserver.TFTP) // it came back without the components
	if got := b.named(c); got != old+" alone" {
		t.Fatalf("a phone that did not fetch the stone whole gets %q", got)
	}
	b.fetch(old)
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != target+" alone" {
		t.Fatalf("after the stone: %q", got)
	}
	again := NewClasses(Unmarshal(Marshal(must(b.p.Classes.List())))) // a restart
	b.p.Classes = again
	if got := b.named(c); got != target+" alone" {
		t.Fatalf("after a restart: %q", got)
	}
	b.boot(fileserver.HTTP)
	if got := b.named(c); got != "target" {
		t.Fatalf("a phone that asks 6970: %q", got)
	}
	// Then something keeps it from the port: it is not taken back.
	b.boot(fileserver.TFTP)
	if got := b.named(c); got != "" {
		t.Errorf("a phone that asked 6970 before and TFTP now gets %q", got)
	}
	b.boot(fileserver.HTTP)
	if got := b.named(c); got != "target" {
		t.Errorf("and asks 6970 again: %q", got)
	}
}

func must(k []Known, _ bool) []Known { return k }

// TestOnTheStone: a phone that runs the stone already asks for its tones and
// not for the stone: the next boot gets the target.
func TestOnTheStone(t *testing.T) {
	b := newBench(t, old, target)
	c := b.config("")
	b.boot(fileserver.TFTP)
	b.ask(fileserver.TFTP, "United_States/g3-tones.xml") // its file named no stone
	if got := b.named(c); got != old+" alone" {
		t.Errorf("a phone that was not told of the stone: %s", got)
	}
	b.got(c)
	b.ask(fileserver.TFTP, "United_States/g3-tones.xml")
	if got := b.named(c); got != target+" alone" {
		t.Error(got)
	}
	if k, _ := b.p.Classes.List(); len(k) != 1 || !k[0].Inferred {
		t.Errorf("%+v", k)
	}
}

// TestNotEvidence: what does not show a phone's firmware changes nothing.
func TestNotEvidence(t *testing.T) {
	b := newBench(t, old, target)
	c := b.config("")
	b.record(fileserver.Asked{Transport: fileserver.HTTP, Client: addr, Local: netip.MustParseAddrPort("10.0.0.1:6970"), Name: dev + ".cnf.xml", UserAgent: "curl/8"})
	b.record(fileserver.Asked{Transport: fileserver.HTTP, Client: addr, Local: netip.MustParseAddrPort("10.0.0.1:80"), Name: dev + ".cnf.xml"})
	b.open = false
	b.boot(fileserver.TFTP) // nobody listens on 6970
	if got := b.named(c); got != "" {
		t.Errorf("%q", got)
	}
	b = newBench(t, old, target)
	b.boot(fileserver.HTTP)
	b.ask(fileserver.TFTP, dev+".cnf.xml") // after a 503
	if got := b.named(b.config("")); got != "target" {
		t.Errorf("TFTP after HTTP: %q", got)
	}
}

// TestUnknown: `upgrade unknown`.
func TestUnknown(t *testing.T) {
	for unknown, want := range map[string]string{cnf.UnknownKeep: "", cnf.UnknownDirect: "target", cnf.UnknownStepping: old + " alone"} {
		b := newBench(t, old, target)
		if got := b.named(b.config(unknown)); got != want {
			t.Errorf("%q: %q", unknown, got)
		}
	}
	b := newBench(t, target) // without a stone
	b.boot(fileserver.TFTP)
	if got := b.named(b.config("")); got != " alone" {
		t.Errorf("no stone: %q", got)
	}
	f := b.p.Firmware(b.config(""))
	if len(f.Strange) != 1 || f.Strange[0] != target {
		t.Errorf("the default file names %v", f)
	}
}

// TestWithheld: removing any one file of a load takes it out of the files, and
// force puts it back.
func TestWithheld(t *testing.T) {
	for _, load := range []string{target, "sip78xx.12-1-1-12", "P0030801SR02", "SCCP69xx.9-4-1-3SR3", "CP7921G-1.4.6.3"} {
		b := newBench(t, load)
		c := cnf.Default()
		c.Service.Loads = []cnf.LoadEntry{{Type: "7961", File: load}}
		if f := b.p.Firmware(&c); len(f.Withheld) != 0 {
			t.Fatalf("%s is withheld", load)
		}
		for n := range b.tree {
			was := b.tree[n]
			delete(b.tree, n)
			if f := b.p.Firmware(&c); len(f.Withheld) != 1 {
				t.Errorf("%s without %s is named", load, n)
			}
			b.tree[n] = was
		}
	}
	b := newBench(t, target)
	// The list of another load under the name of this one.
	b.tree[target+".loads"] = &fstest.MapFile{Data: firmware.SyntheticFile("other.loads", []byte("jar41sccp.9-4-2ES26.sbn\r\n"))}
	if got := b.named(b.config(cnf.UnknownDirect)); got != "withheld" {
		t.Errorf("a list that carries another name: %q", got)
	}
	b = newBench(t)
	c := b.config(cnf.UnknownDirect)
	if got := b.named(c); got != "withheld" {
		t.Error(got)
	}
	c.Service.Loads[0].Force = true
	if got := b.named(c); got != "target" {
		t.Error(got)
	}
	c.Service.Loads[0].Force = false
	c.Service.ServicePhone = []cnf.ServicePhone{{Name: "loadServer", Value: "10.9.9.9"}}
	if got := b.named(c); got != "target" {
		t.Errorf("with a load server elsewhere: %q", got)
	}
}

// TestOneImage: a load of one image is withheld while it is not here.
func TestOneImage(t *testing.T) {
	for load, file := range map[string]string{"apps37sccp.1-4-5-7": "apps37sccp.1-4-5-7.bin", "CP3905.9-4-1-0": "CP3905.9-4-1-0.zz.sgn",
		"CP7912080004SCCP080108A": "CP7912080004SCCP080108A.sbin", "ATA030204SCCP090202A": "ATA030204SCCP090202A.zup"} {
		b := newBench(t)
		c := cnf.Default()
		c.Service.Loads = []cnf.LoadEntry{{Type: "7937", File: load}}
		if f := b.p.Firmware(&c); len(f.Withheld) != 1 {
			t.Errorf("%s is named without %s", load, file)
		}
		for size, withheld := range map[int]int{0: 1, 100: 0} {
			b.tree[file] = &fstest.MapFile{Data: bytes.Repeat([]byte("x"), size)}
			if f := b.p.Firmware(&c); len(f.Withheld) != withheld {
				t.Errorf("%s with %d bytes: withheld %v", file, size, f.Withheld)
			}
		}
	}
}

// TestDefault: after a factory reset a phone gets the list of the load it may
// have, out of that package; none there is none.
func TestDefault(t *testing.T) {
	b := newBench(t, old, target)
	for dir, l := range map[string]string{"new/": target, "stone/": old} {
		list, err := firmware.DefaultLoad("term41.default.loads", l)
		if err != nil {
			t.Fatal(err)
		}
		b.tree[dir+"term41.default.loads"] = &fstest.MapFile{Data: list}
	}
	c := b.config("")
	b.p.Holder = func(netip.Addr) (ether.MAC, bool) { return mac, true }
	choose := func() string {
		at, handled := b.p.Default(c, addr.Addr(), "term41.default.loads")
		if !handled {
			t.Error("not handled")
		}
		return at
	}
	if at := choose(); at != "stone/term41.default.loads" {
		t.Errorf("unknown: %q", at)
	}
	b.boot(fileserver.HTTP)
	if at := choose(); at != "new/term41.default.loads" {
		t.Errorf("direct: %q", at)
	}
	delete(b.tree, "new/term41.default.loads")
	if at := choose(); at != "" {
		t.Errorf("none: %q", at)
	}
	if _, handled := b.p.Default(c, addr.Addr(), target+".loads"); handled {
		t.Error("an ordinary load is chosen")
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add(Marshal([]Known{{MAC: mac, Class: Direct, Evidence: "x"}}))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, k := range Unmarshal(text) {
			if k.MAC.IsZero() && !strings.Contains(string(text), "000000000000") {
				t.Error(k)
			}
		}
	})
}
