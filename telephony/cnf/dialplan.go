package cnf

import (
	"slices"
	"strconv"
	"strings"
)

// Dialplan is one `voice register dialplan TAG` section.
type Dialplan struct {
	Tag      int
	Type     string        // PlanText or PlanXML; "" = not said
	Patterns []DialPattern // sorted by position
	Filename string        // a file of the owner instead of patterns
}

// DialPattern is one `pattern N STRING [button B] [timeout S] [user U]` line.
type DialPattern struct {
	Position int
	Digits   string // digits * # \* . and the comma, which is a second dial tone
	Button   int    // 0 = all
	Timeout  int    // seconds, and one; 0 = not said
	User     string // "", "ip" or "phone"
}

// match is the pattern as phones know it: the T of IOS, which waits for more
// digits, is a star there.
func (p DialPattern) match() string {
	if d, waits := strings.CutSuffix(p.Digits, "T"); waits {
		return d + "*"
	}
	return p.Digits
}

// The types of a dial plan.
const (
	PlanText = "7905-7912"
	PlanXML  = "7940-7960-others"
)

// Names of dial plans. The 7940 and 7960 ask for dialplan.xml when their file
// names none; others wait 15 s for each call then. [usecallmanager.nz: dial
// template; sources/004 table 11-3]
const (
	defaultPlan    = "dialplan.xml"
	defaultDRPlan  = "DRDefault.xml"
	interdigitTime = 5 // seconds, unless `timeouts interdigit` says something else
	maxDialPlan    = 199
)

// dialFile and drFile are the files of a dial plan: for the 7940 and 7960, and
// for all others that read XML. [sources/004 table 11-3]
func dialFile(tag int) string { return "dialplan" + strconv.Itoa(tag) + ".xml" }
func drFile(tag int) string   { return "DR" + strconv.Itoa(tag) + ".xml" }

// plan finds a dial plan that makes a file for phones of that kind.
func plan(list []Dialplan, tag int, xml bool) *Dialplan {
	i := slices.IndexFunc(list, func(d Dialplan) bool { return d.Tag == tag })
	if i < 0 || tag == 0 || (list[i].Type == PlanXML) != xml || len(list[i].Patterns) == 0 && list[i].Filename == "" {
		return nil
	}
	return &list[i]
}

// interdigit is how long a phone waits for the next digit.
func (in *inputs) interdigit() int {
	if n := in.Global.Interdigit; n > 0 {
		return n
	}
	return interdigitTime
}

// dialed are the names of the dial plan of a phone: its own, if there is one
// and its file is served, else the default.
func (in *inputs) dialed(tag int) dialed {
	out := dialed{text: defaultPlan, dr: defaultDRPlan, rule: in.dialParameter(tag)}
	switch d := plan(in.Dialplans, tag, true); {
	case d == nil && tag > 0 && !slices.ContainsFunc(in.Dialplans, func(d Dialplan) bool { return d.Tag == tag }) && in.served(dialFile(tag)):
		out.text, out.dr = dialFile(tag), dialFile(tag) // one the owner put into flash: under that name
	case d == nil:
	case d.Filename != "" && in.served(d.Filename):
		out.text, out.dr = d.Filename, d.Filename
	case len(d.Patterns) > 0:
		out.text, out.dr = dialFile(tag), drFile(tag)
	}
	return out
}

// served reports that a name a line gives is that of a file that is served.
func (in *inputs) served(name string) bool { return !slices.Contains(in.absent, name) }

// dialplans adds the files of the dial plans, and the default ones.
func (b *builder) dialplans(dir string) {
	const where = "voice register global"
	all := []DialPattern{{Digits: "*"}}
	for _, f := range []struct {
		name string
		dr   bool
	}{{defaultPlan, false}, {defaultDRPlan, true}} {
		r := b.fixed(f.name, func() ([]byte, string) { return b.planFile(all, f.dr) })
		if f := b.shared(dir, f.name, r, where); f != nil {
			f.Fallback = true // the owner may have put one of that name into flash:
		}
	}
	for i := range b.in.Dialplans {
		d := &b.in.Dialplans[i]
		if d.Type != PlanXML || len(d.Patterns) == 0 {
			continue
		}
		at := "voice register dialplan " + strconv.Itoa(d.Tag)
		for _, f := range []struct {
			name string
			dr   bool
		}{{dialFile(d.Tag), false}, {drFile(d.Tag), true}} {
			content, stamp := b.planFile(d.Patterns, f.dr)
			b.shared(dir, f.name, rendered{content: content, stamp: stamp}, at)
		}
	}
}

