package cnf

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		code     string
		severity Severity
		change   func(*Config)
	}{
		{"duplicate-mac", Refuse, func(c *Config) { c.Ephones[1].MAC = c.Ephones[0].MAC }},
		{"duplicate-mac", Refuse, func(c *Config) { c.Pools[1].MAC = c.Pools[0].MAC }},
		{"mac-in-both", Warning, func(c *Config) { c.Pools[1].MAC = c.Ephones[0].MAC }},
		{"max-dn", Refuse, func(c *Config) { c.Service.MaxDN = 3 }},
		{"max-dn", Warning, func(c *Config) { c.Service.MaxDN = 0 }},
		{"max-dn", Refuse, func(c *Config) { c.Global.MaxDN = 3 }},
		{"max-pool", Refuse, func(c *Config) { c.Global.MaxPool = 3 }},
		{"max-pool", Warning, func(c *Config) { c.Global.MaxPool = 0 }},
		{"max-ephones", Warning, func(c *Config) { c.Service.MaxEphones = 1 }},
		{"ephone-tag", Refuse, func(c *Config) { c.Ephones[0].Tag = 1001 }},
		{"pool-tag", Refuse, func(c *Config) { c.Pools[0].Tag = 263; c.Global.MaxPool = 0 }},
		{"dn-tag", Refuse, func(c *Config) { c.DNs[0].Tag = 751 }},
		{"button-undefined-dn", Warning, func(c *Config) { c.Ephones[0].Buttons[0].DNs = []int{77} }},
		{"number-undefined-dn", Warning, func(c *Config) { c.Pools[0].Numbers[0].DN = 77 }},
		{"number-without-number", Warning, func(c *Config) { c.DNs[0].Number = "" }},
		{"dn-without-number", Warning, func(c *Config) { c.EphoneDNs[0].Number = "" }},
		{"duplicate-number", Warning, func(c *Config) { c.EphoneDNs[0].Number = "1002" }},
		{"gateway-without-mac", Warning, func(c *Config) { c.Gateways = []Gateway{{Tag: 1, Type: "VG224"}} }},
		{"gateway-file", Note, func(c *Config) { c.Gateways = []Gateway{{Tag: 1, MAC: mac(1)}} }},
		{"gateway-twice", Warning, func(c *Config) { c.Gateways = []Gateway{{Tag: 1, MAC: mac(1)}, {Tag: 2, MAC: mac(1)}} }},
		{"gateway-ports", Warning, func(c *Config) {
			c.Gateways = []Gateway{{Tag: 1, MAC: mac(1), Type: "VG204", Ports: true, Last: 4}}
		}},
		{"ephone-without-mac", Warning, func(c *Config) { c.Ephones[0].MAC = [6]byte{} }},
		{"ephone-without-type", Warning, func(c *Config) { c.Ephones[0].Type = "" }},
		{"ephone-without-button", Warning, func(c *Config) { c.Ephones[0].Buttons = nil }},
		{"pool-without-type", Warning, func(c *Config) { c.Pools[0].Type = "" }},
		{"pool-without-id", Warning, func(c *Config) { c.Pools[0].MAC = [6]byte{} }},
		{"pool-without-number", Warning, func(c *Config) { c.Pools[0].Numbers = nil }},
		{"too-many-lines", Warning, func(c *Config) { c.Pools[0].Numbers[0].Position = 9 }},
		{"too-many-lines", Warning, func(c *Config) {
			c.Ephones[0].Type, c.Ephones[0].Addons, c.Ephones[0].Buttons = "7961", nil, []Button{{9, ':', []int{1}}}
		}},
		{"load-family", Warning, func(c *Config) { c.Service.Loads = []LoadEntry{{Type: "7941", File: "SCCP45.9-4-2SR4-3S"}} }},
		{"type-protocol", Warning, func(c *Config) { c.Ephones[0].Type = "8841" }},
		{"type-protocol", Warning, func(c *Config) { c.Pools[0].Type = "7920" }},
		{"type-unknown", Warning, func(c *Config) { c.Ephones[0].Type = "9999" }},
		{"type-name", Warning, func(c *Config) { c.Ephones[0].Type = "a/b" }},
		{"type-is-addon", Warning, func(c *Config) { c.Ephones[0].Type = "7914" }},
		{"addon", Warning, func(c *Config) { c.Ephones[0].Addons = []string{"7961"} }},
		{"type-without-file", Warning, func(c *Config) { c.Pools[0].Type = "P100" }},
		{"label-length", Warning, func(c *Config) { c.EphoneDNs[0].Label = strings.Repeat("ü", 31) }},
		{"password-length", Warning, func(c *Config) { c.Pools[5].Password = strings.Repeat("x", 13) }},
		{"no-source-address", Warning, func(c *Config) { c.Service.SourceAddress = SourceAddress{} }},
		{"no-source-address", Warning, func(c *Config) { c.Global.SourceAddress = SourceAddress{} }},
		{"no-register-global", Warning, func(c *Config) { c.Global = Default().Global }},
		{"no-mode", Warning, func(c *Config) { c.Global.Mode = "" }},
		{"no-create", Note, func(c *Config) { c.Service.NoCreate = true }},
		{"per-without-location", Note, func(c *Config) { c.Service.CnfPer = "perphone" }},
		{"time-zone", Warning, func(c *Config) { c.Service.TimeZone = 57 }},
		{"locale", Warning, func(c *Config) { c.Service.UserLocales = []Locale{{Code: "XX"}} }},
		{"load-type", Warning, func(c *Config) { c.Service.Loads[0].Type = "1234" }},
		{"load-protocol", Warning, func(c *Config) { c.Service.Loads[1].File = "SIP41.9-4-2-1S" }},
		{"load-name", Warning, func(c *Config) { c.Service.Loads[1].File = "../x" }},
		{"url-length", Warning, func(c *Config) { c.Service.URLs[0].URL = "http://" + strings.Repeat("x", 300) }},
		{"proxy-server", Note, func(c *Config) { c.Service.URLs[0].Kind = "proxy-server" }},
		{"auto-assign-undefined-dn", Warning, func(c *Config) { c.Service.AutoAssign = []AutoAssign{{First: 1, Last: 2_000_000_000}} }},
		{"auto-assign-overlap", Warning, func(c *Config) { c.Service.AutoAssign = []AutoAssign{{First: 1, Last: 5}, {First: 5, Last: 6}} }},
		{"auto-assign-without-auto-reg", Warning, func(c *Config) {
			c.Service.AutoAssign, c.Service.NoAutoReg = []AutoAssign{{First: 1, Last: 5}}, true
		}},
		{"service-phone-name", Refuse, func(c *Config) { c.Service.ServicePhone[0].Name = "a b" }},
		{"service-phone-case", Warning, func(c *Config) { c.Service.ServicePhone[0] = ServicePhone{"spanTOPCPort", "0"} }},
		{"service-phone-unknown", Note, func(c *Config) { c.Service.ServicePhone[0].Name = "brandNew" }},
		{"service-phone-value", Warning, func(c *Config) { c.Service.ServicePhone[0].Value = "7" }},
	} {
		c := office()
		tc.change(&c)
		ps := Validate(c)
		if !slices.ContainsFunc(ps, func(p Problem) bool { return p.Code == tc.code && p.Severity == tc.severity && p.Text != "" }) {
			t.Errorf("%s %v is not reported: %v", tc.code, tc.severity, ps)
		}
		if tc.severity != Refuse && len(Refusals(ps)) > 0 {
			t.Errorf("%s is refused: %v", tc.code, Refusals(ps))
		}
		if _, err := Build(c, Options{}); err != nil {
			t.Errorf("%s: %v", tc.code, err)
		}
	}
}

