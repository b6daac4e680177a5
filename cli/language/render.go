package language

import (
	"maps"
	"strings"

	"option150/cli/grammar"
	"option150/platform/config"
)

// Negated marks the arguments of a line that is printed with `no` before it.
const Negated = "\x00no"

// Render prints the configuration, one string a line, without the header that
// show running-config puts before it and with `end` as its last line.
func (l *Language) Render(c *config.Config, all bool) []string {
	r := renderer{l: l, v: View{Config: c, All: all}, out: []string{"!"}}
	r.global()
	if r.out[len(r.out)-1] != "!" {
		r.out = append(r.out, "!")
	}
	return append(r.out, "end")
}

// RenderText is Render as one text, each line ended by \n: what is saved.
func (l *Language) RenderText(c *config.Config) string {
	return strings.Join(l.Render(c, false), "\n") + "\n"
}

// RenderSection prints one top-level section, header first; nil if the
// configuration has no such line.
func (l *Language) RenderSection(c *config.Config, header string) []string {
	var out []string
	in := false
	for _, line := range l.Render(c, false) {
		switch {
		case strings.EqualFold(strings.Join(strings.Fields(line), " "), strings.Join(strings.Fields(header), " ")) && !strings.HasPrefix(line, " "):
			in = true
		case in && !strings.HasPrefix(line, " "):
			return out
		}
		if in {
			out = append(out, line)
		}
	}
	return out
}

type renderer struct {
	l     *Language
	v     View
	out   []string
	group string
}

// global prints the top level: groups and sections are separated by `!`.
func (r *renderer) global() {
	for _, d := range r.l.decls[Global] {
		if d.Carries != nil {
			r.carriedHere(d)
			continue
		}
		if d.Text != nil {
			if text := d.Text(&r.v); len(text) > 0 {
				r.separate("text", true)
				r.out = append(append(r.out, text...), "!")
			}
			continue
		}
		for _, line := range r.lines(d, nil) {
			r.separate(d.Group, d.Enters != "")
			r.out = append(r.out, line.text)
			if d.Enters != "" && line.args != nil {
				r.section(d, line, 1, grammar.Args{})
				r.out = append(r.out, "!")
				r.group = ""
			}
		}
	}
}

// separate puts a `!` where a new group begins.
func (r *renderer) separate(group string, section bool) {
	if (section || group != r.group || group == "") && r.out[len(r.out)-1] != "!" {
		r.out = append(r.out, "!")
	}
	r.group = group
}

type rendered struct {
	text string
	args grammar.Args // nil for a negated line
}

func (r *renderer) lines(d *Declaration, keys grammar.Args) []rendered {
	if d.Get == nil || d.syntax == nil {
		return nil
	}
	v := r.v
	v.Keys = keys
	var out []rendered
	for _, a := range d.Get(&v) {
		no := a.Has(Negated)
		delete(a, Negated)
		if no {
			if text, err := d.syntax.RenderForm(grammar.No, a); err == nil {
				out = append(out, rendered{text: text})
			}
			continue
		}
		if text, err := d.render(a); err == nil { // a value the syntax cannot say: the laws find it
			out = append(out, rendered{text, a})
		}
	}
	return out
}

func (r *renderer) section(d *Declaration, head rendered, depth int, outer grammar.Args) {
	keys := maps.Clone(outer)
	maps.Copy(keys, head.args)
	pad := strings.Repeat(" ", depth)
	for _, c := range r.l.decls[d.Enters] {
		for _, line := range r.lines(c, keys) {
			r.out = append(r.out, pad+line.text)
			if c.Enters != "" && line.args != nil {
				r.section(c, line, depth+1, keys)
			}
		}
	}
	for _, k := range r.v.Config.Carried {
		if k.In == head.text {
			r.kept(d.Enters, k.Kept, pad)
		}
	}
}

// kept prints a line that is kept and what stands below it, a blank deeper.
func (r *renderer) kept(mode string, k config.Kept, pad string) {
	r.out = append(r.out, pad+k.Line)
	if len(k.Below) == 0 {
		return
	}
	row := r.l.vocab.find(mode, k.Line).row
	inner := ""
	if row != nil {
		inner = row.Enters
	}
	for _, b := range k.Below {
		if b.Text && (row == nil || row.Until == Delimited) {
			r.out = append(r.out, b.Line) // the blanks of a banner are its own
			continue
		}
		r.kept(inner, b, pad+" ")
	}
	if row != nil && row.Exit != "" {
		r.out = append(r.out, pad+row.Exit)
	}
}

// carriedHere prints the kept top-level lines whose place this is.
func (r *renderer) carriedHere(d *Declaration) {
	for _, k := range r.v.Config.Carried {
		if k.In != "" || k.Place < 0 || r.l.places[k.Place].decl != d {
			continue
		}
		word, _, _ := strings.Cut(k.Line, " ")
		section := len(k.Below) > 0 || r.l.heads(Global, k.Line) // a mark ends it even if it is empty
		r.separate("carried "+word, section)
		r.kept(Global, k.Kept, "")
		if section {
			r.out = append(r.out, "!")
			r.group = ""
		}
	}
}

// heads reports that a kept line is the header of a section.
func (l *Language) heads(mode, line string) bool {
	if row := l.vocab.find(mode, line).row; row != nil {
		return row.Enters != ""
	}
	d := l.header(mode, line)
	return d != nil && d.Carry
}
