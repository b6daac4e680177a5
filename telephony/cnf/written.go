package cnf

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"option150/telephony/phone"
)

// inXML is what a reader of a file gets of a text: what XML cannot hold is
// replaced in it. [XML 1.0, 2.2]
func inXML(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', r >= 0x20 && r <= 0xd7ff, r >= 0xe000 && r <= 0xfffd, r >= 0x10000 && r <= 0x10ffff:
			return r
		}
		return utf8.RuneError
	}, s)
}

// asWritten is what the file of a model has of a text; size bounds it in a binary
// profile, in bytes.
func asWritten(m phone.Model, s string, size int) string {
	switch m.SIPFile {
	case phone.SIPCNF:
		return quoted(s)
	case phone.LD, phone.GK, phone.ATA:
		return atMost(oneLine(s), size)
	}
	return inXML(s)
}

// profileWord bounds names and numbers in a profile.
const profileWord = 32

// kept tells of a text that a file cannot hold as it was typed.
func (v *validator) kept(where, what, text, got, file string) {
	if got != text {
		v.add(Warning, "text", where, "%s is written as %q: the file of %s cannot hold it as it was typed", what, atMost(inXML(oneLine(got)), 64), file)
	}
}

// poolWritten are the texts of a SIP phone, its numbers and its speed dials.
func (v *validator) poolWritten(where string, m phone.Model, p *RegisterPool) {
	file := phone.Named(oneLine(m.Keyword))
	keep := func(at, what, s string) { v.kept(at, what, s, asWritten(m, s, profileWord), file) }
	for _, n := range p.Numbers {
		if i := slices.IndexFunc(v.c.DNs, func(d RegisterDN) bool { return d.Tag == n.DN }); i >= 0 {
			d := &v.c.DNs[i]
			at := "voice register dn " + strconv.Itoa(d.Tag)
			keep(at, "number", d.Number)
			keep(at, "name", d.Name)
			keep(at, "label", d.Label)
		}
	}
	if m.SIPFile == phone.SEPXML { // the others are refused, see secretFits
		keep(where, "username", p.Username)
		keep(where, "password", p.Password)
	}
	if m.SIPFile == phone.LD || m.SIPFile == phone.GK || m.SIPFile == phone.ATA {
		return // it has no speed dials, nor a label
	}
	keep(where, "description", p.Description)
	for _, s := range p.SpeedDials {
		keep(where, "a speed-dial", s.Number)
		keep(where, "the label of a speed-dial", s.Label)
	}
	for _, s := range p.BLFs {
		keep(where, "a blf-speed-dial", s.Number)
		keep(where, "the label of a blf-speed-dial", s.Label)
	}
}

// sharedWritten are the texts that all phones get, or those of a template.
func (v *validator) sharedWritten() {
	old := slices.ContainsFunc(v.c.Pools, func(p RegisterPool) bool { return v.types.model(p.Type, true).SIPFile == phone.SIPCNF })
	keep := func(at, what, s string, text bool) {
		v.kept(at, what, s, inXML(s), "phones")
		if text && old && inXML(s) == s {
			v.kept(at, what, s, quoted(s), "the 7940 and 7960")
		}
	}
	const global, service = "voice register global", "telephony-service"
	g := &v.c.Global
	keep(global, "voicemail", g.Voicemail, true)
	keep(global, "logo", g.Logo, true)
	for _, u := range g.URLs {
		keep(global, "url "+oneLine(u.Kind), u.URL, true)
	}
	for _, u := range v.c.Service.URLs {
		keep(service, "url "+oneLine(u.Kind), u.URL, false)
	}
	for _, p := range v.c.Service.ServicePhone {
		keep(service, "service phone "+oneLine(p.Name), p.Value, false)
	}
	for _, t := range v.c.EphoneTemplates {
		at := "ephone-template " + strconv.Itoa(t.Tag)
		keep(at, "ssh userid", t.SSHUser, false)
		keep(at, "the password of ssh userid", t.SSHPassword, false)
	}
	for _, t := range v.c.RegisterTemplates {
		at := "voice register template " + strconv.Itoa(t.Tag)
		keep(at, "voicemail", t.Voicemail, true)
		keep(at, "ssh userid", t.SSHUser, false)
		keep(at, "the password of ssh userid", t.SSHPassword, false)
		for _, u := range t.URLButtons {
			keep(at, "a url-button", u.URL, false)
			keep(at, "the label of a url-button", u.Label, false)
		}
		for _, b := range t.Buttons {
			keep(at, "the label of a feature-button", b.Label, false)
		}
		for _, b := range t.BLFs {
			keep(at, "a blf-speed-dial", b.Number, true)
			keep(at, "the label of a blf-speed-dial", b.Label, true)
		}
	}
}
