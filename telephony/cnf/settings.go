package cnf

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"option150/telephony/phone"
)

// phoneLabel is the text at the top of the screen of a SIP phone: phones show 12
// characters, the 7900 series no blanks among them. cut says that there was more
// of it. [usecallmanager.nz: SEPMAC.cnf.xml; the 7940 and
// 7960: 11, Cisco SIP administrator guide]
func phoneLabel(m phone.Model, text string) (label string, cut bool) {
	most := 12
	if m.SIPFile == phone.SIPCNF {
		most = 11
	}
	label = text
	if strings.HasPrefix(m.Keyword, "79") {
		label = strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) {
				return '_'
			}
			return r
		}, label)
	}
	if utf8.RuneCountInString(label) > most {
		n := 0
		for range most {
			_, size := utf8.DecodeRuneInString(label[n:])
			n += size
		}
		return label[:n], true
	}
	return label, false
}

// tos is a code point as files carry it: times four, the byte of the header. set
// is the code point and one.
func tos(set, byDefault int) int {
	if set == 0 {
		return byDefault
	}
	return (set - 1) << 2
}

// olson names the time zone by the database of zones, which later phones take
// before timeZone.
func olson(t *tree, zone string) {
	if zone != "" {
		t.leaf("olsonTimeZone", zone)
	}
}

// ssh is who may come in to the phone over SSH, beside sshAccess of
// vendorConfig.
func ssh(t *tree, user, password string) {
	if user != "" {
		t.leaf("sshUserId", user)
		t.leaf("sshPassword", password)
	}
}

// dnd is dndControl: 0 the user decides, 2 never. [Cisco SIP 7940/7960
// administrator guide: dnd_control]
func dnd(t *Template) int {
	if t.NoDND {
		return 2
	}
	return 0
}

// outboundProxy is where all requests of phones go first, "" = nowhere.
func (b *builder) outboundProxy() (host, portText string) {
	g := &b.in.Global
	kind, rest, _ := strings.Cut(g.OutboundProxy, ":")
	switch kind {
	case "system":
		return address(g.SourceAddress.Addr), strconv.Itoa(port(g.SourceAddress.Port, 5060))
	case "ipv4", "dns":
		host, p, ok := strings.Cut(rest, ":")
		if !ok {
			p = "5060"
		}
		return host, p
	}
	return "", ""
}

// OutboundProxy reads `ipv4:ADDRESS[:PORT]` and `dns:NAME[:PORT]`.
func OutboundProxy(s string) bool {
	kind, rest, _ := strings.Cut(s, ":")
	h, p, ok := strings.Cut(rest, ":")
	if n, err := strconv.ParseUint(p, 10, 16); ok && (err != nil || n == 0) {
		return false
	}
	a, err := netip.ParseAddr(h)
	return kind == "ipv4" && err == nil && a.Is4() || kind == "dns" && err != nil && host(h)
}

// softkeyFile is the softkey file of the phone.
func (p *sipPhone) softkeyFile() string {
	if p.t != nil && p.t.restricted() {
		name, _, _ := softkeyName(p.t.Tag)
		return name
	}
	return softkeyFile
}

// policyFile is the feature policy of the phone.
func (p *sipPhone) policyFile() string {
	if p.t != nil && p.t.policed() {
		return policyName(p.t.Tag)
	}
	return policyFile
}

// urlsOf are the URLs of a phone: those of its template before those of all; and
// where people log in at it, and no line names another, the services of the box.
func (b *builder) urlsOf(p *sipPhone) []URL {
	list := b.in.Global.URLs
	if u := p.template().URLs; len(u) > 0 {
		list = slices.Concat(u, list)
	}
	if s, _ := urlOf(list, "services", "service"); s == "" && b.in.services != "" && (p.Logout != 0 || len(p.FastDials) > 0) {
		list = append(slices.Clone(list), URL{"service", b.in.services + ServicesPage})
	}
	return list
}

// ServicesPage is the page of the services key at the server phones are told
// of. [Cisco Unified CME: CMEserverForPhone]
const ServicesPage = "serviceurl"

// latin1 reports that the owner says of a type that it does not read UTF-8. No
// document says so of a model of Cisco's; what is written for models of which
// none says anything is a guess, see Validate.
func (b *builder) latin1(m phone.Model, sip bool) bool {
	list := b.in.Types.SCCP
	if sip {
		list = b.in.Types.SIP
	}
	p := own(list, m.Keyword)
	return p != nil && p.NoUTF8
}

// localeByTag is the code of a locale with a tag, "" if there is none.
func localeByTag(list []Locale, tag int) string {
	for _, l := range list {
		if l.Tag == tag && tag != 0 {
			return cmp.Or(l.User, l.Code)
		}
	}
	return ""
}

// localeFiles are the files a phone asks for when its file names a language. Where
// it is not known which, the name of the directory: anything in it will do.
func localeFiles(m phone.Model, protocol string, u, n phone.Locale) (texts, tones string) {
	texts, tones = m.LocaleFiles(protocol == SIP)
	return u.Name + "/" + texts, n.Country + "/" + tones
}

// Names are the names that lines give to files of flash:, for Options.Absent:
// the dial plans of the owner, and what phones ask for in their language; a name
// that ends with a slash is that of a directory.
func Names(c *Config) []string {
	var out []string
	for _, d := range c.Dialplans {
		if d.Filename != "" {
			out = append(out, d.Filename)
		}
	}
	type asks struct {
		typ, user, network string
		sip                bool
	}
	seen, known := map[asks]bool{}, typesOf(c)
	note := func(a asks) {
		if seen[a] || a.typ == "" {
			return
		}
		seen[a] = true
		protocol := SCCP
		if a.sip {
			protocol = SIP
		}
		texts, tones := localeFiles(known.model(a.typ, a.sip), protocol, localeOf(a.user), localeOf(a.network))
		if !builtIn(a.user) {
			out = append(out, texts)
		}
		if !builtIn(a.network) {
			out = append(out, tones)
		}
	}
	s, g := &c.Service, &c.Global
	for i := range c.Ephones {
		e := &c.Ephones[i]
		a := asks{typ: c.TypeOf(e), user: Everybody(s.UserLocales), network: Everybody(s.NetworkLocales)}
		if t := find(c.EphoneTemplates, e.Template); t != nil {
			a.user, a.network = cmp.Or(localeByTag(s.UserLocales, t.UserLocale), a.user), cmp.Or(localeByTag(s.NetworkLocales, t.NetworkLocale), a.network)
		}
		note(a)
	}
	for i := range c.Pools {
		p := &c.Pools[i]
		if p.Dialplan > 0 && !slices.ContainsFunc(c.Dialplans, func(d Dialplan) bool { return d.Tag == p.Dialplan }) {
			out = append(out, dialFile(p.Dialplan))
		}
		a := asks{typ: p.Type, user: Everybody(g.UserLocales), network: Everybody(g.NetworkLocales), sip: true}
		if t := find(c.RegisterTemplates, p.Template); t != nil {
			a.user, a.network = cmp.Or(localeByTag(g.UserLocales, t.UserLocale), a.user), cmp.Or(localeByTag(g.NetworkLocales, t.NetworkLocale), a.network)
		}
		note(a)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	if len(out) > 0 && out[0] == "" {
		out = out[1:]
	}
	return out
}

// TypeOf is the type of an ephone: its own, else that of its template.
func (c *Config) TypeOf(e *Ephone) string {
	if e.Type != "" {
		return e.Type
	}
	if t := find(c.EphoneTemplates, e.Template); t != nil {
		return t.Type
	}
	return ""
}
