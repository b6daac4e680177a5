package intake

import (
	"errors"
	"strings"

	"option150/platform/flash"
)

// cleanName is the name of an entry as flash: has it. An absolute name leaves
// the directory too: whoever packed it meant another place. "" is a file that
// flash: cannot have and no phone asks for: what a desktop leaves behind
// (.DS_Store).
func cleanName(s string) (string, error) {
	if strings.HasPrefix(s, "/") || strings.HasPrefix(s, `\`) || len(s) > 1 && s[1] == ':' {
		return "", ErrTraversal
	}
	name, err := flash.CleanName(s)
	switch {
	case errors.Is(err, flash.ErrTraversal):
		return "", ErrTraversal
	case err != nil:
		return "", ErrName
	case strings.HasPrefix(name, ".") || strings.Contains(name, "/."):
		return "", nil
	}
	return name, nil
}

func lower(s string) string { return strings.ToLower(s) }

// imageSuffixes end the names of files that phones fetch as firmware.
var imageSuffixes = []string{".loads", ".sbn", ".sb2", ".sbin", ".zup", ".sgn", ".sebn", ".bin"}

// image reports that a package with such a file is firmware.
func image(name string) bool {
	return !leftOut(name) && hasSuffix(name, imageSuffixes)
}

// loadFile is a file that a load begins with.
func loadFile(name string) bool {
	return hasSuffix(name, []string{".loads", ".sbin", ".zup"})
}

// leftOut is what a package carries for people and for the call manager: no
// phone asks for it.
func leftOut(name string) bool {
	base := lower(name[strings.LastIndexByte(name, '/')+1:])
	return hasSuffix(base, []string{".sh", ".pdf", ".htm", ".html", ".doc", ".exe", ".md5", ".cop.sgn", ".cop.sha512"}) ||
		strings.HasPrefix(base, "readme") || strings.HasPrefix(base, "copstart")
}

func hasSuffix(name string, suffixes []string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(lower(name), s) {
			return true
		}
	}
	return false
}

// DefaultLoad reports that a file is what a phone asks for after a factory
// reset: term41.default.loads.
func DefaultLoad(name string) bool {
	base := lower(name[strings.LastIndexByte(name, '/')+1:])
	return strings.HasPrefix(base, "term") && strings.HasSuffix(base, ".default.loads")
}

// packageSuffixes end the names packages come under; the longest first.
var packageSuffixes = []string{".cop.sha512", ".cop.sgn", ".tar.gz", ".tgz", ".tar", ".zip", ".exe", ".cop"}

// IsPackage reports that a file of that name may be a package.
func IsPackage(name string) bool { return hasSuffix(name, packageSuffixes) }

// PackageName is the directory a package is unpacked into.
func PackageName(file string) string {
	base := file[strings.LastIndexByte(file, '/')+1:]
	for _, s := range packageSuffixes {
		if hasSuffix(base, []string{s}) && len(base) > len(s) {
			base = base[:len(base)-len(s)]
			break
		}
	}
	return strings.TrimLeft(base, ".")
}
