package config

import (
	"errors"
	"strings"

	"option150/telephony/advice"
)

// Severity says what a problem does to a change.
type Severity int

// The severities.
const (
	Note    Severity = iota // worth knowing, said by the audit
	Warning                 // probably wrong, said by the audit and when typed
	Refuse                  // the change is refused
)

func (s Severity) String() string { return [...]string{"note", "warning", "refused"}[s] }

// Kind groups problems by what the CLI answers.
type Kind string

// The kinds.
const (
	PortClash Kind = "port" // answered with the text of source 000
	Rule      Kind = "rule"
)

// Problem is one finding about a configuration.
type Problem struct {
	Severity Severity
	Kind     Kind
	Code     string // of the audit: "A16"; what telephony/cnf calls a problem by name keeps the name, "ephone-without-type"
	Section  string // where, as it is typed: "telephony-service", "ip dhcp pool VOICE", "ephone 9"
	Text     string // one sentence, no period, no leading %
	Fix      advice.Steps
}

// Refused is the error of a change that a rule forbids.
type Refused struct{ Problems []Problem }

func (r *Refused) Error() string {
	var t []string
	for _, p := range r.Problems {
		t = append(t, p.Text)
	}
	return strings.Join(t, "; ")
}

// Refusal returns the error for those problems that refuse, nil if none does.
func Refusal(ps []Problem) error {
	var bad []Problem
	for _, p := range ps {
		if p.Severity == Refuse {
			bad = append(bad, p)
		}
	}
	if bad == nil {
		return nil
	}
	return &Refused{bad}
}

// About is the error of a change in a section: of what is wrong, what is said of
// that section, if anything is.
func About(err error, section string) error {
	var r *Refused
	if !errors.As(err, &r) {
		return err
	}
	var here []Problem
	for _, p := range r.Problems {
		if p.Section == Collapse(section) {
			here = append(here, p)
		}
	}
	if here == nil {
		return err
	}
	return &Refused{here}
}
