package audit

import (
	"fmt"
	"slices"
	"strings"

	"option150/platform/config"
	"option150/platform/sorted"
	"option150/telephony/advice"
)

// Finding is one thing that does not work as meant.
type Finding struct {
	Code     string // of Checks
	Severity config.Severity
	Section  string // where, as it is typed; "" = nowhere in particular
	Text     string // one sentence without full stop
	Evidence string // what was looked at, "" where the sentence says it
	Fix      advice.Steps
}

// String is the sentence with its place.
func (f *Finding) String() string {
	if f.Section == "" {
		return f.Text
	}
	return f.Section + ": " + f.Text
}

// Report is what an audit says.
type Report struct {
	Findings []Finding
	Unseen   []string // what was not looked at, with the checks that needed it
}

// Check is what a code is about.
type Check struct {
	Code string
	What string
	Need string // beside the configuration: "", or what it looks at
}

// Checks are all codes, in their order.
func Checks() []Check {
	return []Check{
		{"A01", "every load names a load that is here, for that model and protocol", "flash:"},
		{"A02", "every component of a load is here and whole, and every tftp-server file", "flash:"},
		{"A03", "no two files of one name, no two loads that disagree on a component", "flash:"},
		{"A04", "what a phone gets after a factory reset is no step too far", "flash:, phones seen"},
		{"A05", "HTTP, HFS, TFTP and DHCP are on where they are needed, and answer", "services, a request to itself"},
		{"A06", "HFS has the port phones ask, 6970", ""},
		{"A07", "no other process holds a port of ours", "services"},
		{"A08", "the firewall of the machine lets phones in", "the firewall"},
		{"A09", "option 150 names an address that is ours or answers", "probes"},
		{"A10", "option 150 has one or two addresses, as addresses", ""},
		{"A11", "option 150, option 66, next-server and CiscoCM1 do not contradict each other", ""},
		{"A12", "default-router, a dns-server where names are used, and a lease of eight hours or more", ""},
		{"A13", "a pool is for a network of ours or of a relay", "relays seen"},
		{"A14", "there are addresses for all phones", "bindings"},
		{"A15", "no other DHCP server is on the segment", "the DHCP server"},
		{"A16", "ephones and pools are whole: MAC, type, buttons, numbers", ""},
		{"A17", "phone files are XML that phones read: root, elements and their order", "flash:"},
		{"A18", "the files that are served are those of the configuration", "files in force"},
		{"A19", "the call control answers", "probes"},
		{"A20", "the load server answers and has the load", "probes"},
		{"A21", "files named in phone files are here, and what phones take", "flash:"},
		{"A22", "no file on flash: hides behind a generated one", "flash:"},
		{"A23", "text files are without byte order mark, carriage return and trailing blank", "flash:"},
		{"A24", "no two names that differ in case alone", "flash:"},
		{"A25", "the clock is set", "the clock"},
		{"A26", "there is room on the disk and in memory", "the machine"},
		{"A27", "no load is a step too far for a phone", "phones seen"},
		{"A28", "who may come in is as meant", "host keys"},
		{"A29", "no phone file with a password for everybody", ""},
		{"A30", "no auto-registration beside alternate file servers", ""},
		{"A31", "the alternate file servers answer and have the same firmware", "the alternates"},
		{"A32", "phones have read what is new for them", "phones seen"},
		{"M01", "option 150 and ip source-address do not differ by a slip", ""},
		{"M02", "ip source-address is set, and is the address of a host", ""},
		{"M03", "the pool of the phones has option 150", ""},
		{"M05", "no two pools for one network, none without", ""},
		{"M12", "no phone is both ephone and pool", ""},
		{"M16", "max-ephones, max-dn and max-pool are enough", ""},
		{"M20", "the home path is a directory for phone files alone", ""},
		{"M21", "cnf-file has a location", ""},
		{"M22", "voice register global is whole", ""},
	}
}

// sectionCodes are the codes of what telephony/cnf finds, by its names for it.
// What is not named here is about a phone or its numbers.
var sectionCodes = map[string]string{
	"no-source-address": "M02", "no-create": "A18", "per-without-location": "M21",
	"max-ephones": "M16", "max-dn": "M16", "max-pool": "M16",
	"time-zone": "A21", "locale": "A21",
	"load-type": "A01", "load-protocol": "A01", "load-name": "A01", "load-family": "A01",
	"url-length": "A17", "proxy-server": "A17", "label-length": "A17", "password-length": "A17",
	"service-phone-count": "A17", "service-phone-name": "A17", "service-phone-unknown": "A17", "service-phone-case": "A17", "service-phone-value": "A17",
	"file-too-large": "A17", "file-large": "A17", "name-taken": "A17",
	"mac-in-both": "M12", "no-register-global": "M22", "no-mode": "M22",
}

// codeOf is the code of a problem of the configuration.
func codeOf(p config.Problem) string {
	switch c, named := sectionCodes[p.Code]; {
	case named:
		return c
	case p.Kind == config.PortClash:
		return "A06"
	case len(p.Code) == 3:
		return p.Code
	}
	return "A16"
}

// list collects findings.
type list []Finding

func (l *list) add(s config.Severity, code, section, format string, args ...any) *Finding {
	*l = append(*l, Finding{Code: code, Severity: s, Section: section, Text: fmt.Sprintf(format, args...)})
	return &(*l)[len(*l)-1]
}

func (f *Finding) fix(steps ...advice.Fix) *Finding { f.Fix = steps; return f }

func (f *Finding) seen(format string, args ...any) *Finding {
	f.Evidence = fmt.Sprintf(format, args...)
	return f
}

// sorted: what is refused, then warnings, then notes; by code among them. One
// sentence is said once.
func (l list) sorted() []Finding {
	sorted.Stable(l, func(a, b Finding) int {
		if a.Severity != b.Severity {
			return int(b.Severity - a.Severity)
		}
		return strings.Compare(a.Code, b.Code)
	})
	return slices.CompactFunc(l, func(a, b Finding) bool { return a.Code == b.Code && a.Section == b.Section && a.Text == b.Text })
}

// enumerate joins a few names and counts the others.
func enumerate(names []string) string {
	const most = 4
	if n := len(names) - most; n > 1 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ")
}
