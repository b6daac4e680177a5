package cnf

import (
	"slices"

	"option150/platform/equal"
	"option150/platform/ether"
	"option150/telephony/phone"
)

// inputs is everything files are made of: what renders a file is given nothing
// else, so two equal inputs make the same set. Buttons and speed dials of an
// ephone are not among them, because an SCCP phone learns those when it
// registers: most lines of a pasted configuration change no file.
type inputs struct {
	stamp, sync, logServer, services string   // of Options
	strange                          []string // of Firmware
	absent                           []string // of Options
	Types                            types
	Service                          TelephonyService
	Global                           RegisterGlobal
	Dialplans                        []Dialplan
	Templates                        []Template // of voice register
	Phones                           []sccpPhone
	Pools                            []sipPhone
}

// sccpPhone is what the file of an ephone is made of.
type sccpPhone struct {
	Tag            int
	MAC            ether.MAC
	Type           string
	Addons         []string
	DeviceSecurity string
	override
	levels          []levelled // of service phone, the template's first; nil = neither has any
	user, network   string     // codes of locales of its own, "" = those of all
	sshUser, sshKey string
}

// own reports that the phone has settings that others of its type have not.
func (p *sccpPhone) own() bool {
	return len(p.Addons) > 0 || securityMode(p.DeviceSecurity) != 1 || p.levels != nil || p.user != "" || p.network != "" || p.sshUser != ""
}

// plain reports that the phone's file is that of its type.
func (p *sccpPhone) plain() bool { return !p.own() && !p.set }

// sipPhone is a pool with what its template, its profile and its directory
// numbers say.
type sipPhone struct {
	RegisterPool
	lines []line
	override
	levels        []levelled
	t             *Template // nil = none; compared by address, for no version is changed in place
	user, network string
	dial          dialed
}

// dialed is how a phone knows that a number is complete.
type dialed struct{ text, dr, rule string }

// template is what the template of the phone says.
func (p *sipPhone) template() *Template {
	if p.t == nil {
		return &Template{}
	}
	return p.t
}

// levelsOf are the levels between the system and the file that say anything.
func levelsOf(t levelled, own []ServicePhone) (out []levelled) {
	for _, l := range []levelled{t, {LevelPhone, own}} {
		if len(l.list) > 0 {
			out = append(out, l)
		}
	}
	return out
}

// params are the parameters of a phone of that model.
func (b *builder) params(m phone.Model, own []levelled, o override) []Param {
	return suited(o.params(resolve(append([]levelled{{LevelSystem, b.in.Service.ServicePhone}}, own...)...)), m, b.in.logServer)
}

