package command

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/acl"
	"option150/platform/config"
	"option150/platform/message"
)

// source is what a standard entry matches, and its `log`.
const source = `( any$any("Any source host")
		| host("A single host address")
		<host:A.B.C.D>("Host address")
		| <addr:A.B.C.D>("Address to match")
		[ <wild:A.B.C.D>("Wildcard bits") ] )
	[ log$log("Log matches against this entry") ]`

// rule is a rule or a remark.
const rule = `( permit$action("Specify packets to forward") | deny$action("Specify packets to reject") ) ` + source
const remark = `remark("Access list entry comment") <text:LINE>("Comment up to 100 characters")`

// maxRemark is the longest comment kept.
const maxRemark = 100

// accessLists are the standard lists. They say who may log in and who may use
// the HTTP server; nothing is filtered on interfaces. Extended lists are kept
// and never acted on. [facts/ios-cli.md 1.14]
func accessLists() []language.Declaration {
	const doc = "facts/ios-cli.md 1.14"
	ds := []language.Declaration{
		{
			Mode: language.Global, Group: "access-list", Doc: doc,
			Syntax: `access-list("Add an access list entry")
				( <n:1-99>("IP standard access list")
					| <n:1300-1999>("IP standard access list (expanded range)") )
				![ ( ` + rule + ` | ` + remark + ` ) ]`,
			Set: func(c *language.Context) error { return addEntry(c, itoa(c.Args.Int("n")), 0, entry(c.Args)) },
			Unset: func(c *language.Context) error {
				name := itoa(c.Args.Int("n"))
				if !c.Args.Has("action") && !c.Args.Has("text") {
					dropList(c.Config, name)
					return nil
				}
				dropEntry(c.Config, name, entry(c.Args))
				return nil
			},
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				for _, l := range v.Config.AccessLists {
					for _, e := range l.Entries {
						if n := acl.Number(l.Name); n != 0 {
							out = append(out, entryArgs(e, "n", n))
						}
					}
				}
				return out
			},
		},
		{
			Mode: language.Global, Enters: modeStandardACL, Doc: doc,
			Syntax: `ip access-list("Named access-list") standard("Standard Access List") <name:WORD>("Access-list name or number")`,
			Set: func(c *language.Context) error {
				name := c.Args.String("name")
				switch n := acl.Number(name); {
				case acl.Standard(n):
					return nil // exists with its first entry
				case n != 0 || len(name) > 64 || !letter(rune(name[0])):
					return language.Answer("% Invalid access list name.")
				}
				if acl.Find6(c.Config.IPv6Lists, name) != nil {
					return language.Answer(otherFamily)
				}
				_, err := namedLists.insert(c, acl.List{Name: name})
				return err
			},
			Unset: func(c *language.Context) error { dropList(c.Config, c.Args.String("name")); return nil },
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				for _, l := range v.Config.AccessLists {
					if acl.Number(l.Name) == 0 {
						out = append(out, args("name", l.Name))
					}
				}
				return out
			},
		},
	}
	list := func(c *language.Context) string { return c.Keys.String("name") }
	ds = append(ds,
		language.Declaration{
			Mode: modeStandardACL, Doc: doc,
			Syntax: `[ <seq:1-2147483647>("Sequence Number") ] ( ` + rule + ` | ` + remark + ` )`,
			Set:    func(c *language.Context) error { return addEntry(c, list(c), c.Args.Int("seq"), entry(c.Args)) },
			Unset:  func(c *language.Context) error { dropEntry(c.Config, list(c), entry(c.Args)); return nil },
			Get: func(v *language.View) []grammar.Args {
				var out []grammar.Args
				if l := acl.Find(v.Config.AccessLists, v.Keys.String("name")); l != nil && acl.Number(l.Name) == 0 {
					for _, e := range l.Entries {
						out = append(out, entryArgs(e))
					}
				}
				return out
			},
		},
		language.Declaration{ // for `no 20`; alone it is no command
			Mode: modeStandardACL, Doc: doc,
			Syntax: `<seq:1-2147483647>("Sequence Number")`,
			Set:    func(*language.Context) error { return language.Answer(message.Incomplete + "\n") },
			Unset:  func(c *language.Context) error { dropNumber(c.Config, list(c), c.Args.Int("seq")); return nil },
		},
		language.Declaration{Mode: language.Global, Carry: true, Enters: modeExtendedACL, Doc: doc,
			Syntax: `ip access-list extended("Extended Access List, kept and not acted on") <name:WORD>("Access-list name or number")`})
	return append(ds, carryAll(language.Global, doc,
		`access-list dynamic-extended("Extend the dynamic ACL absolute timer")`,
		`access-list compiled("Enable IP access-list compilation")`)...)
}

// entry is the entry the arguments say.
func entry(a grammar.Args) acl.Entry {
	if a.Has("text") {
		t := strings.Join(strings.Fields(a.String("text")), " ")
		return acl.Entry{Remark: strings.TrimSpace(t[:min(len(t), maxRemark)])}
	}
	addr, wild := grammar.Get[netip.Addr](a, "addr"), grammar.Get[netip.Addr](a, "wild")
	if a.Has("host") {
		addr, wild = grammar.Get[netip.Addr](a, "host"), netip.Addr{}
	}
	return acl.Rule(a.String("action") == "permit", addr, wild, a.Has("log"))
}

