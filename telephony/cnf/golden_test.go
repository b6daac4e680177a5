package cnf

import (
	"bytes"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/testkit/golden"
)

// TestGolden keeps one file of each family byte for byte. Binary profiles are
// kept as a hex dump.
func TestGolden(t *testing.T) {
	c := office()
	c.Service.CnfPer = "perphone"
	c.Ephones[6].Addons = []string{"7916-24"}
	s := mustBuild(c, Options{})
	keep := func(name string, content []byte) {
		t.Helper()
		if bytes.HasPrefix(content, []byte(profileMagic)) {
			name, content = name+".hex", []byte(hex.Dump(content))
		}
		golden.Check(t, filepath.Join("testdata", "golden", name), string(content))
	}
	for i, e := range c.Ephones {
		f, ok := s.Lookup(e.MAC.Device() + ".cnf.xml")
		if !ok {
			t.Fatalf("no file for ephone %d, a %s", e.Tag, e.Type)
		}
		keep("sccp-"+sccpTypes[i]+".cnf.xml", f.Content)
	}
	for i, p := range c.Pools {
		n := 0
		for _, f := range s.Files() {
			if f.MAC == p.MAC {
				keep("sip-"+sipTypes[i]+"-"+f.Name, f.Content)
				n++
			}
		}
		if n == 0 {
			t.Errorf("no file for pool %d, a %s", p.Tag, p.Type)
		}
	}
	for _, n := range []string{"XMLDefault.cnf.xml", "ATADefault.cnf.xml", "SIPDefault.cnf", "syncinfo.xml", softkeyFile, policyFile, "AppDialRules.xml"} {
		f, ok := s.Lookup(n)
		if !ok {
			t.Fatalf("no %s", n)
		}
		keep(n, f.Content)
	}
	keep("bindings-sccp.txt", []byte(strings.Join(SCCPBindings(mustBuild(office(), Options{})), "\n")))
	keep("bindings-sip.txt", []byte(strings.Join(SIPBindings(s), "\n")))
	keep("bindings-hfs.txt", []byte(strings.Join(HFSBindings(s), "\n")))
}
