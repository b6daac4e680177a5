package command

import "option150/cli/language"

// habits are lines that hands and clients type on every router before anything
// else (`no ip domain lookup`, `ip classless`, `no service pad`). They change
// nothing here: they are kept and printed back, also when typed.
// [facts/ios-cli.md 3]
func habits() []language.Declaration {
	const doc = "facts/ios-cli.md 3"
	ds := carryAll(language.Global, doc,
		`ip domain lookup("Enable IP Domain Name System hostname translation")`,
		`ip domain lookup source-interface("Specify source interface for DNS resolver") <rest:LINE>("Interface")`,
		`ip domain name vrf("Specify VRF") <rest:LINE>("VRF and domain name")`,
		`ip cef("Cisco Express Forwarding")`,
		`ip classless("Follow classless routing forwarding rules")`,
		`ip subnet-zero("Allow subnet zero subnets")`,
		`ip source-route("Process packets with source routing header options")`,
		`ip bootp("Config BOOTP services") server("Enable BOOTP server")`,
		`ip forward-protocol("Controls forwarding of physical and directed IP broadcasts") nd("Sun's Network Disk protocol")`,
		`service pad("Enable PAD commands")`,
		`service config("TFTP load config files")`,
		`service tcp-keepalives-in("Generate keepalives on idle incoming network connections")`,
		`service tcp-keepalives-out("Generate keepalives on idle outgoing network connections")`,
	)
	return append(ds, language.Declaration{Mode: language.Global, Carry: true, Hidden: true, Doc: doc,
		Syntax: `ip domain-lookup("Enable IP Domain Name System hostname translation")`,
		Format: func(string) string { return "ip domain lookup" }})
}

// oldDomainName is `ip domain-name`, which became `ip domain name`; hands and
// old configurations still have the hyphen.
func oldDomainName() language.Declaration {
	return language.Declaration{Mode: language.Global, Hidden: true, Doc: "facts/ios-cli.md 1.10",
		Syntax: `ip domain-name("Define the default domain name") ![ <name:WORD>("Default domain name") ]`,
		Set:    func(c *language.Context) error { c.Config.Domain = c.Args.String("name"); return nil },
		Unset:  func(c *language.Context) error { c.Config.Domain = ""; return nil },
	}
}
