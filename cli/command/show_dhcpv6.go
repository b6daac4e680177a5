package command

import (
	"net/netip"
	"slices"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp/v6"
	"option150/platform/columns"
)

// showDHCPv6 are `show ipv6 dhcp ...`. What is configured is shown, whether it is
// served or not.
func showDHCPv6(b *Box) []language.Declaration {
	const head = `ipv6("IPv6 information") dhcp("IPv6 DHCP information") `
	addr := func(in *language.Invocation) netip.Addr { return grammar.Get[netip.Addr](in.Args, "addr") }
	pools := func(in *language.Invocation) []v6.PoolStat {
		served := b.DHCPv6.Pools()
		var out []v6.PoolStat
		for _, p := range in.Config.DHCPv6.Pools {
			s := v6.PoolStat{Pool: p}
			if i := slices.IndexFunc(served, func(o v6.PoolStat) bool { return o.Name == p.Name }); i >= 0 {
				s.Used, s.Conflicts, s.Clients = served[i].Used, served[i].Conflicts, served[i].Clients
			}
			if !in.Args.Has("pool") || in.Args.String("pool") == p.Name {
				out = append(out, s)
			}
		}
		return out
	}
	return []language.Declaration{
		text(head, 0, docIPv6, func(*language.Invocation) string { return v6.ShowDUID(b.DHCPv6.DUID()) }),
		text(head+`binding("IPv6 DHCP bindings") [ <addr:IPV6ADDR>("Address of a client") ]`, 0, docIPv6, func(in *language.Invocation) string {
			list := b.DHCPv6.Bindings()
			if in.Args.Has("addr") {
				list = slices.DeleteFunc(list, func(x v6.Binding) bool { return x.Addr != addr(in) && x.Client != addr(in) })
			}
			return v6.ShowBinding(list, time.Now())
		}),
		text(head+`conflict("IPv6 DHCP address conflicts")`, 0, docIPv6, func(in *language.Invocation) string {
			return v6.ShowConflict(b.DHCPv6.Conflicts(), pools(in))
		}),
		text(head+`interface("IPv6 DHCP interfaces") [ <name:IFNAME>("Interface") ]`, 0, docIPv6, func(in *language.Invocation) string {
			var names []string
			for _, i := range in.Config.Interfaces {
				if !in.Args.Has("name") || in.Args.String("name") == i.Name {
					names = append(names, i.Name)
				}
			}
			return v6.ShowInterface(in.Config.DHCPv6, names)
		}),
		text(head+`pool("IPv6 DHCP pools") [ <pool:WORD>("Pool name") ]`, 0, docIPv6, func(in *language.Invocation) string { return v6.ShowPool(pools(in)) }),
		text(`ipv6 routers("IPv6 router advertisements heard where DHCPv6 is served")`, 0, docIPv6, func(*language.Invocation) string {
			return v6.ShowRouters(b.DHCPv6.Routers(), time.Now())
		}),
		table(head+`statistics("IPv6 DHCP statistics") [ detail$detail("What a router has no counter for") ]`, 0, docIPv6, func(in *language.Invocation) *columns.Page {
			s := b.DHCPv6.Statistics()
			p := v6.ShowStatistics(s)
			if in.Args.Has("detail") {
				p.WriteString("\n")
				p.Add(v6.ShowCounters(s))
			}
			return p
		}, v6.ReceivedTable, v6.SentTable, v6.CountersTable),
	}
}

// clearDHCPv6 are `clear ipv6 dhcp ...`.
func clearDHCPv6(b *Box) []language.Declaration {
	const head = `clear ipv6("IPv6") dhcp("IPv6 DHCP") `
	const one = "( `*`(\"Clear all\") | <addr:IPV6ADDR>(\"Clear a specific one\") )"
	clear := func(what, help string, f func(netip.Addr) int) language.Declaration {
		return action(head+what+`("`+help+`") `+one, privileged, docIPv6, func(in *language.Invocation) error {
			a := grammar.Get[netip.Addr](in.Args, "addr")
			if n := f(a); n == 0 && in.Args.Has("addr") {
				return language.Answer("% No " + what + " for " + address6Type{}.Format(a))
			}
			return nil
		})
	}
	return []language.Declaration{
		clear("binding", "IPv6 DHCP bindings", func(a netip.Addr) int { return b.DHCPv6.ClearBinding(a) }),
		clear("conflict", "IPv6 DHCP address conflicts", func(a netip.Addr) int { return b.DHCPv6.ClearConflict(a) }),
		action(head+`statistics("IPv6 DHCP statistics")`, privileged, docIPv6, func(*language.Invocation) error { b.DHCPv6.ClearStatistics(); return nil }),
	}
}
