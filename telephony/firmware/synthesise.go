package firmware

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"

	"option150/telephony/phone"
)

// Sizes are the sizes of synthetic files in bytes, by the first part of the
// name ("jar41sccp", "rootfs78xx"); files that are not named have
// SmallFile bytes.
type Sizes map[string]int

// SmallFile is the size of a synthetic component nobody gave a size.
const SmallFile = 4096

// maxSynthetic bounds one synthetic file.
const maxSynthetic = 256 << 20

// layout is how a family of images is packed. [facts/phones.md 3.1 to 3.3]
type layout struct {
	parts []string // %L load, %V version of components, %P protocol in small letters, %U in capitals
	list  func(load, version string, parts []part) []byte
	g5    bool
}

type part struct {
	name     string
	size     int
	optional bool
	sum      [32]byte
}

func (l layout) wrap(name string, payload []byte) []byte {
	if l.g5 {
		return writeG5(name, payload)
	}
	return writeSigned(name, payload)
}

// layoutOf finds the layout of a family.
func layoutOf(family string) (layout, bool) {
	third := func(n string) layout {
		return layout{parts: []string{"jar" + n + "%P.%V.sbn", "cnu" + n + ".%V.sbn", "apps" + n + ".%V.sbn", "dsp" + n + ".%V.sbn", "cvm" + n + "%P.%V.sbn"}, list: thirdList}
	}
	bins := func(n int) layout {
		l := layout{list: lfList}
		for i := 1; i <= n; i++ {
			l.parts = append(l.parts, fmt.Sprintf("%%L.bin%d.sgn", i))
		}
		return l
	}
	switch family {
	case "11", "31", "41", "42", "45", "70", "75":
		return third(family), true
	case "7960":
		return layout{parts: []string{"%L.sbn", "%L.sb2"}, list: telecasterList}, true
	case "7905", "7912":
		return layout{parts: []string{"%L.sbin"}}, true
	case "ATA":
		return layout{parts: []string{"%L.zup"}}, true
	case "7921":
		return layout{parts: wifi("TNUX", "TNUXR", "SYS", "WLAN", "APPS", "GUI"), list: wifiList}, true
	case "7925", "7926":
		return layout{parts: wifi("TNUXH", "TNUXRH", "SYSH", "WLANH", "APPSH", "GUIH", "+JSYSH", "+JUIH"), list: wifiList}, true
	case "69xx":
		return layout{parts: []string{"BOOT69xx.0-0-0-14.zz.sgn", "DSP69xx.%V.zz.sgn", "%U69xx.%V.zz.sgn"}, list: bareList}, true
	case "6901", "6911":
		return layout{parts: []string{"KNL" + family + "%U.%V.zz.sgn", "BFS" + family + "%U.%V.zz.sgn", "APP" + family + "%U.%V.zz.sgn"}, list: bareList}, true
	case "6945":
		return bins(4), true
	case "894x":
		return bins(9), true
	case "8961", "9951", "9971":
		return layout{parts: []string{"sboot" + family + ".111909R1-%V.sebn", "skern" + family + ".022809R2-%V.sebn", "dkern" + family + ".%V.sebn", "kern" + family + ".%V.sebn", "rootfs" + family + ".%V.sebn"}, list: thirdList}, true
	case "78xx":
		return layout{parts: []string{"sboot78xx.%V.sbn", "kern78xx.%V.sbn", "rootfs78xx.%V.sbn", "2sboot2.78xx.%V.sbn", "2kern2.78xx.%V.sbn", "2rootfs2.78xx.%V.sbn"}, list: g5List, g5: true}, true
	case "88xx", "8845_65":
		return layout{parts: []string{"fbi" + family + ".BE-01-010.sbn", "kern" + family + ".%V.sbn", "rootfs" + family + ".%V.sbn", "sb2" + family + ".BE-01-020.sbn", "vc4" + family + ".%V.sbn"}, list: g5List, g5: true}, true
	}
	return layout{}, false
}

func wifi(names ...string) (out []string) {
	for _, n := range names {
		out = append(out, n+"-%V.SBN")
	}
	return out
}

// FamilyOf tells the family of images from the name of a load, "" if it does
// not show.
func FamilyOf(load string) string {
	l := phone.Load(load)
	c := strings.ToUpper(l.Canonical())
	switch {
	case strings.HasPrefix(c, "P00"), strings.HasPrefix(c, "P0S3"):
		return "7960"
	case strings.HasPrefix(c, "CP79"):
		return l.Canonical()[2:6]
	case strings.HasPrefix(c, "ATA0"):
		return "ATA"
	}
	switch f := l.Family(); f {
	case "61":
		return "41"
	case "06":
		return "11"
	case "62":
		return "42"
	case "65":
		return "45"
	case "71":
		return "70"
	case "8941_8945":
		return "894x"
	default:
		return f
	}
}

