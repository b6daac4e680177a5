package command

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"option150/platform/config"
	"option150/telephony/cnf"
)

// hostileNames are what people, and those who mean ill, call things.
var hostileNames = []string{
	`plain`, `Zoë Müller-Lüdenscheidt`, `"`, `a"b`, `"quoted"`, `'`, `&`, `a & b`, `<b>`, `</device>`, `]]>`, `&amp;`, `&#0;`, `;`, `a;b: c`, `!`, `! x`, `#`, `a\nb`, "a\tb", `?`, `|`, `| include x`, `\`,
	`$(x)`, `%s`, strings.Repeat("x", 300), strings.Repeat("é", 150), "😀☎️🇩🇪", "\u202eabc\u202c", "abc\u200f\u200e", "電話 ключ", `no name`, `exit`, `end`, `UNPROVISIONED`, `..`, `../x`, "\x01", "\x7f", "\xff\xfe", "\ufffe", "\u2028", `a  b`,
}

// TestTypedNamesComeBack: a name typed in a line is in the file of the phone as it
// was typed, or the line is refused with a reason, or told of; whatever comes, each
// file can be read and no line lands elsewhere.
func TestTypedNamesComeBack(t *testing.T) {
	const base = sound + "voice register pool 1\n username u password p\nvoice register pool 2\n id mac 001e.7a00.0003\n type 7940\n number 1 dn 1\nvoice register template 1\n"
	x := newAuditRig(t)
	c0, rep := x.read(base, config.Default(x.f))
	if len(rep.Rejected) > 0 {
		t.Fatal(rep.Rejected)
	}
	for _, line := range []struct {
		where, text string
		short       bool // one word
	}{
		{"voice register dn 1", "name %s", false}, {"voice register dn 1", "label %s", false}, {"voice register pool 1", "description %s", false},
		{"voice register pool 1", "username u password %s", true}, {"voice register pool 1", "username %s password p", true}, {"voice register pool 1", `speed-dial 1 9 label "%s"`, false},
		{"voice register pool 2", "username u password %s", true}, {"voice register pool 2", `speed-dial 1 9 label "%s"`, false}, {"voice register pool 1", `blf-speed-dial 1 9 label "%s"`, false},
		{"telephony-service", "service phone phonePassword %s", true}, {"telephony-service", "url services %s", true}, {"voice register global", "url service %s", true},
	} {
		for _, name := range hostileNames {
			if line.short && strings.ContainsAny(name, " \t\u2028") || strings.TrimSpace(name) == "" {
				continue // two words, or none
			}
			// A tab stands between words as a blank does, and quotes around a word are not
			// of it, as on a router.
			typed := strings.ReplaceAll(name, "\t", " ")
			if len(name) > 2 && line.short {
				typed = strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`)
			}
			at := fmt.Sprintf("%s: %s %.30q", line.where, line.text, name)
			r, err := x.l.Candidate(line.where+"\n "+fmt.Sprintf(line.text, name)+"\n", c0, func(c *config.Config) error { return config.Refusal(c.Validate(x.f)) })
			if err != nil {
				t.Fatal(at, err)
			}
			refused := len(r.Rejected) > 0 || r.Carried > 0
			for _, j := range r.Rejected {
				if fmt.Sprint(j) == "" {
					t.Errorf("%s is refused without a reason", at)
				}
			}
			told := slices.ContainsFunc(cnf.Validate(r.Config.Telephony), func(p cnf.Problem) bool {
				return p.Code == "text" || p.Code == "phone-label" || p.Code == "password-text" || p.Code == "url-length"
			})
			set, err := cnf.Rebuild(nil, r.Config.Telephony, cnf.Options{})
			if err != nil {
				t.Fatal(at, err)
			}
			found := false
			for _, f := range set.Files() {
				if f.Name == "SIPDefault.cnf" || strings.HasPrefix(f.Name, "SIP0") {
					found = found || strings.Contains(string(f.Content), `"`+typed+`";`)
					continue
				}
				if !strings.HasSuffix(f.Name, ".xml") {
					continue
				}
				d := xml.NewDecoder(bytes.NewReader(f.Content))
				for {
					tok, err := d.Token()
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatalf("%s: %s is not well formed: %v", at, f.Name, err)
					}
					if s, ok := tok.(xml.CharData); ok && (string(s) == name || string(s) == typed) {
						found = true
					}
				}
			}
			if !found && !refused && !told {
				t.Errorf("%s: it is in no file, and nothing is said", at)
			}
		}
	}
}
