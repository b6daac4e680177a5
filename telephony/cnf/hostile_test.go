package cnf

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// hostile are texts that break careless writers.
var hostile = []string{
	`<&>"'`, `</device><device>`, "a\x00b\x01\x1f\x7f", "\xff\xfe\xc0\xaf", "]]>", "<!--", "<?xml ?>", "&amp;&#0;&#x1F;", "a\nb\r\nc\td",
	strings.Repeat("Ω<", 5000), "\u2028\u2029\ufffe\uffff", "..", "../../etc/passwd", `a:b";c`, "ключ 電話", "",
}

// setStrings puts s into every string of a value, however deep.
func setStrings(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				setStrings(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			setStrings(v.Index(i), s)
		}
	}
}

// wellFormed parses a whole file and returns the texts of its elements.
func wellFormed(content []byte) (map[string][]string, error) {
	texts := make(map[string][]string)
	d := xml.NewDecoder(bytes.NewReader(content))
	d.Strict = true
	var path []string
	roots := 0
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			if roots != 1 {
				return nil, errors.New("not exactly one root")
			}
			return texts, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if len(path) == 0 {
				roots++
			}
			path = append(path, t.Name.Local)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if len(path) > 0 {
				n := path[len(path)-1]
				texts[n] = append(texts[n], string(t))
			}
		}
	}
}

// checkContent finds out whether a file is what its format says.
func checkContent(t *testing.T, f *File) {
	t.Helper()
	switch {
	case strings.HasSuffix(f.Name, ".xml"):
		if _, err := wellFormed(f.Content); err != nil {
			t.Fatalf("%s is not well formed: %v\n%.400s", f.Name, err, f.Content)
		}
	case strings.HasSuffix(f.Name, ".cnf"):
		for _, l := range strings.Split(strings.TrimSuffix(string(f.Content), "\n"), "\n") {
			if k, v, ok := strings.Cut(l, `: "`); !ok || strings.ContainsAny(k, ` ":;`) || !strings.HasSuffix(v, `";`) || strings.Count(v, `"`) != 1 || !utf8.ValidString(l) {
				t.Fatalf("%s: line %.200q", f.Name, l)
			}
		}
	case strings.HasSuffix(f.Name, ".txt"):
		if n := bytes.Count(f.Content, []byte("\n")); n > len(tags)+1 || !bytes.HasPrefix(f.Content, []byte("#txt\n")) || !utf8.Valid(f.Content) {
			t.Fatalf("%s has %d lines", f.Name, n)
		}
	case bytes.HasPrefix(f.Content, []byte(profileMagic)):
		checkProfile(t, f.Content)
	}
	if !utf8.ValidString(f.Name) || strings.ContainsAny(f.Name, "/\\\x00\n") || len(f.Content) == 0 || len(f.Content) > SizeLimit || f.ETag != etag(f.Content) {
		t.Fatalf("file %q of %d bytes, etag %s", f.Name, len(f.Content), f.ETag)
	}
}

// checkProfile reads a binary profile as a phone does and returns its values.
func checkProfile(t *testing.T, b []byte) map[int][]byte {
	t.Helper()
	if len(b) < profileHeader || binary.BigEndian.Uint16(b[4:]) != 0xfffe || b[6] != 4 || int(binary.BigEndian.Uint16(b[9:])) != len(b)-profileHeader {
		t.Fatalf("header % x", b[:min(len(b), profileHeader)])
	}
	body := b[profileHeader:]
	if binary.BigEndian.Uint16(b[7:]) != checksum(body) {
		t.Fatal("checksum")
	}
	out := make(map[int][]byte)
	for len(body) > 0 {
		tag := int(body[0])
		body = body[1:]
		if tag >= 0x80 {
			tag = (tag&0x7f)<<8 | int(body[0])
			body = body[1:]
		}
		n := int(body[0])
		out[tag] = body[1 : 1+n]
		body = body[1+n:]
	}
	return out
}

// TestHostileTexts puts hostile text in every string of the configuration:
// whatever is built stays well formed, and nothing panics.
func TestHostileTexts(t *testing.T) {
	for _, text := range hostile {
		c := office()
		c.Ephones[6].Addons = []string{"x"}
		setStrings(reflect.ValueOf(&c).Elem(), text)
		if _, err := Build(c, Options{}); err != nil {
			t.Fatal(err)
		}
		// Types decide which files there are: keep them in a second round.
		for i := range c.Ephones {
			c.Ephones[i].Type = sccpTypes[i]
		}
		for i := range c.Pools {
			c.Pools[i].Type = sipTypes[i]
		}
		c.Service.CnfPer = "perphone"
		if len(text) > 1000 { // each file is then larger than a megabyte
			c.Ephones, c.Pools = c.Ephones[6:8], c.Pools[3:6]
		}
		s := mustBuild(c, Options{Stamp: text})
		if s.Len() < len(c.Ephones)+len(c.Pools) {
			t.Errorf("%.20q: only %d files", text, s.Len())
		}
		for _, f := range s.Files() {
			checkContent(t, f)
		}
		for _, l := range append(SCCPBindings(s), append(SIPBindings(s), HFSBindings(s)...)...) {
			if strings.ContainsAny(l, "\n\r\x00") {
				t.Errorf("binding line %q", l)
			}
		}
	}
}

func TestTextsArriveUnchanged(t *testing.T) {
	c := office()
	name := `Böhm & "Söhne" <GmbH> 'x'`
	for i := range c.DNs {
		c.DNs[i].Name = name
	}
	f, _ := mustBuild(c, Options{}).Lookup("SEP001E7A000048.cnf.xml")
	texts, err := wellFormed(f.Content)
	if err != nil {
		t.Fatal(err)
	}
	if got := texts["displayName"]; len(got) != 1 || got[0] != name {
		t.Errorf("displayName %q", got)
	}
}

func FuzzEscaping(f *testing.F) {
	for _, h := range hostile {
		f.Add(h, "7961", "webAccess")
	}
	f.Fuzz(func(t *testing.T, text, typ, element string) {
		c := office()
		c.Ephones, c.Pools = c.Ephones[:2], c.Pools[3:6] // few phones, many runs
		c.Service.CnfPer = "perphone"
		c.Service.ServicePhone = []ServicePhone{{element, text}, {text, element}}
		c.Service.Loads = append(c.Service.Loads, LoadEntry{Type: typ, File: text})
		c.Service.CnfLocation, c.Global.TFTPPath = text, element
		c.Ephones[0].Type, c.Ephones[1].Addons = typ, []string{typ, text}
		p := &c.Pools[2]
		p.Type, p.Description, p.Username, p.Password = typ, text, text, text
		for i := range c.DNs {
			c.DNs[i].Name, c.DNs[i].Label, c.DNs[i].Number = text, text, element
		}
		c.Global.URLs = []URL{{"service", text}, {element, text}}
		s, err := Build(c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Files() {
			checkContent(t, f)
			if got, ok := s.Lookup(f.Name); !ok || got != f {
				t.Fatalf("%q is not served", f.Name)
			}
		}
	})
}

func FuzzLookup(f *testing.F) {
	s := mustBuild(office(), Options{})
	f.Add(`/Communicator\SEP001E7A000001.cnf.xml`)
	f.Add("SEP001E7A000001.cnf.xml.sgn")
	f.Fuzz(func(t *testing.T, name string) {
		if file, ok := s.Lookup(name); ok && (file == nil || strings.HasSuffix(strings.ToLower(name), ".sgn")) {
			t.Errorf("Lookup(%q)", name)
		}
		s.At(name)
	})
}
