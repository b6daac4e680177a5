package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"option150/platform/flash"
	"option150/telephony/firmware"
)

const load = "SCCP41.9-4-2SR3-1S"

// synthetic is a load as a package has it, with what comes along.
func synthetic(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := firmware.Synthesise(load, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	term, err := firmware.DefaultLoad("term41.default.loads", load)
	if err != nil {
		t.Fatal(err)
	}
	files["term41.default.loads"] = term
	files["copstart.sh"] = []byte("#!/bin/sh\n")
	files["Readme.txt"] = []byte("synthetic\n")
	return files
}

func tarOf(files map[string][]byte, change ...func(*tar.Header)) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, n := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: n, Mode: 0o644, Size: int64(len(files[n])), Typeflag: tar.TypeReg}
		for _, c := range change {
			c(h)
		}
		_ = w.WriteHeader(h)
		if h.Typeflag == tar.TypeReg {
			_, _ = w.Write(files[n])
		}
	}
	_ = w.Close()
	return b.Bytes()
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func zipOf(files map[string][]byte, change ...func(*zip.FileHeader)) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range slices.Sorted(maps.Keys(files)) {
		h := &zip.FileHeader{Name: n, Method: zip.Deflate}
		for _, c := range change {
			c(h)
		}
		f, _ := w.CreateHeader(h)
		_, _ = f.Write(files[n])
	}
	_ = w.Close()
	return b.Bytes()
}

// cop puts a signature header before a gzipped tar.
func cop(name string, body []byte) []byte { return firmware.SyntheticFile(name, body) }

func open(b []byte) (*Package, error) { return Open(bytes.NewReader(b), int64(len(b))) }

func newFlash(t testing.TB) *flash.Flash {
	t.Helper()
	f, err := flash.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func listing(f *flash.Flash) string {
	var out []string
	for _, e := range f.Files("") {
		out = append(out, fmt.Sprintf("%s %d", e.Path, e.Size))
	}
	return strings.Join(out, "\n")
}

// TestKinds: each kind of package is imported: the load is whole under the
// names phones ask for, the default load is kept apart.
func TestKinds(t *testing.T) {
	files := synthetic(t)
	for name, b := range map[string][]byte{
		"cmterm-7941.tar":                      tarOf(files),
		"cmterm-7941.tar.gz":                   gz(tarOf(files)),
		"cmterm-7941.zip":                      zipOf(files),
		"cmterm-7941.cop.sgn":                  cop("cmterm-7941.cop.sgn", gz(tarOf(files))),
		"cmterm-7941.cop.sha512":               cop("cmterm-7941.cop.sha512", gz(tarOf(files))),
		"a program before it/cmterm-7941.zip":  append(append([]byte("MZ"), make([]byte, 5000)...), zipOf(files)...),
		"in a directory of its own/whole.tar":  tarOf(files, func(h *tar.Header) { h.Name = "./cmterm/" + h.Name }),
		"what a desktop leaves/cmterm-79.zip":  zipOf(with(files, "__MACOSX/._x", []byte("x")), func(h *zip.FileHeader) {}),
		"version 7 without a magic word/x.tar": tarOf(files, func(h *tar.Header) { h.Format = tar.FormatGNU }),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := open(b)
			if err != nil {
				t.Fatal(err)
			}
			f := newFlash(t)
			rep, err := Import(t.Context(), p, f, "phones", PackageName(name), nil)
			if err != nil {
				t.Fatal(err)
			}
			if len(rep.Loads) != 1 || !rep.Loads[0].Complete() || len(rep.Defaults) != 1 || len(rep.LeftOut) != 2 {
				t.Errorf("%+v", rep)
			}
			for n, want := range files {
				file, err := f.Find("phones", n)
				if err != nil {
					if !leftOut(n) {
						t.Error(n, err)
					}
					continue
				}
				got, _ := io.ReadAll(file)
				file.Close()
				if !bytes.Equal(got, want) {
					t.Errorf("%s has other content", n)
				}
			}
		})
	}
}

func with(files map[string][]byte, name string, content []byte) map[string][]byte {
	m := maps.Clone(files)
	m[name] = content
	return m
}

// zeros unpacks to much more than it is.
func zeros(n int) []byte { return gz(tarOf(map[string][]byte{"x.sbn": make([]byte, n)})) }

