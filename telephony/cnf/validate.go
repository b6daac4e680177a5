package cnf

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// Limits of the configuration. [facts/cme.md 2.1, 3, 4.2; facts/phones.md 2.3]
const (
	maxEphoneTag   = 1000
	maxRegisterDN  = 750
	maxPoolTag     = 262
	maxLabel       = 30
	maxURL         = 255
	passwordOld    = 12 // 79xx
	passwordNew    = 30
	maxLoadServer  = 256
	maxVendorItems = 256
)

// Validate checks the telephony part of a configuration by itself. Rules that
// need interfaces, pools or ports are the business of the whole configuration.
//
// What makes two files out of one name or cannot be written is refused;
// everything that keeps a phone from coming up is a warning, because real
// configurations are full of it and must load. [facts/cme.md 10.2, 11]
func Validate(c Config) []Problem {
	v := &validator{c: c, types: typesOf(&c)}
	v.service()
	v.phones()
	v.dns()
	v.ephoneDetails()
	v.autoAssign()
	v.servicePhone()
	v.register()
	v.pools()
	v.sections()
	v.sharedWritten()
	v.gateways()
	return v.problems
}

type validator struct {
	c     Config
	types types
	problems
}

func (v *validator) service() {
	s, where := v.c.Service, "telephony-service"
	if !s.Present {
		return
	}
	if !s.SourceAddress.Addr.IsValid() {
		v.add(Warning, "no-source-address", where, "ip source-address is not set: no files for SCCP phones are built").tell("Give the address phones register at: that of the call control.")
	}
	if s.NoCreate {
		v.add(Note, "no-create", where, "no create cnf-files: no files for SCCP phones are served").fix("create cnf-files")
	}
	if s.CnfPer != "" && s.CnfLocation == "" {
		v.add(Note, "per-without-location", where, "cnf-file %s without cnf-file location: the files are kept in %s", oneLine(s.CnfPer), ITS)
	}
	if n := len(v.c.Ephones); s.MaxEphones < n {
		v.add(Warning, "max-ephones", where, "max-ephones %d is less than the %d ephones configured: not all can register at once", s.MaxEphones, n).fix("max-ephones %d", n)
	}
	v.zoneAndLocale(where, s.TimeZone, s.UserLocales, s.NetworkLocales)
	v.loads(where, s.Loads, false)
	v.urls(where, s.URLs)
}

func (v *validator) zoneAndLocale(where string, zone int, user, network []Locale) {
	if _, ok := phone.ZoneByID(zone); !ok {
		v.add(Warning, "time-zone", where, "time zone %d is not one of 1 to %d: zone %d is used", zone, len(phone.Zones()), phone.DefaultZone)
	}
	for _, l := range []struct{ word, code string }{{"user-locale", Everybody(user)}, {"network-locale", Everybody(network)}} {
		if _, ok := phone.LocaleByCode(l.code); !ok {
			v.add(Warning, "locale", where, "%s %s is unknown: %s is used", l.word, oneLine(l.code), phone.DefaultLocale)
		}
	}
}

func (v *validator) loads(where string, loads []LoadEntry, sip bool) {
	want, other := SCCP, SIP
	if sip {
		want, other = SIP, SCCP
	}
	for _, l := range loads {
		file := phone.Load(l.File)
		if len(phone.ByLoadKey(l.Type)) == 0 {
			v.add(Warning, "load-type", where, "load %s: the type is not in the model table", oneLine(l.Type))
		}
		if m := phone.ByLoadKey(l.Type); len(m) > 0 && m[0].Images != "" && file.Family() != "" && !strings.EqualFold(m[0].Images, file.Family()) {
			v.add(Warning, "load-family", where, "load %s %s is a load for the %s family, the %s runs those of the %s family", oneLine(l.Type), oneLine(l.File), file.Family(), m[0].Keyword, m[0].Images)
		}
		if file.Protocol() == other {
			v.add(Warning, "load-protocol", where, "load %s %s is a load for %s, phones configured here run %s", oneLine(l.Type), oneLine(l.File), other, want)
		}
		if !fileWord(file.Canonical()) {
			v.add(Warning, "load-name", where, "load %s: %q is not the name of a load", oneLine(l.Type), atMost(l.File, 64))
		}
	}
}

