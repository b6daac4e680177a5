package flash

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// box makes a flash with these files; the content is the path.
func box(t *testing.T, paths ...string) (*Flash, string) {
	t.Helper()
	dir := t.TempDir()
	for _, p := range paths {
		put(t, dir, p)
	}
	f, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, dir
}

func put(t *testing.T, dir, path string) {
	t.Helper()
	full := filepath.Join(dir, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(path), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	f, _ := box(t, "jar11sip.9-4-2.sbn", "phones/7961/SCCP41.9-4-2SR3-1S.loads", "phones/term41.default.loads",
		"phones/a/Ringlist.xml", "phones/b/Ringlist.xml", "phones/c/RINGLIST.XML", "phones/a/only.xml", "phones/b/ONLY.XML",
		"German_Germany/7960-tones.xml", ".hidden", "phones/.git/config", "router-confg", "x/Case.bin", "x/case.bin")
	for _, c := range []struct{ home, name, want string }{
		{"", "jar11sip.9-4-2.sbn", "jar11sip.9-4-2.sbn"},
		{"", "Jar11sip.9-4-2.SBN", "jar11sip.9-4-2.sbn"},
		{"", "SCCP41.9-4-2SR3-1S.loads", "phones/7961/SCCP41.9-4-2SR3-1S.loads"},
		{"", "sccp41.9-4-2sr3-1s.loads", "phones/7961/SCCP41.9-4-2SR3-1S.loads"},
		{"phones", "term41.default.loads", "phones/term41.default.loads"},
		{"Phones", "TERM41.default.loads", "phones/term41.default.loads"},
		{"phones", "jar11sip.9-4-2.sbn", ""}, // outside home
		{"", "Ringlist.xml", ""},             // two of the same case: ambiguous
		{"", "RINGLIST.XML", "phones/c/RINGLIST.XML"},
		{"", "ringlist.xml", ""},
		{"", "only.xml", "phones/a/only.xml"},
		{"phones/a", "Ringlist.xml", "phones/a/Ringlist.xml"},
		{"", "german_germany/7960-TONES.xml", "German_Germany/7960-tones.xml"},
		{"", "French_France/7960-tones.xml", ""}, // another directory is another file
		{"", ".hidden", ""},
		{"", "config", ""},
		{"", "phones/.git/config", ""},
		{"", "x/Case.bin", "x/Case.bin"},
		{"", "x/case.bin", "x/case.bin"},
		{"", "x/CASE.BIN", "x/Case.bin"},
		{"nowhere", "a", ""},
		{"", "router-confg/x", ""},
	} {
		file, err := f.Find(c.home, c.name)
		if c.want == "" {
			if err == nil {
				t.Errorf("%s %s: found %s", c.home, c.name, file.Path)
				_ = file.Close()
			} else if !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s %s: %v", c.home, c.name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s: %v", c.home, c.name, err)
			continue
		}
		got, _ := io.ReadAll(file.File)
		_ = file.Close()
		if file.Path != c.want || string(got) != c.want || file.Size != int64(len(c.want)) || file.ID == "" {
			t.Errorf("%s %s: %s with %q", c.home, c.name, file.Path, got)
		}
	}
}

// TestSpecialFiles: what is not a regular file is refused at once.
func TestSpecialFiles(t *testing.T) {
	f, dir := box(t, "real.bin", "d/inside.bin")
	out := filepath.Join(t.TempDir(), "secret")
	put(t, filepath.Dir(out), "secret")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Symlink(out, filepath.Join(dir, "out.bin")))
	must(os.Symlink("real.bin", filepath.Join(dir, "in.bin")))
	must(os.Symlink("d", filepath.Join(dir, "dirlink")))
	must(os.Symlink(filepath.Dir(out), filepath.Join(dir, "outdir")))
	must(unix.Mkfifo(filepath.Join(dir, "fifo.bin"), 0o644))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, n := range []string{"out.bin", "in.bin", "dirlink/inside.bin", "outdir/secret", "fifo.bin", "d"} {
			if file, err := f.Find("", n); err == nil {
				t.Errorf("%s was opened as %s", n, file.Path)
			} else if strings.Contains(err.Error(), dir) {
				t.Errorf("%v tells a path of the machine", err)
			}
		}
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("opening blocks")
	}
	all, err := f.List("")
	must(err)
	var names []string
	for _, e := range all {
		names = append(names, e.Path)
	}
	if d := cmp.Diff([]string{"d", "real.bin"}, names); d != "" {
		t.Error(d)
	}
	if _, err := f.Stat("flash:/in.bin"); !errors.Is(err, ErrNotRegular) {
		t.Errorf("stat of a link: %v", err)
	}
}

