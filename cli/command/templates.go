package command

import (
	"cmp"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/sorted"
	"option150/telephony/cnf"
)

// templates are `ephone-template TAG` and `voice register template TAG`: what
// phones that name one have in common. What only a call control could use is
// kept. [Cisco Unified CME Command Reference]
func templates() []language.Declaration {
	const doc = "facts/cme.md 12"
	all := func(word string, in func(*language.Context) *[]cnf.Template) section[cnf.Template, int] {
		return section[cnf.Template, int]{
			list: list[cnf.Template, int]{in: in, key: func(t *cnf.Template) int { return t.Tag }, order: cmp.Compare[int]},
			arg:  "tag", empty: func(tag int) cnf.Template { return cnf.Template{Tag: tag} },
			header: func(t *cnf.Template) string { return word + "  " + itoa(t.Tag) },
		}
	}
	e := all("ephone-template", func(c *language.Context) *[]cnf.Template { return &c.Config.Telephony.EphoneTemplates })
	ds := e.of(language.Declaration{Mode: language.Global, Syntax: `ephone-template("Define ephone template") <tag:1-20>("Ephone template tag")`, Enters: modeEphoneTemplate, Format: twoBlanks(1), Doc: doc},
		templateLocale(modeEphoneTemplate, "user-locale", "Language of the texts", func(c *language.Context) *int { return &e.at(c).UserLocale }),
		templateLocale(modeEphoneTemplate, "network-locale", "Tones of a country", func(c *language.Context) *int { return &e.at(c).NetworkLocale }),
		phoneTypeLine(modeEphoneTemplate, doc, false, func(c *language.Context) (*string, *[]string) { t := e.at(c); return &t.Type, &t.Addons }),
		sshUser(modeEphoneTemplate, doc, func(c *language.Context) (*string, *string) { t := e.at(c); return &t.SSHUser, &t.SSHPassword }),
		servicePhone(modeEphoneTemplate, func(c *language.Context) *[]cnf.ServicePhone { return &e.at(c).ServicePhone }),
	)
	ds = append(ds, carryWhy(modeEphoneTemplate, doc, registered,
		`softkeys("Define softkey per state") <rest:LINE>("State and keys")`,
		`button-layout("Order of the buttons") <rest:LINE>("Buttons and kind")`,
		`feature-button("Feature button") <rest:LINE>("Parameters")`,
	)...)
	r := all("voice register template", func(c *language.Context) *[]cnf.Template { return &c.Config.Telephony.RegisterTemplates })
	at := r.at
	lines := []language.Declaration{
		softkeyLines(doc, at),
		layoutLines(doc, at),
		templateLocale(modeRegisterTemplate, "user-locale", "Language of the texts", func(c *language.Context) *int { return &at(c).UserLocale }),
		templateLocale(modeRegisterTemplate, "network-locale", "Tones of a country", func(c *language.Context) *int { return &at(c).NetworkLocale }),
		servicePhone(modeRegisterTemplate, func(c *language.Context) *[]cnf.ServicePhone { return &at(c).ServicePhone }),
		urlButtons(doc, at),
		urls(modeRegisterTemplate, `url("Define SIP phone URL's")
			( authentication$kind("URL that authenticates requests to the phones")
				| directory$kind("URL of the directories button")
				| service$kind("URL of the services button")
				| idle$kind("URL shown when the phone is idle") )`, doc, func(c *language.Context) *[]cnf.URL { return &at(c).URLs }),
		templateVoicemail(doc, at),
		value(modeRegisterTemplate, `session-transport("Transport of the session") ![ ( tcp$t("TCP") | udp$t("UDP") ) ]`, "t", "", doc, "", func(c *language.Context) *string { return &at(c).Transport }),
		flag(modeRegisterTemplate, `anonymous("Anonymous calls") block("Turn calls away that hide their number")`, "", doc, false, func(c *language.Context) *bool { return &at(c).AnonymousBlock }),
		flag(modeRegisterTemplate, `caller-id("Number of the phone") block("Hide it from others")`, "", doc, false, func(c *language.Context) *bool { return &at(c).CallerIDBlock }),
		onByDefault(modeRegisterTemplate, `forward("Call forwarding") local("Set on the phone")`, doc, func(c *language.Context) *bool { return &at(c).NoForwardLocal }),
		onByDefault(modeRegisterTemplate, `dnd-control("Do not disturb")`, doc, func(c *language.Context) *bool { return &at(c).NoDND }),
		onByDefault(modeRegisterTemplate, `conference("Conferences")`, doc, func(c *language.Context) *bool { return &at(c).NoConference }),
		onByDefault(modeRegisterTemplate, `transfer-attended("Transfer once the other has answered")`, doc, func(c *language.Context) *bool { return &at(c).NoTransferAttend }),
		onByDefault(modeRegisterTemplate, `transfer-blind("Transfer before the other has answered")`, doc, func(c *language.Context) *bool { return &at(c).NoTransferBlind }),
	}
	return append(ds, r.of(language.Declaration{Mode: language.Global, Syntax: registerHead + `template("Template of SIP phones") <tag:1-10>("Template tag")`, Enters: modeRegisterTemplate, Format: twoBlanks(3), Doc: doc},
		append(lines, features(modeRegisterTemplate, func(c *language.Context) *cnf.Features { return &at(c).Features })...)...)...)
}

