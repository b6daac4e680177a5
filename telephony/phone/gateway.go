package phone

import "strings"

// GatewayName is what the name of a configuration file says of a device that is
// no phone. Names are chosen by people: nothing more is known from one.
type GatewayName struct {
	Kind  string // for people, with its article
	Form  bool   // Cisco's documents give such devices names of this form
	Soft  bool   // no gateway: a client for computers and mobiles
	Voice string // name of the file of the whole gateway in lower case, "" = this is it, or not known
}

// What the names of Cisco's gateways begin with, and what follows. [SCCP Telephony
// Control Application: SKIGW and AN with the last ten digits of the address, AN
// with the number of the port; Catalyst 6608 and 6624: SDA and SAA with the
// address; MGCP gateways: the host name] The ports of a VG248 ask as phones.
const (
	kindAnalog = "an analog gateway (VG202, VG204, VG224, or a router with analog ports)"
	kindPort   = "a port of an analog gateway"
	kindSDA    = "a digital access gateway (Catalyst 6608)"
	kindSAA    = "an analog access gateway (Catalyst 6624)"
	kindHost   = "an MGCP gateway, which asks by its host name"
	kindSoft   = "a softphone (Cisco Jabber)"
)

// digital are those of Catalyst modules, by how their names begin.
var digital = [...]struct{ prefix, kind string }{{"sda", kindSDA}, {"saa", kindSAA}}

const shortDigits = 10 // of a hardware address, its last

// GatewayFile reports that a name is that of the configuration file of a gateway,
// as far as a name can tell.
func GatewayFile(name string) (GatewayName, bool) {
	if len(name) > maxFileName {
		return GatewayName{}, false
	}
	b := strings.ToLower(baseName(name))
	stem, xml := strings.CutSuffix(b, ".cnf.xml")
	if _, mac := MACOfFile(b); mac || stem == "" {
		return GatewayName{}, false
	}
	if !xml {
		for _, d := range digital {
			hex, ok := strings.CutPrefix(strings.TrimSuffix(stem, ".cnf"), d.prefix)
			if ok && len(hex) == hexDigits && allHex(hex) && strings.HasSuffix(b, ".cnf") {
				return GatewayName{Kind: d.kind, Form: true}, true
			}
		}
		return GatewayName{}, false
	}
	for _, p := range []string{"sep", "ctl", "itl", "xmldefault", "sipdefault", "mgcdefault"} {
		if strings.HasPrefix(stem, p) {
			return GatewayName{}, false
		}
	}
	after := func(prefix string, least int) (string, bool) {
		hex, ok := strings.CutPrefix(stem, prefix)
		return hex, ok && len(hex) >= least && allHex(hex)
	}
	if hex, ok := after("skigw", shortDigits); ok && len(hex) == shortDigits {
		return GatewayName{Kind: kindAnalog, Form: true}, true
	}
	if hex, ok := after("an", shortDigits+1); ok && len(hex) <= shortDigits+3 {
		return GatewayName{Kind: kindPort, Form: true, Voice: "skigw" + hex[:shortDigits] + ".cnf.xml"}, true
	}
	for _, d := range digital {
		if hex, ok := after(d.prefix, hexDigits); ok && len(hex) == hexDigits {
			return GatewayName{Kind: d.kind, Form: true}, true
		}
	}
	for _, p := range []string{"csf", "bot", "tct", "tab"} {
		if strings.HasPrefix(stem, p) && len(stem) > len(p) {
			return GatewayName{Kind: kindSoft, Soft: true}, true
		}
	}
	return GatewayName{Kind: kindHost}, hostName(stem)
}

// hostName reports that a name can be that of a host, with or without its domain.
func hostName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return s[0] != '.' && s[0] != '-'
}
