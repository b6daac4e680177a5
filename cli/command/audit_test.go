package command

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
	"option150/platform/running"
	"option150/telephony/audit"
	"option150/telephony/firmware"
	"option150/telephony/firmware/intake"
)

// sound is a configuration with nothing to find.
const sound = `interface GigabitEthernet0/0
 ip address 10.0.0.1 255.255.255.0
ip dhcp excluded-address 10.0.0.1 10.0.0.9
ip dhcp pool VOICE
 network 10.0.0.0 255.255.255.0
 default-router 10.0.0.1
 option 150 ip 10.0.0.1
ip http server
telephony-service
 load 7961 SCCP41.9-4-2SR3-1S
 max-ephones 10
 max-dn 10
 ip source-address 10.0.0.5 port 2000
 hfs enable port 6970
 hfs home-path flash:phones
ephone-dn 1
 number 1001
ephone-dn 2
 number 1002
ephone 1
 mac-address 001e.7a00.0001
 type 7961
 button 1:1
voice register global
 mode cme
 source-address 10.0.0.5 port 5060
 load 8841 sip88xx.12-8-1-0001-455
 max-dn 10
 max-pool 10
voice register dn 1
 number 2001
voice register pool 1
 id mac 001e.7a00.0002
 type 8841
 number 1 dn 1
`

// auditRig is a language over one interface, and a world in memory.
type auditRig struct {
	t     *testing.T
	l     *language.Language
	f     config.Facts
	flash map[string][]byte
	kept  map[string][]byte // of an alternate
	far   map[string][]byte // what the alternate has
	w     audit.World
}

func newAuditRig(t *testing.T) *auditRig {
	t.Helper()
	f := config.Facts{Interfaces: []config.InterfaceFact{{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}, Up: true}}}
	b := &Box{}
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }})
	l, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	x := &auditRig{t: t, l: l, f: f, flash: map[string][]byte{}}
	x.load("SCCP41.9-4-2SR3-1S")
	x.load("sip88xx.12-8-1-0001-455")
	list, err := firmware.DefaultLoad("term61.default.loads", "SCCP41.9-4-2SR3-1S")
	if err != nil {
		t.Fatal(err)
	}
	x.flash["phones/term61.default.loads"] = list
	yes := true
	x.w = audit.World{Services: []audit.Service{}, Answers: map[audit.Question]audit.Answer{}, Firewall: &audit.Firewall{}, Others: &audit.Others{}, Leases: []audit.Leases{},
		Phones: &audit.Phones{}, Clock: &audit.Clock{Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Synced: true},
		Machine: &audit.Machine{DiskTotal: 1 << 30, DiskFree: 1 << 29, MemoryTotal: 1 << 30, MemoryFree: 1 << 29}, HostKeys: &yes}
	x.answer(audit.Question{Kind: audit.AskControl, Addr: at("10.0.0.5"), Port: 2000}, true)
	x.answer(audit.Question{Kind: audit.AskControl, Addr: at("10.0.0.5"), Port: 5060, SIP: true}, true)
	return x
}

func at(s string) netip.Addr { return netip.MustParseAddr(s) }

func (x *auditRig) answer(q audit.Question, ok bool) {
	x.w.Answers[q] = audit.Answer{OK: ok, Detail: fmt.Sprintf("%s asked", q.Addr)}
}

// load puts a whole load on flash:.
func (x *auditRig) load(name string) {
	x.t.Helper()
	files, err := firmware.Synthesise(name, "", firmware.Sizes{})
	if err != nil {
		x.t.Fatal(err)
	}
	for n, b := range files {
		x.flash["phones/"+n] = b
	}
}

// find is the look-up of the file server below flash:phones.
func (x *auditRig) find(name string) (firmware.Found, bool) {
	var hit []string
	for _, p := range slices.Sorted(maps.Keys(x.flash)) {
		in, ok := strings.CutPrefix(p, "phones/")
		switch {
		case !ok:
		case in == name:
			return x.found(p), true
		case strings.EqualFold(path.Base(in), name):
			hit = append(hit, p)
		}
	}
	if len(hit) != 1 {
		return firmware.Found{}, false
	}
	return x.found(hit[0]), true
}

// findKept looks among what is kept of an alternate too.
func (x *auditRig) findKept(name string) (firmware.Found, bool) {
	if f, ok := x.find(name); ok && f.Size > 0 || x.kept[name] == nil {
		return f, ok
	}
	return firmware.Found{Name: name, Size: int64(len(x.kept[name])), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.kept[name])), nil }}, true
}

