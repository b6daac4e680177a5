package proof

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/dhcp/engine"
	"option150/platform/acl"
	"option150/platform/ether"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

var (
	own    = netip.MustParseAddr("10.1.10.1")
	voice  = netip.MustParsePrefix("10.1.10.0/24")
	branch = netip.MustParsePrefix("10.2.0.0/24")
)

const (
	sccpLoad = "SCCP41.9-4-2SR3-1S"
	sipLoad  = "sip78xx.12-8-1-0001-455"
)

func mac(n byte) ether.MAC { return ether.MAC{0x00, 0x1e, 0x7a, 0, 0, n} }

// ground is a branch with phones of four kinds, and all they need.
type ground struct {
	t     *testing.T
	dhcp  engine.Config
	tel   cnf.Config
	files fileserver.Spec
	seen  map[ether.MAC]Seen
	flash string

	httpClosed, tftpClosed string
	leased                 []engine.Known // by stations that are no phones of ours
	calls                  map[netip.AddrPort]string
	searching              []netip.Addr
	own                    []netip.Addr
	absent                 []string // Options.Absent
	abroad                 bool
}

func newGround(t *testing.T) *ground {
	g := &ground{t: t, dhcp: engine.Default(), tel: cnf.Default(), seen: map[ether.MAC]Seen{}, flash: t.TempDir(), calls: map[netip.AddrPort]string{}, own: []netip.Addr{own}}
	g.dhcp.Excluded = []engine.Range{{First: own, Last: own}}
	g.dhcp.Pools = []engine.Pool{{Name: "VOICE", Network: voice, DefaultRouters: []netip.Addr{own}, Options: []engine.Option{{Code: 150, Kind: engine.OptionIP, Addrs: []netip.Addr{own}}}}}
	g.files.Config = fileserver.Default()
	s := &g.tel.Service
	s.Present, s.SourceAddress.Addr, s.MaxEphones, s.MaxDN = true, netip.MustParseAddr("10.9.9.9"), 10, 10
	s.Loads = []cnf.LoadEntry{{Type: "7961", File: sccpLoad}}
	g.tel.Ephones = []cnf.Ephone{{Tag: 1, MAC: mac(1), Type: "7961"}}
	r := &g.tel.Global
	r.Present, r.Mode, r.SourceAddress.Addr, r.MaxPool, r.MaxDN = true, "cme", netip.MustParseAddr("10.9.9.9"), 10, 10
	r.Loads = []cnf.LoadEntry{{Type: "7841", File: sipLoad}}
	g.tel.DNs = []cnf.RegisterDN{{Tag: 1, Number: "2001"}, {Tag: 2, Number: "2002"}, {Tag: 3, Number: "2003"}}
	number := func(n int) []cnf.PoolNumber { return []cnf.PoolNumber{{Position: 1, DN: n}} }
	g.tel.Pools = []cnf.RegisterPool{
		{Tag: 1, MAC: mac(2), Type: "7841", Numbers: number(1)},
		{Tag: 2, MAC: mac(3), Type: "7960", Numbers: number(2)},
		{Tag: 3, MAC: mac(4), Type: "7912", Numbers: number(3)},
	}
	for _, load := range []string{sccpLoad, sipLoad} {
		files, err := firmware.Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, content := range files {
			g.put(name, content)
		}
	}
	return g
}

func (g *ground) put(name string, content []byte) {
	if err := os.WriteFile(filepath.Join(g.flash, name), content, 0o600); err != nil {
		g.t.Fatal(err)
	}
}

// drop removes the first file with that beginning, or empties it.
func (g *ground) drop(prefix string, empty bool) {
	all, _ := filepath.Glob(filepath.Join(g.flash, prefix+"*"))
	if len(all) == 0 {
		g.t.Fatalf("no file %s", prefix)
	}
	if empty {
		g.put(filepath.Base(all[0]), nil)
	} else if err := os.Remove(all[0]); err != nil {
		g.t.Fatal(err)
	}
}

