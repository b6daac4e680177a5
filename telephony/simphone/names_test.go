package simphone

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"option150/platform/ether"
	"option150/telephony/cnf"
)

// TestNamesInFiles: a phone of each family reads its own files as the box builds
// them, and finds every file they name: dial plan, softkeys, policy, and the
// language where it is not the one in its firmware. Files of languages are not
// the box's to make, so they are not named.
func TestNamesInFiles(t *testing.T) {
	types := []string{"7940", "7960", "7961", "7965", "7975", "7841", "8851", "8945", "9971"}
	c := cnf.Default()
	g := &c.Global
	g.Present, g.SourceAddress = true, cnf.SourceAddress{Addr: netip.MustParseAddr("10.0.0.9")}
	g.UserLocales, g.NetworkLocales = []cnf.Locale{{Code: "DE"}}, []cnf.Locale{{Code: "DE"}}
	c.DNs = []cnf.RegisterDN{{Tag: 1, Number: "1001"}}
	c.Dialplans = []cnf.Dialplan{{Tag: 1, Type: cnf.PlanXML, Patterns: []cnf.DialPattern{{Position: 1, Digits: "1.."}}}, {Tag: 2, Type: cnf.PlanXML, Filename: "gone.xml"}}
	c.RegisterTemplates = []cnf.Template{{Tag: 1, Softkeys: []cnf.Softkeys{{State: "idle", Keys: "Redial"}}}}
	n := 0
	for plan := range 4 { // none, of patterns, of a file that is not there, not defined
		for tmpl := range 2 {
			for _, typ := range types {
				n++
				c.Pools = append(c.Pools, cnf.RegisterPool{Tag: n, MAC: ether.MAC{0, 0x1e, 0x7a, 1, byte(n >> 8), byte(n)}, Type: typ, Template: tmpl, Dialplan: plan,
					Numbers: []cnf.PoolNumber{{Position: 1, DN: 1}}})
			}
		}
	}
	set, err := cnf.Rebuild(nil, c, cnf.Options{Absent: cnf.Names(&c)})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Pools {
		at := fmt.Sprintf("%s, dial plan %d, template %d", p.Type, p.Dialplan, p.Template)
		phone, err := New(Spec{Model: p.Type, MAC: p.MAC, Protocol: SIP}, Options{})
		if err != nil {
			t.Fatal(at, err)
		}
		var s Settings
		if phone.n.model.Generation == "G2" {
			for _, name := range []string{"SIPDefault.cnf", "SIP" + p.MAC.Hex() + ".cnf"} {
				f, ok := set.Lookup(name)
				if !ok || s.parseText(f.Content) != nil {
					t.Fatal(at, name)
				}
			}
			s.DialTemplate += ".xml"
		} else {
			f, ok := set.Lookup(p.MAC.Device() + ".cnf.xml")
			if !ok {
				t.Fatal(at, "no file")
			}
			if s, err = parseXML(f.Content, phone.n.model.ID); err != nil {
				t.Fatal(at, err)
			}
			if s.SoftKeys == "" || s.UserLocale != "" || s.NetworkLocale != "" {
				t.Errorf("%s: %+v", at, s)
			}
		}
		if s.DialTemplate == "" || len(s.CallControl) != 1 {
			t.Errorf("%s: %+v", at, s)
		}
		for _, name := range append(phone.furtherFiles(s), s.DialTemplate) {
			if _, ok := set.Lookup(name); !ok && !strings.HasPrefix(name, "RINGLIST") {
				t.Errorf("%s: its file leads to %s, which is not served", at, name)
			}
		}
	}
}
