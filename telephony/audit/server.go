package audit

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/platform/config"
	"option150/platform/ether"
	"option150/telephony/advice"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// LoadTarget is a phone that fetches its load from a load server.
type LoadTarget struct {
	MAC    ether.MAC
	Server string     // as the line names it
	Addr   netip.Addr // invalid: a name, which is not looked up here
	Where  string     // the section that says so
	Load   string     // of its load line, "" = none
}

// Files are the first files of what it may have to fetch there: its load and
// the stepping stone to it.
func (t LoadTarget) Files() (out []string) {
	if t.Load == "" {
		return nil
	}
	out = append(out, phone.Load(t.Load).Files()[0])
	for _, s := range firmware.Before(phone.Load(t.Load)) {
		if n := s.Stone(phone.Load(t.Load)); n != "" {
			out = append(out, n+".loads")
		}
	}
	return out
}

// LoadServers are the phones that a line sends to a load server, in the order of
// the configuration. [source 001]
func LoadServers(c *cnf.Config) (out []LoadTarget) {
	v := cnf.ValuesOf(c, cnf.LoadServer)
	add := func(mac ether.MAC, typ string, loads []cnf.LoadEntry) {
		s := v.Of(mac)
		if mac.IsZero() || typ == "" || s.Value == "" {
			return
		}
		t := LoadTarget{MAC: mac, Server: s.Value, Where: s.Where}
		if x, err := netip.ParseAddr(s.Value); err == nil {
			t.Addr = x.Unmap()
		}
		if l, ok := cnf.LoadOf(loads, typ); ok {
			t.Load = l.File
		}
		out = append(out, t)
	}
	for _, e := range c.Ephones {
		add(e.MAC, e.Type, c.Service.Loads)
	}
	for _, p := range c.Pools {
		add(p.MAC, p.Type, c.Global.Loads)
	}
	return out
}

// loadServer looks at the load servers: phones ask there for firmware and
// nowhere else. Each phone whose server is silent or has not its load is named.
func (a *around) loadServer() {
	stones := map[string]string{}
	if a.w.Phones != nil {
		for _, p := range a.w.Phones.Seen {
			stones[p.Device] = p.Stone
		}
	}
	type group struct{ where, server, file, fault string }
	who := map[group][]string{}
	detail := map[group]string{}
	var order []group
	note := func(g group, device, seen string) {
		if who[g] == nil {
			order = append(order, g)
		}
		who[g], detail[g] = append(who[g], device), seen
	}
	for _, t := range LoadServers(&a.c.Telephony) {
		if slices.Contains(a.own, t.Addr) {
			continue
		}
		device, bad := t.MAC.Device(), false
		for i, name := range t.Files() {
			x, asked := a.w.Answers[Question{Kind: AskFile, Addr: t.Addr, Name: name}]
			if !asked || i > 0 && stones[device]+".loads" != name {
				continue
			}
			switch {
			case x.Silent:
				note(group{t.Where, t.Server, "", "silent"}, device, x.Detail)
			case !x.OK:
				note(group{t.Where, t.Server, name, "absent"}, device, x.Detail)
			case !x.TFTP && x.HTTP && i > 0:
				note(group{t.Where, t.Server, name, "no TFTP"}, device, x.Detail)
			default:
				continue
			}
			bad = true
			break
		}
		if !bad {
			note(group{t.Where, t.Server, "", ""}, device, "")
		}
	}
	for _, g := range order {
		names, n := devices(who[g]), len(who[g])
		takes := "takes"
		if n > 1 {
			takes = "take"
		}
		text := fmt.Sprintf("%s %s firmware from %s", names, takes, g.server)
		fix := advice.In(g.where, "no service phone "+cnf.LoadServer)
		switch g.fault {
		case "silent":
			a.add(config.Warning, "A20", g.where, "%s, which does not answer: phones have no way back to this box", text).seen("%s", detail[g]).fix(fix)
		case "absent":
			a.add(config.Warning, "A20", g.where, "%s, and %s cannot be had there: phones have no way back to this box", text, g.file).seen("%s", detail[g]).fix(fix)
		case "no TFTP":
			a.add(config.Warning, "A20", g.where, "%s, and %s is to be had there on port 6970 only, while phones that need it ask TFTP", text, g.file).seen("%s", detail[g]).fix(fix)
		default:
			a.add(config.Note, "A20", g.where, "%s and %s no way back to this box if it fails; what they run cannot be seen from here", text, map[bool]string{true: "have", false: "has"}[n > 1])
		}
	}
}

// devices names each phone; of more than twenty the rest are counted, and
// `show load-server` has them all.
func devices(names []string) string {
	const most = 20
	if n := len(names) - most; n > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}