// walk makes of it what the box makes of a configuration.
func (g *ground) walk() *Report {
	t := g.t
	f, err := flash.Open(g.flash)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	find := func(name string) (firmware.Found, bool) {
		x, err := f.Find("", name)
		if err != nil {
			return firmware.Found{}, false
		}
		defer x.Close()
		b, _ := os.ReadFile(filepath.Join(g.flash, x.Path))
		return firmware.Found{Name: x.Name(), Size: x.Size, ID: x.ID, Open: func() (r rc, err error) { return open(b), nil }}, true
	}
	whole := func(load string) firmware.State { return firmware.Examine(find, phone.Load(load), true) }
	var fw cnf.Firmware
	for _, l := range slices.Concat(g.tel.Service.Loads, g.tel.Global.Loads) {
		if !l.Force && !whole(l.File).Complete() {
			fw.Withheld = append(fw.Withheld, l.File)
		}
	}
	set, err := cnf.Rebuild(nil, g.tel, cnf.Options{Firmware: fw, Absent: g.absent})
	if err != nil {
		t.Fatal(err)
	}
	held := map[netip.Addr]ether.MAC{}
	lookup := func(fallback bool) fileserver.Lookup {
		return func(name string) ([]byte, time.Time, string, bool) {
			x, ok := set.Lookup(name)
			if !ok || x.Fallback != fallback {
				return nil, time.Time{}, "", false
			}
			return x.Content, time.Time{}, x.ETag, true
		}
	}
	files := fileserver.New(fileserver.Options{Flash: f, Generated: lookup(false), Fallback: lookup(true),
		Holder: func(_ context.Context, m ether.MAC, a netip.Addr, _ bool) fileserver.Holding {
			if held[a] == m {
				return fileserver.Held
			}
			return fileserver.Unknown
		}})
	c, err := files.Prepare(t.Context(), nil, g.files)
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	b := &Box{Telephony: g.tel, Firmware: fw, Absent: g.absent, Own: g.own, Files: files, Abroad: g.abroad, Whole: whole,
		HTTP:  func(netip.Addr) Door { return Door{Closed: g.httpClosed} },
		TFTP:  func(netip.Addr) Door { return Door{Closed: g.tftpClosed} },
		Seen:  func(m ether.MAC) Seen { return g.seen[m] },
		Holds: func(m ether.MAC, a netip.Addr) { held[a] = m },
		Away:  func(s string) bool { return s != own.String() },
		Calls: func(a netip.AddrPort) (string, bool) { why, ok := g.calls[a]; return why, ok },
		Guard: func(a netip.Addr) bool { return slices.Contains(g.searching, a) }}
	iface := engine.Interface{Name: "GigabitEthernet0/0", Device: "eth0", Addrs: []netip.Prefix{netip.PrefixFrom(own, 24)}}
	tab, err := engine.Compile(engine.Spec{Config: g.dhcp, Interfaces: []engine.Interface{iface}})
	if err != nil {
		t.Fatal(err)
	}
	if g.dhcp.Service && len(g.dhcp.Pools) > 0 {
		live := engine.New(time.Now()).Fork(0, tab)
		if g.leased != nil {
			live.Import(0, g.leased, false)
			live.Take()
		}
		b.DHCP = live.Fork(time.Second, tab)
		b.Now = time.Second
	} else {
		b.NoDHCP = "it has no pool"
	}
	for _, p := range g.dhcp.Pools {
		if p.Network.IsValid() {
			pl := Place{Network: p.Network, Pool: p.Name, Interface: iface.Name, Voice: len(p.Options) > 0}
			if !p.Network.Contains(own) {
				pl.Relay = p.Network.Addr().Next()
			}
			b.Places = append(b.Places, pl)
		}
	}
	return Walk(t.Context(), b)
}

func (r *Report) of(m ether.MAC) *Phone {
	for i := range r.Phones {
		if r.Phones[i].MAC == m {
			return &r.Phones[i]
		}
	}
	return nil
}

// A branch that is in order: every phone comes up, and the answer says so.
func TestAllUp(t *testing.T) {
	r := newGround(t).walk()
	if r.Count(Up) != 4 || len(r.Phones) != 4 {
		t.Fatalf("%s", r.Text().String())
	}
	if got := r.Summary(); got != "4 of 4 phones would come up" {
		t.Error(got)
	}
	if !strings.Contains(r.Text().String(), "Taken for granted: 4 phones never seen here stand in 10.1.10.0/24 (pool VOICE)") {
		t.Errorf("where phones nobody has seen were taken to stand is not said:\n%s", r.Text().String())
	}
	for _, p := range r.Phones {
		if !voice.Contains(p.Addr) {
			t.Errorf("%s has %v", p.Device, p.Addr)
		}
	}
}

