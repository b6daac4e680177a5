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
	stamp, sync, logServer string   // of Options
	strange                []string // of Firmware
	Service                TelephonyService
	Global                 RegisterGlobal
	Phones                 []sccpPhone
	Pools                  []sipPhone
}

// sccpPhone is what the file of an ephone is made of.
type sccpPhone struct {
	Tag            int
	MAC            ether.MAC
	Type           string
	Addons         []string
	DeviceSecurity string
	override
	levels []levelled // of service phone, the template's first; nil = neither has any
}

// plain reports that the phone's file is that of its type.
func (p sccpPhone) plain() bool {
	return len(p.Addons) == 0 && securityMode(p.DeviceSecurity) == 1 && !p.set && p.levels == nil
}

// sipPhone is a pool with its directory numbers found.
type sipPhone struct {
	RegisterPool
	lines []line
	override
	levels []levelled
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
	in := inputs{stamp: o.Stamp, sync: o.Sync, logServer: o.LogServer, strange: o.Firmware.Strange, Service: c.Service, Global: c.Global}
	in.Service.Loads, in.Global.Loads = named(in.Service.Loads, o.Firmware.Withheld), named(in.Global.Loads, o.Firmware.Withheld)
	own := o.Firmware.overrides()
	if len(c.Ephones) > 0 {
		in.Phones = make([]sccpPhone, len(c.Ephones))
	}
	for i, e := range c.Ephones {
		in.Phones[i] = sccpPhone{e.Tag, e.MAC, e.Type, e.Addons, e.DeviceSecurity, own[e.MAC], levelsOf(template(c.EphoneTemplates, e.Template), e.ServicePhone)}
	}
	if len(c.Pools) == 0 {
		return in
	}
	in.Pools = make([]sipPhone, len(c.Pools))
	dns := make(map[int]*RegisterDN, len(c.DNs))
	for i := range c.DNs {
		dns[c.DNs[i].Tag] = &c.DNs[i]
	}
	for i, p := range c.Pools {
		in.Pools[i] = sipPhone{p, linesOf(p, dns), own[p.MAC], levelsOf(template(c.RegisterTemplates, p.Template), p.ServicePhone)}
	}
	return in
}

// line is one line of a SIP phone, resolved.
type line struct {
	position            int
	number, name, label string
	authName, password  string
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
		l := line{position: n.Position, number: d.Number, name: d.Name, label: d.Label, authName: p.Username, password: p.Password}
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
		out = append(out, l)
	}
	return out
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
	if was == nil || was.made.in.stamp != in.stamp || was.made.in.sync != in.sync || was.made.in.logServer != in.logServer || !slices.Equal(was.made.in.strange, in.strange) ||
		!equal.Of(&was.made.in.Service, &in.Service) || !equal.Of(&was.made.in.Global, &in.Global) {
		return made{}
	}
	return was.made
}
