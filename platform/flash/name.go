package flash

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is the longest name, in bytes after cleaning. [facts/files.md 4]
const MaxName = 255

// The reasons a text is not a file name. They are different because they are
// answered differently: what is too long or empty cannot exist, the others are
// not asked for in good faith.
var (
	ErrEmptyName = errors.New("empty file name")
	ErrLongName  = errors.New("file name too long")
	ErrTraversal = errors.New("file name leaves its directory")
	ErrBadName   = errors.New("character not allowed in a file name")
)

// CleanName is the one form of a name everywhere in the box: TFTP, HTTP, the
// command line. A backslash separates like a slash; leading, doubled and
// trailing separators and "." go away. Refused are "..", NUL and whatever else
// does not print, invalid UTF-8, nothing at all and more than MaxName bytes.
// Percent signs are ordinary characters: HTTP decodes them, once, before.
// [facts/files.md 4 and 7.3, facts/phones.md 2.8]
func CleanName(s string) (string, error) {
	if name := strings.TrimPrefix(s, "/"); plain(name) {
		return name, nil // as phones ask
	}
	if len(s) > 4*MaxName { // bound the work on what cannot become a name
		return "", ErrLongName
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", ErrBadName
	}
	var parts []string
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == '/' || r == '\\' }) {
		switch part {
		case ".":
		case "..":
			return "", ErrTraversal
		default:
			parts = append(parts, part)
		}
	}
	name := strings.Join(parts, "/")
	switch {
	case name == "":
		return "", ErrEmptyName
	case len(name) > MaxName:
		return "", ErrLongName
	}
	return name, nil
}

// plain reports that a text is a clean name without a directory.
func plain(s string) bool {
	if s == "" || s == "." || s == ".." || len(s) > MaxName {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '/' || c == '\\' {
			return false
		}
	}
	return true
}

// CleanPath reads what an operator types for a place in flash:, "flash:",
// "flash:/cme/loads/", "flash0:phone-loads", "cme/loads". The root is "".
// Another file system is refused with ErrBadName.
func CleanPath(s string) (string, error) {
	if fs, rest, ok := strings.Cut(s, ":"); ok {
		switch strings.ToLower(fs) {
		case "flash", "flash0", "slot0", "bootflash":
			s = rest
		default:
			return "", ErrBadName
		}
	}
	// A blank after "flash:" is seen in the field. [facts/cme.md 5.4]
	name, err := CleanName(strings.TrimSpace(s))
	if errors.Is(err, ErrEmptyName) {
		return "", nil
	}
	return name, err
}

// base is the last part of a clean name.
func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// hidden reports that a part of the name begins with a dot: such names are not
// part of flash:.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || strings.Contains(name, "/.")
}

// fold is the form under which names are compared without case.
func fold(name string) string { return strings.ToLower(name) }