func TestFilesFromOutside(t *testing.T) {
	f, dir := box(t)
	if _, err := f.Find("", "late.loads"); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	put(t, dir, "late.loads")
	file, err := f.Find("", "late.loads") // by its path at once
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	put(t, dir, "sub/Other.loads")
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if file, err := f.Find("", "other.loads"); err == nil {
			_ = file.Close()
			return
		}
		if time.Now().After(end) {
			t.Fatal("a new file stays unknown")
		}
	}
}

func TestWrite(t *testing.T) {
	f, dir := box(t, "a.txt", "d/x")
	old, err := f.Open("flash:/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	w, err := f.Create("flash:a.txt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("new content")); err != nil {
		t.Fatal(err)
	}
	if e, _ := f.List(""); len(e) != 2 {
		t.Errorf("a temporary file is visible: %v", e)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		if !errors.Is(err, fs.ErrClosed) {
			t.Error(err)
		}
	} else {
		t.Error("second commit")
	}
	w.Abort()
	if got, _ := io.ReadAll(old.File); string(got) != "a.txt" {
		t.Errorf("a reader of the old file saw %q", got)
	}
	now, err := f.Open("a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer now.Close()
	if now.ID == old.ID {
		t.Error("the identity did not change")
	}
	w, _ = f.Create("b.txt")
	w.Abort()
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("left behind: %v", left)
	}
	for what, err := range map[string]error{
		"delete absent": f.Delete("nope"), "delete dir": f.Delete("d"), "rename onto": f.Rename("a.txt", "d"),
		"hidden": f.WriteFile(".profile", nil), "root": f.Delete("flash:"), "out": f.WriteFile("../x", nil),
		"no dir": f.WriteFile("nodir/x", nil), "below file": f.WriteFile("a.txt/x", nil), "rmdir full": f.Rmdir("d"),
		"rmdir file": f.Rmdir("a.txt"), "other": f.WriteFile("nvram:x", nil), "mkdir again": f.Mkdir("d"),
	} {
		if err == nil {
			t.Errorf("%s: no error", what)
		} else if strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, err := range map[string]error{"mkdir": f.Mkdir("flash:/new")} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, err := range []error{f.Rename("a.txt", "new/B.txt"), f.Delete("flash:/d/x"), f.Rmdir("d")} {
		if err != nil {
			t.Error(err)
		}
	}
	file, err := f.Find("", "b.txt") // the own change is seen at once
	if err != nil {
		t.Fatal(err)
	}
	_ = file.Close()
	total, free, err := f.Usage()
	if err != nil || total == 0 || free > total {
		t.Errorf("usage %d %d %v", total, free, err)
	}
}

func TestSweep(t *testing.T) {
	_, dir := box(t, "d/"+tempPrefix+"ABC", tempPrefix+"DEF", "d/real")
	var left []string
	_ = filepath.WalkDir(dir, func(p string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			left = append(left, d.Name())
		}
		return nil
	})
	if d := cmp.Diff([]string{"real"}, left); d != "" {
		t.Error(d)
	}
}

func TestRender(t *testing.T) {
	at := time.Date(2016, 4, 22, 12, 36, 24, 0, time.UTC)
	l := Listing{Total: 64012288, Free: 49192960, Entries: []Entry{
		{Path: "cme", Dir: true, ModTime: at}, {Path: "name", Size: 46, ModTime: at}, {Path: "rootfs78xx.sbn", Size: 41943040, ModTime: at}}}
	want := []string{"Directory of flash:/", "",
		"    1  drw-         0  Apr 22 2016 12:36:24 +00:00  cme",
		"    2  -rw-        46  Apr 22 2016 12:36:24 +00:00  name",
		"    3  -rw-  41943040  Apr 22 2016 12:36:24 +00:00  rootfs78xx.sbn",
		"", "64012288 bytes total (49192960 bytes free)"}
	if d := cmp.Diff(want, RenderDir(l)); d != "" {
		t.Error(d)
	}
	want = []string{"-#- --length-- -----date/time------ path",
		"1            0 Apr 22 2016 12:36:24 +00:00 cme",
		"2           46 Apr 22 2016 12:36:24 +00:00 name",
		"3     41943040 Apr 22 2016 12:36:24 +00:00 rootfs78xx.sbn",
		"", "49192960 bytes available (14819328 bytes used)"}
	if d := cmp.Diff(strings.Join(want, "\n")+"\n", RenderShowFlash(l).String()); d != "" {
		t.Error(d)
	}
	want = []string{"Directory of flash:/", "", "No files in directory", "", "10 bytes total (5 bytes free)"}
	if d := cmp.Diff(want, RenderDir(Listing{Total: 10, Free: 5})); d != "" {
		t.Error(d)
	}
	if got := RenderAbsent("x"); got != "%Error opening flash:/x (No such file or directory)" {
		t.Error(got)
	}
}
