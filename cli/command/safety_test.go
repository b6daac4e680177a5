package command

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/archive"
	"option150/platform/config"
	"option150/platform/fileserver"
	"option150/platform/flash"
	"option150/platform/journal"
	"option150/platform/listen"
	"option150/platform/nvram"
	"option150/platform/reload"
	"option150/platform/running"
	"option150/platform/service"
	"option150/platform/tftp"
)

// bench is a box with its files and its configuration, without services, and
// an operator at its exec prompt.
type bench struct {
	*Box
	t       *testing.T
	answers []string // to the questions of the next command
	asked   []string
	refuse  error // what a service says to a change
	reloads int
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b, f := testBox(t)
	x := &bench{Box: b, t: t}
	b.Journal = journal.New(256)
	var err error
	if b.Flash, err = flash.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if b.NVRAM, err = nvram.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Flash.Close(); _ = b.NVRAM.Close() })
	b.Archive = archive.New(archive.Options{Flash: b.Flash, Text: b.StartupText, Hostname: func() string { return b.Store.Current().Hostname }, Recorder: b.Journal})
	var all []service.Service
	for _, w := range config.Default(f).Plan(f) {
		if w.Service == config.Archive {
			all = append(all, b.Archive)
			continue
		}
		all = append(all, &stub{w.Service, x})
	}
	b.Supervisor = service.NewSupervisor(b.Journal, all...)
	t.Cleanup(b.Supervisor.Close)
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }, Supervisor: b.Supervisor, Recorder: b.Journal})
	b.Confirm = running.NewConfirm(b.Store, b.Journal)
	b.Reloads = reload.New(func(running.Who) { x.reloads++ }, b.Journal)
	t.Cleanup(func() { b.Confirm.Close(); b.Reloads.Close(); b.Archive.Close() })
	return x
}

// stub is a service that may refuse.
type stub struct {
	name string
	x    *bench
}

func (s *stub) Name() string { return s.name }
func (s *stub) Prepare(_ context.Context, _, new service.Spec) (service.Change, error) {
	if new != nil {
		return nil, s.x.refuse
	}
	return service.Funcs{}, nil
}
func (s *stub) Status() service.Status { return service.Status{} }

// run carries out an exec command and gives what it prints, the error last.
func (x *bench) run(line string) string {
	x.t.Helper()
	r := x.Language.Graph(language.Exec).Match(line, 15)
	if r.Kind != grammar.OK {
		x.t.Fatalf("%q: %v at %d", line, r.Kind, r.Offset)
	}
	var out bytes.Buffer
	x.asked = nil
	err := r.Action.(*language.Declaration).Run(&language.Invocation{Ctx: context.Background(), Out: &out, Config: x.Store.Current(), Args: r.Args, Line: line, Op: (*benchOperator)(x)})
	if err != nil {
		fmt.Fprintln(&out, err)
	}
	return out.String()
}

// configure types lines.
func (x *bench) configure(text string) {
	x.t.Helper()
	if _, err := x.Store.Change(context.Background(), running.Who{Line: "console"}, func(c *config.Config) error {
		rep, err := x.Language.Load(text, c, nil)
		if err == nil && len(rep.Rejected) > 0 {
			err = rep.Rejected[0]
		}
		*c = *rep.Config
		return err
	}); err != nil {
		x.t.Fatal(err)
	}
}

func (x *bench) put(path, text string) {
	x.t.Helper()
	if err := x.Flash.WriteFile(path, []byte(text)); err != nil {
		x.t.Fatal(err)
	}
}

func (x *bench) get(path string) string {
	x.t.Helper()
	f, err := x.Flash.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	t, _ := io.ReadAll(f)
	return string(t)
}

type benchOperator bench

