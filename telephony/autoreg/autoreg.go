// Package autoreg gives a phone that nobody configured a section of its own: an
// ephone by `auto-reg-ephone` and `auto assign`, a voice register pool by
// `auto-register`, or either one because an operator said so.
//
// It follows the CME command reference (auto assign, auto-reg-ephone,
// max-ephones; auto-register with auto-assign, password, template) and source
// 004 (a phone that is not configured, and auto-registration).
//
// Pure: a configuration and a phone in, a changed configuration out. Who may
// have that done, and how often, is Gate. Failure: an error says why nothing was
// added, in words for people. Testing: tables.
package autoreg

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// Phone is one that is configured nowhere.
type Phone struct {
	MAC   ether.MAC
	Model string // keyword, "7961"; "" = not known
	Load  string // it runs; "" = not known
}

// Added is what came of it.
type Added struct {
	Section string // "ephone 3"
	Type    string
	Number  string // "" = none was to be had
}

// ErrOff says that nobody is to be added unasked.
var ErrOff = errors.New("auto-registration is off")

// Wanted reports that a configuration adds phones unasked.
func Wanted(c *cnf.Config) bool { return wantsSCCP(c) || wantsSIP(c) }

func wantsSCCP(c *cnf.Config) bool {
	s := &c.Service
	return s.Present && !s.NoAutoReg && !s.NoCreate && s.SourceAddress.Addr.IsValid() && len(s.AutoAssign) > 0
}

// wantsSIP: the range and the password are mandatory.
func wantsSIP(c *cnf.Config) bool {
	g, a := &c.Global, &c.Global.AutoRegister
	return g.Present && !g.NoCreate && g.SourceAddress.Addr.IsValid() && a.Present && !a.Off && a.First > 0 && a.Password != ""
}

// Configured reports that a phone has a section.
func Configured(c *cnf.Config, mac ether.MAC) bool {
	return slices.ContainsFunc(c.Ephones, func(e cnf.Ephone) bool { return e.MAC == mac }) ||
		slices.ContainsFunc(c.Pools, func(p cnf.RegisterPool) bool { return p.MAC == mac })
}

// Register adds a phone unasked, if the configuration says so. A phone that may
// speak both protocols gets the one that its firmware speaks, else SCCP first,
// as in the hunt for its file.
func Register(c *cnf.Config, p Phone) (Added, error) {
	if !Wanted(c) {
		return Added{}, ErrOff
	}
	m, err := modelOf(c, p)
	if err != nil {
		return Added{}, err
	}
	speaks := phone.Load(p.Load).Protocol()
	var why error = fmt.Errorf("no auto-registration is configured for a %s", m.Keyword)
	if m.SCCP && speaks != cnf.SIP && wantsSCCP(c) {
		a, err := Added{}, fmt.Errorf("max-ephones %d is reached", c.Service.MaxEphones)
		if len(c.Ephones) < c.Service.MaxEphones {
			a, err = ephoneByRange(c, p.MAC, m)
		}
		if err == nil {
			return a, nil
		}
		why = err
	}
	if m.SIP && m.SIPFile != "" && speaks != cnf.SCCP && wantsSIP(c) {
		a, err := Added{}, fmt.Errorf("max-pool %d is reached", c.Global.MaxPool)
		if len(c.Pools) < c.Global.MaxPool {
			a, err = poolByRange(c, p.MAC, m)
		}
		if err == nil {
			return a, nil
		}
		why = err
	}
	return Added{}, why
}

// modelOf is the model of a phone that may be added.
func modelOf(c *cnf.Config, p Phone) (phone.Model, error) {
	switch m, ok := phone.Lookup(p.Model); {
	case p.MAC.IsZero():
		return m, errors.New("it has no hardware address")
	case Configured(c, p.MAC):
		return m, errors.New("it is configured")
	case p.Model == "":
		return m, errors.New("its model is not known")
	case !ok:
		return m, fmt.Errorf("%s is not in the model table", p.Model)
	case m.Addon:
		return m, fmt.Errorf("a %s is an expansion module", m.Keyword)
	default:
		return m, nil
	}
}

// ephoneByRange adds an ephone with the first free number of the ranges for its
// type, else of those for every type.
func ephoneByRange(c *cnf.Config, mac ether.MAC, m phone.Model) (Added, error) {
	taken := map[int]bool{}
	for _, e := range c.Ephones {
		for _, b := range e.Buttons {
			for _, d := range b.DNs {
				taken[d] = true
			}
		}
	}
	covered := false
	for _, typed := range []bool{true, false} {
		for _, a := range c.Service.AutoAssign {
			t, _ := phone.Lookup(a.Type)
			if typed != (a.Type != "") || typed && t.Keyword != m.Keyword {
				continue
			}
			covered = true
			for _, d := range c.EphoneDNs {
				if d.Tag >= a.First && d.Tag <= a.Last && d.Number != "" && !taken[d.Tag] {
					return AddEphone(c, mac, m, d.Tag), nil
				}
			}
		}
	}
	if !covered {
		return Added{}, fmt.Errorf("auto assign has no range for a %s", m.Keyword)
	}
	return Added{}, errors.New("no number is left in the ranges of auto assign")
}

