package command

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/aaa"
	"option150/platform/config"
	"option150/platform/message"
	"option150/platform/sshd"
)

// lines are `line con 0` and `line vty F L`. [facts/ios-cli.md 1.14]
func lines() []language.Declaration {
	at := func(c *language.Context) *config.Line {
		for i := range c.Config.Lines {
			if l := &c.Config.Lines[i]; l.Kind == c.Keys.String("kind") && l.First == c.Keys.Int("first") {
				return l
			}
		}
		return nil
	}
	ds := []language.Declaration{
		{
			Mode: language.Global, Enters: modeLine, AtMargin: true, Keys: []string{"kind", "first"}, Doc: "facts/ios-cli.md 1.14", Partly: beyondLast,
			Syntax: `line("Configure a terminal line")
				( con$kind("Primary terminal line")
					<first:0-0>("Line number")
					| console$kind("Primary terminal line")
					<first:0-0>("Line number")
					| vty$kind("Virtual terminal")
					<first:0-807>("First Line number")
					[ <last:0-807>("Last Line number") ] )`,
			Set: setLine, Unset: unsetLine,
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				for _, l := range v.Config.Lines {
					a := args("kind", l.Kind, "first", l.First)
					if l.Kind == "vty" {
						a["last"] = l.Last
					}
					out = append(out, a)
				}
				return out
			},
		},
	}
	ds = append(ds, below(at,
		lineAccess(at),
		lineAccess6(at),
		language.Declaration{
			Mode: modeLine, Single: true, Doc: "facts/ios-cli.md 1.14",
			Syntax: `exec-timeout("Set the EXEC timeout") ![ <minutes:0-35791>("Timeout in minutes") [ <seconds:0-2147483>("Timeout in seconds") ] ]`,
			Set: func(c *language.Context) error {
				l := at(c)
				l.ExecMinutes, l.ExecSeconds = c.Args.Int("minutes"), c.Args.Int("seconds")
				return nil
			},
			Unset: func(c *language.Context) error { at(c).ExecMinutes, at(c).ExecSeconds = 0, 0; return nil },
			Reset: func(c *language.Context) error { at(c).ExecMinutes, at(c).ExecSeconds = 10, 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				l := at(viewContext(v))
				return one(l.ExecMinutes != 10 || l.ExecSeconds != 0 || v.All, "minutes", l.ExecMinutes, "seconds", l.ExecSeconds)
			},
		},
		partly(value(modeLine, `privilege("Change privilege level for line")
			level("Assign default privilege level for line")
			![ <level:0-15>("Default privilege level for line") ]`, "level", "", "facts/ios-cli.md 1.14", 0,
			func(c *language.Context) *int { return &at(c).Privilege }), func(_, a grammar.Args) string {
			if a.Has("level") && a.Int("level") == 0 {
				return "0 is as if it were not there: the level is that of the user"
			}
			return ""
		}),
		linePassword(at),
		synchronous(at),
		lineCheck(at),
		value(modeLine, `length("Set number of lines on a screen") ![ <n:0-512>("Number of lines on screen (0 for no pausing)") ]`, "n", "", "facts/ios-cli.md 1.14", 24, func(c *language.Context) *int { return &at(c).Length }),
		value(modeLine, `width("Set width of the display terminal") ![ <n:0-512>("Number of characters on a screen line") ]`, "n", "", "facts/ios-cli.md 1.14", 80, func(c *language.Context) *int { return &at(c).Width }),
		value(modeLine, `history("Enable and control the command history function")
			size("Set history buffer size")
			![ <n:0-256>("Size of history buffer") ]`, "n", "", "facts/ios-cli.md 1.6", 10, func(c *language.Context) *int { return &at(c).HistorySize }),
		lineTransport(at),
		value(modeLine, `speed("Set the transmit and receive speeds") ![ <n:0-4294967>("Transmit and receive speeds") ]`, "n", "", "facts/ios-cli.md 1.14", 0, func(c *language.Context) *int { return &at(c).Speed }),
		partly(value(modeLine, `rotary("Add line to a rotary group") ![ <n:1-127>("Rotary group to add line to") ]`, "n", "", "facts/ios-cli.md 1.14", 0, func(c *language.Context) *int { return &at(c).Rotary }),
			func(keys, a grammar.Args) string {
				if keys.String("kind") == "con" && !a.Has(language.Negated) {
					return "the console is reached by its cable alone"
				}
				return ""
			}),
	)...)
	return append(ds, carryAll(modeLine, "facts/ios-cli.md 1.14",
		`transport preferred("Specify the preferred protocol to use") <rest:LINE>("Protocol")`,
		`transport output("Define which protocols to use for outgoing connections") <rest:LINE>("Protocols")`,
		`stopbits("Set async line stop bits") <rest:LINE>("Stop bits")`,
		`session-timeout("Set interval for closing an idle connection") <rest:LINE>("Minutes")`,
		`exec("Configure EXEC")`,
		`history`,
		`login authentication("Authenticate using AAA") <rest:LINE>("List")`,
		`login tacacs("Use tacacs server for password checking")`,
	)...)
}

