package cnf

import (
	"strconv"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// Parameter names that the box itself reads.
const (
	PeerFirmwareSharing = "peerFirmwareSharing"
	LoadServer          = "loadServer"
	LogServerName       = "logServer"
)

// The levels a parameter may be set at. [sources/002: phone, common profile,
// enterprise, in decreasing order of precedence]
const (
	LevelPhone   = "phone"
	LevelSystem  = "system"
	LevelBox     = "log-server" // what the box writes of its own accord
	LevelUpgrade = "upgrade"    // for a phone on a step of its own
)

// Param is a parameter as it stands in the file of a phone.
type Param struct {
	Name, Value string
	Level       string // LevelPhone, "template 3", LevelSystem, LevelBox
}

// levelled is one level with its lines.
type levelled struct {
	name string
	list []ServicePhone
}

// resolve merges levels, the one that counts least first: a parameter stays
// where the first of them has it.
func resolve(levels ...levelled) []Param {
	var out []Param
	for _, l := range levels {
		said := map[string]bool{}
		for _, p := range l.list {
			if said[p.Name] || !validName(p.Name) {
				continue
			}
			said[p.Name] = true
			put(&out, Param{p.Name, p.Value, l.name})
		}
	}
	return out
}

func put(l *[]Param, p Param) {
	for i := range *l {
		if (*l)[i].Name == p.Name {
			(*l)[i] = p
			return
		}
	}
	*l = append(*l, p)
}

// template are the lines of a template, none if there is none of that tag.
func template(list []Template, tag int) levelled {
	if t := find(list, tag); t != nil && len(t.ServicePhone) > 0 {
		return levelled{"template " + strconv.Itoa(tag), t.ServicePhone}
	}
	return levelled{}
}

// suited leaves out what a model does not have, and adds the log server of the
// box where the model has one and no line names another.
func suited(l []Param, m phone.Model, logServer string) []Param {
	out := make([]Param, 0, len(l)+1)
	for _, p := range l {
		if m.PFS == "no" && (p.Name == PeerFirmwareSharing || p.Name == LogServerName) {
			continue
		}
		out = append(out, p)
	}
	if logServer != "" && m.PFS == "yes" && param(out, LogServerName) == nil {
		out = append(out, Param{LogServerName, logServer, LevelBox})
	}
	return out
}

func param(l []Param, name string) *Param {
	for i := range l {
		if l[i].Name == name {
			return &l[i]
		}
	}
	return nil
}

// Effective is what the configuration says of one phone.
type Effective struct {
	MAC    ether.MAC
	Line   string // "ephone 3", "voice register pool 2"
	Model  phone.Model
	Load   string // canonical name, "" = none
	Params []Param
}

// Param is a parameter of the phone's file, "" if it has none of that name.
func (e *Effective) Param(name string) (value, level string) {
	if p := param(e.Params, name); p != nil {
		return p.Value, p.Level
	}
	return "", ""
}

// EffectiveOf resolves the levels for every phone with a hardware address, as
// its file is built.
func EffectiveOf(c Config, o Options) []Effective {
	out := make([]Effective, 0, len(c.Ephones)+len(c.Pools))
	system := levelled{LevelSystem, c.Service.ServicePhone}
	seen, own := map[ether.MAC]bool{}, o.Firmware.overrides()
	loads, sipLoads := named(c.Service.Loads, o.Firmware.Withheld), named(c.Global.Loads, o.Firmware.Withheld)
	known := typesOf(&c)
	for _, e := range c.Ephones {
		if t := find(c.EphoneTemplates, e.Template); t != nil && e.Type == "" {
			e.Type = t.Type
		}
		if e.MAC.IsZero() || e.Type == "" || seen[e.MAC] {
			continue
		}
		seen[e.MAC] = true
		m := known.model(e.Type, false)
		out = append(out, Effective{MAC: e.MAC, Line: ephone(e.Tag), Model: m, Load: own[e.MAC].of(loads, m).Canonical(),
			Params: suited(own[e.MAC].params(resolve(system, template(c.EphoneTemplates, e.Template), levelled{LevelPhone, e.ServicePhone})), m, o.LogServer)})
	}
	for _, p := range c.Pools {
		if p.MAC.IsZero() || p.Type == "" || seen[p.MAC] {
			continue
		}
		seen[p.MAC] = true
		m := known.model(p.Type, true)
		out = append(out, Effective{MAC: p.MAC, Line: pool(p.Tag), Model: m, Load: own[p.MAC].of(sipLoads, m).Canonical(),
			Params: suited(own[p.MAC].params(resolve(system, template(c.RegisterTemplates, p.Template), levelled{LevelPhone, p.ServicePhone})), m, o.LogServer)})
	}
	return out
}

// Value is a parameter and the section whose line says it.
type Value struct{ Value, Where string }

// Values are what the lines of all levels say of one parameter.
type Values struct {
	All Value // of every phone, "" = nothing
	own map[ether.MAC]Value
}

// Of is the value for a phone.
func (s Values) Of(mac ether.MAC) Value {
	if v, ok := s.own[mac]; ok {
		return v
	}
	return s.All
}

// ValuesOf resolves the levels of one parameter for all phones.
func ValuesOf(c *Config, name string) Values {
	said := func(where string, list []ServicePhone) (Value, bool) {
		for _, p := range list {
			if p.Name == name {
				return Value{p.Value, where}, true
			}
		}
		return Value{}, false
	}
	v := Values{own: map[ether.MAC]Value{}}
	v.All, _ = said("telephony-service", c.Service.ServicePhone)
	note := func(mac ether.MAC, where string, own []ServicePhone, word string, templates []Template, tag int) {
		x, ok := said(where, own)
		if !ok && tag != 0 {
			x, ok = said(word+" "+strconv.Itoa(tag), template(templates, tag).list)
		}
		if _, had := v.own[mac]; ok && !had {
			v.own[mac] = x
		}
	}
	for _, e := range c.Ephones {
		note(e.MAC, ephone(e.Tag), e.ServicePhone, "ephone-template", c.EphoneTemplates, e.Template)
	}
	for _, p := range c.Pools {
		note(p.MAC, pool(p.Tag), p.ServicePhone, "voice register template", c.RegisterTemplates, p.Template)
	}
	return v
}
