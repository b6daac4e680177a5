package command

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/pfs"
)

const modePFS = "config-pfs"

// sizeType is a number of bytes, 512k or 10M.
type sizeType struct{ least, most int }

func (sizeType) Label() string { return "SIZE" }
func (sizeType) Rank() int     { return grammar.RankWord }
func (t sizeType) Parse(s string) (any, error) {
	unit, d := 1, s
	switch n := len(s); {
	case n > 1 && (s[n-1] == 'k' || s[n-1] == 'K'):
		unit, d = 1<<10, s[:n-1]
	case n > 1 && (s[n-1] == 'm' || s[n-1] == 'M'):
		unit, d = 1<<20, s[:n-1]
	}
	n, err := strconv.ParseUint(d, 10, 31)
	if err != nil || n > uint64(t.most/unit) || int(n)*unit < t.least {
		return nil, fmt.Errorf("not a size: %q", s)
	}
	return int(n) * unit, nil
}

// Format prints the largest unit that fits.
func (sizeType) Format(v any) string {
	switch n := v.(int); {
	case n%(1<<20) == 0:
		return itoa(n>>20) + "M"
	case n%(1<<10) == 0:
		return itoa(n>>10) + "k"
	default:
		return itoa(n)
	}
}

// pfsSection is `pfs`. Where to look is found without it: a line is needed for
// what cannot be known, a mirror port and whether phones may be told to log.
func pfsSection() []language.Declaration {
	const doc = "sources/002"
	at := func(c *language.Context) *pfs.Config { return &c.Config.PFS }
	name := func(s *string) string { return *s }
	interfaceLine := func(syntax string, in func(*language.Context) *[]string) language.Declaration {
		return keyed(language.Declaration{Mode: modePFS, Syntax: syntax, Doc: doc},
			list[string, string]{in: in, key: name, order: cmp.Compare[string]},
			func(a grammar.Args) (string, error) { return a.String("if"), nil },
			func(s string) grammar.Args { return args("if", s) })
	}
	observe := interfaceLine(`observe("Look at broadcasts; by default wherever phones are served")
		[ <if:IFNAME>("Look here, not wherever phones are served") ]`, func(c *language.Context) *[]string { return &at(c).Observe })
	set, unset, get := observe.Set, observe.Unset, observe.Get
	observe.Set = func(c *language.Context) error {
		at(c).Off = false
		if !c.Args.Has("if") {
			return nil
		}
		return set(c)
	}
	observe.Unset = func(c *language.Context) error {
		if !c.Args.Has("if") {
			at(c).Off, at(c).Observe = true, nil
			return nil
		}
		if !slices.Contains(at(c).Observe, c.Args.String("if")) {
			return language.Answer("% No observe line names " + c.Args.String("if") + "; without one, `observe INTERFACE` says where alone to look and `no observe` ends it")
		}
		return unset(c)
	}
	observe.Reset = func(c *language.Context) error { at(c).Off, at(c).Observe = false, nil; return nil }
	observe.Get = func(v *language.View) []grammar.Args {
		switch {
		case v.Config.PFS.Off:
			return []grammar.Args{{language.Negated: true}}
		case v.Config.PFS.Observe == nil && v.All:
			return []grammar.Args{{}}
		}
		return get(v)
	}
	form := value(modePFS, `log-server form("What the files say, with ADDRESS and PORT in it")
		![ <form:LINE>("Text, such as ADDRESS:PORT@@base=0;pfs=1") ]`, "form", "", "facts/phones.md 2.4", "", func(c *language.Context) *string { return &at(c).LogServer.Form })
	setForm := form.Set
	form.Set = func(c *language.Context) error {
		f := c.Args.String("form")
		if len(f) > pfs.MaxForm || !strings.Contains(f, pfs.FormAddress) {
			return language.Answer("% The form has up to " + itoa(pfs.MaxForm) + " characters, and the word ADDRESS among them")
		}
		return setForm(c)
	}
	return []language.Declaration{
		{
			Mode: language.Global, Syntax: `pfs("Observe Peer Firmware Sharing among phones")`, Enters: modePFS, Doc: doc,
			Set: func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				c.Config.PFS = pfs.Config{}
				c.Config.DropSection("pfs")
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				return one(!v.Config.PFS.IsDefault() || v.Config.Carries("pfs"))
			},
		},
		observe,
		interfaceLine(`mirror("Mirror (SPAN) or bridge port: shows phone-to-phone traffic") <if:IFNAME>("Interface")`,
			func(c *language.Context) *[]string { return &at(c).Mirror }),
		{
			Mode: modePFS, Doc: "facts/phones.md 2.4",
			Syntax: `log-server("Receive logs of phones; their files tell them where") [ <port:1-65535>("UDP port, by default 514") ]`,
			Set: func(c *language.Context) error {
				l := &at(c).LogServer
				l.Enabled, l.Port = true, pfs.DefaultLogPort
				if c.Args.Has("port") {
					l.Port = uint16(c.Args.Int("port"))
				}
				return nil
			},
			Unset: func(c *language.Context) error {
				l := &at(c).LogServer
				l.Enabled, l.Port = false, 0
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				l := v.Config.PFS.LogServer
				if l.Enabled && l.Port != pfs.DefaultLogPort {
					return []grammar.Args{args("port", int(l.Port))}
				}
				return one(l.Enabled)
			},
		},
		form,
		value(modePFS, `capture("Frames of phones on port 4051")
			ring("Keep the last of them, without firmware, for pfs export")
			![ <size:RINGSIZE>("Bytes, 64k to 64M") ]`, "size", "", doc, 0, func(c *language.Context) *int { return &at(c).Ring }),
	}
}
