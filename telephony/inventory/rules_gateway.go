package inventory

import (
	"cmp"
	"strings"

	"option150/telephony/advice"
	"option150/telephony/phone"
)

// gatewayFile: it is no phone, and what its file holds is not published beyond
// the name. [source 004, configuration files of gateways]
func gatewayFile(e *evidence) (Verdict, bool) {
	f := e.b.gateway
	if f == nil || !f.missing || e.b.own != nil || e.b.def != nil || e.r.known || e.setup.Section != "" {
		return none()
	}
	name := lastPart(f.name)
	g, _ := phone.GatewayFile(name)
	fact := name + " asked " + e.at(f.at) + ", no such file"
	v, _ := found(fact, "It asks for %s, by its name the file of %s. Beyond that name the layout of those files is not published: none is made.", name, g.Kind)
	switch {
	case g.Soft:
		v, _ = guessed(fact, "It asks for %s, by its name the file of %s: no pool is configured with that device name.", name, g.Kind)
		v.Fix = advice.Steps{advice.Tell("configure it under voice register pool, with type and id device-id-name " + strings.TrimSuffix(name, name[strings.IndexByte(name, '.'):]) + ".")}
	case !g.Form:
		v, _ = guessed(fact, "It asks for %s, which is no name of a phone: it may be %s. Which device it is was not told; the layout of the files of gateways is not published, and none is made.", name, g.Kind)
	}
	if section := e.box.Gateways[cmp.Or(g.Voice, strings.ToLower(name))]; section != "" {
		v.Text += " It is configured as " + section + "."
	}
	if len(v.Fix) > 0 {
		return v, true
	}
	v.Fix = advice.Steps{advice.Tell("copy " + name + " of the call manager that builds it to " + e.box.Home + ": it is served as it lies there.")}
	return v, true
}
