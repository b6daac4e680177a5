package command

import (
	"net/netip"
	"slices"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/ntp"
)

// maxNTPServers bounds the servers that are asked.
const maxNTPServers = 16

// ntpServers is `ntp server A [prefer]`: whom the clock is compared with.
func ntpServers() []language.Declaration {
	const doc = "facts/ios-cli.md 1.12"
	itself := func(a *netip.Addr) netip.Addr { return *a }
	preferred := list[netip.Addr, netip.Addr]{in: func(c *language.Context) *[]netip.Addr { return &c.Config.NTP.Preferred }, key: itself, order: netip.Addr.Compare}
	server := keyed(language.Declaration{
		Mode: language.Global, Group: "ntp", Doc: doc,
		Syntax: `ntp("Configure NTP")
			server("Configure NTP server")
			<addr:A.B.C.D>("IP address of peer")
			![ [ prefer$prefer("Prefer this peer when possible") ] ]`,
	}, list[netip.Addr, netip.Addr]{in: func(c *language.Context) *[]netip.Addr { return &c.Config.NTP.Servers }, key: itself,
		most: maxNTPServers, full: "% Too many NTP servers"},
		func(a grammar.Args) (netip.Addr, error) {
			s := grammar.Get[netip.Addr](a, "addr")
			if !hostAddress(s) {
				return s, language.Answer("% " + s.String() + " is not the address of a host")
			}
			return s, nil
		},
		func(s netip.Addr) grammar.Args { return args("addr", s) })
	set, unset, get := server.Set, server.Unset, server.Get
	server.Set = func(c *language.Context) error {
		if err := set(c); err != nil {
			return err
		}
		a := grammar.Get[netip.Addr](c.Args, "addr")
		if c.Args.Has("prefer") {
			return preferred.put(c, a)
		}
		preferred.drop(c, a)
		return nil
	}
	server.Unset = func(c *language.Context) error {
		preferred.drop(c, grammar.Get[netip.Addr](c.Args, "addr"))
		return unset(c)
	}
	server.Get = func(v *language.View) []grammar.Args {
		out := get(v)
		for _, a := range out {
			if slices.Contains(v.Config.NTP.Preferred, grammar.Get[netip.Addr](a, "addr")) {
				a["prefer"] = "prefer"
			}
		}
		return out
	}
	ds := []language.Declaration{server}
	return append(ds, carryAll(language.Global, doc,
		`ntp source("Configure interface for source address") <rest:LINE>("Interface")`,
		`ntp authenticate("Authenticate time sources")`,
		`ntp authentication-key("Authentication key for trusted time sources") <rest:LINE>("Key")`,
		`ntp trusted-key("Key numbers for trusted time sources") <rest:LINE>("Key numbers")`,
		`ntp update-calendar("Periodically update calendar with NTP time")`,
		`ntp master("Act as NTP master clock") [ <rest:LINE>("Stratum") ]`,
	)...)
}

func showNTP(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.12"
	return []language.Declaration{
		text(`ntp("Network time protocol") associations("NTP associations")`, 0, doc, func(*language.Invocation) string {
			best, ok := b.NTP.Best()
			chosen := ""
			if ok {
				chosen = best.Server.String()
			}
			return ntp.ShowAssociations(b.NTP.Associations(), chosen, time.Now())
		}),
		text(`ntp status("NTP status")`, 0, doc, func(*language.Invocation) string { return ntp.ShowStatus(b.NTP.Best()) }),
	}
}
