package command

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
	"option150/platform/netif"
	"option150/platform/running"
)

// testBox is a box of which only the language works.
func testBox(t testing.TB) (*Box, config.Facts) {
	t.Helper()
	f := config.Facts{Interfaces: []config.InterfaceFact{
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}, Up: true},
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/1", Device: "eth1"}, Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
	}}
	b := &Box{}
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }})
	l, err := New(b)
	if err != nil {
		t.Fatal(err)
	}
	b.Language = l
	return b, f
}

// operator types random lines. It knows nothing of the commands: it asks the
// grammar what may come next, as an engineer with the `?` key does, and so
// reaches every declaration. Its values are biased to boundaries.
type operator struct {
	r     *rand.Rand
	l     *language.Language
	f     config.Facts
	c     *config.Config
	stack []language.Section
	typed []string
	half  string // a line that was refused and had an effect
	spoil bool   // some of his arguments make no sense
	first string // lines begin with it; "" = with anything
}

// words has names that are abbreviations of keywords too: what is printed of them
// has to mean them again.
var words = []string{"i", "a", "s", "1", "2", "1001", "alpha", "x", "VOICE", "DATA", "1:1", "2o3,4", "1:1", "flash:a.bin", "flash:phones", "US", "DE", "001e.7a00.0001", "001e.7a00.0002", "0100.1e7a.0000.01", "7914", "SCCP41.9-4-2SR2-2S", "rtp-nte", "gi0/0", "7961", "8841", "7960-7940", "cisco", "two words", "0123456789abcdef0123456789ABCDEF", "show clock"}
var addrs = []string{"10.0.0.1", "10.0.0.2", "10.0.0.254", "10.1.0.1", "192.0.2.1", "255.255.255.0", "255.255.0.0", "10.0.0.0", "0.0.0.0", "255.255.255.255"}

func pick(r *rand.Rand, l []string) string { return l[r.IntN(len(l))] }

func (o *operator) section() language.Section {
	if n := len(o.stack); n > 0 {
		return o.stack[n-1]
	}
	return language.Section{Mode: language.Global}
}

// line makes one line of the current mode.
func (o *operator) line() string {
	g := o.l.Graph(o.section().Mode)
	line := ""
	switch o.r.IntN(6) {
	case 0:
		line = "no "
	case 1:
		if o.r.IntN(3) == 0 {
			line = "default "
		}
	}
	if o.first != "" {
		line += o.first + " "
	}
	for range 24 {
		h := g.Help(line, 15)
		if h.Kind != grammar.OK || len(h.Items) == 0 {
			break
		}
		it := h.Items[o.r.IntN(len(h.Items))]
		if it.Name == grammar.Enter {
			break
		}
		line += o.value(it.Name) + " "
	}
	return strings.TrimSpace(line)
}

func (o *operator) value(name string) string {
	if lo, hi, ok := bounds(name); ok {
		switch o.r.IntN(6) {
		case 0:
			return strconv.Itoa(hi)
		case 1:
			return strconv.Itoa(min(lo+1, hi))
		case 2:
			return strconv.Itoa(lo + o.r.IntN(min(hi-lo, 1<<20)+1))
		default:
			return strconv.Itoa(min(lo+o.r.IntN(3), hi)) // low tags meet each other
		}
	}
	switch name {
	case "A.B.C.D":
		return pick(o.r, addrs)
	case "/nn":
		return pick(o.r, []string{"/24", "/8", "/30", "/31"})
	case "H.H.H":
		return fmt.Sprintf("001e.7a00.000%d", o.r.IntN(3))
	case "IFNAME":
		return pick(o.r, []string{"gi0/0", "GigabitEthernet0/1"})
	case "WORD", "LINE":
		if o.spoil && o.r.IntN(3) == 0 {
			return pick(o.r, bad)
		}
		return pick(o.r, words)
	}
	return name
}

func bounds(name string) (lo, hi int, ok bool) {
	if !strings.HasPrefix(name, "<") {
		return 0, 0, false
	}
	n, _ := fmt.Sscanf(name, "<%d-%d>", &lo, &hi)
	return lo, hi, n == 2
}

// type1 types one line as a session does: a refused line changes nothing.
func (o *operator) type1() {
	if o.r.IntN(5) == 0 {
		o.stack = nil
	}
	line := o.line()
	r := o.l.Graph(o.section().Mode).Match(line, 15)
	if r.Kind != grammar.OK {
		return
	}
	d := r.Action.(*language.Declaration)
	if d.Run != nil || strings.HasPrefix(d.Syntax, "banner") {
		return
	}
	cand := o.c.Clone()
	if err := o.l.Apply(cand, o.section(), r, line); err != nil {
		if !cand.Equal(o.c) {
			o.half = line
		}
		return
	}
	if config.Refusal(cand.Validate(o.f)) != nil {
		return
	}
	o.c = cand
	o.typed = append(o.typed, o.section().Header+"| "+line)
	if d.Enters != "" && r.Form == grammar.Plain {
		if sec, err := o.l.Enter(o.section(), r); err == nil {
			o.stack = append(o.stack, sec)
		}
	} else if d.Enters != "" {
		o.stack = nil
	}
}

