package intake

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"option150/platform/flash"
	"option150/telephony/phone"
)

// german are the files of a language as packages have them, none of Cisco's.
var german = map[string][]byte{
	"german_germany/mk-sccp.jar": []byte("SYNTHETIC mk"), "german_germany/sp-sip.jar": []byte("SYNTHETIC sp"), "german_germany/7960-dictionary.xml": []byte("<x/>"),
	"german_germany/SCCP-dictionary.utf-8.xml": []byte("<y/>"), "german_germany/7921-kate.utf-8.xml": []byte("<k/>"), "german_germany/7921-font.dat": []byte("SYNTHETIC font"),
	"germany/g3-tones.xml": []byte("<tones/>"), "germany/7960-tones.xml": []byte("<t/>"), "german_germany/locale.properties": []byte("x=y"),
}

// flatOf are files without their directories.
func flatOf(files map[string][]byte) map[string][]byte {
	out := map[string][]byte{"tags_file": []byte("1"), "utf8_tags_file": []byte("2")}
	for n, b := range files {
		out[n[strings.LastIndexByte(n, '/')+1:]] = b
	}
	return out
}

// callManager is a package as the call manager has it: a signed gzipped tar of
// scripts and another tar.
func callManager(t testing.TB, inner []byte) *Package {
	t.Helper()
	p, err := open(cop("po-locale-de_DE-10.5.2.1000-1.cop.sgn", gz(tarOf(map[string][]byte{"copstart.sh": []byte("#!/bin/sh\n"), "readme.txt": []byte("x"), "locale/po-locale-de_DE.tar": inner}))))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func take(t testing.TB, c Contents, f *flash.Flash, name string, flat phone.Locale) (Report, error) {
	t.Helper()
	c, err := Unpacked(c)
	if err != nil {
		return Report{}, err
	}
	if !IsLanguage(c) {
		return Report{}, errors.New("no language")
	}
	return ImportLanguage(t.Context(), c, f, "phones", name, flat, nil)
}

// TestLanguagePackages: the files of each kind of package end where phones ask
// for them, for every model of this box that has them.
func TestLanguagePackages(t *testing.T) {
	flat, err := open(tarOf(flatOf(german)))
	if err != nil {
		t.Fatal(err)
	}
	upper := map[string][]byte{}
	for n, b := range german {
		upper["./TFTP/"+strings.ToUpper(n[:strings.IndexByte(n, '/')])+n[strings.IndexByte(n, '/'):]] = b
	}
	loud, err := open(zipOf(upper))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]Contents{
		"po-locale-de_DE-10.5.2.1000-1.cop.sgn": callManager(t, tarOf(german)), "po-locale-de_DE-12.cop.sha512": callManager(t, gz(tarOf(german))),
		"CME-locale-de_DE-German-8.8.2.0.tar": flat, "with directories in capitals.zip": loud,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFlash(t)
			l, _ := LanguageOf(name)
			rep, err := take(t, c, f, PackageName(name), l)
			if err != nil {
				t.Fatal(err)
			}
			if rep.Files != 8 || rep.Languages["German_Germany"] != 6 || rep.Languages["Germany"] != 2 || len(rep.LeftOut) == 0 || rep.Dir != "phones" {
				t.Errorf("%+v", rep)
			}
			asked := 0
			for _, m := range phone.Models() {
				texts, tones := m.LocaleFiles(m.SIP && !m.SCCP)
				for _, x := range []string{"German_Germany/" + texts, "Germany/" + tones} {
					file, err := f.Find("phones", x)
					if err != nil {
						continue
					}
					if file.Path != "phones/"+x {
						t.Errorf("%s is at %s", x, file.Path)
					}
					file.Close()
					asked++
				}
			}
			if asked < 20 {
				t.Errorf("phones find %d files", asked)
			}
			if l := listing(f); strings.Count(l, "\n") != 8 || !strings.Contains(l, "phones/firmware/"+PackageName(name)+"/"+PackageName(name)+".txt") {
				t.Errorf("flash:\n%s", l)
			}
			// Again is the same; a later package replaces; the spelling of directories
			// that are there stays.
			before := listing(f)
			if rep, err := take(t, c, f, PackageName(name), l); err != nil || rep.Replaced != 8 || listing(f) != before {
				t.Errorf("%+v, %v", rep, err)
			}
		})
	}
	f := newFlash(t)
	if err := f.Mkdir("phones"); err != nil {
		t.Fatal(err)
	}
	if err := f.Mkdir("phones/german_germany"); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteFile("phones/german_germany/mk-sccp.jar", []byte("older")); err != nil {
		t.Fatal(err)
	}
	if rep, err := take(t, callManager(t, tarOf(german)), f, "x", phone.Locale{}); err != nil || rep.Languages["german_germany"] != 6 || rep.Replaced != 1 || strings.Contains(listing(f), "German_Germany") {
		t.Error(rep, err, listing(f))
	}
}

// TestLanguageWithoutLine: a language this box has no line for keeps its name, in
// the capitals that phones are told; a country of one word is one for tones.
func TestLanguageWithoutLine(t *testing.T) {
	f := newFlash(t)
	rep, err := take(t, callManager(t, tarOf(map[string][]byte{"czech_czech_republic/mk-sccp.jar": []byte("x"), "poland/g3-tones.xml": []byte("<x/>")})), f, "x", phone.Locale{})
	if err != nil || !slices.Equal(rep.Directories(), []string{"Czech_Czech_Republic", "Poland"}) {
		t.Error(rep, err)
	}
}