func (v *validator) urls(where string, list []URL) {
	for _, u := range list {
		if url, _ := urlOf([]URL{u}, u.Kind); len(url) > maxURL {
			v.add(Warning, "url-length", where, "url %s is %d characters long, phones take %d", oneLine(u.Kind), len(url), maxURL)
		}
		if strings.EqualFold(u.Kind, "proxy-server") {
			v.add(Note, "proxy-server", where, "url proxy-server breaks the web functions of the 7912")
		}
	}
}

// phones finds hardware addresses that are configured twice.
func (v *validator) phones() {
	ephones := make(map[ether.MAC]int)
	for _, e := range v.c.Ephones {
		if e.MAC.IsZero() {
			continue
		}
		if first, dup := ephones[e.MAC]; dup {
			// Told of both: whoever edits one of them wants to hear of the other.
			v.add(Refuse, "duplicate-mac", ephone(e.Tag), "mac-address %s is already in ephone %d", e.MAC.CME(), first)
			v.add(Refuse, "duplicate-mac", ephone(first), "mac-address %s is already in ephone %d", e.MAC.CME(), e.Tag)
			continue
		}
		ephones[e.MAC] = e.Tag
	}
	pools := make(map[ether.MAC]int)
	for _, p := range v.c.Pools {
		if p.MAC.IsZero() {
			continue
		}
		if first, dup := pools[p.MAC]; dup {
			v.add(Refuse, "duplicate-mac", pool(p.Tag), "id mac %s is already in voice register pool %d", p.MAC.CME(), first)
			v.add(Refuse, "duplicate-mac", pool(first), "id mac %s is already in voice register pool %d", p.MAC.CME(), p.Tag)
			continue
		}
		pools[p.MAC] = p.Tag
		if tag, both := ephones[p.MAC]; both {
			v.add(Warning, "mac-in-both", pool(p.Tag), "mac %s is also in ephone %d: the phone finds the SCCP file first", p.MAC.CME(), tag)
		}
	}
}

func (v *validator) dns() {
	limit, last := v.c.Service.MaxDN, 0
	for _, d := range v.c.EphoneDNs {
		last = max(last, d.Tag)
	}
	numbers := make(map[string]int)
	for _, d := range v.c.EphoneDNs {
		where := dn(d.Tag)
		switch {
		case limit > 0 && d.Tag > limit:
			v.add(Refuse, "max-dn", where, "the tag is beyond max-dn %d", limit).fixIn("telephony-service", "max-dn %d", last)
		case limit == 0:
			v.add(Warning, "max-dn", where, "max-dn is 0: no directory number can be used").fixIn("telephony-service", "max-dn %d", last)
		}
		if d.Number == "" {
			v.add(Warning, "dn-without-number", where, "has no number")
		} else if first, dup := numbers[d.Number]; dup {
			v.add(Warning, "duplicate-number", where, "number %s is also that of ephone-dn %d", oneLine(d.Number), first)
		} else {
			numbers[d.Number] = d.Tag
		}
		v.label(where, d.Label)
	}
}

func (v *validator) label(where, label string) {
	if n := utf8.RuneCountInString(label); n > maxLabel {
		v.add(Warning, "label-length", where, "the label is %d characters long, phones show %d", n, maxLabel)
	}
}

