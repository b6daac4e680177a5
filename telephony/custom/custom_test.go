package custom

import (
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/fileserver"
	"option150/platform/flash"
)

// png is the beginning of a picture of a size.
func png(w, h int) []byte {
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"), make([]byte, 8)...)
	binary.BigEndian.PutUint32(b[16:], uint32(w))
	binary.BigEndian.PutUint32(b[20:], uint32(h))
	return append(b, make([]byte, 64)...)
}

// served is a file server over a flash: with files.
func served(t *testing.T, files map[string][]byte) (*fileserver.Server, *Lists) {
	t.Helper()
	dir := t.TempDir()
	for name, b := range files {
		p := filepath.Join(dir, "phones", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := flash.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	l := &Lists{Flash: f, Home: func() string { return "phones" }}
	s := fileserver.New(fileserver.Options{Flash: f, Routes: []fileserver.Route{l}})
	c, err := s.Prepare(t.Context(), nil, fileserver.Spec{Config: fileserver.Default(), HomePath: "phones"})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	return s, l
}

func get(t *testing.T, s *fileserver.Server, name string) (string, bool) {
	t.Helper()
	f, err := s.Open(t.Context(), fileserver.Request{Transport: fileserver.HTTP, Name: name})
	if err != nil {
		return "", false
	}
	defer f.Finish(fileserver.Result{Complete: true})
	b, err := io.ReadAll(f.Content)
	if err != nil {
		t.Fatal(err)
	}
	return string(b), true
}

// What fits is in the list, can be fetched under the name in it, and the list is
// well formed whatever the files are called; what does not fit is said.
func TestRings(t *testing.T) {
	files := map[string][]byte{"Old_Phone.raw": make([]byte, 8000), "A & <B>.raw": make([]byte, 240), "short.raw": make([]byte, 239), "long.raw": make([]byte, 16081),
		"wave.raw": append([]byte("RIFF"), make([]byte, 4000)...), "Wide.rwb": make([]byte, 16000), "odd.rwb": make([]byte, 16001), "a name that is much longer than phones show.raw": make([]byte, 500)}
	s, l := served(t, files)
	for _, name := range []string{"Ringlist.xml", "RINGLIST.XML", "DISTINCTIVERINGLIST.XML", "/DistinctiveRinglist.xml"} {
		text, ok := get(t, s, name)
		if !ok {
			t.Fatalf("no %s", name)
		}
		var x struct {
			Ring []struct{ DisplayName, FileName string }
		}
		if err := xml.Unmarshal([]byte(text), &x); err != nil || len(x.Ring) != 3 {
			t.Fatalf("%v\n%s", err, text)
		}
		for _, r := range x.Ring {
			if len([]rune(r.DisplayName)) > 25 {
				t.Errorf("%q is longer than phones show", r.DisplayName)
			}
			if _, ok := get(t, s, r.FileName); !ok {
				t.Errorf("%q is in the list and is not served", r.FileName)
			}
		}
	}
	if text, ok := get(t, s, "Ringlist-wb.xml"); !ok || strings.Count(text, "<Ring>") != 1 || !strings.Contains(text, "Wide.rwb") {
		t.Errorf("%v %s", ok, text)
	}
	out := Render(l.All())
	for _, want := range []string{"short.raw: 239 samples", "long.raw: 16081 samples", "wave.raw: it begins as a WAV", "odd.rwb: 8000 samples"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
}

// A list of the operator's comes first; where there is nothing there is no list;
// no phone gets more than it takes.
func TestOperatorsList(t *testing.T) {
	s, _ := served(t, map[string][]byte{"Ringlist.xml": []byte("<mine/>"), "a.raw": make([]byte, 500)})
	if text, _ := get(t, s, "Ringlist.xml"); text != "<mine/>" {
		t.Errorf("%q", text)
	}
	s, l := served(t, map[string][]byte{"x.txt": []byte("x")})
	for _, n := range []string{"Ringlist.xml", "Desktops/320x196x4/List.xml", "Desktops/1x1x1/List.xml", "Ringlist.xml.sgn"} {
		if _, ok := get(t, s, n); ok {
			t.Errorf("%s is served of nothing", n)
		}
	}
	if !strings.HasPrefix(Render(l.All()), "No ring tones") {
		t.Error(Render(l.All()))
	}
	many := map[string][]byte{}
	for i := range 60 {
		many[fmt.Sprintf("r%02d.raw", i)] = make([]byte, 300)
	}
	s, _ = served(t, many)
	if text, _ := get(t, s, "Ringlist.xml"); strings.Count(text, "<Ring>") != 50 {
		t.Errorf("%d rings", strings.Count(text, "<Ring>"))
	}
}

// Pictures have the size their directory says, and a thumbnail.
func TestPictures(t *testing.T) {
	const dir = "Desktops/320x196x4/"
	s, l := served(t, map[string][]byte{dir + "Hills.png": png(320, 196), dir + "Hills-thumb.png": png(80, 49), dir + "Sea.png": png(320, 200), dir + "Sea-thumb.png": png(80, 49),
		dir + "Sky.png": png(320, 196), dir + "Bird.png": png(320, 196), dir + "TN-Bird.png": png(80, 50), dir + "not.png": []byte("GIF89a")})
	text, ok := get(t, s, dir+"List.xml")
	if !ok || strings.Count(text, "<ImageItem") != 1 || !strings.Contains(text, `Image="TFTP:Desktops/320x196x4/Hills-thumb.png" URL="TFTP:Desktops/320x196x4/Hills.png"`) {
		t.Fatalf("%v\n%s", ok, text)
	}
	for _, n := range []string{"Hills.png", "Hills-thumb.png"} {
		if _, ok := get(t, s, dir+n); !ok {
			t.Errorf("%s is in the list and is not served", n)
		}
	}
	out := Render(l.All())
	for _, want := range []string{"Sea.png: 320 x 200, phones draw 320 x 196", "Sky.png: it has no thumbnail", "TN-Bird.png: 80 x 50, thumbnails are 80 x 49", "not.png: 0 x 0"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
}
