// Package custom makes the lists of customised files that phones ask for out of
// what lies in flash: ring tones and background pictures. A list that an operator
// put there himself comes first; this one is served where there is none.
//
//	Ringlist.xml, DistinctiveRinglist.xml   every .raw below the home path
//	Ringlist-wb.xml                         every .rwb
//	Desktops/<geometry>/List.xml            pictures of that directory with their thumbnails
//
// Pictures that a URL names instead, the logo of the 7940 and 7960 and the objects
// of the services pane, are looked at by Objects: nothing is made of them.
//
// It follows source 004 (Customize and modify configuration files) and the phone
// administration guides: at most 50 rings of 240 to 16080 samples, u-law at 8 kHz
// without header, or 16 bits at 16 kHz in .rwb; pictures of exactly the size that
// the directory is named for. What does not fit is left out, and said by Render:
// a phone shows an entry it cannot play or draw, and then nothing.
//
// Concurrency: Lists may be used by any goroutine. Failure: a file that cannot be
// read is left out. Testing: a flash: in a temporary directory.
package custom

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/sorted"
)

// Bounds of ring lists. [7970 administration guide, Creating Custom Phone Rings]
const (
	maxRings   = 50
	maxName    = 25
	minSamples = 240
	maxSamples = 16080
	partOf     = 240 // samples come in multiples of it
)

// geometry is a directory of pictures: full size, depth in bits and thumbnail.
type geometry struct {
	name                 string
	width, height, depth int
	thumbWide, thumbHigh int
}

// Geometries are the directories phones ask for. [phone administration guides,
// Creating Custom Background Images; usecallmanager.nz: background images]
var geometries = []geometry{
	{"95x34x1", 95, 34, 1, 23, 8},          // 7906, 7911
	{"320x196x4", 320, 196, 4, 80, 49},     // 7941, 7942, 7961, 7962
	{"320x212x12", 320, 212, 12, 80, 53},   // 7970, 7971
	{"320x212x16", 320, 212, 16, 80, 53},   // 7945, 7965
	{"320x216x16", 320, 216, 16, 80, 53},   // 7975
	{"240x320x24", 240, 320, 24, 117, 117}, // 8821
	{"640x480x24", 640, 480, 24, 123, 111}, // 8941 to 8961, 9951, 9971
	{"800x480x24", 800, 480, 24, 139, 109}, // 8800
}

// Lists makes the lists; it is a route of the file server, asked when flash: has
// no list of that name.
type Lists struct {
	Flash *flash.Flash
	Home  func() string // directory of flash: phones are served from
}

var _ fileserver.Route = (*Lists)(nil)

// Name implements fileserver.Route.
func (*Lists) Name() string { return fileserver.RouteGenerated }

// Open implements fileserver.Route.
func (l *Lists) Open(_ context.Context, _ fileserver.Request, name string) (*fileserver.Hit, error) {
	list, ok := l.list(name)
	if !ok || len(list.Entries) == 0 {
		return nil, nil
	}
	text := list.xml()
	return &fileserver.Hit{Name: name, Size: int64(len(text)), ModTime: list.changed, Content: bytes.NewReader(text)}, nil
}

// Entry is one entry of a list.
type Entry struct{ Name, File, Thumb string }

// List is one list, and what was left out of it.
type List struct {
	File    string
	Entries []Entry
	Left    []string // "chime.raw: 100 samples, phones play 240 to 16080"
	Less    []string // what is in the list and is not quite as the guides ask for: more colours than the screen has
	changed time.Time
	rings   bool
}

// All are the lists for which there is anything in flash:.
func (l *Lists) All() (out []List) {
	names := []string{"Ringlist.xml", "Ringlist-wb.xml"}
	for _, g := range geometries {
		names = append(names, "Desktops/"+g.name+"/List.xml")
	}
	for _, n := range names {
		if x, ok := l.list(n); ok && len(x.Entries)+len(x.Left) > 0 {
			out = append(out, x)
		}
	}
	return out
}

