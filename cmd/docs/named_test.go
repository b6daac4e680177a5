package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"option150/cli/command"
	"option150/cli/grammar"
	"option150/platform/message"
	"option150/telephony/inventory"
)

// What a text names between backquotes is a command of the box, in one of its
// modes and whole or up to its arguments, unless it is one of these.
var notCommands = regexp.MustCompile(`^(` + strings.Join([]string{
	`(|.* )option150( .*|)`, `\[.*\] \w+`, `% .*`, `make .*`, `sudo .*`, `setcap .*`, `[\w./-]*/[\w./<>-]*`, `[A-Z_]+`, `%[A-Z]+-\d-[A-Z_]+`, `\[.*\]`, `[\w-]+ = .*`, `(lab|/etc|interface \S+|root \S+|startup-config cannot)\b.*: .*|startup-config cannot.*`,
	`waiting|failed|degraded|device|managed|root|nvram|flash|flash:|dhcp|hfs|owner|(flash|nvram)[:/].*|nvram/.*|startup-config`,
	`[a-z]+`, // a column, a unit, a word of a file name
}, "|") + `)$`)

// unnamed says why a text in backquotes is no command, "" if it is one.
func unnamed(b *command.Box, text string) string {
	for _, m := range command.Modes() {
		for _, line := range []string{text, strings.Split(text, " / ")[0]} {
			switch b.Language.Graph(m.Name).Match(line, 15).Kind {
			case grammar.OK, grammar.Incomplete:
				return ""
			}
		}
	}
	return "no mode takes it"
}

var backquoted = regexp.MustCompile("`([^`]+)`")

// TestMessagesNameCommands: what a message tells to type can be typed.
func TestMessagesNameCommands(t *testing.T) {
	b, err := box()
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range message.All() {
		for _, m := range backquoted.FindAllStringSubmatch(e.Text+" "+e.Explanation+" "+e.Action, -1) {
			n++
			if why := unnamed(b, m[1]); why != "" && !notCommands.MatchString(m[1]) {
				t.Errorf("%%%s: `%s`: %s", e.Tag(), m[1], why)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d commands are named by messages", n)
	}
}

// TestFailuresNameCommands is the same for the page of failures, where words
// between backquotes may be files, states and other machines' commands too.
func TestFailuresNameCommands(t *testing.T) {
	b, err := box()
	if err != nil {
		t.Fatal(err)
	}
	var named []string
	const name = "docs/failures.md"
	for _, m := range backquoted.FindAllStringSubmatch(fenced.ReplaceAllString(manual(t)[name], ""), -1) {
		if notCommands.MatchString(m[1]) {
			continue
		}
		if why := unnamed(b, m[1]); why != "" {
			t.Errorf("%s: `%s`: %s", name, m[1], why)
		}
		named = append(named, m[1])
	}
	if !slices.Contains(named, "show services") || !slices.Contains(named, "ip dhcp takeover") {
		t.Errorf("the commands of the page are not recognised: %q", named)
	}
}

var fenced = regexp.MustCompile("(?ms)^```.*?^```$")

// TestVerdictsAreListed: the manual has every code with what it says.
func TestVerdictsAreListed(t *testing.T) {
	page := manual(t)["docs/provisioning.md"]
	for _, r := range inventory.Rules() {
		if !strings.Contains(page, "| "+r.Code+" | "+r.Says+" | ") {
			t.Errorf("docs/provisioning.md: no row for %s: %s", r.Code, r.Says)
		}
	}
}
