package observe

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"

	"option150/telephony/firmware"
)

// TestReport: the tables of the show commands, from a file.
func TestReport(t *testing.T) {
	s := upgrade(t)
	r, err := Read(bytes.NewReader(s.pcapng()))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := r.Report(&b, loads, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pcapng,", "15 broadcasts", "sharing works: 2 of 3 phones got it from a peer, 1 copy served", "SEP001E7A000000      root", "strings seen: PFS-TEST",
		"Transfers in"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	// Cut in the middle it says so and tells what it has.
	file := s.pcapng()
	r, err = Read(bytes.NewReader(file[:len(file)/2]))
	if err != nil || r.Cut == nil {
		t.Fatal(err, r)
	}
	b.Reset()
	if err := r.Report(&b, loads, nil); err != nil || !strings.Contains(b.String(), "The file is damaged behind frame") {
		t.Error(err, b.String())
	}
}

// TestLoads: sizes are those of the files, the list itself first.
func TestLoads(t *testing.T) {
	const name = "SCCP41.9-4-2SR3-1S"
	files, err := firmware.Synthesise(name, firmware.FamilyOf(name), firmware.Sizes{})
	if err != nil {
		t.Fatal(err)
	}
	tree := fstest.MapFS{}
	for n, b := range files {
		tree[n] = &fstest.MapFile{Data: b}
	}
	find, err := firmware.FromFS(tree)
	if err != nil {
		t.Fatal(err)
	}
	l := Loads(find, []string{name, name + ".loads", "SCCP41.absent"})
	if len(l) != 1 || len(l[0].Files) != len(files) || l[0].Files[0].Name != name+".loads" {
		t.Fatalf("%+v", l)
	}
	for _, f := range l[0].Files {
		if f.Size != int64(len(files[f.Name])) {
			t.Errorf("%+v, it has %d bytes", f, len(files[f.Name]))
		}
	}
}