// away has files whose names have something in them lie at an alternate in place
// of flash:.
func (x *auditRig) away(in string) {
	x.far = map[string][]byte{}
	for p, b := range x.flash {
		if n := path.Base(p); strings.Contains(n, in) {
			x.far[n] = b
			delete(x.flash, p)
		}
	}
}

func (x *auditRig) found(p string) firmware.Found {
	return firmware.Found{Name: path.Base(p), Size: int64(len(x.flash[p])), Open: func() (io.ReadCloser, error) { return x.open(p) }}
}

func (x *auditRig) open(p string) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(x.flash[p])), nil
}

// read makes the configuration of a text on top of another.
func (x *auditRig) read(text string, base *config.Config) (*config.Config, *language.Report) {
	x.t.Helper()
	rep, err := x.l.Candidate(text, base, func(c *config.Config) error { return config.Refusal(c.Validate(x.f)) })
	if err != nil {
		x.t.Fatal(err)
	}
	return rep.Config, rep
}

func (x *auditRig) audit(c *config.Config) audit.Report {
	w := x.w
	w.Flash = &audit.Flash{Home: "phones", Find: x.find, Kept: x.findKept, Open: x.open}
	for _, p := range slices.Sorted(maps.Keys(x.flash)) {
		w.Flash.Files = append(w.Flash.Files, audit.File{Path: p, Size: int64(len(x.flash[p]))})
	}
	return audit.Run(c, x.f, w)
}

// follow types a fix: each line has to be one this box takes as its own. It
// gives the configuration after it.
func (x *auditRig) follow(f *audit.Finding, c *config.Config) *config.Config {
	x.t.Helper()
	for _, fix := range f.Fix {
		lines := fix.Lines()
		switch {
		case len(lines) == 0:
			continue
		case len(lines) == 1:
			if r := x.l.Graph(language.Exec).Match(lines[0], 15); r.Kind != grammar.OK {
				x.t.Errorf("%s: %q is no command: %v", f.Code, lines[0], r.Kind)
			}
			if w := strings.Fields(lines[0]); w[0] == "rename" {
				from, to := strings.TrimPrefix(w[1], "flash:"), strings.TrimPrefix(w[2], "flash:")
				x.flash[to] = x.flash[from]
				delete(x.flash, from)
			}
			if _, ok := strings.CutPrefix(lines[0], "hfs prefetch load "); ok { // what it does is tested where it is
				x.kept = x.far
			}
			if at, ok := strings.CutPrefix(lines[0], "archive import flash:/"); ok { // what it does is tested where it is
				x.flash["phones/"+intake.Directory+"/"+intake.PackageName(at)+"/README"] = []byte("x")
			}
			continue
		}
		if lines[len(lines)-2] == "create cnf-files" {
			x.w.Set = nil // built anew
		}
		if strings.HasPrefix(lines[1], "crypto key generate") {
			yes := true
			x.w.HostKeys = &yes
		}
		next, rep := x.read(strings.Join(lines[1:len(lines)-1], "\n "), c)
		if len(rep.Rejected) > 0 || rep.Carried > 0 || rep.Implemented != len(lines)-2 {
			x.t.Errorf("%s: %q: rejected %v, carried %d", f.Code, lines, rep.Rejected, rep.Carried)
		}
		c = next
	}
	return c
}

// TestSoundConfigurationIsSilent: no finding, and nothing that was not looked
// at beside the files in force, which this test has none of.
func TestSoundConfigurationIsSilent(t *testing.T) {
	x := newAuditRig(t)
	c, rep := x.read(sound, config.Default(x.f))
	if len(rep.Rejected) > 0 || rep.Carried > 0 {
		t.Fatalf("%v %v", rep.Rejected, rep.CarriedText)
	}
	r := x.audit(c)
	if len(r.Findings) > 0 || len(r.Unseen) != 1 {
		t.Errorf("\n%s", AuditText(r).String())
	}
	bare := audit.Run(c, x.f, audit.World{})
	if len(bare.Findings) != 2 || len(bare.Unseen) != 8 {
		t.Errorf("without facts\n%s", AuditText(bare).String())
	}
}

// fixed: the finding offers a line of ours that cures it.
const (
	fixed = true
	told  = false
)

type provoked struct {
	name   string
	config string // on top of sound
	world  func(x *auditRig)
	code   string
	text   string // in the finding
	fix    bool
}

var bannedInAudit = regexp.MustCompile(`(?i)not found|error:|timed out|% ?error|invalid|overlaps with|bad mask|incomplete command`)

