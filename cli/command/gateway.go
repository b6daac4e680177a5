package command

import (
	"cmp"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/ether"
	"option150/telephony/cnf"
)

// noGatewayFile is why nothing in a section of a gateway has an effect.
const noGatewayFile = "the layout of the file of a gateway is not published: none is built, one that lies in flash: is served"

// gateways are `voice-gateway system TAG`: analog gateways that fetch their
// configuration. [Cisco Unified CME Command Reference, mac-address, network-locale
// and reset (voice-gateway)]
func gateways() []language.Declaration {
	const doc = "Cisco Unified CME Command Reference"
	all := section[cnf.Gateway, int]{
		list: list[cnf.Gateway, int]{in: func(c *language.Context) *[]cnf.Gateway { return &c.Config.Telephony.Gateways }, key: func(g *cnf.Gateway) int { return g.Tag }, order: cmp.Compare[int]},
		arg:  "tag", empty: func(tag int) cnf.Gateway { return cnf.Gateway{Tag: tag} },
		header: func(g *cnf.Gateway) string { return "voice-gateway system  " + itoa(g.Tag) },
	}
	at := all.at
	kind := value(modeGateway, `type("Type of the gateway")
		![ ( VG202$t("Cisco VG202, 2 ports")
				| VG204$t("Cisco VG204, 4 ports")
				| VG224$t("Cisco VG224, 24 ports") ) ]`, "t", "", doc, "", func(c *language.Context) *string { return &at(c).Type })
	kind.Set = func(c *language.Context) error { at(c).Type = strings.ToUpper(c.Args.String("t")); return nil }
	return all.of(
		language.Declaration{
			Mode: language.Global, Enters: modeGateway, Doc: doc, Format: twoBlanks(2), Idle: noGatewayFile,
			Syntax: `voice-gateway("Analog gateways that fetch their configuration") system("Gateway with a file of its own") <tag:1-25>("Gateway tag")`,
		},
		idle(value(modeGateway, `network-locale("Tones of a country") ![ <code:LOCALE>("Country code") ]`, "code", "", doc, "", func(c *language.Context) *string { return &at(c).NetworkLocale }), noGatewayFile),
		idle(kind, noGatewayFile),
		idle(language.Declaration{
			Mode: modeGateway, Doc: doc, Syntax: `mac-address("Hardware address of the gateway") ![ <mac:PHONEMAC>("Hardware address") ]`,
			Set: func(c *language.Context) error {
				m, err := phoneMAC(c.Args)
				if err == nil {
					at(c).MAC = m
				}
				return err
			},
			Unset: func(c *language.Context) error { at(c).MAC = ether.MAC{}; return nil },
			Get:   func(v *language.View) []grammar.Args { m := at(viewContext(v)).MAC; return one(!m.IsZero(), "mac", m) },
		}, noGatewayFile),
		idle(language.Declaration{
			Mode: modeGateway, Doc: doc, Syntax: `voice-port("Analog ports that register") ![ <ports:WORD>("First and last port, such as 0-23") ]`,
			Set: func(c *language.Context) error {
				first, last, ok := gatewayRange(c.Args.String("ports"))
				if !ok {
					return language.Answer("% Ports are FIRST-LAST, of 0 to " + itoa(maxGatewayPort))
				}
				g := at(c)
				g.Ports, g.First, g.Last = true, first, last
				return nil
			},
			Unset: func(c *language.Context) error { g := at(c); g.Ports, g.First, g.Last = false, 0, 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				g := at(viewContext(v))
				return one(g.Ports, "ports", itoa(g.First)+"-"+itoa(g.Last))
			},
		}, noGatewayFile),
	)
}

// gatewayRange reads FIRST-LAST, or one port. What is none is refused here and not
// by the grammar: the line would be taken for a voice-port of the router.
func gatewayRange(s string) (first, last int, ok bool) {
	from, to, two := strings.Cut(s, "-")
	if !two {
		to = from
	}
	first, last = atoi(from), atoi(to)
	return first, last, itoa(first) == from && itoa(last) == to && first >= 0 && last <= maxGatewayPort && first <= last
}

// maxGatewayPort is the last port of the largest gateway, the VG224.
const maxGatewayPort = 23
