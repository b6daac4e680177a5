package session_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"option150/cli/command"
	"option150/cli/language"
	"option150/cli/session"
	"option150/cli/terminal"
	"option150/platform/config"
	"option150/platform/journal"
	"option150/platform/netif"
	"option150/platform/running"
	"option150/platform/service"
)

// still is a service that does what it is told, which is nothing.
type still struct {
	name string
	mu   sync.Mutex
	fail error
}

func (s *still) Name() string           { return s.name }
func (s *still) Status() service.Status { return service.Status{State: service.Running} }
func (s *still) Prepare(context.Context, service.Spec, service.Spec) (service.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return service.Funcs{}, s.fail
}

// box is a box whose services do nothing.
type box struct {
	*command.Box
	services map[string]*still
}

func newBox(t testing.TB) *box {
	t.Helper()
	f := config.Facts{Interfaces: []config.InterfaceFact{
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/0", Device: "eth0", Managed: true}, Up: true},
		{Mapping: netif.Mapping{Name: "GigabitEthernet0/1", Device: "eth1"}, Up: true, Addrs: []netip.Prefix{netip.MustParsePrefix("192.0.2.1/24")}},
	}}
	b := &box{Box: &command.Box{Version: "1.2.3"}, services: map[string]*still{}}
	var all []service.Service
	for _, w := range config.Default(f).Plan(f) {
		b.services[w.Service] = &still{name: w.Service}
		all = append(all, b.services[w.Service])
	}
	b.Journal = journal.New(0)
	b.Supervisor = service.NewSupervisor(b.Journal, all...)
	t.Cleanup(b.Supervisor.Close)
	b.Store = running.New(running.Options{Initial: config.Default(f), Facts: func() config.Facts { return f }, Supervisor: b.Supervisor, Recorder: b.Journal})
	l, err := command.New(b.Box)
	if err != nil {
		t.Fatal(err)
	}
	b.Language = l
	return b
}

// operator is a session that writes down what an engineer would see.
type operator struct {
	*session.Session
	out bytes.Buffer
}

func (b *box) login(level int) *operator {
	o := &operator{}
	o.Session = session.New(session.Options{Language: b.Language, Store: b.Store, Recorder: b.Journal, Out: &o.out,
		Line: "vty0", From: "vty0 (10.0.0.5)", User: "admin", Privilege: level})
	return o
}

// types types lines; what is seen comes back as a transcript.
func (o *operator) types(t testing.TB, lines ...string) string {
	t.Helper()
	o.out.Reset()
	for _, l := range lines {
		fmt.Fprintf(&o.out, "%s%s\n", o.Prompt(), l)
		o.Line(t.Context(), l)
	}
	return o.out.String()
}

// configures is types in configuration mode, without how it got there.
func (o *operator) configures(t testing.TB, lines ...string) string {
	t.Helper()
	o.types(t, "end", "configure terminal")
	return o.types(t, lines...)
}

// unwarned leaves out that lines are kept and not acted on.
func unwarned(out string) string { return strings.ReplaceAll(out, "%Warning: kept", "") }

func is(t *testing.T, got, want string) {
	t.Helper()
	if d := cmp.Diff(strings.TrimPrefix(want, "\n"), got); d != "" {
		t.Error(d)
	}
}

func TestPromptsAndModes(t *testing.T) {
	o := newBox(t).login(15)
	is(t, o.types(t, "configure terminal", "hostname Branch", "interface gi0/0", "description LAN", "exit", "ip dhcp pool V", "end", "disable", "", "! a comment", "  ", "exit"), `
Router#configure terminal
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#hostname Branch
Branch(config)#interface gi0/0
Branch(config-if)#description LAN
Branch(config-if)#exit
Branch(config)#ip dhcp pool V
Branch(dhcp-config)#end
Branch#disable
Branch>
Branch>! a comment
Branch>  
Branch>exit
`)
	if !o.Closed() {
		t.Error("exit at the exec prompt does not end the session")
	}
}

