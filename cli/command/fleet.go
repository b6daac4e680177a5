package command

import (
	"io/fs"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/fleet"
)

const modeFleet = "config-fleet"

// docFleet is where the section is described.
const docFleet = "adr/0019"

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
	file := func(syntax, line, example string, of func(*fleet.Config) []*string) language.Declaration {
		names := []string{"file", "key"}
		return language.Declaration{
			Mode: modeFleet, Doc: docFleet, Single: true, Syntax: syntax,
			Set: func(c *language.Context) error {
				for i, to := range of(at(c)) {
					f, in := strings.CutPrefix(c.Args.String(names[i]), "nvram:")
					if !in || !fs.ValidPath(f) || strings.Contains(f, "/") || f == "." || len(f) > 64 {
						return language.Answer("% " + line + " takes the name of a file in nvram:, such as nvram:" + example)
					}
					*to = f
				}
				return nil
			},
			Unset: func(c *language.Context) error {
				for _, to := range of(at(c)) {
					*to = ""
				}
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				f := v.Config.Fleet
				a := args()
				for i, s := range of(&f) {
					a[names[i]] = "nvram:" + *s
				}
				return []grammar.Args{a}[:min(1, len(*of(&f)[0]))]
			},
		}
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
		named(`name("Its own name in the domain; the host name by default") ![ <name:WORD>("Up to 32 letters, digits, - and _") ]`, func(c *language.Context) *string { return &at(c).Name }),
		named(`domain("Boxes that belong together") ![ <name:WORD>("Up to 32 letters, digits, - and _") ]`, func(c *language.Context) *string { return &at(c).Domain }),
		{
			Mode: modeFleet, Doc: docFleet,
			Syntax: `server("Members of an etcd, version 3") ![ <url:WORD>("https://HOST:2379 or http://HOST:2379")+` + itoa(fleet.MaxServers) + ` ]`,
			Set: func(c *language.Context) error {
				all := slices.Clone(at(c).Servers)
				for _, s := range grammar.List[string](c.Args, "url") {
					if err := fleet.CheckServer(s); err != nil {
						return fleetAnswer(err)
					}
					if !slices.Contains(all, s) {
						all = append(all, s)
					}
				}
				if len(all) > fleet.MaxServers {
					return language.Answer("% Up to " + itoa(fleet.MaxServers) + " servers")
				}
				at(c).Servers = all
				return nil
			},
			Unset: func(c *language.Context) error {
				gone := grammar.List[string](c.Args, "url")
				at(c).Servers = slices.DeleteFunc(slices.Clone(at(c).Servers), func(s string) bool { return len(gone) == 0 || slices.Contains(gone, s) })
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				return one(len(v.Config.Fleet.Servers) > 0, "url", v.Config.Fleet.Servers)
			},
		},
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
		file(`tls("Files for servers of https, PEM, in nvram:") ca("Who signs the certificates of the servers")
			![ <file:WORD>("nvram:FILE") ]`, "tls ca", fleet.DefaultCA, func(c *fleet.Config) []*string { return []*string{&c.CA} }),
		file(`tls certificate("Certificate of this box")
			![ <file:WORD>("nvram:FILE")
			key("Key of this box")
			<key:WORD>("nvram:FILE") ]`, "tls certificate", fleet.DefaultCertificate, func(c *fleet.Config) []*string { return []*string{&c.Certificate, &c.Key} }),
		{
			Mode: modeFleet, Doc: docFleet, Single: true,
			Syntax: `publish("What the other boxes, and who watches them, are told")
			![ ( phones$what("Services, phones, version of the configuration (default)")
				| configuration$what("Also the configuration, without what is secret in it")
				| none$what("That the box is there") ) ]`,
			Set: func(c *language.Context) error {
				at(c).Publish = fleet.Publish(c.Args.String("what"))
				if at(c).Publish == "phones" {
					at(c).Publish = fleet.PublishPhones
				}
				return nil
			},
			Unset: func(c *language.Context) error { at(c).Publish = fleet.PublishPhones; return nil },
			Get: func(v *language.View) []grammar.Args {
				switch p := v.Config.Fleet.Publish; {
				case p != fleet.PublishPhones:
					return one(true, "what", string(p))
				default:
					return one(v.All, "what", "phones")
				}
			},
		},
		flag(modeFleet, `view("Which boxes are followed, without it those of the domain") all("Those of all domains")`, "", docFleet, false, func(c *language.Context) *bool { return &at(c).ViewAll }),
		flag(modeFleet, `bindings("DHCP bindings") share("All boxes of the domain serve the same pools")`, "", docFleet, false,
			func(c *language.Context) *bool { return &at(c).Share }),
		{
			Mode: modeFleet, Doc: docFleet, Single: true,
			Syntax: `bindings when-isolated("What new clients get while no server answers")
			![ ( renew-only$what("Nothing: the default")
				| own-share$what("Addresses of this box's share that nobody ever had") ) ]`,
			Set:   func(c *language.Context) error { at(c).OwnShare = c.Args.String("what") == "own-share"; return nil },
			Unset: func(c *language.Context) error { at(c).OwnShare = false; return nil },
			Get: func(v *language.View) []grammar.Args {
				what := "renew-only"
				if v.Config.Fleet.OwnShare {
					what = "own-share"
				}
				return one(v.Config.Fleet.OwnShare || v.All, "what", what)
			},
		},
		{
			Mode: modeFleet, Doc: docFleet, Single: true,
			Syntax: `lead-time("How long an address may outlast its lease on record")
			![ <seconds:60-86400>("Seconds, 3600 by default") ]`,
			Set: func(c *language.Context) error {
				at(c).Lead = c.Args.Int("seconds")
				if at(c).Lead == fleet.DefaultLead {
					at(c).Lead = 0
				}
				return nil
			},
			Unset: func(c *language.Context) error { at(c).Lead = 0; return nil },
			Get: func(v *language.View) []grammar.Args {
				return one(v.Config.Fleet.Lead != 0 || v.All, "seconds", v.Config.Fleet.LeadTime())
			},
		},
	}
}

