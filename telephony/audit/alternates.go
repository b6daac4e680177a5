package audit

import (
	"fmt"

	"option150/platform/config"
	"option150/telephony/advice"
	"option150/telephony/firmware"
	"option150/telephony/phone"
)

// Alternate is another file server as it was found.
type Alternate struct {
	Line string // of the configuration, "file-server alternate 1 10.9.0.1"
	Down bool
	Why  string // it did not answer the last question, or any for long
	New  bool   // it was not asked yet
	Odd  string // it answers, and not as a file server does
}

// Differing is a file of which two alternates have different bytes.
type Differing struct{ Name, One, Other string }

// Alternates is what is known of the other file servers.
type Alternates struct {
	Servers []Alternate
	Differ  []Differing
}

// kept finds what phones are given without anybody being asked.
func (a *around) kept(name string) (firmware.Found, bool) {
	if a.c.Upstream.Abroad() && a.w.Flash.Kept != nil {
		return a.w.Flash.Kept(name)
	}
	return a.w.Flash.Find(name)
}

// here reports something wrong with a file that is on flash: and is served, so
// that no alternate is asked for it.
func here(m firmware.Missing) bool {
	return m.Fatal() && m.Kind != firmware.Absent && m.Kind != firmware.Empty
}

// loadAbroad is a load of which files are absent here, beside alternates. It is
// in no phone file unless it is forced into them; what a phone is to fetch is
// known where it is kept from an alternate.
func (a *around) loadAbroad(l loadLine, s firmware.State, bad []string) {
	code := "A02"
	if s.Set == nil {
		code = "A01"
	}
	load := phone.Load(l.File).Canonical()
	fetch := advice.Do("hfs prefetch load " + load)
	kept := firmware.Examine(a.kept, phone.Load(l.File), false).Complete()
	ev := ""
	if s.Set != nil {
		ev = fmt.Sprintf("%s names %d files, %d are here and whole", s.First, s.Total, s.Present)
	}
	switch {
	case l.Force && kept:
	case l.Force:
		a.add(config.Note, code, l.section, "load %s %s: on flash: %s; an alternate file server may have that", l.Type, l.File, enumerate(bad)).
			seen("%s", ev).fix(fetch, advice.Tell("it says whether one has it. If not, put the files of the load on flash:, as they came in one package."))
	default:
		x := a.add(config.Warning, code, l.section, "load %s %s is in no phone file, for on flash: %s; an alternate file server may have that", l.Type, l.File, enumerate(bad))
		// What is forced is named to phones that need another release first, too.
		name := fmt.Sprintf("load %s %s force", l.Type, l.File)
		steps := advice.Steps{advice.In(l.section, name)}
		if len(firmware.Before(phone.Load(l.File))) > 0 {
			steps = advice.Steps{advice.Tell("put the files of the load on flash: too, so that older phones get what they need first; `" + name + "` names it to all of them at once.")}
		}
		near := ""
		if code == "A01" {
			near = a.nearLoad(l)
		}
		switch {
		case kept:
			x.Text = fmt.Sprintf("load %s %s is in no phone file, for on flash: %s; it is kept whole from an alternate file server", l.Type, l.File, enumerate(bad))
		case near != "":
			x.Text += ", and " + near + " is there"
			steps = advice.Steps{fetch, advice.Tell("it says whether one has it; put the files of the load on flash: too then. If not:"), advice.In(l.section, fmt.Sprintf("load %s %s", l.Type, near))}
		default:
			steps = append(advice.Steps{fetch, advice.Tell("it says whether one has it. If so, to have it named:")}, steps...)
		}
		x.seen("%s", ev).fix(steps...)
	}
}

// alternates looks at the other file servers and at what stands beside them.
func (a *around) alternates() {
	if !a.c.Upstream.Abroad() {
		return
	}
	// [source 004: "Cisco does not recommend enabling auto-registration on
	// Centralized TFTP Server"]
	if s := a.c.Telephony.Service; s.Present && !s.NoAutoReg {
		a.add(config.Warning, "A30", "telephony-service", "auto-registration is on beside alternate file servers: while one of them is down its phones may register here as new ones").
			fix(advice.In("telephony-service", "no auto-reg-ephone"))
	}
	if a.w.Alternates == nil {
		return
	}
	for _, s := range a.w.Alternates.Servers {
		switch {
		case s.Down:
			a.add(config.Warning, "A31", s.Line, "it does not answer: %s", s.Why).fix(advice.Tell("check the line to it and its file service"))
		case s.Why != "":
			a.add(config.Warning, "A31", s.Line, "it did not answer the last question: %s", s.Why).fix(advice.Tell("check the line to it and its file service"))
		case s.Odd != "":
			a.add(config.Warning, "A31", s.Line, "it answers, and not as a file server does: %s", s.Odd).fix(advice.Tell("check that its file service answers HTTP on that port, and that nothing between asks for a login"))
		}
	}
	for _, d := range a.w.Alternates.Differ {
		a.add(config.Warning, "A31", "", "%s is not the same file at %s and at %s", d.Name, d.One, d.Other).
			fix(advice.Tell("install the same firmware package on both"))
	}
}
