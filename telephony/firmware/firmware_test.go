package firmware

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"option150/telephony/phone"
)

// loads is one load of each layout.
var loads = []string{"SCCP41.9-4-2SR3-1S", "SIP41.8-5-4S", "SCCP11.9-4-2-1S", "SCCP42.9-4-2SR1-1S", "SCCP45.9-4-2SR4-3S", "SCCP70.9-4-2SR3-1S", "SCCP75.9-4-2SR4-3S",
	"SCCP31.9-4-2SR2-2S", "P0030801SR02", "P0S3-8-12-00", "CP7912080004SCCP080108A", "CP7905080003SCCP070409A", "ATA030204SCCP090202A",
	"CP7921G-1.4.6.3", "CP7925G-1.4.7.3", "SCCP69xx.9-4-1-3SR2", "SCCP6911.9-3-1-SR1-3", "SCCP6945.9-4-1-3", "SCCP894x.9-4-2SR1-2", "SCCP8941_8945.9-4-1-9",
	"sip9951.9-0-3", "sip78xx.11-0-1-11", "sip88xx.12-0-1MN-113", "sip8845_65.12-0-1MN-113"}

func tree(t *testing.T, load string, sizes Sizes) fstest.MapFS {
	t.Helper()
	files, err := Synthesise(load, "", sizes)
	if err != nil {
		t.Fatal(err)
	}
	m := fstest.MapFS{}
	for n, b := range files {
		m["phones/"+n] = &fstest.MapFile{Data: b}
	}
	return m
}

