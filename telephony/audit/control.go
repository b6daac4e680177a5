package audit

import (
	"fmt"
	"net/netip"
	"slices"

	"option150/hfs"
	"option150/platform/config"
	"option150/telephony/cnf"
)

// maxQuestions bounds what one audit asks of other hosts.
const maxQuestions = 64

// Questions is what the configuration asks of other hosts: who serves the files
// option 150 promises, whether the call control and the load server answer. The
// box itself is not asked.
func Questions(c *config.Config, f config.Facts) []Question {
	a := &around{c: c, f: f, own: c.OwnAddresses(f)}
	var out []Question
	ask := func(q Question) {
		if q.Addr.IsValid() && !slices.Contains(a.own, q.Addr) && !slices.Contains(out, q) && len(out) < maxQuestions {
			out = append(out, q)
		}
	}
	if len(a.own) == 0 {
		return nil
	}
	for i := range c.DHCP.Pools {
		for _, o := range c.DHCP.Pools[i].Option150() {
			ask(Question{Kind: AskFiles, Addr: o})
		}
	}
	for _, q := range a.controls() {
		ask(q)
	}
	for _, t := range LoadServers(&c.Telephony) {
		for _, l := range t.Files() {
			ask(Question{Kind: AskFile, Addr: t.Addr, Name: l})
		}
	}
	return out
}

// controls are the questions to the call controls.
func (a *around) controls() (out []Question) {
	t := &a.c.Telephony
	add := func(s cnf.SourceAddress, port uint16, sip bool) {
		if s.Port != 0 {
			port = s.Port
		}
		for _, x := range []netip.Addr{s.Addr, s.Secondary} {
			if x.IsValid() {
				out = append(out, Question{Kind: AskControl, Addr: x, Port: port, SIP: sip})
			}
		}
	}
	if t.Service.Present && len(t.Ephones) > 0 {
		add(t.Service.SourceAddress, 2000, false)
	}
	if t.Global.Present && len(t.Pools) > 0 {
		add(t.Global.SourceAddress, 5060, true)
	}
	return out
}

// answersCalls is whether a call control is known to answer at an address.
func (a *around) answersCalls(addr netip.Addr) bool {
	for q, x := range a.w.Answers {
		if q.Kind == AskControl && q.Addr == addr && x.OK {
			return true
		}
	}
	return false
}

// source looks at the addresses phones register at.
func (a *around) source() {
	t := &a.c.Telephony
	for _, s := range []struct {
		section, word string
		source        cnf.SourceAddress
	}{{"telephony-service", "ip source-address", t.Service.SourceAddress}, {"voice register global", "source-address", t.Global.SourceAddress}} {
		x := s.source.Addr
		if !x.IsValid() {
			continue
		}
		switch net, what := a.noHost(x); {
		case what != "":
			a.add(config.Warning, "M02", s.section, "%s %s is the %s address of %s: no host can have it", s.word, x, what, net)
		case slices.Contains(a.own, x) && (s.source.Port == hfs.PhonePort || s.source.Port == hfs.PFSPort):
			a.add(config.Warning, "A19", s.section, "phones would register at port %d of this box, which is no call control", s.source.Port)
		case slices.Contains(a.own, x):
			a.add(config.Note, "A19", s.section, "phones register at %s, which is this box: it is no call control, so they come up and stay unregistered", x)
		case len(a.own) > 0 && !a.answersCalls(x):
			a.add(config.Note, "M02", s.section, "phones register at %s, which is another host", x)
		}
	}
}

// noHost finds the network whose first or last address this is.
func (a *around) noHost(x netip.Addr) (netip.Prefix, string) {
	if !x.Is4() {
		return netip.Prefix{}, ""
	}
	var nets []netip.Prefix
	for _, i := range a.f.Interfaces {
		nets = append(nets, a.c.Addresses(i)...)
	}
	for i := range a.c.DHCP.Pools {
		nets = append(nets, networks(&a.c.DHCP.Pools[i])...)
	}
	for _, n := range nets {
		n = n.Masked()
		if !n.Addr().Is4() || n.Bits() > 30 || !n.Contains(x) {
			continue
		}
		switch x {
		case n.Addr():
			return n, "network"
		case lastOf(n):
			return n, "broadcast"
		}
	}
	return netip.Prefix{}, ""
}

// callControl tells which call control does not answer.
func (a *around) callControl() {
	for _, q := range a.controls() {
		x, ok := a.w.Answers[q]
		if !ok || x.OK || slices.Contains(a.own, q.Addr) {
			continue
		}
		section, what := "telephony-service", "port"
		if q.SIP {
			section = "voice register global"
		}
		text := fmt.Sprintf("the call control %s %s %d does not answer: phones come up and stay unregistered", q.Addr, what, q.Port)
		if a.local(q.Addr) {
			text = fmt.Sprintf("nobody answers at %s %s %d, an address in a network of this box: phones come up and stay unregistered", q.Addr, what, q.Port)
		}
		a.add(config.Warning, "A19", section, "%s", text).seen("%s", x.Detail)
	}
}
