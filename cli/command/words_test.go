package command

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/config"
)

// unprinted are the words that are accepted and not printed back, with the
// reason: they say what holds anyway, or the same as another form.
var unprinted = map[string]string{
	"ip any-match":              "the default of a source address",
	"source-address any-match":  "the same",
	"ip ipv4":                   "ip http access-class ipv4 N is ip http access-class N",
	"permit host":               "permit host A is permit A, as routers print it",
	"deny host":                 "the same",
	"access-list host":          "the same",
	"permit any":                "A with all bits ignored is any",
	"deny any":                  "the same",
	"access-list any":           "the same",
	"hardware-address ethernet": "the hardware type there is without the word",
	"create version-stamp":      "stamps that routers print: they would change with each build",
	"create sync":               "the same",
	"notify contenttype":        "plaintext is the only content type",
	"notify plaintext":          "the same",
	"line console":              "line console 0 is line con 0",
	"number no-reg":             "number N no-reg is number N no-reg both",
	"privilege exec":            "privilege MODE reset gives a command the level it has anyway",
	"privilege reset":           "the same",
	"username privilege":        "1 is the default",
	"enable level":              "15 is the default",
	"max-dn preference":         "0 is the default",
	"ip signaling":              "routers print signal",
}

var usageWord = regexp.MustCompile(`[a-zA-Z][a-zA-Z0-9/-]*`)

// TestEveryWordIsKept types random lines; the keywords of each that is accepted
// are printed back, if anything of the command is. A word that is accepted and
// thrown away has no effect and nobody is told.
func TestEveryWordIsKept(t *testing.T) {
	b, f := testBox(t)
	lost := map[string]string{}
	for seed := range histories(t) {
		o := &operator{r: rand.New(rand.NewPCG(uint64(seed), 151)), l: b.Language, f: f, c: config.Default(f)}
		for range 60 {
			in, n := o.section(), len(o.typed)
			o.type1()
			if len(o.typed) == n {
				continue
			}
			header, line, _ := strings.Cut(o.typed[n], "| ")
			if header != in.Header {
				in = language.Section{Mode: language.Global} // it went back to the top
			}
			r := b.Language.Graph(in.Mode).Match(line, 15)
			if r.Kind != grammar.OK || r.Form != grammar.Plain {
				continue
			}
			d := r.Action.(*language.Declaration)
			typed, ok := b.Language.Canonical(r)
			if !ok || d.Carry || d.Get == nil {
				continue
			}
			var printed []string
			for _, l := range b.Language.Render(o.c, true) {
				l = strings.TrimPrefix(strings.TrimLeft(l, " "), "no ")
				if p := b.Language.Graph(in.Mode).Match(l, 15); p.Kind == grammar.OK && p.Action == r.Action {
					printed = append(printed, strings.Fields(l)...)
				}
			}
			keywords := usageWord.FindAllString(d.Usage(), -1)
			words := strings.Fields(strings.TrimLeft(typed, "0123456789 ")) // without a sequence number
			for _, w := range words {
				if len(printed) > 0 && slices.Contains(keywords, w) && !slices.Contains(printed, w) && unprinted[words[0]+" "+w] == "" {
					lost[in.Mode+": "+d.Usage()+": "+w] = typed
				}
			}
		}
	}
	for word, line := range lost {
		t.Errorf("%s of %q is accepted and not printed back", word, line)
	}
}
