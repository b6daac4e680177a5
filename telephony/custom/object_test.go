package custom

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"testing"
)

// bmp is a Windows bitmap.
func bmp(w, h, depth int, compression uint32) []byte {
	row := (w*depth/8 + 3) / 4 * 4
	at := 54 + 4*256
	b := make([]byte, at+row*h)
	copy(b, "BM")
	le := binary.LittleEndian
	le.PutUint32(b[2:], uint32(len(b)))
	le.PutUint32(b[10:], uint32(at))
	le.PutUint32(b[14:], 40)
	le.PutUint32(b[18:], uint32(w))
	le.PutUint32(b[22:], uint32(h))
	le.PutUint16(b[26:], 1)
	le.PutUint16(b[28:], uint16(depth))
	le.PutUint32(b[30:], compression)
	return b
}

// TestLogo: 256 colours of a Windows bitmap, and nothing else; a large one is
// scaled down, and that is said.
func TestLogo(t *testing.T) {
	upsideDown := bmp(90, 56, 8, 0)
	binary.LittleEndian.PutUint32(upsideDown[22:], uint32(1<<32-56))
	os2 := bmp(90, 56, 8, 0)
	os2[14] = 12
	many := bmp(90, 56, 8, 0)
	binary.LittleEndian.PutUint32(many[46:], 1<<31)
	for name, x := range map[string]struct {
		b           []byte
		less, wrong string
	}{
		"as the guide has it": {bmp(90, 56, 8, 0), "", ""}, "smaller": {bmp(40, 20, 8, 0), "", ""}, "from the top": {upsideDown, "", ""},
		"larger": {bmp(180, 112, 8, 0), "scale it down", ""}, "compressed": {bmp(90, 56, 8, 1), "not published", ""},
		"true colours": {bmp(90, 56, 24, 0), "", "24 bits"}, "two colours": {bmp(90, 56, 1, 0), "", "1 bits"}, "sixteen": {bmp(90, 56, 4, 0), "", "4 bits"},
		"cut": {bmp(90, 56, 8, 0)[:2000], "", "no whole"}, "a head": {[]byte("BM"), "", "no whole"}, "a PNG": {picture(90, 56), "", "no Windows bitmap"},
		"OS/2": {os2, "", "OS/2"}, "a palette without end": {many, "", "no whole"}, "no pixels": {bmp(0, 0, 8, 0), "", "0 x 0"}, "huge": {claimsBMP(1 << 30), "", "says"}, "nothing": {nil, "", "no Windows bitmap"},
	} {
		less, wrong := Logo(bytes.NewReader(x.b), int64(len(x.b)))
		if said := fmt.Sprint(wrong); x.wrong == "" && wrong != nil || !strings.Contains(said, x.wrong) || (less == "") != (x.less == "") || !strings.Contains(less, x.less) {
			t.Errorf("%s: %q, %v", name, less, wrong)
		}
	}
	if _, err := Logo(bytes.NewReader(nil), 1<<40); err == nil {
		t.Error("a logo of a terabyte")
	}
}

func claimsBMP(w uint32) []byte {
	b := bmp(1, 1, 8, 0)
	binary.LittleEndian.PutUint32(b[18:], w)
	return b
}

func object(w, h, depth int, data string) []byte {
	return fmt.Appendf(nil, "<CiscoIPPhoneImage>\n<LocationX>0</LocationX>\n<LocationY>0</LocationY>\n<Width>%d</Width>\n<Height>%d</Height>\n<Depth>%d</Depth>\n<Data>%s</Data>\n</CiscoIPPhoneImage>\n", w, h, depth, data)
}

func digits(pixels int) string { return hex.EncodeToString(make([]byte, (pixels+3)/4)) }