// TestAuditFinds provokes each finding, and types what it offers.
func TestAuditFinds(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range slices.Concat(provokedPools, provokedFiles, provokedAway, provokedWorld) {
		t.Run(p.code+" "+p.name, func(t *testing.T) {
			x := newAuditRig(t)
			base, _ := x.read(sound, config.Default(x.f))
			c, rep := x.read(p.config, base)
			if len(rep.Rejected) > 0 {
				t.Fatalf("rejected: %v", rep.Rejected)
			}
			if p.world != nil {
				p.world(x)
			}
			r := x.audit(c)
			i := slices.IndexFunc(r.Findings, func(f audit.Finding) bool { return f.Code == p.code && strings.Contains(f.String(), p.text) })
			if i < 0 {
				t.Fatalf("no %s %q in\n%s", p.code, p.text, AuditText(r).String())
			}
			seen[p.code] = true
			f := r.Findings[i]
			if s := bannedInAudit.FindString(AuditText(r).String()); s != "" {
				t.Errorf("it says %q\n%s", s, AuditText(r).String())
			}
			typed := slices.ContainsFunc(f.Fix, func(a fixType) bool { return a.Typed() })
			if typed != p.fix {
				t.Fatalf("offers a line: %v, want %v: %v", typed, p.fix, f.Fix)
			}
			if !typed {
				return
			}
			after := x.audit(x.follow(&f, c))
			if slices.ContainsFunc(after.Findings, func(g audit.Finding) bool { return g.Code == f.Code && g.String() == f.String() }) {
				t.Errorf("%v does not cure it\n%s", f.Fix, AuditText(after).String())
			}
			if len(after.Findings) >= len(r.Findings) {
				t.Errorf("%v brings something else\nbefore\n%s\nafter\n%s", f.Fix, AuditText(r).String(), AuditText(after).String())
			}
		})
	}
	for _, k := range audit.Checks() {
		if !seen[k.Code] {
			t.Errorf("%s (%s) is not provoked", k.Code, k.What)
		}
	}
}

// TestAuditOfWhatAlternatesKeep: a forced load that is kept from an alternate is
// no finding, nor is a list for a factory reset that is.
func TestAuditOfWhatAlternatesKeep(t *testing.T) {
	x := newAuditRig(t)
	base, _ := x.read(sound, config.Default(x.f))
	c, _ := x.read(beside+" load 7961 SCCP41.9-4-2SR3-1S force\n", base)
	alternateUp(x)
	x.away("41")
	// One that older phones cannot take at once is not to be forced on them.
	plain, _ := x.read(beside, base)
	text := strings.Join(strings.Fields(AuditText(x.audit(plain)).String()), " ")
	for _, want := range []string{"load 7961 SCCP41.9-4-2SR3-1S is in no phone file", "FIX hfs prefetch load SCCP41.9-4-2SR3-1S; it says whether one has it", "put the files of the load on flash: too"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	x.kept = x.far
	if r := x.audit(c); len(r.Findings) > 0 {
		t.Errorf("\n%s", AuditText(r).String())
	}
	was := x.far
	x.away("term61.default.loads")
	x.kept = maps.Clone(was)
	x.kept["term61.default.loads"] = []byte("x")
	if r := x.audit(c); len(r.Findings) > 0 {
		t.Errorf("\n%s", AuditText(r).String())
	}
}

// TestAuditSaysWhatMakesThemBoot: the lines of the call control and of the switch
// with its ports and the hour of the upgrade, and no power cut where a model may
// not come back from one.
func TestAuditSaysWhatMakesThemBoot(t *testing.T) {
	x := newAuditRig(t)
	c, _ := x.read(sound, config.Default(x.f))
	x.w.Phones.Seen = []audit.Phone{
		{Device: "SEP001E7A000001", Model: "7961", Unread: "upgrade night waits for it", From: 23*60 + 58, To: 60, Switch: "access-1", Port: "GigabitEthernet1/0/5"},
		{Device: "SEP001E7A000002", Model: "7965", Unread: "upgrade night waits for it", Switch: "access-1", Port: "GigabitEthernet1/0/6"},
		{Device: "SEP001E7A000003", Model: "7961"},
	}
	text := AuditText(x.audit(c)).String()
	for _, want := range []string{"SEP001E7A000001, SEP001E7A000002 have something new to read", "`reset all` below telephony-service",
		"GigabitEthernet1/0/5 of access-1: power inline never, then power inline auto", "energywise level 0 recurrence importance 90 at 58 23 * * *",
		"energywise level 10 recurrence importance 90 at 3 0 * * *", "never by their power: SEP001E7A000002"} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "GigabitEthernet1/0/6") || strings.Contains(text, "SEP001E7A000003") {
		t.Error(text)
	}
	x.w.Phones.Seen = x.w.Phones.Seen[1:2]
	if text = AuditText(x.audit(c)).String(); strings.Contains(text, "energywise") || !strings.Contains(text, "never by their power") {
		t.Error(text)
	}
}

