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
	const doc = "reference/ios-cli.md 1.12"
	ds := []language.Declaration{{
		Mode: language.Global, Group: "ntp", Doc: doc,
		Syntax: `ntp("Configure NTP") server("Configure NTP server") <addr:A.B.C.D>("IP address of peer") ![ [ prefer$prefer("Prefer this peer when possible") ] ]`,
		Set: func(c *language.Context) error {
			a := grammar.Get[netip.Addr](c.Args, "addr")
			if !hostAddress(a) {
				return language.Answer("% " + a.String() + " is not the address of a host")
			}
			n := &c.Config.NTP
			n.Preferred = slices.DeleteFunc(n.Preferred, func(p netip.Addr) bool { return p == a })
			if c.Args.Has("prefer") {
				n.Preferred = append(n.Preferred, a)
				slices.SortFunc(n.Preferred, netip.Addr.Compare)
			}
			if slices.Contains(n.Servers, a) {
				return nil
			}
			if len(n.Servers) >= maxNTPServers {
				return language.Answer("% Too many NTP servers")
			}
			n.Servers = append(n.Servers, a)
			return nil
		},
		Unset: func(c *language.Context) error {
			a := grammar.Get[netip.Addr](c.Args, "addr")
			n := &c.Config.NTP
			n.Servers = slices.DeleteFunc(n.Servers, func(s netip.Addr) bool { return s == a })
			n.Preferred = slices.DeleteFunc(n.Preferred, func(s netip.Addr) bool { return s == a })
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, a := range v.Config.NTP.Servers {
				line := args("addr", a)
				if slices.Contains(v.Config.NTP.Preferred, a) {
					line["prefer"] = "prefer"
				}
				out = append(out, line)
			}
			return out
		},
	}}
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
	const doc = "reference/ios-cli.md 1.12"
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
