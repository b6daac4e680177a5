package command

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/telephony/cnf"
)

// What the box reads, checks and keeps without acting on it. Phones register
// elsewhere: what they learn there is kept because it is the owner's, because
// rules and show read some of it, and because the same text may be loaded into
// the call control. The audit tells each of these lines.
const (
	registered = "SCCP phones learn this from their call control"
	ofControl  = "this is for a call control, which this box is not"
)

// keptText is what the audit says of lines that are kept without effect: a
// reason once, with the commands it is for.
func keptText(all []language.Idle) string {
	if len(all) == 0 {
		return ""
	}
	var w strings.Builder
	w.WriteString("Kept, without effect here in whole or in part:\n")
	for _, r := range language.Reasons(all) {
		const most = 6
		names := strings.Join(r.Commands[:min(most, len(r.Commands))], ", ")
		if n := len(r.Commands) - most; n > 0 {
			names += fmt.Sprintf(" and %d more", n)
		}
		why := r.Why
		if why == "" {
			why = "not part of this box"
		}
		fmt.Fprintf(&w, "  %s: %s\n    %s\n", count(r.Lines, "line"), why, names)
	}
	return w.String()
}

// idle marks a command all of which has no effect here.
func idle(d language.Declaration, why string) language.Declaration {
	d.Idle = why
	return d
}

// partly marks a command a part of which has no effect here.
func partly(d language.Declaration, why language.Partly) language.Declaration {
	d.Partly = why
	return d
}

// always is a Partly that says the same of every line.
func always(why string) language.Partly {
	return func(_, args grammar.Args) string {
		if args.Has(language.Negated) {
			return ""
		}
		return why
	}
}

// having is a Partly of the lines that have one of these arguments.
func having(why string, names ...string) language.Partly {
	return func(_, args grammar.Args) string {
		for _, n := range names {
			if args.Has(n) {
				return fmt.Sprintf("%v: %s", args[n], why)
			}
		}
		return ""
	}
}

// linesOfDN is the Partly of `ephone-dn TAG dual-line`.
func linesOfDN(_, a grammar.Args) string {
	if a.Has("line") {
		return registered
	}
	return ""
}

// maxDN is `max-dn N [preference P] [no-reg ...]` of telephony-service.
// [facts/cme.md 2.1]
func maxDN(doc string, svc func(*language.Context) *cnf.TelephonyService) language.Declaration {
	return language.Declaration{
		Mode: modeTelephony, Doc: doc,
		Syntax: `max-dn("Maximum directory numbers supported")
			![ <n:1-1000>("Maximum directory numbers supported")
				[ preference("Default preference of dial-peers")
					<p:0-10>("Preference") ]
				[ no-reg$noreg("Do not register the numbers")
					( primary$which("Primary number")
						| both$which("Both numbers") ) ] ]`,
		Set: func(c *language.Context) error {
			s := svc(c)
			s.MaxDN, s.DNPreference, s.DNNoReg = c.Args.Int("n"), c.Args.Int("p"), c.Args.String("which")
			return nil
		},
		Unset: func(c *language.Context) error {
			s := svc(c)
			s.MaxDN, s.DNPreference, s.DNNoReg = 0, 0, ""
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			s := svc(viewContext(v))
			if s.MaxDN == 0 {
				return nil
			}
			a := args("n", s.MaxDN)
			if s.DNPreference != 0 {
				a["p"] = s.DNPreference
			}
			if s.DNNoReg != "" {
				a["noreg"], a["which"] = "no-reg", s.DNNoReg
			}
			return []grammar.Args{a}
		},
		Partly: having(ofControl, "noreg", "p"),
	}
}

// synchronous is `logging synchronous`: which messages wait for the operator to
// finish his line and how many may wait is not told apart here.
// [facts/ios-cli.md 1.14]
func synchronous(at func(*language.Context) *config.Line) language.Declaration {
	return language.Declaration{
		Mode: modeLine, Doc: "facts/ios-cli.md 1.14",
		Syntax: `logging("Modify message logging facilities")
			synchronous("Synchronized message output")
			[ level("Severity level to output asynchronously")
				( all$level("All messages")
					| <level:0-7>("Logging severity level") ) ]
			[ limit("Messages queue size")
				<limit:0-2147483647>("Queue size") ]`,
		Set: func(c *language.Context) error {
			l := at(c)
			l.Synchronous, l.SyncLevel, l.SyncLimit = true, "", 0
			if c.Args.Has("level") {
				l.SyncLevel = fmt.Sprint(c.Args["level"])
			}
			if c.Args.Has("limit") {
				l.SyncLimit = c.Args.Int("limit") + 1
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			l := at(c)
			l.Synchronous, l.SyncLevel, l.SyncLimit = false, "", 0
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			l := at(viewContext(v))
			if !l.Synchronous {
				return nil
			}
			a := args()
			switch l.SyncLevel {
			case "":
			case "all":
				a["level"] = "all"
			default:
				a["level"] = atoi(l.SyncLevel)
			}
			if l.SyncLimit > 0 {
				a["limit"] = l.SyncLimit - 1
			}
			return []grammar.Args{a}
		},
		Partly: func(_, a grammar.Args) string {
			if a.Has("level") || a.Has("limit") {
				return "level and limit: all messages wait for the line, as many as there are"
			}
			return ""
		},
	}
}