// list makes the list of a name.
func (l *Lists) list(name string) (List, bool) {
	low := strings.ToLower(name)
	switch low {
	case "ringlist.xml", "distinctiveringlist.xml":
		return l.rings(name, ".raw", 1), true
	case "ringlist-wb.xml":
		return l.rings(name, ".rwb", 2), true
	}
	dir, file := path.Split(low)
	if file != "list.xml" || !strings.HasPrefix(dir, "desktops/") {
		return List{}, false
	}
	i := slices.IndexFunc(geometries, func(g geometry) bool { return "desktops/"+g.name+"/" == dir })
	if i < 0 {
		return List{}, false
	}
	return l.pictures(name, geometries[i]), true
}

// rings are the tones of one format; wide is the size of a sample.
func (l *Lists) rings(name, ending string, wide int64) List {
	out := List{File: name, rings: true}
	for _, f := range l.files() {
		if !strings.EqualFold(path.Ext(f.Path), ending) {
			continue
		}
		base := path.Base(f.Path)
		n := f.Size / wide
		switch {
		case f.Size%wide != 0 || n < minSamples || n > maxSamples:
			out.Left = append(out.Left, fmt.Sprintf("%s: %d samples, phones play %d to %d", base, n, minSamples, maxSamples))
		case l.header(f.Path):
			out.Left = append(out.Left, base+": it begins as a WAV file, phones play samples without a header")
		case len(out.Entries) >= maxRings:
			out.Left = append(out.Left, fmt.Sprintf("%s: phones take %d rings", base, maxRings))
		default:
			out.Entries = append(out.Entries, Entry{Name: title(base), File: base})
			out.spoken(base)
			if n%partOf != 0 {
				out.Less = append(out.Less, fmt.Sprintf("%s: %d samples are no multiple of %d, which the guides ask for", base, n, partOf))
			}
			out.seen(f.ModTime)
		}
	}
	return out
}

// pictures are those of one directory that have a thumbnail.
func (l *Lists) pictures(name string, g geometry) List {
	out := List{File: name}
	dir := "desktops/" + g.name + "/"
	there := map[string]flash.Entry{}
	var order []string
	for _, f := range l.files() {
		rel := strings.TrimPrefix(strings.TrimPrefix(f.Path, l.Home()), "/")
		if low := strings.ToLower(rel); strings.HasPrefix(low, dir) && strings.HasSuffix(low, ".png") && !strings.Contains(low[len(dir):], "/") {
			there[low[len(dir):]] = flash.Entry{Path: f.Path, Size: f.Size, ModTime: f.ModTime}
			order = append(order, low[len(dir):])
		}
	}
	for _, n := range order {
		stem := strings.TrimSuffix(n, ".png")
		if thumbnail(stem) {
			continue
		}
		full := there[n]
		file := path.Base(full.Path)
		var thumb flash.Entry
		for _, t := range []string{stem + "-thumb.png", "tn-" + n, stem + "-tn.png", "thumb-" + n} {
			if x, ok := there[t]; ok && thumb.Path == "" {
				thumb = x
			}
		}
		deep, wrong := l.look(full.Path, g.width, g.height, g.depth)
		var small error
		if wrong == nil && thumb.Path != "" {
			_, small = l.look(thumb.Path, g.thumbWide, g.thumbHigh, 24)
		}
		switch {
		case wrong != nil:
			out.Left = append(out.Left, file+": "+wrong.Error())
		case thumb.Path == "":
			out.Left = append(out.Left, fmt.Sprintf("%s: it has no thumbnail %s-thumb.png of %d x %d", file, strings.TrimSuffix(file, path.Ext(file)), g.thumbWide, g.thumbHigh))
		case small != nil:
			out.Left = append(out.Left, path.Base(thumb.Path)+": "+small.Error())
		case len(out.Entries) >= maxRings:
			out.Left = append(out.Left, fmt.Sprintf("%s: phones take %d pictures", file, maxRings))
		default:
			out.Entries = append(out.Entries, Entry{Name: title(file), File: "Desktops/" + g.name + "/" + file, Thumb: "Desktops/" + g.name + "/" + path.Base(thumb.Path)})
			out.spoken(file)
			if deep != "" {
				out.Less = append(out.Less, file+": fewer colours: "+deep)
			}
			out.seen(full.ModTime)
		}
	}
	return out
}

