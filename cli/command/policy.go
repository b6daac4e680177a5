package command

import (
	"cmp"
	"net/netip"
	"strconv"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/ether"
	"option150/telephony/cnf"
	"option150/telephony/upgrade"
)

// NewPolicy is what decides which loads the phone files of a box may name.
func NewPolicy(b *Box) *upgrade.Policy {
	return &upgrade.Policy{
		Find: b.Find, Classes: b.Classes, Rollouts: b.Upgrades, Changes: b.Flash.Changes,
		Files: func() (out []string) {
			for _, e := range b.Flash.Files(b.homePath()) {
				out = append(out, e.Path)
			}
			return out
		},
		Open: func() bool {
			for _, l := range b.HTTPD.Listeners() {
				if l.Endpoint.Port == phoneHTTP && l.Up {
					return true
				}
			}
			return false
		},
		Own: func(a netip.Addr) bool {
			for _, i := range b.Store.Facts().Interfaces {
				for _, p := range i.Addrs {
					if p.Addr() == a {
						return true
					}
				}
			}
			return false
		},
		Holder: func(a netip.Addr) (ether.MAC, bool) {
			for _, l := range b.DHCP.Bindings() {
				if l.Addr == a {
					return l.MAC, !l.MAC.IsZero()
				}
			}
			return ether.MAC{}, false
		},
	}
}

// upgradeUnknown is `upgrade unknown`, a line of this box.
func upgradeUnknown() language.Declaration {
	return language.Declaration{
		Mode: language.Global, Doc: "facts/diagnosis.md 6",
		Syntax: `upgrade("Upgrades of phones") unknown("Phones that have not shown what firmware they run")
			( keep("Leave them what they run")
				| direct$direct("Give them the load at once")
				| stepping$stepping("Give them the stepping stone first") )`,
		Set: func(c *language.Context) error {
			c.Config.Telephony.Unknown = cnf.UnknownKeep
			switch {
			case c.Args.Has("direct"):
				c.Config.Telephony.Unknown = cnf.UnknownDirect
			case c.Args.Has("stepping"):
				c.Config.Telephony.Unknown = cnf.UnknownStepping
			}
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.Telephony.Unknown = cnf.UnknownKeep; return nil },
		Get: func(v *language.View) []grammar.Args {
			switch v.Config.Telephony.Unknown {
			case cnf.UnknownDirect:
				return []grammar.Args{args("direct", "direct")}
			case cnf.UnknownStepping:
				return []grammar.Args{args("stepping", "stepping")}
			}
			return nil
		},
	}
}

// phonesFirmwareTable is that of phonesFirmware.
var phonesFirmwareTable = columns.Form("Device           Class     Its file names                   Target                           Because\n", "%-16s %-9s %-32s %-32s %s\n", "device class its_file_names target because")

// phonesFirmware is what is known of the firmware of each configured phone a
// stepping stone may concern, or whose load is not whole.
func (b *Box) phonesFirmware(in *language.Invocation) *columns.Page {
	w := &columns.Page{}
	t := w.Table(phonesFirmwareTable)
	c := &in.Config.Telephony
	row := func(mac ether.MAC, typ string, loads []cnf.LoadEntry) {
		d, ok := b.Policy.Decide(c, mac, typ, loads)
		if !ok || mac.IsZero() {
			return
		}
		load, class := cmp.Or(d.Load, "-"), cmp.Or(string(d.Class), "-")
		why := d.Why
		if d.Inferred {
			why += " (inferred)"
		}
		t.Row(mac.Device(), class, load, d.Target, why)
	}
	for _, e := range c.Ephones {
		row(e.MAC, e.Type, c.Service.Loads)
	}
	for _, p := range c.Pools {
		row(p.MAC, p.Type, c.Global.Loads)
	}
	return w
}

// transferTime is `show transfer-time`. [source 001]
func transferTime(in *language.Invocation) error {
	if !in.Args.Has("size") {
		return columns.Print(in.Out, upgrade.Examples())
	}
	l := upgrade.Line{RTT: 5 * time.Millisecond, Timeout: 4 * time.Second}
	if in.Args.Has("rtt") {
		l.RTT = time.Duration(in.Args.Int("rtt")) * time.Millisecond
	}
	if in.Args.Has("loss") {
		v, err := strconv.ParseFloat(in.Args.String("loss"), 64)
		if err != nil || !(v >= 0 && v < 100) {
			return language.Answer("% The loss is a percentage, 0 to less than 100")
		}
		l.Loss = v / 100
	}
	if in.Args.Has("timeout") {
		l.Timeout = time.Duration(in.Args.Int("timeout")) * time.Millisecond
	}
	if in.Args.Has("wan") {
		l.Rate = float64(in.Args.Int("wan")) * 1000
	}
	return columns.Print(in.Out, upgrade.TransferTimes(int64(in.Args.Int("size")), l))
}
