package phone

import (
	"slices"
	"strings"
	"testing"
	"time"

	"option150/platform/ether"
)

func TestLoad(t *testing.T) {
	for in, want := range map[string]string{
		"SCCP41.9-4-2SR3-1S.loads": "SCCP41.9-4-2SR3-1S", "SCCP41.9-4-2SR3-1S": "SCCP41.9-4-2SR3-1S",
		"TERM70.7-0-1-0s.LOADS": "TERM70.7-0-1-0s", "P00308000500.bin": "P00308000500",
		"CP7905010300SIP050414A.sbin": "CP7905010300SIP050414A", "ATA030100SCCP040211A.zup": "ATA030100SCCP040211A",
		"skern9951.022809R2-9-0-3.sebn": "skern9951.022809R2-9-0-3", ".loads": ".loads", "": "", " x.sbn ": "x",
	} {
		if got := Load(in).Canonical(); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", in, got, want)
		}
	}
	l := Load("SCCP41.9-4-2SR3-1S.loads")
	if l.Typed() != "SCCP41.9-4-2SR3-1S.loads" || l.Suffix() != ".loads" || !l.Equal("sccp41.9-4-2sr3-1s") {
		t.Error("the load loses what was typed")
	}
	if l.Protocol() != "SCCP" || l.Family() != "41" || Load("sip78xx.12-8-1").Family() != "78xx" || Load("P0S3-8-12-00").Protocol() != "SIP" {
		t.Error("protocol or family of a load is wrong")
	}
	for in, want := range map[string]string{
		"SCCP41.9-4-2SR3-1S": "9.4(2)SR3", "SIP45.8.3.3S": "", "SCCP42.8-5-3S.loads": "8.5(3)", "TERM41.7-0-3-0S": "7.0(3)",
		"sip78xx.10-1-1SR1-4": "10.1(1)SR1", "SCCP69xx.9-4-1-3SR1": "9.4(1)",
	} {
		if got := Load(in).Version().String(); got != want {
			t.Errorf("Version(%q) = %q, want %q", in, got, want)
		}
	}
	if Load("SCCP41.8-5-2S").Version().Compare(Load("SCCP41.9-4-2SR1-1S").Version()) != -1 {
		t.Error("8.5(2) is not older than 9.4(2)")
	}
	for in, want := range map[string]string{
		"SCCP41.9-4-2SR3-1S": "SCCP41.9-4-2SR3-1S.loads", "CP7921G-1.4.6.3": "CP7921G-1.4.6.3.LOADS",
		"CP7912080004SCCP080108A": "CP7912080004SCCP080108A.sbin", "P00308000500.bin": "P00308000500.bin",
		"apps37sccp.1-4-5-7": "apps37sccp.1-4-5-7.bin", "CP3905.9-4-1-0": "CP3905.9-4-1-0.loads",
	} {
		if got := Load(in).Files(); len(got) == 0 || got[0] != want {
			t.Errorf("Files(%q) = %v, want %q first", in, got, want)
		}
	}
	if Load("").Files() != nil {
		t.Error("no load has files")
	}
}

func TestMACOfFile(t *testing.T) {
	want := ether.MAC{0x00, 0x1e, 0x7a, 0x00, 0x00, 0x01}
	for _, in := range []string{
		"SEP001E7A000001.cnf.xml", "sep001e7a000001.cnf.xml.sgn", "CTLSEP001E7A000001.tlv", "ITLSEP001E7A000001.tlv",
		"SIP001E7A000001.cnf", "gk001e7a000001", "ld001e7a000001.x", "ata001e7a000001", "/SEP001E7A000001.cnf.xml",
		`Communicator\SEP001E7A000001.cnf.xml`, "gk001e7a000001.txt", "WLAN001E7A000001.xml",
	} {
		if m, ok := MACOfFile(in); !ok || m != want {
			t.Errorf("MACOfFile(%q) = %v, %v", in, m, ok)
		}
	}
	for _, in := range []string{"", "SEPDefault.cnf", "XMLDefault.cnf.xml", "SEP001E7A00001.cnf.xml", "SEP001E7A0000011.cnf.xml",
		"gkdefault.cfg", "SEP000000000000.cnf.xml", "SEP001E7A000001.cnf.xml/x", strings.Repeat("a", 300) + "SEP001E7A000001"} {
		if m, ok := MACOfFile(in); ok {
			t.Errorf("MACOfFile(%q) = %v", in, m)
		}
	}
	if m, err := ParseDevice("SEP001E7A000001"); err != nil || m != want {
		t.Error("device name")
	}
	if _, err := ParseDevice("SEP001E7A00001"); err == nil {
		t.Error("short device name accepted")
	}
}