// Synthesise makes all files of a load: names and containers are those of real
// firmware, the contents are pseudo-random bytes made of the file name, the
// same at every call. family "" means the one the name shows.
func Synthesise(load, family string, sizes Sizes) (map[string][]byte, error) {
	name := phone.Load(load).Canonical()
	if family == "" {
		family = FamilyOf(load)
	}
	lay, ok := layoutOf(family)
	if !ok || !validName(name) || len(name) > maxName-20 {
		return nil, fmt.Errorf("firmware: no layout for load %q of family %q", load, family)
	}
	version := ComponentVersion(load)
	files := make(map[string][]byte)
	var parts []part
	for _, p := range lay.parts {
		second, optional := strings.HasPrefix(p, "2"), strings.HasPrefix(p, "+")
		file := expand(strings.TrimLeft(p, "2+"), name, version)
		size := SmallFile
		if n, ok := sizes[stem(file)]; ok {
			size = n
		} else if n, ok := sizes[file]; ok {
			size = n
		}
		if size > maxSynthetic {
			return nil, fmt.Errorf("firmware: %s of %d bytes: %w", file, size, ErrTooLarge)
		}
		head := signedOverhead(file)
		if lay.g5 {
			head = g5Overhead(file)
		}
		files[file] = lay.wrap(file, noise(file, max(size-head, 16)))
		marked := file
		if second {
			marked = "2" + file
		}
		parts = append(parts, part{marked, len(files[file]), optional, sha256.Sum256(files[file])})
	}
	if lay.list != nil {
		list := name + ".loads"
		if strings.HasPrefix(family, "792") {
			list = name + ".LOADS"
			files[list] = lay.list(name, version, parts) // the lists of 792x are bare text
		} else {
			files[list] = lay.wrap(list, lay.list(name, version, parts))
		}
	}
	return files, nil
}

// DefaultLoad makes the list a phone asks for after a factory reset, such as
// term61.default.loads: another name for the components of a load.
func DefaultLoad(name, load string) ([]byte, error) {
	files, err := Synthesise(load, "", Sizes{})
	if err != nil {
		return nil, err
	}
	list, ok := files[phone.Load(load).Canonical()+".loads"]
	if !ok || !validName(name) {
		return nil, fmt.Errorf("firmware: load %q has no list", load)
	}
	h, err := ParseHeader(list)
	if err != nil {
		return nil, err
	}
	if h.Form == G5 {
		return writeG5(name, list[h.Length:]), nil
	}
	return writeSigned(name, list[h.Length:]), nil
}

var (
	release = regexp.MustCompile(`(\d+-\d+-\d+)`)
	known   = map[string]string{"SCCP41.9-4-2SR3-1S": "9-4-2ES26", "SCCP41.9-4-2SR1-1S": "9-4-2ES9", "SCCP41.9-4-2-1S": "9-4-2TH1-1"}
)

// ComponentVersion is the version in the names of synthetic components. As in
// real firmware it differs from that in the name of a load of the third
// generation, so that nothing can work by deriving names.
func ComponentVersion(load string) string {
	c := phone.Load(load).Canonical()
	if v, ok := known[c]; ok {
		return v
	}
	_, v, _ := strings.Cut(c, ".")
	if f := FamilyOf(load); len(f) == 2 {
		if r := release.FindString(v); r != "" {
			sum := sha256.Sum256([]byte(c))
			return fmt.Sprintf("%sES%d", r, sum[0]%30+1)
		}
	}
	if v == "" {
		return c
	}
	if strings.HasPrefix(strings.ToUpper(c), "CP792") {
		_, v, _ = strings.Cut(c, "-")
	}
	return v
}

func expand(pattern, load, version string) string {
	protocol := phone.Load(load).Protocol()
	if protocol == "" {
		protocol = "SCCP"
	}
	return strings.NewReplacer("%L", load, "%V", version, "%P", strings.ToLower(protocol), "%U", protocol).Replace(pattern)
}

// stem is the part of a name before its version.
func stem(name string) string {
	i := strings.IndexAny(name, ".-")
	if i < 0 {
		return name
	}
	return name[:i]
}

// noise is n pseudo-random bytes that begin by saying what they are.
func noise(seed string, n int) []byte {
	out := make([]byte, n)
	src := rand.NewChaCha8(sha256.Sum256([]byte("option150 synthetic firmware: " + seed)))
	_, _ = src.Read(out) // never fails
	copy(out, "SYNTHETIC\r\n")
	return out
}

// SyntheticFile puts a payload into a signed container under a name: a file
// that says what it is, with a signature of noise.
func SyntheticFile(name string, payload []byte) []byte { return writeSigned(name, payload) }
