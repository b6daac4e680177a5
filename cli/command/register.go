package command

import (
	"cmp"
	"net/netip"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/ether"
	"option150/telephony/cnf"
)

const registerHead = `voice("Global voice configuration") register("Voice register subsystem") `

// registerGlobal is `voice register global`. [facts/cme.md 4.1]
func registerGlobal() []language.Declaration {
	const doc = "facts/cme.md 4.1"
	at := func(c *language.Context) *cnf.RegisterGlobal { return &c.Config.Telephony.Global }
	def := cnf.Default().Global
	ds := []language.Declaration{
		{
			Mode: language.Global, Enters: modeGlobal, Doc: doc,
			Syntax: registerHead + `global("Global parameters of all SIP phones")`,
			Set:    func(c *language.Context) error { at(c).Present = true; return nil },
			Unset: func(c *language.Context) error {
				*at(c) = def
				c.Config.DropSection("voice register global")
				return nil
			},
			Get: func(v *language.View) []grammar.Args { return one(v.Config.Telephony.Global.Present) },
		},
		value(modeGlobal, `mode("Mode of this router") ![ ( cme$m("Cisco Unified CME") | esrst$m("Enhanced SRST") ) ]`, "m", "", doc, "", func(c *language.Context) *string { return &at(c).Mode }),
		sourceAddress(modeGlobal, `source-address("Define IP address and port for the phones to register at")`, doc, 5060, func(c *language.Context) *cnf.SourceAddress { return &at(c).SourceAddress }),
		value(modeGlobal, `max-dn("Maximum directory numbers supported") ![ <n:1-750>("Maximum directory numbers") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).MaxDN }),
		value(modeGlobal, `max-pool("Maximum pools supported") ![ <n:1-262>("Maximum pools") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).MaxPool }),
		loads(modeGlobal, doc, func(c *language.Context) *[]cnf.LoadEntry { return &at(c).Loads }),
		partly(value(modeGlobal, `tftp-path("Location of the files of SIP phones") ![ <path:URL>("flash: or a URL") ]`, "path", "", doc, "", func(c *language.Context) *string { return &at(c).TFTPPath }), func(_, a grammar.Args) string {
			if strings.Contains(a.String("path"), "//") {
				return "files are built and served here, none is written to another server"
			}
			return ""
		}),
		flag(modeGlobal, `file("Form of the files") text("Write the ASCII form of binary files too")`, "", doc, false, func(c *language.Context) *bool { return &at(c).FileText }),
		value(modeGlobal, `timezone("Set time zone for the phones") ![ <n:ZONE>("Time zone") ]`, "n", "", doc, def.Timezone, func(c *language.Context) *int { return &at(c).Timezone }),
		value(modeGlobal, `date-format("Set date format for IP Phone display")
			![ ( D/M/Y$f("Date format")
					| M/D/Y$f("Date format")
					| Y-D-M$f("Date format")
					| Y/D/M$f("Date format")
					| Y/M/D$f("Date format")
					| YY-M-D$f("Date format") ) ]`, "f", "", doc, def.DateFormat, func(c *language.Context) *string { return &at(c).DateFormat }),
		timeFormat(modeGlobal, doc, func(c *language.Context) *int { return &at(c).TimeFormat }),
		{
			Mode: modeGlobal, Doc: doc,
			Syntax: `ntp-server("Define the NTP server of the phones")
				![ <addr:A.B.C.D>("IP address of the NTP server")
					[ mode("How the phone asks")
						( anycast$m("Anycast")
							| directedbroadcast$m("Directed broadcast")
							| multicast$m("Multicast")
							| unicast$m("Unicast") ) ] ]`,
			Set: func(c *language.Context) error {
				g := at(c)
				g.NTPServer, g.NTPMode = grammar.Get[netip.Addr](c.Args, "addr"), c.Args.String("m")
				return nil
			},
			Unset: func(c *language.Context) error { g := at(c); g.NTPServer, g.NTPMode = netip.Addr{}, ""; return nil },
			Get: func(v *language.View) []grammar.Args {
				g := v.Config.Telephony.Global
				if !g.NTPServer.IsValid() {
					return nil
				}
				a := args("addr", g.NTPServer)
				if g.NTPMode != "" {
					a["m"] = g.NTPMode
				}
				return []grammar.Args{a}
			},
		},
		locale(modeGlobal, "user-locale", "User locale", doc, func(c *language.Context) *[]cnf.Locale { return &at(c).UserLocales }),
		locale(modeGlobal, "network-locale", "Network locale", doc, func(c *language.Context) *[]cnf.Locale { return &at(c).NetworkLocales }),
		urls(modeGlobal, `url("Define SIP phone URL's")
			( authentication$kind("URL that authenticates requests to the phones")
				| directory$kind("URL of the directories button")
				| service$kind("URL of the services button")
				| idle$kind("URL shown when the phone is idle") )`, doc, func(c *language.Context) *[]cnf.URL { return &at(c).URLs }),
		flag(modeGlobal, `upgrade("Build OS79XX.TXT, by which old phones find their load")`, "", doc, false, func(c *language.Context) *bool { return &at(c).Upgrade }),
		value(modeGlobal, `telnet("Telnet to the phones") level("Level of access") ![ <n:0-2>("Level") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).TelnetLevel }),
	}
	ds = append(ds, autoRegister()...)
	ds = append(ds, registerMore(at)...)
	return append(ds, carryWhy(modeGlobal, "facts/cme.md 4.1", ofControl,
		`authenticate credential("Who may ask for it") <rest:LINE>("Number and location")`,
		`authenticate ood-refer("Out-of-dialog REFER")`,
		`authenticate presence("Presence")`,
		`authenticate realm("Realm: phones take it from who registers them") <rest:LINE>("Realm")`,
		`hold-alert("Call on-hold alert") [ <rest:LINE>("Parameters") ]`,
		`forwarding("Call forwarding") <rest:LINE>("local")`,
		`privacy("Privacy on shared lines") [ <rest:LINE>("Parameters") ]`,
		`bulk("Bulk registration") <rest:LINE>("Pattern")`,
		`conference("Conferences") <rest:LINE>("hardware")`,
		`group("VRF groups") <rest:LINE>("Parameters")`,
		`security-policy("Security policy") <rest:LINE>("Policy")`,
		`phone-mode("Mode of the phones") <rest:LINE>("phone-only")`,
		`external-ring("External ring") <rest:LINE>("Pattern")`,
		`mwi reg-e164("Register for all numbers")`,
		`mwi relay("Relay to other call control") [ <rest:LINE>("Parameters") ]`,
		`presence("Presence") <rest:LINE>("Parameters")`,
		`camera("Camera of video phones")`, `video("Video of video phones")`,
	)...)
}

// registerDNs are `voice register dn TAG`. [facts/cme.md 4.2]
func registerDNs() []language.Declaration {
	const doc = "facts/cme.md 4.2"
	all := section[cnf.RegisterDN, int]{
		list: list[cnf.RegisterDN, int]{in: func(c *language.Context) *[]cnf.RegisterDN { return &c.Config.Telephony.DNs }, key: func(d *cnf.RegisterDN) int { return d.Tag }, order: cmp.Compare[int]},
		arg:  "tag", empty: func(tag int) cnf.RegisterDN { return cnf.RegisterDN{Tag: tag} },
		header: func(d *cnf.RegisterDN) string { return "voice register dn  " + itoa(d.Tag) },
	}
	at := all.at
	number := value(modeDN, `number("Directory number") ![ <number:WORD>("A sequence of digits") ]`, "number", "", doc, "", func(c *language.Context) *string { return &at(c).Number })
	set := number.Set
	number.Set = func(c *language.Context) error {
		if !dialable(c.Args.String("number")) {
			return errNumber
		}
		return set(c)
	}
	ds := all.of(
		language.Declaration{
			Mode: language.Global, Enters: modeDN, Doc: doc, Format: twoBlanks(3),
			Syntax: registerHead + `dn("Directory number of SIP phones") <tag:1-750>("dn tag")`,
		},
		number,
		short(modeDN, `name("Name of the user") ![ <text:LINE>("Up to 64 characters") ]`, 64, doc, func(c *language.Context) *string { return &at(c).Name }),
		short(modeDN, `label("Text beside the button") ![ <text:LINE>("Up to 30 characters") ]`, 30, doc, func(c *language.Context) *string { return &at(c).Label }),
	)
	ds = append(ds, below(at, registerDNMore(doc, at)...)...)
	ds = append(ds, alsoNo(modeDN, "facts/cme.md 4.2", `huntstop("Stop hunting")`)...)
	return append(ds, carryWhy(modeDN, "facts/cme.md 4.2", ofControl,
		`description("Description") <rest:LINE>("Text")`, `allow("Permit a feature") <rest:LINE>("watch")`,
		`no-reg("Do not register the number") [ <rest:LINE>("both") ]`, `mwi("Message waiting indication") [ <rest:LINE>("Parameters") ]`,
		`call-forward("Call forwarding") <rest:LINE>("Parameters")`,
		`preference("Preference of the dial-peer") <rest:LINE>("Preference")`,
		`pickup-group("Pickup group") <rest:LINE>("Number")`,
		`after-hour("After-hours exemption") <rest:LINE>("exempt")`, `translation-profile("Translation profile") <rest:LINE>("Parameters")`,
		`timeouts("Timeouts") <rest:LINE>("Parameters")`, `session-server("Session server") <rest:LINE>("Tag")`,
	)...)
}

// registerPools are `voice register pool TAG`. [facts/cme.md 4.2]
func registerPools() []language.Declaration {
	const doc = "facts/cme.md 4.2"
	all := section[cnf.RegisterPool, int]{
		list: list[cnf.RegisterPool, int]{in: func(c *language.Context) *[]cnf.RegisterPool { return &c.Config.Telephony.Pools }, key: func(p *cnf.RegisterPool) int { return p.Tag }, order: cmp.Compare[int]},
		arg:  "tag", empty: func(tag int) cnf.RegisterPool { return cnf.RegisterPool{Tag: tag} },
		header: func(p *cnf.RegisterPool) string { return "voice register pool  " + itoa(p.Tag) },
	}
	at := all.at
	ds := all.of(
		language.Declaration{
			Mode: language.Global, Enters: modeRegisterPool, Doc: doc, Format: twoBlanks(3),
			Syntax: registerHead + `pool("SIP phone") <tag:1-262>("pool tag")`,
		},
		language.Declaration{
			Mode: modeRegisterPool, Doc: doc,
			Syntax: `id("Identify the phone")
				![ ( mac("Hardware address")
						<mac:PHONEMAC>("Hardware address of the phone")
						| device-id-name("Device name")
						<name:WORD>("Device name") ) ]`,
			Set: func(c *language.Context) error {
				p := at(c)
				if !c.Args.Has("mac") {
					p.MAC, p.DeviceName = ether.MAC{}, c.Args.String("name")
					return nil
				}
				m, err := phoneMAC(c.Args)
				if err == nil {
					p.MAC, p.DeviceName = m, ""
				}
				return err
			},
			Unset: func(c *language.Context) error { p := at(c); p.MAC, p.DeviceName = ether.MAC{}, ""; return nil },
			Get: func(v *language.View) []grammar.Args {
				switch p := at(viewContext(v)); {
				case !p.MAC.IsZero():
					return []grammar.Args{args("mac", p.MAC)}
				case p.DeviceName != "":
					return []grammar.Args{args("name", p.DeviceName)}
				}
				return nil
			},
		},
		phoneTypeLine(modeRegisterPool, doc, true, func(c *language.Context) (*string, *[]string) { p := at(c); return &p.Type, &p.Addons }),
		keyed(language.Declaration{
			Mode: modeRegisterPool, Doc: doc,
			Syntax: `number("Number of a line of the phone") <pos:1-10>("Line of the phone") ![ dn("Directory number") <dn:1-750>("dn tag") ]`,
		}, list[cnf.PoolNumber, int]{in: func(c *language.Context) *[]cnf.PoolNumber { return &at(c).Numbers }, key: func(n *cnf.PoolNumber) int { return n.Position }, order: cmp.Compare[int]},
			func(a grammar.Args) (cnf.PoolNumber, error) {
				return cnf.PoolNumber{Position: a.Int("pos"), DN: a.Int("dn")}, nil
			},
			func(n cnf.PoolNumber) grammar.Args { return args("pos", n.Position, "dn", n.DN) }),
		value(modeRegisterPool, `template("Template of the phone") ![ <n:1-10>("Template tag") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Template }),
		servicePhone(modeRegisterPool, func(c *language.Context) *[]cnf.ServicePhone { return &at(c).ServicePhone }),
		value(modeRegisterPool, `dialplan("Dialplan of the phone") ![ <n:1-24>("Dialplan tag") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Dialplan }),
		value(modeRegisterPool, `session-transport("Transport of the session") ![ ( tcp$t("TCP") | udp$t("UDP") ) ]`, "t", "", doc, "", func(c *language.Context) *string { return &at(c).Transport }),
		idle(values(modeRegisterPool, `dtmf-relay("How digits are relayed") ![ <how:WORD>("rtp-nte, sip-notify or sip-kpml")+3 ]`, "how", "", doc, func(c *language.Context) *[]string { return &at(c).DTMFRelay }), ofControl),
		credentials(modeRegisterPool, "STRING", doc, func(c *language.Context) (*string, *string) { p := at(c); return &p.Username, &p.Password }),
		short(modeRegisterPool, `description("Description of the phone") ![ <text:LINE>("Up to 128 characters") ]`, 128, doc, func(c *language.Context) *string { return &at(c).Description }),
		value(modeRegisterPool, `codec("Preferred codec") ![ <codec:WORD>("Codec, such as g711ulaw") ]`, "codec", "", doc, "", func(c *language.Context) *string { return &at(c).Codec }),
		speedDials(modeRegisterPool, "STRING", doc, func(c *language.Context) *[]cnf.SpeedDial { return &at(c).SpeedDials }),
	)
	ds = append(ds, below(at, append(features(modeRegisterPool, func(c *language.Context) *cnf.Features { return &at(c).Features }),
		value(modeRegisterPool, `logout-profile("People log in at the phone: what it has while nobody does") ![ <n:1-1000>("Tag of a voice logout-profile") ]`, "n", "", doc, 0, func(c *language.Context) *int { return &at(c).Logout }))...)...)
	return append(ds, carryWhy(modeRegisterPool, "facts/cme.md 4.2", ofControl,
		`id network("Network of the phones") <rest:LINE>("Network and mask")`, `id ip("Address of the phone") <rest:LINE>("Address and mask")`,
		`voice-class("Voice class") <rest:LINE>("codec and tag")`,
		`presence("Presence") <rest:LINE>("call-list")`, `paging-dn("Paging dn") <rest:LINE>("Tag")`, `cor("Class of restriction") <rest:LINE>("Parameters")`,
		`lpcor("Logical partitioning class of restriction") <rest:LINE>("Parameters")`,
		`group("VRF group") <rest:LINE>("Tag")`,
		`srtp-crypto("SRTP crypto") <rest:LINE>("Tag")`, `call-forward("Call forwarding") <rest:LINE>("Parameters")`,
		`preference("Preference of the dial-peer") <rest:LINE>("Preference")`, `proxy("Proxy") <rest:LINE>("Parameters")`,
	)...)
}

// phoneMAC is the address of a phone: no phone is nobody or everybody.
func phoneMAC(a grammar.Args) (ether.MAC, error) {
	m := grammar.Get[ether.MAC](a, "mac")
	if m.IsZero() || m == (ether.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}) {
		return m, language.Answer("% " + m.CME() + " is not the address of a phone")
	}
	return m, nil
}
