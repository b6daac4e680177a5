package command

import (
	"net/netip"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/ntp"
)

// maxNTPServers bounds the servers that are asked.
const maxNTPServers = 16

// ntpServers is `ntp server A [prefer]`: whom the clock is compared with.
func ntpServers() []language.Declaration {
	const doc = "facts/ios-cli.md 1.12"
	server := keyed(language.Declaration{
		Mode: language.Global, Group: "ntp", Doc: doc, Partly: ntpIdle,
		Syntax: `ntp("Configure NTP")
			server("Configure NTP server")
			<addr:A.B.C.D>("IP address of peer")
			![ { version("Configure NTP version")
						<version:1-4>("NTP version number")
					| key("Configure peer authentication key")
						<key:1-4294967>("Peer key number")
					| source("Interface for source address")
						<source:WORD>("Interface")
					| minpoll("Minimum poll interval")
						<minpoll:4-17>("Poll value in Log2")
					| maxpoll("Maximum poll interval")
						<maxpoll:4-17>("Poll value in Log2")
					| burst$burst("Send a burst when peer is reachable")
					| iburst$iburst("Send a burst when peer is unreachable")
					| prefer$prefer("Prefer this peer when possible") } ]`,
	}, list[ntp.Server, netip.Addr]{in: func(c *language.Context) *[]ntp.Server { return &c.Config.NTP.Servers }, key: func(s *ntp.Server) netip.Addr { return s.Addr },
		most: maxNTPServers, full: "% Too many NTP servers"},
		func(a grammar.Args) (ntp.Server, error) {
			s := ntp.Server{Addr: grammar.Get[netip.Addr](a, "addr"), Prefer: a.Has("prefer"), Burst: a.Has("burst"), IBurst: a.Has("iburst"),
				Version: a.Int("version"), Key: a.Int("key"), MinPoll: a.Int("minpoll"), MaxPoll: a.Int("maxpoll"), Source: a.String("source")}
			if !hostAddress(s.Addr) {
				return s, language.Answer("% " + s.Addr.String() + " is not the address of a host")
			}
			return s, nil
		},
		func(s ntp.Server) grammar.Args {
			line := args("addr", s.Addr, "source", s.Source)
			for k, n := range map[string]int{"version": s.Version, "key": s.Key, "minpoll": s.MinPoll, "maxpoll": s.MaxPoll} {
				if n != 0 {
					line[k] = n
				}
			}
			for k, on := range map[string]bool{"prefer": s.Prefer, "burst": s.Burst, "iburst": s.IBurst} {
				if on {
					line[k] = k
				}
			}
			return line
		})
	return append([]language.Declaration{server}, carryAll(language.Global, doc,
		`ntp server <name:WORD>("Host name, which is not looked up") [ <rest:LINE>("Parameters") ]`,
		`ntp server ip("Use IP for resolution") <rest:LINE>("Address or name, and parameters")`,
		`ntp server ipv6("Use IPv6 for resolution") <rest:LINE>("Address or name, and parameters")`,
		`ntp server vrf("VPN Routing/Forwarding Information") <rest:LINE>("VRF, address and parameters")`,
		`ntp peer("Configure NTP peer") <rest:LINE>("Address and parameters")`,
		`ntp source("Configure interface for source address") <rest:LINE>("Interface")`,
		`ntp authenticate("Authenticate time sources")`,
		`ntp authentication-key("Authentication key for trusted time sources") <rest:LINE>("Key")`,
		`ntp trusted-key("Key numbers for trusted time sources") <rest:LINE>("Key numbers")`,
		`ntp update-calendar("Periodically update calendar with NTP time")`,
		`ntp master("Act as NTP master clock") [ <rest:LINE>("Stratum") ]`,
	)...)
}

// ntpIdle says what of a server is kept and not acted on.
func ntpIdle(_, a grammar.Args) string {
	for _, k := range []string{"version", "key", "source", "minpoll", "maxpoll", "burst", "iburst"} {
		if a.Has(k) {
			return k + ": servers are asked in version 4, without a key, and as often as is needed to compare the clock"
		}
	}
	return ""
}

func showNTP(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.12"
	return []language.Declaration{
		table(`ntp("Network time protocol") associations("NTP associations")`, 0, doc, func(*language.Invocation) *columns.Page {
			best, ok := b.NTP.Best()
			chosen := ""
			if ok {
				chosen = best.Server.String()
			}
			return ntp.ShowAssociations(b.NTP.Associations(), chosen, time.Now())
		}, ntp.Table),
		text(`ntp status("NTP status")`, 0, doc, func(*language.Invocation) string { return ntp.ShowStatus(b.NTP.Best()) }),
	}
}
