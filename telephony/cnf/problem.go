package cnf

import "fmt"

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
	Fix      string // a line to type, "" if there is none
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

func (p *Problem) fix(format string, args ...any) { p.Fix = fmt.Sprintf(format, args...) }

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
