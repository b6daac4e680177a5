package bulk

import (
	"fmt"
	"reflect"
	"slices"

	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// Limits of the tags, and of texts, as the commands have them.
const (
	maxEphone, maxEphoneDN = 1000, 1000
	maxPool, maxRegisterDN = 262, 750
	maxName, maxLabel      = 64, 30
	maxDescription         = 128
)

// Done is what became of a row.
type Done struct {
	Row     Row
	Section string // "ephone 3"
	What    string // "added", "changed", "as it is"
}

// The words of Done.
const (
	Added   = "added"
	Changed = "changed"
	Same    = "as it is"
)

// Apply puts rows into a configuration. If a row is refused the configuration is
// half changed: it must be thrown away.
func Apply(c *cnf.Config, rows []Row) (done []Done, refused []Refusal) {
	a := &applying{c: c}
	for i := range rows {
		r := &rows[i]
		d, why := a.row(r)
		if why != "" {
			refused = append(refused, Refusal{r.Line, why})
			continue
		}
		done = append(done, d)
	}
	return done, refused
}

type applying struct{ c *cnf.Config }

func (a *applying) row(r *Row) (Done, string) {
	switch {
	case len([]rune(r.Description)) > maxDescription:
		return Done{}, fmt.Sprintf("the description is longer than %d characters", maxDescription)
	case len(r.Lines) > r.Model.Lines && r.Model.Lines > 0:
		return Done{}, fmt.Sprintf("%d lines: a %s has %d", len(r.Lines), r.Model.Keyword, r.Model.Lines)
	}
	for _, l := range r.Lines {
		if len([]rune(l.Name)) > maxName || len([]rune(l.Label)) > maxLabel {
			return Done{}, fmt.Sprintf("a name has at most %d characters, a label %d", maxName, maxLabel)
		}
	}
	ephone := slices.IndexFunc(a.c.Ephones, func(e cnf.Ephone) bool { return e.MAC == r.MAC })
	pool := slices.IndexFunc(a.c.Pools, func(p cnf.RegisterPool) bool { return p.MAC == r.MAC })
	sip, why := a.protocol(r, ephone >= 0, pool >= 0)
	switch {
	case why != "":
		return Done{}, why
	case sip && ephone >= 0:
		return Done{}, fmt.Sprintf("it is ephone %d: an ephone and a pool of one phone are in each other's way", a.c.Ephones[ephone].Tag)
	case !sip && pool >= 0:
		return Done{}, fmt.Sprintf("it is voice register pool %d: an ephone and a pool of one phone are in each other's way", a.c.Pools[pool].Tag)
	case sip:
		return a.pool(r, pool)
	}
	return a.ephone(r, ephone)
}

// protocol is what the row says, else what the phone is, else what its model
// speaks, else what is set up.
func (a *applying) protocol(r *Row, ephone, pool bool) (sip bool, why string) {
	canSIP := r.Model.SIP && r.Model.SIPFile != ""
	switch {
	case r.Protocol == cnf.SIP && !canSIP, r.Protocol == cnf.SCCP && !r.Model.SCCP:
		return false, fmt.Sprintf("a %s does not speak %s", r.Model.Keyword, r.Protocol)
	case r.Protocol != "":
		return r.Protocol == cnf.SIP, ""
	case ephone != pool:
		return pool, ""
	case !r.Model.SCCP && !canSIP:
		return false, fmt.Sprintf("the files of a %s are not known", r.Model.Keyword)
	case !r.Model.SCCP || !canSIP:
		return canSIP, ""
	}
	return a.c.Global.Present && !a.c.Service.Present, ""
}

// ephone adds or changes an ephone and the numbers of its buttons.
func (a *applying) ephone(r *Row, at int) (Done, string) {
	c := a.c
	e := cnf.Ephone{Tag: free(c.Ephones, func(e *cnf.Ephone) int { return e.Tag }), MAC: r.MAC}
	what := Added
	if at >= 0 {
		e, what = c.Ephones[at], Changed
	}
	if e.Tag > maxEphone {
		return Done{}, fmt.Sprintf("there are %d ephones already", maxEphone)
	}
	was, dns := e, c.EphoneDNs
	if e.Type == "" || !sameModel(e.Type, r.Model) {
		e.Type = r.Model.Keyword
	}
	if r.Description != "" {
		e.Description = r.Description
	}
	if r.Username != "" {
		e.Username, e.Password = r.Username, r.Password
	}
	for i, l := range r.Lines {
		if l.Number == "" {
			continue
		}
		tag, why := a.ephoneDN(l)
		if why != "" {
			return Done{}, why
		}
		if who := a.rings(tag, e.Tag); who != "" {
			return Done{}, fmt.Sprintf("number %s is that of %s", l.Number, who)
		}
		b := cnf.Button{Position: i + 1, Separator: ':', DNs: []int{tag}}
		j := slices.IndexFunc(e.Buttons, func(b cnf.Button) bool { return b.Position == i+1 })
		switch {
		case j < 0:
			e.Buttons = insert(e.Buttons, b, func(b *cnf.Button) int { return b.Position })
		case !slices.Contains(e.Buttons[j].DNs, tag):
			e.Buttons = slices.Clone(e.Buttons)
			e.Buttons[j] = b
		}
	}
	d := Done{Row: *r, Section: fmt.Sprintf("ephone %d", e.Tag), What: what}
	switch {
	case at < 0:
		c.Ephones = insert(c.Ephones, e, func(e *cnf.Ephone) int { return e.Tag })
	case reflect.DeepEqual(was, e) && reflect.DeepEqual(dns, c.EphoneDNs):
		d.What = Same
	default:
		c.Ephones = slices.Clone(c.Ephones)
		c.Ephones[at] = e
	}
	return d, ""
}

// ephoneDN is the tag of a number; it is added if it is not there.
func (a *applying) ephoneDN(l Line) (tag int, why string) {
	c := a.c
	for i := range c.EphoneDNs {
		if d := c.EphoneDNs[i]; d.Number == l.Number {
			n := d
			take(&n.Name, l.Name)
			take(&n.Label, l.Label)
			if n != d {
				c.EphoneDNs = slices.Clone(c.EphoneDNs)
				c.EphoneDNs[i] = n
			}
			return d.Tag, ""
		}
	}
	tag = free(c.EphoneDNs, func(d *cnf.EphoneDN) int { return d.Tag })
	switch most := c.Service.MaxDN; {
	case most > 0 && tag > most:
		return 0, fmt.Sprintf("max-dn %d is reached: below telephony-service raise max-dn first", most)
	case tag > maxEphoneDN:
		return 0, fmt.Sprintf("there are %d ephone-dns already", maxEphoneDN)
	}
	c.EphoneDNs = insert(c.EphoneDNs, cnf.EphoneDN{Tag: tag, Number: l.Number, Name: l.Name, Label: l.Label}, func(d *cnf.EphoneDN) int { return d.Tag })
	return tag, ""
}

// rings is another ephone that has a number.
func (a *applying) rings(dn, but int) string {
	for _, e := range a.c.Ephones {
		for _, b := range e.Buttons {
			if e.Tag != but && slices.Contains(b.DNs, dn) {
				return fmt.Sprintf("ephone %d", e.Tag)
			}
		}
	}
	return ""
}

// pool adds or changes a pool and the numbers of its lines.
func (a *applying) pool(r *Row, at int) (Done, string) {
	c := a.c
	p := cnf.RegisterPool{Tag: free(c.Pools, func(p *cnf.RegisterPool) int { return p.Tag }), MAC: r.MAC}
	what := Added
	if at >= 0 {
		p, what = c.Pools[at], Changed
	}
	if p.Tag > maxPool {
		return Done{}, fmt.Sprintf("there are %d pools already", maxPool)
	}
	was, dns := p, c.DNs
	if p.Type == "" || !sameModel(p.Type, r.Model) {
		p.Type = r.Model.Keyword
	}
	take(&p.Description, r.Description)
	take(&p.Username, r.Username)
	take(&p.Password, r.Password)
	if p.Username == "" && p.Password != "" && len(r.Lines) > 0 {
		p.Username = r.Lines[0].Number // exports of a PBX have a secret per extension
	}
	for i, l := range r.Lines {
		if l.Number == "" {
			continue
		}
		tag, why := a.registerDN(l)
		if why != "" {
			return Done{}, why
		}
		for _, o := range c.Pools {
			if o.Tag != p.Tag && slices.ContainsFunc(o.Numbers, func(n cnf.PoolNumber) bool { return n.DN == tag }) {
				return Done{}, fmt.Sprintf("number %s is that of voice register pool %d", l.Number, o.Tag)
			}
		}
		n := cnf.PoolNumber{Position: i + 1, DN: tag}
		j := slices.IndexFunc(p.Numbers, func(n cnf.PoolNumber) bool { return n.Position == i+1 })
		switch {
		case j < 0:
			p.Numbers = insert(p.Numbers, n, func(n *cnf.PoolNumber) int { return n.Position })
		case p.Numbers[j] != n:
			p.Numbers = slices.Clone(p.Numbers)
			p.Numbers[j] = n
		}
	}
	d := Done{Row: *r, Section: fmt.Sprintf("voice register pool %d", p.Tag), What: what}
	switch {
	case at < 0:
		c.Pools = insert(c.Pools, p, func(p *cnf.RegisterPool) int { return p.Tag })
	case reflect.DeepEqual(was, p) && reflect.DeepEqual(dns, c.DNs):
		d.What = Same
	default:
		c.Pools = slices.Clone(c.Pools)
		c.Pools[at] = p
	}
	return d, ""
}

func (a *applying) registerDN(l Line) (tag int, why string) {
	c := a.c
	for i := range c.DNs {
		if d := c.DNs[i]; d.Number == l.Number {
			n := d
			take(&n.Name, l.Name)
			take(&n.Label, l.Label)
			if n.Name != d.Name || n.Label != d.Label {
				c.DNs = slices.Clone(c.DNs)
				c.DNs[i] = n
			}
			return d.Tag, ""
		}
	}
	tag = free(c.DNs, func(d *cnf.RegisterDN) int { return d.Tag })
	switch most := c.Global.MaxDN; {
	case most > 0 && tag > most:
		return 0, fmt.Sprintf("max-dn %d is reached: below voice register global raise max-dn first", most)
	case tag > maxRegisterDN:
		return 0, fmt.Sprintf("there are %d voice register dns already", maxRegisterDN)
	}
	c.DNs = insert(c.DNs, cnf.RegisterDN{Tag: tag, Number: l.Number, Name: l.Name, Label: l.Label}, func(d *cnf.RegisterDN) int { return d.Tag })
	return tag, ""
}

// take puts a text that is said in the place of another.
func take(to *string, said string) {
	if said != "" {
		*to = said
	}
}

func sameModel(keyword string, m phone.Model) bool {
	k, ok := phone.Lookup(keyword)
	return ok && k.Keyword == m.Keyword
}

// free is the lowest tag that is not used.
func free[T any](all []T, tag func(*T) int) int {
	used := make(map[int]bool, len(all))
	for i := range all {
		used[tag(&all[i])] = true
	}
	for n := 1; ; n++ {
		if !used[n] {
			return n
		}
	}
}

// insert makes a new list: that of the version before may be the same.
func insert[T any](all []T, x T, tag func(*T) int) []T {
	out := slices.Clone(all)
	at := len(out)
	for at > 0 && tag(&out[at-1]) > tag(&x) {
		at--
	}
	return slices.Insert(out, at, x)
}
