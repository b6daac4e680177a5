package cnf

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"

	"option150/platform/ether"
	"option150/telephony/phone"
)

func TestLookup(t *testing.T) {
	s := mustBuild(office(), Options{})
	for in, want := range map[string]string{
		"XMLDefault.cnf.xml": "XMLDefault.cnf.xml", "XmlDefault.cnf.xml": "XMLDefault.cnf.xml", "/XMLDEFAULT.CNF.XML": "XMLDefault.cnf.xml",
		"SEP001E7A000006.cnf.xml": "XMLDefault7941.cnf.xml", "sep001e7a000006.cnf.xml": "XMLDefault7941.cnf.xml",
		`Communicator\SEP001E7A00000D.cnf.xml`: "XMLDefaultCIPC.cnf.xml", "Communicator/SEP001E7A00000D.cnf.xml": "XMLDefaultCIPC.cnf.xml",
		"GK001E7A000043": "gk001e7a000043", "SIP001e7a000044.CNF": "SIP001E7A000044.cnf", "//syncinfo.xml": "syncinfo.xml",
	} {
		if f, ok := s.Lookup(in); !ok || f.Name != want {
			t.Errorf("Lookup(%q) = %v, %v, want %q", in, f, ok, want)
		}
	}
	for _, in := range []string{"", "/", "SEP001E7A000006.cnf.xml.sgn", "XMLDefault.cnf.xml.SGN", "SEP001E7A0000FF.cnf.xml", "CTLSEP001E7A000006.tlv",
		"../XMLDefault.cnf.xml", "x/XMLDefault.cnf.xml", strings.Repeat("a", 10000)} {
		if f, ok := s.Lookup(in); ok {
			t.Errorf("Lookup(%q) = %s", in, f.Name)
		}
	}
	for in, want := range map[string]string{
		"system:/its/XMLDefault7941.cnf.xml": "XMLDefault7941.cnf.xml", "system:/its/SEP001E7A000006.cnf.xml": "XMLDefault7941.cnf.xml",
		"System:/cme/sipphone/SIPDefault.cnf": "SIPDefault.cnf",
	} {
		if f, ok := s.At(in); !ok || f.Name != want {
			t.Errorf("At(%q) = %v", in, f)
		}
	}
	for _, in := range []string{"flash:/its/XMLDefault.cnf.xml", "system:/cme/sipphone/XMLDefault7941.cnf.xml", "", "SIPDefault.cnf"} {
		if f, ok := s.At(in); ok {
			t.Errorf("At(%q) = %s", in, f.Location)
		}
	}
	var none *Set
	if _, ok := none.Lookup("x"); ok || none.Len() != 0 || none.Files() != nil {
		t.Error("a nil set is not empty")
	}
}

