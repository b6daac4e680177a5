package grammar

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// toy makes random commands, and random lines and arguments of them, from
// rules of its own: a second opinion on the engine.
type toy struct {
	*rand.Rand
	names int
	form  Form // of what is being said
}

// piece is one syntax with a way to say it.
type piece struct {
	text string
	say  func(a Args) []string // random words; fills a
}

var vocabulary = []string{"ip", "ipv6", "ping", "pool", "port", "server", "service", "secondary", "auto", "autoconfig", "MAC", "no-reg"}

func (t *toy) name() string { t.names++; return fmt.Sprintf("n%d", t.names) }

func (t *toy) piece(depth int) piece {
	kind := t.IntN(10)
	if depth == 0 {
		kind = t.IntN(5)
	}
	switch kind {
	case 0, 1, 2:
		w := vocabulary[t.IntN(len(vocabulary))]
		if t.IntN(2) == 0 {
			return piece{w + `("` + w + `")`, func(Args) []string { return []string{w} }}
		}
		n := t.name()
		return piece{w + "$" + n + `("` + w + `")`, func(a Args) []string { a[n] = w; return []string{w} }}
	case 3, 4:
		return t.argument()
	case 5:
		p := t.sequence(depth-1, 1+t.IntN(2))
		return piece{"![" + p.text + "]", func(a Args) []string {
			if t.form != Plain && t.IntN(2) == 0 {
				return nil
			}
			return p.say(a)
		}}
	case 6:
		p := t.sequence(depth-1, 1+t.IntN(2))
		return piece{"[" + p.text + "]", func(a Args) []string {
			if t.IntN(2) == 0 {
				return nil
			}
			return p.say(a)
		}}
	case 7, 8:
		p, q := t.sequence(depth-1, 1+t.IntN(2)), t.sequence(depth-1, 1+t.IntN(2))
		return piece{"(" + p.text + "|" + q.text + ")", func(a Args) []string {
			if t.IntN(2) == 0 {
				return p.say(a)
			}
			return q.say(a)
		}}
	}
	list := make([]piece, 2+t.IntN(3))
	texts := make([]string, len(list))
	for i := range list {
		list[i] = t.sequence(depth-1, 1+t.IntN(2))
		texts[i] = list[i].text
	}
	return piece{"{" + strings.Join(texts, "|") + "}", func(a Args) (out []string) {
		for _, i := range t.Perm(len(list))[:t.IntN(len(list)+1)] {
			out = append(out, list[i].say(a)...)
		}
		return out
	}}
}

func (t *toy) argument() piece {
	n := t.name()
	arg := func(typ, help, repeat string) string {
		return "<" + n + ":" + typ + `>("` + help + `")` + repeat
	}
	switch t.IntN(5) {
	case 0:
		return piece{arg("1-100", "Number", ""), func(a Args) []string {
			v := 1 + t.IntN(100)
			a[n] = v
			return []string{fmt.Sprint(v)}
		}}
	case 1:
		return piece{arg("A.B.C.D", "Address", "+4"), func(a Args) (out []string) {
			var list []any
			for range 1 + t.IntN(4) {
				v := addr(fmt.Sprintf("10.0.%d.%d", t.IntN(256), t.IntN(256)))
				list, out = append(list, v), append(out, v.String())
			}
			a[n] = list
			return out
		}}
	case 2:
		return piece{arg("IFNAME", "Interface", ""), func(a Args) []string {
			v := fmt.Sprintf("%d/%d", t.IntN(3), t.IntN(3))
			a[n] = "GigabitEthernet" + v
			return []string{[]string{"gi", "Gi ", "GigabitEthernet"}[t.IntN(3)] + v}
		}}
	case 3:
		return piece{arg("STRING", "Name", ""), func(a Args) []string {
			v := []string{"Xx", "X  y z", "", "x\"y", "X\tx"}[t.IntN(5)]
			a[n] = v
			return []string{quoted{}.Format(v)}
		}}
	}
	return piece{arg("WORD", "Word", ""), func(a Args) []string {
		v := fmt.Sprintf("X%d", t.IntN(1000)) // no number, no beginning of a keyword
		a[n] = v
		return []string{v}
	}}
}

func (t *toy) sequence(depth, length int) piece {
	var list []piece
	var texts []string
	for range length {
		p := t.piece(depth)
		list, texts = append(list, p), append(texts, p.text)
	}
	return piece{strings.Join(texts, " "), func(a Args) (out []string) {
		for _, p := range list {
			out = append(out, p.say(a)...)
		}
		return out
	}}
}

// withLine lets a command end in a LINE.
func (t *toy) withLine(p piece) piece {
	n := t.name()
	return piece{p.text + " text(\"text\") <" + n + ":LINE>(\"Text\")", func(a Args) []string {
		v := []string{"Xx", "ip  port", "! | \"x", "é\t7"}[t.IntN(4)]
		out := append(p.say(a), "text", v)
		a[n] = v
		return out
	}}
}

// grammar makes a graph of random commands; those the laws forbid are left out.
func (t *toy) grammar(want int) (*Graph, []piece) {
	g, pieces := NewGraph(), []piece(nil)
	for range want * 20 {
		p := t.sequence(2, 2+t.IntN(3))
		if t.IntN(4) == 0 {
			p = t.withLine(p)
		}
		s, err := Parse(p.text, toyTypes())
		if err != nil || g.Try(s, len(pieces), Options{Negatable: t.IntN(2) == 0}) != nil {
			continue
		}
		if pieces = append(pieces, p); len(pieces) == want {
			break
		}
	}
	return g, pieces
}

