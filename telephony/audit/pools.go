package audit

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"option150/dhcp"
	"option150/hfs"
	"option150/platform/config"
	"option150/telephony/advice"
)

func pool(p *dhcp.Pool) string { return "ip dhcp pool " + p.Name }

// leaseLeast is the shortest lease that is no finding: a shorter one makes
// every outage of the box one of the phones.
const leaseLeast = 8 * time.Hour

// ports is what is worth a word about HTTP and HFS.
func (a *around) ports() {
	for _, n := range hfs.PortNotes(a.c.HFS, a.c.HTTP) {
		x := a.add(config.Warning, n.Code, "telephony-service", "%s", n.Text)
		if !n.Fix.IsZero() {
			x.fix(n.Fix)
		}
	}
}

// pools looks at the pools of the DHCP server.
func (a *around) pools() {
	d := &a.c.DHCP
	if len(d.Pools) > 0 && !d.Service {
		a.add(config.Warning, "A05", "", "no service dhcp: the pools serve nobody").fix(advice.Set("service dhcp"))
	}
	free, voices := 0, 0
	for i := range d.Pools {
		p := &d.Pools[i]
		voice := a.voice(p)
		a.option150(p, voice)
		a.option66(p)
		a.resolution(p)
		if !p.Network.IsValid() {
			if !p.Host.IsValid() {
				a.add(config.Warning, "M05", pool(p), "has neither network nor host: it serves nobody")
			}
			continue
		}
		a.routers(p)
		a.nameServers(p, voice)
		if l := p.Lease; voice && l > 0 && l < leaseLeast {
			a.add(config.Warning, "A12", pool(p), "the lease is %s: an outage of that length takes the phones their addresses", short(l)).
				fix(advice.In(pool(p), "no lease"))
		}
		a.place(p, voice)
		n := a.room(p)
		if voice {
			free, voices = free+n, voices+1
		}
	}
	// A fifth more than phones, as some are always being replaced.
	phones := len(a.c.Telephony.Ephones) + len(a.c.Telephony.Pools)
	if need := phones + (phones+4)/5; voices > 0 && free > 0 && free < need {
		a.add(config.Warning, "A14", "ip dhcp", "%d phones are configured and the pools for phones have %d addresses; %d would leave room", phones, free, need)
	}
	a.leases()
}

// short is a duration as `lease` counts it.
func short(d time.Duration) string {
	s := strings.TrimSuffix(d.String(), "0s")
	return strings.TrimSuffix(s, "0m")
}

// option150 looks at the addresses phones ask for their files.
func (a *around) option150(p *dhcp.Pool, voice bool) {
	tftp := p.Option150()
	if len(tftp) == 0 {
		if p.Network.IsValid() && voice && !slices.ContainsFunc(p.Options, func(o dhcp.Option) bool { return o.Code == 150 }) {
			a.no150(p)
		}
		return
	}
	if len(tftp) > 2 {
		a.add(config.Warning, "A10", pool(p), "option 150 has %d addresses (on the wire %s); phones keep the first two", len(tftp), wire(tftp)).
			fix(advice.In(pool(p), fmt.Sprintf("option 150 ip %s %s", tftp[0], tftp[1])))
	}
	if len(a.own) == 0 {
		return // a configuration without interfaces: whose addresses they are nobody can tell
	}
	if slices.ContainsFunc(tftp, func(o netip.Addr) bool { return slices.Contains(a.own, o) }) {
		if !a.servesFiles() {
			a.add(config.Warning, "A09", pool(p), "option 150 names this box, which serves no files: there is no telephony-service, voice register global or tftp-server line")
		}
		return
	}
	var silent []string
	answered := false
	for _, o := range tftp {
		switch x, ok := a.w.Answers[Question{Kind: AskFiles, Addr: o}]; {
		case ok && x.OK:
			answered = true
		case ok:
			silent = append(silent, x.Detail)
		}
	}
	if answered {
		return
	}
	text := fmt.Sprintf("option 150 names %s, which is not this box: phones ask there for their files", joined(tftp))
	if len(silent) == len(tftp) {
		text = fmt.Sprintf("option 150 names %s, which is not this box, and nobody serves files there", joined(tftp))
	}
	x := a.add(config.Warning, "A09", pool(p), "%s", text).seen("%s", strings.Join(silent, "; "))
	if o := a.ownIn(p); o.IsValid() {
		x.fix(advice.In(pool(p), "option 150 ip "+o.String()))
	}
}

