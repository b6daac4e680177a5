package phone

import (
	"regexp"
	"strconv"
	"strings"
)

// Load is the name of a firmware load as the operator typed it. With and
// without suffix it means the same load: the rules of the manuals contradict
// each other by version and by mode. [facts/cme.md 8.1]
type Load string

// loadSuffixes are stripped for the canonical name, case does not matter.
var loadSuffixes = []string{".loads", ".bin", ".sbin", ".sbn", ".zup", ".sebn"}

// Typed is the name as typed: what running-config prints.
func (l Load) Typed() string { return string(l) }

// Canonical is the name without suffix: what <loadInformation> carries.
func (l Load) Canonical() string {
	s := strings.TrimSpace(string(l))
	for _, suffix := range loadSuffixes {
		if len(s) > len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix) {
			return s[:len(s)-len(suffix)]
		}
	}
	return s
}

// Suffix is the suffix as typed, "" if there is none.
func (l Load) Suffix() string {
	return strings.TrimPrefix(strings.TrimSpace(string(l)), l.Canonical())
}

// Equal reports that two names mean the same load.
func (l Load) Equal(o Load) bool { return strings.EqualFold(l.Canonical(), o.Canonical()) }

// Files are the names under which the first file of the load may exist, most
// likely first. Newer loads are lists of components (.loads), the loads of the
// 7905, 7912, 7937, 3905 and ATA are one image.
func (l Load) Files() []string {
	c := l.Canonical()
	if c == "" {
		return nil
	}
	names := []string{c + ".loads"}
	up := strings.ToUpper(c)
	switch {
	case strings.HasPrefix(up, "CP792"):
		names = []string{c + ".LOADS", c + ".loads"}
	case strings.HasPrefix(up, "CP79"), strings.HasPrefix(up, "ATA0"):
		names = []string{c + ".sbin", c + ".zup", c + ".loads"}
	case strings.HasPrefix(up, "P00"), strings.HasPrefix(up, "P0S3"), strings.HasPrefix(up, "P0M3"):
		names = append(names, c+".bin") // before the universal loader; its .sbn is a part of a list
	case strings.HasPrefix(up, "APPS37"): // a 7937 fetches one image
		names = []string{c + ".bin", c + ".loads"}
	case strings.HasPrefix(up, "CP39"): // and a 3905 or 3911
		names = append(names, c+".zz.sgn", c+".sgn", c+".bin")
	case strings.HasPrefix(up, "S00"), strings.HasPrefix(up, "B01"), strings.HasPrefix(up, "CMTERM"):
		names = []string{c + ".bin", c + ".zup", c + ".sbn", c + ".loads"}
	}
	if l.Suffix() == "" {
		return names
	}
	typed := strings.TrimSpace(string(l))
	out := []string{typed}
	for _, n := range names {
		if n != typed {
			out = append(out, n)
		}
	}
	return out
}

// Protocol is "SCCP" or "SIP" when the name tells, else "".
func (l Load) Protocol() string {
	c := strings.ToUpper(l.Canonical())
	switch {
	case strings.HasPrefix(c, "SCCP"), strings.HasPrefix(c, "P003"), strings.Contains(c, "SCCP"):
		return "SCCP"
	case strings.HasPrefix(c, "SIP"), strings.HasPrefix(c, "P0S3"), sipImage.MatchString(c):
		return "SIP"
	}
	return ""
}

var sipImage = regexp.MustCompile(`\dSIP\d`)

// Family is the image family in the name: "41" of SCCP41.9-4-2SR3-1S and of
// term41.default, "78xx" of sip78xx.12-8-1; "" if the name has none.
func (l Load) Family() string {
	if g := loadFamily.FindStringSubmatch(l.Canonical()); g != nil {
		return g[1]
	}
	return ""
}

var loadFamily = regexp.MustCompile(`(?i)^(?:sccp|sip|term)(\d[0-9x_]*)\.`)

// Version is the release of a load of the third and later generations:
// 9-4-2SR3-1S is 9.4(2)SR3.
type Version struct {
	Major, Minor, Patch, SR int
	Known                   bool
}

var loadVersion = regexp.MustCompile(`^(?i:(?:sccp|sip|term)[^.]*)\.(\d{1,3})-(\d{1,3})-(\d{1,3})(?:-?(?:ES|TH)\d+)?(?:-?SR(\d{1,3}))?`)

// The second generation: P003xxyyzzww, P0S3-xx-y-zz, P0030801SR02, and
// CP7905xxyyzz before the protocol. [Cisco, 7960 and 7940 firmware upgrade
// matrix, naming conventions; 7905G and 7912G administrator guide]
var (
	telecasterDigits = regexp.MustCompile(`^(?i:P0[0SM]3)(\d\d)(\d\d)(?:(\d\d)\d{0,2}|(?i:SR)(\d{1,3}))?$`)
	telecasterDashes = regexp.MustCompile(`^(?i:P0[0SM]3)-(\d{1,2})-(\d{1,2})-(\d{1,2})$`)
	analogVersion    = regexp.MustCompile(`^(?i:CP79\d\d)(\d\d)(\d\d)(\d\d)(?i:SCCP|SIP)`)
)

// Version reads the release out of the name; Known is false when the name
// has none.
func (l Load) Version() Version {
	c := l.Canonical()
	n := func(s string) int { v, _ := strconv.Atoi(s); return v }
	if g := telecasterDigits.FindStringSubmatch(c); g != nil {
		return Version{n(g[1]), n(g[2]), n(g[3]), n(g[4]), true}
	}
	for _, form := range [...]*regexp.Regexp{telecasterDashes, analogVersion} {
		if g := form.FindStringSubmatch(c); g != nil {
			return Version{n(g[1]), n(g[2]), n(g[3]), 0, true}
		}
	}
	if g := loadVersion.FindStringSubmatch(c); g != nil {
		return Version{n(g[1]), n(g[2]), n(g[3]), n(g[4]), true}
	}
	return Version{}
}

// Compare orders two known versions: -1, 0 or 1.
func (v Version) Compare(o Version) int {
	for _, d := range [][2]int{{v.Major, o.Major}, {v.Minor, o.Minor}, {v.Patch, o.Patch}, {v.SR, o.SR}} {
		switch {
		case d[0] < d[1]:
			return -1
		case d[0] > d[1]:
			return 1
		}
	}
	return 0
}

// String is the release as Cisco writes it, 9.4(2)SR3.
func (v Version) String() string {
	if !v.Known {
		return ""
	}
	s := strconv.Itoa(v.Major) + "." + strconv.Itoa(v.Minor) + "(" + strconv.Itoa(v.Patch) + ")"
	if v.SR > 0 {
		s += "SR" + strconv.Itoa(v.SR)
	}
	return s
}