// AddEphone adds an ephone; dn 0 = it has no button.
func AddEphone(c *cnf.Config, mac ether.MAC, m phone.Model, dn int) Added {
	e := cnf.Ephone{Tag: free(c.Ephones, func(e cnf.Ephone) int { return e.Tag }), MAC: mac, Type: m.Keyword}
	a := Added{Section: "ephone " + strconv.Itoa(e.Tag), Type: m.Keyword}
	if dn > 0 {
		e.Buttons = []cnf.Button{{Position: 1, Separator: ':', DNs: []int{dn}}}
		for _, d := range c.EphoneDNs {
			if d.Tag == dn {
				a.Number = d.Number
			}
		}
	}
	c.Ephones = insert(c.Ephones, e, func(e cnf.Ephone) int { return e.Tag })
	return a
}

// poolByRange adds a pool and the directory number of its line: the first
// extension of the range that nobody has.
func poolByRange(c *cnf.Config, mac ether.MAC, m phone.Model) (Added, error) {
	g := &c.Global
	if len(c.DNs) >= g.MaxDN {
		return Added{}, fmt.Errorf("max-dn %d is reached", g.MaxDN)
	}
	taken := map[string]bool{}
	for _, d := range c.DNs {
		taken[d.Number] = true
	}
	for _, d := range c.EphoneDNs {
		taken[d.Number] = true
	}
	for n := uint64(g.AutoRegister.First); n <= uint64(g.AutoRegister.Last) && n-uint64(g.AutoRegister.First) <= uint64(len(taken)); n++ {
		number := strconv.FormatUint(n, 10)
		if taken[number] {
			continue
		}
		d := cnf.RegisterDN{Tag: free(c.DNs, func(d cnf.RegisterDN) int { return d.Tag }), Number: number}
		c.DNs = insert(c.DNs, d, func(d cnf.RegisterDN) int { return d.Tag })
		a := AddPool(c, mac, m, d.Tag)
		for i := range c.Pools {
			if p := &c.Pools[i]; p.MAC == mac {
				p.Template, p.Username, p.Password = g.AutoRegister.Template, number, g.AutoRegister.Password
			}
		}
		return a, nil
	}
	return Added{}, errors.New("no number is left in the range of auto-assign")
}

// AddPool adds a pool; dn 0 = it has no line.
func AddPool(c *cnf.Config, mac ether.MAC, m phone.Model, dn int) Added {
	p := cnf.RegisterPool{Tag: free(c.Pools, func(p cnf.RegisterPool) int { return p.Tag }), MAC: mac, Type: m.Keyword}
	a := Added{Section: "voice register pool " + strconv.Itoa(p.Tag), Type: m.Keyword}
	if dn > 0 {
		p.Numbers = []cnf.PoolNumber{{Position: 1, DN: dn}}
		for _, d := range c.DNs {
			if d.Tag == dn {
				a.Number = d.Number
			}
		}
	}
	c.Pools = insert(c.Pools, p, func(p cnf.RegisterPool) int { return p.Tag })
	return a
}

// Adopt adds a phone because an operator said so: as an ephone or a pool by its
// model, where it may be both by what is set up. A number of the ranges is given
// if there is one.
func Adopt(c *cnf.Config, p Phone, protocol string) (Added, error) {
	m, err := modelOf(c, p)
	if err != nil {
		return Added{}, err
	}
	sip := m.SIP && m.SIPFile != ""
	switch {
	case protocol == cnf.SCCP && !m.SCCP, protocol == cnf.SIP && !sip:
		return Added{}, fmt.Errorf("a %s does not speak %s", m.Keyword, protocol)
	case protocol != "":
		sip = protocol == cnf.SIP
	case !m.SCCP && !sip:
		return Added{}, fmt.Errorf("the files of a %s are not known", m.Keyword)
	case m.SCCP && sip:
		speaks := phone.Load(p.Load).Protocol()
		sip = speaks == cnf.SIP || speaks == "" && c.Global.Present && !c.Service.Present
	}
	if sip {
		if wantsSIP(c) {
			if a, err := poolByRange(c, p.MAC, m); err == nil {
				return a, nil
			}
		}
		return AddPool(c, p.MAC, m, 0), nil
	}
	if len(c.Service.AutoAssign) > 0 {
		if a, err := ephoneByRange(c, p.MAC, m); err == nil {
			return a, nil
		}
	}
	return AddEphone(c, p.MAC, m, 0), nil
}

// free is the lowest tag that is not used.
func free[T any](all []T, tag func(T) int) int {
	used := make(map[int]bool, len(all))
	for _, x := range all {
		used[tag(x)] = true
	}
	for n := 1; ; n++ {
		if !used[n] {
			return n
		}
	}
}

// insert makes a new list: that of the version before may be the same.
func insert[T any](all []T, x T, tag func(T) int) []T {
	out := slices.Clone(all)
	at := len(out)
	for at > 0 && tag(out[at-1]) > tag(x) {
		at--
	}
	return slices.Insert(out, at, x)
}