// no150 is a pool for phones that does not say where their files are. Phones
// take the address of option 66 or of the server field when there is nothing
// better.
func (a *around) no150(p *dhcp.Pool) {
	sev, text := config.Warning, "has no option 150: phones come up with the server they remember"
	if len(p.NextServers) > 0 || slices.ContainsFunc(p.Options, func(o dhcp.Option) bool { return o.Code == 66 }) {
		sev, text = config.Note, "has no option 150, only what other machines take for a boot server; phones prefer option 150"
	}
	if s := a.c.Telephony.Service.SourceAddress.Addr; s.IsValid() && p.Network.Contains(s) {
		text += fmt.Sprintf("; ip source-address %s is in its network", s)
	}
	x := a.add(sev, "M03", pool(p), "%s", text)
	if o := a.ownIn(p); o.IsValid() {
		x.fix(advice.In(pool(p), "option 150 ip "+o.String()))
	}
}

// ownIn is the address of the box that the clients of a pool would ask: the one
// in their network, else the only one there is.
func (a *around) ownIn(p *dhcp.Pool) netip.Addr {
	if !a.servesFiles() {
		return netip.Addr{}
	}
	for _, o := range a.own {
		if slices.ContainsFunc(networks(p), func(n netip.Prefix) bool { return n.Contains(o) }) {
			return o
		}
	}
	if len(a.own) == 1 {
		return a.own[0]
	}
	return netip.Addr{}
}

func (a *around) servesFiles() bool {
	t := &a.c.Telephony
	return t.Service.Present || t.Global.Present || len(a.c.Files.Bindings) > 0
}

// option66 looks for an option 66 beside option 150.
func (a *around) option66(p *dhcp.Pool) {
	tftp := p.Option150()
	i := slices.IndexFunc(p.Options, func(o dhcp.Option) bool { return o.Code == 66 })
	if i < 0 || len(tftp) == 0 {
		return
	}
	name := p.Options[i].Text
	for _, o := range p.Options[i].Addrs {
		name = o.String()
	}
	if x, err := netip.ParseAddr(name); err == nil {
		if !slices.Contains(tftp, x) {
			a.add(config.Warning, "A11", pool(p), "option 66 %s and option 150 %s name different servers", x, tftp[0]).
				fix(advice.In(pool(p), "no option 66"))
		}
		return
	}
	a.add(config.Note, "A11", pool(p), "option 66 stands beside option 150: phones take option 150, other devices may take either").
		fix(advice.In(pool(p), "no option 66"))
}

// routers looks at the gateways. That one is not excluded is no finding: it is
// never leased.
func (a *around) routers(p *dhcp.Pool) {
	if len(p.DefaultRouters) == 0 {
		a.add(config.Warning, "A12", pool(p), "has no default-router: its clients reach their own network only")
	}
	for _, r := range p.DefaultRouters {
		if !slices.ContainsFunc(networks(p), func(n netip.Prefix) bool { return n.Contains(r) }) {
			a.add(config.Warning, "A12", pool(p), "default-router %s is outside network %s", r, p.Network.Masked())
		}
	}
}

// nameServers looks at who is to answer the names that phone files carry.
func (a *around) nameServers(p *dhcp.Pool, voice bool) {
	if !voice {
		return
	}
	names := a.hostNames()
	own := slices.DeleteFunc(slices.Clone(p.DNSServers), func(d netip.Addr) bool { return !slices.Contains(a.own, d) })
	switch {
	case len(p.DNSServers) == 0 && len(names) > 0:
		a.add(config.Warning, "A12", pool(p), "has no dns-server, and phone files carry the names of hosts: %s", enumerate(names)).
			fix(advice.Tell("Give the pool the dns-server that knows them, or write addresses in place of the names."))
	case len(own) > 0 && len(own) == len(p.DNSServers) && !a.c.DNS.Server:
		sev := config.Note
		if len(names) > 0 {
			sev = config.Warning
		}
		a.add(sev, "A12", pool(p), "dns-server %s is this box, and ip dns server is off", joined(own)).
			fix(advice.Set("ip dns server"))
	}
}

// hostNames are the names of hosts in what phones are told.
func (a *around) hostNames() (out []string) {
	note := func(host string) {
		if _, err := netip.ParseAddr(host); host == "" || err == nil || slices.Contains(out, host) || !strings.ContainsFunc(host, unicode.IsLetter) {
			return
		}
		out = append(out, host)
	}
	of := func(address string) {
		if u, err := url.Parse(address); err == nil {
			note(u.Hostname())
		}
	}
	s := &a.c.Telephony.Service
	for _, u := range slices.Concat(s.URLs, a.c.Telephony.Global.URLs) {
		of(u.URL)
	}
	for _, v := range s.ServicePhone {
		if v.Name == "loadServer" || v.Name == "logServer" {
			host, _, _ := strings.Cut(v.Value, ":")
			note(host)
		}
	}
	return out
}

