package command

import (
	"fmt"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/tftp"
)

// tftpPorts is where TFTP transfers run. The two lines replace one another.
func tftpPorts() []language.Declaration {
	const group, doc = "tftp-server", "facts/files.md 1.8"
	at := func(c *language.Context) *tftp.Config { return &c.Config.TFTP }
	off := func(c *language.Context) error { *at(c) = tftp.Config{}; return nil }
	return []language.Declaration{{
		Mode: language.Global, Group: group, Doc: doc,
		Syntax: `tftp-server("Provide TFTP service for netload requests")
			single-port("Run transfers on the port of requests, for NAT")`,
		Set:   func(c *language.Context) error { *at(c) = tftp.Config{SinglePort: true}; return nil },
		After: narrow,
		Unset: off,
		Get:   func(v *language.View) []grammar.Args { return one(v.Config.TFTP.SinglePort) },
	}, {
		Mode: language.Global, Group: group, Doc: doc,
		Syntax: `tftp-server("Provide TFTP service for netload requests")
			port-range("Ports transfers run on, for a firewall")
			![ <low:1024-65535>("Lowest port")
				<high:1024-65535>("Highest port") ]`,
		Set: func(c *language.Context) error {
			n := portRange(c.Args)
			if n.Validate() != nil {
				return language.Answer("% The highest port is below the lowest")
			}
			*at(c) = n
			return nil
		},
		After: narrow,
		Unset: off,
		Get: func(v *language.View) []grammar.Args {
			n := v.Config.TFTP
			if n.PortHigh == 0 {
				return nil
			}
			return []grammar.Args{args("low", int(n.PortLow), "high", int(n.PortHigh))}
		},
	}}
}

func portRange(a grammar.Args) tftp.Config {
	return tftp.Config{PortLow: uint16(a.Int("low")), PortHigh: uint16(a.Int("high"))}
}

// narrow says what too few ports cost.
func narrow(v *language.Invocation) error {
	if v.Args.Has("low") && portRange(v.Args).Windows() {
		return nil
	}
	return language.Answer(fmt.Sprintf("%%Warning: windowsize is not granted with fewer than %d ports: the port is what keeps others from acknowledging", tftp.PoolSize))
}