// templateLocale is `user-locale TAG` of a template: one of the locales that the
// line of all phones defines with that tag.
func templateLocale(mode, word, help string, at func(*language.Context) *int) language.Declaration {
	return value(mode, word+`("`+help+`") ![ <tag:1-4>("Locale tag") ]`, "tag", "", "facts/cme.md 3", 0, at)
}

// softkeyLines are `softkeys STATE KEY ...`. IOS prints two blanks behind the
// state.
func softkeyLines(doc string, at func(*language.Context) *cnf.Template) language.Declaration {
	return keyed(language.Declaration{
		Mode: modeRegisterTemplate, Doc: doc,
		Syntax: `softkeys("Define softkey per state")
			( connected$state("Connected state")
				| hold$state("Hold state")
				| idle$state("Idle state")
				| remote-in-use$state("Remote in use state")
				| ringIn$state("Ring in state")
				| seized$state("Seized state") )
			![ <keys:SOFTKEY>("Softkey")+16 ]`,
		Format: func(line string) string {
			w := strings.Fields(line)
			if len(w) < 3 {
				return line
			}
			return strings.Join(w[:2], " ") + "  " + strings.Join(w[2:], " ")
		},
		Partly: func(_, a grammar.Args) string {
			if u := cnf.SoftkeyUnknown(strings.Join(grammar.List[string](a, "keys"), " ")); len(u) > 0 {
				return strings.Join(u, ", ") + ": the definition is not published, no phone is told of it"
			}
			return ""
		},
	}, list[cnf.Softkeys, string]{in: func(c *language.Context) *[]cnf.Softkeys { return &at(c).Softkeys }, key: func(s *cnf.Softkeys) string { return s.State }, order: strings.Compare},
		func(a grammar.Args) (cnf.Softkeys, error) {
			return cnf.Softkeys{State: a.String("state"), Keys: strings.Join(grammar.List[string](a, "keys"), " ")}, nil
		},
		func(s cnf.Softkeys) grammar.Args {
			return args("state", s.State, "keys", strings.Fields(s.Keys))
		})
}

// layoutLines are `button-layout FIRST[-LAST] KIND`. A later line takes its
// buttons from the ones before.
func layoutLines(doc string, at func(*language.Context) *cnf.Template) language.Declaration {
	without := func(l []cnf.Layout, first, last int) (out []cnf.Layout) {
		for _, x := range l {
			if x.First < first {
				out = append(out, cnf.Layout{First: x.First, Last: min(x.Last, first-1), Kind: x.Kind})
			}
			if x.Last > last {
				out = append(out, cnf.Layout{First: max(x.First, last+1), Last: x.Last, Kind: x.Kind})
			}
		}
		return out
	}
	return language.Declaration{
		Mode: modeRegisterTemplate, Doc: doc,
		Syntax: `button-layout("What stands at which button")
			<range:BUTTONS>("Button, or the first and the last")
			![ ( line$kind("Lines")
					| speed-dial$kind("Speed dials")
					| blf-speed-dial$kind("Speed dials that show whether the other is busy")
					| feature-button$kind("Functions")
					| service-uri$kind("Services") ) ]`,
		Set: func(c *language.Context) error {
			r := grammar.Get[[2]int](c.Args, "range")
			t := at(c)
			t.Layout = append(without(t.Layout, r[0], r[1]), cnf.Layout{First: r[0], Last: r[1], Kind: c.Args.String("kind")})
			sorted.By(t.Layout, func(a, b cnf.Layout) int { return a.First - b.First })
			return nil
		},
		Unset: func(c *language.Context) error {
			r := grammar.Get[[2]int](c.Args, "range")
			t := at(c)
			t.Layout = without(t.Layout, r[0], r[1])
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, l := range at(viewContext(v)).Layout {
				out = append(out, args("range", [2]int{l.First, l.Last}, "kind", l.Kind))
			}
			return out
		},
	}
}

