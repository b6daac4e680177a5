package language

import (
	"encoding/binary"
	"regexp"
	"strings"
	"unicode/utf16"
)

// fileLines splits a text that came over a terminal or from another machine:
// line ends of every kind, and what a pager and an editor of lines left behind
// is not part of it.
func fileLines(text string) []string {
	text = decoded(text)
	if strings.Contains(text, "--More--") {
		text = pagerTrace.ReplaceAllString(text, "")
	}
	if strings.Contains(text, "\x1b[") {
		text = escapes.ReplaceAllString(text, "")
	}
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(lineEnds.ReplaceAllString(text, "\n"), "\r", "\n")
	}
	return strings.Split(text, "\n")
}

var (
	// pagerTrace is the pager's prompt and how it is wiped. [facts/ios-cli.md 1.7]
	pagerTrace = regexp.MustCompile(` ?--More-- ?(\x08+ *\x08*|\r *\r)?`)
	// escapes move the cursor of a terminal and colour it. [ECMA-48 5.4]
	escapes = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]`)
	// lineEnds is one, however often it was translated on its way.
	lineEnds = regexp.MustCompile(`\r+\n`)
)

// decoded is the text of a file that editors of another system wrote in 16 bits a
// character: the mark they begin with says which half comes first. [RFC 2781 3.2]
func decoded(text string) string {
	var order binary.ByteOrder
	switch {
	case strings.HasPrefix(text, "\xff\xfe"):
		order = binary.LittleEndian
	case strings.HasPrefix(text, "\xfe\xff"):
		order = binary.BigEndian
	default:
		return strings.TrimPrefix(text, "\ufeff")
	}
	units := make([]uint16, 0, len(text)/2)
	for b := []byte(text[2:]); len(b) >= 2; b = b[2:] {
		units = append(units, order.Uint16(b))
	}
	return string(utf16.Decode(units))
}

// noisy is what stands around a configuration that was taken off a terminal.
var noisy = regexp.MustCompile(`^(Building configuration|Current configuration|Using \d+ out of|User Access Verification|Username: |Password: ?$|\*?\.?[A-Z][a-z]{2} +\d+ .*: %[A-Z])` +
	`|^(?:\d[\d-]*)?[A-Za-z][\w.-]*[#>](\s|$|[a-z])`)

// configPrompt stands before lines that were typed; the first group is the mode.
var configPrompt = regexp.MustCompile(`^(?:\d[\d-]*)?[A-Za-z][\w.-]*\(((?:config|conf|dhcp|cfg)[\w-]*)\)#`)

// What a line of a file is before it is looked at as a command.
type said int

const (
	typed  said = iota
	noise       // what stands around a configuration
	script      // a command of the session that typed it
)

// unprompted is a line without the prompt it was typed at; mode is that of the
// prompt. What is left is no prompt either, so that what is printed reads the
// same again.
func unprompted(text string) (rest, mode string, what said) {
	for m := configPrompt.FindStringSubmatch(text); m != nil; m = configPrompt.FindStringSubmatch(text) {
		text, mode = strings.TrimSpace(text[len(m[0]):]), m[1]
		if text == "" {
			return "", mode, noise
		}
	}
	if noisy.MatchString(text) {
		if _, line, ok := strings.Cut(text, "#"); ok && configures.MatchString(line) {
			return strings.TrimSpace(line), mode, script
		}
		return "", mode, noise
	}
	if scripted.MatchString(text) {
		return text, mode, script
	}
	return text, mode, typed
}

// configures opens a configuration again after `end`.
var configures = regexp.MustCompile(`(?i)^\s*conf(i|ig|igu|igur|igure)?( t(e|er|erm|ermi|ermin|termina|erminal)?)?\s*$`)

// scripted are the commands of a script that types a configuration.
var scripted = regexp.MustCompile(`(?i)^(en|ena|enab|enabl|enable|conf(i|ig|igu|igur|igure)? t(e|er|erm|ermi|ermin|ermina|erminal)?|terminal (length|width) \d+|term (len|length) \d+|wr|wri|write|wr mem|write mem(ory)?|copy run(ning-config)? start(up-config)?|reload)$`)

// skipPreamble finds where the configuration begins: text before the first
// `!` or `version` is login noise if any line of it is.
func skipPreamble(lines []string) int {
	seen := false
	for i, s := range lines {
		t := strings.TrimSpace(s)
		if t == "!" || strings.HasPrefix(t, "! ") || strings.HasPrefix(t, "version ") {
			if seen {
				return i
			}
			return 0
		}
		seen = seen || noisy.MatchString(t)
	}
	return 0
}