// TestModeAfterError: a mode is entered only after its command succeeded.
func TestModeAfterError(t *testing.T) {
	b := newBox(t)
	o := b.login(15)
	b.services[config.TFTP].fail = errors.New("held")
	before := b.Store.Current()
	is(t, o.configures(t, "ephone 9999", "telephony-service", "interface foo9/9", "ip dhcp pool", "ephone-dn 1", "ephone-dn 9999", "no ephone-dn 1", "hostname OK"), `
Router(config)#ephone 9999
                      ^
% Invalid input detected at '^' marker.

Router(config)#telephony-service
% Held
Router(config)#interface foo9/9
                         ^
% Invalid input detected at '^' marker.

Router(config)#ip dhcp pool
% Incomplete command.

Router(config)#ephone-dn 1
Router(config-ephone-dn)#ephone-dn 9999
                                   ^
% Invalid input detected at '^' marker.

Router(config)#no ephone-dn 1
Router(config)#hostname OK
`)
	if c := b.Store.Current(); c.Telephony.Service.Present || len(c.Telephony.EphoneDNs) != len(before.Telephony.EphoneDNs) {
		t.Error("the refused command left something")
	}
}

// TestCaret: the answers of IOS and where the caret points, the prompt
// included. [facts/ios-cli.md 1.3]
func TestCaret(t *testing.T) {
	o := newBox(t).login(15)
	is(t, o.types(t, "show asdf", "  show asdf", "shxw", "s verxion", "sh i", "s i", "show", "show version now", "configure terminal",
		"do show asdf", "do  shxw", "do s verxion", " ip http port 99999", "ip http port", "logging buffered 4096 warnings extra", "no xyz", "do sh i"), `
Router#show asdf
             ^
% Invalid input detected at '^' marker.

Router#  show asdf
               ^
% Invalid input detected at '^' marker.

Router#shxw
         ^
% Invalid input detected at '^' marker.

Router#s verxion
            ^
% Invalid input detected at '^' marker.

Router#sh i
% Ambiguous command:  "sh i"
Router#s i
% Ambiguous command:  "s i"
Router#show
% Incomplete command.

Router#show version now
                    ^
% Invalid input detected at '^' marker.

Router#configure terminal
Enter configuration commands, one per line.  End with CNTL/Z.
Router(config)#do show asdf
                        ^
% Invalid input detected at '^' marker.

Router(config)#do  shxw
                     ^
% Invalid input detected at '^' marker.

Router(config)#do s verxion
                       ^
% Invalid input detected at '^' marker.

Router(config)# ip http port 99999
                             ^
% Invalid input detected at '^' marker.

Router(config)#ip http port
% Incomplete command.

Router(config)#logging buffered 4096 warnings extra
                                              ^
% Invalid input detected at '^' marker.

Router(config)#no xyz
                  ^
% Invalid input detected at '^' marker.

Router(config)#do sh i
% Ambiguous command:  "sh i"
`)
}

// TestFallThrough: a command of the top level leaves the section; a word that
// is written in full there is not taken for an abbreviation here.
func TestFallThrough(t *testing.T) {
	b := newBox(t)
	o := b.login(15)
	is(t, o.configures(t, "ephone 1", "type 7960", "ephone 2", "type 7961", "ephone-dn 1", "number 1001", "ephone-dn 2", "hostname X", "number 5",
		"interface gi0/0", "ip http server", "interface gi0/0", "ip htp server", "exit", "exit", "show clok"), `
Router(config)#ephone 1
Router(config-ephone)#type 7960
Router(config-ephone)#ephone 2
Router(config-ephone)#type 7961
Router(config-ephone)#ephone-dn 1
Router(config-ephone-dn)#number 1001
Router(config-ephone-dn)#ephone-dn 2
Router(config-ephone-dn)#hostname X
X(config)#number 5
           ^
% Invalid input detected at '^' marker.

X(config)#interface gi0/0
X(config-if)#ip http server
X(config)#interface gi0/0
X(config-if)#ip htp server
                  ^
% Invalid input detected at '^' marker.

X(config-if)#exit
X(config)#exit
X#show clok
          ^
% Invalid input detected at '^' marker.

`)
	if c := b.Store.Current().Telephony; len(c.Ephones) != 2 || len(c.EphoneDNs) != 2 || b.Store.Current().Carried != nil {
		t.Errorf("%+v, carried %+v", c, b.Store.Current().Carried)
	}
}

// TestPrivilege: what a level may not do does not exist for it.
func TestPrivilege(t *testing.T) {
	o := newBox(t).login(1)
	is(t, o.types(t, "configure terminal", "show running-config", "debug tftp events", "do show version"), `
Router>configure terminal
       ^
% Invalid input detected at '^' marker.

Router>show running-config
             ^
% Invalid input detected at '^' marker.

Router>debug tftp events
         ^
% Invalid input detected at '^' marker.

Router>do show version
        ^
% Invalid input detected at '^' marker.

`)
	for _, word := range []string{"  configure ", "  debug ", "  reload "} {
		if strings.Contains(o.Help(""), word) {
			t.Errorf("level 1 sees %q", word)
		}
	}
	if strings.Contains(o.Help("show "), "running-config") {
		t.Error("level 1 sees show running-config")
	}
	if rest, ok := o.Complete("conf"); ok {
		t.Errorf("level 1 completes conf%s", rest)
	}
}