// TestAuditIsSilent: what is no finding.
func TestAuditIsSilent(t *testing.T) {
	for _, p := range []struct {
		name, config string
		world        func(x *auditRig)
	}{
		{"a second server in option 150 a digit away", "ip dhcp pool VOICE\n option 150 ip 10.0.0.1 10.0.0.2\n", nil},
		{"the call control a digit away answers", "ip dhcp pool VOICE\n option 150 ip 10.0.0.1\ntelephony-service\n ip source-address 10.0.0.5\n", nil},
		{"default-router not excluded", "no ip dhcp excluded-address 10.0.0.1 10.0.0.9\n", nil},
		{"a lease of a day, a lease without end", "ip dhcp pool VOICE\n lease 1\nip dhcp pool DATA\n network 10.0.1.0 255.255.255.0\n default-router 10.0.1.1\n lease infinite\n", func(x *auditRig) { x.w.Others.Heard = []netip.Addr{at("10.0.1.7")} }},
		{"a short lease where no phones are", "ip dhcp pool GUESTS\n network 10.0.1.0 255.255.255.0\n default-router 10.0.1.1\n lease 0 1\n", func(x *auditRig) { x.w.Others.Heard = []netip.Addr{at("10.0.1.7")} }},
		{"option 150 elsewhere, where somebody answers", "ip dhcp pool VOICE\n option 150 ip 10.9.9.9\n", func(x *auditRig) {
			x.answer(audit.Question{Kind: audit.AskFiles, Addr: at("10.9.9.9")}, true)
		}},
		{"option 66 that says the same", "ip dhcp pool VOICE\n option 66 ascii 10.0.0.1\n", nil},
		{"buttons on a module", "ephone 1\n type 7961 addon 1 7914\n button 9:2\n", nil},
		{"a load with its suffix and in other capitals", "telephony-service\n load 7961 sccp41.9-4-2sr3-1s.loads\n", func(x *auditRig) {}},
		{"a dial plan that is there", "voice register pool 1\n dialplan 1\n", func(x *auditRig) { x.flash["phones/dialplan1.xml"] = []byte("<DIALTEMPLATE/>") }},
		{"the load server is this box", "telephony-service\n service phone loadServer 10.0.0.1\n", nil},
		{"a phone that can take the load at once", "", func(x *auditRig) {
			x.w.Phones.Seen = []audit.Phone{{Device: "SEP001E7A000001", MAC: "001E.7A00.0001", Model: "7961", Runs: "SCCP41.8-5-2S"}}
		}},
		{"a hundredth of a large disk is free, enough for what a box writes", "", func(x *auditRig) { x.w.Machine.DiskTotal, x.w.Machine.DiskFree = 250<<30, 2<<30 }},
		{"a DHCP server of an hour ago", "", func(x *auditRig) {
			x.w.Others.Servers = []audit.DHCPServer{{Addr: at("10.0.0.9"), Interface: "GigabitEthernet0/0", Ago: time.Hour}}
		}},
		{"a file elsewhere on flash: with the name of a generated one", "", func(x *auditRig) { x.flash["old/XMLDefault.cnf.xml"] = []byte("<a/>") }},
		{"components with carriage returns in their list", "", nil},
	} {
		t.Run(p.name, func(t *testing.T) {
			x := newAuditRig(t)
			base, _ := x.read(sound, config.Default(x.f))
			c, rep := x.read(p.config, base)
			if len(rep.Rejected) > 0 {
				t.Fatal(rep.Rejected)
			}
			if p.world != nil {
				p.world(x)
			}
			if r := x.audit(c); len(r.Findings) > 0 {
				t.Errorf("\n%s", AuditText(r).String())
			}
		})
	}
}

// TestFirmwareAtAlternates: what show firmware says of a file that is absent in
// flash:, alone and beside other file servers.
func TestFirmwareAtAlternates(t *testing.T) {
	x := newAuditRig(t)
	base, _ := x.read(sound, config.Default(x.f))
	far, _ := x.read(beside, base)
	for _, c := range []struct {
		c    *config.Config
		kind firmware.Kind
		want string
	}{
		{base, firmware.Absent, ""},
		{far, firmware.Absent, " in flash:, an alternate may have it"},
		{far, firmware.Empty, " in flash:, an alternate may have it"},
		{far, firmware.Damaged, ""},
	} {
		if got := (&Box{}).atAlternates(c.c, firmware.Missing{File: "cnu41.9-4-2ES26.sbn", Kind: c.kind}); got != c.want {
			t.Errorf("%s: %q", c.kind, got)
		}
	}
}
