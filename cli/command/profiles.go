package command

import (
	"cmp"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/aaa"
	"option150/telephony/cnf"
)

// profiles are `voice user-profile TAG` and `voice logout-profile TAG`: who logs
// in at phones, and what a phone has while nobody does. [Cisco Unified CME
// administrator guide: extension mobility]
func profiles() []language.Declaration {
	of := func(mode, word, help string, in func(*language.Context) *[]cnf.Profile) (section[cnf.Profile, int], []language.Declaration) {
		all := section[cnf.Profile, int]{
			list: list[cnf.Profile, int]{in: in, key: func(p *cnf.Profile) int { return p.Tag }, order: cmp.Compare[int]},
			arg:  "tag", empty: func(tag int) cnf.Profile { return cnf.Profile{Tag: tag} },
			header: func(p *cnf.Profile) string { return "voice " + word + " " + itoa(p.Tag) },
		}
		const doc = "facts/cme.md 4.2"
		at := all.at
		lines := []language.Declaration{
			pinLine(mode, doc, word == "logout-profile", func(c *language.Context) *string { return &at(c).PIN }),
			userLine(mode, doc, at),
			profileNumbers(mode, doc, at),
			profileDials(mode, doc, at),
		}
		if mode == modeUserProfile {
			lines = append(lines,
				value(mode, `max-idle-time("Log out who has not used the services of the phone") ![ <n:1-9999>("Minutes") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).MaxIdle }),
				value(mode, `dialplan("Dialplan of the person") ![ <n:1-24>("Dialplan tag") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Dialplan }))
		}
		lines = append(lines, idle(flag(mode, `privacy-button("Privacy button")`, "", doc, false, func(c *language.Context) *bool { return &at(c).PrivacyKey }), registered))
		return all, all.of(language.Declaration{Mode: language.Global, Enters: mode, Doc: doc,
			Syntax: `voice("Global voice configuration") ` + word + `("` + help + `") <tag:1-1000>("Profile tag")`}, lines...)
	}
	_, logout := of(modeLogoutProfile, "logout-profile", "What a phone has while nobody is logged in", func(c *language.Context) *[]cnf.Profile { return &c.Config.Telephony.Logouts })
	_, user := of(modeUserProfile, "user-profile", "A person who logs in at phones", func(c *language.Context) *[]cnf.Profile { return &c.Config.Telephony.Users })
	ds := append(logout, user...)
	ds = append(ds, carryWhy(modeLogoutProfile, "facts/cme.md 4.2", ofControl, `feature-button("Feature button") <rest:LINE>("Parameters")`)...)
	return append(ds, carryWhy(modeUserProfile, "facts/cme.md 4.2", ofControl, `feature-button("Feature button") <rest:LINE>("Parameters")`)...)
}

// pinLine is `pin [0|9] PIN`. It is kept as a hash: what is printed is no PIN.
func pinLine(mode, doc string, kept bool, at func(*language.Context) *string) language.Declaration {
	d := language.Declaration{
		Mode: mode, Doc: doc, Single: true,
		Syntax: `pin("Personal identification number")
			![ ( 9$type("Specifies a SCRYPT HASHED number will follow")
					<value:WORD>("The HASHED number")
					| 0$type("Specifies an UNENCRYPTED number will follow")
					<value:WORD>("Number of 4 to 8 digits")
					| <value:WORD>("Number of 4 to 8 digits") ) ]`,
		Set: func(c *language.Context) error {
			text := c.Args.String("value")
			if c.Args.String("type") == "9" {
				s, err := aaa.ParseSecret(9, text)
				if err != nil {
					return err
				}
				*at(c) = s.Value
				return nil
			}
			if len(text) < 4 || len(text) > 8 || strings.Trim(text, "0123456789") != "" {
				return language.Answer("% A PIN is 4 to 8 digits")
			}
			s, err := aaa.NewSecret(text)
			if err == nil {
				*at(c) = s.Value
			}
			return err
		},
		Unset: func(c *language.Context) error { *at(c) = ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			p := *at(viewContext(v))
			return one(p != "", "type", "9", "value", p)
		},
	}
	if kept {
		d.Idle = "it lifts a call block, which the call control keeps"
	}
	return d
}

