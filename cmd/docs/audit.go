package main

import (
	"fmt"
	"strings"

	"option150/telephony/audit"
)

const auditHead = `# The audit

What is allowed and does not work as meant. ` + "`show provisioning audit`" + ` looks at the configuration, at ` + "`flash:`" + `, at the
sockets, the phones and leases, and asks other hosts one bounded question each: who serves files where ` + "`option 150`" + ` points, whether
the call control and the load server answer. ` + "`option150 check FILE`" + ` has the configuration alone. ` + "`load`" + `, ` + "`option 150`" + `,
` + "`ip source-address`" + ` and ` + "`create cnf-files`" + ` say one line of it as they are typed.

Each finding has a code, a severity, its section, a sentence, what was seen, and FIX: a line for the section named before the slash, or
an instruction for people. What was not looked at is said too: a finding that is not there means nothing where nobody looked.

| Code | Is about | Looks at the configuration and |
|---|---|---|
`

// auditPage is the page of the checks.
func auditPage() (string, error) {
	var w strings.Builder
	w.WriteString(generated + auditHead)
	for _, c := range audit.Checks() {
		fmt.Fprintf(&w, "| %s | %s | %s |\n", c.Code, plain(c.What), dash(c.Need))
	}
	w.WriteString(`
A01 to A29 are checks, M01 to M22 mistakes of CME configurations that none of them is about; the numbers that are missing are those of
mistakes the box makes impossible. Codes keep their meaning.

No findings are, although others call them so: a default-router that is not excluded (it is never leased), a second server in option 150
whose address is close to the call control's, a call control on another host (it is said once, as a note, until it answers). What would be
a guess is not offered as a FIX: a type, a button, a number. A type is offered when the phone itself told its model.
`)
	return w.String(), nil
}