func thumbnail(stem string) bool {
	return strings.HasSuffix(stem, "-thumb") || strings.HasSuffix(stem, "-tn") || strings.HasPrefix(stem, "tn-") || strings.HasPrefix(stem, "thumb-")
}

// spoken tells of a name that a request has to escape: whether phones do is not
// published, and one that does not asks for nothing a server can read.
func (x *List) spoken(file string) {
	if strings.ContainsAny(file, " %?#\"<>") {
		x.Less = append(x.Less, file+": its name has a blank or a sign that requests escape, and whether phones do is not published")
	}
}

func (x *List) seen(t time.Time) {
	if t.After(x.changed) {
		x.changed = t
	}
}

// files are those below the home path, by name.
func (l *Lists) files() []flash.Entry {
	all := slices.Clone(l.Flash.Files(l.Home()))
	sorted.By(all, func(a, b flash.Entry) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// head is the beginning of a file.
func (l *Lists) head(p string, size int) []byte {
	f, err := l.Flash.Open(p)
	if err != nil {
		return nil
	}
	defer f.Close()
	b := make([]byte, size)
	n, _ := io.ReadFull(f, b)
	return b[:n]
}

func (l *Lists) header(p string) bool { return bytes.HasPrefix(l.head(p, 24), []byte("RIFF")) }

// size reads the size of a picture out of its first chunk. [RFC 2083 4.1.1]
func (l *Lists) size(p string) (width, height int) {
	b := l.head(p, 24)
	if len(b) < 24 || string(b[:8]) != "\x89PNG\r\n\x1a\n" || string(b[12:16]) != "IHDR" {
		return 0, 0
	}
	return int(binary.BigEndian.Uint32(b[16:20])), int(binary.BigEndian.Uint32(b[20:24]))
}

// title is how a phone shows a file.
func title(file string) string {
	s := []rune(strings.ReplaceAll(strings.TrimSuffix(file, path.Ext(file)), "_", " "))
	return string(s[:min(len(s), maxName)])
}

// xml is the list as phones read it.
func (x *List) xml() []byte {
	var w bytes.Buffer
	text := func(s string) string {
		var b bytes.Buffer
		_ = xml.EscapeText(&b, []byte(s)) // a buffer takes all
		return b.String()
	}
	if x.rings {
		w.WriteString("<CiscoIPPhoneRingList>\n")
		for _, e := range x.Entries {
			fmt.Fprintf(&w, "<Ring>\n<DisplayName>%s</DisplayName>\n<FileName>%s</FileName>\n</Ring>\n", text(e.Name), text(e.File))
		}
		w.WriteString("</CiscoIPPhoneRingList>\n")
		return w.Bytes()
	}
	w.WriteString("<CiscoIPPhoneImageList>\n")
	for _, e := range x.Entries {
		fmt.Fprintf(&w, "<ImageItem Image=\"TFTP:%s\" URL=\"TFTP:%s\"/>\n", text(e.Thumb), text(e.File))
	}
	w.WriteString("</CiscoIPPhoneImageList>\n")
	return w.Bytes()
}

// Render is `show file-server lists`.
func Render(all []List, shown []Shown) string {
	if len(all)+len(shown) == 0 {
		return "No ring tones and no pictures lie in flash: below the home path\n"
	}
	var w strings.Builder
	for _, x := range all {
		fmt.Fprintf(&w, "%s: %d\n", x.File, len(x.Entries))
		for _, e := range x.Entries {
			fmt.Fprintf(&w, "  %-25s %s\n", e.Name, e.File)
		}
		for _, l := range x.Left {
			fmt.Fprintf(&w, "  left out: %s\n", l)
		}
		for _, l := range x.Less {
			fmt.Fprintf(&w, "  not as it is: %s\n", l)
		}
	}
	for _, s := range shown {
		s.render(&w)
	}
	return w.String()
}
