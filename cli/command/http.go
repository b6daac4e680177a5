package command

import (
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/httpd"
)

// httpServer is `ip http server` and `ip http port`. [sources/000,
// facts/cme.md 5.3]
func httpServer() []language.Declaration {
	port := value(language.Global, `ip http("HTTP server configuration")
		port("Set http server port")
		![ <port:1-65535>("HTTP port") ]`, "port", "ip http", "sources/000", uint16(httpd.DefaultPort),
		func(c *language.Context) *uint16 { return &c.Config.HTTP.Port })
	server := printed(flag(language.Global, `ip http server("Enable http server")`, "ip http", "sources/000", false,
		func(c *language.Context) *bool { return &c.Config.HTTP.Server }))
	access := classes(language.Declaration{
		Mode: language.Global, Group: "ip http", Doc: "facts/files.md 10",
		Syntax: `ip http access-class("Restrict http server access by access-class") ![ ( ` + accessClass6 + ` | [ ipv4$ipv4("Restrict ip access") ] ` + accessClass + ` ) ]`,
	}, func(c *language.Context) *string { return &c.Config.HTTP.AccessClass }, func(c *language.Context) *string { return &c.Config.HTTP.AccessClass6 })
	// A list called i would be read back as the keyword.
	classes := access.Get
	access.Get = func(v *language.View) []grammar.Args {
		out := classes(v)
		for _, a := range out {
			if name := a.String("list"); name != "" && strings.HasPrefix("ipv4", strings.ToLower(name)) {
				a["ipv4"] = "ipv4"
			}
		}
		return out
	}
	// Hardened configurations have its `no`; who types it without hears that
	// nothing listens.
	secure := language.Declaration{
		Mode: language.Global, Carry: true, Doc: "facts/cme.md 5.3",
		Syntax: `ip http secure-server("Enable HTTP secure server, not served by this box")`,
		After: func(*language.Invocation) error {
			return language.Answer("%Warning: HTTPS is not served by this box; the line is kept and has no effect")
		},
	}
	return append([]language.Declaration{port, server, access, secure}, carryAll(language.Global, "facts/cme.md 5.3",
		`ip http path("Set base path for HTML") <rest:LINE>("Base path")`,
		`ip http authentication("Set http server authentication method") <rest:LINE>("Method")`,
		`ip http max-connections("Set maximum number of concurrent http server connections") <rest:LINE>("Number of connections")`,
		`ip http timeout-policy("Set http server time-out policy parameters") <rest:LINE>("Parameters")`,
	)...)
}

// tftpServer is `tftp-server` and the settings of the file service.
// [facts/cme.md 5.4, facts/files.md 1.8]
func tftpServer() []language.Declaration {
	all := func(c *language.Context) *[]fileserver.Binding { return &c.Config.Files.Bindings }
	line := keyed(language.Declaration{
		Mode: language.Global, Group: "tftp-server", Doc: "facts/cme.md 5.4", Partly: otherMedium,
		Syntax: `tftp-server("Provide TFTP service for netload requests")
			<file:ANYFLASH>("File to serve, with its file system")
			![ [ alias("Name under which the file is asked for")
					<alias:WORD>("Alias") ]
				[ <acl:1-99>("IP access list of requesting hosts") ] ]`,
	}, list[fileserver.Binding, [2]string]{in: all, key: func(b *fileserver.Binding) [2]string { return [2]string{b.File, b.Alias} },
		most: maxBindings, full: "% Too many tftp-server lines"},
		func(a grammar.Args) (fileserver.Binding, error) {
			b := fileserver.Binding{File: a.String("file"), Alias: a.String("alias")}
			if a.Has("acl") {
				b.ACL = itoa(a.Int("acl"))
			}
			return b, nil
		},
		func(b fileserver.Binding) grammar.Args {
			a := args("file", b.File)
			if b.Alias != "" {
				a["alias"] = b.Alias
			}
			if b.ACL != "" {
				a["acl"] = atoi(b.ACL)
			}
			return a
		})
	line.Unset = func(c *language.Context) error {
		file, alias := c.Args.String("file"), c.Args.String("alias")
		l := all(c)
		*l = slices.DeleteFunc(*l, func(o fileserver.Binding) bool { return o.File == file && (alias == "" || o.Alias == alias) })
		return nil
	}
	return []language.Declaration{
		value(language.Global, `file-server("Serving files over TFTP and HTTP")
			maximum-serving-count("Requests served at the same time, both transports together")
			![ <n:1-3500>("Requests") ]`, "n", "file-server", "facts/files.md 1.8", fileserver.DefaultServingCount,
			func(c *language.Context) *int { return &c.Config.Files.MaximumServingCount }),
		value(language.Global, `file-server("Serving files over TFTP and HTTP")
			maximum-per-address("Requests of one address served at the same time")
			![ <n:1-3500>("Requests") ]`, "n", "file-server", "facts/files.md 1.8", 0,
			func(c *language.Context) *int { return &c.Config.Files.MaximumPerAddress }),
		value(language.Global, `file-server("Serving files over TFTP and HTTP")
			maximum-per-relay("The same of a router of a pool, an alternate, a trusted box")
			![ <n:1-3500>("Requests") ]`, "n", "file-server", "docs/provisioning.md", 0,
			func(c *language.Context) *int { return &c.Config.Files.MaximumPerRelay }),
		line,
	}
}

// otherMedium says of a file of a medium this box does not have that it is not
// served.
func otherMedium(_, a grammar.Args) string {
	fs, _, _ := strings.Cut(a.String("file"), ":")
	if fs == "" || slices.Contains([]string{fsSystem, fsNVRAM}, strings.ToLower(fs)) {
		return ""
	}
	if _, err := flash.CleanPath(a.String("file")); err != nil {
		return fs + ": is not here: files are served from flash:"
	}
	return ""
}

// maxBindings bounds the list; the largest real one seen has 38 lines.
const maxBindings = 10_000
