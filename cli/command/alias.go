package command

import (
	"fmt"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/session"
	"option150/platform/config"
)

// Bounds of what is configured here.
const (
	maxAliases    = 100
	maxAliasName  = 32
	maxPrivileges = 200
)

// aliasCommands are `alias exec`. [reference/ios-cli.md 1.5, 1.14]
func aliasCommands() []language.Declaration {
	at := func(c *config.Config, name string) int {
		return slices.IndexFunc(c.Aliases, func(a config.Alias) bool { return a.Name == name })
	}
	return []language.Declaration{{
		Mode: language.Global, Group: "alias", Doc: "reference/ios-cli.md 1.14",
		Syntax: `alias("Create command alias") exec("Exec mode") <name:WORD>("Alias name") ![ <line:LINE>("Alias body") ]`,
		Set: func(c *language.Context) error {
			a := config.Alias{Mode: language.Exec, Name: c.Args.String("name"), Line: strings.TrimSpace(c.Args.String("line"))}
			i := at(c.Config, a.Name)
			switch {
			case len(a.Name) > maxAliasName || strings.ContainsAny(a.Name, "|?!"):
				return language.Answer("% Invalid alias name.")
			case i >= 0:
				c.Config.Aliases[i] = a
			case len(c.Config.Aliases) >= maxAliases:
				return language.Answer("% Too many aliases")
			default:
				c.Config.Aliases = append(c.Config.Aliases, a)
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			if i := at(c.Config, c.Args.String("name")); i >= 0 {
				c.Config.Aliases = slices.Delete(c.Config.Aliases, i, i+1)
			}
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, a := range v.Config.Aliases {
				out = append(out, args("name", a.Name, "line", a.Line))
			}
			return out
		},
	}}
}

// AliasesText is show aliases.
func AliasesText(c *config.Config) string {
	var w strings.Builder
	w.WriteString("Exec mode aliases:\n")
	for _, a := range session.Aliases(c) {
		fmt.Fprintf(&w, "  %-21s %s\n", a.Name, a.Line)
	}
	return w.String()
}

// privilegeModes are the modes whose commands can get another level, as they
// are called on IOS.
var privilegeModes = []struct{ name, mode, help string }{
	{"exec", language.Exec, "Exec mode"},
	{"configure", language.Global, "Global configuration mode"},
	{"interface", modeInterface, "Interface configuration mode"},
	{"line", modeLine, "Line configuration mode"},
	{"dhcp", modePool, "DHCP pool configuration mode"},
	{"telephony-service", modeTelephony, "Telephony service configuration mode"},
	{"ephone", modeEphone, "Ephone configuration mode"},
	{"ephone-dn", modeEphoneDN, "Ephone DN configuration mode"},
}

// privileges are `privilege MODE level N COMMAND`: raising and lowering what a
// command needs; help, completion and matching follow.
// [reference/ios-cli.md 1.14]
func privileges(b *Box) []language.Declaration {
	var modes []string
	for _, m := range privilegeModes {
		modes = append(modes, fmt.Sprintf("%s$mode(%q)", m.name, m.help))
	}
	return []language.Declaration{{
		Mode: language.Global, Group: "privilege", Doc: "reference/ios-cli.md 1.14",
		Syntax: `privilege("Command privilege parameters") ( ` + strings.Join(modes, " | ") + ` ) [ all$all("All suboptions will be set to the same level") ] ( level("Set privilege level of command") <level:0-15>("Privilege level") | reset$reset("Reset privilege level of command") ) <command:LINE>("Initial keywords of the command to modify")`,
		Set: func(c *language.Context) error {
			p, err := b.privilege(c.Args)
			if err != nil {
				return err
			}
			i := privilegeAt(c.Config, p)
			switch {
			case c.Args.Has("reset"):
				if i >= 0 {
					c.Config.Privileges = slices.Delete(c.Config.Privileges, i, i+1)
				}
			case i >= 0:
				c.Config.Privileges[i] = p
			case len(c.Config.Privileges) >= maxPrivileges:
				return language.Answer("% Too many privilege lines")
			default:
				c.Config.Privileges = append(c.Config.Privileges, p)
			}
			return nil
		},
		Unset: func(c *language.Context) error {
			p, err := b.privilege(c.Args)
			if err != nil {
				return err
			}
			if i := privilegeAt(c.Config, p); i >= 0 {
				c.Config.Privileges = slices.Delete(c.Config.Privileges, i, i+1)
			}
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			for _, p := range v.Config.Privileges {
				a := args("level", p.Level, "command", p.Command)
				for _, m := range privilegeModes {
					if m.mode == p.Mode {
						a["mode"] = m.name
					}
				}
				if p.All {
					a["all"] = "all"
				}
				out = append(out, a)
			}
			return out
		},
	}}
}

func privilegeAt(c *config.Config, p config.Privilege) int {
	return slices.IndexFunc(c.Privileges, func(o config.Privilege) bool { return o.Mode == p.Mode && o.Command == p.Command })
}

// privilege reads a line; its command is written out.
func (b *Box) privilege(a grammar.Args) (config.Privilege, error) {
	p := config.Privilege{All: a.Has("all"), Level: a.Int("level")}
	for _, m := range privilegeModes {
		if m.name == a.String("mode") {
			p.Mode = m.mode
		}
	}
	g := b.Language.Graph(p.Mode)
	if g == nil {
		return p, language.Answer("% Unknown mode")
	}
	words, _, ok := g.Reach(a.String("command"))
	if !ok {
		return p, language.Answer("% No command of that mode begins with these words")
	}
	p.Command = words
	return p, nil
}
