package pfs

import (
	"strings"

	"option150/platform/plain"
	"option150/telephony/phone"
)

// maxName bounds the names that are kept.
const maxName = 128

func keep(s string) string { return strings.Clone(plain.Shown(s, maxName)) }

// baseName is the last part of a name as phones write it.
func baseName(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// imageEnds are the ends of the names of firmware files.
var imageEnds = []string{".loads", ".sbn", ".sb2", ".zz.sgn", ".sebn"}

// Firmware reports that a name is that of a load list or of a component of
// one. The images of G5 phones have the ends of the others or are named in
// their list.
func Firmware(name string) bool {
	n := strings.ToLower(baseName(name))
	for _, e := range imageEnds {
		if strings.HasSuffix(n, e) {
			return true
		}
	}
	return strings.Contains(n, ".bin") && strings.HasSuffix(n, ".sgn")
}

// ownConfig reports a phone's own configuration file.
func ownConfig(name string) bool {
	_, ok := phone.MACOfFile(name)
	return ok && !phone.TrustFile(name)
}

// nextPhase reports a file that a phone asks for when its configuration and its
// load are settled: tones, locale, rings, dial rules.
func nextPhase(name string) bool {
	n := strings.ToLower(name)
	if phone.TrustFile(n) || strings.HasPrefix(n, "xmldefault") || strings.HasSuffix(n, ".cfg") || n == "os79xx.txt" {
		return false
	}
	return strings.HasSuffix(n, ".xml") || strings.HasSuffix(n, ".jar") || strings.HasSuffix(n, ".raw") || strings.HasSuffix(n, ".dat")
}
