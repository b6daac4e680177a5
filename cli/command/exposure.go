package command

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/acl"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/fileserver"
)

// exposure are the lines about who may ask for files.
func exposure() []language.Declaration {
	const group, doc = "file-server", "docs/security.md"
	class := func(syntax string, at, at6 func(*fileserver.Config) *string) language.Declaration {
		in := func(f func(*fileserver.Config) *string) func(*language.Context) *string {
			return func(c *language.Context) *string { return f(&c.Config.Files) }
		}
		return classes(language.Declaration{Mode: language.Global, Group: group, Doc: doc, Syntax: fileServerHead + syntax + ` ![ ` + accessClasses + ` ]`}, in(at), in(at6))
	}
	return []language.Declaration{
		class(`access-class("Who is given files at all")`, func(c *fileserver.Config) *string { return &c.AccessClass }, func(c *fileserver.Config) *string { return &c.AccessClass6 }),
		{
			Mode: language.Global, Group: group, Doc: doc,
			Syntax: fileServerHead + `bind-lease("Configuration of phones and the address that asks")
				![ ( off$off("Addresses do not matter")
					| warn$warn("Tell when the phone has another address")
					| enforce$enforce("Only the address of the phone gets it") ) ]`,
			Set: func(c *language.Context) error {
				b := &c.Config.Files.BindLease
				switch *b = fileserver.BindWarn; {
				case c.Args.Has("off"):
					*b = fileserver.BindOff
				case c.Args.Has("enforce"):
					*b = fileserver.BindEnforce
				}
				return nil
			},
			Unset: func(c *language.Context) error { c.Config.Files.BindLease = fileserver.BindWarn; return nil },
			Get: func(v *language.View) []grammar.Args {
				b := v.Config.Files.BindLease
				return one(b != fileserver.BindWarn || v.All, b.String(), b.String())
			},
		},
		class(`bind-lease trust("Who may ask for the files of any phone, wherever he is")`, func(c *fileserver.Config) *string { return &c.Trust }, func(c *fileserver.Config) *string { return &c.Trust6 }),
		{
			Mode: language.Global, Group: group, Doc: doc,
			Syntax: fileServerHead + `scan-guard("Keep out who asks for the files of many phones")
				![ <names:1-1000>("Phones")
					per("Within a time")
					<seconds:1-3600>("Seconds") ]`,
			Set: func(c *language.Context) error {
				c.Config.Files.Scan = fileserver.Scan{}
				if n := (fileserver.Scan{Names: c.Args.Int("names"), Seconds: c.Args.Int("seconds")}); n != fileserver.DefaultScan {
					c.Config.Files.Scan = n
				}
				return nil
			},
			Unset: func(c *language.Context) error { c.Config.Files.Scan = fileserver.Scan{Off: true}; return nil },
			Reset: func(c *language.Context) error { c.Config.Files.Scan = fileserver.Scan{}; return nil },
			Get: func(v *language.View) []grammar.Args {
				switch s := v.Config.Files.Scan; {
				case s.Off:
					return []grammar.Args{{language.Negated: true}}
				case s.Names != 0:
					return []grammar.Args{args("names", s.Names, "seconds", s.Seconds)}
				case v.All:
					return []grammar.Args{args("names", fileserver.DefaultScan.Names, "seconds", fileserver.DefaultScan.Seconds)}
				}
				return nil
			},
		},
		class(`listing("ConfigFileCacheList.txt and FileList.txt, which name files") access-class("Who gets them")`, func(c *fileserver.Config) *string { return &c.Listing }, func(c *fileserver.Config) *string { return &c.Listing6 }),
	}
}

// bothLists names the lists of a line in both families, and says of one that
// does not do what its line looks like what it does. A class without a rule keeps
// nobody out; what a list grants without one, it grants nobody.
func bothLists(c *config.Config, four, six string, class bool) string {
	var out []string
	for _, l := range []struct {
		name, shown  string
		there, rules bool
	}{
		{four, four, acl.Find(c.AccessLists, four) != nil, ruled(acl.Find(c.AccessLists, four))},
		{six, "ipv6 " + six, acl.Find6(c.IPv6Lists, six) != nil, ruled6(acl.Find6(c.IPv6Lists, six))},
	} {
		switch {
		case l.name == "":
			continue
		case !l.there:
			l.shown += " (there is no such list: nobody)"
		case !l.rules && class:
			l.shown += " (it has no rule: everybody)"
		case !l.rules:
			l.shown += " (it has no rule: nobody)"
		}
		out = append(out, l.shown)
	}
	return strings.Join(out, " and ")
}

