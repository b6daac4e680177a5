package command

import (
	"net/netip"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/logging"
)

// syslogPort is where syslog servers are.
const syslogPort = 514

// syslogHost is `logging host A [transport udp [port N]]`.
func syslogHost(head string) language.Declaration {
	hosts := list[logging.Host, logging.Host]{in: func(c *language.Context) *[]logging.Host { return &c.Config.Logging.Hosts }, key: func(h *logging.Host) logging.Host { return *h }}
	d := keyed(language.Declaration{
		Mode: language.Global, Group: "logging", Doc: "facts/ios-cli.md 1.12",
		Syntax: head + `host("Set syslog server IP address and parameters")
			<addr:A.B.C.D>("IP address of the syslog server")
			[ transport("Specify the transport protocol (default=UDP)")
				udp("User Datagram Protocol")
				[ port("Specify the UDP port number (default=514)")
					<port:1-65535>("Port number") ] ]`,
	}, hosts,
		func(a grammar.Args) (logging.Host, error) {
			h := logging.Host{Addr: grammar.Get[netip.Addr](a, "addr"), Port: uint16(a.Int("port"))}
			if h.Port == syslogPort {
				h.Port = 0
			}
			return h, nil
		},
		func(h logging.Host) grammar.Args {
			a := args("addr", h.Addr)
			if h.Port != 0 {
				a["port"] = int(h.Port)
			}
			return a
		})
	one := d.Unset
	d.Unset = func(c *language.Context) error {
		if c.Args.Has("port") {
			return one(c)
		}
		l, addr := hosts.in(c), grammar.Get[netip.Addr](c.Args, "addr")
		*l = slices.DeleteFunc(*l, func(h logging.Host) bool { return h.Addr == addr })
		return nil
	}
	return d
}

// facility is `logging facility`: the number before each message to a host.
func facility(head string) language.Declaration {
	var names []string
	for _, name := range logging.Facilities {
		names = append(names, name+`$name("`+facilityHelp(name)+`")`)
	}
	at := func(c *language.Context) *int { return &c.Config.Logging.Facility }
	def := logging.Default().Facility
	return language.Declaration{
		Mode: language.Global, Group: "logging", Doc: "facts/ios-cli.md 1.12",
		Syntax: head + `facility("Facility parameter for syslog messages") ![ ( ` + strings.Join(names, " | ") + ` ) ]`,
		Set: func(c *language.Context) error {
			*at(c) = slices.Index(logging.Facilities[:], c.Args.String("name"))
			return nil
		},
		Unset: func(c *language.Context) error { *at(c) = def; return nil },
		Get: func(v *language.View) []grammar.Args {
			f := *at(viewContext(v))
			return one(f != def || v.All, "name", logging.Facilities[f])
		},
	}
}

func facilityHelp(name string) string {
	switch {
	case strings.HasPrefix(name, "local"):
		return "Local use"
	case strings.HasPrefix(name, "sys") && name != "syslog":
		return "System use"
	}
	return map[string]string{"kern": "Kernel", "user": "User process", "mail": "Mail system", "daemon": "System daemons", "auth": "Authorization system",
		"syslog": "Syslog itself", "lpr": "Line printer system", "news": "USENET news", "uucp": "Unix-to-Unix copy system", "cron": "Cron facility"}[name]
}

// loggingCarried are the lines about logs that are known by name and kept.
func loggingCarried(head string) []language.Declaration {
	return carryAll(language.Global, "facts/ios-cli.md 1.12",
		head+`on("Enable logging to all enabled destinations")`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") transport tcp("Transport Control Protocol, in which this box does not send") [ <rest:LINE>("Parameters") ]`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") vrf("Set VRF option") <rest:LINE>("Parameters")`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") discriminator("Specify a message discriminator for this logging session") <rest:LINE>("Parameters")`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") sequence-num-session("Include session sequence number tag in syslog message") [ <rest:LINE>("Parameters") ]`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") session-id("Specify syslog message session ID tagging") <rest:LINE>("Parameters")`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") xml("Enable logging in XML") [ <rest:LINE>("Parameters") ]`,
		head+`host <addr:A.B.C.D>("IP address of the syslog server") filtered("Enable filtered logging") [ <rest:LINE>("Parameters") ]`,
		head+`host ipv6("Configure IPv6 syslog server") <rest:LINE>("Address and parameters")`,
		head+`host <name:WORD>("Host name, which is not looked up") [ <rest:LINE>("Parameters") ]`,
		head+`origin-id("Add origin ID to syslog messages") <rest:LINE>("hostname, ip, ipv6 or string")`,
		head+`message-counter debug("Logging of message counter is enabled for debug messages")`,
		head+`message-counter log("Logging of message counter is enabled for log messages")`,
		head+`alarm("Configure syslog for alarms") [ <rest:LINE>("Severity") ]`,
		head+`buffered discriminator("Establish MD-Buffer association") <rest:LINE>("Discriminator and level")`,
		head+`buffered xml("Enable logging in XML to XML logging buffer") [ <rest:LINE>("Size") ]`,
		head+`buffered filtered("Enable filtered logging") [ <rest:LINE>("Level") ]`,
		head+`cns-events("Set CNS Event logging level") [ <rest:LINE>("Level") ]`,
		head+`console discriminator("Establish MD-Console association") <rest:LINE>("Discriminator and level")`,
		head+`console guaranteed("Guarantee console messages")`,
		head+`console filtered("Enable filtered logging") [ <rest:LINE>("Level") ]`,
		head+`console xml("Enable logging in XML") [ <rest:LINE>("Level") ]`,
		head+`count("Count every log message and timestamp last occurrence")`,
		head+`discriminator("Create or modify a message discriminator") <rest:LINE>("Name and filter")`,
		head+`dmvpn("DMVPN Configuration") [ <rest:LINE>("Parameters") ]`,
		head+`esm("Set ESM filter restrictions") <rest:LINE>("Parameters")`,
		head+`event("Global interface events") <rest:LINE>("Event")`,
		head+`exception("Limit size of exception flush output") <rest:LINE>("Bytes")`,
		head+`filter("Specify logging filter") <rest:LINE>("File")`,
		head+`history("Configure syslog history table") <rest:LINE>("Level or size")`,
		head+`monitor discriminator("Establish MD-Monitor association") <rest:LINE>("Discriminator and level")`,
		head+`monitor filtered("Enable filtered logging") [ <rest:LINE>("Level") ]`,
		head+`monitor xml("Enable logging in XML") [ <rest:LINE>("Level") ]`,
		head+`persistent("Set persistent logging parameters") [ <rest:LINE>("Parameters") ]`,
		head+`queue-limit("Set logger message queue size") [ <rest:LINE>("Size") ]`,
		head+`rate-limit("Set messages per second limit") <rest:LINE>("Parameters")`,
		head+`reload("Set reload logging level") <rest:LINE>("Level")`,
		head+`server-arp("Enable sending ARP requests for syslog servers")`,
		head+`snmp-authfail("Log SNMP authentication failures")`,
		head+`snmp-trap("Set syslog level for sending snmp trap") <rest:LINE>("Level")`,
		head+`userinfo("Enable logging of user info on privileged mode enabling")`,
		head+`source-interface("Specify interface for source address in logging transactions") <rest:LINE>("Interface")`,
	)
}
