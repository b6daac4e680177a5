package command

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/ether"
	"option150/telephony/cnf"
)

// twoBlanks prints the blanks IOS prints after the word of a section header
// and after its tag: `ephone-dn  1  dual-line`. [facts/cme.md 1, point 6]
func twoBlanks(words int) func(string) string {
	return func(line string) string {
		w := strings.Fields(line)
		if len(w) <= words {
			return line
		}
		s := strings.Join(w[:words], " ") + "  " + w[words]
		if len(w) > words+1 {
			s += "  " + strings.Join(w[words+1:], " ")
		}
		return s
	}
}

// ephoneDNs are `ephone-dn TAG`. [facts/cme.md 3]
func ephoneDNs() []language.Declaration {
	const doc = "facts/cme.md 3"
	dns := section[cnf.EphoneDN, int]{
		list: list[cnf.EphoneDN, int]{in: func(c *language.Context) *[]cnf.EphoneDN { return &c.Config.Telephony.EphoneDNs }, key: dnTag, order: cmp.Compare[int]},
		arg:  "tag", empty: func(tag int) cnf.EphoneDN { return cnf.EphoneDN{Tag: tag} }, header: dnHeader,
		more: func(d *cnf.EphoneDN, a grammar.Args) {
			if d.Line != "" {
				a["line"] = d.Line
			}
		},
	}
	at := dns.at
	ds := dns.of(
		language.Declaration{
			Mode: language.Global, Enters: modeEphoneDN, Keys: []string{"tag"}, Doc: doc, Format: twoBlanks(1), Partly: linesOfDN,
			Syntax: `ephone-dn("Configure phone DN phone lines (Directory Numbers)")
				<tag:1-1000>("dn tag")
				![ [ ( dual-line$line("Two calls on the line")
							| octo-line$line("Eight calls on the line") ) ] ]`,
			Set: func(c *language.Context) error {
				d, err := dns.enter(c)
				switch {
				case err != nil:
					return err
				case c.Args.Has("line"):
					from := dnHeader(d)
					d.Line = c.Args.String("line")
					c.Config.RenameSection(from, dnHeader(d))
				case d.Line != "":
					c.Args["line"] = d.Line // the section is entered by its full header
				}
				return nil
			},
		},
		language.Declaration{
			Mode: modeEphoneDN, Doc: doc, Partly: always(registered),
			Syntax: `number("Dn number")
				![ <number:WORD>("A sequence of digits - representing telephone number")
					[ secondary("Secondary number")
						<second:WORD>("A sequence of digits") ]
					[ no-reg$noreg("Do not register the number")
						[ ( both$which("Both numbers")
								| primary$which("Primary number") ) ] ] ]`,
			Set: func(c *language.Context) error {
				n, s := c.Args.String("number"), c.Args.String("second")
				if !dialable(n) || s != "" && !dialable(s) {
					return errNumber
				}
				d := at(c)
				d.Number, d.Secondary, d.NoReg = n, s, ""
				if c.Args.Has("noreg") {
					d.NoReg = "both"
					if c.Args.Has("which") {
						d.NoReg = c.Args.String("which")
					}
				}
				return nil
			},
			Unset: func(c *language.Context) error { d := at(c); d.Number, d.Secondary, d.NoReg = "", "", ""; return nil },
			Get: func(v *language.View) []grammar.Args {
				d := at(viewContext(v))
				if d.Number == "" {
					return nil
				}
				a := args("number", d.Number)
				if d.Secondary != "" {
					a["second"] = d.Secondary
				}
				if d.NoReg != "" {
					a["noreg"], a["which"] = "no-reg", d.NoReg
				}
				return []grammar.Args{a}
			},
		},
		partly(short(modeEphoneDN, `label("Dn label") ![ <text:LINE>("Up to 30 characters shown beside the button") ]`, 30, doc, func(c *language.Context) *string { return &at(c).Label }), always(registered)),
		idle(short(modeEphoneDN, `description("Dn desc, for DN Qualified Display Name") ![ <text:LINE>("Up to 40 characters") ]`, 40, doc, func(c *language.Context) *string { return &at(c).Description }), registered),
		idle(short(modeEphoneDN, `name("Define dn user name") ![ <text:LINE>("Up to 64 characters") ]`, 64, doc, func(c *language.Context) *string { return &at(c).Name }), registered),
	)
	ds = append(ds, alsoNo(modeEphoneDN, "facts/cme.md 3", `huntstop("Stop hunting on Dial-Peers")`,
		`huntstop("Stop hunting on Dial-Peers") channel("Stop hunting channels of this dn") [ <rest:LINE>("The last channel") ]`)...)
	return append(ds, carryWhy(modeEphoneDN, "facts/cme.md 3", registered,
		`pickup-group("Set the call pickup group number") <rest:LINE>("Number")`,
		`call-forward("Define E.164 telephone number for call forwarding") <rest:LINE>("Parameters")`,
		`intercom("Define intercom/auto-call extension number") <rest:LINE>("Number")`,
		`paging("Set audio paging mode") [ <rest:LINE>("Parameters") ]`,
		`preference("Preference for the attached dial-peer") <rest:LINE>("Preference")`,
		`allow("Permit a feature") <rest:LINE>("watch")`,
		`mwi("Set message waiting indicator options") <rest:LINE>("Parameters")`,
		`trunk("Configure the trunk DN") <rest:LINE>("Parameters")`,
		`translation-profile("Translation profile") <rest:LINE>("Parameters")`,
		`hold-alert("Set call on-hold timeout alert parameters") <rest:LINE>("Parameters")`,
		`ephone-hunt("Configure ephone hunt options") <rest:LINE>("login")`,
		`ephone-dn-template("Define ephone-dn template") <rest:LINE>("Tag")`,
		`session-server("Session server") <rest:LINE>("Tag")`,
		`corlist("Class of Restriction on dial-peer for this dn") <rest:LINE>("Parameters")`,
		`no-reg("The E.164 number of this dn not register") [ <rest:LINE>("Parameters") ]`,
		`night-service("Define night-service bell") <rest:LINE>("bell")`,
		`park-slot("Park slot") [ <rest:LINE>("Parameters") ]`,
		`caller-id("Configure port caller id parameters") <rest:LINE>("Parameters")`,
	)...)
}