func (o *benchOperator) answer(q string) (string, error) {
	o.asked = append(o.asked, q)
	if len(o.answers) == 0 {
		return "", io.EOF
	}
	a := o.answers[0]
	o.answers = o.answers[1:]
	return a, nil
}
func (o *benchOperator) Who() running.Who                  { return running.Who{User: "admin", Line: "vty0 (10.0.0.5)"} }
func (o *benchOperator) LineName() string                  { return "vty0" }
func (o *benchOperator) Privilege() int                    { return 15 }
func (o *benchOperator) SetPrivilege(int)                  {}
func (o *benchOperator) Configure()                        { o.asked = append(o.asked, "configure") }
func (o *benchOperator) End()                              {}
func (o *benchOperator) Up()                               {}
func (o *benchOperator) Close()                            {}
func (o *benchOperator) Ask(q string) (string, error)      { return o.answer(q) }
func (o *benchOperator) Password(q string) (string, error) { return o.answer(q) }
func (o *benchOperator) Terminal() language.Terminal       { return nil }
func (o *benchOperator) History() []string                 { return nil }
func (o *benchOperator) Debug(string, bool) bool           { return false }
func (*benchOperator) Record(language.File) (bool, error)  { return false, nil }
func (o *benchOperator) Debugs() []string                  { return nil }
func (*benchOperator) Message() (string, error)            { return "", io.EOF }
func (*benchOperator) Directory() string                   { return "" }
func (*benchOperator) SetDirectory(string)                 {}
func (*benchOperator) Call(language.Call) error            { return io.EOF }
func (*benchOperator) Calls() []language.Call              { return nil }
func (*benchOperator) Resume(int) error                    { return io.EOF }
func (*benchOperator) Disconnect(int) bool                 { return false }
func (o *benchOperator) Confirm(q string) (bool, error) {
	a, err := o.answer(q + "[confirm]")
	return a == "" || a == "y", err
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s:\n%s", what, d)
	}
}

// has reports a text that automation or an operator looks for.
func has(t *testing.T, got string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(got, s) {
			t.Errorf("%q is not in\n%s", s, got)
		}
	}
}

const whole = "!\nhostname GOOD\n!\ninterface GigabitEthernet0/0\n ip address 10.0.0.1 255.255.255.0\n!\nend\n"

func TestReplace(t *testing.T) {
	x := newBench(t)
	x.put("good.cfg", whole)
	x.configure("hostname OLD\nip dhcp pool V\n network 10.0.0.0 255.255.255.0\n")
	want(t, "replace", x.run("configure replace flash:good.cfg force"), "Total number of passes: 1\nRollback Done\n\n")
	if c := x.Store.Current(); c.Hostname != "GOOD" || len(c.DHCP.Pools) != 0 {
		t.Error("the configuration is not that of the file")
	}
	want(t, "again", x.run("configure replace flash:good.cfg force"), "Total number of passes: 0\nRollback Done\n\n")
	x.configure("hostname OTHER\nip dhcp pool V\n network 10.0.0.0 255.255.255.0\n")
	x.answers = []string{"y"}
	want(t, "list", x.run("configure replace flash:good.cfg list"),
		"\n!Pass 1\n!List of Commands:\nno hostname OTHER\nhostname GOOD\nno ip dhcp pool V\nend\n\nTotal number of passes: 1\nRollback Done\n\n")
	if !slices.Equal(x.asked, []string{replaceQuestion}) {
		t.Errorf("asked %q", x.asked)
	}
	for _, a := range []string{"", "n", "no", "x"} {
		x.configure("hostname KEEP\n")
		x.answers = []string{a}
		x.run("configure replace flash:good.cfg")
		if x.Store.Current().Hostname != "KEEP" {
			t.Errorf("the answer %q replaced", a)
		}
	}
}

