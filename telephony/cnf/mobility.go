package cnf

import (
	"bytes"
	"cmp"
	"slices"

	"option150/platform/ether"
	"option150/platform/sorted"
)

// Profile is one `voice user-profile TAG` or `voice logout-profile TAG`
// section: the lines of a person, or those of a phone nobody has logged in at.
type Profile struct {
	Tag        int
	User       string
	Password   string
	PIN        string // its hash, as `secret 9` has it; "" = none
	MaxIdle    int    // minutes, 0 = for ever; user-profile
	Numbers    []ProfileNumber
	SpeedDials []ProfileDial // sorted by position
	Dialplan   int           // 0 = that of the phone
	PrivacyKey bool          // `privacy-button`
}

// ProfileNumber is one `number N[,N...] type KIND` line.
type ProfileNumber struct{ Number, Kind string }

// ProfileDial is one `speed-dial N NUMBER [label TEXT] [blf]` line.
type ProfileDial struct {
	SpeedDial
	BLF bool
}

// Login is a person at a phone.
type Login struct {
	MAC  ether.MAC
	User int // tag of the voice user-profile
}

// SortLogins puts logins in the order Options wants them in.
func SortLogins(l []Login) {
	sorted.By(l, func(a, b Login) int { return cmp.Or(bytes.Compare(a.MAC[:], b.MAC[:]), cmp.Compare(a.User, b.User)) })
}

// Serves reports that phones are told of the services of the box: people log in
// at some, or have entries of fastdial.
func (c *Config) Serves() bool {
	for i := range c.Pools {
		if c.Pools[i].Logout != 0 || len(c.Pools[i].FastDials) > 0 {
			return true
		}
	}
	for i := range c.RegisterTemplates {
		if len(c.RegisterTemplates[i].FastDials) > 0 {
			return true
		}
	}
	return false
}

// FastDialsOf are the entries of the personal speed dials of a pool.
func (c *Config) FastDialsOf(p *RegisterPool) []SpeedDial {
	if t := find(c.RegisterTemplates, p.Template); t != nil && len(p.FastDials) == 0 {
		return t.FastDials
	}
	return p.FastDials
}

// profileOf finds a profile.
func profileOf(list []Profile, tag int) *Profile {
	for i := range list {
		if list[i].Tag == tag && tag != 0 {
			return &list[i]
		}
	}
	return nil
}

// At is the profile whose lines a pool has: that of who is logged in, else its
// logout profile; nil if it has none of both.
func (c *Config) At(p *RegisterPool, logins []Login) *Profile {
	if p.Logout == 0 {
		return nil
	}
	i, in := slices.BinarySearchFunc(logins, p.MAC, func(l Login, mac ether.MAC) int { return bytes.Compare(l.MAC[:], mac[:]) })
	if in {
		if u := profileOf(c.Users, logins[i].User); u != nil {
			return u
		}
	}
	return profileOf(c.Logouts, p.Logout)
}

// kindOrder is the order in which the numbers of a profile take the buttons of
// a phone. [Cisco Unified CME administrator guide: extension mobility]
var kindOrder = []string{"normal", "silent-ring", "beep-ring", "feature-ring", "monitor-ring", "overlay", "cw-overly"}

// ProfileKinds are the words of `number N type KIND`.
func ProfileKinds() []string { return kindOrder }

// apply puts the lines of a profile in the place of those of a pool.
func (p *Profile) apply(s *sipPhone, dns []RegisterDN) {
	numbers := slices.Clone(p.Numbers)
	sorted.Stable(numbers, func(a, b ProfileNumber) int {
		return slices.Index(kindOrder, a.Kind) - slices.Index(kindOrder, b.Kind)
	})
	s.lines = nil
	for i, n := range numbers {
		first, _, _ := bytes.Cut([]byte(n.Number), []byte(","))
		d := RegisterDN{Number: string(first)}
		if at := slices.IndexFunc(dns, func(x RegisterDN) bool { return x.Number == d.Number }); at >= 0 {
			d = dns[at]
		}
		s.lines = append(s.lines, lineOf(i+1, &d, p.User, p.Password))
	}
	s.Username, s.Password = p.User, p.Password
	s.SpeedDials, s.BLFs = nil, nil
	for _, d := range p.SpeedDials {
		if d.BLF {
			s.BLFs = append(s.BLFs, BLFDial{SpeedDial: d.SpeedDial})
		} else {
			s.SpeedDials = append(s.SpeedDials, d.SpeedDial)
		}
	}
	if p.Dialplan != 0 {
		s.Dialplan = p.Dialplan
	}
}
