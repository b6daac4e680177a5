package command

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/aaa"
	"option150/platform/config"
	"option150/platform/sshd"
)

// ofVTY says of a line about passwords that SSH does not ask for that of a line.
func ofVTY(keys, a grammar.Args) string {
	if keys.String("kind") != "vty" || a.Has("how") {
		return ""
	}
	return "SSH asks for a user and his secret or key, not for the password of the line"
}

// linePassword is `password`, which `login` asks for. SSH always asks for a user and his secret or key:
// `login` without `local` concerns the console. [reference/ios-cli.md 1.2, 1.14]
func linePassword(at func(*language.Context) *config.Line) language.Declaration {
	return language.Declaration{
		Mode: modeLine, Doc: "reference/ios-cli.md 1.14", Partly: func(keys, a grammar.Args) string {
			if a.Has(language.Negated) {
				return ""
			}
			return ofVTY(keys, a)
		},
		Syntax: `password("Set a password") ![ ( 0$type("Specifies an UNENCRYPTED password will follow") <value:LINE>("The UNENCRYPTED (cleartext) line password") | 7$type("Specifies a HIDDEN password will follow") <value:LINE>("The HIDDEN line password string") | <value:LINE>("The UNENCRYPTED (cleartext) line password") ) ]`,
		Set:    func(c *language.Context) error { return setSecret(c, &at(c).Password, true) },
		Unset:  func(c *language.Context) error { at(c).Password = aaa.Secret{}; return nil },
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
		Mode: modeLine, Doc: "reference/ios-cli.md 1.14", Partly: ofVTY,
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
		Mode: modeLine, Doc: "reference/ios-cli.md 1.14",
		Syntax: `access-class("Filter connections based on an IP access list") ![ ` + accessClass + ` ] in("Filter incoming connections")`,
		Set: func(c *language.Context) error {
			l := at(c)
			name, err := classOf(c.Args)
			switch {
			case err != nil:
				return err
			case l.Kind != "vty":
				return language.Answer("% An access class is for vty lines")
			}
			l.AccessIn = name
			return nil
		},
		Unset: func(c *language.Context) error { at(c).AccessIn = ""; return nil },
		Get:   func(v *language.View) []grammar.Args { return classArgs(at(viewContext(v)).AccessIn) },
	}
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
