package audit

import (
	"io"
	"net/netip"
	"slices"
	"time"

	"option150/platform/config"
	"option150/telephony/cnf"
	"option150/telephony/firmware"
)

// World is what was looked at beside the configuration. A part that is nil was
// not looked at.
type World struct {
	Flash      *Flash
	Set        *cnf.Set // the files in force; nil = none are served by this process
	Services   []Service
	Self       []SelfTest
	Answers    map[Question]Answer
	Firewall   *Firewall
	Others     *Others
	Leases     []Leases // nil = the DHCP server was not asked
	Phones     *Phones
	Clock      *Clock
	Machine    *Machine
	HostKeys   *bool       // there are some
	Alternates *Alternates // nil = they were not asked
}

// Flash is flash:. The functions are called while the audit runs.
type Flash struct {
	Home  string // the home path below flash:, "" = its root
	Files []File
	Find  firmware.Lookup // as the file server looks a name up
	Kept  firmware.Lookup // the same, and then what is kept of alternates; nil = nothing is
	Open  func(path string) (io.ReadCloser, error)
}

// File is a file of flash:.
type File struct {
	Path string // "phones/SCCP41.9-4-2SR3-1S.loads"
	Size int64
}

// Service is one socket the configuration asks for.
type Service struct {
	Name   string // "TFTP server"
	Port   uint16
	Proto  string // "udp", "tcp"
	Up     bool
	Why    string // it is not up
	Holder string // who has the port, "" = nobody known
}

// SelfTest is a file the box asked itself for over both transports.
type SelfTest struct {
	Name  string
	Fault string // "" = both gave the same bytes
}

// Kind is how a host is asked.
type Kind string

// The kinds of questions.
const (
	AskFiles   Kind = "files"    // TFTP port 69 or HTTP port 6970 answers, whatever it says
	AskFile    Kind = "file"     // it has the file Name
	AskControl Kind = "register" // TCP connect to Port; for SIP over UDP an OPTIONS
)

// Question is one bounded question to another host.
type Question struct {
	Kind Kind
	Addr netip.Addr
	Port uint16 // of AskControl
	SIP  bool   // of AskControl
	Name string // of AskFile
}

// Answer is what came back.
type Answer struct {
	OK     bool
	Silent bool   // nobody answered
	TFTP   bool   // of AskFile: over TFTP
	HTTP   bool   // of AskFile: on port 6970
	Detail string // what was asked and what came: "TFTP and port 6970, no answer within 1 s"
}

// Firewall is the packet filter of the machine.
type Firewall struct {
	Dropped []Dropped
	Detail  string // where it was read
}

// Dropped is a port phones need that the filter does not let in.
type Dropped struct {
	Proto string
	Port  uint16
	Rule  string
}

// Others are the other DHCP servers that were seen, and the clients and relays
// that were heard.
type Others struct {
	Servers []DHCPServer
	Heard   []netip.Addr
}

// DHCPServer is another server that answered lately.
type DHCPServer struct {
	Addr      netip.Addr
	Interface string
	Option150 string // decoded, "" = none
	Ago       time.Duration
}

// Leases is a pool as the DHCP server sees it.
type Leases struct {
	Pool                   string
	Total, Leased, Offered int
	Free                   int
}

// Phones are those that were seen.
type Phones struct {
	Seen []Phone
}

// Phone is one that was seen.
type Phone struct {
	Device string // SEP001E7A000001
	MAC    string // as configurations write it, "001E.7A00.0001"
	Model  string // keyword, "" = unknown
	Runs   string // load it is known to run, "" = unknown
	Stone  string // load its file names on its way to that of its line, "" = none
	Kept   bool   // its file names no load: what it runs is not known
	Unread string // what it reads at its next boot and has not read yet, "" = nothing

	From, To     int    // minutes of the day between which it may begin; equal = always
	Switch, Port string // where it is plugged in, "" = not known
}

// Clock is the clock of the box.
type Clock struct {
	Now    time.Time
	Synced bool // by a time server that is configured
}

// Machine is what the box has left.
type Machine struct {
	DiskTotal, DiskFree     uint64
	MemoryTotal, MemoryFree uint64
}

// around is what every rule looks at.
type around struct {
	list
	c   *config.Config
	f   config.Facts
	w   World
	own []netip.Addr
	set *cnf.Set // what the configuration makes
}

// Run audits a configuration. w.Set, if it is known, is compared with what the
// configuration makes.
func Run(c *config.Config, f config.Facts, w World) Report {
	a := &around{c: c, f: f, w: w, own: c.OwnAddresses(f)}
	o, was := c.CNFOptions(f), w.Set.Options()
	o.Firmware, o.Absent, o.Logins = was.Firmware, was.Absent, was.Logins
	a.set, _ = cnf.Rebuild(w.Set, c.Telephony, o)
	for _, p := range c.Validate(f) {
		a.add(p.Severity, codeOf(p), p.Section, "%s", p.Text).fix(p.Fix...)
	}
	a.ports()
	a.pools()
	a.source()
	a.slips()
	a.loads()
	a.steps()
	a.unread()
	a.files()
	a.references()
	a.textFiles()
	a.types()
	a.callControl()
	a.loadServer()
	a.services()
	a.others()
	a.machine()
	a.people()
	a.alternates()
	return Report{Findings: a.sorted(), Unseen: a.unseen()}
}

// phonesConfigured is whether the box makes files for phones.
func (a *around) phonesConfigured() bool {
	t := &a.c.Telephony
	return t.Service.Present || t.Global.Present || len(t.Ephones) > 0 || len(t.Pools) > 0
}

// unseen says what was not looked at and would have been: a box without phones
// has nothing to look at.
func (a *around) unseen() []string {
	var out []string
	say := func(seen bool, text string) {
		if !seen {
			out = append(out, text)
		}
	}
	if a.phonesConfigured() || len(a.c.Files.Bindings) > 0 {
		say(a.w.Flash != nil, "flash: (A01 to A04, A17, A21 to A24)")
		say(a.w.Set != nil, "the files in force (A18)")
		say(a.w.Phones != nil, "the phones (A04, A27, A32)")
		say(a.w.Services != nil, "the sockets (A05, A07)")
		say(a.w.Firewall != nil, "the firewall of the machine (A08)")
	}
	asked := 0
	for _, q := range Questions(a.c, a.f) {
		if _, ok := a.w.Answers[q]; !ok {
			asked++
		}
	}
	say(asked == 0, "other hosts (A09, A19, A20)")
	if a.c.Upstream.Abroad() {
		say(a.w.Alternates != nil && !slices.ContainsFunc(a.w.Alternates.Servers, func(s Alternate) bool { return s.New }), "the alternate file servers (A31)")
	}
	if len(a.c.DHCP.Pools) > 0 {
		say(a.w.Others != nil, "other DHCP servers and clients behind relays (A13, A15)")
		say(a.w.Leases != nil, "the bindings (A14)")
	}
	return out
}
