package phone

import (
	"cmp"
	"strings"
)

// Locale is one row of `user-locale` and `network-locale`.
// Source: facts/cme.md 8.5; language tags and character sets [M].
type Locale struct {
	Code     string // "DE", as typed
	Name     string // directory of texts, "German_Germany"
	Country  string // directory of tones, "Germany"
	LangCode string // "de"
	Charset  string // of Windows, for old phones
}

// Locales returns all locales; a code with two languages (CA) appears twice,
// the first is the one a code alone means.
func Locales() []Locale {
	return []Locale{
		{"US", "English_United_States", "United_States", "en", "iso-8859-1"},
		{"UK", "English_United_Kingdom", "United_Kingdom", "en", "iso-8859-1"},
		{"CA", "English_United_Kingdom", "Canada", "en", "iso-8859-1"},
		{"CA", "French_France", "Canada", "fr", "iso-8859-1"},
		{"DK", "Danish_Denmark", "Denmark", "da", "iso-8859-1"},
		{"NL", "Dutch_Netherlands", "Netherlands", "nl", "iso-8859-1"},
		{"FR", "French_France", "France", "fr", "iso-8859-1"},
		{"DE", "German_Germany", "Germany", "de", "iso-8859-1"},
		{"AT", "German_Germany", "Austria", "de", "iso-8859-1"},
		{"CH", "German_Germany", "Switzerland", "de", "iso-8859-1"},
		{"IT", "Italian_Italy", "Italy", "it", "iso-8859-1"},
		{"JP", "Japanese_Japan", "Japan", "ja", "utf-8"},
		{"NO", "Norwegian_Norway", "Norway", "no", "iso-8859-1"},
		{"PT", "Portuguese_Portugal", "Portugal", "pt", "iso-8859-1"},
		{"RU", "Russian_Russia", "Russian_Federation", "ru", "utf-8"},
		{"ES", "Spanish_Spain", "Spain", "es", "iso-8859-1"},
		{"SE", "Swedish_Sweden", "Sweden", "sv", "iso-8859-1"},
		{"U1", "User_Define_1", "User_Define_1", "en", "utf-8"},
		{"U2", "User_Define_2", "User_Define_2", "en", "utf-8"},
		{"U3", "User_Define_3", "User_Define_3", "en", "utf-8"},
		{"U4", "User_Define_4", "User_Define_4", "en", "utf-8"},
		{"U5", "User_Define_5", "User_Define_5", "en", "utf-8"},
	}
}

// DefaultLocale is the locale when nothing is configured.
const DefaultLocale = "US"

// LocaleByCode finds the locale of a code, in any case; "" means the default.
func LocaleByCode(code string) (Locale, bool) {
	if code == "" {
		code = DefaultLocale
	}
	for _, l := range Locales() {
		if strings.EqualFold(l.Code, code) {
			return l, true
		}
	}
	return Locale{}, false
}

// LocaleByLanguage finds the locale of a language and a country as packages are
// named for, "de" and "DE". What the table calls UK is GB there. [ISO 639, ISO 3166]
func LocaleByLanguage(language, country string) (Locale, bool) {
	if strings.EqualFold(country, "GB") {
		country = "UK"
	}
	for _, l := range Locales() {
		if strings.EqualFold(l.Code, country) && strings.EqualFold(l.LangCode, language) {
			return l, true
		}
	}
	return Locale{}, false
}

// LocaleFiles are the files a phone of the model asks for in a language: texts in
// the directory Locale.Name, tones in Locale.Country; "" = not known. [Cisco
// Unified CME administrator guide, Localization; usecallmanager.nz: user locale,
// network locale]
func (m Model) LocaleFiles(sip bool) (texts, tones string) {
	switch {
	case m.Keyword == "7905" || m.Keyword == "7912":
		return "7905-dictionary.xml", "7905-tones.xml"
	case m.Generation == "G2":
		return "7960-dictionary.xml", "7960-tones.xml"
	case strings.HasSuffix(m.Jar, ".jar"): // one for both protocols
		texts = m.Jar
	case m.Jar != "" && sip:
		texts = m.Jar + "-sip.jar"
	case m.Jar != "":
		texts = m.Jar + "-sccp.jar"
	}
	return texts, cmp.Or(m.Tones, "g3-tones.xml")
}
