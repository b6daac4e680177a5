package command

import (
	"slices"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
)

// stop is a place of a mode: what may follow the words before it.
type stop struct {
	mode, path     string
	keywords, free []string // free: arguments that take words a keyword could be
}

// sample is a word that an argument takes, by its label: one that begins no keyword.
func sample(label string) string {
	switch label {
	case "WORD", "LINE":
		return "zzyzx"
	case "A.B.C.D":
		return "10.0.0.1"
	case "X:X:X:X::X":
		return "2001:db8::1"
	case "X:X:X:X::X/<0-128>":
		return "2001:db8::/64"
	case "H.H.H":
		return "001e.7a00.0001"
	}
	if lo, _, ok := strings.Cut(strings.Trim(label, "<>"), "-"); ok && strings.HasPrefix(label, "<") {
		return lo
	}
	return ""
}

// stops visits every place of every mode, as `?` shows them. Two places of one
// command at which the same may follow are one.
func stops(l *language.Language, visit func(*grammar.Graph, stop)) {
	for _, mode := range l.Modes() {
		g, seen, todo := l.Graph(mode.Name), map[string]bool{}, []string{""}
		for len(todo) > 0 {
			p := stop{mode: mode.Name, path: todo[0]}
			todo = todo[1:]
			first := strings.Fields(p.path)
			items := g.Help(p.path, 15).Items
			key := strings.Join(first[:min(2, len(first))], " ")
			for _, i := range items {
				key += "\n" + i.Name + "\t" + i.Text
			}
			if seen[key] {
				continue
			}
			seen[key] = true
			for _, i := range items {
				switch next := p.path + i.Name + " "; {
				case i.Name == grammar.Enter:
				case sample(i.Name) != "":
					if !strings.HasPrefix(i.Name, "<") {
						p.free = append(p.free, i.Name)
					}
					todo = append(todo, p.path+sample(i.Name)+" ")
				default:
					p.keywords = append(p.keywords, i.Name)
					todo = append(todo, next)
				}
			}
			visit(g, p)
		}
	}
}

// TestAbbreviatedBesideFreeWord: where a keyword stands beside a name, the
// shortest unambiguous form of the keyword means it, as on a router, and a name
// that is no such form is the name. The second half is that nobody's phone or
// pool is lost to a keyword that begins as it does.
func TestAbbreviatedBesideFreeWord(t *testing.T) {
	b, _ := testBox(t)
	n := 0
	stops(b.Language, func(g *grammar.Graph, p stop) {
		if len(p.free) == 0 {
			return
		}
		for _, k := range p.keywords {
			whole := g.Help(p.path+k+" ", 15)
			for i := 1; i < len(k); i++ {
				short := k[:i]
				if slices.ContainsFunc(p.keywords, func(o string) bool { return o != k && strings.HasPrefix(strings.ToLower(o), strings.ToLower(short)) }) {
					continue
				}
				n++
				if got := g.Help(p.path+short+" ", 15); !same(got, whole) {
					t.Errorf("[%s] %q is not %q there: %v", p.mode, p.path+short, k, got)
				}
			}
			if slices.Contains(p.free, "WORD") && !slices.ContainsFunc(p.keywords, func(o string) bool { return strings.HasPrefix(o, k) && o != k }) {
				if r := g.Match(p.path+k+"zz", 15); r.Kind == grammar.Ambiguous {
					t.Errorf("[%s] %q is ambiguous", p.mode, p.path+k+"zz")
				}
			}
		}
	})
	if n < 500 {
		t.Errorf("only %d abbreviations", n)
	}
}

func same(a, b grammar.Help) bool {
	return a.Kind == b.Kind && slices.Equal(a.Items, b.Items) && slices.Equal(a.Words, b.Words)
}

// TestShortKeywordHidesNothing: an abbreviation of two keywords of which one
// begins as the other means the short one where that is declared so (`sh pho` is
// show phone). Whatever may follow the long one may then follow the short one:
// `sh pho sum` would else be a phone called sum.
func TestShortKeywordHidesNothing(t *testing.T) {
	b, _ := testBox(t)
	n := 0
	stops(b.Language, func(g *grammar.Graph, p stop) {
		for _, short := range p.keywords {
			var longer []string
			for _, k := range p.keywords {
				if k != short && strings.HasPrefix(k, short) {
					longer = append(longer, k)
				}
			}
			h := g.Help(p.path+short[:len(short)-1]+" ", 15)
			if len(longer) == 0 || len(short) < 2 || h.Kind != grammar.OK || !same(h, g.Help(p.path+short+" ", 15)) {
				continue
			}
			for _, k := range longer {
				n++
				for _, i := range g.Help(p.path+k+" ", 15).Items {
					if !slices.Contains(h.Items, i) {
						t.Errorf("[%s] %q is %q, and that has no %s as %q has", p.mode, p.path+short[:len(short)-1], short, i.Name, k)
					}
				}
			}
		}
	})
	if n == 0 {
		t.Error("no short keyword")
	}
}

// TestNameLikeKeyword: a list whose name is an abbreviation of the keyword beside
// it is printed so that it is that list again, and its line goes with `no`.
func TestNameLikeKeyword(t *testing.T) {
	b, f := testBox(t)
	for _, line := range []string{"ip http access-class ipv4 i", "ip http access-class ipv4 IPv", "ip http access-class ipv6 ipv4",
		"line vty 0 4\n access-class i in", "line vty 0 4\n ipv6 access-class in in", "line vty 0 4\n access-class i in vrf-also"} {
		rep, err := b.Language.Load(line+"\n", config.Default(f), nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Fatal(line, err, rep.Rejected)
		}
		printed := b.Language.RenderText(rep.Config)
		again, err := b.Language.Load(printed, config.Default(f), nil)
		if err != nil || len(again.Rejected) > 0 || b.Language.RenderText(again.Config) != printed {
			t.Errorf("%s: what is printed of it is read as something else: %v\n%s", line, again.Rejected, printed)
		}
		head, own, below := strings.Cut(line, "\n ")
		gone := "no " + head
		if below {
			gone = head + "\n no " + own
		}
		without, err := b.Language.Load(strings.TrimSuffix(printed, "end\n")+gone+"\n", config.Default(f), nil)
		if err != nil || len(without.Rejected) > 0 || strings.Contains(b.Language.RenderText(without.Config), "access-class") {
			t.Errorf("%q does not take it away: %v", gone, without.Rejected)
		}
	}
}
