package cnf

import (
	"bytes"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files of testdata/golden again")

// TestGolden keeps one file of each family byte for byte. Binary profiles are
// kept as a hex dump.
func TestGolden(t *testing.T) {
	c := office()
	c.Service.CnfPer = "perphone"
	c.Ephones[6].Addons = []string{"7916-24"}
	s := mustBuild(c, Options{})
	golden := func(name string, content []byte) {
		t.Helper()
		if bytes.HasPrefix(content, []byte(profileMagic)) {
			name, content = name+".hex", []byte(hex.Dump(content))
		}
		path := filepath.Join("testdata", "golden", name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, content, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(content), "\n")); d != "" {
			t.Errorf("%s differs, -want +got:\n%s", name, d)
		}
	}
	for i, e := range c.Ephones {
		f, ok := s.Lookup(e.MAC.Device() + ".cnf.xml")
		if !ok {
			t.Fatalf("no file for ephone %d, a %s", e.Tag, e.Type)
		}
		golden("sccp-"+sccpTypes[i]+".cnf.xml", f.Content)
	}
	for i, p := range c.Pools {
		n := 0
		for _, f := range s.Files() {
			if f.MAC == p.MAC {
				golden("sip-"+sipTypes[i]+"-"+f.Name, f.Content)
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
		golden(n, f.Content)
	}
	golden("bindings-sccp.txt", []byte(strings.Join(SCCPBindings(mustBuild(office(), Options{})), "\n")))
	golden("bindings-sip.txt", []byte(strings.Join(SIPBindings(s), "\n")))
	golden("bindings-hfs.txt", []byte(strings.Join(HFSBindings(s), "\n")))
}
