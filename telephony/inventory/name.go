package inventory

import (
	"strings"

	"option150/platform/plain"
	"option150/telephony/phone"
)

// fileKind is what a file is to a booting phone.
type fileKind int

const (
	kindOther     fileKind = iota // the next phase: tones, locale, rings ...
	kindTrust                     // CTL and ITL
	kindOwn                       // the phone's own configuration
	kindDefault                   // XMLDefault and the other defaults
	kindHunt                      // OS79XX.TXT
	kindLoad                      // a .loads file
	kindComponent                 // a firmware image
	kindGateway                   // the configuration of a device that is no phone
)

// base is the last part of a name, bounded and in lower case.
func base(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return strings.ToLower(name)
}

// images are the ends of the names of firmware images. [facts/phones.md 3.1, 3.3]
func images() []string { return []string{".sbn", ".sb2", ".sbin", ".zz.sgn", ".zup", ".bin", ".sebn"} }

func kindOf(name string) fileKind {
	b := base(name)
	switch {
	case phone.TrustFile(b):
		return kindTrust
	case b == "os79xx.txt":
		return kindHunt
	case strings.HasPrefix(b, "xmldefault.cnf.xml"), b == "sipdefault.cnf", b == "sepdefault.cnf", b == "seddefault.cnf", b == "mgcdefault.cnf",
		b == "gkdefault.cfg", b == "lddefault.cfg", b == "ffdefault.cfg", b == "atadefault.cfg":
		return kindDefault
	case strings.HasSuffix(b, ".loads"):
		return kindLoad
	}
	if _, ok := phone.MACOfFile(b); ok {
		return kindOwn
	}
	if _, ok := phone.GatewayFile(b); ok {
		return kindGateway
	}
	if addOn(b) {
		return kindOther
	}
	for _, end := range images() {
		if strings.HasSuffix(b, end) {
			return kindComponent
		}
	}
	// SCCP894x.9-4-2.bin1.sgn; the G5 images have no end of their own but
	// those listed in their load, which the fold looks up.
	if i := strings.LastIndex(b, ".bin"); i >= 0 && strings.HasSuffix(b, ".sgn") {
		return kindComponent
	}
	return kindOther
}

// addOn: firmware of the key module beside a phone, which runs on without a
// restart. [facts/phones.md, table (a), add-ons]
func addOn(b string) bool {
	for _, p := range []string{"b015-", "b016-", "s00103", "s00104", "s00105", "ckem", "bekem"} {
		if strings.HasPrefix(b, p) {
			return true
		}
	}
	return false
}

// alone: an image that is the whole load: 7902, 7905, 7910, 7912, ATA. One of
// the others asked for without its list, as after a restart of this box, is a
// part of something. [facts/phones.md 3.3]
func alone(name string) bool {
	b := base(name)
	return strings.HasSuffix(b, ".sbin") || strings.HasSuffix(b, ".zup") || strings.HasSuffix(b, ".bin")
}

// otherProtocol: the name belongs to a SIP or to an older firmware than the one
// SEP<mac>.cnf.xml is for.
func otherProtocol(name string) bool {
	b := base(name)
	_, ok := phone.MACOfFile(b)
	return ok && !isSEP(b) && !strings.HasPrefix(b, "sep") && !phone.TrustFile(b)
}

// isSEP: the file of a phone whose firmware is not of the early SIP: named SEP<mac>
// or, of an adapter, by its device name with the same end.
func isSEP(name string) bool {
	b := base(name)
	return (strings.HasPrefix(b, "sep") || strings.HasSuffix(b, ".cnf.xml")) && kindOf(name) == kindOwn
}

func isXMLDefault(name string) bool { return strings.HasPrefix(base(name), "xmldefault.cnf.xml") }

// nextPhase: a file a phone asks for once it has its configuration and its
// load: tones, texts, rings, dial plan, softkeys, backgrounds. Whatever else is
// asked from its address says nothing about it.
func nextPhase(name string) bool {
	b := strings.TrimSuffix(base(name), ".sgn")
	for _, end := range []string{".xml", ".jar", ".dat", ".raw", ".pcm", ".png", ".json"} {
		if strings.HasSuffix(b, end) {
			return true
		}
	}
	return false
}

// recovery: term42.default.loads and its kin: the phone has no image.
func recovery(name string) bool {
	b := base(name)
	return strings.HasPrefix(b, "term") && strings.HasSuffix(b, ".default.loads")
}

// phoneName: only a phone or a gateway asks for it, so an address nobody knows is
// one.
func phoneName(name string) bool {
	switch kindOf(name) {
	case kindTrust, kindDefault, kindHunt, kindLoad, kindGateway:
		return true
	}
	return false
}

// loadName is the load a .loads file or single image stands for.
func loadName(name string) string { return phone.Load(lastPart(name)).Canonical() }

func lastPart(name string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	return name
}

// keep bounds a name from outside and lets go of what it was cut from. What is
// not printable becomes a dot.
func keep(name string) string { return strings.Clone(plain.Shown(name, maxName)) }

// fileName is the name under which both transports mean the same file.
func fileName(name string) string { return keep(strings.TrimLeft(name, "/")) }
