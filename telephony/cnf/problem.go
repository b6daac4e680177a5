package cnf

import (
	"fmt"

	"option150/telephony/advice"
)

// Severity is how bad a problem is.
type Severity int

// The severities, worst first.
const (
	Refuse  Severity = iota // the configuration is not accepted
	Warning                 // accepted; a phone will not come up as meant
	Note                    // accepted; worth knowing
)

func (s Severity) String() string {
	switch s {
	case Refuse:
		return "refuse"
	case Warning:
		return "warning"
	}
	return "note"
}

// Problem is one finding about the configuration.
type Problem struct {
	Severity Severity
	Code     string // stable name, "duplicate-mac"
	Where    string // section, "ephone 3"; "" = the whole
	Text     string // one sentence without full stop
	Fix      advice.Steps
}

func (p Problem) String() string {
	if p.Where == "" {
		return p.Text
	}
	return p.Where + ": " + p.Text
}

// problems collects findings in the order they are made.
type problems []Problem

func (ps *problems) add(s Severity, code, where, format string, args ...any) *Problem {
	*ps = append(*ps, Problem{Severity: s, Code: code, Where: where, Text: fmt.Sprintf(format, args...)})
	return &(*ps)[len(*ps)-1]
}

// fix is a line of the section the problem is about, or of the top level.
func (p *Problem) fix(format string, args ...any) *Problem {
	if p.Where == "" {
		p.Fix = append(p.Fix, advice.Set(fmt.Sprintf(format, args...)))
		return p
	}
	return p.fixIn(p.Where, format, args...)
}

// fixIn is a line of another section.
func (p *Problem) fixIn(section, format string, args ...any) *Problem {
	p.Fix = append(p.Fix, advice.In(section, fmt.Sprintf(format, args...)))
	return p
}

// tell is advice in words.
func (p *Problem) tell(format string, args ...any) {
	p.Fix = advice.Steps{advice.Tell(fmt.Sprintf(format, args...))}
}

// Refusals returns the problems for which a configuration is not accepted.
func Refusals(ps []Problem) []Problem {
	var out []Problem
	for _, p := range ps {
		if p.Severity == Refuse {
			out = append(out, p)
		}
	}
	return out
}
