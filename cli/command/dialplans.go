package command

import (
	"cmp"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/telephony/cnf"
)

// dialplans are `voice register dialplan TAG`. [Cisco Unified CME Command
// Reference: type, pattern and filename (voice register dialplan)]
func dialplans() []language.Declaration {
	const doc = "facts/cme.md 4.2"
	all := section[cnf.Dialplan, int]{
		list: list[cnf.Dialplan, int]{in: func(c *language.Context) *[]cnf.Dialplan { return &c.Config.Telephony.Dialplans }, key: func(d *cnf.Dialplan) int { return d.Tag }, order: cmp.Compare[int]},
		arg:  "tag", empty: func(tag int) cnf.Dialplan { return cnf.Dialplan{Tag: tag} },
		header: func(d *cnf.Dialplan) string { return "voice register dialplan  " + itoa(d.Tag) },
	}
	at := all.at
	return all.of(
		language.Declaration{
			Mode: language.Global, Enters: modeDialplan, Doc: doc, Format: twoBlanks(3),
			Syntax: registerHead + `dialplan("Dial plan of SIP phones") <tag:1-24>("Dialplan tag")`,
		},
		value(modeDialplan, `type("Phones the dial plan is for")
			![ ( 7905-7912$t("Cisco IP Phone 7905 and 7912")
					| 7940-7960-others$t("Cisco IP Phone 7940, 7960 and all others") ) ]`, "t", "", doc, "", func(c *language.Context) *string { return &at(c).Type }),
		keyed(language.Declaration{
			Mode: modeDialplan, Doc: doc,
			Syntax: `pattern("Digits that make a number complete")
				<n:1-24>("Pattern tag")
				![ <digits:WORD>("Digits, . for any of them, * for any number of them")
					[ button("Only on one button")
						<button:1-36>("Button") ]
					[ timeout("Wait for more digits")
						<timeout:0-30>("Seconds") ]
					[ user("How the number stands in the address that is called")
						( ip$user("As an IP address") | phone$user("As a telephone number") ) ] ]`,
		}, list[cnf.DialPattern, int]{in: func(c *language.Context) *[]cnf.DialPattern { return &at(c).Patterns }, key: func(p *cnf.DialPattern) int { return p.Position }, order: cmp.Compare[int]},
			func(a grammar.Args) (cnf.DialPattern, error) {
				p := cnf.DialPattern{Position: a.Int("n"), Digits: a.String("digits"), Button: a.Int("button"), User: a.String("user")}
				if a.Has("timeout") {
					p.Timeout = a.Int("timeout") + 1
				}
				if a.Has("digits") && !cnf.DialDigits(p.Digits) {
					return p, language.Answer(`% A pattern is up to 64 of the digits, A to D, # . * \* , + % ^ and a T at its end`)
				}
				return p, nil
			},
			func(p cnf.DialPattern) grammar.Args {
				a := args("n", p.Position, "digits", p.Digits)
				if p.Button > 0 {
					a["button"] = p.Button
				}
				if p.Timeout > 0 {
					a["timeout"] = p.Timeout - 1
				}
				if p.User != "" {
					a["user"] = p.User
				}
				return a
			}),
		value(modeDialplan, `filename("A dial plan of your own in flash:") ![ <name:WORD>("Name of the file") ]`, "name", "", doc, "", func(c *language.Context) *string { return &at(c).Filename }),
	)
}
