package cnf

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// names are what people, and those who mean ill, call things.
var names = []string{
	`plain`, `"`, `a"b`, `'`, `&`, `a & b`, `<b>`, `]]>`, `&amp;`, `&#0;`, `;`, `a;b: "c"`, `#txt`, `line1_name: "x"`, "a\nb", "a\r\nb", "a\tb", "\x00", "a\x1fb", "\xff\xfe", "\ufffe\uffff",
	strings.Repeat("x", 300), strings.Repeat("é", 150), strings.Repeat("<&>", 100), "😀☎️🇩🇪", "\u202eabc\u202c", "abc\u200f\u200e", "Zoë Müller-Lüdenscheidt", "電話 ключ", "  two  blanks  ", "..", "../x", "%s%n", "\\", "$(x)", "UNPROVISIONED", "\u2028", "\ufeffbom", strings.Repeat("漢", 31),
}

// texts are the texts of a file as a phone reads them, whatever its kind.
func texts(t *testing.T, f *File) []string {
	t.Helper()
	var out []string
	switch {
	case bytes.HasPrefix(f.Content, []byte(profileMagic)):
		for _, v := range checkProfile(t, f.Content) {
			out = append(out, string(v))
		}
	case strings.HasSuffix(f.Name, ".txt"):
		checkContent(t, f)
		for _, l := range strings.Split(string(f.Content), "\n") {
			_, v, _ := strings.Cut(l, ":")
			out = append(out, v)
		}
	case strings.HasSuffix(f.Name, ".cnf"):
		checkContent(t, f)
		for _, l := range strings.Split(string(f.Content), "\n") {
			if _, v, ok := strings.Cut(l, `: "`); ok {
				out = append(out, strings.TrimSuffix(v, `";`))
			}
		}
	default:
		d := xml.NewDecoder(bytes.NewReader(f.Content))
		d.CharsetReader = latin1Reader
		for {
			tok, err := d.Token()
			if errors.Is(err, io.EOF) {
				return out
			}
			if err != nil {
				t.Fatalf("%s is not well formed: %v", f.Name, err)
			}
			if c, ok := tok.(xml.CharData); ok {
				out = append(out, string(c))
			}
		}
	}
	return out
}

// latin1Reader reads ISO-8859-1, the other encoding there is.
func latin1Reader(_ string, r io.Reader) (io.Reader, error) {
	in, w := bufio.NewReader(r), new(bytes.Buffer)
	for {
		b, err := in.ReadByte()
		if err != nil {
			return w, nil
		}
		w.WriteRune(rune(b))
	}
}

// field is a text that lines give and files have.
type field struct {
	name  string
	set   func(c *Config, s string)
	where string                // the section that is told of
	file  func(n string) string // what the text must come back as, nil = as it is
}