func ruled(l *acl.List) bool {
	return l != nil && slices.ContainsFunc(l.Entries, func(e acl.Entry) bool { return e.Remark == "" })
}

func ruled6(l *acl.List6) bool {
	return l != nil && slices.ContainsFunc(l.Entries, func(e acl.Entry6) bool { return e.Remark == "" })
}

// secretElement is what carries a password in a phone file.
var secretElement = regexp.MustCompile(`<(sshPassword|authPassword|phonePassword|adminPassword|userPassword)>[^<]`)

// The tables of exposureText.
var (
	farTable     = columns.New("%-24s %6s %7s %s", "Behind the gateway", "Given", "Refused", "Last")
	exposedTable = columns.New("%-24s %-16s %-22s %6s %7s %s", "Configuration", "Asked by", "Which is", "Given", "Refused", "Last")
)

// exposureText is `show provisioning exposure`.
func (b *Box) exposureText(in *language.Invocation) *columns.Page {
	w := &columns.Page{}
	c := in.Config.Files
	who := "connected and configured networks, and private addresses behind the default gateway"
	if c.BindLease == fileserver.BindEnforce {
		who = "connected and configured networks"
	}
	if c.AccessClass != "" {
		who = "access-class " + bothLists(in.Config, c.AccessClass, "", true)
	}
	if c.AccessClass6 != "" {
		who += "; by IPv6: access-class " + strings.TrimPrefix(bothLists(in.Config, "", c.AccessClass6, true), "ipv6 ")
	}
	fmt.Fprintf(w, "Files are given to: %s\nConfiguration of phones: bind-lease %s", who, c.BindLease)
	if trusted := bothLists(in.Config, c.Trust, c.Trust6, false); trusted != "" {
		fmt.Fprintf(w, ", not for those of access list %s", trusted)
	}
	if n := len(in.Config.Upstream.Alternates); n > 0 {
		fmt.Fprintf(w, "\nFree of all that, as other file servers: the alternates (%d)", n)
	}
	scan := "off"
	if !c.Scan.Off {
		s := c.Scan
		if s.Names == 0 {
			s = fileserver.DefaultScan
		}
		scan = fmt.Sprintf("more than %d phones within %d s", s.Names, s.Seconds)
	}
	listing := "nobody"
	if list := bothLists(in.Config, c.Listing, c.Listing6, false); list != "" {
		listing = "access-class " + list
	}
	fmt.Fprintf(w, "\nScan guard: %s\nLists of names are given to: %s\n", scan, listing)
	for _, a := range b.Files.Searching() {
		fmt.Fprintf(w, "Kept out, it asked for the files of many phones: %s\n", a)
	}
	if all := b.Files.Far(); len(all) > 0 {
		w.WriteString("\n")
		t := w.Table(farTable)
		for _, f := range all {
			t.Row(f.Network, f.Given, f.Refused, time.Since(f.Last).Round(time.Second))
		}
	}
	secret := map[string]bool{}
	for _, f := range b.CNF.Current().Files() {
		if secretElement.Match(f.Content) {
			secret[f.Name] = true
		}
	}
	fmt.Fprintf(w, "\nFiles with passwords: %d", len(secret))
	for _, f := range b.CNF.Current().Files() {
		if secret[f.Name] {
			fmt.Fprintf(w, "\n  %s", f.Name)
		}
	}
	w.WriteString("\n\n")
	t := w.Table(exposedTable)
	held := map[fileserver.Holding]string{fileserver.Held: "the phone's address", fileserver.Foreign: "not the phone's", fileserver.Unknown: "not known here"}
	for _, x := range b.Files.Exposed() {
		mark := ""
		if secret[x.File] {
			mark = "*"
		}
		for _, k := range x.Askers {
			t.Row(x.File+mark, k.Addr, held[k.Holding], k.Served, k.Refused, time.Since(k.Last).Round(time.Second))
		}
	}
	if n := b.Files.Forgotten(); n > 0 {
		fmt.Fprintf(w, "%d more were asked for and are no longer remembered, those that nobody was given first.\n", n)
	}
	w.WriteString("What crosses the network over TFTP and HTTP can be read on its way.\n")
	return w
}
