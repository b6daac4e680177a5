package cnf

import (
	"slices"
	"strings"
	"testing"

	"option150/platform/ether"
)

// levelled is a configuration with a parameter at every level.
func levelledConfig() Config {
	c := Default()
	c.Service.Present, c.Service.SourceAddress.Addr = true, addr("10.20.0.9")
	c.Global.Present, c.Global.SourceAddress.Addr = true, addr("10.20.0.9")
	c.Service.ServicePhone = []ServicePhone{{"peerFirmwareSharing", "1"}, {"webAccess", "0"}}
	c.EphoneTemplates = []Template{{Tag: 3, ServicePhone: []ServicePhone{{"loadServer", "10.9.9.9"}, {"peerFirmwareSharing", "0"}}}}
	c.RegisterTemplates = []Template{{Tag: 2, ServicePhone: []ServicePhone{{"peerFirmwareSharing", "0"}}}}
	m := func(n byte) ether.MAC { return ether.MAC{0, 0x1e, 0x7a, 0, 0, n} }
	c.Ephones = []Ephone{
		{Tag: 1, MAC: m(1), Type: "7961"},
		{Tag: 2, MAC: m(2), Type: "7961", Template: 3},
		{Tag: 3, MAC: m(3), Type: "7961", Template: 3, ServicePhone: []ServicePhone{{"peerFirmwareSharing", "1"}}},
		{Tag: 4, MAC: m(4), Type: "7960"},
		{Tag: 5, MAC: m(5), Type: "7961", Template: 9},
	}
	c.Pools = []RegisterPool{{Tag: 1, MAC: m(11), Type: "7841", Template: 2}, {Tag: 2, MAC: m(12), Type: "8841", Template: 2, ServicePhone: []ServicePhone{{"logServer", "10.8.8.8:9001"}}}}
	return c
}

// TestLevels: phone before template before system, the same in the file and in
// what is shown; what a model does not have is in neither. [sources/002]
func TestLevels(t *testing.T) {
	o := Options{LogServer: "10.20.0.1:514"}
	c := levelledConfig()
	set, err := Build(c, o)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{ // device -> parameter -> value and level
		"SEP001E7A000001": {"peerFirmwareSharing": "1 system", "webAccess": "0 system", "logServer": "10.20.0.1:514 log-server", "loadServer": " "},
		"SEP001E7A000002": {"peerFirmwareSharing": "0 template 3", "webAccess": "0 system", "loadServer": "10.9.9.9 template 3"},
		"SEP001E7A000003": {"peerFirmwareSharing": "1 phone", "loadServer": "10.9.9.9 template 3"},
		"SEP001E7A000004": {"peerFirmwareSharing": " ", "webAccess": "0 system", "logServer": " "},
		"SEP001E7A000005": {"peerFirmwareSharing": "1 system"},
		"SEP001E7A00000B": {"peerFirmwareSharing": "0 template 2", "logServer": "10.20.0.1:514 log-server"},
		"SEP001E7A00000C": {"peerFirmwareSharing": "0 template 2", "logServer": "10.8.8.8:9001 phone"},
	}
	seen := 0
	for _, e := range EffectiveOf(c, o) {
		f, ok := set.Lookup(e.MAC.Device() + ".cnf.xml")
		if !ok {
			t.Fatalf("no file of %s", e.MAC.Device())
		}
		for name, w := range want[e.MAC.Device()] {
			seen++
			value, level := e.Param(name)
			if value+" "+level != w {
				t.Errorf("%s %s: %s %s, want %s", e.MAC.Device(), name, value, level, w)
			}
			in := strings.Contains(string(f.Content), "<"+name+">"+value+"</"+name+">")
			if in != (value != "") {
				t.Errorf("%s %s: in the file %v, the effective value is %q", e.MAC.Device(), name, in, value)
			}
		}
	}
	if seen != 17 {
		t.Errorf("%d parameters looked at", seen)
	}
}

// TestLevelsRebuild: a change of a template changes the files of its phones and
// no others.
func TestLevelsRebuild(t *testing.T) {
	c := levelledConfig()
	was, err := Build(c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	d := c.Clone()
	for list, value := range map[*[]ServicePhone]string{&d.EphoneTemplates[0].ServicePhone: "10.9.9.8", &d.RegisterTemplates[0].ServicePhone: "1"} {
		*list = slices.Clone(*list)
		(*list)[0].Value = value
	}
	d.Ephones[0].ServicePhone = []ServicePhone{{"webAccess", "1"}}
	now, err := Rebuild(was, d, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fresh, _ := Build(d, Options{})
	if !SameFiles(now, fresh) {
		t.Error("what is taken over is not what would be built")
	}
	changed := strings.Join(Summarise(was, now).Names(), " ")
	for _, n := range []string{"SEP001E7A000001", "SEP001E7A000002", "SEP001E7A000003", "SEP001E7A00000B", "SEP001E7A00000C"} {
		if !strings.Contains(changed, n) {
			t.Errorf("%s has not changed: %s", n, changed)
		}
	}
	if strings.Contains(changed, "SEP001E7A000004") || strings.Contains(changed, "SEP001E7A000005") {
		t.Errorf("changed as well: %s", changed)
	}
}

// TestLevelProblems: what cannot take effect is said, each with its section.
func TestLevelProblems(t *testing.T) {
	c := levelledConfig()
	c.Ephones[3].ServicePhone = []ServicePhone{{"peerFirmwareSharing", "1"}}
	c.EphoneTemplates[0].ServicePhone = append(c.EphoneTemplates[0].ServicePhone, ServicePhone{"a b", "1"})
	got := map[string]bool{}
	for _, p := range Validate(c) {
		got[p.Code+" "+p.Where] = true
	}
	for _, w := range []string{"service-phone-model ephone 4", "template-undefined ephone 5", "service-phone-name ephone-template 3"} {
		if !got[w] {
			t.Errorf("no %s in %v", w, got)
		}
	}
}

// TestServerValues: where phones fetch from without a way back, what looks like
// an address is one.
func TestServerValues(t *testing.T) {
	for v, want := range map[string]bool{"10.1.1.1": true, "files.example.net": true, "load-1": true, "2001:db8::1": true, "10.1.1": false, "10.1.1.256": false,
		"0.0.0.0": false, "255.255.255.255": false, "224.0.0.1": false, "127.0.0.1": false, "a b": false, "-x": false, "http://10.1.1.1": false, "10.1.1.1:69": false} {
		if host(v) != want {
			t.Errorf("loadServer %q: %v", v, !want)
		}
	}
	for v, want := range map[string]bool{"10.1.1.1:514": true, "log.example:9001": true, "[2001:db8::1]:514": true, "10.1.1.1": false, "10.1.1.1:0": false, "10.1.1.1:70000": false} {
		if hostPort(v) != want {
			t.Errorf("logServer %q: %v", v, !want)
		}
	}
	// And a configuration that has them loads, with a warning that names the cure.
	c := levelledConfig()
	c.Ephones[0].ServicePhone = []ServicePhone{{LoadServer, "10.1.1.256"}}
	n := 0
	for _, p := range Validate(c) {
		if p.Severity == Refuse {
			t.Error(p)
		}
		if strings.Contains(p.Text, "10.1.1.256") && p.Where == "ephone 1" {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d findings about the slip", n)
	}
}
