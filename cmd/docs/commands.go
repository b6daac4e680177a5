package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"option150/cli/command"
	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
	"option150/platform/running"
)

// box is one of which only the language works.
func box() (*command.Box, error) {
	var f config.Facts
	for _, n := range []string{"0", "1", "2"} { // those of the sessions and configurations that pages show
		f.Interfaces = append(f.Interfaces, config.InterfaceFact{Mapping: netif.Mapping{Name: "GigabitEthernet0/" + n, Device: "eth" + n, Managed: true}, Up: true})
	}
	b := &command.Box{}
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }})
	l, err := command.New(b)
	b.Language = l
	return b, err
}

const commandsHead = `# Commands

Every command of the box, mode by mode, from the declarations in ` + "`cli/command`" + `.
The same declarations make the parser, ` + "`?`" + `, TAB, ` + "`no`" + ` and the running-config.

How to read it:

| Written | Means |
|---|---|
| ` + "`word`" + ` | typed as it stands; any unambiguous abbreviation will do |
| ` + "`WORD`, `LINE`, `A.B.C.D`, `<1-1000>`" + ` | a value: one word, the rest of the line, an address, a number of that range |
| ` + "`H.H.H`" + ` | a hardware address, as ` + "`001e.7a00.0001`, `00:1e:7a:00:00:01` or `001E7A000001`" + ` |
| ` + "`[ x ]`" + ` | may be left out |
| ` + "`( a \\| b )`, `[ a \\| b ]`" + ` | one of them |
| ` + "`{ a \\| b }`" + ` | any of them, in any order |
| ` + "`![ x ]`" + ` | needed, but may be left out after ` + "`no`" + ` and ` + "`default`" + ` |
| ` + "`x+8`" + ` | one to eight of them |
| **no** | ` + "`no`" + ` before the command takes it back; ` + "`default`" + ` sets what a box has from the factory |
| *15* | privilege level it needs: 15 is after ` + "`enable`" + `; nothing stands there for what everybody may do |
| [page n] | the document it follows, see [sources](sources.md) |

Every show command takes ` + "`| include`, `| exclude`, `| begin`, `| section` and `| count`" + ` with a regular expression,
and ` + "`| redirect`, `| append` and `| tee`" + ` with a file to write to. Those that print a table take ` + "`| json`" + `: [its keys](json.md).
`

// commands is the page of all commands.
func commands() (string, error) {
	b, err := box()
	if err != nil {
		return "", err
	}
	var w strings.Builder
	w.WriteString(generated + commandsHead)
	modes := slices.DeleteFunc(command.Modes(), func(m language.Mode) bool { return m.Quiet })
	common := everywhere(b.Language, modes)
	w.WriteString("\n## Every configuration mode\n\n")
	lister{w: &w}.list(common)
	for _, m := range modes {
		fmt.Fprintf(&w, "\n## %s\n\n", title(m))
		fmt.Fprintf(&w, "Prompt `%s`.", prompt(m.Name))
		if by := enteredBy(b.Language, modes, m.Name); by != "" {
			fmt.Fprintf(&w, " Entered by %s.", by)
		}
		if m.Takes {
			w.WriteString(" Every line is kept and printed back, none has an effect.")
		}
		w.WriteString("\n")
		var acts, kept []*language.Declaration
		for _, d := range b.Language.Declarations(m.Name) {
			switch {
			case d.Syntax == "" || slices.ContainsFunc(common, func(c *language.Declaration) bool { return c.Usage() == d.Usage() && m.Name != language.Exec }):
			case d.Carry || d.Idle != "":
				kept = append(kept, d)
			default:
				acts = append(acts, d)
			}
		}
		if len(acts) > 0 {
			w.WriteString("\n")
			lister{w: &w}.list(acts)
		}
		if len(kept) > 0 {
			w.WriteString("\nKnown by name, kept and printed back, without effect here:\n\n")
			lister{w: &w}.list(kept)
		}
	}
	return w.String(), nil
}