// Whatever is wrong with a file or with the world, what runs is the same value
// as before, not an equal one.
func TestReplaceFailsWhole(t *testing.T) {
	x := newBench(t)
	x.configure("hostname OLD\n")
	x.put("cut.cfg", "!\nhostname CUT\n!\ninterface Gig")
	x.put("binary.cfg", "\x7fELF\x00\x01end\n")
	x.put("empty.cfg", "")
	x.put("bad.cfg", "!\nhostname NEW\nip http port 99999\nend\n")
	x.put("clash.cfg", "!\nhostname NEW\nip http server\nip http port 6970\ntelephony-service\n hfs enable port 6970\nend\n")
	x.put("good.cfg", whole)
	before := x.Store.Current()
	for _, c := range []struct {
		line string
		says []string
	}{
		{"configure replace flash:nofile force", []string{"%Error opening flash:/nofile (No such file or directory)"}},
		{"configure replace flash:cut.cfg force", []string{"%The input file is not a valid config file.", "no line \"end\""}},
		{"configure replace flash:binary.cfg force", []string{"%The input file is not a valid config file."}},
		{"configure replace flash:empty.cfg force", []string{"%The input file is not a valid config file."}},
		{"configure replace nvram:startup-config force", []string{"%Error opening nvram:startup-config (No such file or directory)"}},
		{"configure replace nvram:ssh_host_rsa_key force", []string{"Permission denied"}},
		{"configure replace flash:bad.cfg force", []string{"% flash:bad.cfg line 3: ip http port 99999: ", "Rollback aborted", "failed", "nothing was changed"}},
		{"configure replace flash:bad.cfg force revert trigger error", []string{"Failed to apply command ip http port 99999", "Aborting Rollback.", "Rollback failed"}},
		{"configure replace flash:clash.cfg force", []string{"Rollback aborted"}},
	} {
		has(t, x.run(c.line), c.says...)
		if x.Store.Current() != before {
			t.Fatalf("%s: the configuration changed", c.line)
		}
	}
	x.refuse = errors.New("the disk is on fire")
	has(t, x.run("configure replace flash:good.cfg force time 5"), "the disk is on fire", "Rollback aborted")
	if _, pending := x.Confirm.Pending(); pending || x.Store.Current() != before {
		t.Error("a replacement that failed left something behind")
	}
}

func TestConfirmedReplace(t *testing.T) {
	x := newBench(t)
	synctest.Test(t, func(t *testing.T) {
		x.Confirm = running.NewConfirm(x.Store, x.Journal)
		defer x.Confirm.Close()
		x.put("good.cfg", whole)
		x.configure("hostname OLD\narchive\n path flash:archive/$h\n")
		want(t, "no timer", x.run("show archive config rollback timer"), "%No Rollback Confirmed Change pending\n")
		want(t, "nothing to confirm", x.run("configure confirm"), "%No Rollback Confirmed Change pending\n")
		has(t, x.run("configure replace flash:good.cfg force revert trigger error timer 2"), "Rollback Confirmed Change: Backing up current running config to flash:archive/OLD-1\n", "Rollback Done")
		has(t, x.run("show archive config rollback timer"), "Timer type: absolute timer\nTimer value: 2 min\nUser: admin\n")
		has(t, x.run("configure terminal revert timer 1"), "pending already")
		has(t, x.run("configure replace flash:good.cfg force time 1"), "pending already")
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if x.Store.Current().Hostname != "OLD" {
			t.Error("it did not come back")
		}
		has(t, x.get("archive/OLD-1"), "hostname OLD\n")

		x.run("configure replace flash:good.cfg force revert timer 1") // as NAPALM asks without trigger
		x.run("configure confirm")
		time.Sleep(time.Hour)
		synctest.Wait()
		if x.Store.Current().Hostname != "GOOD" {
			t.Error("it came back though it was confirmed")
		}

		has(t, x.run("configure terminal revert timer 10"), "Backing up current running config to memory", "Enter configuration commands")
		x.configure("hostname TYPED\n")
		x.run("configure revert timer 1")
		want(t, "revert now", x.run("configure revert now"), "Rollback Confirmed Change: rolling to:memory\n\nTotal number of passes: 1\nRollback Done\n\n")
		if x.Store.Current().Hostname != "GOOD" {
			t.Error("revert now did not")
		}
	})
}

