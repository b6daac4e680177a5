package upgrade

import (
	"io"
	"net/netip"
	"path"
	"slices"
	"strings"

	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// Default chooses what a phone gets that asks for the load of a factory reset,
// term41.default.loads. Such a list is signed by its maker, so it is never made
// here: it is the copy that came with the load the phone may have. handled says
// that the name is such a name; path "" = there is none.
func (p *Policy) Default(c *cnf.Config, client netip.Addr, name string) (at string, handled bool) {
	base := strings.ToLower(path.Base(name))
	if !strings.HasPrefix(base, "term") || !strings.HasSuffix(base, ".default.loads") {
		return "", false
	}
	family := firmware.FamilyOf(base)
	mac, known := p.Classes.phoneAt(client)
	if p.Holder != nil {
		if m, ok := p.Holder(client); ok {
			mac, known = m, true
		}
	}
	for _, t := range targets(c, family, func(m cnf.Ephone) bool { return known && m.MAC == mac }) {
		want := t
		if need := steps(t); len(need) > 0 {
			k := p.Classes.settle(mac, p.Open(), need[0].Asks == "").class(need[0], t)
			// A phone that showed that it takes every load does so again.
			if !known || k != Direct {
				if c.Unknown != cnf.UnknownDirect || known && k != Unknown {
					want = p.stone(phone.Load(t), need[0])
				}
			}
		}
		if want == "" || !p.Whole(want).Complete() {
			continue
		}
		if at = p.copyOf(base, want); at == "" {
			continue
		}
		if want != t && known {
			p.Classes.reset(mac, want, append([]string{base}, p.files(want)[1:]...))
		}
		return at, true
	}
	return "", true
}

// targets are the loads configured for a family: that of the phone if it is
// known, else all of them.
func targets(c *cnf.Config, family string, is func(cnf.Ephone) bool) (out []string) {
	for _, e := range c.Ephones {
		if l, ok := cnf.LoadOf(c.Service.Loads, e.Type); ok && is(e) {
			return []string{l.File}
		}
	}
	for _, e := range c.Pools {
		if l, ok := cnf.LoadOf(c.Global.Loads, e.Type); ok && is(cnf.Ephone{MAC: e.MAC}) {
			return []string{l.File}
		}
	}
	for _, l := range slices.Concat(c.Service.Loads, c.Global.Loads) {
		if firmware.FamilyOf(l.File) == family && !slices.Contains(out, l.File) {
			out = append(out, l.File)
		}
	}
	return out
}

// copyOf is the file of that name whose list is the list of a load.
func (p *Policy) copyOf(base, load string) string {
	s := p.Whole(load)
	if s.Set == nil {
		return ""
	}
	for _, f := range p.Files() {
		if !strings.EqualFold(path.Base(f), base) {
			continue
		}
		if set := p.list(f); set != nil && slices.Equal(set.Names(), s.Set.Names()) {
			return f
		}
	}
	return ""
}

func (p *Policy) list(at string) *firmware.LoadSet {
	f, ok := p.Find("/" + at)
	if !ok || f.Open == nil {
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return nil
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, firmware.MaxList+1))
	if err != nil {
		return nil
	}
	set, err := firmware.ParseList(path.Base(at), b)
	if err != nil || set.Renamed() {
		return nil
	}
	return set
}