// beyondLast says of a range of lines that a part of it takes nobody.
func beyondLast(_, a grammar.Args) string {
	if a.Int("last") > lastVTY {
		return "lines above vty " + itoa(lastVTY) + " take nobody: that many sessions are open at once at most"
	}
	return ""
}

// transports are what a line of a router may be reached by, in the order they
// are printed. Here it is SSH.
var transports = [...][2]string{{"acercon", "Remote console"}, {"lapb-ta", "LAPB"}, {"lat", "DEC LAT"}, {"mop", "DEC MOP"}, {"nasi", "NASI"},
	{"pad", "X.3 PAD"}, {"rlogin", "rlogin"}, {"ssh", "SSH"}, {"telnet", "Telnet"}, {"udptn", "UDPTN"}, {"v120", "V.120"}}

// lineTransport is `transport input`: what is asked for is kept; SSH is what is
// served.
func lineTransport(at func(*language.Context) *config.Line) language.Declaration {
	transport := func(c *language.Context) *string { return &at(c).Transport }
	syntax := `transport("Define transport protocols for line")
			input("Define which protocols to use to reach this box")
			![ ( all$what("All protocols") | none$what("No protocols") | { `
	names := []string{"what"}
	for i, p := range transports {
		help := p[1] + " protocol"
		if p[0] != "ssh" {
			help += ", not served by this box"
		}
		if i > 0 {
			syntax += " | "
		}
		syntax += p[0] + "$" + p[0] + `("` + help + `")`
		names = append(names, p[0])
	}
	return language.Declaration{
		Mode: modeLine, Single: true, Doc: "facts/ios-cli.md 1.14", Partly: func(keys, a grammar.Args) string {
			if keys.String("kind") == "con" && !a.Has(language.Negated) {
				return "the console is reached by its cable alone"
			}
			for _, p := range transports {
				if p[0] != "ssh" && a.Has(p[0]) {
					return p[0] + ": this box has no " + p[1] + " server"
				}
			}
			return ""
		},
		Syntax: syntax + ` } ) ]`,
		Set: func(c *language.Context) error {
			var typed []string
			for _, k := range names {
				if c.Args.Has(k) {
					typed = append(typed, c.Args.String(k))
				}
			}
			if len(typed) == 0 {
				return language.Answer(message.Incomplete + "\n")
			}
			*transport(c) = strings.Join(typed, " ")
			return nil
		},
		Unset: func(c *language.Context) error { *transport(c) = ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			t := *transport(viewContext(v))
			if t == "all" || t == "none" {
				return []grammar.Args{args("what", t)}
			}
			a := args()
			for _, w := range strings.Fields(t) {
				a[w] = w
			}
			return one(t != "", flatten(a)...)
		},
	}
}

// ofVTY says of a line about passwords that SSH does not ask for that of a line.
func ofVTY(keys, a grammar.Args) string {
	if keys.String("kind") != "vty" || a.Has("how") {
		return ""
	}
	return "SSH asks for a user and his secret or key, not for the password of the line"
}

