package cnf

import "slices"

// Clone is a copy for a command to change. Its lists and their elements are its
// own; a list within an element, the speed dials of a phone, is shared, with no
// room to append: who changes one makes a new one.
func (c Config) Clone() Config {
	s := &c.Service
	s.Loads, s.AutoAssign, s.Files = slices.Clone(s.Loads), slices.Clone(s.AutoAssign), slices.Clone(s.Files)
	s.URLs, s.ServicePhone = slices.Clone(s.URLs), slices.Clone(s.ServicePhone)
	s.UserLocales, s.NetworkLocales = slices.Clone(s.UserLocales), slices.Clone(s.NetworkLocales)
	g := &c.Global
	g.Loads, g.URLs = slices.Clone(g.Loads), slices.Clone(g.URLs)
	g.UserLocales, g.NetworkLocales = slices.Clone(g.UserLocales), slices.Clone(g.NetworkLocales)
	c.EphoneDNs = slices.Clone(c.EphoneDNs)
	c.DNs = slices.Clone(c.DNs)
	c.Ephones = slices.Clone(c.Ephones)
	for i := range c.Ephones {
		e := &c.Ephones[i]
		e.Addons, e.SpeedDials, e.ServicePhone = slices.Clip(e.Addons), slices.Clip(e.SpeedDials), slices.Clip(e.ServicePhone)
		e.Buttons = slices.Clip(e.Buttons)
	}
	c.Pools = slices.Clone(c.Pools)
	for i := range c.Pools {
		p := &c.Pools[i]
		p.Addons, p.Numbers = slices.Clip(p.Addons), slices.Clip(p.Numbers)
		p.DTMFRelay, p.SpeedDials, p.ServicePhone = slices.Clip(p.DTMFRelay), slices.Clip(p.SpeedDials), slices.Clip(p.ServicePhone)
		p.Features.clip()
	}
	c.EphoneTemplates, c.RegisterTemplates = cloneTemplates(c.EphoneTemplates), cloneTemplates(c.RegisterTemplates)
	c.EphoneTypes, c.PoolTypes = slices.Clone(c.EphoneTypes), slices.Clone(c.PoolTypes)
	c.Dialplans = slices.Clone(c.Dialplans)
	for i := range c.Dialplans {
		c.Dialplans[i].Patterns = slices.Clip(c.Dialplans[i].Patterns)
	}
	c.Gateways = slices.Clone(c.Gateways)
	c.Users, c.Logouts = cloneProfiles(c.Users), cloneProfiles(c.Logouts)
	return c
}

func cloneTemplates(l []Template) []Template {
	l = slices.Clone(l)
	for i := range l {
		t := &l[i]
		t.ServicePhone, t.Addons, t.Softkeys, t.Layout = slices.Clip(t.ServicePhone), slices.Clip(t.Addons), slices.Clip(t.Softkeys), slices.Clip(t.Layout)
		t.URLButtons, t.URLs = slices.Clip(t.URLButtons), slices.Clip(t.URLs)
		t.Features.clip()
	}
	return l
}

func cloneProfiles(l []Profile) []Profile {
	l = slices.Clone(l)
	for i := range l {
		l[i].Numbers, l[i].SpeedDials = slices.Clip(l[i].Numbers), slices.Clip(l[i].SpeedDials)
	}
	return l
}

func (f *Features) clip() {
	f.BLFs, f.FastDials, f.Buttons = slices.Clip(f.BLFs), slices.Clip(f.FastDials), slices.Clip(f.Buttons)
}