func TestDifferences(t *testing.T) {
	x := newBench(t)
	has(t, x.run("show archive config differences"), "%Error opening nvram:startup-config (No such file or directory)")
	if err := x.SaveStartup(running.Who{}); err != nil {
		t.Fatal(err)
	}
	want(t, "none", x.run("show archive config differences"), "!Contextual Config Diffs:\n!No changes were found\n")
	x.configure("hostname NEW\nip dhcp pool V\n network 10.0.0.0 255.255.255.0\n")
	text := "!Contextual Config Diffs:\n-hostname Router\n+hostname NEW\n+ip dhcp pool V\n +network 10.0.0.0 255.255.255.0\n"
	want(t, "saved and running", x.run("show archive config differences"), text)
	want(t, "named", x.run("show archive config differences nvram:/startup-config system:/running-config"), text)
	x.put("f", "hostname NEW\nip dhcp pool V\n network   10.0.0.0 /24\nend\n") // another spelling of the same
	want(t, "spelling", x.run("show archive config differences flash:f"), "!Contextual Config Diffs:\n!No changes were found\n")
	x.put("more", "ip dhcp pool V\n lease 3\nip http port 70000\nhostname NEW\n")
	want(t, "incremental", x.run("show archive config incremental-diffs flash:more"),
		"!flash:more line 3: ip http port 70000: not understood at \"70000\"\n!List of Commands:\nip dhcp pool V\n lease 3\nend\n")
	x.put("merge", "hostname OTHER\nip dhcp pool V\n no network\n lease 2\n")
	want(t, "a value takes the place of another", x.run("show archive config incremental-diffs flash:merge"),
		"!List of Commands:\nhostname OTHER\nip dhcp pool V\n no network 10.0.0.0 255.255.255.0\n lease 2\nend\n")
	x.put("empty", "")
	want(t, "an empty file", x.run("show archive config incremental-diffs flash:empty"), "!List of Commands:\n!No changes were found\n")
}

// Typed one by one, the commands of a difference lead from one configuration
// to the other.
func TestCommandsLead(t *testing.T) {
	b, f := testBox(t)
	tried, led := 0, 0
	for seed := range 200 {
		from, to := random(b.Language, f, uint64(2*seed)), random(b.Language, f, uint64(2*seed+1))
		cmds := b.Language.Commands(from, language.Compare(b.Language.Render(from, false), b.Language.Render(to, false), false))
		rep, err := b.Language.Load(strings.Join(cmds, "\n"), from, nil)
		if err != nil {
			t.Fatal(err)
		}
		tried++
		if rep.Config.Equal(to) {
			led++
		} else if tried-led < 8 {
			t.Logf("%v\n%v\n", cmds, language.Compare(b.Language.Render(rep.Config, false), b.Language.Render(to, false), false))
			for _, e := range rep.Rejected {
				t.Log(e)
			}
		}
	}
	if led < tried*3/4 {
		t.Errorf("%d of %d lists of commands lead there", led, tried)
	}
	t.Logf("%d of %d", led, tried)
}

// random is the configuration a random operator leaves behind.
func random(l *language.Language, f config.Facts, seed uint64) *config.Config {
	o := &operator{r: rand.New(rand.NewPCG(seed, 151)), l: l, f: f, c: config.Default(f)}
	for range 30 {
		o.type1()
	}
	return o.c
}