// everywhere is the commands that all configuration modes have.
func everywhere(l *language.Language, modes []language.Mode) []*language.Declaration {
	count := map[string]int{}
	for _, m := range modes {
		for _, d := range l.Declarations(m.Name) {
			if m.Name != language.Exec && d.Syntax != "" {
				count[d.Usage()]++
			}
		}
	}
	var out []*language.Declaration
	for _, d := range l.Declarations(modes[len(modes)-1].Name) {
		if d.Syntax != "" && count[d.Usage()] == len(modes)-1 {
			out = append(out, d)
		}
	}
	return out
}

func title(m language.Mode) string {
	t := strings.TrimSuffix(m.Title, ":")
	switch m.Name {
	case language.Exec:
		return "Exec"
	case language.Global:
		return "Global configuration"
	}
	return strings.TrimSuffix(t, " commands")
}

func prompt(mode string) string {
	if mode == language.Exec {
		return "Router>` or, after `enable`, `Router#"
	}
	return "Router(" + mode + ")#"
}

func enteredBy(l *language.Language, modes []language.Mode, name string) string {
	if name == language.Global {
		return "`configure terminal`"
	}
	var by []string
	for _, m := range modes {
		for _, d := range l.Declarations(m.Name) {
			if d.Enters == name {
				by = append(by, "`"+d.Usage()+"`")
			}
		}
	}
	return strings.Join(by, " or ")
}

// lister writes commands with the help of their words. A word that an earlier
// command of the list has at the same place is not explained again.
type lister struct{ w *strings.Builder }

func (l lister) list(ds []*language.Declaration) {
	seen := map[string]bool{}
	for _, d := range ds {
		fmt.Fprintf(l.w, "- `%s`%s\n", d.Usage(), marks(d))
		if words := explained(d, seen); words != "" {
			fmt.Fprintf(l.w, "  <br>%s\n", words)
		}
	}
}

func marks(d *language.Declaration) string {
	var out []string
	if d.Unset != nil || d.Undo != nil {
		out = append(out, "**no**")
	}
	if d.Level > 1 {
		out = append(out, fmt.Sprintf("*%d*", d.Level))
	}
	if d.Hidden {
		out = append(out, "not listed by `?`")
	}
	out = append(out, citations(d.Doc)...)
	if len(out) == 0 {
		return ""
	}
	return " " + strings.Join(out, " ")
}

// explained is the words of a command with their help.
func explained(d *language.Declaration, seen map[string]bool) string {
	s, err := grammar.Parse(d.Syntax, command.Types(&command.Box{}))
	if err != nil {
		return "" // compiled before: cannot be
	}
	var out []string
	path := ""
	for _, t := range s.Tokens() {
		name := t.Word
		if t.Type != nil {
			name = t.Type.Label()
		}
		path += " " + name
		if t.Help == "" || seen[path] {
			continue
		}
		seen[path] = true
		out = append(out, "`"+name+"` "+plain(t.Help))
	}
	return strings.Join(out, " · ")
}

// plain keeps a help text from being read as markup.
func plain(s string) string {
	return strings.NewReplacer("<", "&lt;", "*", `\*`, "|", `\|`, "_", `\_`).Replace(s)
}

var (
	pageRef   = regexp.MustCompile(`^facts/([a-z-]+)\.md ?(.*)$`)
	sourceRef = regexp.MustCompile(`^sources/(\d+)$`)
	designRef = regexp.MustCompile(`^DESIGN (\d+)$`)
)

// citations turns the reference of a declaration into links of the manual.
func citations(doc string) []string {
	switch m := []string(nil); {
	case doc == "":
		return nil
	case match(&m, sourceRef, doc):
		return []string{fmt.Sprintf("[source %s](sources.md#source-documents)", m[1])}
	case match(&m, designRef, doc):
		return []string{fmt.Sprintf("[architecture %s](architecture.md)", m[1])}
	case match(&m, pageRef, doc):
		return []string{fmt.Sprintf("[%s](facts/%s.md)", strings.TrimSpace(m[1]+" "+m[2]), m[1])}
	}
	return []string{"[" + doc + "]"}
}

func match(m *[]string, re *regexp.Regexp, s string) bool {
	*m = re.FindStringSubmatch(s)
	return *m != nil
}