func TestFilters(t *testing.T) {
	b := newBox(t)
	o := b.login(15)
	o.configures(t, "ephone-dn 1 dual-line", "number 1001", "ephone 1", "mac-address 001e.7a00.0001", "button 1:1", "ephone 2", "type 7961", "ip dhcp pool V", "network 10.0.0.0 /24", "end")
	run := "show running-config "
	for _, c := range []struct{ filter, want string }{
		{"| include hostname", "hostname Router\n"},
		{"| i ^hostname|^end", "hostname Router\nend\n"},
		{"|  inc  ephone", "ephone-dn  1  dual-line\nephone  1\nephone  2\n"},
		{"| include ephone  1", "ephone  1\n"},
		{"| include ephone 1", "ephone  1\n"},
		{"| section ephone  1", "ephone  1\n mac-address 001E.7A00.0001\n button  1:1\n"},
		{"| section ^ephone 1", "ephone  1\n mac-address 001E.7A00.0001\n button  1:1\n"},
		{"| s dhcp pool", "ip dhcp pool V\n network 10.0.0.0 255.255.255.0\n"},
		{"| sec include dhcp pool", "ip dhcp pool V\n network 10.0.0.0 255.255.255.0\n"},
		{"| begin ^line vty", "line vty 0 4\n!\nend\n\n"},
		{"| b ^end", "end\n\n"},
		{"| count ^ephone ", "Number of lines which match regexp = 2\n"},
		{"| count nothing like it", "Number of lines which match regexp = 0\n"},
		{"| include nothing like it", ""},
		{"| exclude .", "\n\n"},
		{"| include (", "% Failed to compile regular expression.\n"},
		{"| include", "% Incomplete command.\n\n"},
		{"|", "% Incomplete command.\n\n"},
		{"| x", strings.Repeat(" ", len("Router#"+run)+2) + "^\n% Invalid input detected at '^' marker.\n\n"},
		{"| include _network_", " network 10.0.0.0 255.255.255.0\n"},
	} {
		got := strings.TrimPrefix(o.types(t, run+c.filter), "Router#"+run+c.filter+"\n")
		if got != c.want {
			t.Errorf("%s\n%s", c.filter, cmp.Diff(c.want, got))
		}
	}
	got := o.types(t, run+"| section exclude ephone")
	if strings.Contains(got, "button") || !strings.Contains(got, "hostname Router") {
		t.Errorf("section exclude:\n%s", got)
	}
	o.types(t, "configure terminal")
	if got := o.types(t, "do "+run+"| include hostname"); !strings.HasSuffix(got, "\nhostname Router\n") {
		t.Errorf("after do: %s", got)
	}
	if got := o.types(t, "interface gi0/0", "description a | include b", "do "+run+"| include description"); !strings.Contains(got, "\n description a | include b\n") {
		t.Errorf("a bar in a text of the configuration: %s", got)
	}
}

func TestHelpWithBars(t *testing.T) {
	o := newBox(t).login(15)
	if got := o.Help("show version "); !strings.Contains(got, "  |     Output modifiers\n  <cr>") && !strings.Contains(got, "Output modifiers") {
		t.Errorf("got %q", got)
	}
	if got := o.Help("show version | "); !strings.Contains(got, "  begin ") || !strings.Contains(got, "  section ") || !strings.HasSuffix(got, "\n\n") {
		t.Errorf("got %q", got)
	}
	if got := o.Help("show version | inc"); strings.TrimSpace(got) != "include" {
		t.Errorf("got %q", got)
	}
	if got := o.Help("show version | include "); !strings.Contains(got, "LINE") {
		t.Errorf("got %q", got)
	}
	if got := o.Help("configure | "); got != "% Unrecognized command\n" {
		t.Errorf("got %q", got)
	}
	if got := o.Help("xyz"); got != "% Unrecognized command\n" {
		t.Errorf("got %q", got)
	}
	if got := o.Help("sh i "); got != "% Ambiguous command:  \"sh i \"\n" {
		t.Errorf("got %q", got)
	}
	for line, want := range map[string]string{"show ver": "sion", "show version | inc": "lude", "conf": "igure", "sh": "ow", "s ver": "sion"} {
		if got, ok := o.Complete(line); !ok || strings.TrimSpace(got) != want {
			t.Errorf("%q: got %q %v, want %q", line, got, ok, want)
		}
	}
}

