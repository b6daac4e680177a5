package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// edge is one forbidden way to import: no package of From may depend on one of
// To, unless it is one of Except.
type edge struct {
	From   []string // packages of ours, as matches reads them
	To     []string // packages of ours, or import paths of others
	Except []string // packages of From the rule does not concern
	But    []string // packages of To the rule does not mean
	Direct bool     // only the package's own imports count, not what those import
	Tests  bool     // its test files are held to it too
	Why    string   // whom the rule protects
	Use    string   // what to do instead
}

// The services and the libraries below them: they run with plain structs.
var (
	services = []string{"dhcp/...", "hfs/...", "pfs/...", "platform/{tftp,httpd,sshd}/..."}
	below    = []string{"telephony/...", "platform/{fileserver,flash,nvram,rootfile,listen,journal,netif,host,aaa,console,capture,message,service}/..."}
	libs     = append(slices.Clone(services), below...)
	readers  = []string{"platform/{logging,metrics,dashboard}"}
)

// forbidden is the table. [DESIGN 3]
var forbidden = []edge{
	{From: libs, To: []string{"cli/...", "cmd/..."},
		Why: "services are libraries: they are used and tested without a command line",
		Use: "give the service a typed Spec and let cli/command or main translate"},
	{From: libs, To: []string{"platform/config", "platform/running"}, Except: []string{"telephony/audit"}, // reads the whole configuration and decides nothing
		Why: "a service that reads the configuration store decides for itself when to change, and transactions no longer hold",
		Use: "put the section type into the service's own package (dhcp.Config, hfs.Config); platform/config is their sum"},
	{From: []string{"dhcp/engine", "dhcp/wire", "dhcp/store"}, To: []string{"dhcp", "platform/listen", "platform/service"},
		Why: "the engine decides, the store keeps, wire knows the formats: none of them opens a socket or runs a goroutine of the service",
		Use: "hand the value in; package dhcp composes"},
	{From: []string{"dhcp/engine", "dhcp/wire"}, To: []string{"dhcp/store"},
		Why: "the engine is pure: the store has files",
		Use: "emit an engine.Record and let package dhcp commit it"},
	{From: []string{"platform/config"}, To: []string{"cli/...", "cmd/...", "platform/running"},
		Why: "the configuration is a value; whoever holds or edits it is above it",
		Use: "move what needs the store to platform/running, what needs words to cli"},
	{From: []string{"platform/running"}, To: []string{"cli/...", "cmd/..."},
		Why: "the store serves the console, SSH, startup and tests alike",
		Use: "return a typed error or status; cli words it"},
	{From: []string{"cli/grammar"}, To: []string{modulePath + "/..."}, But: []string{"platform/plain", "platform/sorted"},
		Why: "the grammar engine knows no command of ours, so that it can be tested on toy grammars and reused",
		Use: "pass what it has to know in as a value"},
	{From: []string{"cli/terminal"}, To: []string{"cli/command", "platform/config", "platform/running", "dhcp/...", "hfs/...", "pfs/...", "telephony/..."},
		Why: "the terminal edits lines and pages text, over any byte stream",
		Use: "hand it a Handler"},
	{From: readers, To: append([]string{"telephony/cnf/..."}, services...), Direct: true,
		Why: "observation is write-only: readers see journal and snapshots, and no service waits for them",
		Use: "record an event, or implement journal.Logged on it"},
	{From: []string{"platform/journal"}, To: []string{"dhcp/...", "hfs/...", "pfs/...", "telephony/...", "cli/...", "platform/{config,running,service,tftp,httpd,fileserver,logging,sshd,netif}/..."},
		Why: "everybody records into the journal, so it can depend on nobody",
		Use: "let the event's own package implement journal.Event"},
	{From: []string{"telephony/simphone/...", "cmd/simphone/..."}, To: []string{"cli/...", "platform/{config,running,tftp,httpd,fileserver}", "dhcp", "hfs"},
		Why: "the simulated phone is the judge of the box: built from the box's own code it would share its mistakes",
		Use: "write the phone's side from the phone's documents"},
	{From: []string{"..."}, To: []string{"cmd/..."}, Except: []string{"cmd/...", "platform/metrics/pages/browser"}, Tests: true,
		Why: "main composes the box; nothing may need main",
		Use: "move the shared part into a package of cli, platform or a service"},
	{From: []string{"..."}, To: []string{"platform/testkit", "testing"}, Except: []string{"platform/testkit", "platform/testkit/golden", "platform/testkit/etcdtest", "cmd/option150/testbox"},
		Why: "test helpers do not belong into the binary",
		Use: "move the code into a _test.go file, or what tests of several packages share into platform/testkit or cmd/option150/testbox"},
}