func showFleet(b *Box) []language.Declaration {
	const head = `fleet("This box among others") `
	view := func(f func(fleet.View, *language.Invocation) *columns.Page) func(*language.Invocation) *columns.Page {
		return func(in *language.Invocation) *columns.Page {
			v := b.Fleet.View()
			if !v.On && in.Config.Member().Missing() != "" {
				return columns.Empty(noFleet(in.Config))
			}
			return f(v, in)
		}
	}
	return []language.Declaration{
		table(head, 0, docFleet, func(in *language.Invocation) *columns.Page { return b.fleetPage(in.Config) }, fleet.FleetTable),
		table(head+`boxes("The boxes, as far as this one can tell")`, 0, docFleet, view(func(v fleet.View, _ *language.Invocation) *columns.Page { return fleet.ShowBoxes(v, time.Now()) }), fleet.BoxesTable),
		table(head+`phones("Phones of all boxes, as these published them") [ stuck$stuck("Those that will not come up") | summary$summary("How many of each box") ]`, 0, docFleet,
			view(func(v fleet.View, in *language.Invocation) *columns.Page {
				if in.Args.Has("summary") {
					return fleet.ShowSummary(v)
				}
				var want func(*fleet.Phone) bool
				if in.Args.Has("stuck") {
					want = fleet.IsStuck
				}
				return fleet.ShowPhones(v, b.Fleet.Phones(want))
			}), fleet.PhonesTable, fleet.SummaryTable),
		table(head+`phone("One phone, at whichever box") <what:WORD>("Device name, MAC address or address")`, 0, docFleet, view(func(v fleet.View, in *language.Invocation) *columns.Page {
			return fleet.ShowPhone(v, b.Fleet.Phones(fleet.Named(in.Args.String("what"))))
		}), fleet.PhoneTable),
		table(head+`shares("Whose share of the pools of the domain is which")`, 0, docFleet, view(func(v fleet.View, in *language.Invocation) *columns.Page {
			names, err := b.Fleet.Shares(in.Ctx)
			return fleet.ShowShares(v, names, err)
		}), fleet.SharesTable),
		table(head+`bindings("DHCP bindings of the domain")`, 0, docFleet, func(in *language.Invocation) *columns.Page {
			if x := b.sharedBindings(); x.On || in.Config.Member().Missing() == "" {
				return x.Show()
			}
			return columns.Empty(noFleet(in.Config))
		}, dhcp.SharesTable),
		action(showHead+head+`configuration("That of another box, as it published it") <box:WORD>("Name of the box") [ diff$diff("Compared with that of this box") ]`, privileged, docFleet, b.fleetConfiguration),
	}
}

// noFleet is what is shown where the section lacks a line.
func noFleet(c *config.Config) string {
	if c.Fleet.IsDefault() {
		return fleet.None
	}
	return "This box is in no fleet: the section fleet has no " + c.Member().Missing() + "\n"
}

// sharedBindings is how the sharing of pools stands.
func (b *Box) sharedBindings() (x dhcp.Shared) {
	if b.DHCP != nil {
		x = b.DHCP.Shared()
	}
	return x
}

// fleetPage is `show fleet`.
func (b *Box) fleetPage(c *config.Config) *columns.Page {
	v := b.Fleet.View()
	v.Files = b.Fleet.Files(v.Config)
	missing, bindings := c.Member().Missing() != "", ""
	if x := b.sharedBindings(); x.On && (x.Waits == "" || !missing) {
		bindings = x.State()
	}
	if v.On || !missing {
		return fleet.Show(v, time.Now(), bindings, c.FleetIdle())
	}
	p := columns.Empty(noFleet(c))
	for _, n := range c.FleetIdle() {
		p.WriteString("Does not act: " + n + "\n")
	}
	return p
}