// planFile is a dial plan as XML: the form of the 7940 and 7960, or that of the
// phones after them, which has a version stamp.
func (b *builder) planFile(list []DialPattern, dr bool) (content []byte, stamp string) {
	if !dr {
		return b.dialplanXML(list), ""
	}
	return b.stamped(func(stamp string) []byte { return b.drXML(list, stamp) }, b.in.sync, digitStamp)
}

func (b *builder) timeout(p DialPattern) string {
	if p.Timeout > 0 {
		return strconv.Itoa(p.Timeout - 1)
	}
	return strconv.Itoa(b.in.interdigit())
}

// dialplanXML is dialplan<n>.xml. The element names and attributes are in
// capitals; User is how the number stands in the address that is called. [Cisco
// SIP 7940/7960 administrator guide]
func (b *builder) dialplanXML(list []DialPattern) []byte {
	t := &tree{gap: " "}
	t.open("DIALTEMPLATE")
	for _, p := range list {
		user := "Phone"
		if p.User == "ip" {
			user = "IP"
		}
		attrs := []string{"MATCH", p.match(), "Timeout", b.timeout(p), "User", user}
		if p.Button > 0 {
			attrs = append(attrs, "Line", strconv.Itoa(p.Button))
		}
		t.leaf("TEMPLATE", "", attrs...)
	}
	return t.bytes()
}

// drXML is DR<n>.xml. [usecallmanager.nz: dial template]
func (b *builder) drXML(list []DialPattern, stamp string) []byte {
	t := &tree{gap: " "}
	t.b.WriteString(header + "\n")
	t.open("dialTemplate")
	t.leaf("versionStamp", stamp)
	for _, p := range list {
		attrs := []string{"match", p.match(), "timeout", b.timeout(p)}
		if p.Button > 0 {
			attrs = append(attrs, "line", strconv.Itoa(p.Button))
		}
		if strings.Contains(p.Digits, ",") {
			attrs = append(attrs, "tone", "Bellcore-Outside")
		}
		if p.User == "ip" {
			attrs = append(attrs, "user", "ip")
		}
		t.leaf("TEMPLATE", "", attrs...)
	}
	return t.bytes()
}

// dialParameter is the DialPlan of a 7905 or 7912: rules with | between them, .
// a digit, - more of them, tN how long is waited for those, from 1 to 9 and a
// to z for 10 to 35. [Cisco 7905 and 7912 administrator guides] "" leaves the
// phone the one it has.
func (in *inputs) dialParameter(tag int) string {
	d := plan(in.Dialplans, tag, false)
	if d == nil {
		return ""
	}
	var rules []string
	for _, p := range d.Patterns {
		rules = append(rules, in.dialRule(p))
	}
	return atMost(oneLine(strings.Join(rules, "|")), maxDialPlan)
}

func (in *inputs) dialRule(p DialPattern) string {
	var w strings.Builder
	wait := p.Timeout - 1
	if p.Timeout == 0 {
		wait = in.interdigit()
	}
	more := ""
	if wait > 0 {
		more = "t" + strconv.FormatInt(int64(min(wait, 35)), 36) + "-"
	}
	digits := p.match()
	for i := 0; i < len(digits); i++ {
		switch c := digits[i]; {
		case c == '\\' && i+1 < len(digits):
			i++
			w.WriteByte(digits[i])
		case c == '*':
			if more == "" {
				more = "t1-"
			}
			return w.String() + more
		case c == ',': // a second dial tone is not in its language
		default:
			w.WriteByte(c)
		}
	}
	return w.String() + more
}

// DialDigits reports whether a text can be the pattern of a dial plan.
func DialDigits(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(strings.TrimSuffix(s, "T"), `0123456789ABCDabcd*#.,\+%^`) == ""
}
