package custom

import (
	"bytes"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"option150/platform/flash"
)

// pane is the space for services on the screens of some models, in pixels.
type pane struct {
	models              string
	width, height, bits int
}

// Panes are the models with graphics, by depth. Models of which no size is
// published (7905, 7906, 7911, 7912, 7931) are not here, nor those without
// graphics. [Cisco Unified IP Phone Services Application Development Notes, Display
// Image Sizes and Color Depths]
var panes = []pane{
	{"7920", 128, 59, 1}, {"6921 6961", 396, 81, 1}, {"6941 6945", 396, 162, 1},
	{"7940 7960", 133, 65, 2}, {"7937", 255, 128, 2},
	{"7941 7942 7961 7962", 298, 144, 4},
	{"7970 7971", 298, 168, 12}, {"7945 7965", 298, 156, 16}, {"7975", 298, 168, 16},
	{"CIPC", 298, 168, 24}, {"8961 9951 9971", 498, 289, 24},
}

// Shown is a picture that phones draw because a URL names it: a logo, or an
// object of the services pane.
type Shown struct {
	File   string   // below flash:
	What   string   // "logo of 90 x 56", "CiscoIPPhoneImage of 133 x 65, 2 bits"
	Wrong  string   // phones do not draw it, "" = they do
	Models []string // whose screen it fits on whole; nil = not known, or none
	Less   string   // what they make of it otherwise
}

// maxObject bounds an object: 498 x 289 pixels of 2 bits are 72 KB of digits.
const (
	maxObject = 256 << 10
	maxShown  = 200
)

// Objects are the logos and the picture objects below the home path.
func (l *Lists) Objects() (out []Shown) {
	for _, f := range l.files() {
		if len(out) >= maxShown {
			break
		}
		switch strings.ToLower(path.Ext(f.Path)) {
		case ".bmp":
			out = append(out, l.bitmap(f))
		case ".xml", ".txt":
			if s, ok := l.object(f); ok {
				out = append(out, s)
			}
		}
	}
	return out
}

func (l *Lists) bitmap(f flash.Entry) Shown {
	s := Shown{File: f.Path, What: "logo", Models: []string{"7940", "7960"}}
	file, err := l.Flash.Open(f.Path)
	if err != nil {
		s.Wrong = "it cannot be read"
		return s
	}
	defer file.Close()
	less, wrong := Logo(file, f.Size)
	if s.Less = less; wrong != nil {
		s.Wrong, s.Models = wrong.Error(), nil
	}
	return s
}

// imageObject is CiscoIPPhoneImage, with its pixels, and CiscoIPPhoneImageFile, which
// names a PNG.
type imageObject struct {
	XMLName xml.Name
	Width   int
	Height  int
	Depth   int
	Data    string
	URL     string
}

// object reads an object, if the file is one.
func (l *Lists) object(f flash.Entry) (Shown, bool) {
	if f.Size > maxObject || !bytes.Contains(l.head(f.Path, 512), []byte("<CiscoIPPhoneImage")) {
		return Shown{}, false
	}
	file, err := l.Flash.Open(f.Path)
	if err != nil {
		return Shown{}, false
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxObject))
	if err != nil {
		return Shown{}, false
	}
	s := Shown{File: f.Path, What: "CiscoIPPhoneImage"}
	var p imageObject
	if err := xml.Unmarshal(b, &p); err != nil {
		s.Wrong = "it is no XML that phones read: " + err.Error()
		return s, true
	}
	s.What = p.XMLName.Local
	switch p.XMLName.Local {
	case "CiscoIPPhoneImage":
		s.What = fmt.Sprintf("%s of %d x %d, %d bits", s.What, p.Width, p.Height, p.Depth)
		if err := p.check(); err != nil {
			s.Wrong = err.Error()
			return s, true
		}
		s.Models = fitting(p.Width, p.Height)
	case "CiscoIPPhoneImageFile":
		l.named(&s, p.URL)
	default:
		return Shown{}, false // a list of pictures
	}
	if s.Wrong == "" && len(s.Models) == 0 && s.Less == "" {
		s.Less = "it is larger than the screen of every model whose size is published"
	}
	return s, true
}

// check holds the pixels against the head: two bits each, four in a byte, written
// as hexadecimal digits and filled up at the end.
func (p *imageObject) check() error {
	data := strings.TrimSpace(p.Data)
	_, bad := hex.DecodeString(data)
	switch {
	case p.Width <= 0 || p.Height <= 0 || p.Width > 1024 || p.Height > 1024:
		return fmt.Errorf("its Width and Height say %d x %d", p.Width, p.Height)
	case p.Depth != 2:
		return fmt.Errorf("its Depth says %d bits a pixel, phones take 2", p.Depth)
	case bad != nil:
		return errors.New("its Data is not hexadecimal digits in pairs without blanks")
	case len(data) != (p.Width*p.Height+3)/4*2:
		return fmt.Errorf("its Data has %d digits, %d x %d pixels of 2 bits are %d", len(data), p.Width, p.Height, (p.Width*p.Height+3)/4*2)
	}
	return nil
}

// fitting are the models whose pane a picture of 2 bits fits into.
func fitting(w, h int) (out []string) {
	for _, p := range panes {
		if w <= p.width && h <= p.height && p.bits >= 2 {
			out = append(out, strings.Fields(p.models)...)
		}
	}
	return out
}

// named looks at the PNG an object names, if it is one of ours.
func (l *Lists) named(s *Shown, address string) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Path == "" {
		s.Wrong = "its URL names no file"
		return
	}
	f, err := l.Flash.Find(l.Home(), strings.TrimPrefix(u.Path, "/"))
	if err != nil {
		s.Less = "its picture is elsewhere: " + u.Redacted()
		return
	}
	at := f.Path
	f.Close()
	w, h := l.size(at)
	if w == 0 {
		s.Wrong = path.Base(at) + ": it is no PNG"
		return
	}
	s.What = fmt.Sprintf("%s, %s of %d x %d", s.What, path.Base(at), w, h)
	for _, p := range panes {
		if p.bits < 4 || w > p.width || h > p.height { // older phones draw no PNG
			continue
		}
		deep, wrong := l.look(at, w, h, p.bits)
		switch {
		case wrong != nil:
			s.Wrong = path.Base(at) + ": " + wrong.Error()
			return
		case deep == "":
			s.Models = append(s.Models, strings.Fields(p.models)...)
		case s.Less == "":
			s.Less = deep + " on a " + strings.Fields(p.models)[0]
		}
	}
}

// render is its line of `show file-server lists`.
func (s *Shown) render(w io.Writer) {
	fmt.Fprintf(w, "flash:%s: %s\n", s.File, s.What)
	if s.Wrong != "" {
		fmt.Fprintf(w, "  phones do not draw it: %s\n", s.Wrong)
		return
	}
	if len(s.Models) > 0 {
		fmt.Fprintf(w, "  fits: %s\n", strings.Join(s.Models, " "))
	}
	if s.Less != "" {
		fmt.Fprintf(w, "  not as it is: %s\n", s.Less)
	}
}
