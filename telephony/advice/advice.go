// Package advice is how the box says what to do: a line with the mode it is
// typed in, or an instruction for people.
//
// Verdicts (telephony/inventory) and findings (telephony/audit) both end in
// advice. A line of ours is kept apart from words about it, so that a test can
// type it and see the cure; what the operator reads is made of it here, in one
// way.
//
// Failure: none, these are values. Testing: tables; the laws over all advice
// there is are tested where it is given.
package advice

import "strings"

// The modes that are not sections.
const (
	Exec   = "exec"   // privileged EXEC
	Config = "config" // global configuration
)

// Fix is one thing to do.
type Fix struct {
	// Mode is where Line is typed: Exec, Config, or the header of a section as
	// it is typed in global configuration ("ip dhcp pool VOICE"), with " / " and
	// another header behind it where sections stand in sections. "" = Line is an
	// instruction: for another device, or for somebody's hands.
	Mode string
	Line string
}

// Tell is an instruction for people.
func Tell(text string) Fix { return Fix{Line: text} }

// Do is a line of privileged EXEC.
func Do(line string) Fix { return Fix{Mode: Exec, Line: line} }

// Set is a line of global configuration.
func Set(line string) Fix { return Fix{Mode: Config, Line: line} }

// In is a line of the section with that header.
func In(header, line string) Fix { return Fix{Mode: header, Line: line} }

// IsZero reports that there is no advice.
func (f Fix) IsZero() bool { return f == Fix{} }

// Typed reports that Line is typed into this box.
func (f Fix) Typed() bool { return f.Mode != "" }

// Lines are what is typed in privileged EXEC, one after the other, to follow
// the advice; nil for an instruction.
func (f Fix) Lines() []string {
	switch f.Mode {
	case "":
		return nil
	case Exec:
		return []string{f.Line}
	case Config:
		return []string{"configure terminal", f.Line, "end"}
	}
	return append(append([]string{"configure terminal"}, f.Headers()...), f.Line, "end")
}

// Headers are the headers of the section Line is typed in, the outer one first.
func (f Fix) Headers() []string { return strings.Split(f.Mode, " / ") }

// String is what the operator reads: a line of a section stands behind its
// header.
func (f Fix) String() string {
	if f.Mode == "" || f.Mode == Exec || f.Mode == Config {
		return f.Line
	}
	return f.Mode + " / " + f.Line
}

// Steps is advice of several things, in their order.
type Steps []Fix

// String joins them; the lines of one section name it once. A sentence that goes
// on has no full stop.
func (s Steps) String() string {
	var b strings.Builder
	section := ""
	for i, f := range s {
		text := f.String()
		if i > 0 {
			if f.Mode == section && f.Typed() && f.Mode != Exec && f.Mode != Config {
				text = " / " + f.Line
			} else if strings.HasSuffix(b.String(), ":") {
				b.WriteString(" ")
			} else {
				b.WriteString("; ")
			}
		}
		if i+1 < len(s) && f.Mode == "" {
			text = strings.TrimSuffix(text, ".")
		}
		b.WriteString(text)
		section = f.Mode
	}
	return b.String()
}
