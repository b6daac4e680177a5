package language

import (
	"regexp"
	"strings"
)

// fileLines splits a text that came over a terminal: carriage returns and what
// a pager left behind are not part of it.
func fileLines(text string) []string {
	text = strings.ReplaceAll(text, "\r", "")
	if strings.Contains(text, "--More--") {
		text = pagerTrace.ReplaceAllString(text, "")
	}
	return strings.Split(text, "\n")
}

// pagerTrace is the pager's prompt and how it is wiped. [facts/ios-cli.md 1.7]
var pagerTrace = regexp.MustCompile(` ?--More-- ?(\x08+ *\x08*)?`)

// noise is what stands around a configuration that was taken off a terminal.
var noise = regexp.MustCompile(`^(Building configuration|Current configuration|Using \d+ out of|User Access Verification|Username: |Password: ?$|\*?\.?[A-Z][a-z]{2} +\d+ .*: %[A-Z])` +
	`|^(?:\d[\d-]*)?[A-Za-z][\w.-]*[#>](\s|$|[a-z])`)

// configPrompt stands before lines that were typed.
var configPrompt = regexp.MustCompile(`^(?:\d[\d-]*)?[A-Za-z][\w.-]*\((config|conf|dhcp|cfg)[\w-]*\)#`)

// unprompted is a line without the prompt it was typed at, "" for noise. What is
// left is no prompt either, so that what is printed reads the same again.
func unprompted(text string) string {
	for p := configPrompt.FindString(text); p != ""; p = configPrompt.FindString(text) {
		text = strings.TrimSpace(text[len(p):])
	}
	if noise.MatchString(text) {
		return ""
	}
	return text
}

// skipPreamble finds where the configuration begins: text before the first
// `!` or `version` is login noise if any line of it is.
func skipPreamble(lines []string) int {
	noisy := false
	for i, s := range lines {
		t := strings.TrimSpace(s)
		if t == "!" || strings.HasPrefix(t, "! ") || strings.HasPrefix(t, "version ") {
			if noisy {
				return i
			}
			return 0
		}
		noisy = noisy || noise.MatchString(t)
	}
	return 0
}

// layout looks at the indentation of a file. margin is what every line has: the
// text was pasted somewhere before. In an indented file a line at the margin is
// a top-level line; in a flat one it belongs to the section before it if it fits
// there.
func layout(lines []string) (margin int, indented bool) {
	margin = -1
	deepest := 0
	for i := 0; i < len(lines); i++ {
		t := strings.TrimSpace(lines[i])
		if t == "" || t[0] == '!' {
			continue
		}
		n := len(lines[i]) - len(strings.TrimLeft(lines[i], " \t"))
		if margin < 0 || n < margin {
			margin = n
		}
		deepest = max(deepest, n)
		if _, rest, ok := BannerLine(t); ok {
			_, more := bannerText(rest, lines[i+1:])
			i += more
		}
	}
	margin = max(margin, 0)
	return margin, deepest > margin
}

func cutMargin(s string, n int) string {
	for n > 0 && s != "" && s[0] == ' ' {
		s, n = s[1:], n-1
	}
	return s
}
