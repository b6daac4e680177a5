package appliance

import (
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"option150/cli/language"
	"option150/pfs"
	"option150/platform/archive"
	"option150/platform/metrics"
	"option150/platform/metrics/pages"
	"option150/telephony/firmware"
	"option150/telephony/inventory"
	"option150/telephony/phone"
	"option150/telephony/upgrade"
)

// pageSources are the snapshots the page looks at.
func (a *Appliance) pageSources(s metrics.Sources) pages.Sources {
	b := a.box
	own := s.Services
	s.Services = func() []metrics.Service { return append(own(), FleetServices(b.Fleet.View())...) }
	return pages.Sources{Sources: s,
		Last:     b.Journal.Last,
		Phone:    func(name string, now time.Time) (inventory.Phone, bool) { return b.Inventory.Find(name, now) },
		Expected: a.expected,
		Transfers: func() (out []pages.Transfer) {
			for _, x := range b.Files.Sessions() {
				out = append(out, pages.Transfer{Transport: string(x.Transport), Client: x.Client, File: x.Name, Size: x.Size, Sent: x.Sent, Since: x.Since})
			}
			return out
		},
		Foreign: func() (out []pages.Foreign) {
			for _, f := range b.DHCP.ForeignServers() {
				out = append(out, pages.Foreign{Server: f.Server, MAC: f.MAC, Interface: f.Interface, Option150: f.Option150, First: f.First, Last: f.Last, Holding: f.Holding})
			}
			return out
		},
		Firmware: a.loads,
		Upgrades: a.upgrades,
		Sharing:  a.trees,
		Log:      b.Logging.Tail,
		Changes:  a.configChanges,
		Names: func() []string {
			c := b.Store.Current()
			return []string{c.Hostname, c.Hostname + "." + c.Domain}
		},
	}
}

// expected are the phones the configuration names by their hardware address.
func (a *Appliance) expected() (out []pages.Expected) {
	t := a.box.Store.Current().Telephony
	for i := range t.Ephones {
		if e := &t.Ephones[i]; !e.MAC.IsZero() {
			out = append(out, pages.Expected{MAC: e.MAC, Section: "ephone " + strconv.Itoa(e.Tag), Name: e.Description, Type: t.TypeOf(e)})
		}
	}
	for _, p := range t.Pools {
		if !p.MAC.IsZero() {
			out = append(out, pages.Expected{MAC: p.MAC, Section: "pool " + strconv.Itoa(p.Tag), Name: p.Description, Type: p.Type})
		}
	}
	return out
}

// maxAlso bounds the loads that are looked for because a phone was heard of
// them: what phones say is not ours.
const maxAlso = 64

// loads are those that are configured, that lie in flash:, and of others what
// lies there.
func (a *Appliance) loads(also []string) (out []pages.Load) {
	b := a.box
	types, names := map[string][]string{}, []string{}
	add := func(load, typ string) {
		l := phone.Load(load).Canonical()
		if i := slices.IndexFunc(names, func(n string) bool { return phone.Load(n).Equal(phone.Load(l)) }); i < 0 {
			names = append(names, l)
		} else {
			l = names[i]
		}
		if typ != "" && !slices.Contains(types[l], typ) {
			types[l] = append(types[l], typ)
		}
	}
	c := b.Store.Current()
	for _, l := range slices.Concat(c.Telephony.Service.Loads, c.Telephony.Global.Loads) {
		add(l.File, l.Type)
	}
	for _, u := range c.Upgrades {
		add(u.Load, u.Type)
	}
	for _, f := range b.Flash.Files("") {
		if n := f.Name(); strings.EqualFold(path.Ext(n), ".loads") {
			add(n[:len(n)-len(".loads")], "")
		}
	}
	for _, l := range also[:min(len(also), maxAlso)] {
		if firmware.Examine(b.Find, phone.Load(l), false).Present > 0 {
			add(l, "")
		}
	}
	for _, n := range names {
		s := b.Policy.Whole(n)
		x := pages.Load{Name: n, Types: types[n], Present: s.Present, Total: s.Total, Whole: s.Complete()}
		for _, m := range s.Missing {
			if m.Fatal() {
				x.Missing = append(x.Missing, m.String())
			}
		}
		out = append(out, x)
	}
	return out
}

func (a *Appliance) upgrades() (out []pages.Upgrade) {
	b := a.box
	for _, r := range b.Store.Current().Upgrades {
		p, ok := b.Upgrades.Snapshot(r.Name)
		if !ok {
			p = upgrade.Progress{Name: r.Name, State: upgrade.Idle, Type: r.Type, Load: r.Load}
		}
		u := pages.Upgrade{Name: p.Name, State: string(p.State), Why: p.Why, Type: p.Type, Load: phone.Load(p.Load).Canonical(), Wave: p.Wave, Started: p.Started, Ended: p.Ended}
		for i := 1; i <= p.Waves; i++ {
			stand, total := p.OfWave(i)
			w := pages.Wave{Number: i, Total: total, States: []pages.Count{}}
			for _, s := range stand {
				w.States = append(w.States, pages.Count{What: s.State, N: s.N})
			}
			u.Waves = append(u.Waves, w)
		}
		out = append(out, u)
	}
	return out
}

func (a *Appliance) trees() (out []pages.Tree) {
	b := a.box
	f := b.PFSFacts(b.Store.Current())
	for _, t := range pfs.Trees(b.Sharing.Snapshot(f.Subnets), f) {
		x := pages.Tree{Family: t.Family, Load: t.Load, Files: strings.Join(t.Files, ", "), Start: t.Start, End: t.End, Hidden: t.Hidden, Findings: t.Findings}
		if t.Subnet.IsValid() {
			x.Subnet = t.Subnet.String()
		}
		for _, n := range t.Nodes {
			x.Nodes = append(x.Nodes, pages.Node{MAC: n.MAC, Parent: n.Parent, Role: string(n.Role), Basis: string(n.Basis), Bytes: n.Bytes, Took: n.Took, Why: n.Why})
		}
		out = append(out, x)
	}
	return out
}

// maxChangeLines bounds what is shown of one change.
const maxChangeLines = 200

// configChanges are the last changes, the newest first, without secrets: that
// one was changed shows all the same.
func (a *Appliance) configChanges() (out []pages.Change) {
	b := a.box
	for _, c := range slices.Backward(b.Store.Changes()) {
		x := pages.Change{Number: c.Number, Who: c.Who.String(), From: c.From, To: c.To, Lines: []string{}}
		if c.Who == bootWho {
			x.Lines = nil
		} else {
			for _, d := range language.Compare(b.Language.Render(c.Before, false), b.Language.Render(c.After, false), false) {
				if len(x.Lines) == maxChangeLines {
					x.More++
					continue
				}
				x.Lines = append(x.Lines, string(d.Sign)+archive.HideKeys(d.Line))
			}
		}
		out = append(out, x)
	}
	return out
}