// userLine is `user NAME password PASSWORD`.
func userLine(mode, doc string, at func(*language.Context) *cnf.Profile) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `user("What the lines register by, and a person logs in by")
			![ <user:STRING>("User name")
				password("Password of the user")
				<password:STRING>("Password") ]`,
		Set: func(c *language.Context) error {
			if u := c.Args.String("user"); len(u) > 64 || u == "" {
				return language.Answer("% A user name is up to 64 characters")
			}
			at(c).User, at(c).Password = c.Args.String("user"), c.Args.String("password")
			return nil
		},
		Unset: func(c *language.Context) error { at(c).User, at(c).Password = "", ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			p := at(viewContext(v))
			return one(p.User != "", "user", p.User, "password", p.Password)
		},
	}
}

// profileNumbers are `number N[,N...] type KIND`.
func profileNumbers(mode, doc string, at func(*language.Context) *cnf.Profile) language.Declaration {
	kinds := ""
	for i, k := range cnf.ProfileKinds() {
		if i > 0 {
			kinds += " | "
		}
		kinds += k + `$kind("Line of that ring behaviour")`
	}
	return keyed(language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `number("Directory number of the profile") <number:WORD>("Number, or numbers with commas of an overlay") ![ type("Kind of line") ( ` + kinds + ` ) ]`,
		Partly: func(_, a grammar.Args) string {
			if k := a.String("kind"); k != "normal" && k != "" {
				return k + ": the phone has the first number of it as a line, " + ofControl
			}
			return ""
		},
	}, list[cnf.ProfileNumber, string]{in: func(c *language.Context) *[]cnf.ProfileNumber { return &at(c).Numbers }, key: func(n *cnf.ProfileNumber) string { return n.Number }, most: maxProfileNumbers,
		full: "% A profile has up to 36 numbers"},
		func(a grammar.Args) (cnf.ProfileNumber, error) {
			n := cnf.ProfileNumber{Number: a.String("number"), Kind: a.String("kind")}
			list := strings.Split(n.Number, ",")
			for _, x := range list {
				if !dialable(x) || len(list) > 25 {
					return n, errNumber
				}
			}
			return n, nil
		},
		func(n cnf.ProfileNumber) grammar.Args { return args("number", n.Number, "kind", n.Kind) })
}

const maxProfileNumbers = 36

// profileDials are `speed-dial N NUMBER [label TEXT] [blf]`.
func profileDials(mode, doc string, at func(*language.Context) *cnf.Profile) language.Declaration {
	return keyed(language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `speed-dial("Speed dial of the profile")
			<n:1-36>("Speed dial index")
			![ <number:WORD>("Number")
				[ label("Text beside the button")
					<label:STRING>("Text") ]
				[ blf$blf("Show whether the other is busy") ] ]`,
	}, list[cnf.ProfileDial, int]{in: func(c *language.Context) *[]cnf.ProfileDial { return &at(c).SpeedDials }, key: func(d *cnf.ProfileDial) int { return d.Position }, order: cmp.Compare[int]},
		func(a grammar.Args) (cnf.ProfileDial, error) {
			return cnf.ProfileDial{SpeedDial: cnf.SpeedDial{Position: a.Int("n"), Number: a.String("number"), Label: a.String("label")}, BLF: a.Has("blf")}, nil
		},
		func(d cnf.ProfileDial) grammar.Args {
			a := args("n", d.Position, "number", d.Number)
			if d.Label != "" {
				a["label"] = d.Label
			}
			if d.BLF {
				a["blf"] = "blf"
			}
			return a
		})
}
