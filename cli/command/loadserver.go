package command

import (
	"slices"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/audit"
	"option150/telephony/cnf"
	"option150/telephony/phone"
	"option150/telephony/upgrade"
)

// stoneOf is the load a phone's file names on its way to that of its line, "" =
// it is on no way; kept says that it names none because what the phone runs is
// not known.
func (b *Box) stoneOf(c *config.Config, mac ether.MAC) (stone string, kept bool) {
	if b.Policy == nil || b.Classes == nil {
		return "", false
	}
	t := &c.Telephony
	named := func(typ string, loads []cnf.LoadEntry) (string, bool) {
		d, ok := b.Policy.Decide(t, mac, typ, loads)
		if !ok || d.Withheld || phone.Load(d.Load).Equal(phone.Load(d.Target)) {
			return "", false
		}
		return phone.Load(d.Load).Canonical(), d.Load == "" && d.Class == upgrade.Unknown
	}
	for _, e := range t.Ephones {
		if e.MAC == mac {
			return named(e.Type, t.Service.Loads)
		}
	}
	for _, p := range t.Pools {
		if p.MAC == mac {
			return named(p.Type, t.Global.Loads)
		}
	}
	return "", false
}

// The tables of showLoadServer.
var (
	loadServersTable = columns.New("%-16s %-16s %-24s %-32s %-5s %-5s %s", "Device", "Load server", "Said by", "Load", "TFTP", "6970", "State")
	awayTable        = columns.New("%-16s %-16s %-32s %s", "Device", "Address", "Load", "State")
)

// showLoadServer is `show load-server`: from whom phones take firmware, asked
// now, and which phones take it from here although they are configured
// elsewhere. [source 001]
func showLoadServer(b *Box) language.Declaration {
	return table(`load-server("Servers that phones take firmware from, asked for it")`, 0, "sources/001", b.loadServers, loadServersTable, awayTable)
}

func (b *Box) loadServers(in *language.Invocation) *columns.Page {
	c := in.Config
	own := c.OwnAddresses(b.Store.Facts())
	targets := audit.LoadServers(&c.Telephony)
	w := &columns.Page{}
	if len(targets) > 0 {
		said := answers(in.Ctx, slices.DeleteFunc(audit.Questions(c, b.Store.Facts()), func(q audit.Question) bool { return q.Kind != audit.AskFile }))
		tab := w.Table(loadServersTable)
		for _, t := range targets {
			load := t.Load
			if s, _ := b.stoneOf(c, t.MAC); s != "" {
				load = s
			}
			row := []string{"-", "-", "not asked"}
			var a audit.Answer
			asked := false
			if f := phone.Load(load).Files(); len(f) > 0 {
				a, asked = said[audit.Question{Kind: audit.AskFile, Addr: t.Addr, Name: f[0]}]
			}
			switch {
			case slices.Contains(own, t.Addr):
				row[2] = "this box"
			case !t.Addr.IsValid():
				row[2] = "a name, which is not looked up here"
			case load == "":
				row[2] = "no load is configured"
			case asked:
				row = []string{yes(a.TFTP), yes(a.HTTP), "ok"}
				if a.Silent {
					row[2] = "does not answer, and there is no way back to this box"
				} else if !a.OK {
					row[2] = "does not have it, and there is no way back to this box"
				}
			}
			tab.Row(t.MAC.Device(), t.Server, t.Where, none(phone.Load(load).Canonical()), row[0], row[1], row[2])
		}
	}
	var away *columns.Table
	for _, p := range b.Inventory.Phones(time.Now()) {
		if !p.Elsewhere {
			continue
		}
		if away == nil {
			if w.Tabled() {
				w.WriteString("\n")
			}
			w.WriteString("Phones that take firmware from here and are configured elsewhere\n")
			away = w.Table(awayTable)
		}
		away.Row(p.Device(), p.Addr, none(p.Wanted), p.Verdict.Text)
	}
	if !w.Tabled() {
		return columns.Empty("All phones take their firmware from this box\n")
	}
	return w
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func none(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
