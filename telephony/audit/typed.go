package audit

import (
	"slices"
	"strings"

	"option150/platform/config"
	"option150/telephony/cnf"
)

// What is said as a line is typed is what the line itself is about: the rest of
// the configuration is not finished yet.

// OfPool is what an `option 150` line of a pool makes of it.
func OfPool(c *config.Config, f config.Facts, w World, name string) []Finding {
	a := &around{c: c, f: f, w: w, own: c.OwnAddresses(f)}
	p := c.DHCP.Pool(name)
	if p == nil {
		return nil
	}
	if len(p.Option150()) > 0 && a.servesFiles() {
		a.option150(p, true)
	}
	a.slips()
	return a.about(pool(p))
}

// OfSource is what `ip source-address` or `source-address` makes of a section.
func OfSource(c *config.Config, f config.Facts, w World, section string) []Finding {
	a := &around{c: c, f: f, w: w, own: c.OwnAddresses(f)}
	a.source()
	a.callControl()
	out := a.about(section)
	a.list = nil
	a.slips()
	return append(out, a.sorted()...)
}

// OfLoad is what a `load` line makes of the load of a type.
func OfLoad(c *config.Config, f config.Facts, w World, section, typ string) []Finding {
	a := &around{c: c, f: f, w: w, own: c.OwnAddresses(f)}
	for _, p := range cnf.Validate(cnf.Config{Service: cnf.TelephonyService{Present: section == "telephony-service", Loads: a.c.Telephony.Service.Loads},
		Global: cnf.RegisterGlobal{Present: section != "telephony-service", Loads: a.c.Telephony.Global.Loads}}) {
		if strings.HasPrefix(p.Code, "load-") {
			a.add(config.Warning, sectionCodes[p.Code], p.Where, "%s", p.Text).fix(p.Fix...)
		}
	}
	if a.w.Flash != nil {
		for _, l := range a.loadLines() {
			if l.section == section && strings.EqualFold(l.Type, typ) {
				a.load(l)
			}
		}
	}
	a.steps()
	return slices.DeleteFunc(a.about(section), func(f Finding) bool { return !strings.HasPrefix(strings.ToLower(f.Text), "load "+strings.ToLower(typ)) })
}

// about are the findings of one section.
func (a *around) about(section string) []Finding {
	return slices.DeleteFunc(a.sorted(), func(f Finding) bool { return f.Section != section })
}