func histories(t testing.TB) int {
	if s := os.Getenv("OPTION150_LAWS"); s != "" {
		n, _ := strconv.Atoi(s)
		return n
	}
	if testing.Short() {
		return 50
	}
	return 400
}

// TestLaws checks L1, L2, L3 and L5 over random operator histories.
func TestLaws(t *testing.T) {
	b, f := testBox(t)
	for seed := range histories(t) {
		checkLaws(t, b.Language, f, uint64(seed), 60)
		if t.Failed() {
			return
		}
	}
}

// FuzzLaws lets the fuzzer choose the histories.
func FuzzLaws(f *testing.F) {
	b, facts := testBox(f)
	f.Add(uint64(1), 40)
	f.Fuzz(func(t *testing.T, seed uint64, n int) {
		checkLaws(t, b.Language, facts, seed, min(max(n, 0), 200))
	})
}

func checkLaws(t *testing.T, l *language.Language, f config.Facts, seed uint64, lines int) {
	t.Helper()
	factory := config.Default(f)
	o := &operator{r: rand.New(rand.NewPCG(seed, 150)), l: l, f: f, c: factory.Clone()}
	for range lines {
		o.type1()
	}
	if o.half != "" {
		t.Fatalf("L6: %q is refused and changes the configuration (seed %d)", o.half, seed)
	}
	text := l.RenderText(o.c)
	story := func() string {
		return fmt.Sprintf("seed %d\ntyped:\n%s\nprinted:\n%s", seed, strings.Join(o.typed, "\n"), text)
	}
	rep, err := l.Load(text, factory, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(rep.Rejected) > 0 {
		t.Fatalf("L1: the box refuses what it printed: %v\n%s", rep.Rejected[0], story())
	}
	if !rep.Config.Equal(o.c) {
		t.Fatalf("L1: loading what was printed gives another configuration\n%s\nwas:  %+v\nthen: %+v", story(), *o.c, *rep.Config)
	}
	if again, _ := l.Load(text, o.c, nil); !again.Config.Equal(o.c) {
		t.Fatalf("L2: typing it again changes it\n%s\nthen:\n%s", story(), l.RenderText(again.Config))
	}
	undo(t, l, o.c, factory, story)
	prefixes(t, l, f, factory, text, story)
}

// undo is L3: `no` before each printed top-level line gives the factory. Lines
// the factory prints itself stay; a line printed with `no`, and one whose `no`
// is a state of its own, is undone with `default`.
func undo(t *testing.T, l *language.Language, c, factory *config.Config, story func() string) {
	t.Helper()
	own := map[string]bool{}
	for _, line := range l.Render(factory, false) {
		own[line] = true
	}
	lines := strings.Split(l.RenderText(c), "\n")
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i]
		if line == "" || line == "!" || line == "end" || line[0] == ' ' || own[line] && !strings.HasPrefix(line, "interface ") && !strings.HasPrefix(line, "line ") {
			continue
		}
		not := "no " + line
		if bare, ok := strings.CutPrefix(line, "no "); ok {
			not = "default " + bare
		} else if r := l.Graph(language.Global).Match(line, 15); r.Kind == grammar.OK && r.Action.(*language.Declaration).Reset != nil {
			not = "default " + line // `no` is a state of its own: no logging console
		}
		rep, err := l.Load(not, c, nil)
		if err != nil || len(rep.Rejected) > 0 {
			t.Fatalf("L3: %q is refused: %v %v\n%s", not, err, rep.Rejected, story())
		}
		c = rep.Config
	}
	if !c.Equal(factory) {
		t.Fatalf("L3: `no` of every line does not give the factory configuration\n%s\nleft:\n%s", story(), l.RenderText(c))
	}
}

// prefixes is L5: every prefix of a rendered configuration validates.
func prefixes(t *testing.T, l *language.Language, f config.Facts, factory *config.Config, text string, story func() string) {
	t.Helper()
	lines := strings.SplitAfter(text, "\n")
	for n := 0; n < len(lines); n += 1 + n/8 {
		rep, err := l.Load(strings.Join(lines[:n], ""), factory, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := config.Refusal(rep.Config.Validate(f)); err != nil {
			t.Fatalf("L5: the first %d lines do not validate: %v\n%s", n, err, story())
		}
	}
}
