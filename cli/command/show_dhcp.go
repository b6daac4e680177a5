package command

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/columns"
)

func showDHCP(b *Box) []language.Declaration {
	const doc = "facts/dhcp.md 1.6"
	const head = `ip dhcp("Show items in the DHCP database") `
	return append(showDHCPv6(b), []language.Declaration{
		table(head+`binding("DHCP address bindings") [ <addr:A.B.C.D>("Address") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
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
		}, dhcp.BindingTable),
		text(head+`database("DHCP database agents") [ <url:AGENT>("URL of the agent") ]`, 0, doc, func(in *language.Invocation) string {
			return dhcp.ShowDatabase(b.agentsOf(in.Config.DHCP.Databases, in.Args.String("url")), time.Now())
		}),
		table(head+`pool("DHCP pools information") [ <name:WORD>("Pool name") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			var list []dhcp.PoolStat
			for _, p := range b.DHCP.PoolStats() {
				if n := in.Args.String("name"); n == "" || n == p.Name {
					list = append(list, p)
				}
			}
			return dhcp.ShowPool(list)
		}, dhcp.PoolTable),
		table(head+`server("Miscellaneous DHCP server information") statistics("DHCP server statistics")`, 0, doc, func(*language.Invocation) *columns.Page {
			return dhcp.ShowStatistics(b.DHCP.Statistics())
		}, dhcp.ReceivedTable, dhcp.SentTable, dhcp.ForwardedTable),
		table(head+`server counters("Counters beyond those of IOS")`, 0, doc, func(*language.Invocation) *columns.Page { return dhcp.ShowCounters(b.DHCP.Statistics()) }, dhcp.CountersTable),
		table(head+`server status("Whether the server works, and why not")`, 0, "DESIGN 4", func(in *language.Invocation) *columns.Page {
			st := b.Supervisor.Status("dhcp")
			t := notRunning(st, "DHCP server")
			if t == "" {
				t = "DHCP server: running\n"
			}
			p := columns.Text(t + fmt.Sprintf("Pools configured: %d\n", len(in.Config.DHCP.Pools)))
			p.Add(dhcp.ShowForeignServers(b.DHCP.ForeignServers(), time.Now()))
			return p
		}, dhcp.ForeignTable),
		table(head+`conflict("DHCP address conflicts") [ <addr:A.B.C.D>("Address") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			list := b.DHCP.Conflicts()
			if in.Args.Has("addr") {
				list = slices.DeleteFunc(list, func(c dhcp.ConflictEntry) bool { return c.Addr != grammar.Get[netip.Addr](in.Args, "addr") })
			}
			return dhcp.ShowConflict(list, time.Now())
		}, dhcp.ConflictTable),
		table(head+`excluded-addresses("DHCP excluded addresses") ( all$of("All excluded addresses") | pool("Those of a pool") <pool:WORD>("Pool name") | vrf("Those of a VRF") <vrf:WORD>("VRF name") )`, 0, doc, func(in *language.Invocation) *columns.Page {
			c := &in.Config.DHCP
			if in.Args.Has("pool") {
				return dhcp.ShowExcluded(rangesOf(c, in.Args.String("pool")))
			}
			var list []dhcp.VRFRange
			for _, r := range c.Excluded {
				if !in.Args.Has("vrf") {
					list = append(list, dhcp.VRFRange{Range: r})
				}
			}
			for _, r := range c.ExcludedVRF {
				if !in.Args.Has("vrf") || r.VRF == in.Args.String("vrf") {
					list = append(list, r)
				}
			}
			return dhcp.ShowExcluded(list)
		}, dhcp.ExcludedTable),
		text(head+`import("Options imported from other servers")`, 0, doc, func(*language.Invocation) string {
			return "No options are imported: no interface of this box is a DHCP client\n"
		}),
		table(head+`limit("Limits of leases") lease("Leases of each interface") [ <name:IFNAME>("Interface") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			list := b.DHCP.LeaseCounts()
			if in.Args.Has("name") {
				list = slices.DeleteFunc(list, func(c dhcp.LeaseCount) bool { return c.Interface != in.Args.String("name") })
			}
			return dhcp.ShowLeaseLimit(in.Config.DHCP, list)
		}, dhcp.LeaseLimitTable),
		text(head+`relay("DHCP relay") information("Relay agent information option") trusted-sources("Interfaces it is accepted on without a relay")`, 0, doc, func(in *language.Invocation) string {
			return dhcp.ShowTrusted(in.Config.DHCP)
		}),
		table(head+`snooping("Other servers seen on the LANs") track("Servers seen") server("DHCP servers seen beside this one")`, 0, doc, func(*language.Invocation) *columns.Page {
			return dhcp.ShowForeignServers(b.DHCP.ForeignServers(), time.Now())
		}, dhcp.ForeignTable),
	}...)
}

// clearDHCP are `clear ip dhcp ...` and the exec form of takeover.
func clearDHCP(b *Box) []language.Declaration {
	const doc = "facts/dhcp.md 1.5"
	const head = `clear ip("IP") dhcp("Delete items from the DHCP database") `
	which := func(in *language.Invocation) netip.Addr { return grammar.Get[netip.Addr](in.Args, "addr") }
	const one = "( `*`(\"Clear all\") | <addr:A.B.C.D>(\"Clear a specific one\") )"
	clear := func(what, help string, f func(netip.Addr, string) int) language.Declaration {
		return action(head+`[ pool("Clear objects of a specific pool") <pool:WORD>("Pool name") ] `+what+`("`+help+`") `+one, privileged, doc, func(in *language.Invocation) error {
			pool := in.Args.String("pool")
			if pool != "" && in.Config.DHCP.Pool(pool) == nil {
				return language.Answer("% There is no DHCP pool " + pool)
			}
			if n := f(which(in), pool); n == 0 && in.Args.Has("addr") {
				return language.Answer("% No " + what + " for " + which(in).String())
			}
			return nil
		})
	}
	return []language.Declaration{
		clear("binding", "DHCP address bindings", func(a netip.Addr, pool string) int { return b.DHCP.ClearBinding(a, pool) }),
		clear("conflict", "DHCP address conflicts", func(a netip.Addr, pool string) int { return b.DHCP.ClearConflict(a, pool) }),
		// Pools of this box get their networks from the configuration, never from
		// a server as subnets.
		clear("subnet", "Subnets leased from another server: this box leases none", func(netip.Addr, string) int { return 0 }),
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
