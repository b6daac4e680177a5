package cnf

import (
	"strconv"

	"option150/platform/ether"
)

// Gateway is one `voice-gateway system TAG` section: an analog gateway that
// would fetch its own configuration. [Cisco Unified CME Command Reference,
// mac-address (voice-gateway)]
//
// Nothing is built for one. The name of its file is known, and that it lists
// ports with their types and device names; how, is not published, and a gateway
// that reads a file without its ports takes the ports out of service. Who has
// the file of another call manager puts it in flash: under that name.
type Gateway struct {
	Tag           int
	Type          string // VG202, VG204 or VG224
	MAC           ether.MAC
	Ports         bool // `voice-port` is there
	First, Last   int
	NetworkLocale string
}

// gatewayPorts are the analog ports of each type. [Cisco data sheets of the VG202,
// VG204 and VG224]
var gatewayPorts = map[string]int{"VG202": 2, "VG204": 4, "VG224": 24}

// File is the name a gateway asks for: SKIGW and the last ten digits of its
// address; "" without one. [Cisco, SCCP Telephony Control Application, messages of
// the automatic configuration]
func (g *Gateway) File() string {
	if g.MAC.IsZero() {
		return ""
	}
	return "SKIGW" + g.MAC.Hex()[2:] + ".cnf.xml"
}

// gateways are the rules about `voice-gateway system`.
func (v *validator) gateways() {
	seen := map[string]string{}
	for i := range v.c.Gateways {
		g := &v.c.Gateways[i]
		where := "voice-gateway system " + strconv.Itoa(g.Tag)
		file := g.File()
		switch first, dup := seen[file]; {
		case file == "":
			v.add(Warning, "gateway-without-mac", where, "has no mac-address: which file it asks for is not known")
			continue
		case dup:
			v.add(Warning, "gateway-twice", where, "asks for the same file as %s: %s", first, file)
			continue
		}
		seen[file] = where
		if most := gatewayPorts[g.Type]; most > 0 && g.Ports && g.Last >= most {
			v.add(Warning, "gateway-ports", where, "has no port %d: the ports of a %s are 0 to %d", g.Last, g.Type, most-1).fix("voice-port 0-%d", most-1)
		}
		v.add(Note, "gateway-file", where, "%s is not built, for how it lists ports is not published: one that lies in flash: is served", file)
	}
}

// gatewayLines say for `create cnf-files` which files of gateways are not made.
func (s *Set) gatewayLines() []string {
	if s == nil {
		return nil
	}
	var out []string
	for i := range s.config.Gateways {
		if f := s.config.Gateways[i].File(); f != "" {
			out = append(out, "  withheld "+f+": how it lists ports is not published")
		}
	}
	return out
}