func (v *validator) ephoneDetails() {
	defined := make(map[int]bool)
	for _, d := range v.c.EphoneDNs {
		defined[d.Tag] = true
	}
	for _, e := range v.c.Ephones {
		where := ephone(e.Tag)
		if t := find(v.c.EphoneTemplates, e.Template); t != nil && e.Type == "" {
			e.Type, e.Addons = t.Type, t.Addons
		}
		if e.Tag > maxEphoneTag {
			v.add(Refuse, "ephone-tag", where, "tags go from 1 to %d", maxEphoneTag)
		}
		if e.MAC.IsZero() {
			v.add(Warning, "ephone-without-mac", where, "has no mac-address: no file is built")
		}
		if e.Type == "" {
			v.add(Warning, "ephone-without-type", where, "has no type: no file of its own is built, the phone gets the default file")
		} else {
			v.phoneType(where, e.Type, e.Addons, false)
		}
		if len(e.Buttons) == 0 {
			v.add(Warning, "ephone-without-button", where, "has no button: the phone registers without a line")
		}
		for _, b := range e.Buttons {
			if m, ok := v.types.lookup(e.Type, false); ok && m.Lines > 0 && b.Position > m.Lines+v.keys(e.Addons) {
				v.add(Warning, "too-many-lines", where, "button %d: %s has %s", b.Position, phone.Named(m.Keyword), v.buttons(m, e.Addons))
			}
			for _, d := range b.DNs {
				if !defined[d] {
					v.add(Warning, "button-undefined-dn", where, "button %d names ephone-dn %d, which is not defined", b.Position, d)
				}
			}
		}
	}
}

func (v *validator) phoneType(where, keyword string, addons []string, sip bool) {
	m, ok := v.types.lookup(keyword, sip)
	switch {
	case !ok && !fileWord(keyword):
		v.add(Warning, "type-name", where, "type %q cannot be part of a file name: no file is built", atMost(keyword, 64))
	case !ok:
		v.add(Warning, "type-unknown", where, "type %s is not in the model table: a general file is built", oneLine(keyword))
	case m.Addon:
		v.add(Warning, "type-is-addon", where, "type %s is an expansion module: no file is built", m.Keyword)
	case sip && !m.SIP:
		v.add(Warning, "type-protocol", where, "the %s does not run SIP", m.Keyword)
	case sip && m.SIPFile == "":
		v.add(Warning, "type-without-file", where, "the format of the files of the %s is not known: no file is built", m.Keyword)
	case !sip && !m.SCCP:
		v.add(Warning, "type-protocol", where, "the %s does not run SCCP", m.Keyword).tell("Configure it as a SIP phone: a voice register pool with its id mac and type, and no ephone.")
	}
	for _, a := range addons {
		if am, known := v.types.lookup(a, sip); known && !am.Addon {
			v.add(Warning, "addon", where, "addon %s is not an expansion module", oneLine(a))
		}
	}
}

func (v *validator) autoAssign() {
	list := v.c.Service.AutoAssign
	if len(list) == 0 {
		return
	}
	const where = "telephony-service"
	if v.c.Service.NoAutoReg {
		v.add(Warning, "auto-assign-without-auto-reg", where, "auto assign has no effect with no auto-reg-ephone").fix("auto-reg-ephone")
	}
	defined := make(map[int]bool)
	for _, d := range v.c.EphoneDNs {
		defined[d.Tag] = true
	}
	for i, a := range list {
		// The range is at most as long as max-dn allows; look no further.
		for tag := a.First; tag <= a.Last && tag-a.First < maxEphoneTag; tag++ {
			if !defined[tag] {
				v.add(Warning, "auto-assign-undefined-dn", where, "auto assign %d to %d covers ephone-dn %d, which is not defined", a.First, a.Last, tag)
				break
			}
		}
		for _, o := range list[:i] {
			if a.First <= o.Last && o.First <= a.Last && a.Type == o.Type {
				v.add(Warning, "auto-assign-overlap", where, "auto assign %d to %d and %d to %d have ephone-dns in common", a.First, a.Last, o.First, o.Last)
			}
		}
	}
}

func (v *validator) servicePhone() {
	v.params("telephony-service", v.c.Service.ServicePhone)
	for _, t := range v.c.EphoneTemplates {
		v.params("ephone-template "+strconv.Itoa(t.Tag), t.ServicePhone)
	}
	for _, t := range v.c.RegisterTemplates {
		v.params("voice register template "+strconv.Itoa(t.Tag), t.ServicePhone)
	}
	for _, e := range v.c.Ephones {
		v.ofPhone(ephone(e.Tag), "ephone-template", e.Type, e.Template, v.c.EphoneTemplates, e.ServicePhone)
	}
	for _, p := range v.c.Pools {
		v.ofPhone(pool(p.Tag), "template", p.Type, p.Template, v.c.RegisterTemplates, p.ServicePhone)
	}
}