// TestTabOfKeptWords: words that are kept are matched in full only, and Tab
// writes them out; a word of ours comes first, and an argument is no word.
func TestTabOfKeptWords(t *testing.T) {
	o := newBox(t).login(15)
	o.configures(t, "end", "configure terminal")
	for line, want := range map[string]string{"snmp-s": "erver", "snmp-server commu": "nity", "router osp": "-", "router eig": "rp", "crypto isa": "kmp", "no router ei": "grp",
		"int": "erface", "interfa": "ce", "router ospf W": "-", "class-": "map", "router zzz": "-", "ip dhcp exc": "luded-address"} {
		got, ok := o.Complete(line)
		if !ok {
			got = "-"
		}
		if strings.TrimSpace(got) != want {
			t.Errorf("%q: got %q, want %q", line, got, want)
		}
	}
	o.configures(t, "router ospf 1")
	if got, ok := o.Complete("passive-i"); !ok || got != "nterface" {
		t.Errorf("below a kept header: %q %v", got, ok)
	}
	if got := o.Help("network w"); strings.Contains(got, "WORD") {
		t.Errorf("an argument is no word: %q", got)
	}
}

// TestSectionRemovedByAnother: the mode holds keys. A line typed in a section
// that another operator removed is answered, not carried out, and makes nothing
// again.
func TestSectionRemovedByAnother(t *testing.T) {
	for _, c := range []struct{ enter, remove, line, again string }{
		{"ephone 1", "no ephone 1", "type 7960", "ephone  1"},
		{"ephone 1", "no ephone 1", "pin 1234", "ephone  1"},
		{"ephone-dn 1", "no ephone-dn 1", "number 1001", "ephone-dn  1"},
		{"ip dhcp pool V", "no ip dhcp pool V", "network 10.0.0.0 /24", "ip dhcp pool V"},
		{"telephony-service", "no telephony-service", "max-ephones 4", "telephony-service"},
		{"voice register pool 1", "no voice register pool 1", "type 8841", "voice register pool  1"},
		{"ephone-template 1", "no ephone-template 1", "softkeys idle Redial", "ephone-template  1"},
		{"line vty 5 9", "no line vty 5 9", "length 0", "line vty 5 9"},
	} {
		t.Run(c.enter+", "+c.line, func(t *testing.T) {
			b := newBox(t)
			one, two := b.login(15), b.login(15)
			one.configures(t, c.enter)
			prompt := one.Prompt()
			if got := two.configures(t, c.remove); strings.Contains(got, "%") {
				t.Fatal(got)
			}
			is(t, one.types(t, c.line, "hostname Y"), prompt+c.line+"\n% This section was removed by another session\nRouter(config)#hostname Y\n")
			if text := b.Language.RenderText(b.Store.Current()); strings.Contains(text, c.again) || len(b.Store.Current().Carried) > 0 {
				t.Errorf("it is there again:\n%s", text)
			}
			if got := one.configures(t, c.enter, c.line); strings.Contains(unwarned(got), "%") {
				t.Errorf("made anew: %s", got)
			}
		})
	}
}

// TestSectionRenamedByAnother: what is carried goes to the section as it is
// called now.
func TestSectionRenamedByAnother(t *testing.T) {
	b := newBox(t)
	one, two := b.login(15), b.login(15)
	one.configures(t, "ephone-dn 1", "pickup-group 1")
	two.configures(t, "ephone-dn 1 octo-line")
	is(t, one.types(t, "huntstop", "no pickup-group 1", "number 1001"), `
Router(config-ephone-dn)#huntstop
%Warning: kept, not acted on: huntstop
Router(config-ephone-dn)#no pickup-group 1
Router(config-ephone-dn)#number 1001
`)
	got := strings.Join(b.Language.RenderSection(b.Store.Current(), "ephone-dn 1 octo-line"), "\n")
	is(t, got, "ephone-dn  1  octo-line\n number 1001\n huntstop")
}

// TestExitFromRemovedSection: leaving needs no section.
func TestExitFromRemovedSection(t *testing.T) {
	b := newBox(t)
	one, two := b.login(15), b.login(15)
	one.configures(t, "ephone 1")
	two.configures(t, "no ephone 1")
	is(t, one.types(t, "exit", "end"), "Router(config-ephone)#exit\nRouter(config)#end\n")
}