// TestHostile: what may not be unpacked is refused with its reason, and flash:
// is as before.
func TestHostile(t *testing.T) {
	files := synthetic(t)
	big := tarOf(files)
	many := map[string][]byte{}
	for i := range MaxEntries + 1 {
		many[fmt.Sprintf("f%d.sbn", i)] = nil
	}
	lying := zipOf(files)
	twice := tarOf(map[string][]byte{"a.sbn": {1}, "A.SBN": {2}})
	type hostile struct {
		b   []byte
		why error
	}
	for name, h := range map[string]hostile{
		"leaves":               {tarOf(map[string][]byte{"../x.sbn": {1}}), ErrTraversal},
		"leaves inside":        {zipOf(map[string][]byte{"a/../../x.sbn": {1}}), ErrTraversal},
		"leaves backwards":     {zipOf(map[string][]byte{`..\x.sbn`: {1}}), ErrTraversal},
		"absolute":             {tarOf(map[string][]byte{"/etc/x.sbn": {1}}), ErrTraversal},
		"of another drive":     {zipOf(map[string][]byte{`C:\x.sbn`: {1}}), ErrTraversal},
		"no name":              {tarOf(map[string][]byte{"a\x01b": {1}}), ErrName},
		"symbolic link":        {tarOf(files, func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeSymlink, "/etc/passwd", 0 }), ErrLink},
		"hard link":            {tarOf(files, func(h *tar.Header) { h.Typeflag, h.Linkname, h.Size = tar.TypeLink, "x", 0 }), ErrLink},
		"device":               {tarOf(files, func(h *tar.Header) { h.Typeflag, h.Size = tar.TypeChar, 0 }), ErrLink},
		"symbolic link in zip": {zipOf(files, func(h *zip.FileHeader) { h.SetMode(0o777 | 1<<27) }), ErrLink},
		"bomb":                 {zeros(64 << 20), ErrBomb},
		"bomb in zip":          {zipOf(map[string][]byte{"x.sbn": make([]byte, 64<<20)}), ErrBomb},
		"100,000 files":        {tarOf(many), ErrMany},
		"100,000 files in zip": {zipOf(many), ErrMany},
		"twice":                {twice, ErrDuplicate},
		"cut in a file":        {big[:len(big)/2], ErrTruncated},
		"cut between files":    {big[:len(big)-1024], ErrTruncated},
		"cut gzip":             {gz(big)[:len(gz(big))-9], ErrTruncated},
		"damaged gzip":         {flip(gz(big), len(gz(big))/2), ErrDamaged},
		"cut zip":              {lying[:len(lying)-30], ErrDamaged},
		"damaged zip":          {flip(lying, 2000), ErrDamaged},
		"cut cop":              {cop("x.cop.sgn", gz(big))[:300], ErrHeader},
		"header without end":   {append([]byte{1, 0, 2, 1, 1, 2, 0, 2, 0xff, 0xff}, big...), ErrHeader},
		"empty":                {nil, ErrFormat},
		"text":                 {[]byte(strings.Repeat("no package\n", 100)), ErrFormat},
		"tar without files":    {tarOf(nil), ErrFormat},
		"zip without files":    {zipOf(nil), ErrEmpty},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := open(h.b)
			if err == nil {
				f := newFlash(t)
				_, err = Import(t.Context(), p, f, "", "x", nil)
				if l := listing(f); l != "" {
					t.Errorf("flash: has %s", l)
				}
			}
			if !errors.Is(err, h.why) && !(h.why == ErrDamaged && errors.Is(err, ErrTruncated)) {
				t.Errorf("%v, want %v", err, h.why)
			}
		})
	}
}

func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	for i := range 40 {
		b[at+i] ^= 0x5a
	}
	return b
}

// TestDamagedLoad: a package whose file is not what it says it is is refused
// as a whole; one that lacks a file is taken and says so.
func TestDamagedLoad(t *testing.T) {
	files := synthetic(t)
	jar := ""
	for n := range files {
		if strings.HasPrefix(n, "jar41") {
			jar = n
		}
	}
	for why, change := range map[string]func(m map[string][]byte){
		"says it is": func(m map[string][]byte) { m[jar] = firmware.SyntheticFile("other.sbn", []byte("SYNTHETIC")) },
		"is empty":   func(m map[string][]byte) { m[jar] = nil },
	} {
		m := maps.Clone(files)
		change(m)
		p, err := open(zipOf(m))
		if err != nil {
			t.Fatal(err)
		}
		f := newFlash(t)
		if _, err := Import(t.Context(), p, f, "", "x", nil); err == nil || !strings.Contains(err.Error(), why) || listing(f) != "" {
			t.Errorf("%v, flash: %q", err, listing(f))
		}
	}
	m := maps.Clone(files)
	delete(m, jar)
	p, _ := open(zipOf(m))
	rep, err := Import(t.Context(), p, newFlash(t), "", "x", nil)
	if err != nil || len(rep.Loads) != 1 || rep.Loads[0].Complete() || !strings.Contains(rep.Loads[0].String(), jar+" is absent") {
		t.Error(rep, err)
	}
}

