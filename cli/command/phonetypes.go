package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"option150/cli/grammar"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// phoneArguments are the arguments whose values are tables of phones: help
// lists what the box knows.
func phoneArguments() grammar.Types {
	return grammar.Types{
		"TYPE":    phoneType{sync.OnceValue(phoneTypes), true},
		"MODEL":   phoneType{sync.OnceValue(phoneTypes), false},
		"LOADKEY": phoneType{sync.OnceValue(loadKeys), false},
		"OWNLOAD": phoneType{sync.OnceValue(loadKeys), true},
		"OWNTYPE": ownType{},
		"SOFTKEY": wordType(cnf.SoftkeyWords()),
		"FEATURE": featureWords(),
		"DSCP":    dscpType{},
		"BUTTONS": buttonsType{},
		"ZONE":    zoneType{grammar.Number(1, int64(len(phone.Zones())))},
		"LOCALE":  localeType{},
	}
}

// phoneType is a keyword of the model table: the types of phones, or the keys
// of `load`, where several types share one (7960-7940). own also takes the name of
// a type the owner may have defined: the line then looks whether he has.
type phoneType struct {
	items func() []grammar.HelpItem
	own   bool
}

func (phoneType) Label() string              { return "WORD" }
func (phoneType) Rank() int                  { return grammar.RankWord }
func (phoneType) Format(v any) string        { return fmt.Sprint(v) }
func (t phoneType) List() []grammar.HelpItem { return slices.Clone(t.items()) }
func (t phoneType) Complete(prefix string) []string {
	return startingWith(t.items(), prefix)
}
func (t phoneType) Parse(s string) (any, error) {
	for _, k := range t.items() {
		if strings.EqualFold(k.Name, s) {
			return k.Name, nil // in the spelling of the table
		}
	}
	if t.own {
		return ownType{}.Parse(s)
	}
	return nil, fmt.Errorf("unknown phone type %q", s)
}

// startingWith are the items that begin with what is typed.
func startingWith(items []grammar.HelpItem, prefix string) []string {
	var out []string
	for _, i := range items {
		if strings.HasPrefix(i.Name, prefix) {
			out = append(out, i.Name)
		}
	}
	return out
}

func phoneTypes() []grammar.HelpItem {
	var out []grammar.HelpItem
	for _, k := range merge(phone.Types(false), phone.Types(true)) {
		out = append(out, grammar.HelpItem{Name: k, Text: modelText(k)})
	}
	return out
}

// loadKeys are the keys and the types, each with what it stands for.
func loadKeys() []grammar.HelpItem {
	var out []grammar.HelpItem
	for _, k := range merge(phone.LoadKeys(false), phone.LoadKeys(true), phone.Types(false), phone.Types(true)) {
		text := modelText(k)
		if text == "" {
			text = "Phones that share this firmware"
		}
		out = append(out, grammar.HelpItem{Name: k, Text: text})
	}
	return out
}

func modelText(keyword string) string {
	m, ok := phone.Lookup(keyword)
	if !ok {
		return ""
	}
	return m.Name
}

func merge(lists ...[]string) []string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// zoneType is the number of a time zone of phones.
type zoneType struct{ grammar.Type }

func (t zoneType) Complete(prefix string) []string { return startingWith(t.List(), prefix) }
func (zoneType) List() []grammar.HelpItem {
	var out []grammar.HelpItem
	for _, z := range phone.Zones() {
		out = append(out, grammar.HelpItem{Name: strconv.Itoa(z.ID), Text: z.XMLName()})
	}
	return out
}

// localeType is a country code. One that is in no table is taken as well: it
// may be of a locale the owner installed, and the audit says what happens.
type localeType struct{}

func (localeType) Label() string                     { return "WORD" }
func (localeType) Rank() int                         { return grammar.RankWord }
func (localeType) Format(v any) string               { return fmt.Sprint(v) }
func (t localeType) Complete(prefix string) []string { return startingWith(t.List(), prefix) }
func (localeType) Parse(s string) (any, error) {
	if l, ok := phone.LocaleByCode(s); ok && s != "" {
		return l.Code, nil
	}
	if len(s) == 0 || len(s) > 8 || strings.ContainsFunc(s, func(r rune) bool { return !letter(r) && (r < '0' || r > '9') }) {
		return nil, fmt.Errorf("not a country code: %q", s)
	}
	return s, nil
}
func (localeType) List() []grammar.HelpItem {
	var out []grammar.HelpItem
	for _, l := range phone.Locales() {
		if n := len(out); n > 0 && out[n-1].Name == l.Code {
			continue // the other language of a country
		}
		out = append(out, grammar.HelpItem{Name: l.Code, Text: strings.ReplaceAll(l.Name, "_", " ")})
	}
	return out
}
