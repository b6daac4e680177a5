package flash

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCleanName(t *testing.T) {
	for _, c := range []struct {
		in, want string
		err      error
	}{
		{"/SEP001E7A000001.cnf.xml", "SEP001E7A000001.cnf.xml", nil},
		{`Communicator\SEP001E7A000001.cnf.xml`, "Communicator/SEP001E7A000001.cnf.xml", nil},
		{"//German_Germany//./7960-tones.xml/", "German_Germany/7960-tones.xml", nil},
		{"P003-08-01-SR-02 ", "P003-08-01-SR-02 ", nil}, // the trailing blank of CSCdv19260 is part of the name
		{"a%2e%2e", "a%2e%2e", nil},
		{"...", "...", nil},
		{"", "", ErrEmptyName},
		{"/", "", ErrEmptyName},
		{`\\.\`, "", ErrEmptyName},
		{"../etc/passwd", "", ErrTraversal},
		{`..\..\boot.ini`, "", ErrTraversal},
		{"a/../b", "", ErrTraversal},
		{"a/..", "", ErrTraversal},
		{"a\x00b", "", ErrBadName},
		{"a\nb", "", ErrBadName},
		{"a\x9bb", "", ErrBadName},
		{"a\u202eb", "", ErrBadName},
		{strings.Repeat("a", MaxName), strings.Repeat("a", MaxName), nil},
		{strings.Repeat("a", MaxName+1), "", ErrLongName},
		{strings.Repeat("/", 100000), "", ErrLongName},
	} {
		got, err := CleanName(c.in)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%.40q: %q, %v", c.in, got, err)
		}
	}
}

func TestCleanPath(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"flash:", ""}, {"flash:/", ""}, {"", ""}, {"flash:/cme/loads/", "cme/loads"}, {"FLASH0:phone-loads", "phone-loads"},
		{"slot0:a", "a"}, {"cme", "cme"}, {"flash: phone/x", "phone/x"}, {`flash:phone\Analog2.raw`, "phone/Analog2.raw"},
	} {
		if got, err := CleanPath(c.in); err != nil || got != c.want {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
	for _, bad := range []string{"nvram:startup-config", "system:/its/a", "tftp://10.0.0.1/a", "flash:../nvram/startup-config"} {
		if got, err := CleanPath(bad); err == nil {
			t.Errorf("%q: %q", bad, got)
		}
	}
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"/a", `\..\a`, "a//b", "%2e%2e/", "C:\\boot.ini", "a\x00", strings.Repeat("x/", 200), "flash:/x", "..", ".ssh/id"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		name, err := CleanName(s)
		if err != nil {
			if name != "" {
				t.Fatalf("%q: a name %q with an error", s, name)
			}
			return
		}
		if name == "" || len(name) > MaxName || !utf8.ValidString(name) || strings.ContainsAny(name, "\\\x00\n") ||
			strings.HasPrefix(name, "/") || strings.HasSuffix(name, "/") || strings.Contains(name, "//") {
			t.Fatalf("%q: %q", s, name)
		}
		for part := range strings.SplitSeq(name, "/") {
			if part == "." || part == ".." || part == "" {
				t.Fatalf("%q: %q", s, name)
			}
		}
		if again, err := CleanName(name); err != nil || again != name {
			t.Fatalf("%q: %q becomes %q, %v", s, name, again, err)
		}
		if _, err := CleanPath(s); err == nil && strings.HasPrefix(s, "nvram:") {
			t.Fatalf("%q taken for flash", s)
		}
	})
}
