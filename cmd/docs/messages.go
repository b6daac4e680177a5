package main

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"option150/platform/message"
	"option150/platform/sorted"
)

const messagesHead = `# Messages

What the box writes to ` + "`logging buffered`, the console, `terminal monitor`" + ` and syslog servers, in Cisco's form:

` + "```" + `
*Nov 21 12:53:29.192: %FACILITY-SEVERITY-MNEMONIC: text
` + "```" + `

Severity: 0 emergencies, 1 alerts, 2 critical, 3 errors, 4 warnings, 5 notifications, 6 informational, 7 debugging.
In the texts below *...* stands for what is filled in.
`

// messages is the page of the catalogue, by facility and mnemonic.
func messages() (string, error) {
	var w strings.Builder
	w.WriteString(generated + messagesHead)
	all := slices.Clone(message.All())
	sorted.By(all, func(a, b *message.Entry) int {
		return cmp.Or(strings.Compare(a.Facility, b.Facility), strings.Compare(a.Mnemonic, b.Mnemonic))
	})
	facility := ""
	for _, e := range all {
		if e.Facility != facility {
			facility = e.Facility
			fmt.Fprintf(&w, "\n## %s\n", facility)
		}
		fmt.Fprintf(&w, "\n### %%%s\n\n`%s`\n\n**Explanation** %s\n\n**Recommended action** %s\n", e.Tag(), filled(e), e.Explanation, e.Action)
	}
	return w.String(), nil
}

var verb = regexp.MustCompile(`%(?:%|[-+# 0]*[\d.]*[a-zA-Z])`)

// filled is the text with dots for what is filled in.
func filled(e *message.Entry) string {
	t := verb.ReplaceAllStringFunc(e.Text, func(v string) string {
		if v == "%%" {
			return "%"
		}
		return "..."
	})
	return "%" + e.Tag() + ": " + strings.ReplaceAll(t, "\n", " ")
}
