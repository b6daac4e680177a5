package command

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/acl"
	"option150/platform/config"
	"option150/platform/message"
)

// end6 is one end of a rule of IPv6; n is what its arguments are called by.
func end6(n, which string) string {
	const port = `("Port number or name")`
	return `( any$` + n + `any("Any ` + which + ` prefix")
			| host("A single ` + which + ` host") <` + n + `host:IPV6ADDR>("` + which + ` IPv6 address")
			| <` + n + `net:IPV6PREFIX>("` + which + ` IPv6 prefix") )
		[ ( ( eq$` + n + `op("Match only packets on a given port number")
				| neq$` + n + `op("Match only packets not on a given port number")
				| gt$` + n + `op("Match only packets with a greater port number")
				| lt$` + n + `op("Match only packets with a lower port number") ) <` + n + `low:PORT>` + port + `
			| range$` + n + `op("Match only packets in the range of port numbers") <` + n + `low:PORT>` + port + ` <` + n + `high:PORT>` + port + ` ) ]`
}

const (
	seq6  = `sequence("Sequence number for this entry") <seq:1-2147483647>("Sequence number")`
	more6 = `[ log$log("Log matches against this entry") ] [ sequence("Sequence number for this entry") <last:1-2147483647>("Sequence number") ]
		[ <more:LINE>("Conditions this box does not judge") ]`
)

// rule6 is a rule of IPv6. The protocols beside TCP and UDP never come to a door
// of this box.
var rule6 = `( permit$action("Specify packets to forward") | deny$action("Specify packets to reject") )
	( ipv6$proto("Any IPv6") | tcp$proto("Transmission Control Protocol") | udp$proto("User Datagram Protocol")
		| icmp$proto("Internet Control Message Protocol") | ahp$proto("Authentication Header Protocol") | esp$proto("Encapsulation Security Payload")
		| pcp$proto("Payload Compression Protocol") | sctp$proto("Streams Control Transmission Protocol") | <number:0-255>("An IPv6 protocol number") )
	` + end6("s", "source") + ` ` + end6("d", "destination") + ` ` + more6

// accessLists6 are the lists of IPv6. They say who may come in, as standard lists
// do for IPv4; nothing is filtered on interfaces.
func accessLists6() []language.Declaration {
	lists := section[acl.List6, string]{
		list: list[acl.List6, string]{in: func(c *language.Context) *[]acl.List6 { return &c.Config.IPv6Lists }, key: func(l *acl.List6) string { return l.Name },
			order: cmp.Compare[string], most: acl.MaxLists, full: "% Too many access lists"},
		arg: "name", empty: func(name string) acl.List6 { return acl.List6{Name: name} },
		header: func(l *acl.List6) string { return "ipv6 access-list " + l.Name },
	}
	header := language.Declaration{
		Mode: language.Global, Enters: modeIPv6ACL, Doc: docIPv6,
		Syntax: ipv6Head + `access-list("Configure access lists") <name:WORD>("User selected string identifying this access list")`,
		Set: func(c *language.Context) error {
			switch name := c.Args.String("name"); {
			case len(name) > 64 || !letter(rune(name[0])):
				return language.Answer("% Invalid access list name.")
			case acl.Find(c.Config.AccessLists, name) != nil:
				return language.Answer(otherFamily)
			}
			_, err := lists.enter(c)
			return err
		},
	}
	add := func(c *language.Context, e acl.Entry6) error {
		if !lists.at(c).Add(e) {
			return language.Answer("% Access list is full")
		}
		return nil
	}
	all := lists.of(header, language.Declaration{
		Mode: modeIPv6ACL, Doc: docIPv6, Partly: partly6,
		Syntax: `[ ` + seq6 + ` ] ( ` + rule6 + ` | ` + remark + ` )`,
		Set: func(c *language.Context) error {
			if c.Args.Has("text") && c.Args.Has("seq") {
				return language.Answer("% A remark has no sequence number")
			}
			return add(c, entry6(c.Args))
		},
		Unset: func(c *language.Context) error { lists.at(c).Drop(entry6(c.Args)); return nil },
		Get: func(v *language.View) []grammar.Args {
			var out []grammar.Args
			last := 0
			for _, e := range lists.at(viewContext(v)).Entries {
				a := entry6Args(e)
				if e.Remark == "" {
					if e.Seq != last+10 {
						a["seq"] = e.Seq
					}
					last = e.Seq
				}
				out = append(out, a)
			}
			return out
		},
	}, language.Declaration{ // for `no sequence 20`; alone it is no command
		Mode: modeIPv6ACL, Doc: docIPv6, Syntax: seq6,
		Set:   func(*language.Context) error { return language.Answer(message.Incomplete + "\n") },
		Unset: func(c *language.Context) error { lists.at(c).Drop(acl.Entry6{Seq: c.Args.Int("seq")}); return nil },
	})
	all = append(all, carryAll(modeIPv6ACL, docIPv6, `evaluate("Evaluate an access list") <rest:LINE>("Reflexive access list")`)...)
	return append(all, carryAll(language.Global, docIPv6, ipv6Head+`access-list log-update("Control access list log updates") <rest:LINE>("Threshold")`)...)
}

const otherFamily = "% Access-list type conflicts with prior definition"

// partly6 says of which conditions a rule is free here.
func partly6(_, a grammar.Args) string {
	e := entry6(a)
	switch {
	case e.More == "":
		return ""
	case e.Permit:
		return "this box cannot judge " + e.More + ": the rule permits nobody here"
	}
	return "this box cannot judge " + e.More + ": the rule denies without it"
}