func TestArchiveCommands(t *testing.T) {
	x := newBench(t)
	want(t, "off", x.run("show archive"), " Archive feature not enabled\n")
	has(t, x.run("archive config"), "Archive path not set")
	x.configure("archive\n path flash:archive/$h-cfg\n maximum 2\n write-memory\n")
	x.run("archive config")
	for range 2 {
		if err := x.SaveStartup(running.Who{}); err != nil {
			t.Fatal(err)
		}
	}
	want(t, "on", x.run("show archive"), `The maximum archive configurations allowed is 2.
There are currently 2 archive configurations saved.
The next archive file will be named flash:archive/Router-cfg-4
 Archive #  Name
   1        flash:archive/Router-cfg-2
   2        flash:archive/Router-cfg-3 <- Most Recent
`)
	x.configure("archive\n log config\n  logging enable\n  hidekeys\n")
	x.Typed(language.Typed{Who: running.Who{User: "admin"}, Line: "vty0", Session: 1, Depth: 1, Command: "description x"})
	x.Typed(language.Typed{Line: "con0", Session: 2, Command: "enable secret 9 $9$x"})
	want(t, "log", x.run("show archive log config all"), " idx   sess           user@line      Logged command\n"+
		"    1     1           admin@vty0  | description x\n    2     2      console@console  |enable secret 9 *****\n")
}

func TestCopyLocal(t *testing.T) {
	x := newBench(t)
	x.put("a", "text\n")
	x.answers = []string{""}
	out := x.run("copy flash:a flash:b")
	has(t, out, "5 bytes copied in ")
	if x.get("b") != "text\n" || !slices.Equal(x.asked, []string{"Destination filename [b]? "}) {
		t.Errorf("asked %q, b is %q", x.asked, x.get("b"))
	}
	x.put("a", "new\n")
	x.answers = []string{"", "n"}
	has(t, x.run("copy flash:a flash:b"), "%Warning:There is a file already existing with this name\n")
	if x.get("b") != "text\n" || x.asked[1] != "Do you want to over write? [confirm]" {
		t.Errorf("asked %q, b is %q", x.asked, x.get("b"))
	}
	x.configure("file prompt quiet\n")
	x.run("copy flash:a flash:b")
	if x.get("b") != "new\n" || len(x.asked) > 0 {
		t.Errorf("quiet: asked %q, b is %q", x.asked, x.get("b"))
	}
	for line, says := range map[string]string{
		"copy flash:nofile flash:c":           "%Error opening flash:/nofile (No such file or directory)",
		"copy flash:a flash:a":                "same file",
		"copy flash:a flash:no/dir":           "No such file or directory",
		"copy flash:a nvram:ssh_host_rsa_key": "Permission denied",
		"copy flash:a nvram:bindings.log":     "Permission denied",
		"copy nvram:ssh_host_rsa_key flash:k": "Permission denied",
		"copy flash:a system:x":               "Permission denied",
		"copy flash:a http://10.0.0.1/x":      "Permission denied",
		"copy null: flash:e":                  "0 bytes copied",
		"copy running-config flash:r":         "bytes copied in",
		"copy flash:a null:":                  "4 bytes copied in",
	} {
		has(t, x.run(line), says)
	}
	if x.get("r") != x.StartupText() {
		t.Error("the copy of the running-config is another text")
	}
	if _, err := x.Flash.Stat("c"); err == nil {
		t.Error("a copy that failed left a file")
	}
}