// TestDrops: `no` of something carried, as an engineer types it.
func TestDrops(t *testing.T) {
	b := newBox(t)
	rep, err := b.Language.Load("ip nat 1\nip nat 2\nsnmp-server location here\n", b.Store.Current(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Store.Replace(t.Context(), running.Who{}, rep.Config, service.Interactive); err != nil {
		t.Fatal(err)
	}
	o := b.login(15)
	got := o.configures(t, "no ip", "no ip nat", "no snmp-server location", "no ip nat 1")
	got += o.types(t, "telephony-service", "moh a.au", "no moh", "no no")
	if strings.Count(unwarned(got), "%") != 3 || len(b.Store.Current().Carried) != 1 || b.Store.Current().Carried[0].Line != "ip nat 2" {
		t.Errorf("%s\n%+v", got, b.Store.Current().Carried)
	}
}

// TestBlanksOfAllKinds: a pasted line may hold blanks that are none to others.
func TestBlanksOfAllKinds(t *testing.T) {
	b := newBox(t)
	o := b.login(15)
	o.configures(t, "hostname\u00a0X", "ephone-template\t1", "\u00a0", "\v! a comment", "softkeys\u2003idle")
	if k := b.Store.Current().Carried; b.Store.Current().Hostname != "X" || len(k) != 1 || k[0].Line != "softkeys idle" || len(b.Store.Current().Telephony.EphoneTemplates) != 1 {
		t.Errorf("%q %+v", b.Store.Current().Hostname, k)
	}
}

// TestPanicInCommand: a fault of a command is answered and does not end the
// session.
func TestPanicInCommand(t *testing.T) {
	o := newBox(t).login(15) // a box without services: show commands of theirs fall over
	got := o.types(t, "show flash:", "show version | include Version", "configure terminal", "hostname X")
	if !strings.Contains(got, "% Internal fault") || !strings.HasSuffix(got, "Router(config)#hostname X\n") {
		t.Errorf("got %s", got)
	}
}

// TestBrokenOff: a command that is broken off says what it has to say at the
// end, and nothing else.
func TestBrokenOff(t *testing.T) {
	b := newBox(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	l, err := language.New(command.Types(b.Box), b.Language.Modes(), append(command.All(b.Box), language.Declaration{Mode: language.Exec,
		Syntax: `long("Takes long")`, Doc: "this test", Run: func(in *language.Invocation) error {
			cancel(terminal.ErrInterrupt)
			in.Last = "Success rate is 0 percent (0/2)\n"
			_, err := io.WriteString(in.Out, in.Last)
			return err
		}}), nil)
	if err != nil {
		t.Fatal(err)
	}
	b.Language = l
	o := b.login(15)
	o.Line(ctx, "long")
	is(t, o.out.String(), "Success rate is 0 percent (0/2)\n")
}

// TestManySessions: operators change the configuration at the same time; each
// change is whole and none is lost.
func TestManySessions(t *testing.T) {
	b := newBox(t)
	var wg sync.WaitGroup
	for n := range 6 {
		wg.Go(func() {
			o := b.login(15)
			o.types(t, "configure terminal")
			for i := range 20 {
				o.types(t, fmt.Sprintf("ephone-dn %d", n*20+i+1), fmt.Sprintf("number %d", 1000+n*20+i), fmt.Sprintf("ephone %d", i+1), "type 7960", fmt.Sprintf("no ephone %d", i+1))
			}
		})
	}
	wg.Wait()
	if n := len(b.Store.Current().Telephony.EphoneDNs); n != 120 {
		t.Errorf("%d of 120", n)
	}
	for _, d := range b.Store.Current().Telephony.EphoneDNs {
		if d.Number == "" {
			t.Errorf("ephone-dn %d has no number", d.Tag)
		}
	}
}

// TestConfiguredIsLoggedOnce: leaving configuration mode, however, and only
// from configuration mode.
func TestConfiguredIsLoggedOnce(t *testing.T) {
	b := newBox(t)
	c := b.Journal.Cursor()
	o := b.login(15)
	o.types(t, "configure terminal", "interface gi0/0", "exit", "exit", "show clock", "configure terminal", "end")
	n := 0
	for {
		e, _, ok := c.TryNext()
		if !ok {
			break
		}
		if k, ok := e.Event.(running.Configured); ok {
			if n++; k.Who.String() != "admin on vty0 (10.0.0.5)" {
				t.Errorf("by %q", k.Who)
			}
		}
	}
	if n != 2 {
		t.Errorf("logged %d times", n)
	}
}