// TestButtonsOnModules: the keys of expansion modules are buttons as well, and a
// load of another spelling of the family is none of another family.
func TestButtonsOnModules(t *testing.T) {
	c := office()
	c.Ephones[0].Type, c.Ephones[0].Addons, c.Ephones[0].Buttons = "7961", []string{"7914"}, []Button{{20, ':', []int{1}}}
	c.Service.Loads = []LoadEntry{{Type: "7961", File: "sccp41.9-4-2SR3-1S.loads"}, {Type: "8841", File: "sip88xx.12-8-1-0001-455"}, {Type: "8845", File: "sip8845_65.12-8-1-0001-455"}}
	for _, p := range Validate(c) {
		if p.Code == "too-many-lines" || p.Code == "load-family" {
			t.Errorf("%s: %v", p.Code, p)
		}
	}
}

func TestGoodConfigurationIsSilent(t *testing.T) {
	for _, p := range Validate(office()) {
		t.Errorf("%v: %v", p.Severity, p)
	}
	if ps := Validate(Default()); len(ps) != 0 {
		t.Errorf("the factory configuration: %v", ps)
	}
}

// TestNoBannedPhrases: nothing this package says reads as a failure to the
// tools that drive routers.
func TestNoBannedPhrases(t *testing.T) {
	banned := regexp.MustCompile(`(?i)not found|error:|timed out|% ?error|invalid input|overlaps with|% ?invalid|bad mask|bad secret|(incomplete|ambiguous) command`)
	c := office()
	setStrings(reflect.ValueOf(&c).Elem(), "x y")
	c.Ephones[1].MAC, c.Pools[1].MAC, c.Service.MaxDN, c.Global.MaxDN, c.Global.MaxPool = c.Ephones[0].MAC, c.Ephones[0].MAC, 1, 1, 1
	c.Service.AutoAssign = []AutoAssign{{First: 1, Last: 5}, {First: 2, Last: 99}}
	s := mustBuild(c, Options{})
	out := append(BuildLines(nil, s, false), BuildLines(s, s, true)...)
	for _, l := range out {
		if banned.MatchString(l) {
			t.Errorf("%q", l)
		}
	}
	if len(out) < 20 || out[1] != "CNF-FILES: Clock is not set or synchronized, retaining old versionStamps" || out[len(out)-1] != "CNF files updating complete" {
		t.Errorf("lines %q", out)
	}
}

func TestCloneAndBuildDoNotTouchTheConfiguration(t *testing.T) {
	c := office()
	keep := c.Clone()
	mustBuild(c, Options{})
	if !reflect.DeepEqual(c, keep) {
		t.Error("Build changed its input")
	}
}
