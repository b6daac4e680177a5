package command

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/dhcp"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/dns"
)

// dnsLines are the name server: `ip host`, `ip name-server`, `ip dns server`.
// [Cisco IOS IP Addressing Services Command Reference, DNS commands]
func dnsLines() []language.Declaration {
	const doc = "facts/dhcp.md 2"
	at := func(c *language.Context) *dns.Config { return &c.Config.DNS }
	hosts := list[dns.Host, string]{in: func(c *language.Context) *[]dns.Host { return &at(c).Hosts }, key: func(h *dns.Host) string { return strings.ToLower(h.Name) },
		most: dns.MaxHosts, full: "% Too many hosts"}
	host := keyed(language.Declaration{
		Mode: language.Global, Group: "ip host", Doc: doc,
		Syntax: `ip("Global IP configuration subcommands") host("Add an entry to the ip hostname table") <name:WORD>("Name of host")
			![ [ <port:0-65535>("Default telnet port number") ] <addr:A.B.C.D>("Host IP address")+8 ]`,
		Partly: func(_, a grammar.Args) string {
			if a.Has("port") {
				return "nobody logs in to other hosts from this box: the port is kept"
			}
			return ""
		},
	}, hosts,
		func(a grammar.Args) (dns.Host, error) {
			h := dns.Host{Name: a.String("name"), Addrs: grammar.List[netip.Addr](a, "addr"), Port: a.Int("port")}
			if !dns.ValidName(h.Name) {
				return h, language.Answer("% " + h.Name + " is not the name of a host")
			}
			if i := slices.IndexFunc(h.Addrs, func(x netip.Addr) bool { return !hostAddress(x) }); i >= 0 {
				return h, language.Answer("% " + h.Addrs[i].String() + " is not the address of a host")
			}
			return h, nil
		},
		func(h dns.Host) grammar.Args {
			a := args("name", h.Name, "addr", h.Addrs)
			if h.Port != 0 {
				a["port"] = h.Port
			}
			return a
		})
	servers := language.Declaration{
		Mode: language.Global, Group: "ip name-server", Doc: doc,
		Syntax: `ip name-server("Specify address of name server to use") ![ <addr:A.B.C.D>("Domain server IP address")+6 ]`,
		Set: func(c *language.Context) error {
			all := slices.Clone(at(c).Servers)
			for _, a := range grammar.List[netip.Addr](c.Args, "addr") {
				if !hostAddress(a) || a.IsLoopback() {
					return language.Answer("% " + a.String() + " is not the address of a server")
				}
				if !slices.Contains(all, a) {
					all = append(all, a)
				}
			}
			if len(all) > dns.MaxServers {
				return language.Answer("% Name-server table is full")
			}
			at(c).Servers = all
			return nil
		},
		Unset: func(c *language.Context) error {
			gone := grammar.List[netip.Addr](c.Args, "addr")
			at(c).Servers = slices.DeleteFunc(at(c).Servers, func(a netip.Addr) bool { return len(gone) == 0 || slices.Contains(gone, a) })
			return nil
		},
		Get: func(v *language.View) []grammar.Args {
			return one(len(v.Config.DNS.Servers) > 0, "addr", v.Config.DNS.Servers)
		},
	}
	access := language.Declaration{
		Mode: language.Global, Group: "ip dns", Doc: doc, After: warnClass,
		Syntax: `ip dns server access-class("Who is answered, in place of the networks of this box") ![ ` + accessClass + ` ]`,
		Set: func(c *language.Context) error {
			name, _, err := classOf(c.Args)
			if err == nil {
				at(c).Access = name
			}
			return err
		},
		Unset: func(c *language.Context) error { at(c).Access = ""; return nil },
		Get:   func(v *language.View) []grammar.Args { return classArgs(v.Config.DNS.Access) },
	}
	return append([]language.Declaration{host, servers,
		flag(language.Global, `ip dns("Configure DNS server for a zone") server("Enable DNS server")`, "ip dns", doc, false, func(c *language.Context) *bool { return &at(c).Server }),
		access}, carryAll(language.Global, doc, `ip name-server vrf("Specify VRF") <rest:LINE>("VRF and addresses")`)...)
}

// The tables of the shows of the name server.
var (
	dnsCountersTable = columns.Form("", "%-45s%d\n", "counter count")
	hostsTable       = columns.Form("Host                      Port  Flags      Age Type   Address(es)\n", "%-25s %-5s %-10s %3d %-6s %s\n", "host port flags age type address_es")
)

// showDNS are the shows of the name server.
func showDNS(b *Box) []language.Declaration {
	const doc = "facts/dhcp.md 2"
	return []language.Declaration{
		table(`hosts("IP domain-name, lookup style, nameservers, and host table") [ summary$summary("Summary of the host table") ]`, 0, doc, func(in *language.Invocation) *columns.Page {
			return hostsText(in.Config, in.Args.Has("summary"))
		}, hostsTable),
		table(`ip dns("IP DNS information") statistics("Statistics of the DNS server")`, 0, doc, func(in *language.Invocation) *columns.Page {
			st := b.DNS.Statistics()
			w := &columns.Page{}
			w.WriteString(notRunning(b.Supervisor.Status(dns.Name), "DNS server"))
			t := w.Table(dnsCountersTable)
			t.Row("DNS requests received", st.Asked)
			t.Row("DNS requests forwarded", st.Forwarded)
			t.Row("DNS requests no server answered", st.Unanswered)
			t.Row("Refused because of the source", st.Refused)
			t.Row("Dropped over the limits", st.Limited)
			t.Row("Malformed", st.Malformed)
			return w
		}, dnsCountersTable),
		text(`ip dhcp pool <name:WORD>("Pool name") resolution("Where devices find their TFTP server")`, 0, doc, func(in *language.Invocation) string {
			p := in.Config.DHCP.Pool(in.Args.String("name"))
			if p == nil {
				return ""
			}
			return dhcp.ShowResolution(dhcp.Resolve(p, in.Config.TFTPNames(b.Store.Facts())))
		}),
	}
}

// hostsText is `show hosts`.
func hostsText(c *config.Config, summary bool) *columns.Page {
	t := "Default domain is not set\n"
	if c.Domain != "" {
		t = "Default domain is " + c.Domain + "\n"
	}
	if len(c.DNS.Servers) > 0 {
		var all []string
		for _, a := range c.DNS.Servers {
			all = append(all, a.String())
		}
		t += "Name servers are " + strings.Join(all, ", ") + "\n"
	}
	if summary {
		return columns.Text(t + fmt.Sprintf("Local cache entries: %d\nDynamic cache entries: 0\n", len(c.DNS.Hosts)))
	}
	if len(c.DNS.Hosts) == 0 {
		return columns.Empty(t)
	}
	w := columns.Text(t + "\nCodes: UN - unknown, EX - expired, OK - OK, ?? - revalidate\n       temp - temporary, perm - permanent\n       NA - Not Applicable None - Not defined\n\n")
	list := w.Table(hostsTable)
	for _, h := range c.DNS.Hosts {
		port := "None"
		if h.Port != 0 {
			port = fmt.Sprint(h.Port)
		}
		var all []string
		for _, a := range h.Addrs {
			all = append(all, a.String())
		}
		for i, a := range all {
			if i == 0 {
				list.Object([]any{h.Name, port, "(perm, OK)", 0, "IP", strings.Join(all, " ")}, h.Name, port, "(perm, OK)", 0, "IP", a)
			} else {
				list.Note(strings.Repeat(" ", 53) + " " + a + "\n")
			}
		}
	}
	return w
}