// Each link of the chain, broken one at a time: the phone it concerns is said
// not to come up, with the code of the verdict, and no other.
func TestBrokenLinks(t *testing.T) {
	deny := func(name string, from string) acl.List {
		return acl.List{Name: name, Entries: []acl.Entry{{Permit: true, Addr: netip.MustParseAddr(from), Wildcard: netip.MustParseAddr("0.0.0.255")}}}
	}
	for _, c := range []struct {
		name string
		edit func(*ground)
		mac  ether.MAC
		want Outcome
		code string
		up   int // of four
		says string
	}{
		{"no pool for the network", func(g *ground) { g.dhcp.Pools[0].Network = branch }, mac(1), Not, "R28", 0, "no default-router"},
		{"pool without a free address", func(g *ground) {
			g.dhcp.Excluded = []engine.Range{{First: own, Last: netip.MustParseAddr("10.1.10.254")}}
		}, mac(1), Not, "R02", 0, "exhausted"},
		{"three addresses for four phones", func(g *ground) {
			g.dhcp.Excluded = []engine.Range{{First: own, Last: netip.MustParseAddr("10.1.10.251")}}
		}, mac(4), Not, "R02", 3, "exhausted"},
		{"addresses that others have", func(g *ground) {
			g.dhcp.Excluded = []engine.Range{{First: own, Last: netip.MustParseAddr("10.1.10.250")}}
			g.leased = []engine.Known{{Addr: netip.MustParseAddr("10.1.10.254"), MAC: mac(200), Expiry: time.Now().Add(time.Hour)}}
		}, mac(4), Not, "R02", 3, "exhausted"},
		{"a pool for others", func(g *ground) {
			g.dhcp.Classes = []engine.Class{{Name: "PC", Patterns: []engine.Pattern{{Option: 60, Value: []byte("MSFT"), Prefix: true}}}}
			g.dhcp.Pools[0].Classes = []engine.PoolClass{{Name: "PC"}}
		}, mac(1), Not, "R02", 0, "class"},
		{"a limit of leases", func(g *ground) { g.dhcp.LimitLease = 2 }, mac(3), Not, "R02", 2, "limit"},
		{"no file server in the lease", func(g *ground) { g.dhcp.Pools[0].Options = nil }, mac(1), Not, "R38", 0, "names no file server"},
		{"another file server", func(g *ground) { g.dhcp.Pools[0].Options[0].Addrs = []netip.Addr{netip.MustParseAddr("10.9.9.8")} }, mac(1), Unsure, "R38", 0, "10.9.9.8"},
		{"another file server first", func(g *ground) {
			g.dhcp.Pools[0].Options[0].Addrs = []netip.Addr{netip.MustParseAddr("10.9.9.8"), own}
		}, mac(1), Unsure, "R38", 0, "only if that is silent"},
		{"option 150 as text", func(g *ground) {
			g.dhcp.Pools[0].Options[0] = engine.Option{Code: 150, Kind: engine.OptionASCII, Text: own.String()}
		}, mac(1), Unsure, "R38", 0, ""},
		{"no router, call control elsewhere", func(g *ground) { g.dhcp.Pools[0].DefaultRouters = nil }, mac(1), Not, "R28", 1, "no default-router"},
		{"files that are not built", func(g *ground) { g.tel.Service.NoCreate = true }, mac(1), Not, "R37", 3, "no file for it"},
		{"no source-address", func(g *ground) { g.tel.Global.SourceAddress.Addr = netip.Addr{} }, mac(2), Not, "R37", 1, "no file for it"},
		{"a SIP phone as ephone", func(g *ground) { g.tel.Ephones[0].Type = "7841" }, mac(1), Not, "R21", 3, "SIP only"},
		{"a type that is a module", func(g *ground) { g.tel.Ephones[0].Type = "7914" }, mac(1), Not, "R37", 3, ""},
		{"a pool without type", func(g *ground) { g.tel.Pools[0].Type = "" }, mac(2), Not, "R37", 3, ""},
		{"a load that is not here", func(g *ground) { g.tel.Service.Loads[0].File = "SCCP41.9-4-2SR9-1S" }, mac(1), Not, "R07", 3, "SCCP41.9-4-2SR9-1S"},
		{"a component that is not here", func(g *ground) { g.drop("jar41", false) }, mac(1), Not, "R08", 3, "jar41"},
		{"a component without content", func(g *ground) { g.drop("cnu41", true) }, mac(1), Not, "R08", 3, "cnu41"},
		{"the same, forced into the file", func(g *ground) { g.drop("jar41", false); g.tel.Service.Loads[0].Force = true }, mac(1), Not, "R08", 3, "jar41"},
		{"a load of another family", func(g *ground) { g.tel.Service.Loads[0].File = sipLoad }, mac(1), Not, "R15", 3, "78xx"},
		{"a component behind an access list", func(g *ground) {
			all, _ := filepath.Glob(filepath.Join(g.flash, "jar41*"))
			g.files.Bindings = []fileserver.Binding{{File: "flash:" + filepath.Base(all[0]), ACL: "10"}}
			g.files.Lists = []acl.List{deny("10", "192.0.2.0")}
		}, mac(1), Not, "R35", 3, "access list 10"},
		{"an access class of the file server", func(g *ground) {
			g.files.AccessClass, g.files.Lists = "20", []acl.List{deny("20", "192.0.2.0")}
		}, mac(1), Not, "R35", 0, "access-class"},
		{"a trust list in flash:", func(g *ground) { g.put("CTLSEP001E7A000001.tlv", []byte("somebody's")) }, mac(1), Not, "R12", 3, "signs nothing"},
		{"port 69 is not to be had", func(g *ground) { g.tftpClosed = "address already in use" }, mac(3), Not, "R10", 1, "in use"},
		{"no port at all", func(g *ground) { g.httpClosed, g.tftpClosed = "HFS is off", "address already in use" }, mac(2), Not, "R10", 0, "in use"},
		{"a load server elsewhere", func(g *ground) {
			g.tel.Ephones[0].ServicePhone = []cnf.ServicePhone{{Name: cnf.LoadServer, Value: "10.9.9.7"}}
		}, mac(1), Unsure, "R36", 3, "10.9.9.7"},
		{"a phone that trusts somebody else", func(g *ground) {
			g.seen[mac(1)] = Seen{Stuck: "R12", StuckText: "It asks for the signed file."}
		}, mac(1), Unsure, "R12", 3, "on paper it would"},
		{"call control that is silent", func(g *ground) { g.calls[netip.MustParseAddrPort("10.9.9.9:2000")] = "does not answer" }, mac(1), Unsure, "R25", 3, "does not answer"},
		{"kept out by the scan guard", func(g *ground) {
			for i := range 254 {
				g.searching = append(g.searching, netip.AddrFrom4([4]byte{10, 1, 10, byte(i + 1)}))
			}
		}, mac(1), Not, "R35", 0, "scan guard"},
		{"no addresses from here", func(g *ground) { g.dhcp.Pools = nil }, mac(1), Unsure, "R02", 0, "never seen"},
		{"no addresses from here, and it came", func(g *ground) {
			g.dhcp.Pools = nil
			g.seen[mac(1)] = Seen{Addr: netip.MustParseAddr("10.1.10.77")}
		}, mac(1), Up, "", 1, ""},
		{"its interface serves nobody any more", func(g *ground) { g.seen[mac(1)] = Seen{Interface: "GigabitEthernet0/7"} }, mac(1), Not, "R02", 3, "GigabitEthernet0/7"},
		{"it runs the load that is not whole", func(g *ground) {
			g.drop("jar41", false)
			g.seen[mac(1)] = Seen{Runs: sccpLoad}
		}, mac(1), Up, "", 4, ""},
		{"bind-lease, with the lease it would have", func(g *ground) { g.files.BindLease = fileserver.BindEnforce }, mac(1), Up, "", 4, ""},
		{"a file of the operator's that is no XML", func(g *ground) {
			g.tel.Service.NoCreate = true
			g.put("SEP001E7A000001.cnf.xml", []byte("<device><devicePool>"))
		}, mac(1), Not, "R16", 3, "not well formed"},
		{"a file of the operator's that is too large", func(g *ground) {
			g.tel.Service.NoCreate = true
			g.put("SEP001E7A000001.cnf.xml", []byte("<device>"+strings.Repeat(" ", 600_000)+"</device>"))
		}, mac(1), Not, "R16", 3, "takes"},
		{"a file of the operator's without call control", func(g *ground) {
			g.tel.Service.NoCreate = true
			g.put("SEP001E7A000001.cnf.xml", []byte("<device></device>"))
		}, mac(1), Not, "R25", 3, "names no call control"},
		{"an SCCP file in the way of a SIP phone", func(g *ground) {
			g.tel.Service.Present = false
			g.put("SEP001E7A000003.cnf.xml", []byte("<device></device>"))
		}, mac(3), Not, "R21", 2, "for SCCP"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t)
			c.edit(g)
			r := g.walk()
			p := r.of(c.mac)
			if p == nil || p.Outcome != c.want || c.code != "" && p.Code != c.code || !strings.Contains(p.Text, c.says) {
				t.Errorf("%v: %+v\n%s", c.mac, p, r.Text().String())
			}
			if n := r.Count(Up); n != c.up {
				t.Errorf("%d of 4 come up, want %d\n%s", n, c.up, r.Text().String())
			}
			if n := r.Count(Not); n == 1 && !strings.Contains(r.Summary(), "would not: "+p.Code) && c.want == Not {
				t.Errorf("the summary does not name it: %s", r.Summary())
			}
		})
	}
}