// oneplace is the table of modules that are met in one place only, so that
// they can be replaced there. Where it names tests, only tests may.
var oneplace = []struct {
	module  string   // import path or its beginning
	allowed []string // packages that may import it
	tests   []string // packages whose tests may
	why     string
}{
	{"github.com/chzyer/readline", []string{"cli/terminal"}, nil, "the line editor runs behind our gate and painter: used as documented it can end the process"},
	{"github.com/pin/tftp", []string{"platform/tftp/client", "telephony/simphone"}, []string{"platform/tftp", "cmd/option150/..."}, "it is client and oracle; the server is ours"},
	{"github.com/google/gopacket", []string{"pfs/...", "platform/capture", "platform/testkit/wiretap"}, []string{"dhcp/..."}, "packet layers are for what observes, not for what serves"},
	{"github.com/BurntSushi/toml", []string{"platform/settings", "telephony/phone"}, nil, "only the settings of the box and the model table are TOML"},
	{"github.com/insomniacslk/dhcp", nil, []string{"dhcp/wire", "telephony/simphone"}, "judge of our codec of DHCP messages"},
	{"github.com/miekg/dns", []string{"platform/dns"}, nil, "codec of the name server; its server and resolver configuration are not used"},
	{"github.com/mdlayher/packet", []string{"dhcp/raw", "telephony/simphone"}, []string{"platform/capture", "dhcp/..."}, "raw frames: DHCP answers to hosts without an address"},
	{"github.com/vishvananda/netlink", []string{"platform/netif", "platform/host", "platform/netns", "telephony/simphone", "cmd/bench"}, []string{"dhcp/...", "cmd/option150/..."}, "interfaces have one owner on each side: netif of the box (host only reads routes and neighbours), simphone of a phone, netns of the laboratory"},
	{"github.com/vishvananda/netns", []string{"platform/netns"}, nil, "a thread in a wrong namespace is a defect nobody finds"},
	{"golang.org/x/crypto/ssh", []string{"platform/sshd", "platform/sshd/client", "platform/sshd/scp", "cmd/option150/testbox"}, []string{"cmd/option150/..."}, "one door with one set of limits"},
	{"github.com/pkg/sftp", []string{"platform/sshd/..."}, []string{"cmd/option150/..."}, "one door with one set of limits"},
	{"github.com/GehirnInc/crypt", []string{"platform/aaa"}, nil, "passwords have one owner"},
	{"golang.org/x/term", []string{"platform/console", "cmd/option150/lab"}, []string{"cli/terminal"}, "the terminal of the process has one owner; the lab only asks whether there is one"},
	{"github.com/prometheus/client_golang", nil, []string{"platform/metrics"}, "it takes protocol buffers along, 2.5 MB of binary; it is the judge of the text we write"},
	{"github.com/chromedp", nil, []string{"platform/metrics/pages/browser"}, "the driver of a browser is for tests of the page"},
	{"github.com/google/go-cmp", []string{"platform/testkit/golden"}, []string{"..."}, "a comparison for tests"},
	{"github.com/creack/pty", nil, []string{"..."}, "pseudo terminals for tests"},
	{"github.com/rogpeppe/go-internal", nil, []string{"..."}, "script tests of the binary"},
	{"github.com/scrapli/scrapligo", nil, []string{"..."}, "a client of network automation, as a judge in tests"},
}

