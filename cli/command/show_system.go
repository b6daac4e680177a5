package command

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"option150/cli/language"
	"option150/platform/columns"
	"option150/platform/config"
	"option150/platform/host"
	"option150/platform/listen"
	"option150/platform/message"
	"option150/platform/running"
	"option150/platform/service"
	"option150/platform/sshd"
)

// showCommands are the show commands, feature by feature.
func showCommands(b *Box) []language.Declaration {
	var all []language.Declaration
	for _, g := range [][]language.Declaration{showSystem(b), showHost(b), showNTP(b), showConfig(b), showSessions(b), showNetwork(b), showAbsent(b), showTraffic(b), showDHCP(b), showDNS(b), showFiles(b), showTelephony(b), showEphone(b), showVoiceRegister(b), showPhones(b), showPFS(b), showFleet(b), showFollow(b)} {
		all = append(all, g...)
	}
	return all
}

const showHead = `show("Show running system information") `

// text is a show command that prints a text.
func text(syntax string, level int, doc string, f func(*language.Invocation) string) language.Declaration {
	return action(showHead+syntax, level, doc, func(in *language.Invocation) error {
		_, err := io.WriteString(in.Out, f(in))
		return err
	})
}

// table is a show command that prints a page with tables of these layouts.
func table(syntax string, level int, doc string, f func(*language.Invocation) *columns.Page, tables ...*columns.Layout) language.Declaration {
	d := action(showHead+syntax, level, doc, func(in *language.Invocation) error { return columns.Print(in.Out, f(in)) })
	d.Tables = tables
	return d
}

// tabled are the tables of an action that prints its pages itself.
func tabled(d language.Declaration, tables ...*columns.Layout) language.Declaration {
	d.Tables = tables
	return d
}

// The tables of what runs on the box and who is on it.
var (
	servicesTable  = columns.Form("Service      State      Listening                      Why\n", "%-12s %-10s %-30s %s", "service state listening why")
	socketsTable   = columns.Form("Proto        Remote      Port      Local       Port  In Out  Stat TTY OutputIF\n", "%3d %15s %5d %15s %5d %3d %3d %5d %3d%s\n", "proto remote port local port_2 in out stat tty outputif")
	openPortsTable = columns.Form("Prot           Local Address        Foreign Address                Service     State\n", "%-5s %22s %22s %22s %9s\n", "prot local_address foreign_address service state")
	usersTable     = columns.Form("    Line       User       Host(s)              Idle       Location\n", "%s%3d %-10s %-10s %-20s %-10s %s", "own line name user hosts idle location")
)

func showSystem(b *Box) []language.Declaration {
	return []language.Declaration{
		text(`version("System hardware and software status")`, 0, "facts/ios-cli.md 4", func(in *language.Invocation) string { return b.versionText(in.Config.Hostname) }),
		text(`clock("Display the system clock") [ detail$detail("Display detailed information") ]`, 0, "facts/ios-cli.md 1.12", func(in *language.Invocation) string {
			t := ClockText(in.Config.Clock.Local(time.Now()), b.ClockMark())
			switch {
			case !in.Args.Has("detail"):
			case b.ClockMark() == "":
				t += "Time source is NTP\n"
			default:
				t += "Time source is the clock of the host\n"
			}
			return t
		}),
		text(`privilege("Show current privilege level")`, 0, "facts/ios-cli.md 1.2", func(in *language.Invocation) string {
			return fmt.Sprintf("Current privilege level is %d\n", in.Op.Privilege())
		}),
		text(`inventory("Show the physical inventory") [ raw("Every entry") ]`, 0, "facts/ios-cli.md 1.13", func(*language.Invocation) string {
			return fmt.Sprintf("NAME: \"Chassis\", DESCR: \"Option 150 phone provisioning appliance\"\nPID: OPTION150         , VID: V01  , SN: %s\n\n", b.Serial)
		}),
		table(`services("Services of this box: configured and working")`, 0, "DESIGN 4", func(*language.Invocation) *columns.Page { return ServicesText(b) }, servicesTable),
		table(`ip("IP information") sockets("Open IP sockets")`, 0, "facts/ios-cli.md 1.14", func(*language.Invocation) *columns.Page {
			return SocketsText(b.Supervisor, listen.TCP, listen.UDP)
		}, socketsTable),
		table(`udp("Open UDP sockets")`, 0, "facts/ios-cli.md 1.14", func(*language.Invocation) *columns.Page { return SocketsText(b.Supervisor, listen.UDP) }, socketsTable),
		table(`control-plane("Control Plane information")
			host("Control plane host")
			open-ports("Open ports")`, 0, "facts/ios-cli.md 1.14", func(*language.Invocation) *columns.Page { return OpenPortsText(b.Supervisor) }, openPortsTable),
	}
}