// TestStampsFollowContent: the same configuration gives the same bytes, a
// change touches the files it is about and no other.
func TestStampsFollowContent(t *testing.T) {
	base := office()
	base.Service.CnfPer = "perphone"
	a, b := mustBuild(base, Options{}), mustBuild(base.Clone(), Options{Generation: 7})
	if sum := Summarise(a, b); len(sum.Names()) != 0 || sum.Same == 0 {
		t.Fatalf("the same configuration differs: %v", sum.Names())
	}
	if a.SCCPStamp != b.SCCPStamp || a.Sync != b.Sync || b.Generation != 7 {
		t.Fatal("stamps move without a change")
	}
	for _, tc := range []struct {
		name   string
		change func(*Config)
		want   []string
	}{
		{"speed dial of one SIP phone", func(c *Config) {
			dials := slices.Clone(c.Pools[8].SpeedDials)
			dials[0].Number, c.Pools[8].SpeedDials = "8", dials
		}, []string{"SEP001E7A000048.cnf.xml"}},
		{"load of one SCCP type", func(c *Config) { c.Service.Loads[1].File = "SCCP41.8-5-2S" }, []string{"SEP001E7A000006.cnf.xml", "XMLDefault.cnf.xml"}},
		{"suffix of a load", func(c *Config) { c.Service.Loads[1].File = "SCCP41.9-4-2SR3-1S" }, nil},
		{"button of an ephone", func(c *Config) { c.Ephones[0].Buttons = nil }, nil},
		{"number of a 7940", func(c *Config) { c.DNs[4].Number = "2999" }, []string{"SIP001E7A000044.cnf", "SIPDefault.cnf", "syncinfo.xml"}},
		{"one phone less", func(c *Config) { c.Pools = c.Pools[:len(c.Pools)-1] }, []string{"ATA001E7A00004C.cnf.xml", "SEP001E7A00004C.cnf.xml"}},
		{"one phone more", func(c *Config) {
			c.Ephones = append(c.Ephones, Ephone{Tag: 40, MAC: mac(0x99), Type: "7961"})
		}, []string{"SEP001E7A000099.cnf.xml"}},
	} {
		c := base.Clone()
		tc.change(&c)
		if got := Summarise(a, mustBuild(c, Options{})).Names(); !slices.Equal(got, tc.want) {
			t.Errorf("%s changes %v, want %v", tc.name, got, tc.want)
		}
	}
	// The stamp is in the file and is a date later than "never set", or 16 digits.
	date, digits := regexp.MustCompile(`^[A-Z][a-z]{2} \d\d 20\d\d \d\d:\d\d:\d\d$`), regexp.MustCompile(`^\d{16}$`)
	for _, f := range a.Files() {
		if f.Stamp == "" {
			continue
		}
		if !bytes.Contains(f.Content, []byte(f.Stamp)) && f.Name != "ata001e7a00004b" && f.Name != "ata001e7a00004b.txt" {
			t.Errorf("%s does not carry its stamp %s", f.Name, f.Stamp)
		}
		if f.Protocol == SCCP && !date.MatchString(f.Stamp) || f.Protocol == SIP && !digits.MatchString(f.Stamp) {
			t.Errorf("%s has stamp %q", f.Name, f.Stamp)
		}
	}
	if !date.MatchString(a.SCCPStamp) || !digits.MatchString(a.Sync) {
		t.Errorf("stamps %q %q", a.SCCPStamp, a.Sync)
	}
	fixed := mustBuild(base, Options{Stamp: "Jan 01 2002 00:00:00", Sync: "0001140473454008"})
	if f, _ := fixed.Lookup("SEP001E7A000006.cnf.xml"); !bytes.Contains(f.Content, []byte("<versionStamp>{Jan 01 2002 00:00:00}</versionStamp>")) {
		t.Error("the given stamp is not used")
	}
	if f, _ := fixed.Lookup("SEP001E7A000048.cnf.xml"); !bytes.Contains(f.Content, []byte("<versionStamp>{0001140473454008}</versionStamp>")) || fixed.Sync != "0001140473454008" {
		t.Error("the given sync is not used")
	}
}

func TestWhatIsBuilt(t *testing.T) {
	names := func(c Config) (out []string) {
		for _, f := range mustBuild(c, Options{}).Files() {
			out = append(out, f.Name)
		}
		return out
	}
	if got := names(Default()); got != nil {
		t.Errorf("the factory configuration builds %v", got)
	}
	c := Default()
	c.Service.Present = true
	if got := names(c); got != nil {
		t.Errorf("without source address: %v", got)
	}
	c.Service.SourceAddress.Addr = addr("10.20.0.1")
	if got := names(c); !slices.Equal(got, []string{"XMLDefault.cnf.xml", "ATADefault.cnf.xml"}) {
		t.Errorf("empty telephony-service: %v", got)
	}
	c.Ephones = []Ephone{{Tag: 1, MAC: mac(1)}, {Tag: 2, Type: "7961"}, {Tag: 3, MAC: mac(3), Type: "7910"}, {Tag: 4, MAC: mac(4), Type: "7961", Addons: []string{"7916-24"}}}
	c.Service.CnfPer = "perphone"
	c.Service.CnfLocation = "flash:"
	if got := names(c)[2:]; !slices.Equal(got, []string{"XMLDefault7910.cnf.xml", "SEP001E7A000004.cnf.xml"}) {
		t.Errorf("phones: %v", got)
	}
	if got := SCCPBindings(mustBuild(c, Options{})); !slices.Contains(got, "tftp-server flash:/its/SEP001E7A000004.cnf.xml alias SEP001E7A000004.cnf.xml") {
		t.Errorf("bindings on flash: %v", got)
	}
	c.Service.NoCreate = true
	if got := names(c); got != nil {
		t.Errorf("no create cnf-files: %v", got)
	}

	g := Default()
	g.Global = office().Global
	g.Global.TFTPPath, g.Global.Upgrade = "flash:", true
	g.Pools = []RegisterPool{{Tag: 1, MAC: mac(1)}, {Tag: 2, DeviceName: "CSFALICE", Type: "Jabber-CSF-Client"}, {Tag: 3, MAC: mac(3), Type: "P100"}, {Tag: 4, MAC: mac(4), Type: "7920"}}
	s := mustBuild(g, Options{})
	for _, n := range []string{"CSFALICE.cnf.xml", "XMLDefault.cnf.xml", "OS79XX.TXT", "SIPDefault.cnf"} {
		if _, ok := s.Lookup(n); !ok {
			t.Errorf("no %s", n)
		}
	}
	if f, _ := s.Lookup("OS79XX.TXT"); string(f.Content) != "P0S3-8-12-00" {
		t.Errorf("OS79XX.TXT is %q", f.Content)
	}
	if f, _ := s.Lookup("AppDialRules.xml"); len(f.Content) != 25 || !f.Fallback {
		t.Errorf("AppDialRules.xml is %d bytes", len(f.Content))
	}
	if got := SIPBindings(s); !slices.Contains(got, "tftp-server url flash:/its/CSFALICE.cnf.xml alias CSFALICE.cnf.xml") {
		t.Errorf("bindings on flash: %v", got)
	}
	if f, _ := s.Lookup("XMLDefault.cnf.xml"); !bytes.Contains(f.Content, []byte("<sipPort>5060</sipPort>")) {
		t.Error("the default file of a SIP-only box")
	}
}

