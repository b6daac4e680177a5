package command

import (
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/telephony/cnf"
)

// olson is `olsontimezone AREA/CITY version V`.
func olson(mode, doc string, at func(*language.Context) (*string, *string)) language.Declaration {
	return language.Declaration{
		Mode: mode, Doc: doc,
		Syntax: `olsontimezone("Set the Olson time zone of the phones")
			![ <zone:WORD>("Zone, such as Europe/Berlin")
				version("Version of the database of zones")
				<version:WORD>("Version, such as 2016a") ]`,
		Set: func(c *language.Context) error {
			z := c.Args.String("zone")
			if len(z) > 64 || !strings.Contains(z, "/") || strings.ContainsFunc(z, func(r rune) bool {
				return !letter(r) && (r < '0' || r > '9') && !strings.ContainsRune("/_-+", r)
			}) {
				return language.Answer("% A zone is an area and a city, such as Europe/Berlin")
			}
			zone, version := at(c)
			*zone, *version = z, c.Args.String("version")
			return nil
		},
		Unset: func(c *language.Context) error { zone, version := at(c); *zone, *version = "", ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			zone, version := at(viewContext(v))
			return one(*zone != "", "zone", *zone, "version", *version)
		},
		Partly: always("version: the phones have the database of zones that is in their firmware"),
	}
}

// cfgFiles is `load-cfg-file URL alias NAME [sign] [create]`: a file of flash:
// that phones find under a name.
func cfgFiles(doc string, at func(*language.Context) *[]cnf.CfgFile) language.Declaration {
	return keyed(language.Declaration{
		Mode: modeTelephony, Doc: doc,
		Syntax: `load-cfg-file("Serve a file under a name")
			![ <url:FLASHURL>("File in flash:")
				alias("Name it is served under")
				<alias:WORD>("Name")
				[ sign$sign("Sign the file") ]
				[ create$create("Create the signature file") ] ]`,
		Partly: having("files are not signed here", "sign", "create"),
	}, list[cnf.CfgFile, string]{in: at, key: func(f *cnf.CfgFile) string { return strings.ToLower(f.Alias) }, order: strings.Compare},
		func(a grammar.Args) (cnf.CfgFile, error) {
			return cnf.CfgFile{URL: a.String("url"), Alias: a.String("alias"), Sign: a.Has("sign"), Create: a.Has("create")}, nil
		},
		func(f cnf.CfgFile) grammar.Args {
			a := args("url", f.URL, "alias", f.Alias)
			if f.Sign {
				a["sign"] = "sign"
			}
			if f.Create {
				a["create"] = "create"
			}
			return a
		})
}
