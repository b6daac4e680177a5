package command

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/sorted"
	"option150/telephony/cnf"
)

// eitherWay is a command without arguments whose default is neither it nor its `no`:
// both are printed.
func eitherWay(mode, syntax, doc string, at func(*language.Context) *string) language.Declaration {
	return language.Declaration{
		Mode: mode, Syntax: syntax, Doc: doc, Single: true,
		Set:   func(c *language.Context) error { *at(c) = cnf.On; return nil },
		Unset: func(c *language.Context) error { *at(c) = cnf.Off; return nil },
		Reset: func(c *language.Context) error { *at(c) = ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			switch *at(viewContext(v)) {
			case cnf.On:
				return []grammar.Args{{}}
			case cnf.Off:
				return []grammar.Args{{language.Negated: true}}
			}
			return nil
		},
	}
}

// onByDefault is a command without arguments that is on without a line.
func onByDefault(mode, syntax, doc string, off func(*language.Context) *bool) language.Declaration {
	return inverted(flag(mode, syntax, "", doc, false, off))
}

// features are what a pool and its template may both say. [Cisco Unified CME
// Command Reference]
func features(mode string, at func(*language.Context) *cnf.Features) []language.Declaration {
	const doc = "facts/cme.md 4.2"
	byPosition := func(p func(*cnf.Features) *[]cnf.SpeedDial) list[cnf.SpeedDial, int] {
		return list[cnf.SpeedDial, int]{in: func(c *language.Context) *[]cnf.SpeedDial { return p(at(c)) }, key: func(s *cnf.SpeedDial) int { return s.Position }, order: cmp.Compare[int]}
	}
	dial := func(a grammar.Args) (cnf.SpeedDial, error) {
		return cnf.SpeedDial{Position: a.Int("n"), Number: a.String("number"), Label: a.String("label")}, nil
	}
	shown := func(s cnf.SpeedDial) grammar.Args {
		a := args("n", s.Position, "number", s.Number)
		if s.Label != "" {
			a["label"] = s.Label
		}
		return a
	}
	return []language.Declaration{
		value(mode, `busy-trigger-per-button("Calls on a button before the next is answered busy") ![ <n:1-50>("Calls") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).BusyTrigger }),
		eitherWay(mode, `vad("Voice activity detection: silence is not sent")`, doc, func(c *language.Context) *string { return &at(c).VAD }),
		keepConference(mode, doc, func(c *language.Context) *string { return &at(c).KeepConference }),
		keyed(language.Declaration{
			Mode: mode, Doc: doc,
			Syntax: `blf-speed-dial("Speed dial that shows whether the other is busy")
				<n:1-113>("Speed dial index")
				![ <number:WORD>("Number")
					label("Text beside the button")
					<label:QUOTED>("Text")
					[ device$device("Watch the device and not the line") ] ]`,
			Partly: having(ofControl, "device"),
		}, list[cnf.BLFDial, int]{in: func(c *language.Context) *[]cnf.BLFDial { return &at(c).BLFs }, key: func(s *cnf.BLFDial) int { return s.Position }, order: cmp.Compare[int]},
			func(a grammar.Args) (cnf.BLFDial, error) {
				s, err := dial(a)
				return cnf.BLFDial{SpeedDial: s, Device: a.Has("device")}, err
			},
			func(s cnf.BLFDial) grammar.Args {
				a := shown(s.SpeedDial)
				if s.Device {
					a["device"] = "device"
				}
				return a
			}),
		keyed(language.Declaration{
			Mode: mode, Doc: doc,
			Syntax: `fastdial("Entry of the personal speed dials menu")
				<n:1-100>("Entry")
				![ <number:WORD>("Number")
					[ name("Name of the entry")
						<label:STRING>("Text") ] ]`,
		}, byPosition(func(f *cnf.Features) *[]cnf.SpeedDial { return &f.FastDials }), dial, shown),
		featureButtons(mode, doc, func(c *language.Context) *[]cnf.FeatureButton { return &at(c).Buttons }),
		sshUser(mode, doc, func(c *language.Context) (*string, *string) { return &at(c).SSHUser, &at(c).SSHPassword }),
	}
}

// keepConference is `keep-conference [drop-last] [endcall] [local-only]`.
func keepConference(mode, doc string, at func(*language.Context) *string) language.Declaration {
	words := []string{"drop-last", "endcall", "local-only"}
	d := eitherWay(mode, `keep-conference("Keep a conference when its initiator hangs up")
		[ drop-last$drop-last("Drop the party that joined last") ]
		[ endcall$endcall("End the initiator's part of it") ]
		[ local-only$local-only("Only with a party in this site") ]`, doc, at)
	d.Set = func(c *language.Context) error {
		*at(c) = cnf.On
		for _, w := range words {
			if c.Args.Has(w) {
				*at(c) += " " + w
			}
		}
		return nil
	}
	get := d.Get
	d.Get = func(v *language.View) []grammar.Args {
		f := strings.Fields(*at(viewContext(v)))
		if len(f) == 0 || f[0] != cnf.On {
			return get(v)
		}
		a := args()
		for _, w := range f[1:] {
			a[w] = w
		}
		return []grammar.Args{a}
	}
	d.Partly = having(ofControl, words...)
	return d
}

// quotedType is a text of up to the end of its quotes, printed with them.
type quotedType struct{ grammar.Type }

func (quotedType) Format(v any) string {
	return `"` + strings.ReplaceAll(fmt.Sprint(v), `"`, "'") + `"`
}
func (t quotedType) Span(tokens []string) int   { return t.Type.(grammar.Spanning).Span(tokens) }
func (t quotedType) Partial(prefix string) bool { return t.Type.(grammar.Partial).Partial(prefix) }

// featureButtons is `feature-button N FEATURE [label TEXT]`.
func featureButtons(mode, doc string, at func(*language.Context) *[]cnf.FeatureButton) language.Declaration {
	return keyed(language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `feature-button("Function on a line button")
			<n:1-36>("Button")
			![ <feature:FEATURE>("Function")
				[ label("Text beside the button")
					<label:STRING>("Text") ] ]`,
		Partly: func(_, a grammar.Args) string {
			if f := a.String("feature"); f != "" && !cnf.FeatureKnown(f) {
				return f + ": the number phones know it by is not published, the button is left out"
			}
			return ""
		},
	}, list[cnf.FeatureButton, int]{in: at, key: func(f *cnf.FeatureButton) int { return f.Position }, order: cmp.Compare[int]},
		func(a grammar.Args) (cnf.FeatureButton, error) {
			return cnf.FeatureButton{Position: a.Int("n"), Feature: a.String("feature"), Label: a.String("label")}, nil
		},
		func(f cnf.FeatureButton) grammar.Args {
			a := args("n", f.Position, "feature", f.Feature)
			if f.Label != "" {
				a["label"] = f.Label
			}
			return a
		})
}

// sshUser is `ssh userid NAME password PASSWORD`: who may come in to a phone
// whose sshAccess lets somebody in.
func sshUser(mode, doc string, at func(*language.Context) (*string, *string)) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `ssh("SSH to the phones")
			userid("Who may come in")
			![ <user:STRING>("User name")
				password("Password of the user")
				<password:STRING>("Password") ]`,
		Set: func(c *language.Context) error {
			u, p := at(c)
			*u, *p = c.Args.String("user"), c.Args.String("password")
			return nil
		},
		Unset: func(c *language.Context) error { u, p := at(c); *u, *p = "", ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			u, p := at(viewContext(v))
			return one(*u != "", "user", *u, "password", *p)
		},
	}
}

