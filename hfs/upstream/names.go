package upstream

import (
	"slices"
	"strings"

	"option150/platform/ether"
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

// ofPhone reports that a name has the hardware address of a phone that is
// configured here, wherever it stands in it and whatever stands around it:
// SEP001E7A000001.cnf.xml, %53EP001E7A000001.cnf.xml, 00-1e-7a-00-00-01.cfg,
// 001e7a000001/spa.xml.
func (s *Server) ofPhone(name string) bool {
	if mac, ok := phone.MACOfFile(name); ok && s.opt.Here(mac) {
		return true
	}
	for at := range len(name) {
		if mac, ok := addressAt(name[at:]); ok && s.opt.Here(mac) {
			return true
		}
	}
	return false
}

// addressAt reads twelve digits, with single marks between them or without.
func addressAt(s string) (mac ether.MAC, ok bool) {
	n := 0
	for i := 0; i < len(s) && n < 12; i++ {
		d := strings.IndexByte("0123456789abcdef", s[i]|0x20)
		switch {
		case d >= 0 && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'A'):
			mac[n/2] = mac[n/2]<<4 | byte(d)
			n++
		case n == 0 || strings.IndexByte("-.:_", s[i]) < 0 || strings.IndexByte("-.:_", s[i-1]) >= 0:
			return mac, false
		}
	}
	return mac, n == 12
}

// page reports that a file begins as a page for people does: an error, a login,
// a portal that stands in front of the server. No phone reads one. sure is false
// as long as more of it is needed to tell.
func page(b []byte) (is, sure bool) {
	s := strings.ToLower(strings.TrimLeft(strings.TrimPrefix(string(b), "\ufeff"), " \t\r\n"))
	for _, c := range []struct{ begin, end string }{{"<?", "?>"}, {"<!--", "-->"}} {
		if !strings.HasPrefix(s, c.begin) {
			continue
		}
		_, rest, ok := strings.Cut(s, c.end)
		if !ok {
			return false, len(b) >= maxLook
		}
		return page([]byte(rest))
	}
	for _, begin := range []string{"<!doctype html", "<html"} {
		if strings.HasPrefix(s, begin) {
			return true, true
		}
		sure = sure || strings.HasPrefix(begin, s) || strings.HasPrefix("<!--", s) || strings.HasPrefix("<?", s)
	}
	return false, !sure || len(b) >= maxLook
}

// maxLook is how much of a file is looked at to know that it is no page.
const maxLook = 1024

// isPage reports that a page is what a name is asked for.
func isPage(name string) bool {
	b := base(name)
	return strings.HasSuffix(b, ".htm") || strings.HasSuffix(b, "html")
}