func dnTag(d *cnf.EphoneDN) int { return d.Tag }

func dnHeader(d *cnf.EphoneDN) string {
	h := "ephone-dn  " + itoa(d.Tag)
	if d.Line != "" {
		h += "  " + d.Line
	}
	return h
}

// short is a text of one line with a bound.
func short(mode, syntax string, most int, doc string, at func(*language.Context) *string) language.Declaration {
	d := value(mode, syntax, "text", "", doc, "", at)
	set := d.Set
	d.Set = func(c *language.Context) error {
		if len([]rune(c.Args.String("text"))) > most {
			return language.Answer(fmt.Sprintf("%% The text is longer than %d characters", most))
		}
		return set(c)
	}
	return d
}

// dialable: digits and what Cisco allows in a directory number.
func dialable(s string) bool {
	return len(s) > 0 && len(s) <= 27 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && !letter(r) && !strings.ContainsRune("+*#.", r)
	})
}

// ephones are `ephone TAG`. [facts/cme.md 3]
func ephones() []language.Declaration {
	const doc = "facts/cme.md 3"
	all := section[cnf.Ephone, int]{
		list: list[cnf.Ephone, int]{in: func(c *language.Context) *[]cnf.Ephone { return &c.Config.Telephony.Ephones }, key: func(e *cnf.Ephone) int { return e.Tag }, order: cmp.Compare[int]},
		arg:  "tag", empty: func(tag int) cnf.Ephone { return cnf.Ephone{Tag: tag} },
		header: func(e *cnf.Ephone) string { return "ephone  " + itoa(e.Tag) },
	}
	at := all.at
	ds := all.of(
		language.Declaration{
			Mode: language.Global, Enters: modeEphone, Doc: doc, Format: twoBlanks(1),
			Syntax: `ephone("Configure Ephone") <tag:1-1000>("Ethernet phone tag")`,
		},
		value(modeEphone, `device-security-mode("Set the security mode for the device")
			![ ( none$m("SCCP non-secure")
					| authenticated$m("Authenticated")
					| encrypted$m("Encrypted") ) ]`, "m", "", doc, "", func(c *language.Context) *string { return &at(c).DeviceSecurity }),
		short(modeEphone, `description("Ephone description") ![ <text:LINE>("Up to 128 characters") ]`, 128, doc, func(c *language.Context) *string { return &at(c).Description }),
		language.Declaration{
			Mode: modeEphone, Doc: doc, Syntax: `mac-address("Define ethernet phone MAC address") ![ <mac:PHONEMAC>("Hardware address of the phone") ]`,
			Set: func(c *language.Context) (err error) {
				m, err := phoneMAC(c.Args)
				if err == nil {
					at(c).MAC = m
				}
				return err
			},
			Unset: func(c *language.Context) error { at(c).MAC = ether.MAC{}; return nil },
			Get:   func(v *language.View) []grammar.Args { m := at(viewContext(v)).MAC; return one(!m.IsZero(), "mac", m) },
		},
		idle(credentials(modeEphone, "ASTYPED", doc, func(c *language.Context) (*string, *string) { e := at(c); return &e.Username, &e.Password }), ofControl),
		idle(speedDials(modeEphone, "ASTYPED", doc, func(c *language.Context) *[]cnf.SpeedDial { return &at(c).SpeedDials }), registered),
		phoneTypeLine(modeEphone, doc, false, func(c *language.Context) (*string, *[]string) { e := at(c); return &e.Type, &e.Addons }),
		buttonLine(func(c *language.Context) *[]cnf.Button { return &at(c).Buttons }, doc),
		value(modeEphone, `ephone-template("Define ephone template tag") ![ <n:1-20>("Template tag") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Template }),
		servicePhone(modeEphone, func(c *language.Context) *[]cnf.ServicePhone { return &at(c).ServicePhone }),
	)
	return append(ds, carryWhy(modeEphone, "facts/cme.md 3", registered,
		`pin("Define 4-8 digit personal identification number") <rest:LINE>("PIN")`,
		`blf-speed-dial("Define blf speed-dial number") <rest:LINE>("Parameters")`,
		`fastdial("Define ip-phone fastdial number") <rest:LINE>("Parameters")`,
		`paging-dn("Set audio paging dn group for phone") <rest:LINE>("Tag")`,
		`codec("Set preferred codec for calls between phones here") <rest:LINE>("Codec")`,
		`auto-line("Automatically select a line to use") [ <rest:LINE>("Line") ]`,
		`max-calls-per-button("Define maximum number of calls on an octo-dn button") <rest:LINE>("Calls")`,
		`busy-trigger-per-button("Define maximum number of incoming calls on an octo-dn button") <rest:LINE>("Calls")`,
		`keep-conference("Keep a conference when its initiator hangs up") [ <rest:LINE>("Parameters") ]`,
		`video("Enable video for this phone")`,
		`conference("Configure conference options") <rest:LINE>("Parameters")`,
		`logout-profile("Configure logout profile") <rest:LINE>("Tag")`,
		`vpn-group("Define vpn-group") <rest:LINE>("Tag")`,
		`vpn-profile("Define vpn-profile") <rest:LINE>("Tag")`,
		`presence("Configure phone presence options") <rest:LINE>("call-list")`,
		`feature-button("Feature button") <rest:LINE>("Parameters")`,
		`multicast-moh("Enable multicast music on hold")`,
		`night-service("Define night-service bell") <rest:LINE>("bell")`,
		`privacy-button("Privacy button")`,
		`privacy("Privacy on shared lines") [ <rest:LINE>("on or off") ]`,
	)...)
}

// buttonLine is `button 1:1 2o3,4`: each of its words sets one button.
func buttonLine(at func(*language.Context) *[]cnf.Button, doc string) language.Declaration {
	buttons := list[cnf.Button, int]{in: at, key: func(b *cnf.Button) int { return b.Position }, order: cmp.Compare[int]}
	return language.Declaration{
		Mode: modeEphone, Doc: doc, Partly: always(registered), Syntax: `button("Define button to dn map") ![ <list:WORD>("Button and dn such as 1:1 or 2o3,4")+64 ]`,
		Format: twoBlanksAfterWord,
		Set: func(c *language.Context) error {
			var typed []cnf.Button
			for _, w := range grammar.List[string](c.Args, "list") {
				b, err := parseButton(w)
				if err != nil {
					return err
				}
				typed = append(typed, b)
			}
			for _, b := range typed {
				_ = buttons.put(c, b) // as many as there are positions
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			words := grammar.List[string](c.Args, "list")
			if len(words) == 0 {
				*at(c) = nil
			}
			for _, w := range words {
				buttons.drop(c, atoi(leadingDigits(w)))
			}
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var words []string
			for _, b := range *at(viewContext(v)) {
				words = append(words, formatButton(b))
			}
			return one(len(words) > 0, "list", words)
		},
	}
}

func twoBlanksAfterWord(line string) string {
	word, rest, ok := strings.Cut(line, " ")
	if !ok {
		return line
	}
	return word + "  " + rest
}

// separators of `button`: normal, beepless, feature ring, monitor, overlay,
// overlay with call waiting, rollover, silent, watch. [facts/cme.md 3]
const separators = ":bfmocxsw"

func leadingDigits(s string) string {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i]
}

func parseButton(w string) (cnf.Button, error) {
	bad := language.Answer("% Button " + w + " is not of the form <button><separator><dn>[,<dn>]")
	d := leadingDigits(w)
	n, err := strconv.Atoi(d)
	if err != nil || n < 1 || n > 64 || len(d) == len(w) || strings.IndexByte(separators, w[len(d)]) < 0 {
		return cnf.Button{}, bad
	}
	b := cnf.Button{Position: n, Separator: w[len(d)]}
	for _, s := range strings.Split(w[len(d)+1:], ",") {
		dn, err := strconv.Atoi(s)
		if err != nil || dn < 1 || dn > 1000 || len(b.DNs) >= 25 {
			return cnf.Button{}, bad
		}
		b.DNs = append(b.DNs, dn)
	}
	return b, nil
}

func formatButton(b cnf.Button) string {
	var dns []string
	for _, d := range b.DNs {
		dns = append(dns, itoa(d))
	}
	return itoa(b.Position) + string(b.Separator) + strings.Join(dns, ",")
}

// credentials is `username U password P`. Where it is only kept it is printed as
// it came, with its quotes.
func credentials(mode, text, doc string, at func(*language.Context) (*string, *string)) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `username("Define the user of this phone")
			![ <user:` + text + `>("User name")
				[ password("Define the password")
					<password:` + text + `>("Password") ] ]`,
		Set: func(c *language.Context) error {
			u, p := at(c)
			*u, *p = c.Args.String("user"), c.Args.String("password")
			return nil
		},
		Unset: func(c *language.Context) error { u, p := at(c); *u, *p = "", ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			u, p := at(viewContext(v))
			if *u == "" {
				return nil
			}
			a := args("user", *u)
			if *p != "" {
				a["password"] = *p
			}
			return []grammar.Args{a}
		},
	}
}

// speedDials is `speed-dial N NUMBER [label TEXT]`.
func speedDials(mode, text, doc string, at func(*language.Context) *[]cnf.SpeedDial) language.Declaration {
	return keyed(language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `speed-dial("Define ip-phone speed-dial number")
			<n:1-100>("Speed dial button")
			![ <number:WORD>("Number")
				[ label("Text beside the button")
					<label:` + text + `>("Text") ] ]`,
	}, list[cnf.SpeedDial, int]{in: at, key: func(s *cnf.SpeedDial) int { return s.Position }, order: cmp.Compare[int]},
		func(a grammar.Args) (cnf.SpeedDial, error) {
			return cnf.SpeedDial{Position: a.Int("n"), Number: a.String("number"), Label: a.String("label")}, nil
		},
		func(s cnf.SpeedDial) grammar.Args {
			a := args("n", s.Position, "number", s.Number)
			if s.Label != "" {
				a["label"] = s.Label
			}
			return a
		})
}

// phoneTypeLine is `type TYPE [addon 1 MODULE [2 MODULE ...]]`.
func phoneTypeLine(mode, doc string, sip bool, at func(*language.Context) (*string, *[]string)) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc, Knows: knownType(sip),
		Syntax: `type("Define ip-phone type")
			![ <type:TYPE>("Type of phone")
				[ addon("Expansion modules")
					1("First module")
					<a1:WORD>("Module")
					[ 2("Second module")
						<a2:WORD>("Module")
						[ 3("Third module")
							<a3:WORD>("Module") ] ] ] ]`,
		Set: func(c *language.Context) error {
			if err := typeKnown(c.Config, c.Args.String("type"), sip); err != nil {
				return err
			}
			t, addons := at(c)
			*t, *addons = typeSpelling(c.Config, c.Args.String("type"), sip), nil
			for _, k := range []string{"a1", "a2", "a3"} {
				if c.Args.Has(k) {
					*addons = append(*addons, c.Args.String(k))
				}
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			t, addons := at(c)
			*t, *addons = "", nil
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			t, addons := at(viewContext(v))
			if *t == "" {
				return nil
			}
			a := args("type", *t)
			for i, m := range *addons {
				a["a"+itoa(i+1)] = m
			}
			return []grammar.Args{a}
		},
	}
}
