package simphone

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"option150/telephony/phone"
)

// signed adds .sgn when the phone has a trust list: from then on every name
// carries it, but for the dial rules. [facts/phones.md 1.6]
func signed(name string, trust bool) string {
	if trust && name != "AppDialRules.xml" {
		return name + ".sgn"
	}
	return name
}

// trustFiles asks for the trust lists and reports whether names are signed
// from now on. ITLFile.tlv is asked for only when ITLSEP is not there; the
// 7940 and 7960 know the CTL file alone, and no list at all before they check
// signatures; nor does a 7905. [facts/phones.md 1.6]
func (p *Phone) trustFiles(ctx context.Context) (trust, silence bool, err error) {
	dev := p.spec.MAC.Device()
	names := []string{"CTL" + dev + ".tlv", "ITL" + dev + ".tlv", "ITLFile.tlv"}
	switch {
	case p.n.profiled(), p.unsigned():
		return false, false, nil
	case p.n.model.DefaultFileOnly: // older than trust lists: 7935, 7936
		return false, false, nil
	case p.n.model.Generation == "G2":
		names = names[:1]
	}
	for range p.spec.Faults.Hunts {
		a, err := p.ask(ctx, names[0])
		if err != nil {
			return false, false, err
		}
		if a.status == got || a.result == "200" || a.result == Done { // any file ends it, an empty one too
			break
		}
	}
	for i, name := range names {
		a, err := p.ask(ctx, name)
		if err != nil || (a.status == silent && i == 0) {
			return false, err == nil, err
		}
		if a.status != got {
			continue
		}
		if p.spec.ForeignTrust {
			p.log(Step{Kind: Trust, Name: name, Result: "authentication failed"})
		} else {
			p.log(Step{Kind: Trust, Name: name, Result: "taken"})
			trust = true
		}
		if i == 1 {
			break
		}
	}
	return trust || p.spec.ForeignTrust, false, nil
}

// configNames are the configuration files in the order of the hunt; the first
// that is there decides. Guides of the 7800 and 8800 spell the default file
// XmlDefault.cnf.xml; a 7905 writes its address in small letters. [facts/phones.md 1.6]
func (p *Phone) configNames() []string {
	dev, mac := p.spec.MAC.Device(), p.spec.MAC.Hex()
	if p.n.profiled() {
		dev = "SEP" + strings.ToLower(mac)
	}
	switch g := p.n.model.Generation; {
	case g == "G2" && !p.n.profiled() && !p.unsigned():
		return []string{dev + ".cnf.xml", "SIP" + mac + ".cnf", "XMLDefault.cnf.xml", "SIPDefault.cnf"}
	case g == "G5", p.modern():
		return []string{dev + ".cnf.xml", "XmlDefault.cnf.xml"}
	}
	return []string{dev + ".cnf.xml", "XMLDefault.cnf.xml"}
}

// errSilent is a file server that answered before and does not any more.
var errSilent = errors.New("file server silent")

// configuration asks for the configuration. name is "" when there is none.
func (p *Phone) configuration(ctx context.Context, trust bool) (s Settings, name, why string, err error) {
	switch {
	case p.n.profiled() && p.n.proto == SIP:
		return p.profile(ctx)
	case p.n.model.Generation == "G2" && p.n.proto == SIP && strings.HasPrefix(p.load, "P0S3"):
		return p.textConfiguration(ctx)
	}
	why = "neither " + strings.Join(p.configNames(), " nor ")
	for _, n := range p.configNames() {
		n = signed(n, trust)
		a, err := p.ask(ctx, n)
		switch {
		case err != nil:
			return s, "", "", err
		case a.status == silent:
			return s, "", "", errSilent // says nothing about the file
		case a.status != got:
			continue
		}
		s, err = p.readConfig(n, a.data, trust)
		if err != nil {
			// A file that is not taken is as one that is not there: the
			// phone goes on to the default. [facts/diagnosis.md R16]
			why = n + ": " + err.Error()
			p.log(Step{Kind: Config, Name: n, Result: err.Error()})
			continue
		}
		p.log(Step{Kind: Config, Name: n, Result: "taken, version " + s.VersionStamp})
		return s, n, "", p.pause(ctx, p.n.parseTime())
	}
	return s, "", why, nil
}