// named reports whether an import path is meant by one of the patterns of a
// table: packages of ours without the module path, others in full.
func named(patterns []string, path string) bool {
	return matchesAny(patterns, shorten(path)) || matchesAny(patterns, path)
}

func concerned(patterns []string, pkg string) bool {
	return slices.Contains(patterns, "...") || matchesAny(patterns, pkg)
}

// breaks lists how a package breaks the rule.
func (e edge) breaks(p *listed) []string {
	if !concerned(e.From, p.short()) || matchesAny(e.Except, p.short()) {
		return nil
	}
	reach := p.Deps
	if e.Direct {
		reach = p.Imports
	}
	if e.Tests {
		reach = slices.Concat(reach, p.TestImports, p.XTestImports)
	}
	var bad []string
	for _, dep := range reach {
		if named(e.To, dep) && !named(e.But, dep) {
			bad = append(bad, fmt.Sprintf("%s imports %s%s\n\tbecause: %s\n\tinstead: %s", p.short(), shorten(dep), via(p, dep), e.Why, e.Use))
		}
	}
	slices.Sort(bad)
	return slices.Compact(bad)
}

func via(p *listed, dep string) string {
	if slices.Contains(p.Imports, dep) {
		return ""
	}
	return " (through another package: go list -deps " + p.ImportPath + ")"
}

func TestForbiddenImports(t *testing.T) {
	all := packages(t)
	for _, e := range forbidden {
		for _, p := range all {
			for _, bad := range e.breaks(p) {
				t.Error(bad)
			}
		}
	}
}

// Every row has to concern somebody, or a renamed package has left its rule
// behind. Packages that do not exist yet are fine beside one that does.
func TestRulesConcernSomebody(t *testing.T) {
	all := packages(t)
	for _, e := range forbidden {
		if !slices.ContainsFunc(all, func(p *listed) bool { return concerned(e.From, p.short()) }) {
			t.Errorf("no package is meant by %v: the row of forbidden imports protects nobody", e.From)
		}
		if e.Why == "" || e.Use == "" {
			t.Errorf("the row for %v does not say why and what instead", e.From)
		}
	}
}

func TestModulesInOnePlace(t *testing.T) {
	for _, p := range packages(t) {
		for _, m := range oneplace {
			if slices.ContainsFunc(p.Imports, func(i string) bool { return within(m.module, i) }) && !matchesAny(m.allowed, p.short()) {
				t.Errorf("%s imports %s\n\tbecause: %s\n\tinstead: use it through %v, or add a row's package with a reason", p.short(), m.module, m.why, m.allowed)
			}
			tests := slices.Concat(p.TestImports, p.XTestImports)
			if slices.ContainsFunc(tests, func(i string) bool { return within(m.module, i) }) &&
				!matchesAny(m.allowed, p.short()) && !concerned(m.tests, p.short()) {
				t.Errorf("the tests of %s import %s\n\tbecause: %s\n\tinstead: use it through %v", p.short(), m.module, m.why, m.allowed)
			}
		}
	}
}

// within reports whether path is the module or a package of it.
func within(module, path string) bool {
	return path == module || strings.HasPrefix(path, module+"/")
}

func TestEdgeIsSeen(t *testing.T) {
	e := edge{From: []string{"dhcp"}, To: []string{"cli/..."}, Why: "w", Use: "u"}
	p := &listed{ImportPath: "option150/dhcp", Imports: []string{"option150/x"}, Deps: []string{"option150/x", "option150/cli/session"}}
	if got := e.breaks(p); len(got) != 1 || !strings.Contains(got[0], "through another package") {
		t.Errorf("an import by way of another package: %q", got)
	}
	e.Direct = true
	if got := e.breaks(p); got != nil {
		t.Errorf("only direct imports: %q", got)
	}
	e = edge{From: []string{"platform/x"}, To: []string{"testing"}}
	p = &listed{ImportPath: "option150/platform/x", Deps: []string{"testing"}}
	if got := e.breaks(p); len(got) != 1 {
		t.Errorf("a package of the standard library: %q", got)
	}
}