// inputsOf shares the lists of the configuration, which is not changed any more.
func inputsOf(c Config, o Options) inputs {
	in := inputs{stamp: o.Stamp, sync: o.Sync, logServer: o.LogServer, services: o.Services, strange: o.Firmware.Strange, absent: o.Absent,
		Types: typesOf(&c), Service: c.Service, Global: c.Global, Dialplans: c.Dialplans, Templates: c.RegisterTemplates}
	in.Service.BuildCNF = "" // no content depends on it
	in.Service.Loads, in.Global.Loads = named(in.Service.Loads, o.Firmware.Withheld), named(in.Global.Loads, o.Firmware.Withheld)
	own := o.Firmware.overrides()
	if len(c.Ephones) > 0 {
		in.Phones = make([]sccpPhone, len(c.Ephones))
	}
	for i := range c.Ephones {
		e := &c.Ephones[i]
		p := sccpPhone{Tag: e.Tag, MAC: e.MAC, Type: e.Type, Addons: e.Addons, DeviceSecurity: e.DeviceSecurity, override: own[e.MAC],
			levels: levelsOf(template(c.EphoneTemplates, e.Template), e.ServicePhone)}
		if t := find(c.EphoneTemplates, e.Template); t != nil {
			p.user, p.network = localeByTag(c.Service.UserLocales, t.UserLocale), localeByTag(c.Service.NetworkLocales, t.NetworkLocale)
			p.sshUser, p.sshKey = t.SSHUser, t.SSHPassword
			if p.Type == "" {
				p.Type, p.Addons = t.Type, t.Addons
			}
		}
		in.Phones[i] = p
	}
	if len(c.Pools) == 0 {
		return in
	}
	in.Pools = make([]sipPhone, len(c.Pools))
	dns := make(map[int]*RegisterDN, len(c.DNs))
	for i := range c.DNs {
		dns[c.DNs[i].Tag] = &c.DNs[i]
	}
	plans := map[int]dialed{}
	for i := range c.Pools {
		p := &in.Pools[i]
		p.RegisterPool, p.override = c.Pools[i], own[c.Pools[i].MAC]
		p.levels = levelsOf(template(c.RegisterTemplates, p.Template), p.ServicePhone)
		if t := find(c.RegisterTemplates, p.Template); t != nil {
			p.t = t
			p.Features = p.Features.over(t.Features)
			p.user, p.network = localeByTag(c.Global.UserLocales, t.UserLocale), localeByTag(c.Global.NetworkLocales, t.NetworkLocale)
		}
		if u := c.At(&c.Pools[i], o.Logins); u != nil {
			u.apply(p, c.DNs)
		} else {
			p.lines = linesOf(p.RegisterPool, dns)
		}
		d, ok := plans[p.Dialplan]
		if !ok {
			d = in.dialed(p.Dialplan)
			plans[p.Dialplan] = d
		}
		p.dial = d
	}
	return in
}

// find finds a template by its tag.
func find(list []Template, tag int) *Template {
	for i := range list {
		if list[i].Tag == tag && tag != 0 {
			return &list[i]
		}
	}
	return nil
}

// line is one line of a SIP phone, resolved.
type line struct {
	position            int
	number, name, label string
	authName, password  string
	answers, shared     bool
	calls, huntstop     int // 0 = not said
}

// linesOf resolves `number N dn TAG` in order of position. A dn that is not
// defined or has no number gives no line.
func linesOf(p RegisterPool, dns map[int]*RegisterDN) []line {
	var out []line
	for _, n := range p.Numbers {
		d := dns[n.DN]
		if d == nil || d.Number == "" || n.Position < 1 {
			continue
		}
		out = append(out, lineOf(n.Position, d, p.Username, p.Password))
	}
	return out
}

func lineOf(position int, d *RegisterDN, user, password string) line {
	l := line{position: position, number: d.Number, name: d.Name, label: d.Label, authName: user, password: password,
		answers: d.AutoAnswer, shared: d.Shared, calls: d.MaxCalls, huntstop: d.Huntstop}
	if l.label == "" {
		l.label = d.Number
	}
	if l.name == "" {
		l.name = d.Number
	}
	// An 8841 does not register without authName.
	if l.authName == "" {
		l.authName = d.Number
	}
	return l
}

// made is what a set keeps for the next: each rendered file with what it was
// made of.
type made struct {
	in    inputs
	fixed map[string]rendered // by name: files made of the settings alone
	plain map[string]rendered // by type keyword in lower case
	own   map[int]ownFile     // by tag of the ephone
	pools map[int]poolFiles   // by tag of the pool
}

type ownFile struct {
	phone sccpPhone
	rendered
}

type poolFiles struct {
	phone sipPhone
	where string // the section, for what is said of the files
	files []*File
}

// recall gives the files of the set before that are still right: none when a
// setting that all of them contain is another one.
func recall(was *Set, in *inputs) made {
	if was == nil || was.made.in.stamp != in.stamp || was.made.in.sync != in.sync || was.made.in.logServer != in.logServer || was.made.in.services != in.services || !slices.Equal(was.made.in.strange, in.strange) ||
		!slices.Equal(was.made.in.absent, in.absent) || !equal.Of(&was.made.in.Types, &in.Types) ||
		!equal.Of(&was.made.in.Service, &in.Service) || !equal.Of(&was.made.in.Global, &in.Global) {
		return made{}
	}
	return was.made
}