func (p *Phone) readConfig(name string, data []byte, trust bool) (Settings, error) {
	if trust {
		if p.spec.ForeignTrust {
			return Settings{}, errUntrusted
		}
		body, err := p.o.Images.Unwrap(name, data)
		if err != nil {
			return Settings{}, err
		}
		data = body
	}
	if strings.HasSuffix(name, ".cnf") {
		var s Settings
		return s, s.parseText(data)
	}
	s, err := parseXML(data, p.n.model.ID)
	if err == nil && p.spec.Faults.Picky && strings.HasPrefix(name, "SEP") && phone.Load(s.Load).Family() != p.n.model.Images {
		return Settings{}, fmt.Errorf("%w: of another model", errConfig)
	}
	return s, err
}

// textConfiguration is the boot of a SIP image on a 7940 or 7960: the default
// file first, then the one of the device, which overrides it. [facts/phones.md 1.6]
func (p *Phone) textConfiguration(ctx context.Context) (s Settings, name, why string, err error) {
	for _, n := range []string{"SIPDefault.cnf", "SIP" + p.spec.MAC.Hex() + ".cnf"} {
		a, err := p.ask(ctx, n)
		if err != nil {
			return s, "", "", err
		}
		if a.status != got {
			continue
		}
		if err := s.parseText(a.data); err != nil {
			p.log(Step{Kind: Config, Name: n, Result: err.Error()})
			continue
		}
		p.log(Step{Kind: Config, Name: n, Result: "taken"})
		name = n
	}
	return s, name, "neither SIPDefault.cnf nor SIP" + p.spec.MAC.Hex() + ".cnf", nil
}

// furtherFiles are the files a phone asks for once its load is the wanted
// one. What is missing of them stops no phone. [facts/phones.md 1.6]
func (p *Phone) furtherFiles(s Settings) []string {
	m := p.n.model
	jar, tones := m.LocaleFiles(p.n.proto == SIP)
	if m.Jar == "" && m.Generation != "G2" && m.Generation != "ATA" {
		tones = "" // which files it asks for in a language is not known
	}
	if p.n.profiled() && p.n.proto == SIP {
		return nil
	}
	if m.Generation == "G2" {
		switch {
		case p.n.proto == SIP:
			plan := strings.TrimSuffix(s.DialTemplate, ".xml")
			if plan == "" {
				plan = "dialplan"
			}
			return []string{"RINGLIST.DAT", plan + ".xml"}
		}
		return localeFiles(s.NetworkLocale, tones, s.UserLocale, jar)
	}
	var names []string
	add := func(ns ...string) {
		for _, n := range ns {
			if n != "" {
				names = append(names, n)
			}
		}
	}
	switch {
	case p.n.proto == SCCP:
		add(localeFiles(s.NetworkLocale, tones, s.UserLocale, jar)...)
		if m.Generation == "wifi" {
			add("WLANDefault.xml")
		}
	case m.Generation != "G4" && m.Generation != "G5" && !p.modern():
		add(s.DialTemplate, s.SoftKeys)
		add(localeFiles(s.NetworkLocale, tones, s.UserLocale, jar)...)
	default:
		// The first two are wire truth of an 8861, the order of the rest is [D].
		add("AppDialRules.xml", s.SoftKeys, s.DialTemplate, s.FeaturePolicy)
		add(localeFiles(s.UserLocale, jar, s.NetworkLocale, tones)...)
	}
	return names
}

// modern reports a wireless phone or conference station of the 8800 series: it asks
// as the desk phones of that series do [D].
func (p *Phone) modern() bool {
	return p.n.proto == SIP && (p.n.model.Generation == "wifi" || p.n.model.Generation == "conf")
}

// localeFiles joins directories and names, without those that are not known.
func localeFiles(dirsAndNames ...string) (out []string) {
	for i := 0; i+1 < len(dirsAndNames); i += 2 {
		if d, n := dirsAndNames[i], dirsAndNames[i+1]; d != "" && n != "" {
			out = append(out, d+"/"+n)
		}
	}
	return out
}