// urlButtons are `url-button N URL [LABEL]`.
func urlButtons(doc string, at func(*language.Context) *cnf.Template) language.Declaration {
	return keyed(language.Declaration{
		Mode: modeRegisterTemplate, Doc: doc,
		Syntax: `url-button("Service on a line button")
			<n:1-36>("Button index")
			![ <url:URL>("URL of the service")
				[ <label:STRING>("Text beside the button") ] ]`,
	}, list[cnf.URLButton, int]{in: func(c *language.Context) *[]cnf.URLButton { return &at(c).URLButtons }, key: func(u *cnf.URLButton) int { return u.Position }, order: cmp.Compare[int]},
		func(a grammar.Args) (cnf.URLButton, error) {
			return cnf.URLButton{Position: a.Int("n"), URL: a.String("url"), Label: a.String("label")}, nil
		},
		func(u cnf.URLButton) grammar.Args {
			a := args("n", u.Position, "url", u.URL)
			if u.Label != "" {
				a["label"] = u.Label
			}
			return a
		})
}

// templateVoicemail is `voicemail NUMBER [timeout SECONDS]`.
func templateVoicemail(doc string, at func(*language.Context) *cnf.Template) language.Declaration {
	return language.Declaration{
		Mode: modeRegisterTemplate, Doc: doc,
		Syntax: `voicemail("Number of the messages button")
			![ <number:WORD>("Number")
				[ timeout("Calls nobody answers go there")
					<timeout:5-60000>("Seconds") ] ]`,
		Set: func(c *language.Context) error {
			if !dialable(c.Args.String("number")) {
				return errNumber
			}
			at(c).Voicemail, at(c).VoicemailTimeout = c.Args.String("number"), c.Args.Int("timeout")
			return nil
		},
		Unset: func(c *language.Context) error { at(c).Voicemail, at(c).VoicemailTimeout = "", 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			t := at(viewContext(v))
			if t.Voicemail == "" {
				return nil
			}
			a := args("number", t.Voicemail)
			if t.VoicemailTimeout > 0 {
				a["timeout"] = t.VoicemailTimeout
			}
			return []grammar.Args{a}
		},
		Partly: having("timeout: "+ofControl, "timeout"),
	}
}

const errNumber = language.Answer("% A number is up to 27 digits, letters and the characters + * # . A-D")

// buttonsType is a button or a range of them, 3 or 1-2.
type buttonsType struct{}

func (buttonsType) Label() string { return "WORD" }
func (buttonsType) Rank() int     { return grammar.RankWord }
func (buttonsType) Parse(s string) (any, error) {
	a, b, ranged := strings.Cut(s, "-")
	if !ranged {
		b = a
	}
	first, last := atoi(a), atoi(b)
	if first < 1 || last < first || last > maxButton || itoa(first) != a || itoa(last) != b {
		return nil, errButtons
	}
	return [2]int{first, last}, nil
}
func (buttonsType) Format(v any) string {
	r := v.([2]int)
	if r[0] == r[1] {
		return itoa(r[0])
	}
	return itoa(r[0]) + "-" + itoa(r[1])
}

const (
	maxButton  = 113
	errButtons = language.Answer("not a range of buttons")
)

// carryWhy is carryAll with the reason why the lines have no effect here.
func carryWhy(mode, doc, why string, syntaxes ...string) []language.Declaration {
	out := carryAll(mode, doc, syntaxes...)
	for i := range out {
		out[i].Idle = why
	}
	return out
}