// TestShared: two packages with a file in common take its room once; phones
// find it; one of other content under that name is refused.
func TestShared(t *testing.T) {
	files := synthetic(t)
	f := newFlash(t)
	in := func(name string, m map[string][]byte) (Report, error) {
		p, err := open(tarOf(m))
		if err != nil {
			t.Fatal(err)
		}
		return Import(t.Context(), p, f, "", name, nil)
	}
	if _, err := in("one", files); err != nil {
		t.Fatal(err)
	}
	if _, err := in("one", files); !errors.As(err, new(There)) {
		t.Error(err)
	}
	second := maps.Clone(files)
	second["term41.default.loads"] = firmware.SyntheticFile("term41.default.loads", []byte("jar41sccp.9-4-2ES26.sbn\r\n"))
	rep, err := in("two", second)
	if err != nil || rep.Linked != 6 || rep.Files != 7 {
		t.Fatal(rep, err)
	}
	for n := range files {
		_, err := f.Find("", n)
		if DefaultLoad(n) != (err != nil) && !leftOut(n) {
			t.Errorf("%s: %v", n, err) // two default loads: neither is served by chance
		}
	}
	before := listing(f)
	other := maps.Clone(files)
	for n := range other {
		if strings.HasPrefix(n, "dsp41") {
			other[n] = firmware.SyntheticFile(n, []byte("SYNTHETIC other"))
		}
	}
	if _, err := in("three", other); !errors.As(err, new(Conflict)) || listing(f) != before {
		t.Error(err)
	}
}

// TestExtract: archive tar /xtract writes over what is there, all or nothing.
func TestExtract(t *testing.T) {
	f := newFlash(t)
	if err := f.WriteFile("a.txt", []byte("old")); err != nil {
		t.Fatal(err)
	}
	p, err := open(tarOf(map[string][]byte{"a.txt": []byte("new"), "d/e.txt": []byte("x")}))
	if err != nil {
		t.Fatal(err)
	}
	if err := Extract(t.Context(), p, f, "", nil); err != nil || listing(f) != "a.txt 3\nd/e.txt 1" {
		t.Error(err, listing(f))
	}
	if err := f.Mkdir("dir"); err != nil {
		t.Fatal(err)
	}
	p, _ = open(tarOf(map[string][]byte{"a.txt": []byte("third time"), "dir": []byte("is a directory")}))
	if err := Extract(t.Context(), p, f, "", nil); err == nil || listing(f) != "a.txt 3\nd/e.txt 1" {
		t.Error(err, listing(f))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Extract(ctx, p, f, "", nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestNoRoom: the disk is looked at before anything is written.
func TestNoRoom(t *testing.T) {
	f := newFlash(t)
	_, free, err := f.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if err := Extract(t.Context(), fake{Entry{"x", int64(free)}}, f, "", nil); !errors.As(err, new(ErrFull)) || listing(f) != "" {
		t.Error(err)
	}
}

type fake struct{ e Entry }

func (f fake) Entries() []Entry                        { return []Entry{f.e} }
func (f fake) Each(func(Entry, io.Reader) error) error { return errors.New("it was read") }

func FuzzOpen(f *testing.F) {
	files := map[string][]byte{"a.loads": []byte("b.sbn\r\n"), "b.sbn": []byte("SYNTHETIC")}
	f.Add(tarOf(files))
	f.Add(gz(tarOf(files)))
	f.Add(zipOf(files))
	f.Add(cop("x.cop.sgn", gz(tarOf(files))))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := open(b)
		if err != nil {
			return
		}
		seen := 0
		err = p.Each(func(e Entry, r io.Reader) error {
			n, err := io.Copy(io.Discard, r)
			if err == nil && n != e.Size {
				t.Errorf("%s has %d bytes, the list says %d", e.Name, n, e.Size)
			}
			if strings.HasPrefix(e.Name, "/") || strings.Contains("/"+e.Name+"/", "/../") {
				t.Errorf("name %q", e.Name)
			}
			seen++
			return err
		})
		if err == nil && seen != len(p.Files) {
			t.Errorf("%d of %d files", seen, len(p.Files))
		}
	})
}
