package cnf

import (
	"slices"
	"strconv"
	"strings"

	"option150/telephony/phone"
)

// textSecret is what no password of a text file may have: the format knows no
// escape, and what is changed is no password any more.
const textSecret = "\";"

// maxProfileSecret is the longest user name and password of a 7905, 7912 or ATA.
const maxProfileSecret = 32

// poolTexts are the rules about what stands in the file of one SIP phone.
func (v *validator) poolTexts(where string, m phone.Model, p *RegisterPool) {
	if why := secretFits(m, p.Username, p.Password); why != "" {
		v.add(Refuse, "password-text", where, "%s", why)
	}
	if label, cut := phoneLabel(m, p.Description); cut && m.SIPFile != phone.LD && m.SIPFile != phone.GK && m.SIPFile != phone.ATA {
		v.add(Note, "phone-label", where, "the %s shows %q of its description at the top of its screen", m.Keyword, oneLine(label))
	}
	if m.SIPFile != phone.SEPXML {
		for _, s := range append(v.texts(p), p.Description) {
			if !ascii(s) {
				v.add(Note, "charset", where, "%q is written in UTF-8: no document says how %s reads other characters than those of ASCII", atMost(oneLine(s), 40), phone.Named(m.Keyword))
				break
			}
		}
	}
	switch d := slices.IndexFunc(v.c.Dialplans, func(d Dialplan) bool { return d.Tag == p.Dialplan }); {
	case p.Dialplan == 0, d < 0:
	case (m.SIPFile == phone.LD || m.SIPFile == phone.GK) != (v.c.Dialplans[d].Type == PlanText) && v.c.Dialplans[d].Type != "":
		v.add(Warning, "dialplan-type", where, "dialplan %d is for %s, the phone is %s: it has the default one", p.Dialplan, v.c.Dialplans[d].Type, phone.Named(m.Keyword))
	}
	for _, f := range p.Buttons {
		v.featureButton(where, f)
	}
	if p.Logout != 0 && profileOf(v.c.Logouts, p.Logout) == nil {
		v.add(Warning, "logout-profile-undefined", where, "voice logout-profile %d is not defined: until somebody logs in the phone has the numbers of its pool", p.Logout).fixIn("", "voice logout-profile %d", p.Logout)
	}
	if g := v.c.Global; (g.AuthRegister || g.AuthAll) && p.Password == "" && p.Logout == 0 {
		v.add(Warning, "no-credentials", where, "authenticate register: the phone has no username and password to register with")
	}
}

// texts are what a phone shows of its numbers.
func (v *validator) texts(p *RegisterPool) (out []string) {
	for _, n := range p.Numbers {
		if i := slices.IndexFunc(v.c.DNs, func(d RegisterDN) bool { return d.Tag == n.DN }); i >= 0 {
			out = append(out, v.c.DNs[i].Name, v.c.DNs[i].Label)
		}
	}
	for _, s := range p.SpeedDials {
		out = append(out, s.Label)
	}
	return out
}

// secretFits says why the file of a phone cannot hold a name and a password, ""
// if it can.
func secretFits(m phone.Model, user, password string) string {
	for _, s := range []struct{ what, text string }{{"username", user}, {"password", password}} {
		switch m.SIPFile {
		case phone.SIPCNF:
			if strings.ContainsAny(s.text, textSecret) || oneLine(s.text) != s.text {
				return "the " + s.what + " has a quotation mark, a semicolon or a character that is none, which the text file of " + phone.Named(m.Keyword) + " cannot hold"
			}
		case phone.LD, phone.GK, phone.ATA:
			if len(s.text) > maxProfileSecret || oneLine(s.text) != s.text {
				return "the " + s.what + " is longer than " + strconv.Itoa(maxProfileSecret) + " characters or has one that is none, which the file of " + phone.Named(m.Keyword) + " cannot hold"
			}
		}
	}
	return ""
}

// Holds says why the file of a pool cannot hold the name and password of a
// profile, "" if it can.
func (c *Config) Holds(p *RegisterPool, u *Profile) string {
	return secretFits(typesOf(c).model(p.Type, true), u.User, u.Password)
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}

func (v *validator) featureButton(where string, f FeatureButton) {
	if !FeatureKnown(f.Feature) {
		v.add(Note, "feature-button", where, "feature-button %d %s: the number phones know it by is not published, the button is left out", f.Position, oneLine(f.Feature))
	}
}

// sections are the rules about templates, dial plans, types and profiles.
func (v *validator) sections() {
	for _, d := range v.c.Dialplans {
		where := "voice register dialplan " + strconv.Itoa(d.Tag)
		switch {
		case d.Type == "":
			v.add(Warning, "dialplan-without-type", where, "has no type: no file is built").fix("type %s", PlanXML)
		case len(d.Patterns) == 0 && d.Filename == "":
			v.add(Warning, "dialplan-without-pattern", where, "has neither a pattern nor a filename: no file is built")
		case d.Type == PlanText && d.Filename != "":
			v.add(Warning, "dialplan-filename", where, "filename: the dial plan of a 7905 or 7912 is a parameter of its file, it names no other")
		}
	}
	locales := func(where string, t *Template, users, networks []Locale) {
		for _, l := range []struct {
			word string
			tag  int
			list []Locale
		}{{"user-locale", t.UserLocale, users}, {"network-locale", t.NetworkLocale, networks}} {
			if l.tag != 0 && localeByTag(l.list, l.tag) == "" {
				v.add(Warning, "locale-undefined", where, "%s %d is not defined: the phones have that of all", l.word, l.tag)
			}
		}
	}
	for i := range v.c.EphoneTemplates {
		t := &v.c.EphoneTemplates[i]
		locales("ephone-template "+strconv.Itoa(t.Tag), t, v.c.Service.UserLocales, v.c.Service.NetworkLocales)
	}
	for i := range v.c.RegisterTemplates {
		t := &v.c.RegisterTemplates[i]
		where := "voice register template " + strconv.Itoa(t.Tag)
		locales(where, t, v.c.Global.UserLocales, v.c.Global.NetworkLocales)
		for _, s := range t.Softkeys {
			if u := SoftkeyUnknown(s.Keys); len(u) > 0 {
				v.add(Note, "softkey-unknown", where, "softkeys %s %s: its definition is not published, the key is left out", s.State, oneLine(strings.Join(u, " ")))
			}
		}
		for _, f := range t.Buttons {
			v.featureButton(where, f)
		}
	}
	v.profiles()
}

// profiles are the rules about who logs in at phones.
func (v *validator) profiles() {
	users := map[string]string{}
	for _, l := range []struct {
		word string
		list []Profile
	}{{"voice user-profile ", v.c.Users}, {"voice logout-profile ", v.c.Logouts}} {
		for _, p := range l.list {
			where := l.word + strconv.Itoa(p.Tag)
			if first, dup := users[p.User]; dup && p.User != "" {
				v.add(Warning, "duplicate-user", where, "user %s is also that of %s: who logs in gets the profile that comes first", oneLine(p.User), first)
			} else {
				users[p.User] = where
			}
			if len(p.Numbers) == 0 {
				v.add(Warning, "profile-without-number", where, "has no number: the phone has no line")
			}
			if l.word == "voice user-profile " && p.PIN == "" && p.Password == "" {
				v.add(Warning, "profile-without-pin", where, "has neither a pin nor a password: nobody can log in by it")
			}
		}
	}
}