// linePassword is `password`, which `login` asks for. SSH always asks for a user and his secret or key:
// `login` without `local` concerns the console. [facts/ios-cli.md 1.2, 1.14]
func linePassword(at func(*language.Context) *config.Line) language.Declaration {
	return language.Declaration{
		Mode: modeLine, Single: true, Doc: "facts/ios-cli.md 1.14", Partly: func(keys, a grammar.Args) string {
			if a.Has(language.Negated) {
				return ""
			}
			return ofVTY(keys, a)
		},
		Syntax: `password("Set a password")
			![ ( 0$type("Specifies an UNENCRYPTED password will follow")
					<value:LINE>("The UNENCRYPTED (cleartext) line password")
					| 7$type("Specifies a HIDDEN password will follow")
					<value:LINE>("The HIDDEN line password string")
					| <value:LINE>("The UNENCRYPTED (cleartext) line password") ) ]`,
		Set:   func(c *language.Context) error { return setSecret(c, &at(c).Password, true) },
		Unset: func(c *language.Context) error { at(c).Password = aaa.Secret{}; return nil },
		Get: func(v *language.View) []grammar.Args {
			s := at(viewContext(v)).Password
			out := secretArgs(s)
			first, _, _ := strings.Cut(s.Value, " ")
			if s.Type == 0 && len(out) > 0 && len(first) > 1 {
				delete(out[0], "type") // ` password cisco`, as routers print it
			}
			return out
		},
	}
}

// lineCheck is `login`.
func lineCheck(at func(*language.Context) *config.Line) language.Declaration {
	return language.Declaration{
		Mode: modeLine, Single: true, Doc: "facts/ios-cli.md 1.14", Partly: ofVTY,
		Syntax: `login("Enable password checking") [ local$how("Local password checking") ]`,
		Set: func(c *language.Context) error {
			at(c).Login = config.LoginLine
			if c.Args.Has("how") {
				at(c).Login = config.LoginLocal
			}
			return nil
		},
		Unset: func(c *language.Context) error { at(c).Login = config.LoginNone; return nil },
		Reset: func(c *language.Context) error { at(c).Login = ""; return nil },
		After: warnOpenLine,
		Get: func(v *language.View) []grammar.Args {
			switch at(viewContext(v)).Login {
			case config.LoginLocal:
				return []grammar.Args{args("how", "local")}
			case config.LoginLine:
				return []grammar.Args{{}}
			case config.LoginNone:
				return []grammar.Args{{language.Negated: true}}
			}
			return nil
		},
	}
}

// lineAccess is `access-class N in`.
func lineAccess(at func(*language.Context) *config.Line) language.Declaration {
	return language.Declaration{
		Mode: modeLine, Doc: "facts/ios-cli.md 1.14", Partly: accessOfConsole,
		After: warnClass,
		Syntax: `access-class("Filter connections based on an IP access list") ![ ` + accessClass + `
			in("Filter incoming connections")
			[ vrf-also$vrf("Same access list is applied for all VRFs") ] ]`,
		Set: func(c *language.Context) error {
			name, _, err := classOf(c.Args)
			if err == nil {
				at(c).AccessIn, at(c).AccessVRF = name, c.Args.Has("vrf")
			}
			return err
		},
		Unset: func(c *language.Context) error { at(c).AccessIn, at(c).AccessVRF = "", false; return nil },
		Get: func(v *language.View) []grammar.Args {
			l := at(viewContext(v))
			out := classArgs(l.AccessIn)
			if l.AccessVRF && len(out) > 0 {
				out[0]["vrf"] = "vrf-also"
			}
			return out
		},
	}
}

// accessOfConsole says that nobody comes to a console from an address.
func accessOfConsole(keys, a grammar.Args) string {
	if keys.String("kind") == "con" && !a.Has(language.Negated) {
		return "the console is reached by its cable alone"
	}
	if a.Has("vrf") {
		return "vrf-also: this box has no VRFs, the list is asked for everybody"
	}
	return ""
}

// warnOpenLine says that `login` checks nothing as yet, line by line as
// routers do.
func warnOpenLine(in *language.Invocation) error {
	l := in.Config.Line(in.Keys.String("kind"), in.Keys.Int("first"))
	if l == nil || l.Login != config.LoginLine || !l.Password.IsZero() {
		return nil
	}
	for n := l.First; n <= l.Last; n++ {
		abs := n
		if l.Kind == "vty" {
			abs += sshd.FirstVTY
		}
		fmt.Fprintf(in.Out, "%% Login disabled on line %d, until 'password' is set\n", abs)
	}
	return nil
}
