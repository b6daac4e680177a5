package command

import (
	"fmt"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/aaa"
	"option150/platform/config"
	"option150/platform/logging"
)

// services are the `service ...` lines. [facts/ios-cli.md 1.10, 1.12]
func services() []language.Declaration {
	stamp := func(what string, at func(*config.Config) *logging.Stamp) language.Declaration {
		def := logging.Default().LogStamp
		return language.Declaration{
			Mode: language.Global, Group: "service", Doc: "facts/ios-cli.md 1.12",
			Syntax: `service("Modify use of network based services") timestamps("Timestamp debug/log messages") ` + what +
				` ![ ( datetime$kind("Timestamp with date and time")
							[ { msec$msec("Include milliseconds in timestamp")
									| localtime$localtime("Use local time zone for timestamps")
									| show-timezone$zone("Add time zone information to timestamp")
									| year$year("Include year in timestamp") } ]
							| uptime$kind("Timestamp with system uptime") ) ]`,
			Set: func(c *language.Context) error {
				*at(c.Config) = logging.Stamp{Kind: c.Args.String("kind"), Msec: c.Args.Has("msec"),
					Local: c.Args.Has("localtime"), ShowZone: c.Args.Has("zone"), Year: c.Args.Has("year")}
				return nil
			},
			Unset: func(c *language.Context) error { *at(c.Config) = logging.Stamp{}; return nil },
			Reset: func(c *language.Context) error { *at(c.Config) = def; return nil },
			Get: func(v *language.View) []grammar.Args {
				s := *at(v.Config)
				if s.Kind == "" {
					return []grammar.Args{{language.Negated: true}}
				}
				a := args("kind", s.Kind)
				for k, on := range map[string]bool{"msec": s.Msec, "localtime": s.Local, "show-timezone": s.ShowZone, "year": s.Year} {
					if on {
						a[strings.TrimPrefix(k, "show-time")] = k
					}
				}
				return []grammar.Args{a}
			},
		}
	}
	return []language.Declaration{
		{Mode: language.Global, Syntax: `version("Set IOS version of the configuration file") <v:WORD>("Version number")`, Hidden: true,
			Set: func(*language.Context) error { return nil }, Unset: func(*language.Context) error { return nil }, Doc: "facts/ios-cli.md 1.10"},
		stamp(`debug("Timestamp debug messages")`, func(c *config.Config) *logging.Stamp { return &c.Logging.DebugStamp }),
		stamp(`log("Timestamp log messages")`, func(c *config.Config) *logging.Stamp { return &c.Logging.LogStamp }),
		passwordEncryption(),
		flag(language.Global, `service sequence-numbers("Stamp logger messages with a sequence number")`, "service", "facts/ios-cli.md 1.12", false,
			func(c *language.Context) *bool { return &c.Config.Logging.SequenceNums }),
		flag(language.Global, `service dhcp("Enable DHCP server and relay agent")`, "service", "facts/dhcp.md 1.2", true,
			func(c *language.Context) *bool { return &c.Config.DHCP.Service }),
	}
}

// passwordEncryption obscures the clear passwords there are when it is switched
// on, as routers do; `no` does not bring them back.
func passwordEncryption() language.Declaration {
	d := printed(flag(language.Global, `service password-encryption("Encrypt system passwords")`, "service", "facts/ios-cli.md 1.11", false,
		func(c *language.Context) *bool { return &c.Config.AAA.PasswordEncryption }))
	d.Set = func(c *language.Context) error {
		a := &c.Config.AAA
		a.PasswordEncryption = true
		obscure(&a.EnablePassword)
		for i := range a.Users {
			obscure(&a.Users[i].Secret)
		}
		for i := range a.Levels {
			obscure(&a.Levels[i].Password)
		}
		for i := range c.Config.Lines {
			obscure(&c.Config.Lines[i].Password)
		}
		return nil
	}
	return d
}

func obscure(s *aaa.Secret) {
	if s.Plain && s.Type == 0 && s.Value != "" {
		*s = aaa.Secret{Type: 7, Value: aaa.Encode7(s.Value), Plain: true}
	}
}

// printed makes a flag print its `no` form at its default too, as routers do
// for the line that everybody looks for.
func printed(d language.Declaration) language.Declaration {
	get := d.Get
	d.Get = func(v *language.View) []grammar.Args {
		all := *v
		all.All = true
		return get(&all)
	}
	return d
}

