package command

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/cli/session"
	"option150/platform/columns"
	"option150/platform/config"
)

// Bounds of what is configured here.
const (
	maxAliases    = 100
	maxAliasName  = 32
	maxPrivileges = 200
)

// aliasCommands are `alias exec`. [facts/ios-cli.md 1.5, 1.14]
func aliasCommands() []language.Declaration {
	return []language.Declaration{keyed(language.Declaration{
		Mode: language.Global, Group: "alias", Doc: "facts/ios-cli.md 1.14",
		Syntax: `alias("Create command alias") exec("Exec mode") <name:WORD>("Alias name") ![ <line:LINE>("Alias body") ]`,
	}, list[config.Alias, string]{in: func(c *language.Context) *[]config.Alias { return &c.Config.Aliases }, key: func(a *config.Alias) string { return a.Name },
		most: maxAliases, full: "% Too many aliases"},
		func(a grammar.Args) (config.Alias, error) {
			l := config.Alias{Mode: language.Exec, Name: a.String("name"), Line: strings.TrimSpace(a.String("line"))}
			if len(l.Name) > maxAliasName || strings.ContainsAny(l.Name, "|?!") {
				return l, language.Answer("% Invalid alias name.")
			}
			return l, nil
		},
		func(a config.Alias) grammar.Args { return args("name", a.Name, "line", a.Line) })}
}

// aliasesTable is that of AliasesText.
var aliasesTable = columns.Form("", "  %-21s %s\n", "alias command")

// AliasesText is show aliases.
func AliasesText(c *config.Config) *columns.Page {
	w := &columns.Page{}
	w.WriteString("Exec mode aliases:\n")
	t := w.Table(aliasesTable)
	for _, a := range session.Aliases(c) {
		t.Row(a.Name, a.Line)
	}
	return w
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
// [facts/ios-cli.md 1.14]
func privileges(b *Box) []language.Declaration {
	var modes []string
	for _, m := range privilegeModes {
		modes = append(modes, fmt.Sprintf("%s$mode(%q)", m.name, m.help))
	}
	all := list[config.Privilege, [2]string]{in: func(c *language.Context) *[]config.Privilege { return &c.Config.Privileges }, key: func(p *config.Privilege) [2]string { return [2]string{p.Mode, p.Command} },
		most: maxPrivileges, full: "% Too many privilege lines"}
	d := keyed(language.Declaration{
		Mode: language.Global, Group: "privilege", Doc: "facts/ios-cli.md 1.14",
		Syntax: `privilege("Command privilege parameters") ( ` + strings.Join(modes, " | ") + ` ) [ all$all("All suboptions will be set to the same level") ]
			( level("Set privilege level of command")
			<level:0-15>("Privilege level")
			| reset$reset("Reset privilege level of command") )
			<command:LINE>("Initial keywords of the command to modify")`,
	}, all, b.privilege,
		func(p config.Privilege) grammar.Args {
			a := args("level", p.Level, "command", p.Command)
			for _, m := range privilegeModes {
				if m.mode == p.Mode {
					a["mode"] = m.name
				}
			}
			if p.All {
				a["all"] = "all"
			}
			return a
		})
	set := d.Set
	d.Set = func(c *language.Context) error {
		if !c.Args.Has("reset") {
			return set(c)
		}
		p, err := b.privilege(c.Args)
		if err == nil {
			all.drop(c, all.key(&p))
		}
		return err
	}
	return []language.Declaration{d}
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
