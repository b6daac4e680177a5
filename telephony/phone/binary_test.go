package phone

import "testing"

// TestBinaryTypes: the table is that of source 004, and of what this box can be
// told to provision its rows are found.
func TestBinaryTypes(t *testing.T) {
	if n := len(BinaryTypes()); n != 9 {
		t.Fatalf("%d types, the table has 9", n)
	}
	for _, m := range Models() {
		b, listed := BinaryOf(m)
		if want := m.Keyword == "12SP" || m.Keyword == "7935"; listed != want {
			t.Errorf("%s: listed %v as %v", m.Keyword, listed, b)
		}
		for build, want := range map[string]bool{BuildAll: true, BuildNone: false, BuildSelective: listed, "": listed} {
			if ExpectsBinary(build, m) != want {
				t.Errorf("%s with %q: %v", m.Keyword, build, !want)
			}
		}
	}
}

func TestBinaryFile(t *testing.T) {
	for name, want := range map[string]bool{
		"SEP001E7A000001.cnf": true, "/sep001e7a000001.CNF": true, `x\SEPDEFAULT.cnf`: true, "SEPDefault.cnf": true,
		"SEP001E7A000001.cnf.xml": false, "SIP001E7A000001.cnf": false, "SIPDefault.cnf": false, "MGC001E7A000001.cnf": false,
		"SEP001E7A00000.cnf": false, "SEP.cnf": false, ".cnf": false, "": false, "SEP001E7A000001.cnf.sgn": false, "XMLDefault.cnf.xml": false,
	} {
		if BinaryFile(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
}
