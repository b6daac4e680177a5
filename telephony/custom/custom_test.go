package custom

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"option150/platform/fileserver"
	"option150/platform/flash"
)

// picture is a PNG of a size whose pixels a function gives, or grey ones.
func picture(w, h int, at ...func(x, y int) color.Color) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			if len(at) > 0 {
				img.Set(x, y, at[0](x, y))
			} else {
				img.Set(x, y, color.Gray{Y: uint8(x%2) * 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
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
	out := Render(l.All(), l.Objects())
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
	if !strings.HasPrefix(Render(l.All(), l.Objects()), "No ring tones") {
		t.Error(Render(l.All(), l.Objects()))
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
	s, l := served(t, map[string][]byte{dir + "Hills.png": picture(320, 196), dir + "Hills-thumb.png": picture(80, 49), dir + "Sea.png": picture(320, 200), dir + "Sea-thumb.png": picture(80, 49),
		dir + "Sky.png": picture(320, 196), dir + "Bird.png": picture(320, 196), dir + "TN-Bird.png": picture(80, 50), dir + "not.png": []byte("GIF89a")})
	text, ok := get(t, s, dir+"List.xml")
	if !ok || strings.Count(text, "<ImageItem") != 1 || !strings.Contains(text, `Image="TFTP:Desktops/320x196x4/Hills-thumb.png" URL="TFTP:Desktops/320x196x4/Hills.png"`) {
		t.Fatalf("%v\n%s", ok, text)
	}
	for _, n := range []string{"Hills.png", "Hills-thumb.png"} {
		if _, ok := get(t, s, dir+n); !ok {
			t.Errorf("%s is in the list and is not served", n)
		}
	}
	out := Render(l.All(), l.Objects())
	for _, want := range []string{"Sea.png: 320 x 200, phones draw 320 x 196", "Sky.png: it has no thumbnail", "TN-Bird.png: 80 x 50, phones draw 80 x 49", "not.png: 0 x 0"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is not said:\n%s", want, out)
		}
	}
}

// Every directory: a picture that the screen shows as it is, one with more colours
// than it has, which stays in the list and is told, and what is no whole PNG.
func TestDepth(t *testing.T) {
	fine := map[int]func(x, y int) color.Color{
		1: func(x, _ int) color.Color { return color.Gray{Y: uint8(x%2) * 255} }, 4: func(x, _ int) color.Color { return color.Gray{Y: uint8(x%16) * 17} },
		12: func(x, y int) color.Color { return color.RGBA{uint8(x%16) * 17, uint8(y%16) * 17, 0, 255} }, 16: func(x, y int) color.Color { return color.RGBA{uint8(x%32) * 8, uint8(y%64) * 4, 0, 255} },
		24: func(x, y int) color.Color { return color.RGBA{uint8(x), uint8(y), uint8(x + y), 255} },
	}
	deep := map[int]string{1: "phones draw 2 shades", 4: "phones draw 16 shades", 12: "4096 colours", 16: "65536 colours"}
	for _, g := range geometries {
		dir := "Desktops/" + g.name + "/"
		files := map[string][]byte{}
		for name, b := range map[string][]byte{
			"fine": picture(g.width, g.height, fine[g.depth]), "deep": picture(g.width, g.height, fine[24]), "cut": picture(g.width, g.height)[:60],
			"sum": append(picture(g.width, g.height)[:50], make([]byte, 500)...), "bmp": append([]byte("BM"), make([]byte, 500)...), "huge": append(picture(g.width, g.height), make([]byte, maxPicture)...),
			"claims": claims(1<<30, 1<<30),
		} {
			files[dir+name+".png"], files[dir+name+"-thumb.png"] = b, picture(g.thumbWide, g.thumbHigh)
		}
		files[dir+"badthumb.png"], files[dir+"badthumb-thumb.png"] = picture(g.width, g.height), picture(g.thumbWide, g.thumbHigh)[:60]
		s, l := served(t, files)
		text, _ := get(t, s, dir+"List.xml")
		for _, n := range []string{"cut", "sum", "bmp", "huge", "claims", "badthumb"} {
			if strings.Contains(text, n) {
				t.Errorf("%s: %s is in the list", g.name, n)
			}
		}
		out := Render(l.All(), l.Objects())
		if strings.Count(text, "<ImageItem") != 2 || strings.Count(out, "left out: ") != 6 || strings.Contains(out, "fine.png: ") {
			t.Errorf("%s: %s\n%s", g.name, text, out)
		}
		if want := deep[g.depth]; want == "" && strings.Contains(out, "not as it is") || !strings.Contains(out, want) {
			t.Errorf("%s: %q is not said:\n%s", g.name, want, out)
		}
	}
}

// claims is the beginning of a picture that says it is of a size.
func claims(w, h int) []byte {
	b := picture(1, 1)
	binary.BigEndian.PutUint32(b[16:], uint32(w))
	binary.BigEndian.PutUint32(b[20:], uint32(h))
	return b
}
