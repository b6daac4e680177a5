package command

import (
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/fleet"
)

const modeFleet = "config-fleet"

// docFleet is where the section is described.
const docFleet = "adr/0018"

// fleetSection is `fleet`: the box says at an engine that it is there, and sees which
// others are.
func fleetSection() []language.Declaration {
	at := func(c *language.Context) *fleet.Config { return &c.Config.Fleet }
	named := func(syntax string, of func(*language.Context) *string) language.Declaration {
		d := value(modeFleet, syntax, "name", "", docFleet, "", of)
		set := d.Set
		d.Set = func(c *language.Context) error {
			if !fleet.ValidName(c.Args.String("name")) {
				return language.Answer("% A name has up to " + itoa(fleet.MaxName) + " letters, digits, - and _")
			}
			return set(c)
		}
		return d
	}
	return []language.Declaration{
		{
			Mode: language.Global, Syntax: `fleet("This box among others, at an etcd they have in common")`, Enters: modeFleet, Doc: docFleet,
			Set: func(*language.Context) error { return nil },
			Unset: func(c *language.Context) error {
				c.Config.Fleet = fleet.Config{}
				c.Config.DropSection("fleet")
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				return one(!v.Config.Fleet.IsDefault() || v.Config.Carries("fleet"))
			},
		},
		named(`name("Name of this box, its own in the domain") ![ <name:WORD>("Up to 32 letters, digits, - and _") ]`, func(c *language.Context) *string { return &at(c).Name }),
		named(`domain("Boxes that belong together") ![ <name:WORD>("Up to 32 letters, digits, - and _") ]`, func(c *language.Context) *string { return &at(c).Domain }),
		keyed(language.Declaration{
			Mode: modeFleet, Doc: docFleet,
			Syntax: `server("A member of etcd, version 3") <url:WORD>("https://HOST:2379 or http://HOST:2379")`,
		}, list[string, string]{in: func(c *language.Context) *[]string { return &at(c).Servers }, key: func(s *string) string { return *s },
			most: fleet.MaxServers, full: "% Up to " + itoa(fleet.MaxServers) + " servers"},
			func(a grammar.Args) (string, error) {
				if err := fleet.CheckServer(a.String("url")); err != nil {
					return a.String("url"), language.Answer("% " + err.Error())
				}
				return a.String("url"), nil
			},
			func(s string) grammar.Args { return args("url", s) }),
		{
			Mode: modeFleet, Doc: docFleet,
			Syntax: `user("User of the servers")
			![ <user:STRING>("User name")
				password("Password of the user")
				<password:STRING>("Password") ]`,
			Set: func(c *language.Context) error {
				u, p := c.Args.String("user"), c.Args.String("password")
				if u == "" || len(u) > 64 || len(p) > 128 {
					return language.Answer("% A user name is up to 64 characters, a password up to 128")
				}
				at(c).User, at(c).Password = u, p
				return nil
			},
			Unset: func(c *language.Context) error { at(c).User, at(c).Password = "", ""; return nil },
			Get: func(v *language.View) []grammar.Args {
				f := v.Config.Fleet
				return one(f.User != "", "user", f.User, "password", f.Password)
			},
		},
	}
}

func showFleet(b *Box) []language.Declaration {
	const head = `fleet("This box among others") `
	return []language.Declaration{
		text(head, 0, docFleet, func(*language.Invocation) string { return fleet.Show(b.Fleet.View(), time.Now()) }),
		text(head+`boxes("The boxes of the domain, as far as this one can tell")`, 0, docFleet, func(*language.Invocation) string { return fleet.ShowBoxes(b.Fleet.View(), time.Now()) }),
	}
}