// TestNamesComeBack: a text of any line is in the file as it was typed, or the
// line is refused or told of with a reason; and the file can be read in any case.
func TestNamesComeBack(t *testing.T) {
	blanks := func(s string) string { // the 7900 shows no blanks
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return '_'
			}
			return r
		}, s)
	}
	sip := []field{
		{name: "name", set: func(c *Config, s string) { c.DNs[0].Name = s }, where: "voice register dn 1"},
		{name: "label", set: func(c *Config, s string) { c.DNs[0].Label = s }, where: "voice register dn 1"},
		{name: "number", set: func(c *Config, s string) { c.DNs[0].Number = s }, where: "voice register dn 1"},
		{name: "username", set: func(c *Config, s string) { c.Pools[0].Username = s }, where: "voice register pool 1"},
		{name: "password", set: func(c *Config, s string) { c.Pools[0].Password = s }, where: "voice register pool 1"},
	}
	screen := append(slices.Clone(sip),
		field{name: "description", set: func(c *Config, s string) { c.Pools[0].Description = s }, where: "voice register pool 1", file: blanks},
		field{name: "speed-dial", set: func(c *Config, s string) { c.Pools[0].SpeedDials = []SpeedDial{{1, "9", s}} }, where: "voice register pool 1"},
		field{name: "speed-dial number", set: func(c *Config, s string) { c.Pools[0].SpeedDials = []SpeedDial{{1, s, "x"}} }, where: "voice register pool 1"},
		field{name: "blf-speed-dial", set: func(c *Config, s string) { c.Pools[0].BLFs = []BLFDial{{SpeedDial: SpeedDial{1, "9", s}}} }, where: "voice register pool 1"},
		field{name: "voicemail of a template", set: func(c *Config, s string) { c.RegisterTemplates[0].Voicemail = s }, where: "voice register template 1"})
	xmlOnly := append(slices.Clone(screen),
		field{name: "ssh", set: func(c *Config, s string) { c.RegisterTemplates[0].SSHUser, c.RegisterTemplates[0].SSHPassword = "u", s }, where: "voice register template 1"},
		field{name: "url-button", set: func(c *Config, s string) { c.RegisterTemplates[0].URLButtons = []URLButton{{1, s, "x"}} }, where: "voice register template 1"},
		field{name: "label of url-button", set: func(c *Config, s string) { c.RegisterTemplates[0].URLButtons = []URLButton{{1, "http://x", s}} }, where: "voice register template 1"},
		field{name: "feature-button", set: func(c *Config, s string) { c.RegisterTemplates[0].Buttons = []FeatureButton{{1, "Park", s}} }, where: "voice register template 1"},
		field{name: "url", set: func(c *Config, s string) { c.Global.URLs = []URL{{"service", s}} }, where: "voice register global"},
		field{name: "voicemail", set: func(c *Config, s string) { c.Global.Voicemail = s }, where: "voice register global"})
	sccp := []field{
		{name: "url", set: func(c *Config, s string) { c.Service.URLs = []URL{{"services", s}} }, where: "telephony-service"},
		{name: "service phone", set: func(c *Config, s string) { c.Service.ServicePhone = []ServicePhone{{"phonePassword", s}} }, where: "telephony-service"},
		{name: "ssh", set: func(c *Config, s string) { c.EphoneTemplates[0].SSHUser, c.EphoneTemplates[0].SSHPassword = "u", s }, where: "ephone-template 1"},
	}
	for _, k := range []struct {
		typ    string
		sccp   bool
		fields []field
	}{{"8851", false, xmlOnly}, {"7961", false, xmlOnly}, {"6941", false, xmlOnly}, {"3905", false, xmlOnly}, {"ATA-187", false, xmlOnly}, {"8899", false, xmlOnly},
		{"7940", false, screen}, {"7905", false, sip}, {"7912", false, sip}, {"ATA", false, sip[2:]}, {"7961", true, sccp}, {"7925", true, sccp}, {"7937", true, sccp}} {
		var was *Set
		for _, f := range k.fields {
			for _, text := range names {
				if strings.HasPrefix(f.name, "url") && !strings.Contains(f.name, "button") && strings.ContainsFunc(text, unicode.IsSpace) {
					continue // no URL
				}
				c := office()
				c.Service.CnfPer, c.Global.FileText = "perphone", true
				c.Ephones, c.Pools, c.DNs = c.Ephones[:0], c.Pools[:0], c.DNs[:1]
				c.DNs[0].Name, c.DNs[0].Label = "Name", "Label"
				c.PoolTypes = []PhoneType{{Name: "8899", Reference: "8851", Buttons: 3, NoUTF8: true}}
				c.RegisterTemplates, c.EphoneTemplates = []Template{{Tag: 1}}, []Template{{Tag: 1}}
				if k.sccp {
					c.Ephones = []Ephone{{Tag: 1, MAC: mac(1), Type: k.typ, Template: 1, Buttons: []Button{{1, ':', []int{1}}}}}
				} else {
					c.Pools = []RegisterPool{{Tag: 1, MAC: mac(1), Type: k.typ, Template: 1, Numbers: []PoolNumber{{1, 1}}, Username: "user", Password: "pw"}}
				}
				if was == nil {
					was = mustBuild(c.Clone(), Options{})
				}
				f.set(&c, text)
				set, err := Rebuild(was, c, Options{})
				if err != nil {
					t.Fatal(err)
				}
				told := slices.ContainsFunc(Validate(c), func(p Problem) bool {
					return p.Where == f.where && p.Text != "" && slices.Contains([]string{"text", "password-text", "phone-label", "dn-without-number"}, p.Code)
				})
				all, seen := "", 0
				for _, file := range set.Files() {
					if file.MAC != mac(1) {
						continue
					}
					seen++
					got := texts(t, file)
					found := slices.Contains(got, text) || f.file != nil && slices.Contains(got, f.file(text))
					if !found && !told {
						t.Errorf("%s of a %s, %.40q: it is not in %s and nothing is said", f.name, k.typ, text, file.Name)
					}
					if found {
						all += file.Name
					}
				}
				if seen == 0 {
					t.Fatalf("no file of a %s", k.typ)
				}
				if told && all != "" && f.file == nil && strings.Contains(all, ".xml") {
					t.Errorf("%s of a %s, %.40q: it is in %s and is told of", f.name, k.typ, text, all)
				}
			}
		}
	}
}
