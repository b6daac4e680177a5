package audit

import (
	"option150/platform/config"
	"option150/telephony/advice"
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

// alternates looks at the other file servers and at what stands beside them.
func (a *around) alternates() {
	if len(a.c.Upstream.Alternates) == 0 {
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
