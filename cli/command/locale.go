package command

import (
	"cmp"
	"slices"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/telephony/cnf"
)

// locale is `user-locale` and `network-locale`: without a tag the locale of all
// phones, with one of 1 to 4 a locale that a template gives to some.
func locale(mode, word, help, doc string, at func(*language.Context) *[]cnf.Locale) language.Declaration {
	const what = `[ ( U1$user("User defined locale 1")
				| U2$user("User defined locale 2")
				| U3$user("User defined locale 3")
				| U4$user("User defined locale 4")
				| U5$user("User defined locale 5") ) ]
		<cc:LOCALE>("Country code")
		[ load("Install the locale from an archive")
			<load:WORD>("Name of the archive") ]`
	return keyed(language.Declaration{
		Mode: mode, Doc: doc, Partly: localeIdle,
		Syntax: word + `("` + help + `") ![ ( <tag:0-4>("Locale tag") ![ ` + what + ` ] | ` + what + ` ) ]`,
	}, list[cnf.Locale, int]{in: at, key: func(l *cnf.Locale) int { return l.Tag }, order: cmp.Compare[int]},
		func(a grammar.Args) (cnf.Locale, error) {
			return cnf.Locale{Tag: a.Int("tag"), User: a.String("user"), Code: a.String("cc"), Load: a.String("load")}, nil
		},
		func(l cnf.Locale) grammar.Args {
			a := args("cc", l.Code, "user", l.User, "load", l.Load)
			if l.Tag != 0 {
				a["tag"] = l.Tag
			}
			return a
		})
}

// localeIdle says what of a locale has no effect.
func localeIdle(_, a grammar.Args) string {
	switch {
	case a.Has("load"):
		return "load: the line says which language the archive is of, `archive import` installs it"
	}
	return ""
}

// autoAssign is `auto assign FIRST to LAST [type TYPE] [cfw NUMBER timeout N]`.
// `no auto assign` alone takes all of them away.
func autoAssign(doc string, at func(*language.Context) *[]cnf.AutoAssign) language.Declaration {
	d := keyed(language.Declaration{
		Mode: modeTelephony, Doc: doc, Knows: knownType(false), Partly: having("the call control forwards calls", "cfw"),
		Syntax: `auto("Define dn range for auto assignment")
			assign("Define dn range for auto assignment")
			![ <first:1-1000>("Start of dn range")
				to("End of dn range")
				<last:1-1000>("End of dn range")
				[ type("Phone type")
					<type:TYPE>("Phone type") ]
				[ cfw("Call forward busy and no answer")
					<cfw:WORD>("Number")
					timeout("Seconds before a call is forwarded")
					<timeout:3-60000>("Seconds") ] ]`,
	}, list[cnf.AutoAssign, [2]int]{in: at, key: func(a *cnf.AutoAssign) [2]int { return [2]int{a.First, a.Last} },
		order: func(a, b [2]int) int { return cmp.Or(a[0]-b[0], a[1]-b[1]) }},
		func(a grammar.Args) (cnf.AutoAssign, error) {
			r := cnf.AutoAssign{First: a.Int("first"), Last: a.Int("last"), Type: a.String("type"), Forward: a.String("cfw"), Timeout: a.Int("timeout")}
			switch {
			case r.Last < r.First:
				return r, language.Answer("% End of the range must not be below its start")
			case r.Forward != "" && !dialable(r.Forward):
				return r, language.Answer("% " + r.Forward + " is no number")
			}
			return r, nil
		},
		func(r cnf.AutoAssign) grammar.Args {
			a := args("first", r.First, "last", r.Last, "type", r.Type)
			if r.Forward != "" {
				a["cfw"], a["timeout"] = r.Forward, r.Timeout
			}
			return a
		})
	set, one := d.Set, d.Unset
	d.Set = func(c *language.Context) error {
		if err := typeKnown(c.Config, c.Args.String("type"), false); err != nil {
			return err
		}
		return set(c)
	}
	d.Unset = func(c *language.Context) error {
		if c.Args.Has("first") {
			return one(c)
		}
		*at(c) = slices.DeleteFunc(*at(c), func(cnf.AutoAssign) bool { return true })
		return nil
	}
	return d
}