// Where a phone nobody has seen stands is not known: two networks have to do.
func TestWhereItStands(t *testing.T) {
	two := func(g *ground) {
		p := g.dhcp.Pools[0]
		p.Name, p.Network, p.DefaultRouters = "BRANCH", branch, []netip.Addr{netip.MustParseAddr("10.2.0.1")}
		g.dhcp.Pools = append(g.dhcp.Pools, p)
	}
	for _, c := range []struct {
		name string
		edit func(*ground)
		up   int
		says string
	}{
		{"both are in order", two, 4, "10.1.10.0/24"},
		{"one has no room at all", func(g *ground) {
			two(g)
			g.dhcp.Excluded = append(g.dhcp.Excluded, engine.Range{First: branch.Addr(), Last: netip.MustParseAddr("10.2.0.255")})
		}, 0, "where it stands is not known"},
		{"one leads to another file server", func(g *ground) {
			two(g)
			g.dhcp.Pools[1].Options = []engine.Option{{Code: 150, Kind: engine.OptionIP, Addrs: []netip.Addr{netip.MustParseAddr("10.9.9.8")}}}
		}, 0, "where it stands is not known"},
		{"they have room for all together", func(g *ground) {
			two(g)
			g.dhcp.Excluded = []engine.Range{{First: own, Last: netip.MustParseAddr("10.1.10.252")}}
		}, 4, "10.2.0.0/24"},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newGround(t)
			c.edit(g)
			r := g.walk()
			if r.Count(Up) != c.up || !strings.Contains(r.Text().String(), c.says) {
				t.Errorf("%d come up, want %d, and %q:\n%s", r.Count(Up), c.up, c.says, r.Text().String())
			}
		})
	}
}