func TestCopyConfigurations(t *testing.T) {
	x := newBench(t)
	x.configure("file prompt quiet\n")
	x.put("merge", "hostname M\nip http port 99999\nip dhcp pool V\n network 10.0.0.0 255.255.255.0\n")
	out := x.run("copy flash:merge running-config")
	has(t, out, "% flash:merge line 2: ip http port 99999: ", "\n% Invalid input detected in flash:merge: 1 line refused, the others are in force\n", "bytes copied in")
	if c := x.Store.Current(); c.Hostname != "M" || len(c.DHCP.Pools) != 1 || !c.PromptFree {
		t.Error("it was not merged")
	}
	before := x.Store.Current()
	x.put("same", "hostname M\n")
	x.run("copy flash:same running-config")
	if x.Store.Current() != before {
		t.Error("merging what is there makes another version")
	}
	x.put("bin", "\x00\x01")
	has(t, x.run("copy flash:bin running-config"), "%The input file is not a valid config file.")
	has(t, x.run("copy flash:bin startup-config"), "%The input file is not a valid config file.")
	has(t, x.run("copy startup-config running-config"), "%Error opening nvram:startup-config (No such file or directory)")
	want(t, "save", x.run("copy running-config startup-config"), "Building configuration...\n[OK]\n")
	x.put("s", "hostname S\nend\n")
	has(t, x.run("copy flash:s startup-config"), "bytes copied in")
	x.run("copy startup-config running-config")
	if x.Store.Current().Hostname != "S" {
		t.Error("startup-config was not merged")
	}
	// a rule that the file as a whole breaks: the line is named, the rest counts
	x.put("clash", "hostname T\nip http server\nip http port 6970\ntelephony-service\n hfs enable port 6970\n")
	has(t, x.run("copy flash:clash running-config"), "% flash:clash line 5: hfs enable port 6970: ")
	if c := x.Store.Current(); c.Hostname != "T" || c.HFS.Enabled {
		t.Error("the rest of the file did not count")
	}
	x.refuse = errors.New("no")
	before = x.Store.Current()
	x.put("new", "hostname U\n")
	x.run("copy flash:new running-config")
	if x.Store.Current() == before { // a host name concerns no service
		t.Error("it was refused")
	}
	before = x.Store.Current()
	x.put("moved", "ip http server\nip http port 8081\n")
	has(t, x.run("copy flash:moved running-config"), "% Invalid input detected in flash:moved: nothing was changed")
	if x.Store.Current() != before {
		t.Error("a merge a service refused left something behind")
	}
}

func TestCopyHTTP(t *testing.T) {
	x := newBench(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/x" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), 30_000))
	}))
	defer s.Close()
	x.answers = []string{"f"}
	has(t, x.run("copy "+s.URL+"/x flash:"), "Accessing "+s.URL+"/x...\nLoading "+s.URL+"/x !!!\n[OK - 30000 bytes]\n\n30000 bytes copied in ")
	if len(x.get("f")) != 30_000 {
		t.Error("another file")
	}
	x.answers = []string{""}
	has(t, x.run("copy "+s.URL+"/nofile flash:"), "%Error opening "+s.URL+"/nofile (No such file or directory)")
}

// The box copies from and to its own TFTP server.
func TestCopyTFTP(t *testing.T) {
	x := newBench(t)
	at := someTFTPServer(t, map[string]string{"sub/x.cfg": "ip domain name t\n"})
	host, _, _ := net.SplitHostPort(at)
	x.answers = []string{at, "sub/x.cfg", ""}
	has(t, x.run("copy tftp: flash:"), "Accessing tftp://"+at+"/sub/x.cfg...\nLoading sub/x.cfg from "+at, "!\n[OK - 17 bytes]\n\n17 bytes copied in ")
	if !slices.Equal(x.asked, []string{"Address or name of remote host []? ", "Source filename []? ", "Destination filename [x.cfg]? "}) {
		t.Errorf("asked %q (host %s)", x.asked, host)
	}
	if x.get("x.cfg") != "ip domain name t\n" {
		t.Error("another file")
	}
	x.answers = []string{""}
	has(t, x.run("copy tftp://"+at+"/nofile flash:"), "%Error opening tftp://"+at+"/nofile (No such file or directory)")
	if _, err := x.Flash.Stat("nofile"); err == nil {
		t.Error("a transfer that failed left a file")
	}
	x.answers = []string{""}
	x.run("copy tftp://" + at + "/sub/x.cfg running-config")
	if x.Store.Current().Domain != "t" {
		t.Error("it was not merged")
	}
	has(t, x.run("show archive config differences tftp://"+at+"/sub/x.cfg"), "!Contextual Config Diffs:\n!No changes were found\n")
	has(t, x.run("configure replace tftp://"+at+"/sub/x.cfg force"), "no line \"end\"")
	has(t, x.run("configure replace tftp://"+at+"/nofile force"), "%Error opening tftp://"+at+"/nofile (No such file or directory)")
	x.answers = []string{at, ""}
	has(t, x.run("copy running-config tftp:"), "Permission denied") // our server takes no files
	if x.asked[1] != "Destination filename [router-confg]? " {
		t.Errorf("asked %q", x.asked)
	}
}