// TestHostileLanguages: what may not be unpacked is refused with its reason, and
// flash: is as before.
func TestHostileLanguages(t *testing.T) {
	one := map[string][]byte{"german_germany/mk-sccp.jar": []byte("x")}
	many := map[string][]byte{}
	for i := range MaxEntries + 1 {
		many[fmt.Sprintf("german_germany/%d-sccp.jar", i)] = nil
	}
	whole := tarOf(german)
	outer := func(files map[string][]byte) Contents {
		p, err := open(gz(tarOf(files)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	for name, x := range map[string]struct {
		c   Contents
		why error
	}{
		"leaves":                {callManager(t, tarOf(map[string][]byte{"../german_germany/mk-sccp.jar": {1}})), ErrTraversal},
		"leaves inside":         {callManager(t, tarOf(map[string][]byte{"german_germany/../../mk-sccp.jar": {1}})), ErrTraversal},
		"absolute":              {callManager(t, tarOf(map[string][]byte{"/german_germany/mk-sccp.jar": {1}})), ErrTraversal},
		"three deep":            {callManager(t, tarOf(map[string][]byte{"german_germany/mk-sccp.jar": {1}, "a.tar": tarOf(one)})), ErrNested},
		"a link":                {callManager(t, tarOf(one, func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, "/etc/passwd", 0 })), ErrLink},
		"bomb":                  {callManager(t, gz(tarOf(map[string][]byte{"german_germany/mk-sccp.jar": bytes.Repeat([]byte("bomb"), 16<<20)}))), ErrBomb},
		"many":                  {callManager(t, tarOf(many)), ErrMany},
		"twice":                 {callManager(t, tarOf(map[string][]byte{"german_germany/mk-sccp.jar": {1}, "German_Germany/MK-sccp.jar": {2}})), ErrDuplicate},
		"twice after its place": {callManager(t, tarOf(map[string][]byte{"a/german_germany/mk-sccp.jar": {1}, "b/german_germany/mk-sccp.jar": {2}})), ErrDuplicate},
		"in two archives":       {outer(map[string][]byte{"a.tar": tarOf(one), "b.tar": tarOf(one)}), ErrDuplicate},
		"cut":                   {callManager(t, whole[:len(whole)-1024]), ErrTruncated},
		"damaged":               {callManager(t, flip(gz(whole), 60)), ErrDamaged},
		"of no language":        {outer(flatOf(german)), ErrLanguage},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFlash(t)
			if _, err := take(t, x.c, f, "x", phone.Locale{}); !errors.Is(err, x.why) && !(x.why == ErrDamaged && errors.Is(err, ErrTruncated)) || listing(f) != "" {
				t.Errorf("%v, want %v, flash: %q", err, x.why, listing(f))
			}
		})
	}
	// Firmware in an inner archive is firmware.
	p := callManager(t, tarOf(synthetic(t)))
	c, err := Unpacked(p)
	if err != nil || IsLanguage(c) {
		t.Fatal(err)
	}
	if rep, err := Import(t.Context(), c, newFlash(t), "phones", "x", nil); err != nil || len(rep.Loads) != 1 || !rep.Loads[0].Complete() {
		t.Error(rep, err)
	}
	// What is called an archive and is none is a file.
	c, err = Unpacked(outer(map[string][]byte{"x.tar": []byte("text")}))
	if err != nil || len(c.Entries()) != 1 || c.Entries()[0].Name != "x.tar" {
		t.Error(err)
	}
}

// TestLanguageOf: names of packages say a language, or none.
func TestLanguageOf(t *testing.T) {
	for name, want := range map[string]string{"CME-locale-de_DE-German-8.8.2.0.tar": "German_Germany", "po-locale-en_GB-10.cop.sgn": "English_United_Kingdom", "CME-locale-fr_CA-French.tar": "French_France",
		"cme-locale-DA_dk.tar": "Danish_Denmark", "CME-locale-zh_CN-Chinese.tar": "", "locale.tar": "", "": "", "de_DE.tar": "German_Germany", "xde_DEx.tar": ""} {
		if l, _ := LanguageOf(name); l.Name != want {
			t.Errorf("%q: %q", name, l.Name)
		}
	}
}

func FuzzUnpacked(f *testing.F) {
	f.Add(tarOf(german))
	f.Add(gz(tarOf(maps.Clone(flatOf(german)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := open(gz(tarOf(map[string][]byte{"a.tar": b, "readme.txt": {1}})))
		if err != nil {
			t.Fatal(err)
		}
		c, err := Unpacked(p)
		if err != nil {
			return
		}
		seen := 0
		if err := c.Each(func(e Entry, r io.Reader) error {
			seen++
			if strings.HasPrefix(e.Name, "/") || strings.Contains("/"+e.Name+"/", "/../") {
				t.Errorf("name %q", e.Name)
			}
			return nil
		}); err != nil || seen != len(c.Entries()) {
			t.Errorf("%d of %d files, %v", seen, len(c.Entries()), err)
		}
	})
}
