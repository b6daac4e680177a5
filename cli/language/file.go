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