// wordType is one of some words, in any case, printed as they are here.
type wordType []string

func (wordType) Label() string       { return "WORD" }
func (wordType) Rank() int           { return grammar.RankWord }
func (wordType) Format(v any) string { return fmt.Sprint(v) }
func (t wordType) Parse(s string) (any, error) {
	for _, w := range t {
		if w == s {
			return w, nil
		}
	}
	for _, w := range t {
		if strings.EqualFold(w, s) {
			return w, nil
		}
	}
	return nil, fmt.Errorf("not one of the words: %q", s)
}
func (t wordType) List() []grammar.HelpItem {
	var out []grammar.HelpItem
	for _, w := range t {
		out = append(out, grammar.HelpItem{Name: w, Text: "Softkey"})
	}
	return out
}
func (t wordType) Complete(prefix string) []string { return startingWith(t.List(), prefix) }

// featureType is a function of a button: those with a number, and the other
// words IOS has.
type featureType struct{ wordType }

func featureWords() featureType {
	words := append(cnf.SoftkeyWords(), "Privacy", "Night-service")
	return featureType{slices.DeleteFunc(words, func(w string) bool {
		return w == "DND" || w == "iDivert" || w == "Join" || w == "Resume" || w == "Select" || w == "ConfList" || w == "Barge" || w == "cBarge" || w == "Night"
	})}
}
func (t featureType) Parse(s string) (any, error) {
	if strings.EqualFold(s, "dnd") {
		return "DnD", nil
	}
	return t.wordType.Parse(s)
}
func (t featureType) List() []grammar.HelpItem {
	out := append(t.wordType.List(), grammar.HelpItem{Name: "DnD"})
	for i := range out {
		out[i].Text = "Function of the button"
	}
	sorted.By(out, func(a, b grammar.HelpItem) int { return strings.Compare(a.Name, b.Name) })
	return out
}
func (t featureType) Complete(prefix string) []string { return startingWith(t.List(), prefix) }