func identity() []language.Declaration {
	return []language.Declaration{{
		Mode: language.Global, Group: "hostname", Doc: "facts/ios-cli.md 1.1",
		Syntax: `hostname("Set system's network name") ![ <name:WORD>("This system's network name") ]`,
		Set: func(c *language.Context) error {
			name := c.Args.String("name")
			if !ValidHostname(name) {
				return language.Answer("% Hostname contains one or more illegal characters.")
			}
			c.Config.Hostname = name
			return nil
		},
		Unset: func(c *language.Context) error { c.Config.Hostname = config.DefaultHostname; return nil },
		Get:   func(v *language.View) []grammar.Args { return one(true, "name", v.Config.Hostname) },
	}}
}

// ValidHostname: letters, digits, hyphen and, because real boxes have it, the
// underscore; it begins with a letter or a digit (RFC 1123 2.1).
func ValidHostname(s string) bool {
	if len(s) == 0 || len(s) > 63 || !letter(rune(s[0])) && (s[0] < '0' || s[0] > '9') {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !letter(r) && (r < '0' || r > '9') && r != '-' && r != '_' && r != '.'
	})
}

func letter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func domain() []language.Declaration {
	return []language.Declaration{
		value(language.Global, `ip("Global IP configuration subcommands")
			domain("IP DNS Resolver")
			name("Define the default domain name")
			![ <name:WORD>("Default domain name") ]`, "name", "ip domain", "facts/ios-cli.md 1.10", "",
			func(c *language.Context) *string { return &c.Config.Domain }),
		oldDomainName(),
		flag(language.Global, `file("Adjust file system parameters")
			prompt("Prompt for file confirmation")
			quiet("Never prompt for confirmation")`, "file", "facts/ios-cli.md 1.9", false,
			func(c *language.Context) *bool { return &c.Config.PromptFree }),
	}
}

// secrets are `enable secret` and `enable password`.
func secrets() []language.Declaration {
	enable := func(word, help string, plain bool) language.Declaration {
		return language.Declaration{
			Mode: language.Global, Group: "enable", Doc: "facts/ios-cli.md 1.11",
			Syntax: `enable("Modify enable password parameters") ` + word + `("` + help + `") [ level("Set exec level password") <level:1-15>("Level number") ] ![ ` + secretSyntax + ` ]`,
			Set: func(c *language.Context) error {
				s := levelSecret(c, plain)
				err := setSecret(c, s, plain)
				dropLevels(c)
				return err
			},
			Unset: func(c *language.Context) error { *levelSecret(c, plain) = aaa.Secret{}; dropLevels(c); return nil },
			Get:   func(v *language.View) []grammar.Args { return levelSecretArgs(v, plain) },
		}
	}
	return []language.Declaration{
		enable("secret", "Assign the privileged level secret", false),
		enable("password", "Assign the privileged level password", true),
	}
}

const secretSyntax = `( 0$type("Specifies an UNENCRYPTED password will follow")
		<value:LINE>("The UNENCRYPTED (cleartext) password")
		| 4$type("Specifies a SHA256 HASHED secret, which is refused")
		<value:LINE>("The HASHED secret")
		| 5$type("Specifies an MD5 HASHED secret will follow")
		<value:LINE>("The HASHED secret")
		| 7$type("Specifies a HIDDEN password will follow")
		<value:LINE>("The HIDDEN password")
		| 8$type("Specifies a PBKDF2 HASHED secret will follow")
		<value:LINE>("The HASHED secret")
		| 9$type("Specifies a SCRYPT HASHED secret will follow")
		<value:LINE>("The HASHED secret")
		| <value:LINE>("The UNENCRYPTED (cleartext) password") )`

// setSecret stores what was typed: hashes as they are, clear text as type 9
// for `secret`, as type 0 or 7 for `password`.
func setSecret(c *language.Context, at *aaa.Secret, plain bool) error {
	typed := c.Args.String("type")
	text := strings.TrimSpace(c.Args.String("value"))
	if err := refusedTypes(typed, text, plain); err != nil {
		return err
	}
	kind := 0
	if typed != "" {
		kind = int(typed[0] - '0')
	}
	if kind != 0 {
		s, err := aaa.ParseSecret(kind, text)
		if err != nil {
			return err
		}
		s.Plain = plain
		*at = s
		return nil
	}
	if plain {
		s := aaa.Secret{Type: 0, Value: text, Plain: true}
		if c.Config.AAA.PasswordEncryption {
			s = aaa.Secret{Type: 7, Value: aaa.Encode7(text), Plain: true}
		}
		*at = s
		return nil
	}
	if aaa.Check(*at, text) {
		return nil // the same secret typed again: keep its salt, so nothing changes
	}
	s, err := aaa.NewSecret(text)
	if err != nil {
		return err
	}
	*at = s
	return nil
}

