package firmware

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// The texts of synthetic lists, with the peculiarities of real ones that a
// parser has to survive. [facts/phones.md 3.1]

// thirdList: CRLF, comments, a name with a trailing blank.
func thirdList(_, version string, parts []part) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "# RELEASE load version %s\r\n\r\n#HARDWARE_COMP_1 15\r\n", version)
	for _, p := range parts {
		b.WriteString(p.name)
		if strings.HasPrefix(p.name, "dsp") {
			b.WriteByte(' ')
		}
		b.WriteString("\r\n")
	}
	return []byte(b.String())
}

// telecasterList: LF, and a line that is not a file.
func telecasterList(_, _ string, parts []part) []byte {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.name + "\n")
	}
	b.WriteString("LA_VERSION=PAS30831\n")
	return []byte(b.String())
}

// wifiList: requirements, sizes and digests, conditional extras.
func wifiList(_, _ string, parts []part) []byte {
	var b strings.Builder
	b.WriteString("#? HW_REV 0-4.*\n#? SW_CAP EAP-TLS\n")
	for _, p := range parts {
		if p.optional {
			b.WriteString("#+ ")
		}
		fmt.Fprintf(&b, "%s  %d  %s\n", p.name, p.size, hex.EncodeToString(p.sum[:16]))
	}
	return []byte(b.String())
}

// bareList: CRLF without an end of the last line.
func bareList(_, _ string, parts []part) []byte {
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	return []byte(strings.Join(names, "\r\n"))
}

// lfList: LF.
func lfList(_, _ string, parts []part) []byte {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.name + "\n")
	}
	return []byte(b.String())
}

// g5List: the INI of the 78xx and 88xx; names marked with a 2 are those of the
// second platform.
func g5List(load, _ string, parts []part) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "[CISCO-ID]\nversion=1\nhwcompat=1\nswcompat=1\ntransition=0\nloadversion=%s\n", load)
	for i, mark := range []string{"", "2"} {
		open := false
		for _, p := range parts {
			name, second := strings.CutPrefix(p.name, "2")
			if second != (mark == "2") {
				continue
			}
			if !open {
				fmt.Fprintf(&b, "\n[PLATFORM_%d]\n", i+1)
				open = true
			}
			fmt.Fprintf(&b, "%s=%s size=%d\n", strings.TrimRight(stem(name), "0123456789x_"), name, p.size)
		}
	}
	return []byte(b.String())
}
