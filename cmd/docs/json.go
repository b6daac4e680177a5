package main

import (
	"fmt"
	"strings"

	"option150/cli/language"
)

const jsonHead = `# JSON

` + "`| json`" + ` behind a command that prints a table gives that table to programs:

` + "```console" + `
Router#show ip interface brief | json
[
  {"interface": "GigabitEthernet0/0", "ip_address": "10.150.0.1", "ok": "YES", "method": "manual", "status": "up", "protocol": "up"}
]
` + "```" + `

What can be relied on:

* One array of objects, an object a line, for each row one. Without a row it is ` + "`[]`" + `.
* Keys are the heads of the columns in snake case; columns without a head have a name in the same way. They are below, in their order, and every
  object has all keys of its table. Keys may be added, behind or between these; none is renamed or taken away.
* Every value is a string, as the text has it without the blanks around it, and whole: not cut for its column, not wrapped, and not left out
  because it stands in the row above.
* What the text says once above a table is in each of its objects. Other text around tables (counts, notes, what was not looked at) is left out.
* A command with several tables gives them one after the other. Their keys tell them apart.
* One more filter may follow, ` + "`show phones | json | include R07`" + `; it gets the lines of the array. ` + "`| json | redirect flash:phones.json`" + ` and ` + "`tee`" + `, ` + "`append`" + ` write
  the array to a file.
* A command, or a form of one, that prints no table answers ` + "`% The output of this command is no table`" + `, which is no JSON, and writes no file. So does a
  command that fails: its own answer stands there, as without ` + "`| json`" + `.

The columns are declared once for text and JSON; these lists are made of those declarations.
`

// jsonPage is the page of the tables of show commands.
func jsonPage() (string, error) {
	b, err := box()
	if err != nil {
		return "", err
	}
	var w strings.Builder
	w.WriteString(generated + jsonHead)
	for _, d := range b.Language.Declarations(language.Exec) {
		if len(d.Tables) == 0 {
			continue
		}
		fmt.Fprintf(&w, "\n- `%s`\n", d.Usage())
		for _, l := range d.Tables {
			fmt.Fprintf(&w, "  <br>`%s`\n", strings.Join(l.Keys(), "`, `"))
		}
	}
	return w.String(), nil
}