func secretArgs(s aaa.Secret) []grammar.Args {
	if s.IsZero() {
		return nil
	}
	return []grammar.Args{args("type", fmt.Sprint(s.Type), "value", s.Value)}
}

// maxUserName is the longest name of a user.
const maxUserName = 64

// users are the `username` lines. RANCID and NAPALM parse them: `username X
// privilege N secret 9 HASH` and nothing after it. [facts/ios-cli.md 1.11]
func users() []language.Declaration {
	all := list[aaa.User, string]{in: func(c *language.Context) *[]aaa.User { return &c.Config.AAA.Users }, key: func(u *aaa.User) string { return u.Name }, order: strings.Compare}
	d := keyed(language.Declaration{
		Mode: language.Global, Group: "username", Doc: "facts/ios-cli.md 1.11",
		Syntax: `username("Establish User Name Authentication")
			<name:WORD>("User name")
			![ [ privilege("Set user privilege level")
					<level:0-15>("User privilege level") ]
				[ nopassword$nopassword("No password for this user, refused by this box")
					| ( secret$how("Specify the secret for the user")
						| password$how("Specify the password for the user") ) ` + secretSyntax + ` ] ]`,
	}, all,
		func(a grammar.Args) (aaa.User, error) { return aaa.User{Name: a.String("name")}, nil },
		func(u aaa.User) grammar.Args {
			a := args("name", u.Name)
			if u.Privilege != 1 {
				a["level"] = u.Privilege
			}
			if !u.Secret.IsZero() {
				a["how"], a["type"], a["value"] = "secret", fmt.Sprint(u.Secret.Type), u.Secret.Value
				if u.Secret.Plain {
					a["how"] = "password"
				}
			}
			return a
		})
	d.Set = func(c *language.Context) error { // what the line does not say stays
		u := aaa.User{Name: c.Args.String("name"), Privilege: 1}
		if now := c.Config.AAA.User(u.Name); now != nil {
			u = *now
		}
		switch how := c.Args.String("how"); {
		case c.Args.Has("nopassword"):
			return language.Answer("% A user without a password is refused: set a secret, or a key below ip ssh pubkey-chain")
		case len(u.Name) > maxUserName:
			return language.Answer("% User name is longer than 64 characters")
		case how != "":
			if err := setSecret(c, &u.Secret, how == "password"); err != nil {
				return err
			}
		}
		if c.Args.Has("level") {
			u.Privilege = c.Args.Int("level")
		}
		return all.put(c, u)
	}
	const head = `username <name:WORD>("User name") `
	return append([]language.Declaration{d}, carryAll(language.Global, "facts/ios-cli.md 1.11",
		head+`aaa("AAA directive") <rest:LINE>("Attribute")`,
		head+`access-class("Restrict access by access-class") <rest:LINE>("Access list")`,
		head+`algorithm-type("Algorithm to use for hashing the plaintext secret") <rest:LINE>("Algorithm and secret")`,
		head+`autocommand("Automatically issue a command after the user logs in") <rest:LINE>("Command")`,
		head+`callback-dialstring("Callback dialstring") <rest:LINE>("String")`,
		head+`callback-line("Associate a specific line with this callback") <rest:LINE>("Line")`,
		head+`callback-rotary("Associate a rotary group with this callback") <rest:LINE>("Group")`,
		head+`common-criteria-policy("Enter the common-criteria policy name") <rest:LINE>("Policy and password")`,
		head+`dnis("Do not require password when obtained via DNIS") [ <rest:LINE>("Parameters") ]`,
		head+`mac("This entry is for MAC Filtering where username=mac")`,
		head+`nocallback-verify("Do not require authentication after callback")`,
		head+`noescape("Prevent the user from using an escape character")`,
		head+`nohangup("Do not disconnect after an automatic command")`,
		head+`one-time("The user name and password are valid for one time only") [ <rest:LINE>("Parameters") ]`,
		head+`privilege <level:0-15>("User privilege level") view("Set view name") <rest:LINE>("View and secret")`,
		head+`serial-number("Associate a public key with the user") <rest:LINE>("Number")`,
		head+`user-maxlinks("Limit the user's number of inbound links") <rest:LINE>("Links")`,
		head+`view("Set view name") <rest:LINE>("View and secret")`,
	)...)
}