func TestOneMACInEphoneAndPool(t *testing.T) {
	c := office()
	c.Pools[5].MAC = c.Ephones[5].MAC
	s := mustBuild(c, Options{})
	f, ok := s.Lookup(c.Ephones[5].MAC.Device() + ".cnf.xml")
	if !ok || f.Protocol != SCCP {
		t.Fatalf("the SEP file is %v", f)
	}
	if !slices.ContainsFunc(s.Problems(), func(p Problem) bool { return p.Code == "mac-in-both" && p.Severity == Warning }) {
		t.Error("nobody warns")
	}
}

func TestSizes(t *testing.T) {
	c := office()
	c.Ephones, c.Pools = c.Ephones[:1], c.Pools[8:9]
	c.Service.ServicePhone = []ServicePhone{{"adminPassword", strings.Repeat("x", SizeWarn)}}
	s := mustBuild(c, Options{})
	if !slices.ContainsFunc(s.Problems(), func(p Problem) bool { return p.Code == "file-large" }) {
		t.Error("nobody warns about a file beyond 550000 bytes")
	}
	c.Service.ServicePhone[0].Value = strings.Repeat("x", SizeLimit)
	s = mustBuild(c, Options{})
	if _, ok := s.Lookup("SEP001E7A000048.cnf.xml"); ok {
		t.Error("a file beyond 2048 KB is served")
	}
	if len(Refusals(s.Problems())) == 0 {
		t.Error("nobody says that a file is not built")
	}
}

func TestProfileBinary(t *testing.T) {
	s := mustBuild(office(), Options{})
	f, _ := s.Lookup("ld001e7a000042")
	v := checkProfile(t, f.Content)
	if string(v[25]) != "2003" || string(v[44]) != "user3" || string(v[26]) != "secret3" || string(v[29]) != "10.20.0.1" || v[19][0] != 1 || !bytes.Equal(v[24], []byte{10, 20, 0, 1}) {
		t.Errorf("values %x", v)
	}
	up := v[upgradeCode]
	if !bytes.HasPrefix(up, []byte{3, 0, 0, 6, 1, 4, 0, 1, 0, 0, 0, 0, 0, 0, 69}) || !bytes.HasSuffix(up, []byte("CP7905010300SIP050414A.sbin\x00")) {
		t.Errorf("upgradecode % x", up)
	}
	// The tag of DisplayName as decoded from a real file: 83 EE.
	if !bytes.Contains(f.Content, []byte{0x83, 0xee}) || !bytes.Contains(f.Content, []byte{0x91, 0x00}) {
		t.Error("long tags")
	}
	if p := imageFile(phone.Load("CP7912080001SIP")); p != "CP7912080001SIP.sbin" {
		t.Errorf("image %s", p)
	}
}

func TestManyPhones(t *testing.T) {
	c := office()
	c.Service.CnfPer = "perphone"
	for i := range 1000 {
		c.Ephones = append(c.Ephones, Ephone{Tag: 100 + i, MAC: ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, Type: "7961"})
	}
	s := mustBuild(c, Options{})
	if s.Devices != 1000+len(sccpTypes)+len(sipTypes) {
		t.Errorf("%d devices", s.Devices)
	}
	c.Ephones = c.Ephones[:0]
	for i := range MaxFiles + 10 {
		c.Ephones = append(c.Ephones, Ephone{Tag: 1, MAC: ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, Type: "7961"})
	}
	if _, err := Build(c, Options{}); err == nil {
		t.Error("no bound on the number of files")
	}
}

func BenchmarkBuild(b *testing.B) {
	c := office()
	c.Service.CnfPer = "perphone"
	for i := range 1000 {
		c.Ephones = append(c.Ephones, Ephone{Tag: 100 + i, MAC: ether.MAC{0, 0x1e, 0x7a, 1, byte(i >> 8), byte(i)}, Type: "7961"})
	}
	for b.Loop() {
		if _, err := Build(c, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