// someTFTPServer is the box's own, on a port of the machine.
func someTFTPServer(t *testing.T, files map[string]string) string {
	t.Helper()
	f, err := flash.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if dir, _, ok := strings.Cut(name, "/"); ok {
			_ = f.Mkdir(dir)
		}
		if err := f.WriteFile(name, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	s := tftp.New(tftp.Options{Opener: fileserver.New(fileserver.Options{Flash: f})})
	c, err := s.Prepare(t.Context(), nil, tftp.Spec{Endpoints: []listen.Endpoint{{Proto: listen.UDP, Addr: netip.MustParseAddr("127.0.0.1")}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	t.Cleanup(func() { <-s.Stop(-1); _ = f.Close() })
	return s.Status().Listeners[0].AddrPort().String()
}

func TestFileCommands(t *testing.T) {
	x := newBench(t)
	x.put("a", "text\n")
	x.answers = []string{"", ""}
	want(t, "delete", x.run("delete flash:a"), "")
	if !slices.Equal(x.asked, []string{"Delete filename [a]? ", "Delete flash:/a? [confirm]"}) || !strings.Contains(x.get("a"), "no such file") {
		t.Errorf("asked %q", x.asked)
	}
	x.put("a", "text\n")
	x.answers = []string{"", "n"}
	x.run("delete a")
	if x.get("a") != "text\n" {
		t.Error("deleted without consent")
	}
	has(t, x.run("delete flash:a"), "enter it on a terminal") // nobody to ask
	x.configure("file prompt quiet\n")
	want(t, "mkdir", x.run("mkdir flash:d"), "Created dir flash:d\n")
	x.run("mkdir d/e")
	x.put("d/e/f", "1")
	want(t, "rename", x.run("rename flash:a flash:d"), "")
	if x.get("d/a") != "text\n" {
		t.Error("not renamed into the directory")
	}
	has(t, x.run("rmdir flash:d"), "%Error Removing dir flash:/d (Directory not empty)")
	has(t, x.run("delete flash:d"), "%Error deleting flash:/d (Is a directory)")
	has(t, x.run("delete flash:"), "%Error")
	want(t, "recursive", x.run("delete /force /recursive flash:d"), "")
	if _, err := x.Flash.Stat("d"); err == nil {
		t.Error("the directory is there still")
	}
	x.put("v", "text\n")
	sum := fmt.Sprintf("%x", md5.Sum([]byte("text\n")))
	want(t, "verify", x.run("verify /md5 flash:v"), "..Done!\nverify /md5 (flash:v) = "+sum+"\n")
	want(t, "verified", x.run("verify /md5 flash:v "+sum), "..Done!\nVerified (flash:v) = "+sum+"\n")
	has(t, x.run("verify /md5 flash:v 00"), "%Error verifying flash:v", "Computed signature  = "+sum)
	has(t, x.run("dir flash:nofile"), "%Error opening flash:/nofile (No such file or directory)")
	has(t, x.run("dir /all nvram:"), "Directory of nvram:/\n\nNo files in directory\n\n262144 bytes total (262144 bytes free)\n")
	has(t, x.run("show file systems"), "File Systems:\n\n       Size(b)       Free(b)      Type  Flags  Prefixes\n", "disk     rw   flash:", "nvram     rw   nvram:")
	x.put("esc", "a\x1b[2Jb")
	want(t, "more", x.run("more flash:esc"), `a\x1b[2Jb`+"\n")
}

func TestErase(t *testing.T) {
	x := newBench(t)
	for _, line := range []string{"write erase", "erase startup-config", "erase nvram:", "delete nvram:startup-config"} {
		if err := x.SaveStartup(running.Who{}); err != nil {
			t.Fatal(err)
		}
		x.answers = []string{"n"}
		if strings.HasPrefix(line, "delete") {
			x.answers = []string{"", "n"}
		}
		x.run(line)
		if _, err := x.NVRAM.LoadStartup(); err != nil {
			t.Fatalf("%s: erased without consent", line)
		}
		x.answers = []string{"", ""}
		want(t, line, x.run(line), "[OK]\nErase of nvram: complete\n")
		if q := x.asked[len(x.asked)-1]; q != "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]" {
			t.Errorf("%s asked %q", line, q)
		}
		if _, err := x.NVRAM.LoadStartup(); err == nil {
			t.Errorf("%s: it is there still", line)
		}
		x.answers = nil
	}
}

func TestReload(t *testing.T) {
	x := newBench(t)
	x.configure("hostname Y\n")
	x.configure("hostname X\n") // unsaved
	x.answers = []string{"maybe", "no", "y"}
	has(t, x.run("reload"), "% Please answer 'yes' or 'no'.\n")
	if x.reloads != 1 || x.asked[0] != "\nSystem configuration has been modified. Save? [yes/no]: " || x.asked[2] != "Proceed with reload? [confirm]" {
		t.Errorf("%d reloads, asked %q", x.reloads, x.asked)
	}
	x.answers = []string{"yes", "n"}
	has(t, x.run("reload"), "Building configuration...\n[OK]\n")
	if x.reloads != 1 {
		t.Error("reloaded without consent")
	}
	want(t, "none", x.run("show reload"), "No reload is scheduled.\n")
	want(t, "cancel none", x.run("reload cancel"), "%No reload is scheduled.\n")
	x.answers = []string{""}
	has(t, x.run("reload in 5"), "Reload scheduled for ", " (in 5 minutes) by admin on vty0 (10.0.0.5)\nReload reason: Reload Command\n\n")
	has(t, x.run("show reload"), "Reload scheduled for ", "(in 5 minutes and 0 seconds) by admin on vty0 (10.0.0.5)\nReload reason: Reload Command\n")
	want(t, "cancel", x.run("reload cancel"), "")
	x.answers = []string{""}
	has(t, x.run("reload at 03:30 maintenance window"), "Reload scheduled for 03:30:00 ", "Reload reason: maintenance window\n")
	x.run("reload cancel")
	x.answers = []string{"n"}
	x.run("reload in 1:30")
	if _, due := x.Reloads.Pending(); due {
		t.Error("scheduled without consent")
	}
}

func TestRedirectFiles(t *testing.T) {
	x := newBench(t)
	write := func(url string, more bool, text string) error {
		f, err := x.Create(context.Background(), url, more)
		if err != nil {
			return err
		}
		_, _ = io.WriteString(f, text)
		return f.Commit()
	}
	for _, u := range []string{"flash:o", "flash:o", "o"} {
		if err := write(u, true, "x\n"); err != nil {
			t.Fatal(err)
		}
	}
	if x.get("o") != "x\nx\nx\n" {
		t.Errorf("appended: %q", x.get("o"))
	}
	if err := write("flash:o", false, "new\n"); err != nil || x.get("o") != "new\n" {
		t.Errorf("%v: %q", err, x.get("o"))
	}
	f, _ := x.Create(context.Background(), "flash:o", false)
	_, _ = io.WriteString(f, "half")
	f.Abort()
	if x.get("o") != "new\n" {
		t.Errorf("an interrupted command left %q", x.get("o"))
	}
	for _, bad := range []string{"nvram:startup-config", "nvram:ssh_host_rsa_key", "nvram:bindings.snap", "system:x", "flash:../x", "flash:", "http://h/x", "tftp://h/x y"} {
		if err := write(bad, false, "x"); err == nil {
			t.Errorf("%s was written", bad)
		}
	}
	if err := write("nvram:notes", false, "n\n"); err != nil {
		t.Error(err)
	}
}
