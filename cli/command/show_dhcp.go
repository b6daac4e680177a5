package command

import (
	"fmt"
	"net/netip"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
)

func showDHCP(b *Box) []language.Declaration {
	const doc = "facts/dhcp.md 1.6"
	const head = `ip dhcp("Show items in the DHCP database") `
	return []language.Declaration{
		text(head+`binding("DHCP address bindings") [ <addr:A.B.C.D>("Address") ]`, 0, doc, func(in *language.Invocation) string {
			list := b.DHCP.Bindings()
			if in.Args.Has("addr") {
				want := grammar.Get[netip.Addr](in.Args, "addr")
				var one []dhcp.Binding
				for _, x := range list {
					if x.Addr == want {
						one = append(one, x)
					}
				}
				list = one
			}
			return dhcp.ShowBinding(list, time.Now())
		}),
		// Bindings are kept in nvram; there is no agent elsewhere, so nothing is listed.
		text(head+`database("DHCP database agents")`, 0, doc, func(*language.Invocation) string { return "" }),
		text(head+`pool("DHCP pools information") [ <name:WORD>("Pool name") ]`, 0, doc, func(in *language.Invocation) string {
			var list []dhcp.PoolStat
			for _, p := range b.DHCP.PoolStats() {
				if n := in.Args.String("name"); n == "" || n == p.Name {
					list = append(list, p)
				}
			}
			return dhcp.ShowPool(list)
		}),
		text(head+`server("Miscellaneous DHCP server information") statistics("DHCP server statistics")`, 0, doc, func(*language.Invocation) string {
			return dhcp.ShowStatistics(b.DHCP.Statistics())
		}),
		text(head+`server counters("Counters beyond those of IOS")`, 0, doc, func(*language.Invocation) string { return dhcp.ShowCounters(b.DHCP.Statistics()) }),
		text(head+`server status("Whether the server works, and why not")`, 0, "DESIGN 4", func(in *language.Invocation) string {
			st := b.Supervisor.Status("dhcp")
			t := notRunning(st, "DHCP server")
			if t == "" {
				t = "DHCP server: running\n"
			}
			return t + fmt.Sprintf("Pools configured: %d\n", len(in.Config.DHCP.Pools)) + dhcp.ShowForeignServers(b.DHCP.ForeignServers(), time.Now())
		}),
		text(head+`conflict("DHCP address conflicts")`, 0, doc, func(*language.Invocation) string { return dhcp.ShowConflict(b.DHCP.Conflicts(), time.Now()) }),
		text(head+`excluded-addresses("DHCP excluded addresses") all("All excluded addresses")`, 0, doc, func(in *language.Invocation) string {
			return dhcp.ShowExcluded(in.Config.DHCP.Excluded)
		}),
	}
}

// clearDHCP are `clear ip dhcp ...` and the exec form of takeover.
func clearDHCP(b *Box) []language.Declaration {
	const doc = "facts/dhcp.md 1.5"
	const head = `clear ip("IP") dhcp("Delete items from the DHCP database") `
	which := func(in *language.Invocation) netip.Addr { return grammar.Get[netip.Addr](in.Args, "addr") }
	return []language.Declaration{
		action(head+"binding(\"DHCP address bindings\") ( `*`(\"Clear all automatic bindings\") | <addr:A.B.C.D>(\"Clear a specific binding\") )", privileged, doc, func(in *language.Invocation) error {
			if n := b.DHCP.ClearBinding(which(in)); n == 0 && in.Args.Has("addr") {
				return language.Answer("% No binding for " + which(in).String())
			}
			return nil
		}),
		action(head+"conflict(\"DHCP address conflicts\") ( `*`(\"Clear all address conflicts\") | <addr:A.B.C.D>(\"Clear a specific conflict\") )", privileged, doc, func(in *language.Invocation) error {
			if n := b.DHCP.ClearConflict(which(in)); n == 0 && in.Args.Has("addr") {
				return language.Answer("% No conflict for " + which(in).String())
			}
			return nil
		}),
		action(head+`server("Miscellaneous DHCP server information") statistics("DHCP server statistics")`, privileged, doc, func(*language.Invocation) error {
			b.DHCP.ClearStatistics()
			return nil
		}),
		action(`ip("Global IP commands")
			dhcp("DHCP commands")
			takeover("Serve although another DHCP server answers on the segment")`, privileged, "DESIGN 7", func(in *language.Invocation) error {
			b.DHCP.Takeover()
			return nil
		}),
	}
}