// A phone that has a lease keeps it, and is counted once however often it is
// configured.
func TestLeaseAndTwice(t *testing.T) {
	g := newGround(t)
	at := netip.MustParseAddr("10.1.10.200")
	g.leased = []engine.Known{{Addr: at, MAC: mac(1), Expiry: time.Now().Add(time.Hour)}}
	g.seen[mac(1)] = Seen{Interface: "GigabitEthernet0/0"}
	g.tel.Pools = append(g.tel.Pools, cnf.RegisterPool{Tag: 9, MAC: mac(1), Type: "7961"})
	r := g.walk()
	p := r.of(mac(1))
	if len(r.Phones) != 4 || p.Addr != at || p.Assumed || p.Outcome != Up {
		t.Errorf("%+v\n%s", p, r.Text().String())
	}
	if !strings.Contains(r.Text().String(), "voice register pool 9 too") {
		t.Errorf("that it is configured twice is not said:\n%s", r.Text().String())
	}
}

// Ten thousand phones, and no two addresses alike.
func TestMany(t *testing.T) {
	g := newGround(t)
	g.dhcp.Pools[0].Network = netip.MustParsePrefix("10.1.0.0/16")
	g.tel.Ephones, g.tel.Pools = nil, nil
	for i := range 900 {
		g.tel.Ephones = append(g.tel.Ephones, cnf.Ephone{Tag: i + 1, MAC: ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, Type: "7961"})
	}
	r := g.walk()
	seen := map[netip.Addr]bool{}
	for _, p := range r.Phones {
		seen[p.Addr] = true
	}
	if r.Count(Up) != 900 || len(seen) != 900 {
		t.Errorf("%s; %d addresses", r.Summary(), len(seen))
	}
	if len(r.Text().String()) > 2000 {
		t.Errorf("%d bytes about phones that come up", len(r.Text().String()))
	}
}

func ExampleReport_Summary() {
	r := &Report{Phones: []Phone{{Device: "SEP001E7A000001", Outcome: Up}, {Device: "SEP001E7A000002", Code: "R08", Text: "its load is not whole"}}}
	fmt.Println(r.Summary())
	// Output: 1 of 2 phones would come up; SEP001E7A000002 would not: R08 its load is not whole
}

// TestNamedAndNotServed: what lines name and nobody serves is said, though no
// file names it; a long list is cut.
func TestNamedAndNotServed(t *testing.T) {
	g := newGround(t)
	g.absent = []string{"ours.xml", "German_Germany/"}
	r := g.walk()
	if text := r.Text().String(); r.Count(Up) != len(r.Phones) || !strings.Contains(text, "no phone is told of it: ours.xml, German_Germany/\n") {
		t.Error(text)
	}
	for range 2 * maxAbsent {
		g.absent = append(g.absent, "x.xml")
	}
	if text := g.walk().Text().String(); !strings.Contains(text, "x.xml and 10 more\n") {
		t.Error(text)
	}
}