// entry6 is the entry the arguments say.
func entry6(a grammar.Args) acl.Entry6 {
	if a.Has("text") {
		return acl.Entry6{Remark: entry(a).Remark}
	}
	end := func(n string) (e acl.End) {
		if a.Has(n + "host") {
			e.Prefix = netip.PrefixFrom(grammar.Get[netip.Addr](a, n+"host"), 128)
		} else if a.Has(n + "net") {
			e.Prefix = grammar.Get[netip.Prefix](a, n+"net").Masked()
		}
		if e.Prefix.IsValid() && e.Prefix.Bits() == 0 {
			e.Prefix = netip.Prefix{}
		}
		e.Op, e.Low, e.High = a.String(n+"op"), grammar.Get[uint16](a, n+"low"), grammar.Get[uint16](a, n+"high")
		if e.High < e.Low && e.Op == "range" {
			e.Low, e.High = e.High, e.Low
		}
		return e
	}
	e := acl.Entry6{Seq: max(a.Int("seq"), a.Int("last")), Permit: a.String("action") == "permit", Proto: a.String("proto"), From: end("s"), To: end("d"), Log: a.Has("log")}
	if a.Has("number") {
		switch n := a.Int("number"); n {
		case 6:
			e.Proto = "tcp"
		case 17:
			e.Proto = "udp"
		default:
			e.Proto = itoa(n)
		}
	}
	words := strings.Fields(a.String("more"))
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case w == "log":
			e.Log = true
		case w == "sequence" && i+1 < len(words):
			i++
			if n, err := strconv.Atoi(words[i]); err == nil && n > 0 && n <= 2147483647 {
				e.Seq = n
			}
		default:
			e.More = strings.TrimSpace(e.More + " " + w)
		}
	}
	e.More = strings.TrimSpace(e.More[:min(len(e.More), maxRemark)])
	return e
}

// entry6Args is the line of an entry.
func entry6Args(e acl.Entry6) grammar.Args {
	if e.Remark != "" {
		return args("text", e.Remark)
	}
	a := args("action", "deny")
	if e.Permit {
		a["action"] = "permit"
	}
	if n, err := strconv.Atoi(e.Proto); err == nil {
		a["number"] = n
	} else {
		a["proto"] = e.Proto
	}
	end := func(n string, e acl.End) {
		switch {
		case !e.Prefix.IsValid():
			a[n+"any"] = "any"
		case e.Prefix.Bits() == 128:
			a[n+"host"] = e.Prefix.Addr()
		default:
			a[n+"net"] = e.Prefix
		}
		if e.Op != "" {
			a[n+"op"], a[n+"low"] = e.Op, e.Low
		}
		if e.Op == "range" {
			a[n+"high"] = e.High
		}
	}
	end("s", e.From)
	end("d", e.To)
	if e.Log {
		a["log"] = "log"
	}
	if e.More != "" {
		a["more"] = e.More
	}
	return a
}

// accessClasses is the argument of an access-class of both families.
const accessClasses = `( ` + accessClass6 + ` | ` + accessClass + ` )`
const accessClass6 = `ipv6("Restrict IPv6 access") <list6:WORD>("IPv6 access list name")`

// classes is a command that names a list of each family: a line for each. With
// `no` and no name both go.
func classes(d language.Declaration, at, at6 func(*language.Context) *string) language.Declaration {
	d.After = warnClass
	d.Set = func(c *language.Context) error {
		name, six, err := classOf(c.Args)
		switch {
		case err != nil:
		case six:
			*at6(c) = name
		default:
			*at(c) = name
		}
		return err
	}
	d.Unset = func(c *language.Context) error {
		six, four := c.Args.Has("list6"), c.Args.Has("number") || c.Args.Has("list")
		if !six {
			*at(c) = ""
		}
		if !four {
			*at6(c) = ""
		}
		return nil
	}
	d.Get = func(v *language.View) []grammar.Args {
		c := viewContext(v)
		return append(classArgs(*at(c)), one(*at6(c) != "", "list6", *at6(c))...)
	}
	return d
}

// lineAccess6 is `ipv6 access-class NAME in`.
func lineAccess6(at func(*language.Context) *config.Line) language.Declaration {
	return language.Declaration{
		Mode: modeLine, Doc: docIPv6, Partly: accessOfConsole, After: warnClass,
		Syntax: `ipv6("IPv6 options") access-class("Filter connections based on an IPv6 access list") ![ <list6:WORD>("IPv6 access list name")
			in("Filter incoming connections") ]`,
		Set: func(c *language.Context) error {
			name, _, err := classOf(c.Args)
			if err == nil {
				at(c).AccessIn6 = name
			}
			return err
		},
		Unset: func(c *language.Context) error { at(c).AccessIn6 = ""; return nil },
		Get: func(v *language.View) []grammar.Args {
			name := at(viewContext(v)).AccessIn6
			return one(name != "", "list6", name)
		},
	}
}

// showAccessLists6 is `show ipv6 access-list`.
func showAccessLists6() language.Declaration {
	return text(`ipv6 access-list("Summary of access lists") [ <name:WORD>("Name of access list") ]`, privileged, docIPv6, func(in *language.Invocation) string {
		name := in.Args.String("name")
		return joinLines(acl.Show6(slices.DeleteFunc(slices.Clone(in.Config.IPv6Lists), func(l acl.List6) bool { return name != "" && l.Name != name })))
	})
}