func lookup(t *testing.T, m fstest.MapFS) Lookup {
	t.Helper()
	l, err := FromFS(m)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestSyntheticLoadsAreWhole: what the writer makes, the parser reads and the
// check accepts, for every family.
func TestSyntheticLoadsAreWhole(t *testing.T) {
	for _, load := range loads {
		m := tree(t, load, nil)
		s := Examine(lookup(t, m), phone.Load(load), true)
		if !s.Complete() || len(s.Missing) != 0 || s.Total == 0 {
			t.Errorf("%s: %v", load, s)
			continue
		}
		if isList(s.First) && s.Total != len(m)-1 {
			t.Errorf("%s: %d components of %d files", load, s.Total, len(m))
		}
		again, err := Synthesise(load, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		for n, b := range again {
			if !bytes.Equal(b, m["phones/"+n].Data) {
				t.Errorf("%s: %s differs at the second call", load, n)
			}
			h, err := ParseHeader(b)
			if err != nil || h.Form != Text && h.Name != n {
				t.Errorf("%s: header of %s: %+v, %v", load, n, h, err)
			}
		}
	}
}

func TestComponentNames(t *testing.T) {
	for load, want := range map[string][]string{
		"SCCP41.9-4-2SR3-1S": {"jar41sccp.9-4-2ES26.sbn", "cnu41.9-4-2ES26.sbn", "apps41.9-4-2ES26.sbn", "dsp41.9-4-2ES26.sbn", "cvm41sccp.9-4-2ES26.sbn"},
		"P0030801SR02":       {"P0030801SR02.sbn", "P0030801SR02.sb2"},
		"CP7921G-1.4.6.3":    {"TNUX-1.4.6.3.SBN", "TNUXR-1.4.6.3.SBN", "SYS-1.4.6.3.SBN", "WLAN-1.4.6.3.SBN", "APPS-1.4.6.3.SBN", "GUI-1.4.6.3.SBN"},
		"sip78xx.11-0-1-11":  {"sboot78xx.11-0-1-11.sbn", "kern78xx.11-0-1-11.sbn", "rootfs78xx.11-0-1-11.sbn", "sboot2.78xx.11-0-1-11.sbn", "kern2.78xx.11-0-1-11.sbn", "rootfs2.78xx.11-0-1-11.sbn"},
		"sip88xx.12-0-1MN-113": {"fbi88xx.BE-01-010.sbn", "kern88xx.12-0-1MN-113.sbn", "rootfs88xx.12-0-1MN-113.sbn", "sb288xx.BE-01-020.sbn",
			"vc488xx.12-0-1MN-113.sbn"},
		"SCCP69xx.9-4-1-3SR2": {"BOOT69xx.0-0-0-14.zz.sgn", "DSP69xx.9-4-1-3SR2.zz.sgn", "SCCP69xx.9-4-1-3SR2.zz.sgn"},
	} {
		s := Examine(lookup(t, tree(t, load, nil)), phone.Load(load+".loads"), false)
		if s.Set == nil || !slices.Equal(s.Set.Names(), want) {
			t.Errorf("%s: %v", load, s.Set)
		}
	}
	set := Examine(lookup(t, tree(t, "sip78xx.11-0-1-11", nil)), "sip78xx.11-0-1-11", false).Set
	if c := set.Components[5]; c.Platform != "PLATFORM_2" || c.Role != "rootfs" || c.Size != SmallFile || set.Release != "sip78xx.11-0-1-11" {
		t.Errorf("78xx: %+v, release %q", c, set.Release)
	}
	set = Examine(lookup(t, tree(t, "SCCP41.9-4-2SR3-1S", nil)), "SCCP41.9-4-2SR3-1S", false).Set
	if set.Release != "9-4-2ES26" || !slices.Equal(set.Hardware, []HardwareComp{{1, 15}}) {
		t.Errorf("41: %+v", set)
	}
	set = Examine(lookup(t, tree(t, "CP7925G-1.4.7.3", nil)), "CP7925G-1.4.7.3", false).Set
	if c := set.Components[6]; c.Name != "JSYSH-1.4.7.3.SBN" || !c.Optional || len(c.Digest) != 32 || len(set.Requirements) != 2 {
		t.Errorf("7925: %+v %v", c, set.Requirements)
	}
	set = Examine(lookup(t, tree(t, "P0030801SR02", nil)), "P0030801SR02", false).Set
	if !slices.Equal(set.Attributes, []string{"LA_VERSION=PAS30831"}) {
		t.Errorf("7960: %v", set.Attributes)
	}
}

func TestRealSizes(t *testing.T) {
	sizes := Sizes{"jar41sccp": 1630052, "cnu41": 556833, "apps41": 3157527, "dsp41": 562693, "cvm41sccp": 2219477}
	files, err := Synthesise("SCCP41.9-4-2SR3-1S", "", sizes)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for n, b := range files {
		if !isList(n) {
			sum += len(b)
		}
	}
	if sum != 8_126_582 {
		t.Errorf("the five components have %d bytes", sum)
	}
}

func TestDefaultLoad(t *testing.T) {
	for name, load := range map[string]string{"term61.default.loads": "SCCP41.9-4-2SR3-1S", "term78.default.loads": "sip78xx.11-0-1-11"} {
		b, err := DefaultLoad(name, load)
		if err != nil {
			t.Fatal(err)
		}
		m := tree(t, load, nil)
		m[name] = &fstest.MapFile{Data: b}
		if s := Examine(lookup(t, m), phone.Load(name), true); !s.Complete() || len(s.Missing) != 0 {
			t.Errorf("%s: %v", name, s)
		}
	}
	if _, err := DefaultLoad("term05.default.loads", "CP7905080003SCCP070409A"); err == nil {
		t.Error("a single image has a list")
	}
}

func TestCheckFindsFaults(t *testing.T) {
	const load, apps = "SCCP41.9-4-2SR3-1S", "phones/apps41.9-4-2ES26.sbn"
	const g5, rootfs = "sip78xx.11-0-1-11", "phones/rootfs78xx.11-0-1-11.sbn"
	const wifi, gui = "CP7921G-1.4.6.3", "phones/GUI-1.4.6.3.SBN"
	for _, tc := range []struct {
		name, load, file string
		kind             Kind
		fault            func(fstest.MapFS)
		shallow          bool // found without reading the whole file
	}{
		{"component absent", load, apps, Absent, func(m fstest.MapFS) { delete(m, apps) }, true},
		{"component empty", load, apps, Empty, func(m fstest.MapFS) { m[apps].Data = nil }, true},
		{"component renamed", load, apps, Renamed, func(m fstest.MapFS) { m[apps].Data = m["phones/dsp41.9-4-2ES26.sbn"].Data }, true},
		{"component cut in its header", load, apps, Damaged, func(m fstest.MapFS) { m[apps].Data = m[apps].Data[:100] }, true},
		{"component in other case", load, apps, OtherCase, func(m fstest.MapFS) { m["phones/Apps41.9-4-2ES26.sbn"] = m[apps]; delete(m, apps) }, true},
		{"list absent", load, load + ".loads", Absent, func(m fstest.MapFS) { delete(m, "phones/"+load+".loads") }, true},
		{"list empty", load, load + ".loads", Empty, func(m fstest.MapFS) { m["phones/"+load+".loads"].Data = nil }, true},
		{"list is a component", load, load + ".loads", NotAList, func(m fstest.MapFS) { m["phones/"+load+".loads"].Data = m[apps].Data }, true},
		{"list renamed", load, load + ".loads", Renamed, func(m fstest.MapFS) {
			f, _ := DefaultLoad("term41.default.loads", load)
			m["phones/"+load+".loads"].Data = f
		}, true},
		{"G5 component cut off", g5, rootfs, SizeDiff, func(m fstest.MapFS) { m[rootfs].Data = m[rootfs].Data[:1000] }, true},
		{"G5 component damaged", g5, rootfs, Damaged, func(m fstest.MapFS) { m[rootfs].Data[2000] ^= 1 }, false},
		{"792x component of another size", wifi, gui, SizeDiff, func(m fstest.MapFS) { m[gui].Data = append(m[gui].Data, 0) }, true},
		{"single image absent", "CP7912080004SCCP080108A", "CP7912080004SCCP080108A.sbin", Absent, func(m fstest.MapFS) { clear(m) }, true},
	} {
		for _, deep := range []bool{false, true} {
			m := tree(t, tc.load, nil)
			tc.fault(m)
			got := Check(lookup(t, m), []phone.Load{phone.Load(tc.load)}, deep)
			if !deep && !tc.shallow {
				if len(got) != 0 {
					t.Errorf("%s: found without reading: %v", tc.name, got)
				}
				continue
			}
			if len(got) != 1 || got[0].Kind != tc.kind || got[0].File != path.Base(tc.file) || got[0].Load != tc.load || got[0].String() == "" {
				t.Errorf("%s: %+v", tc.name, got)
			}
		}
	}
	s := Examine(lookup(t, fstest.MapFS{}), "SCCP41.9-4-2SR3-1S", false)
	if s.Complete() || s.String() != "SCCP41.9-4-2SR3-1S: SCCP41.9-4-2SR3-1S.loads is absent" {
		t.Errorf("%q", s)
	}
	m := tree(t, load, nil)
	delete(m, apps)
	if s := Examine(lookup(t, m), load, false); s.String() != "SCCP41.9-4-2SR3-1S: 1 of 5 components missing: apps41.9-4-2ES26.sbn is absent" {
		t.Errorf("%q", s)
	}
	// Names and sizes alone are enough for a part of the check.
	names := func(n string) (Found, bool) {
		f, ok := lookup(t, m)(n)
		if !isList(n) {
			f.Open = nil
		}
		return f, ok
	}
	if got := Check(names, []phone.Load{load, ""}, true); len(got) != 1 || got[0].Kind != Absent {
		t.Errorf("%v", got)
	}
	broken := func(n string) (Found, bool) {
		return Found{Name: n, Size: 10, Open: func() (io.ReadCloser, error) { return nil, errors.New("disk fault") }}, true
	}
	if got := Check(broken, []phone.Load{load}, true); len(got) != 1 || got[0].Kind != NotAList {
		t.Errorf("%v", got)
	}
}

func TestParseHeaderRefuses(t *testing.T) {
	good := writeSigned("a.sbn", []byte("x"))
	five := writeG5("kern88xx.12-0-1MN-113.sbn", []byte("payload"))
	if h, err := ParseHeader(good); err != nil || h.Form != Signed || h.Length%4 != 0 || h.Digest != "SHA-1" || h.Signer == "" || h.Length != len(good)-1 {
		t.Fatalf("%+v, %v", h, err)
	}
	if h, err := ParseHeader(five); err != nil || h.Name != "kern88xx.12-0-1MN-113.sbn" || h.VerifyPayload(bytes.NewReader(five[h.Length:])) != nil {
		t.Fatalf("%+v, %v", h, err)
	}
	edit := func(b []byte, f func([]byte)) []byte { c := bytes.Clone(b); f(c); return c }
	for name, b := range map[string][]byte{
		"cut signed":             good[:50],
		"header beyond the file": edit(good, func(b []byte) { binary.BigEndian.PutUint16(b[8:], 60000) }),
		"header length zero":     edit(good, func(b []byte) { binary.BigEndian.PutUint16(b[8:], 0) }),
		"header length odd":      edit(good, func(b []byte) { binary.BigEndian.PutUint16(b[8:], 101) }),
		"long tag":               edit(good, func(b []byte) { b[11] = 0xff }),
		"cut G5":                 five[:40],
		"G5 short header":        edit(five, func(b []byte) { binary.LittleEndian.PutUint32(b[4:], 100) }),
		"G5 long name":           edit(five, func(b []byte) { binary.LittleEndian.PutUint32(b[g5NameLen:], 1<<31) }),
		"G5 bad name":            edit(five, func(b []byte) { b[g5Name] = '/' }),
	} {
		if h, err := ParseHeader(b); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
	}
	if h, err := ParseHeader([]byte("hsqs raw")); err != nil || h.Form != Text {
		t.Errorf("no container: %+v, %v", h, err)
	}
	if h, err := ParseHeader(nil); err != nil || h.Form != Text {
		t.Errorf("nothing: %+v, %v", h, err)
	}
}

func TestParseListRefuses(t *testing.T) {
	for name, body := range map[string]string{
		"nothing": "", "comments only": "# x\r\n", "directory": "../etc/passwd\n", "backslash": `a\b.sbn`, "hidden": ".ssh\n", "binary": "a\x00b",
		"bad size": "a.sbn x\n", "negative size": "a.sbn -1\n", "bad digest": "a.sbn 1 xyz\n", "long name": strings.Repeat("a", 200) + "\n", "not ASCII": "ä.sbn\n",
	} {
		if l, err := ParseList("x.loads", []byte(body)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: %+v, %v", name, l, err)
		}
	}
	if _, err := ParseList("x.loads", bytes.Repeat([]byte("a\n"), MaxList)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("long list: %v", err)
	}
	var many strings.Builder
	for i := range MaxComponents + 1 {
		many.WriteString(strings.Repeat("a", i%100+1) + string(rune('a'+i/100)) + "\n")
	}
	if _, err := ParseList("x.loads", []byte(many.String())); !errors.Is(err, ErrTooLarge) {
		t.Errorf("many names: %v", err)
	}
	l, err := ParseList("x.loads", []byte("\r\n a.sbn \r\n#+ b.sbn 5 00ff\r\na.sbn"))
	if err != nil || !slices.Equal(l.Names(), []string{"a.sbn", "b.sbn"}) || l.Size() != 5 || l.Renamed() {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestSteps(t *testing.T) {
	for _, tc := range []struct {
		from, to phone.Load
		want     int
	}{
		{"SCCP41.8-3-1S", "SCCP41.9-4-2SR3-1S", 1},
		{"SCCP41.8-4-2S", "SCCP41.9-4-2SR3-1S.loads", 1},
		{"SCCP41.8-5-2S", "SCCP41.9-4-2SR3-1S", 0},
		{"SCCP41.8-3-1S", "SCCP41.8-5-2S", 0},
		{"SCCP41.9-2-1S", "SCCP41.9-4-2SR3-1S", 0},
		{"sip78xx.10-1-1", "sip78xx.12-8-1", 0},
		{"", "SCCP41.9-4-2SR3-1S", 0},
		{"SCCP42.8-3-1S", "SCCP41.9-4-2SR3-1S", 0},
	} {
		if got := Steps(tc.from, tc.to); len(got) != tc.want {
			t.Errorf("%s to %s: %v", tc.from, tc.to, got)
		}
	}
}

func TestSynthesiseRefuses(t *testing.T) {
	for _, load := range []string{"", "nonsense", "SCCP99.1-1-1S", "SCCP41.9/../x", strings.Repeat("SCCP41.9", 40)} {
		if f, err := Synthesise(load, "", nil); err == nil {
			t.Errorf("%q gives %d files", load, len(f))
		}
	}
	if _, err := Synthesise("SCCP41.9-4-2S", "", Sizes{"apps41": 1 << 30}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func FuzzParseList(f *testing.F) {
	for _, load := range loads {
		files, err := Synthesise(load, "", nil)
		if err != nil {
			f.Fatal(err)
		}
		for n, b := range files {
			if isList(n) {
				f.Add(b)
			}
		}
	}
	f.Add([]byte("#? HW_REV 0-4.*\n#+ a.sbn 5 00ff\nLA_VERSION=1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := ParseList("x.loads", b)
		if err != nil {
			return
		}
		if len(l.Components) == 0 || len(l.Components) > MaxComponents || l.Header.Length > len(b) {
			t.Fatalf("%+v", l)
		}
		for _, c := range l.Components {
			if !validName(c.Name) || c.Size < -1 {
				t.Fatalf("component %+v", c)
			}
		}
	})
}

func FuzzParseHeader(f *testing.F) {
	f.Add(writeSigned("a.sbn", []byte("x")))
	f.Add(writeG5("kern88xx.12-0-1MN-113.sbn", []byte("payload")))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err == nil && (h.Length > len(b) || h.Length < 0 || h.Name != "" && !validName(h.Name)) {
			t.Fatalf("%+v", h)
		}
	})
}
