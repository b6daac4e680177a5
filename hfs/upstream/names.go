package upstream

import (
	"slices"
	"strings"

	"option150/telephony/phone"
)

// firmwareEnds are the ends of names that carry a version and whose bytes never
// change. [source 001: what is to lie near the phones]
var firmwareEnds = []string{".loads", ".sbn", ".sb2", ".sbin", ".sebn", ".zz.sgn", ".zup"}

func base(name string) string {
	return strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
}

// isFirmware reports that a name is that of a load or a part of one.
func isFirmware(name string) bool {
	b := base(name)
	if _, of := phone.MACOfFile(b); of || phone.TrustFile(b) {
		return false
	}
	return slices.ContainsFunc(firmwareEnds, func(e string) bool { return strings.HasSuffix(b, e) }) ||
		strings.Contains(b, ".bin") && strings.HasSuffix(b, ".sgn") // SCCP894x.9-4-2.bin1.sgn
}

// isConfig reports that a name is the configuration of one phone: to be told
// falsely that there is none makes it forget the one it has.
func isConfig(name string) bool {
	b := base(name)
	if _, of := phone.MACOfFile(b); !of {
		return false
	}
	return slices.ContainsFunc([]string{"sep", "sip", "gk", "ld"}, func(p string) bool { return strings.HasPrefix(b, p) })
}

// isCommon reports a name that every cluster has a file of: rings, locales, default
// files. [source 004: "a common file"]
func isCommon(name string) bool {
	_, of := phone.MACOfFile(name)
	return !of && !isFirmware(name)
}