// ofPhone are the rules about the parameters of one phone.
func (v *validator) ofPhone(where, word, keyword string, tag int, templates []Template, own []ServicePhone) {
	v.params(where, own)
	if tag != 0 && !slices.ContainsFunc(templates, func(t Template) bool { return t.Tag == tag }) {
		v.add(Warning, "template-undefined", where, "%s %d is not defined", word, tag)
	}
	m, ok := v.types.lookup(keyword, word == "template")
	for _, p := range own {
		if ok && m.PFS == "no" && (p.Name == PeerFirmwareSharing || p.Name == LogServerName) {
			v.add(Warning, "service-phone-model", where, "the %s has no %s: the line is not written into its file", m.Keyword, p.Name)
		}
	}
}

func (v *validator) params(where string, list []ServicePhone) {
	if len(list) > maxVendorItems {
		v.add(Refuse, "service-phone-count", where, "%d service phone lines, at most %d", len(list), maxVendorItems)
	}
	for _, p := range list {
		item, exact, known := vendorItem(p.Name)
		switch {
		case !validName(p.Name):
			v.add(Refuse, "service-phone-name", where, "service phone: %q cannot be the name of an element", atMost(p.Name, 64))
		case !known:
			v.add(Note, "service-phone-unknown", where, "service phone %s is not a known parameter; it is written as typed", p.Name)
		case !exact:
			v.add(Warning, "service-phone-case", where, "service phone %s: phones know it as %s", p.Name, item.Name).fix("no service phone %s", p.Name).fix("service phone %s %s", item.Name, oneLine(p.Value))
		case item.Values != nil && !contains(item.Values, p.Value):
			v.add(Warning, "service-phone-value", where, "service phone %s %s: phones know %s", p.Name, atMost(oneLine(p.Value), 32), strings.Join(item.Values, ", "))
		case p.Name == LoadServer && len(p.Value) > maxLoadServer:
			v.add(Warning, "service-phone-value", where, "service phone loadServer is longer than %d characters", maxLoadServer)
		case p.Name == LoadServer && p.Value != "" && !host(p.Value):
			v.add(Warning, "service-phone-value", where, "service phone loadServer %s is neither an address nor a name of a host: phones take firmware from there and have no way back", atMost(oneLine(p.Value), 64)).fix("no service phone loadServer")
		case p.Name == LogServerName && p.Value != "" && !hostPort(p.Value):
			v.add(Warning, "service-phone-value", where, "service phone logServer %s is not ADDRESS:PORT", atMost(oneLine(p.Value), 64)).fix("no service phone logServer")
		}
	}
}

// host reports that a value is an address phones can reach, or the name of a
// host. What looks like an address and is none is a slip.
func host(s string) bool {
	if a, err := netip.ParseAddr(s); err == nil {
		return !a.IsUnspecified() && !a.IsMulticast() && !a.IsLoopback() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) && a.Zone() == ""
	}
	letter := false
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		for _, c := range label {
			l := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
			if letter = letter || l; !l && c != '-' && c != '_' && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return letter
}

// hostPort reports that a value is a host and a port.
func hostPort(s string) bool {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return false
	}
	n, err := strconv.ParseUint(s[i+1:], 10, 16)
	return err == nil && n > 0 && host(strings.Trim(s[:i], "[]"))
}

// keys is the number of buttons expansion modules add.
func (v *validator) keys(addons []string) (n int) {
	for _, a := range addons {
		n += v.types.model(a, true).Lines
	}
	return n
}

func (v *validator) buttons(m phone.Model, addons []string) string {
	s := fmt.Sprintf("%d line buttons", m.Lines)
	if m.Lines == 1 {
		s = "1 line button"
	}
	if len(addons) > 0 {
		s += fmt.Sprintf(" and %d on its modules", v.keys(addons))
	}
	return s
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func ephone(tag int) string { return "ephone " + strconv.Itoa(tag) }
func dn(tag int) string     { return "ephone-dn " + strconv.Itoa(tag) }
func pool(tag int) string   { return "voice register pool " + strconv.Itoa(tag) }
