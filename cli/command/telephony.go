package command

import (
	"net/netip"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/hfs"
	"option150/telephony/cnf"
	"option150/telephony/phone"
)

// telephonyService is `telephony-service` and what stands below it.
// [facts/cme.md 2]
func telephonyService() []language.Declaration {
	const doc = "facts/cme.md 2"
	svc := func(c *language.Context) *cnf.TelephonyService { return &c.Config.Telephony.Service }
	def := cnf.Default().Service
	hfsEnable := language.Declaration{
		Mode: modeTelephony, Doc: "sources/000",
		Syntax: `hfs("Configure HTTP File-Fetch Server")
			enable("Enable HTTP File-Fetch Server")
			![ [ port("Port of the HTTP File-Fetch Server")
					<port:1024-65535>("TCP port, phones use 6970") ] ]`,
		Set: func(c *language.Context) error {
			c.Config.HFS.Enabled, c.Config.HFS.Port = true, uint16(c.Args.Int("port"))
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.HFS.Enabled, c.Config.HFS.Port = false, 0; return nil },
		Get: func(v *language.View) []grammar.Args {
			h := v.Config.HFS
			a := args()
			if h.Port != 0 {
				a["port"] = int(h.Port)
			}
			return one(h.Enabled, flatten(a)...)
		},
	}
	ds := []language.Declaration{
		flag(language.Global, `phone-probe("Ask other machines about phones") call-control("Ask the call control of phones whether it is there")`, "phone-probe", "DESIGN 7", true, func(c *language.Context) *bool { return &c.Config.Control.Probe }),
		{
			Mode: language.Global, Enters: modeTelephony, Keys: []string{}, Doc: doc,
			Syntax: `telephony-service("Configure Cisco Unified Communications Manager Express") [ setup("Start the setup of SCCP phones") ]`,
			Set:    func(c *language.Context) error { svc(c).Present = true; delete(c.Args, "setup"); return nil },
			Unset: func(c *language.Context) error {
				*svc(c), c.Config.HFS = def, hfs.Config{}
				c.Config.DropSection("telephony-service")
				return nil
			},
			Get: func(v *language.View) []grammar.Args { return one(v.Config.Telephony.Service.Present) },
		},
		loads(modeTelephony, doc, func(c *language.Context) *[]cnf.LoadEntry { return &svc(c).Loads }),
		value(modeTelephony, `max-ephones("Define max number of IP phones") ![ <n:1-1000>("Maximum phones to support") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &svc(c).MaxEphones }),
		maxDN(doc, svc),
		sourceAddress(modeTelephony, `ip("Define IP address and port for the phones to register at") source-address("Define IP address and port for the phones to register at")`, doc, 2000, func(c *language.Context) *cnf.SourceAddress { return &svc(c).SourceAddress }),
		autoAssign(doc, func(c *language.Context) *[]cnf.AutoAssign { return &svc(c).AutoAssign }),
		inverted(flag(modeTelephony, `auto-reg-ephone("Enable ephone auto-registration")`, "", doc, false, func(c *language.Context) *bool { return &svc(c).NoAutoReg })),
		{
			Mode: modeTelephony, Doc: doc, Partly: having("files are built and served here, none is written to another server", "url"),
			Syntax: `cnf-file("Ephone CNF file config options")
				( location("Location of the CNF files")
					( <where:ANYFLASH>("flash: or another file system")
						| tftp("TFTP server")
						<url:URL>("URL") )
					| perphone$per("One CNF file for each phone")
					| perphonetype$per("One CNF file for each type of phone") )`,
			Set: func(c *language.Context) error {
				if c.Args.Has("per") {
					svc(c).CnfPer = c.Args.String("per")
				} else if c.Args.Has("url") {
					svc(c).CnfLocation = "tftp " + c.Args.String("url")
				} else {
					svc(c).CnfLocation = c.Args.String("where")
				}
				return nil
			},
			Unset: func(c *language.Context) error {
				if c.Args.Has("per") {
					svc(c).CnfPer = ""
				} else {
					svc(c).CnfLocation = ""
				}
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				s := v.Config.Telephony.Service
				var out []grammar.Args
				if url, ok := strings.CutPrefix(s.CnfLocation, "tftp "); ok {
					out = append(out, args("url", url))
				} else if s.CnfLocation != "" {
					out = append(out, args("where", s.CnfLocation))
				}
				if s.CnfPer != "" {
					out = append(out, args("per", s.CnfPer))
				}
				return out
			},
		},
		value(modeTelephony, `build-cnf-files("Devices that are expected to ask for a binary .cnf file")
			![ ( all$m("All devices")
					| none$m("None")
					| selective$m("Those of the table of Build CNF Files") ) ]`, "m", "", "sources/004", def.BuildCNF, func(c *language.Context) *string { return &svc(c).BuildCNF }),
		hfsEnable,
		value(modeTelephony, `hfs home-path("Directory of flash: for files that no binding names") ![ <path:FLASHURL>("Path, such as flash:phones") ]`, "path", "", "sources/000", "", func(c *language.Context) *string { return &c.Config.HFS.HomePath }),
		value(modeTelephony, `time-zone("Set time zone for the phones") ![ <n:ZONE>("Time zone") ]`, "n", "", doc, def.TimeZone, func(c *language.Context) *int { return &svc(c).TimeZone }),
		value(modeTelephony, `date-format("Set date format for IP Phone display")
			![ ( dd-mm-yy$f("Date format")
					| mm-dd-yy$f("Date format")
					| yy-dd-mm$f("Date format")
					| yy-mm-dd$f("Date format") ) ]`, "f", "", doc, def.DateFormat, func(c *language.Context) *string { return &svc(c).DateFormat }),
		timeFormat(modeTelephony, doc, func(c *language.Context) *int { return &svc(c).TimeFormat }),
		locale(modeTelephony, "user-locale", "User locale", doc, func(c *language.Context) *[]cnf.Locale { return &svc(c).UserLocales }),
		locale(modeTelephony, "network-locale", "Network locale", doc, func(c *language.Context) *[]cnf.Locale { return &svc(c).NetworkLocales }),
		urls(modeTelephony, `url("Define Ephone URL's")
			( services$kind("URL of the services button")
				| directories$kind("URL of the directories button")
				| information$kind("URL of the information button")
				| messages$kind("URL of the messages button")
				| proxy-server$kind("Proxy server URL")
				| authentication$kind("URL that authenticates requests to the phones")
				| idle$kind("URL shown when the phone is idle") )`, doc, func(c *language.Context) *[]cnf.URL { return &svc(c).URLs }),
		servicePhone(modeTelephony, func(c *language.Context) *[]cnf.ServicePhone { return &svc(c).ServicePhone }),
		{
			Mode: modeTelephony, Doc: doc, Idle: registered, Syntax: `system("Define system message")
				message("Define system message")
				![ <text:LINE>("Text shown by idle phones") ]`,
			Set: func(c *language.Context) error {
				if t := c.Args.String("text"); len(t) > 40 {
					return language.Answer("% The message is longer than 40 characters")
				}
				svc(c).SystemMessage = c.Args.String("text")
				return nil
			},
			Unset: func(c *language.Context) error { svc(c).SystemMessage = ""; return nil },
			Get: func(v *language.View) []grammar.Args {
				m := v.Config.Telephony.Service.SystemMessage
				return one(m != "", "text", m)
			},
		},
		idle(value(modeTelephony, `keepalive("Define keepalive timeout period to unregister IP phones") ![ <n:10-65535>("Keepalive timeout period, in seconds") ]`, "n", "", doc, def.Keepalive, func(c *language.Context) *int { return &svc(c).Keepalive }), registered),
	}
	ds = append(ds, alsoNo(modeTelephony, "facts/cme.md 2.3", `call-forward("Configure parameters for call forwarding") <rest:LINE>("Parameters")`)...)
	ds = append(ds, olson(modeTelephony, doc, func(c *language.Context) (*string, *string) { return &svc(c).OlsonZone, &svc(c).OlsonVersion }),
		qos(modeTelephony, `ip`, doc, false, func(c *language.Context) *cnf.QoS { return &svc(c).QoS }),
		cfgFiles(doc, func(c *language.Context) *[]cnf.CfgFile { return &svc(c).Files }))
	ds = append(ds, carryWhy(modeTelephony, "facts/cme.md 2.3", registered, learnedTelephony...)...)
	return append(ds, carryWhy(modeTelephony, "facts/cme.md 2.3", ofControl, carriedTelephony...)...)
}

// servicePhone is `service phone NAME VALUE`, at the level of the system, of a
// template, or of one phone, where it is a line of ours. The phone's own counts
// before its template's, that before the system's. [sources/002]
func servicePhone(mode string, at func(*language.Context) *[]cnf.ServicePhone) language.Declaration {
	return keyed(language.Declaration{
		Mode: mode, Doc: "facts/cme.md 2.1",
		Syntax: `service("Service configuration in ephone template")
			phone("Phone parameters of the configuration file")
			<name:WORD>("Name of the parameter, case counts")
			![ <value:LINE>("Value") ]`,
	}, list[cnf.ServicePhone, string]{in: at, key: func(p *cnf.ServicePhone) string { return p.Name }, order: strings.Compare},
		func(a grammar.Args) (cnf.ServicePhone, error) {
			p := cnf.ServicePhone{Name: a.String("name"), Value: a.String("value")}
			if !xmlName(p.Name) {
				return p, language.Answer("% A phone parameter is a word of letters and digits")
			}
			return p, nil
		},
		func(p cnf.ServicePhone) grammar.Args { return args("name", p.Name, "value", p.Value) })
}

// inverted prints and sets the positive form of a field that says No.
func inverted(d language.Declaration) language.Declaration {
	d.Set, d.Unset = d.Unset, d.Set
	get := d.Get
	d.Get = func(v *language.View) []grammar.Args {
		out := get(v)
		for i := range out {
			if out[i].Has(language.Negated) {
				out[i] = grammar.Args{}
			} else {
				out[i] = grammar.Args{language.Negated: true}
			}
		}
		return out
	}
	d.Reset = d.Set
	return d
}

// learnedTelephony are those an SCCP phone has from its call control.
var learnedTelephony = []string{
	`keepalive <n:10-65535>("Keepalive timeout period, in seconds") auxiliary("Keepalive of the secondary call control") <rest:LINE>("Seconds")`,
	`voicemail("Set the number the MESSAGES button of a phone calls") <rest:LINE>("Number")`,
	`video("Enter video configuration")`,
	`max-redirect("Define the number of call redirects") <rest:LINE>("Number of redirects")`,
	`privacy("Enable privacy on shared lines")`,
	`timeouts("Define timeout values for IP phone") <rest:LINE>("Parameters")`,
	`service dss("Enable direct station select")`,
	`service dnis("Enable dialed number lookup") <rest:LINE>("Parameters")`,
	`service directed-pickup("Enable directed pickup") [ <rest:LINE>("Parameters") ]`,
}

// carriedTelephony are the commands of telephony-service that have no effect
// on provisioning: dropping them would lose the owner's data.
var carriedTelephony = []string{
	`max-conferences("Define max number of 3 party G.711 conferences") <rest:LINE>("Number and gain")`,
	`moh("Define music-on-hold filename") <rest:LINE>("File name")`,
	`multicast("Define ephone multicast") <rest:LINE>("Parameters")`,
	`ip source-address <addr:X:X:X:X::X>("IPv6 address, which no phone is sent to") [ <rest:LINE>("Parameters") ]`,
	`call-park("Configure parameters for call park") <rest:LINE>("Parameters")`,
	`transfer-system("Define call transfer parameters") <rest:LINE>("Parameters")`,
	`transfer-pattern("Define valid call transfer destinations") <rest:LINE>("Pattern")`,
	`secondary-dialtone("Set the digit pattern to trigger secondary dial-tone") <rest:LINE>("Digits")`,
	`dialplan-pattern("Define E.164 telephone number prefix") <rest:LINE>("Pattern")`,
	`directory("Define directory naming order and entries") <rest:LINE>("Parameters")`,
	`dn-webedit("Enable Edit DN through Web")`,
	`time-webedit("Enable Edit Time through Web")`,
	`web("Define username for admin user") <rest:LINE>("Parameters")`,
	`fac("Define feature access codes") <rest:LINE>("Parameters")`,
	`calling-number("Replace calling number with local for hairpin") <rest:LINE>("initiator or local")`,
	`conference("Configure conference type") <rest:LINE>("Parameters")`,
	`sdspfarm("Digital signal processor farm") <rest:LINE>("Parameters")`,
	`after-hours("Define after-hours patterns, date, etc") <rest:LINE>("Parameters")`,
	`em("Extension mobility configuration") <rest:LINE>("Parameters")`,
	`fxo("Configure FXO parameters") <rest:LINE>("Parameters")`,
	`standby("Define standby parameters") <rest:LINE>("Parameters")`,
	`callmonitor("Enable call monitoring")`,
	`service local-directory("Enable the local directory") [ <rest:LINE>("Parameters") ]`,
	`extension-assigner("Define the extension assigner") <rest:LINE>("Parameters")`,
	`tftp-server-credentials("Credentials of the TFTP server") <rest:LINE>("Trustpoint")`,
	`secure-signaling("Secure signalling") <rest:LINE>("Trustpoint")`,
	`device-security-mode("Security mode of the phones") <rest:LINE>("Mode")`,
	`server-security-mode("Security mode of the server") <rest:LINE>("Mode")`,
	`authentication("Credentials for requests to the phones") <rest:LINE>("credential, name and password")`,
	`protocol("IP protocol of the phones") <rest:LINE>("mode and family")`,
	`group("VRF groups") <rest:LINE>("Parameters")`,
	`overlap-signal("Overlap signalling")`,
	`night-service("Night service") <rest:LINE>("Parameters")`,
	`modem("Modem parameters") <rest:LINE>("Parameters")`,
	`hunt-group("Hunt group parameters") <rest:LINE>("Parameters")`,
	`presence("Presence parameters") <rest:LINE>("Parameters")`,
	`live-record("Number that starts a recording") <rest:LINE>("Number")`,
	`log("Log parameters") <rest:LINE>("Parameters")`,
}

// loads is `load TYPE FILE`, the same in both modes. What was typed is kept.
// [facts/cme.md 8.1]
func loads(mode, doc string, at func(*language.Context) *[]cnf.LoadEntry) language.Declaration {
	d := keyed(language.Declaration{
		Mode: mode, Doc: doc, Knows: knownType(mode == modeGlobal),
		Syntax: `load("Select the IP phone firmware load file") <type:OWNLOAD>("Type of phone") ![ <file:WORD>("Load file name, case counts")
			[ force$force("Name it in phone files even if files of it are missing") ] ]`,
	}, list[cnf.LoadEntry, string]{in: at, key: func(e *cnf.LoadEntry) string { return e.Type }, order: strings.Compare},
		func(a grammar.Args) (cnf.LoadEntry, error) {
			return cnf.LoadEntry{Type: a.String("type"), File: a.String("file"), Force: a.Has("force")}, nil
		},
		func(e cnf.LoadEntry) grammar.Args {
			a := args("type", e.Type, "file", e.File)
			if e.Force {
				a["force"] = "force"
			}
			return a
		})
	set := d.Set
	d.Set = func(c *language.Context) error {
		key := c.Args.String("type")
		if len(phone.ByLoadKey(key)) == 0 {
			if err := typeKnown(c.Config, key, mode == modeGlobal); err != nil {
				return err
			}
			c.Args["type"] = typeSpelling(c.Config, key, mode == modeGlobal)
		}
		return set(c)
	}
	return d
}

// sourceAddress is `ip source-address` and `source-address`: where phones
// register. It is a value in their files, never a listener.
func sourceAddress(mode, head, doc string, defPort int, at func(*language.Context) *cnf.SourceAddress) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc, Partly: atControl,
		Syntax: head + ` ![ <addr:A.B.C.D>("IP address of the call control")
				[ port("Port of the call control")
					<port:2000-9999>("Port") ]
				[ secondary("Secondary call control")
					<second:A.B.C.D>("IP address")
					[ rehome("Seconds before a phone goes back")
						<rehome:0-65535>("Seconds") ] ]
				[ ( any-match("Do not check the address a phone used")
						| strict-match$strict("Refuse a phone that used another address") ) ] ]`,
		Set: func(c *language.Context) error {
			s := cnf.SourceAddress{Addr: grammar.Get[netip.Addr](c.Args, "addr"), Port: uint16(c.Args.Int("port")), StrictMatch: c.Args.Has("strict")}
			if c.Args.Has("second") {
				s.Secondary = grammar.Get[netip.Addr](c.Args, "second")
			}
			if !hostAddress(s.Addr) || c.Args.Has("second") && !hostAddress(s.Secondary) {
				return language.Answer("% " + s.Addr.String() + " is not the address of a host")
			}
			if int(s.Port) == defPort {
				s.Port = 0
			}
			if c.Args.Has("rehome") {
				s.Rehome = c.Args.Int("rehome") + 1
			}
			*at(c) = s
			return nil
		},
		Unset: func(c *language.Context) error { *at(c) = cnf.SourceAddress{}; return nil },
		Get: func(v *language.View) []grammar.Args {
			s := *at(viewContext(v))
			if !s.Addr.IsValid() {
				return nil
			}
			a := args("addr", s.Addr, "port", defPort)
			if s.Port != 0 {
				a["port"] = int(s.Port)
			}
			if s.Secondary.IsValid() {
				a["second"] = s.Secondary
				if s.Rehome > 0 {
					a["rehome"] = s.Rehome - 1
				}
			}
			if s.StrictMatch {
				a["strict"] = "strict-match"
			}
			return []grammar.Args{a}
		},
	}
}

// atControl says of a source address what only who answers there can do.
func atControl(_, a grammar.Args) string {
	switch {
	case a.Has("rehome"):
		return "rehome: a phone goes back when the call control says so"
	case a.Has("strict"):
		return "strict-match: the call control checks the address a phone uses"
	}
	return ""
}

// timeFormat is `time-format {12|24}`.
func timeFormat(mode, doc string, at func(*language.Context) *int) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `time-format("Set time format for IP Phone display") ![ ( 12$n("Use 12 hour time format") | 24$n("Use 24 hour time format") ) ]`,
		Set:    func(c *language.Context) error { *at(c) = atoi(c.Args.String("n")); return nil },
		Unset:  func(c *language.Context) error { *at(c) = 12; return nil },
		Get: func(v *language.View) []grammar.Args {
			n := *at(viewContext(v))
			return one(n != 12 || v.All, "n", itoa(n))
		},
	}
}

// urls is `url KIND URL`.
func urls(mode, head, doc string, at func(*language.Context) *[]cnf.URL) language.Declaration {
	return keyed(language.Declaration{Mode: mode, Doc: doc, Syntax: head + ` ![ <url:LINE>("URL") ]`},
		list[cnf.URL, string]{in: at, key: func(u *cnf.URL) string { return u.Kind }, order: strings.Compare},
		func(a grammar.Args) (cnf.URL, error) {
			u := cnf.URL{Kind: a.String("kind"), URL: a.String("url")}
			if len(u.URL) > 512 {
				return u, language.Answer("% The URL is longer than 512 characters")
			}
			return u, nil
		},
		func(u cnf.URL) grammar.Args { return args("kind", u.Kind, "url", u.URL) })
}

// xmlName: the name of a phone parameter becomes the name of an XML element.
func xmlName(s string) bool {
	if len(s) == 0 || len(s) > 64 || !letter(rune(s[0])) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !letter(r) && (r < '0' || r > '9') && r != '_' })
}

// carriedSections are sections known by name and carried as a whole: what
// stands in them is kept and printed back. [facts/cme.md 12, rows L]
func carriedSections() []language.Declaration {
	section := func(syntax, enters string, format func(string) string) language.Declaration {
		return language.Declaration{Mode: language.Global, Syntax: syntax, Carry: true, Enters: enters, Format: format, Doc: "facts/cme.md 12"}
	}
	return []language.Declaration{
		section(`ephone-dn-template("Define ephone-dn template") <tag:1-15>("Ephone-dn template tag")`, modeEphoneDNTemplate, twoBlanks(1)),
	}
}