func TestExpectedAbsent(t *testing.T) {
	for _, in := range []string{"CTLSEP001E7A000001.tlv", "itlsep001e7a000001.tlv", "ITLFile.tlv", "CTLFile.tlv", "/ITLFile.tlv", "OS79XX.TXT", "MGC001E7A000001.cnf"} {
		if !ExpectedAbsent(in) {
			t.Errorf("%q counts as a fault", in)
		}
	}
	for _, in := range []string{"SEP001E7A000001.cnf.xml", "SEP001E7A000001.cnf.xml.sgn", "SCCP41.9-4-2SR3-1S.loads", "", "ITLFile.tlv.exe"} {
		if ExpectedAbsent(in) {
			t.Errorf("%q passes as expected", in)
		}
	}
	if !TrustFile("CTLSEP001E7A000001.tlv") || TrustFile("SEP001E7A000001.cnf.xml") {
		t.Error("trust files")
	}
	if !AsksSigned("SEP001E7A000001.cnf.xml.sgn") || AsksSigned("BOOT69xx.0-0-0-14.zz.sgn") {
		t.Error("signed names")
	}
}

func FuzzMACOfFile(f *testing.F) {
	f.Add("SEP001E7A000001.cnf.xml")
	f.Add(`Communicator\gk001e7a000001.x`)
	for _, n := range []string{"ctlSEP001E7A000001.tlv", "sep001e7a00000g", "SEP001E7A000001\n", "SEP001E7A000001.a\nb", "\u017fep001e7a000001", "ATA001E7A000001-x", "FFffffffffffff", "ld001e7a000001_", "wlan001E7A000001x"} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if m, ok := MACOfFile(name); ok && !strings.Contains(strings.ToUpper(name), m.Hex()) {
			t.Errorf("MACOfFile(%q) = %v", name, m)
		}
		want := ""
		if g := deviceFile.FindStringSubmatch(baseName(name)); g != nil {
			want = g[2]
		}
		if got := hexOfFile(baseName(name)); got != want {
			t.Errorf("hexOfFile(%q) = %q, the expression says %q", name, got, want)
		}
		ExpectedAbsent(name)
		_ = TrustFile(name)
		AsksSigned(name)
		l := Load(name)
		if c := l.Canonical(); !strings.Contains(name, c) {
			t.Errorf("Canonical(%q) = %q", name, c)
		}
		l.Version()
		l.Files()
	})
}

func TestZones(t *testing.T) {
	zones := Zones()
	if len(zones) != 56 {
		t.Fatalf("%d zones", len(zones))
	}
	for i, z := range zones {
		if z.ID != i+1 || z.Name == "" || z.Offset < -12*time.Hour || z.Offset > 12*time.Hour {
			t.Errorf("zone %+v at place %d", z, i+1)
		}
	}
	for id, want := range map[int]string{
		5: "Pacific Standard/Daylight Time", 12: "Eastern Standard/Daylight Time", 26: "E. Europe Standard/Daylight Time",
		21: "GMT Standard/Daylight Time", 22: "Greenwich Standard Time", 55: "Pacific SA Daylight Time", 34: "Caucasus Standard/Daylight Time",
	} {
		if z, ok := ZoneByID(id); !ok || z.XMLName() != want {
			t.Errorf("zone %d is %q, want %q", id, z.XMLName(), want)
		}
	}
	if _, ok := ZoneByID(0); ok {
		t.Error("zone 0")
	}
	if _, ok := ZoneByID(57); ok {
		t.Error("zone 57")
	}
}

func TestLocales(t *testing.T) {
	if l, ok := LocaleByCode("de"); !ok || l.Name != "German_Germany" || l.Country != "Germany" {
		t.Errorf("DE is %+v", l)
	}
	if l, ok := LocaleByCode(""); !ok || l.Code != "US" {
		t.Errorf("the default is %+v", l)
	}
	if _, ok := LocaleByCode("XX"); ok {
		t.Error("XX is a locale")
	}
	var codes []string
	for _, l := range Locales() {
		codes = append(codes, l.Code)
	}
	if !slices.Contains(codes, "U5") {
		t.Error("U5 is absent")
	}
}
