package cnf

import (
	"cmp"
	"strconv"
	"strings"

	"option150/telephony/phone"
)

// sepSCCP is the configuration file of an SCCP phone, in the order of
// facts/phones.md 2.2. Lines and buttons are not in it: an SCCP phone learns them
// when it registers.
func (b *builder) sepSCCP(m phone.Model, e sccpPhone, stamp string) []byte {
	s := b.in.Service
	t := &tree{gap: "  ", latin1: b.latin1(m, false)}
	if t.latin1 {
		t.b.WriteString(headerLatin1 + "\n")
	}
	t.open("device")
	t.open("devicePool")
	t.open("dateTimeSetting")
	t.leaf("dateTemplate", dateTemplate(s.DateFormat, s.TimeFormat))
	t.leaf("timeZone", zoneName(s.TimeZone))
	olson(t, s.OlsonZone)
	t.close(1)
	managers(t, s.SourceAddress, 2000, false)
	t.open("srstInfo")
	t.leaf("name", "Disable")
	t.leaf("srstOption", "Disable")
	t.flag("userModifiable", false)
	t.flag("isSecure", false)
	t.close(1)
	t.number("mlppDomainId", -1)
	t.leaf("mlppIndicationStatus", "Default")
	t.leaf("preemption", "Default")
	t.number("connectionMonitorDuration", 120)
	t.close(1)
	t.leaf("versionStamp", stamp)
	t.leaf("loadInformation", e.of(s.Loads, m).Canonical())
	b.addons(t, s.Loads, e.Addons, false)
	b.locales(t, m, SCCP, cmp.Or(e.user, Everybody(s.UserLocales)), cmp.Or(e.network, Everybody(s.NetworkLocales)))
	t.number("deviceSecurityMode", securityMode(e.DeviceSecurity))
	urls(t, s.URLs)
	vendorConfig(t, b.params(m, e.levels, e.override))
	t.number("capfAuthMode", 0)
	t.leaf("certHash", "")
	t.flag("encrConfig", false)
	t.number("advertiseG722Codec", 1)
	t.number("dscpForSCCPPhoneConfig", tos(s.QoS.Signal, 96))
	t.number("dscpForSCCPPhoneServices", tos(s.QoS.Service, 0))
	t.number("dscpForCm2Dvce", tos(s.QoS.Signal, 96))
	t.number("ipAddressMode", 0)
	ssh(t, e.sshUser, e.sshKey)
	return t.bytes()
}

// addons writes addOnModules. A keyword such as 7915-12 is a type and its
// number of keys. [facts/phones.md 2.2]
func (b *builder) addons(t *tree, loads []LoadEntry, keywords []string, sip bool) {
	if len(keywords) == 0 {
		return
	}
	t.open("addOnModules")
	for i, k := range keywords {
		m := b.in.Types.model(k, sip)
		kind, _, _ := strings.Cut(m.Keyword, "-")
		if strings.HasPrefix(strings.ToUpper(m.Keyword), "CP-") {
			kind = m.Keyword
		}
		t.open("addOnModule", "idx", strconv.Itoa(i+1))
		t.leaf("deviceType", kind)
		t.number("deviceLine", m.Lines)
		t.leaf("loadInformation", load(loads, m).Canonical())
		t.close(1)
	}
	t.close(1)
}

// locales names the languages of a phone if the files are served that a phone
// of this model then asks for: without a name it stays with the language it has.
// English and the tones of the United States are always named: phones come with
// them, packages are for other languages and countries only. A phone that had
// another language goes back to it, and that it asks for the files shows that it
// took its configuration. [Cisco, Using the IP Telephony Locale Installer; ADR 0018]
func (b *builder) locales(t *tree, m phone.Model, protocol, user, network string) {
	u, n := localeOf(user), localeOf(network)
	texts, tones := localeFiles(m, protocol, u, n)
	if builtIn(user) || b.in.served(texts) {
		t.open("userLocale")
		t.leaf("name", u.Name)
		t.number("uid", 1)
		t.leaf("langCode", u.LangCode)
		t.leaf("version", "")
		t.leaf("winCharSet", u.Charset)
		t.close(1)
	}
	if builtIn(network) || b.in.served(tones) {
		t.leaf("networkLocale", n.Country)
		t.open("networkLocaleInfo")
		t.leaf("name", n.Country)
		t.number("uid", 64)
		t.leaf("version", "")
		t.close(1)
	}
}

// builtIn reports that a locale is the one that phones have in their firmware.
func builtIn(code string) bool { return code == "" || strings.EqualFold(code, phone.DefaultLocale) }

func localeOf(code string) phone.Locale {
	l, ok := phone.LocaleByCode(code)
	if !ok {
		l, _ = phone.LocaleByCode("")
	}
	return l
}

func securityMode(word string) int {
	switch word {
	case "authenticated":
		return 2
	case "encrypted":
		return 3
	}
	return 1
}

// urls writes idleTimeout and every URL element, empty where none is
// configured. proxyServerURL stays empty unless configured: a value breaks the
// 7912. [facts/phones.md 2.2]
func urls(t *tree, list []URL) {
	timeout := 0
	if _, rest := urlOf(list, "idle"); len(rest) == 2 && rest[0] == "idle-timeout" {
		if n, err := strconv.Atoi(rest[1]); err == nil && n >= 0 {
			timeout = n
		}
	}
	t.number("idleTimeout", timeout)
	for _, e := range urlElements {
		u, _ := urlOf(list, e.kinds...)
		t.leaf(e.name, u)
	}
}

// dateTemplate is the <dateTemplate> of a date and a time format: A at the end
// means 12 hours. [facts/phones.md 2.2]
func dateTemplate(date string, hours int) string {
	out := "M/D/Y"
	switch strings.ToLower(date) {
	case "dd-mm-yy", "d/m/y":
		out = "D/M/Y"
	case "yy-dd-mm", "y/d/m":
		out = "Y/D/M"
	case "yy-mm-dd", "y/m/d":
		out = "Y/M/D"
	case "y-d-m":
		out = "Y-D-M"
	case "yy-m-d":
		out = "YY-M-D"
	}
	if hours != 24 {
		out += "A"
	}
	return out
}

func zoneName(id int) string {
	z, ok := phone.ZoneByID(id)
	if !ok {
		z, _ = phone.ZoneByID(phone.DefaultZone)
	}
	return z.XMLName()
}