// TestLaws: of random commands, a line gives the arguments it was made from;
// rendered, they give them again; and rendering is a fixed point.
func TestLaws(t *testing.T) {
	said := map[Form]int{}
	for seed := range uint64(1000) {
		r := &toy{Rand: rand.New(rand.NewPCG(seed, 150))}
		// Neighbours take words from each other (a keyword, a lower rank), which
		// the other tests are about: here a command is alone.
		g, pieces := r.grammar(1)
		if len(pieces) == 0 {
			continue
		}
		c := g.Commands()[0]
		for range 30 {
			form := Plain
			if c.Options.Negatable {
				form = Form(r.IntN(3))
			}
			r.form = form
			args := Args{}
			line := strings.Join(pieces[0].say(args), "  ")
			if form != Plain {
				line = form.String() + " " + line
			}
			m := g.Match(line, 15)
			if m.Kind != OK || m.Form != form || !m.Full {
				t.Fatalf("seed %d: %s\n%q: %v at %d", seed, c.Syntax, line, m.Kind, m.Offset)
			}
			if d := cmp.Diff(args, m.Args, byAddr); d != "" {
				t.Fatalf("seed %d: %s\n%q: %s", seed, c.Syntax, line, d)
			}
			canonical, err := c.Syntax.RenderForm(form, args)
			if err != nil {
				t.Fatalf("seed %d: %q: %v", seed, line, err)
			}
			again := g.Match(canonical, 15)
			if d := cmp.Diff(args, again.Args, byAddr); d != "" || again.Kind != OK || again.Form != form {
				t.Fatalf("seed %d: %s\n%q rendered %q: %v %s", seed, c.Syntax, line, canonical, again.Kind, d)
			}
			if twice, err := c.Syntax.RenderForm(form, again.Args); err != nil || twice != canonical {
				t.Fatalf("seed %d: %q rendered again %q %v", seed, canonical, twice, err)
			}
			said[form]++
		}
	}
	if said[Plain] < 1000 || said[No] < 200 || said[Default] < 200 {
		t.Errorf("too few lines to prove anything: %v", said)
	}
}

// TestPrefixes: a shortened keyword means the full one, or is ambiguous, or is
// itself a keyword in full.
func TestPrefixes(t *testing.T) {
	exact := map[string]bool{"no": true}
	for _, w := range vocabulary {
		exact[strings.ToLower(w)] = true
	}
	same, ambiguous := 0, 0
	for seed := range uint64(150) {
		r := &toy{Rand: rand.New(rand.NewPCG(seed, 151))}
		g, pieces := r.grammar(12)
		for range 10 {
			if len(pieces) == 0 {
				break
			}
			line := strings.Join(pieces[r.IntN(len(pieces))].say(Args{}), " ")
			full := g.Match(line, 15)
			if full.Kind != OK {
				continue // another command has a better claim to one of the words
			}
			for from := 0; from < len(line); from++ {
				to := from + strings.IndexAny(line[from:]+" ", blanks)
				if from > 0 && line[from-1] != ' ' || !exact[strings.ToLower(line[from:to])] {
					continue
				}
				for cut := from + 1; cut < to; cut++ {
					if exact[strings.ToLower(line[from:cut])] {
						continue
					}
					short := line[:from] + strings.ToUpper(line[from:cut]) + line[to:]
					m := g.Match(short, 15)
					switch {
					case strings.Contains(line[:from], "text "): // within the LINE
					case m.Kind == Ambiguous && m.Offset == from:
						ambiguous++
					case m.Kind != OK || m.Full || m.Form != full.Form || m.Action != full.Action:
						t.Fatalf("seed %d: %q is %v %v, %q is %v %v at %d", seed, line, full.Kind, full.Action, short, m.Kind, m.Action, m.Offset)
					default:
						if d := cmp.Diff(full.Args, m.Args, byAddr); d != "" {
							t.Fatalf("seed %d: %q and %q: %s", seed, line, short, d)
						}
						same++
					}
				}
			}
		}
	}
	if same < 500 || ambiguous < 100 {
		t.Errorf("too few lines to prove anything: %d the same, %d ambiguous", same, ambiguous)
	}
}

// TestHelpAgrees: what help offers can be typed, and <cr> is offered exactly
// where a line is complete.
func TestHelpAgrees(t *testing.T) {
	for seed := range uint64(100) {
		r := &toy{Rand: rand.New(rand.NewPCG(seed, 152))}
		g, _ := r.grammar(8)
		line := ""
		for range 12 {
			h := g.Help(line, 15)
			if h.Kind != OK || h.Word || len(h.Items) == 0 {
				t.Fatalf("seed %d: help of %q: %+v", seed, line, h)
			}
			complete := h.Items[len(h.Items)-1].Name == Enter
			if m := g.Match(line, 15); complete != (m.Kind == OK) {
				t.Fatalf("seed %d: %q is %v, help %+v", seed, line, m.Kind, h.Items)
			}
			item := h.Items[r.IntN(len(h.Items))]
			if item.Name == Enter {
				break
			}
			if item.Text == "" {
				t.Fatalf("seed %d: no help for %q after %q", seed, item.Name, line)
			}
			word, argument := map[string]string{"<1-100>": "7", "A.B.C.D": "10.0.0.1", "IFNAME": "gi0/0", "WORD": "Xx", "LINE": "Xx"}[item.Name]
			if !argument {
				word = item.Name
				if rest, ok := g.Complete(line+word, 15); !ok || rest != " " {
					t.Fatalf("seed %d: %q is offered, Tab gives %q %v", seed, line+word, rest, ok)
				}
			}
			line += word + " "
		}
	}
}
