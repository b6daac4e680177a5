package command

import (
	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/logging"
)

// levels are the severities by name, in order.
var levelHelp = [...][2]string{
	{"emergencies", "System is unusable"}, {"alerts", "Immediate action needed"}, {"critical", "Critical conditions"},
	{"errors", "Error conditions"}, {"warnings", "Warning conditions"}, {"notifications", "Normal but significant conditions"},
	{"informational", "Informational messages"}, {"debugging", "Debugging messages"},
}

// levelSyntax is a severity by name or number.
func levelSyntax() string {
	s := "( "
	for _, l := range levelHelp {
		s += l[0] + `$level("` + l[1] + `") | `
	}
	return s + `<number:0-7>("Logging severity level") )`
}

func levelOf(a grammar.Args, def int) int {
	if a.Has("number") {
		return a.Int("number")
	}
	for i, l := range levelHelp {
		if l[0] == a.String("level") {
			return i
		}
	}
	return def
}

// loggingLines are the `logging ...` lines. [facts/ios-cli.md 1.12]
func loggingLines() []language.Declaration {
	head := `logging("Modify message logging facilities") `
	def := logging.Default()
	dest := func(word, help string, def int, at func(*logging.Config) *int) language.Declaration {
		return language.Declaration{
			Mode: language.Global, Group: "logging", Doc: "facts/ios-cli.md 1.12",
			Syntax: head + word + `("` + help + `") ![ ` + levelSyntax() + ` ]`,
			Set: func(c *language.Context) error {
				*at(&c.Config.Logging) = levelOf(c.Args, def)
				return nil
			},
			Unset: func(c *language.Context) error { *at(&c.Config.Logging) = logging.Off; return nil },
			Reset: func(c *language.Context) error { *at(&c.Config.Logging) = def; return nil },
			Get: func(v *language.View) []grammar.Args {
				switch n := *at(&v.Config.Logging); {
				case n == logging.Off:
					return []grammar.Args{{language.Negated: true}}
				case n != def || v.All:
					return []grammar.Args{args("level", levelHelp[n][0])}
				}
				return nil
			},
		}
	}
	host := syslogHost(head)
	// `logging console` alone means its default: the level is optional for
	// these two as typed, not only after no.
	optional := func(d language.Declaration, syntax string) language.Declaration { d.Syntax = syntax; return d }
	return append([]language.Declaration{
		{
			Mode: language.Global, Group: "logging", Doc: "facts/ios-cli.md 1.12",
			Syntax: head + `buffered("Set buffered logging parameters") [ <size:4096-2147483647>("Logging buffer size") ] [ ` + levelSyntax() + ` ]`,
			Set: func(c *language.Context) error {
				l := &c.Config.Logging
				if c.Args.Has("size") {
					l.BufferSize = c.Args.Int("size")
				}
				l.Buffered = levelOf(c.Args, def.Buffered)
				return nil
			},
			Unset: func(c *language.Context) error {
				c.Config.Logging.Buffered, c.Config.Logging.BufferSize = logging.Off, def.BufferSize
				return nil
			},
			Reset: func(c *language.Context) error {
				c.Config.Logging.Buffered, c.Config.Logging.BufferSize = def.Buffered, def.BufferSize
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				l := v.Config.Logging
				if l.Buffered == logging.Off {
					return []grammar.Args{{language.Negated: true}}
				}
				a := args()
				if l.BufferSize != def.BufferSize {
					a["size"] = l.BufferSize
				}
				if l.Buffered != def.Buffered {
					a["level"] = levelHelp[l.Buffered][0]
				}
				return one(len(a) > 0, flatten(a)...)
			},
		},
		optional(dest("console", "Set console logging parameters", def.Console, func(l *logging.Config) *int { return &l.Console }),
			head+`console("Set console logging parameters") [ `+levelSyntax()+` ]`),
		optional(dest("monitor", "Set terminal line (monitor) logging parameters", def.Monitor, func(l *logging.Config) *int { return &l.Monitor }),
			head+`monitor("Set terminal line (monitor) logging parameters") [ `+levelSyntax()+` ]`),
		optional(dest("trap", "Set syslog server logging level", def.Trap, func(l *logging.Config) *int { return &l.Trap }),
			head+`trap("Set syslog server logging level") [ `+levelSyntax()+` ]`),
		host,
		facility(head),
		inverted(flag(language.Global, head+`message-counter("Configure log message to include certain counter value")
			syslog("Logging of message counter is enabled for syslog messages")`, "logging", "facts/ios-cli.md 1.12", false,
			func(c *language.Context) *bool { return &c.Config.Logging.Unnumbered })),
		// Without `host`, as it was typed before there were parameters.
		{Mode: language.Global, Hidden: true, Syntax: head + `<addr:A.B.C.D>("IP address of the syslog server")`, Set: host.Set, Unset: host.Unset, Doc: "facts/ios-cli.md 1.12"},
	}, loggingCarried(head)...)
}

func flatten(a grammar.Args) []any {
	var kv []any
	for k, v := range a {
		kv = append(kv, k, v)
	}
	return kv
}
