package cnf

import (
	"slices"
	"strings"
	"testing"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// TestBinaryFiles: no binary .cnf is served, by any spelling and whatever
// build-cnf-files says, and `create cnf-files` names who would ask for one. The
// text files of SIP phones are none, and no content depends on the line.
func TestBinaryFiles(t *testing.T) {
	c := whole()
	for i, typ := range []string{"7935", "12SP", "7935"} {
		c.Ephones = append(c.Ephones, Ephone{Tag: 70 + i, MAC: ether.MAC{0, 0x1e, 0x7a, 1, 0, byte(i)}, Type: typ})
	}
	var before *Set
	for build, want := range map[string][]string{
		phone.BuildNone:      nil,
		"":                   {"2 of type 7935:", "1 of type 12SP:"},
		phone.BuildSelective: {"2 of type 7935:", "1 of type 12SP:"},
		phone.BuildAll:       {"2 of type 7935:", "1 of type 12SP:", "type 7961:"},
	} {
		c.Service.BuildCNF = build
		s, err := Build(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"SEPDEFAULT.cnf", "sepdefault.CNF", "/SEPDefault.cnf", "SEP001E7A010000.cnf", "sep001e7a000001.cnf", `Communicator\SEPDEFAULT.cnf`} {
			if f, ok := s.Lookup(name); ok {
				t.Errorf("%s: %s is served from %s", build, name, f.Location)
			}
		}
		for _, f := range s.Files() {
			for _, n := range f.Names() {
				if phone.BinaryFile(n) {
					t.Errorf("%s: %s has the name %s", build, f.Location, n)
				}
			}
		}
		for _, n := range []string{"SIPDefault.cnf", "SIP001E7A000044.cnf", "SEP001E7A010000.cnf.xml"} {
			if _, ok := s.Lookup(n); !ok {
				t.Errorf("%s: %s is gone", build, n)
			}
		}
		lines := strings.Join(BuildLines(nil, s, true), "\n")
		for _, w := range want {
			if !strings.Contains(lines, w) {
				t.Errorf("%q: no line of %q in\n%s", build, w, lines)
			}
		}
		if len(want) == 0 && strings.Contains(lines, "withheld") {
			t.Errorf("%q withholds:\n%s", build, lines)
		}
		if strings.Contains(lines, "7940") || strings.Contains(lines, "7905") && build != phone.BuildAll {
			t.Errorf("%q: the files of text phones are built:\n%s", build, lines)
		}
		if before != nil && !SameFiles(before, s) {
			t.Errorf("%q changes files: %v", build, Summarise(before, s).Names())
		}
		before = s
	}
	// The line takes nothing away from the set before: no phone has to be told.
	c.Service.BuildCNF = phone.BuildNone
	again, err := Rebuild(before, c, Options{})
	if err != nil || again.Anew || !slices.Equal(again.Files(), before.Files()) {
		t.Errorf("files were made anew, %v", err)
	}
}