// place looks whether anybody of the pool's network is heard here.
func (a *around) place(p *dhcp.Pool, voice bool) {
	served := func(n netip.Prefix) bool {
		for _, i := range a.f.Interfaces {
			if slices.ContainsFunc(a.c.Addresses(i), n.Overlaps) {
				return true
			}
		}
		return a.w.Others != nil && slices.ContainsFunc(a.w.Others.Heard, n.Contains)
	}
	if len(a.own) == 0 || slices.ContainsFunc(networks(p), served) {
		return
	}
	sev, text := config.Note, "no interface has an address in network %s: only a relay can bring its clients here"
	if a.w.Others != nil {
		sev, text = config.Warning, "no interface has an address in network %s and no client of it was heard: it serves nobody unless a relay does"
	}
	a.add(sev, "A13", pool(p), text, p.Network.Masked())
}

// room counts what a pool may lease: a network without its first and last
// address, without what is excluded, and without gateways and servers.
func (a *around) room(p *dhcp.Pool) (n int) {
	keep := slices.Concat(a.own, p.DefaultRouters, p.Option150())
	for _, net := range networks(p) {
		first, last := net.Addr(), lastOf(net)
		if net.Bits() <= 30 {
			first, last = first.Next(), last.Prev()
		}
		n += span(first, last)
		var out []dhcp.Range
		for _, r := range a.c.DHCP.Excluded {
			if r.Last.Compare(first) >= 0 && r.First.Compare(last) <= 0 {
				out = append(out, dhcp.Range{First: later(r.First, first), Last: earlier(r.Last, last)})
			}
		}
		for _, k := range keep {
			if k.Compare(first) >= 0 && k.Compare(last) <= 0 {
				out = append(out, dhcp.Range{First: k, Last: k})
			}
		}
		n -= covered(out)
	}
	if n > 0 {
		return n
	}
	x := a.add(config.Warning, "A14", pool(p), "nothing is left to lease: all addresses of %s are excluded", p.Network.Masked())
	for _, r := range a.c.DHCP.Excluded {
		if r.First != r.Last && r.Contains(p.Network.Masked().Addr().Next()) && r.Contains(lastOf(p.Network.Masked()).Prev()) {
			x.fix(advice.Set(fmt.Sprintf("no ip dhcp excluded-address %s %s", r.First, r.Last)))
			break
		}
	}
	return 0
}

// leases is what the server says of its pools.
func (a *around) leases() {
	for _, l := range a.w.Leases {
		if p := a.c.DHCP.Pool(l.Pool); p != nil && l.Total > 0 && l.Free == 0 && l.Leased+l.Offered > 0 {
			a.add(config.Warning, "A14", pool(p), "all its addresses are leased: the next phone gets none").
				seen("%d leased, %d offered of %d", l.Leased, l.Offered, l.Total)
		}
	}
}

// voice reports whether a pool is meant for phones: it has option 150 or 66 or
// a next-server, it is locked to phones, the address phones register at is in
// its network, or its name says so.
func (a *around) voice(p *dhcp.Pool) bool {
	if p.ClassLock || len(p.NextServers) > 0 || slices.ContainsFunc(p.Options, func(o dhcp.Option) bool { return o.Code == 66 || o.Code == 150 }) {
		return true
	}
	t := &a.c.Telephony
	for _, s := range []netip.Addr{t.Service.SourceAddress.Addr, t.Global.SourceAddress.Addr} {
		if s.IsValid() && slices.ContainsFunc(networks(p), func(n netip.Prefix) bool { return n.Contains(s) }) {
			return true
		}
	}
	words := strings.FieldsFunc(strings.ToLower(p.Name), func(r rune) bool { return !unicode.IsLetter(r) })
	return slices.ContainsFunc(words, func(w string) bool {
		return strings.HasPrefix(w, "voice") || strings.HasPrefix(w, "phone") || w == "voip" || w == "ipphone" || w == "ipphones" || w == "cme" || w == "tel" || w == "telephony"
	})
}

// wire is option 150 as it goes on the wire.
func wire(as []netip.Addr) string {
	var out []string
	for _, a := range as {
		if a.Is4() {
			b := a.As4()
			out = append(out, fmt.Sprintf("%08x", binary.BigEndian.Uint32(b[:])))
		}
	}
	return strings.Join(out, " ")
}

func joined(as []netip.Addr) string {
	var out []string
	for _, a := range as {
		out = append(out, a.String())
	}
	return strings.Join(out, " and ")
}
