package phone

import (
	"strings"
	"testing"
)

// What a name says of a gateway, and what it does not.
func TestGatewayFile(t *testing.T) {
	for name, want := range map[string]string{
		"SKIGW1FA30F8331.cnf.xml":             kindAnalog,
		"/phones/skigw1fa30f8331.CNF.XML":     kindAnalog,
		"AN1FA30F8331400.cnf.xml":             kindPort,
		"SDA0001C9D85577.cnf.xml":             kindSDA,
		"SDA0001C9D85577.cnf":                 kindSDA,
		"SAA0010AABBCCDD.cnf":                 kindSAA,
		"branch-gw1.cnf.xml":                  kindHost,
		"Router.example.com.cnf.xml":          kindHost,
		"SKIGW1FA30F833.cnf.xml":              kindHost, // a host may be called so
		"andromeda.cnf.xml":                   kindHost,
		"sip-gw.cnf.xml":                      kindHost,
		"CSFjdoe.cnf.xml":                     kindSoft,
		"SEP001E7A000001.cnf.xml":             "",
		"SEPDefault.cnf.xml":                  "",
		"ATA001E7A000001.cnf.xml":             "",
		"VGC001E7A000001.cnf.xml":             "", // its file is made by its address
		"XMLDefault.cnf.xml":                  "",
		"CTLSEP001E7A000001.tlv":              "",
		"SIPDefault.cnf":                      "",
		"SDA0001C9D8557.cnf":                  "",
		"RingList.xml":                        "",
		".cnf.xml":                            "",
		"-x.cnf.xml":                          "",
		"two words.cnf.xml":                   "",
		"\xff\xfe.cnf.xml":                    "",
		strings.Repeat("a", 300) + ".cnf.xml": "",
	} {
		g, ok := GatewayFile(name)
		if ok != (want != "") || ok && g.Kind != want {
			t.Errorf("%q: %v %+v, want %q", name, ok, g, want)
		}
		if g.Form && (want == kindHost || want == kindSoft) {
			t.Errorf("%q claims more than is known", name)
		}
	}
	if g, _ := GatewayFile("AN1FA30F8331400.cnf.xml"); g.Voice != "skigw1fa30f8331.cnf.xml" {
		t.Errorf("%+v", g)
	}
}