// entryArgs is the line of an entry.
func entryArgs(e acl.Entry, more ...any) grammar.Args {
	a := args(more...)
	if e.Remark != "" {
		a["text"] = e.Remark
		return a
	}
	a["action"] = "deny"
	if e.Permit {
		a["action"] = "permit"
	}
	switch {
	case e.Any():
		a["any"] = "any"
	default:
		a["addr"] = e.Addr
		if !e.Host() {
			a["wild"] = e.Wildcard
		}
	}
	if e.Log {
		a["log"] = "log"
	}
	return a
}

// namedLists are the lists by their names.
var namedLists = list[acl.List, string]{
	in:    func(c *language.Context) *[]acl.List { return &c.Config.AccessLists },
	key:   func(l *acl.List) string { return l.Name },
	order: func(a, b string) int { return acl.Compare(acl.List{Name: a}, acl.List{Name: b}) },
	most:  acl.MaxLists, full: "% Too many access lists",
}

// addEntry puts an entry at the end of a list or, with a sequence number,
// between those it lies between: rules are numbered by tens as they stand. An
// entry that is there already changes nothing.
func addEntry(c *language.Context, name string, seq int, e acl.Entry) error {
	l, err := namedLists.insert(c, acl.List{Name: name})
	if err != nil {
		return err
	}
	if slices.Contains(l.Entries, e) {
		return nil
	}
	if len(l.Entries) >= acl.MaxEntries {
		return language.Answer("% Access list is full")
	}
	at := len(l.Entries)
	if seq > 0 && e.Remark == "" {
		n := 0
		for i, o := range l.Entries {
			if o.Remark != "" {
				continue
			}
			if n += 10; n == seq {
				return language.Answer("% Duplicate sequence number")
			} else if n > seq {
				at = i
				break
			}
		}
	}
	l.Entries = slices.Insert(slices.Clone(l.Entries), at, e)
	return nil
}

func dropEntry(c *config.Config, name string, e acl.Entry) {
	if l := acl.Find(c.AccessLists, name); l != nil {
		l.Entries = slices.DeleteFunc(slices.Clone(l.Entries), func(o acl.Entry) bool { return o == e })
		forget(c, l)
	}
}

func dropNumber(c *config.Config, name string, seq int) {
	l := acl.Find(c.AccessLists, name)
	if l == nil {
		return
	}
	n := 0
	for i, o := range l.Entries {
		if o.Remark != "" {
			continue
		}
		if n += 10; n == seq {
			l.Entries = slices.Delete(slices.Clone(l.Entries), i, i+1)
			break
		}
	}
	forget(c, l)
}

// forget removes a numbered list without entries: there is no line for it.
func forget(c *config.Config, l *acl.List) {
	if len(l.Entries) == 0 && acl.Number(l.Name) != 0 {
		dropList(c, l.Name)
	}
}

func dropList(c *config.Config, name string) {
	c.AccessLists = slices.DeleteFunc(c.AccessLists, func(l acl.List) bool { return l.Name == name })
	c.DropSection("ip access-list standard " + name)
}

// accessClass is the argument of an access-class: a standard list.
const accessClass = `( <number:1-199>("IP access list") | <number:1300-2699>("IP expanded access list") | <list:WORD>("Access-list name") )`

// classOf reads it, six is one of IPv6. A list that is not here, or an extended
// one, lets nobody in.
func classOf(a grammar.Args) (name string, six bool, err error) {
	if n := a.Int("number"); n != 0 {
		return itoa(n), false, nil
	}
	name = a.String("list")
	if six = a.Has("list6"); six {
		name = a.String("list6")
	}
	if name == "" || len(name) > 64 || !letter(rune(name[0])) {
		return "", six, language.Answer("% Invalid access list name.")
	}
	return name, six, nil
}

// warnClass says that the list of an access-class lets nobody in.
func warnClass(in *language.Invocation) error {
	name, six, err := classOf(in.Args)
	if note := in.Config.AccessNote(name, six); err == nil && note != "" {
		fmt.Fprintln(in.Out, "%Warning: "+note)
	}
	return nil
}

func classArgs(name string) []grammar.Args {
	if n := acl.Number(name); n != 0 {
		return []grammar.Args{args("number", n)}
	}
	return one(name != "", "list", name)
}

// showAccessLists are `show access-lists` and `show ip access-lists`.
func showAccessLists() []language.Declaration {
	show := func(in *language.Invocation) string {
		name := in.Args.String("name")
		lists := slices.DeleteFunc(slices.Clone(in.Config.AccessLists), func(l acl.List) bool { return name != "" && l.Name != name })
		return joinLines(acl.Show(lists))
	}
	both := func(in *language.Invocation) string {
		name := in.Args.String("name")
		return show(in) + joinLines(acl.Show6(slices.DeleteFunc(slices.Clone(in.Config.IPv6Lists), func(l acl.List6) bool { return name != "" && l.Name != name })))
	}
	return []language.Declaration{
		text(`access-lists("List access lists") [ <name:WORD>("ACL name or number") ]`, privileged, "facts/ios-cli.md 1.14", both),
		text(`ip access-lists("List IP access lists") [ <name:WORD>("ACL name or number") ]`, privileged, "facts/ios-cli.md 1.14", show),
		showAccessLists6(),
	}
}

func joinLines(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}