// versionText passes the parsers of the field without claiming to be IOS: the
// compatibility line stands after our own Version line and has the form of IOS
// XE's first line, in brackets what kind of IOS it is: none. [facts/ios-cli.md 4]
// The memory is the machine's: what the box uses changes, and RANCID would mail
// a difference every hour.
func (b *Box) versionText(hostname string) string {
	return fmt.Sprintf(`Option 150 Software (OPTION150-UNIVERSAL-M), Version %s, RELEASE SOFTWARE (fc1)
Cisco IOS Software [compatible], Option 150 Software (OPTION150-UNIVERSAL-M), Version 15.2

ROM: Option 150 bootstrap

%s uptime is %s
System returned to ROM by reload
System restarted at %s
System image file is "flash:option150"

Option 150 (%s) processor with %dK/0K bytes of memory.
Processor board ID %s
256K bytes of non-volatile configuration memory.

Configuration register is 0x2102

`, b.Version, hostname, Uptime(time.Since(b.Started)), b.Started.UTC().Format("15:04:05 UTC Mon Jan 2 2006"), runtime.GOARCH, host.ReadMemory().Total/1024, b.Serial)
}

// Uptime is "2 weeks, 3 days, 4 hours, 5 minutes": no seconds, singular and
// plural, as the parsers want it.
func Uptime(d time.Duration) string {
	minutes := int(d / time.Minute)
	var out []string
	for _, u := range []struct {
		name string
		n    int
	}{{"year", 365 * 24 * 60}, {"week", 7 * 24 * 60}, {"day", 24 * 60}, {"hour", 60}, {"minute", 1}} {
		n := minutes / u.n
		minutes %= u.n
		if n == 0 && !(u.name == "minute" && len(out) == 0) {
			continue
		}
		s := fmt.Sprintf("%d %s", n, u.name)
		if n != 1 {
			s += "s"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

// ClockText is show clock. The mark says how far the time is to be trusted: an
// asterisk until a time server has confirmed it.
func ClockText(now time.Time, mark string) string {
	return mark + now.Format("15:04:05.000 MST Mon Jan 2 2006") + "\n"
}

// ClockMark is "*" until a server of `ntp server` agrees with the clock.
func (b *Box) ClockMark() string {
	if b.NTP != nil {
		if _, ok := b.NTP.Best(); ok {
			return ""
		}
	}
	return "*"
}

// ServicesText lists what is configured and what works: two different things.
func ServicesText(b *Box) *columns.Page {
	w := &columns.Page{}
	t := w.Table(servicesTable)
	row := func(n string, st service.Status) {
		var l []string
		for _, e := range st.Listeners {
			l = append(l, fmt.Sprintf("%s %d%s", e.Proto, e.Port, on(e.Device)))
		}
		why := st.Why
		if !st.NextRetry.IsZero() {
			why += fmt.Sprintf(" (next try in %d s)", max(1, int(time.Until(st.NextRetry)/time.Second)))
		}
		t.Row(n, st.State, strings.Join(l, ", "), why)
	}
	for _, n := range b.Supervisor.Names() {
		row(n, b.Supervisor.Status(n))
	}
	if b.Console != nil {
		if st, ok := b.Console(); ok {
			row("console", st)
		}
	}
	return w
}

func on(device string) string {
	if device == "" {
		return ""
	}
	return " " + device
}

func listeners(s *service.Supervisor) []listen.Endpoint {
	var all []listen.Endpoint
	for _, n := range s.Names() {
		all = append(all, s.Status(n).Listeners...)
	}
	return all
}

// SocketsText is show ip sockets, or show udp. [facts/ios-cli.md 1.13]
func SocketsText(s *service.Supervisor, of ...listen.Proto) *columns.Page {
	w := &columns.Page{}
	t := w.Table(socketsTable)
	for _, e := range listeners(s) {
		if !slices.Contains(of, e.Proto) {
			continue
		}
		proto := 6
		if e.Proto == listen.UDP {
			proto = 17
		}
		t.Row(proto, "0.0.0.0", 0, e.AddrPort().Addr(), e.Port, 0, 0, 11, 0, on(e.Device))
	}
	return w
}

// OpenPortsText is show control-plane host open-ports. [facts/ios-cli.md 1.14]
func OpenPortsText(s *service.Supervisor) *columns.Page {
	w := &columns.Page{}
	w.WriteString("Active internet connections (servers and established)\n")
	t := w.Table(openPortsTable)
	for _, e := range listeners(s) {
		state := "LISTEN"
		if e.Proto == listen.UDP {
			state = "LISTEN"
		}
		t.Row(e.Proto, fmt.Sprintf("*:%d", e.Port), "*:0", e.Owner, state)
	}
	return w
}

func (b *Box) showStartup(in *language.Invocation) error {
	text, err := b.NVRAM.LoadStartup()
	if err != nil {
		return language.Answer("startup-config is not present")
	}
	_, err = fmt.Fprintf(in.Out, "Using %d out of 262144 bytes\n%s\n", len(text), text)
	return err
}

func showConfig(b *Box) []language.Declaration {
	running := func(syntax string, f func(*language.Invocation) error) language.Declaration {
		return action(showHead+syntax, privileged, "facts/ios-cli.md 1.10", f)
	}
	return []language.Declaration{
		running(`running-config("Current operating configuration")
			[ ( all$all("Configuration with defaults")
					| brief("Configuration without certificate data")
					| full$full("Full configuration")
					| interface("Show interface configuration")
					<name:IFNAME>("Interface")
					| view("View options")
					full("Full view") ) ]`, func(in *language.Invocation) error {
			if name := in.Args.String("name"); name != "" {
				return b.showSection(in, "interface "+name)
			}
			return b.showRunning(in, in.Args.Has("all"))
		}),
		running(`startup-config("Contents of startup configuration")`, b.showStartup),
		running(`configuration("Contents of Non-Volatile memory")`, b.showStartup), // its older name
	}
}

// showRunning prints the running-config: the header that backup tools skip,
// then the lines. The byte count is that of everything from the first `!`
// through `end`, plus one, as routers count. [facts/ios-cli.md 1.10]
func (b *Box) showRunning(in *language.Invocation, all bool) error {
	body := b.changes() + versionLine + strings.Join(b.Language.Render(b.Store.Current(), all), "\n") + "\n"
	_, err := fmt.Fprintf(in.Out, "%s\n\nCurrent configuration : %d bytes\n%s\n", message.BuildingConf, len(body)+1, body)
	return err
}

// changes are the lines over the version that say who changed and who saved
// last; before a change there are none. What is saved has none either.
func (b *Box) changes() string {
	clock := b.Store.Current().Clock
	line := func(what string, v running.Version) string {
		t := "! " + what + " at " + clock.Local(v.Time).Format("15:04:05 MST Mon Jan 2 2006")
		if v.Who.User != "" {
			t += " by " + v.Who.User
		}
		return t + "\n"
	}
	var t string
	if v := b.Store.Version(); v.Number > 0 && v.Who.Line != "startup-config" {
		t += line("Last configuration change", v)
	}
	if v := b.saving.Load(); v != nil {
		t += line("NVRAM config last updated", *v)
	}
	if t != "" {
		t = "!\n" + t
	}
	return t
}

func (b *Box) showSection(in *language.Invocation, header string) error {
	lines := b.Language.RenderSection(b.Store.Current(), header)
	body := "!\n" + strings.Join(lines, "\n") + "\nend\n"
	_, err := fmt.Fprintf(in.Out, "%s\n\nCurrent configuration : %d bytes\n%s\n", message.BuildingConf, len(body)+1, body)
	return err
}

func showSessions(b *Box) []language.Declaration {
	return []language.Declaration{
		table(`users("Display information about terminal lines") [ all$all("Include information about inactive lines") ]`, 0, "facts/ios-cli.md 1.13", func(in *language.Invocation) *columns.Page {
			lines := b.Lines()
			if in.Args.Has("all") {
				lines = allLines(in.Config, lines)
			}
			return UsersText(lines, in.Op.LineName())
		}, usersTable),
		table(`line("TTY line information")`, 0, "facts/ios-cli.md 1.13", func(in *language.Invocation) *columns.Page { return LineText(in.Config, b.Lines(), b.LineUses(), -1) }, lineTable),
		table(`line <number:0-17>("Line number")`, 0, "facts/ios-cli.md 1.13", func(in *language.Invocation) *columns.Page {
			return LineText(in.Config, b.Lines(), b.LineUses(), in.Args.Int("number"))
		}, lineTable),
		table(`line console("Primary terminal line") <number:0-0>("Line number")`, 0, "facts/ios-cli.md 1.13", func(in *language.Invocation) *columns.Page {
			return LineText(in.Config, b.Lines(), b.LineUses(), 0)
		}, lineTable),
		table(`line vty("Virtual terminal") <number:0-15>("Line number")`, 0, "facts/ios-cli.md 1.13", func(in *language.Invocation) *columns.Page {
			return LineText(in.Config, b.Lines(), b.LineUses(), sshd.FirstVTY+in.Args.Int("number"))
		}, lineTable),
		table(`sessions("Information about connections opened from here")`, 0, "facts/ios-cli.md 1.14", func(in *language.Invocation) *columns.Page { return callsText(in.Op.Calls()) }, callsTable),
		text(`history("Display the session command history")`, 0, "facts/ios-cli.md 1.6", func(in *language.Invocation) string {
			var w strings.Builder
			for _, l := range in.Op.History() {
				w.WriteString("  " + l + "\n")
			}
			return w.String()
		}),
		text(`terminal("Display terminal configuration parameters")`, 0, "facts/ios-cli.md 1.6", func(in *language.Invocation) string {
			t := in.Op.Terminal()
			return TerminalText(in.Op.LineName(), t)
		}),
		table(`aliases("Display alias commands")`, 0, "facts/ios-cli.md 1.5", func(in *language.Invocation) *columns.Page { return AliasesText(in.Config) }, aliasesTable),
		text(`logging("Show the contents of logging buffers")`, 0, "facts/ios-cli.md 1.12", func(*language.Invocation) string { return b.Logging.ShowText() }),
	}
}

// TerminalText is show terminal.
func TerminalText(line string, t language.Terminal) string {
	in := "none"
	if strings.HasPrefix(line, "vty") {
		in = "ssh"
	}
	return fmt.Sprintf("Line %d, Location: \"\", Type: \"\"\nLength: %d lines, Width: %d columns\n", lineNumber(line), t.Length(), t.Width()) +
		"Baud rate (TX/RX) is 9600/9600, no parity, 1 stopbits, 8 databits\nStatus: PSI Enabled, Ready, Active, Automore On\n" +
		fmt.Sprintf("History is enabled, history size is %d.\n", t.HistorySize()) +
		"Allowed input transports are " + in + ".\nAllowed output transports are telnet ssh.\n"
}

// lineNumber is the absolute number of a line by its name: con0 is 0.
func lineNumber(name string) int {
	if n, ok := strings.CutPrefix(name, "vty"); ok {
		return sshd.FirstVTY + atoi(n)
	}
	return 0
}

// allLines are the lines there are; of those nobody uses only the name.
func allLines(c *config.Config, used []LineInfo) []LineInfo {
	var out []LineInfo
	for _, l := range c.Lines {
		for n := l.First; n <= l.Last; n++ {
			i := LineInfo{Name: fmt.Sprintf("%s %d", l.Kind, n), Idle: -1}
			i.Number = lineNumber(l.Kind + itoa(n))
			if at := slices.IndexFunc(used, func(u LineInfo) bool { return u.Number == i.Number }); at >= 0 {
				i = used[at]
			}
			out = append(out, i)
		}
	}
	return out
}

// UsersText is show users; the asterisk marks the line that asks.
func UsersText(lines []LineInfo, own string) *columns.Page {
	w := &columns.Page{}
	t := w.Table(usersTable)
	for _, l := range lines {
		mark := " "
		if strings.ReplaceAll(l.Name, " ", "") == own {
			mark = "*"
		}
		if l.Idle < 0 {
			t.Line(fmt.Sprintf(" %3d %-43s 00:00:00\n", l.Number, l.Name), "", l.Number, l.Name, "", "", "00:00:00", "")
			continue
		}
		idle := fmt.Sprintf("%02d:%02d:%02d", int(l.Idle.Hours()), int(l.Idle.Minutes())%60, int(l.Idle.Seconds())%60)
		t.Row(mark, l.Number, l.Name, l.User, "idle", idle, l.From)
	}
	w.WriteString("\n  Interface    User               Mode         Idle     Peer Address\n\n")
	return w
}
