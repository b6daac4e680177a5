package cnf

import (
	"slices"

	"option150/platform/ether"
	"option150/telephony/phone"
)

// Firmware says which loads may be named in files. What a phone cannot get
// whole, or may not run, it must not be told to fetch, or it restarts for ever;
// an empty place makes it keep its image. Loads are meant by the names of their
// lines.
type Firmware struct {
	Withheld []string    // in no file
	Strange  []string    // not in the default files, for phones nobody knows
	Phones   []PhoneLoad // other than their lines say, by MAC
}

// PhoneLoad is the load of one phone at its present step.
type PhoneLoad struct {
	MAC   ether.MAC
	Load  string // "" = it keeps its image
	Alone bool   // no Peer Firmware Sharing: its peers may be on another step
}

// named are the load lines with the withheld ones emptied.
func named(loads []LoadEntry, withheld []string) []LoadEntry {
	if len(withheld) == 0 {
		return loads
	}
	out := slices.Clone(loads)
	for i := range out {
		if !out[i].Force && slices.Contains(withheld, out[i].File) {
			out[i].File = ""
		}
	}
	return out
}

// override is what a phone's file says instead of its lines; the zero value is
// nothing.
type override struct {
	set   bool
	load  string
	alone bool
}

// of is the load of a phone: its own at its present step, else that of its model.
func (o override) of(loads []LoadEntry, m phone.Model) phone.Load {
	if o.set {
		return phone.Load(o.load)
	}
	return load(loads, m)
}

// params are the parameters of a phone: one that is upgraded alone shares
// nothing.
func (o override) params(list []Param) []Param {
	if p := param(list, PeerFirmwareSharing); o.alone && p != nil {
		p.Value, p.Level = "0", LevelUpgrade
	}
	return list
}

func (f Firmware) overrides() map[ether.MAC]override {
	m := make(map[ether.MAC]override, len(f.Phones))
	for _, p := range f.Phones {
		m[p.MAC] = override{true, p.Load, p.Alone}
	}
	return m
}

// What `upgrade unknown` makes of a phone that has not shown what it runs.
const (
	UnknownKeep     = "" // keep, the default: its image stays
	UnknownDirect   = "direct"
	UnknownStepping = "stepping"
)

// LoadOf is the load line for a type keyword.
func LoadOf(loads []LoadEntry, typ string) (LoadEntry, bool) {
	m := types{}.model(typ, false)
	file := load(loads, m)
	for _, l := range loads {
		if l.File == string(file) && file != "" {
			return l, true
		}
	}
	return LoadEntry{}, false
}
