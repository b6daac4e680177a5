package phone

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/BurntSushi/toml"
)

// Step is a rule about what a phone has to run before it can take a load: a
// row of steps.toml.
type Step struct {
	Images []string `toml:"images"` // families of images
	Below  Version  `toml:"below"`  // phones that run less need it; unknown = their load does not tell
	First  Version  `toml:"first"`  // the first they cannot take; unknown = every load
	Stone  Version  `toml:"stone"`  // they go over; unknown = any from Below on
	Name   string   `toml:"name"`   // of the stone behind its family
	Form   string   `toml:"form"`   // ending of the stone's image, "" = a list
	Asks   string   `toml:"asks"`   // ending such a phone asks for in place of the load's
	Why    string   `toml:"why"`
	Source string   `toml:"source"`
}

//go:embed steps.toml
var stepsTOML string

// stones is read once and never written; a broken table is a programming error
// that the tests of this package find.
var stones = sync.OnceValue(func() []Step {
	s, err := parseSteps(stepsTOML)
	if err != nil {
		panic("telephony/phone: steps.toml: " + err.Error())
	}
	return s
})

func parseSteps(text string) ([]Step, error) {
	var file struct {
		Step []Step `toml:"step"`
	}
	meta, err := toml.Decode(text, &file)
	if err != nil {
		return nil, fmt.Errorf("stepping stones: %w", err)
	}
	if un := meta.Undecoded(); len(un) > 0 {
		return nil, fmt.Errorf("stepping stones: unknown key %q", un[0].String())
	}
	return file.Step, nil
}

// Steps are all rules.
func Steps() []Step { return slices.Clone(stones()) }

// StepTo is the rule for a load of a family, whatever the phone runs now.
func StepTo(family string, to Load) (Step, bool) {
	v := to.Version()
	for _, s := range stones() {
		if slices.Contains(s.Images, family) && (!s.First.Known || v.Known && v.Compare(s.First) >= 0) {
			return s, s.Form == "" || !strings.EqualFold(to.Suffix(), s.Form) // a target in that form is a stone itself
		}
	}
	return Step{}, false
}

// Needs reports that a phone that runs a load has to go over the stone. ok is
// false when the name of the load does not tell.
func (s Step) Needs(runs Load) (needs, ok bool) {
	v := runs.Version()
	if !v.Known || !s.Below.Known {
		return false, false
	}
	return v.Compare(s.Below) < 0, true
}

// Release is the stone in words.
func (s Step) Release() string {
	switch {
	case s.Stone.Known:
		return s.Stone.String()
	case s.Below.Known:
		return s.Below.String() + " or later as " + s.Form
	}
	return "an image as " + s.Form
}

// Is reports that a load, by the name of its first file, is such a stone.
func (s Step) Is(l Load) bool {
	v := l.Version()
	switch {
	case s.Form != "" && !strings.EqualFold(l.Suffix(), s.Form), s.Form == "" && !strings.EqualFold(l.Suffix(), ".loads") && l.Suffix() != "":
		return false
	case s.Stone.Known:
		return v.Known && v == s.Stone
	case s.Below.Known:
		return v.Known && v.Compare(s.Below) >= 0
	}
	return true
}

// written is a release as Cisco writes it.
var written = regexp.MustCompile(`^(\d{1,3})\.(\d{1,3})(?:\((\d{1,3})\))?(?:SR(\d{1,3}))?$`)

// UnmarshalText reads a release as Cisco writes it, 8.5(2)SR1.
func (v *Version) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	g := written.FindStringSubmatch(string(text))
	if g == nil {
		return fmt.Errorf("%q is no release", text)
	}
	n := func(s string) int { i, _ := strconv.Atoi(s); return i }
	*v = Version{n(g[1]), n(g[2]), n(g[3]), n(g[4]), true}
	return nil
}