// dscpType is a code point: a number, or the name RFC 2474, 2597 and 3246 give
// it.
type dscpType struct{}

var dscpNames = func() map[string]int {
	m := map[string]int{"default": 0, "ef": 46}
	for c := 1; c <= 7; c++ {
		m[fmt.Sprintf("cs%d", c)] = c << 3
	}
	for c := 1; c <= 4; c++ {
		for d := 1; d <= 3; d++ {
			m[fmt.Sprintf("af%d%d", c, d)] = c<<3 + d<<1
		}
	}
	return m
}()

func (dscpType) Label() string { return "WORD" }
func (dscpType) Rank() int     { return grammar.RankWord }
func (dscpType) Parse(s string) (any, error) {
	if n, ok := dscpNames[strings.ToLower(s)]; ok {
		return n, nil
	}
	if n := atoi(s); n > 0 && n < 64 && itoa(n) == s || s == "0" {
		return n, nil
	}
	return nil, fmt.Errorf("not a code point: %q", s)
}
func (dscpType) Format(v any) string {
	for name, n := range dscpNames {
		if n == v {
			return name
		}
	}
	return fmt.Sprint(v)
}
func (t dscpType) List() []grammar.HelpItem {
	out := []grammar.HelpItem{{Name: "<0-63>", Text: "Differentiated services codepoint value"}}
	for name := range dscpNames {
		out = append(out, grammar.HelpItem{Name: name, Text: "Match packets with this codepoint"})
	}
	sorted.By(out, func(a, b grammar.HelpItem) int { return strings.Compare(a.Name, b.Name) })
	return out
}
func (t dscpType) Complete(prefix string) []string { return startingWith(t.List(), prefix) }

// qos is `ip qos dscp VALUE {media|service|signal|video}`. IOS takes `signaling`
// and prints `signal`.
func qos(mode, head, doc string, video bool, at func(*language.Context) *cnf.QoS) language.Declaration {
	place := func(q *cnf.QoS, what string) *int {
		switch what {
		case "media":
			return &q.Media
		case "service":
			return &q.Service
		case "video":
			return &q.Video
		}
		return &q.Signal
	}
	kinds := `media$what("Voice") | service$what("Services of the phone") | signal$what("Signalling") | signaling$what("Signalling") | video$what("Video")`
	return language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: head + ` qos("Configure QoS parameters") dscp("Code point of the packets of phones")
			<dscp:DSCP>("Code point") ( ` + kinds + ` )`,
		Set: func(c *language.Context) error {
			*place(at(c), c.Args.String("what")) = c.Args.Int("dscp") + 1
			return nil
		},
		Unset: func(c *language.Context) error { *place(at(c), c.Args.String("what")) = 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, what := range []string{"media", "service", "signal", "video"} {
				if n := *place(at(viewContext(v)), what); n > 0 {
					out = append(out, args("dscp", n-1, "what", what))
				}
			}
			return out
		},
		Partly: func(_, a grammar.Args) string {
			switch what := a.String("what"); {
			case !video && (what == "media" || what == "video"):
				return registered
			case video && what == "service":
				return "SIP phones have no place for it in their files"
			}
			return ""
		},
	}
}