// TestObjects: pictures of the services pane are held against the screens whose
// size is published, and what phones would not draw is said with its reason.
func TestObjects(t *testing.T) {
	file := func(u string) []byte {
		return []byte("<CiscoIPPhoneImageFile><Title>x</Title><URL>" + u + "</URL></CiscoIPPhoneImageFile>")
	}
	grey := func(x, _ int) color.Color { return color.Gray{Y: uint8(x%16) * 17} }
	_, l := served(t, map[string][]byte{
		"idle.xml": object(133, 65, 2, digits(133*65)), "wide.xml": object(255, 128, 2, digits(255*128)), "vast.xml": object(600, 400, 2, digits(600*400)),
		"deep.xml": object(133, 65, 8, digits(133*65)), "short.xml": object(133, 65, 2, "00"), "blank.xml": object(4, 4, 2, "00 00 00 00"), "odd.xml": object(3, 1, 2, "0"),
		"minus.xml": object(-4, 4, 2, ""), "cut.xml": object(133, 65, 2, digits(133*65))[:200], "list.xml": []byte("<CiscoIPPhoneImageList></CiscoIPPhoneImageList>"), "other.xml": []byte("<x/>"),
		"file.xml": file("http://10.0.0.1:6970/pane.png"), "far.xml": file("http://u:secret@10.0.0.9/pane9.png"), "colour.xml": file("http://10.0.0.1/Sub/colour.png"), "nopng.xml": file("http://10.0.0.1/logo.bmp"),
		"pane.png": picture(298, 144, grey), "Sub/colour.png": picture(298, 156, func(x, y int) color.Color { return color.RGBA{uint8(x), uint8(y), 0, 255} }), "logo.bmp": bmp(90, 56, 8, 0), "true.bmp": bmp(90, 56, 24, 0),
	})
	got := map[string]Shown{}
	for _, s := range l.Objects() {
		got[strings.TrimPrefix(s.File, "phones/")] = s
	}
	for name, x := range map[string]struct {
		wrong, less string
		fits        string // a model among those it fits, "" = none
		not         string // a model that is not
	}{
		"idle.xml": {fits: "7940", not: "7920"}, "wide.xml": {fits: "7937", not: "7960"}, "vast.xml": {less: "larger than the screen"}, "deep.xml": {wrong: "8 bits"}, "short.xml": {wrong: "2 digits"},
		"blank.xml": {wrong: "hexadecimal"}, "odd.xml": {wrong: "hexadecimal"}, "minus.xml": {wrong: "-4 x 4"}, "cut.xml": {wrong: "no XML"},
		"file.xml": {fits: "7961", not: "7960"}, "far.xml": {less: "elsewhere"}, "colour.xml": {fits: "9971", not: "7961"}, "nopng.xml": {wrong: "no PNG"}, "logo.bmp": {fits: "7960"}, "true.bmp": {wrong: "24 bits"},
	} {
		s, ok := got[name]
		if !ok || !strings.Contains(s.Wrong, x.wrong) || (x.wrong == "") != (s.Wrong == "") || !strings.Contains(s.Less, x.less) {
			t.Errorf("%s: %v %+v", name, ok, s)
		}
		if x.fits != "" && !slices.Contains(s.Models, x.fits) || x.not != "" && slices.Contains(s.Models, x.not) || x.fits == "" && len(s.Models) > 0 {
			t.Errorf("%s fits %v", name, s.Models)
		}
	}
	if len(got) != 15 {
		t.Errorf("%d objects: %v", len(got), got)
	}
	out := Render(l.All(), l.Objects())
	if !strings.Contains(out, "flash:phones/idle.xml: CiscoIPPhoneImage of 133 x 65, 2 bits\n  fits: 7940 7960") || strings.Contains(out, "secret") {
		t.Error(out)
	}
}

// TestRingsNeverJump: samples that are no multiple of 240 stay in the list and
// are told.
func TestRingsNeverJump(t *testing.T) {
	_, l := served(t, map[string][]byte{"even.raw": make([]byte, 480), "uneven.raw": make([]byte, 500)})
	if out := Render(l.All(), nil); !strings.Contains(out, "uneven.raw: 500 samples are no multiple of 240") || strings.Contains(out, " even.raw: ") || strings.Count(out, ".raw\n") != 2 {
		t.Error(out)
	}
}

// TestNamesOfRequests: a name that a request has to escape is told of.
func TestNamesOfRequests(t *testing.T) {
	_, l := served(t, map[string][]byte{"old phone.raw": make([]byte, 480), "old_phone&bell.raw": make([]byte, 480)})
	if out := Render(l.All(), nil); !strings.Contains(out, "old phone.raw: its name has a blank") || strings.Count(out, "its name has") != 1 {
		t.Error(out)
	}
}

func FuzzBitmap(f *testing.F) {
	f.Add(bmp(90, 56, 8, 0))
	f.Add(bmp(4, 4, 24, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		w, h, _, err := bitmap(b)
		if err == nil && (w <= 0 || h <= 0 || w > 4096 || h > 4096) {
			t.Errorf("%d x %d", w, h)
		}
	})
}
