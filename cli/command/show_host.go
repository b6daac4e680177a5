package command

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/archive"
	"option150/platform/columns"
	"option150/platform/host"
	"option150/platform/sorted"
)

// showHost are the show commands about the machine.
func showHost(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.13"
	return []language.Declaration{
		table(`processes("Active process statistics")
			[ cpu("CPU use per process")
				[ ( sorted("Sorted by use")
						| history("History") ) ] ]`, 0, doc, func(*language.Invocation) *columns.Page { return b.processesText() }, processesTable),
		table(`processes memory("Memory use per process") [ sorted("Sorted by use") ]`, 0, doc, func(*language.Invocation) *columns.Page { return processMemoryText(host.ReadMemory()) }, processMemoryTable),
		table(`memory("Memory statistics") [ ( statistics("Memory pool statistics") | summary("Summary of memory usage") ) ]`, 0, doc, func(*language.Invocation) *columns.Page { return memoryText(host.ReadMemory()) }, memoryTable),
		table(`ip route("IP routing table")`, 0, doc, func(*language.Invocation) *columns.Page { return b.routesText(host.Routes()) }, routesTable),
		text(`ip route <dest:A.B.C.D>("Network to display information about") [ <mask:MASK>("Network mask") ]`, 0, doc, func(in *language.Invocation) string {
			return routeText(host.Routes(), b.ifName, grammar.Get[netip.Addr](in.Args, "dest"), grammar.Get[netip.Addr](in.Args, "mask"))
		}),
		table(`ip arp("IP ARP table")`, 0, doc, func(*language.Invocation) *columns.Page { return b.arpText(host.Neighbours()) }, arpTable),
		table(`arp("ARP table")`, 0, doc, func(*language.Invocation) *columns.Page { return b.arpText(host.Neighbours()) }, arpTable),
		table(`tcp("Status of TCP connections")
			brief("Brief display")
			[ all$all("All endpoints, those that listen too") ]
			[ numeric("Numeric addresses") ]`, 0, doc, func(in *language.Invocation) *columns.Page { return tcpText(b, in.Args.Has("all")) }, tcpTable),
		text(`environment("Environmental monitor statistics") [ <rest:LINE>("Part") ]`, 0, doc, func(*language.Invocation) string { return "This box has no environmental sensors\n" }),
		// Two commands and two forms, as there are on routers and switches.
		text(`boot("Boot information")`, 0, doc, func(*language.Invocation) string {
			return "BOOT path-list      : flash:option150\nConfig file         : nvram:startup-config\nEnable Break        : no\nManual Boot         : no\n"
		}),
		text(`bootvar("Boot and related environment variables")`, 0, doc, func(*language.Invocation) string {
			return "BOOT variable = flash:option150\nCONFIG_FILE variable = nvram:startup-config\nConfiguration register is 0x2102\n"
		}),
		action(showHead+`tech-support("Everything an expert asks for")`, privileged, "DESIGN 1", b.techSupport),
	}
}

// The tables of the machine.
var (
	processesTable = columns.Form(" PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process \n",
		"%4d %11d %11d %10d %5.2f%% %5.2f%% %5.2f%% %3d %s\n", "pid runtime_ms invoked usecs 5sec 1min 5min tty process")
	memoryTable = columns.Form("                Head      Total(b)       Used(b)       Free(b)     Lowest(b)    Largest(b)\n",
		"%9s   %s  %12d  %12d  %12d  %12d  %12d\n", "pool head total_b used_b free_b lowest_b largest_b")
	processMemoryTable = columns.Form(" PID TTY  Allocated      Freed    Holding    Getbufs    Retbufs Process\n",
		"%4d %3d %10d %10d %10d %10d %10d %s\n", "pid tty allocated freed holding getbufs retbufs process")
	arpTable    = columns.Form("Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n", "%-8s  %-15s %10s   %-14s  %-4s   %s\n", "protocol address age_min hardware_addr type interface")
	tcpTable    = columns.Form("TCB       Local Address               Foreign Address             (state)\n", "%08X  %-27s %-27s %s\n", "tcb local_address foreign_address state")
	routesTable = columns.Form("", "", "code network distance metric via interface")
)

// processesText: the box is one process; NAPALM and Ansible read the first line.
func (b *Box) processesText() *columns.Page {
	five, one, fiveMinutes := b.Host.CPU()
	w := columns.Text(fmt.Sprintf("CPU utilization for five seconds: %d%%/0%%; one minute: %d%%; five minutes: %d%%\n", five, one, fiveMinutes))
	w.Table(processesTable).Row(1, b.Host.Used().Milliseconds(), 1, 0, float64(five), float64(one), float64(fiveMinutes), 0, "option150")
	return w
}

// StampText is what stands before an answer after `terminal exec prompt
// timestamp`.
func (b *Box) StampText() string {
	five, one, fiveMinutes := b.Host.CPU()
	source := "NTP"
	if b.ClockMark() != "" {
		source = "hardware calendar"
	}
	return fmt.Sprintf("Load for five secs: %d%%/0%%; one minute: %d%%; five minutes: %d%%\nTime source is %s, %s\n",
		five, one, fiveMinutes, source, ClockText(b.Store.Current().Clock.Local(time.Now()), b.ClockMark()))
}

// memoryText prints both rows NAPALM needs. Linux has no address for them; the
// one printed is no decimal number, and two blanks are between the columns, so
// that Ansible's `\s(\d+)\s` finds total, used and free. [facts/ios-cli.md 3.4]
func memoryText(m host.Memory) *columns.Page {
	w := &columns.Page{}
	t := w.Table(memoryTable)
	t.Row("Processor", "F0000000", m.Total, m.Total-min(m.Available, m.Total), m.Available, m.Available, m.Available)
	t.Row("I/O", "F8000000", 0, 0, 0, 0, 0)
	fmt.Fprintf(w, "\nThis box: resident %d, peak %d bytes\n", m.Resident, m.Peak)
	return w
}

// processMemoryText: the one process, what its heap was given and gave back,
// and what it holds of the machine. There is no packet memory apart from that: the
// pool of IOS XE's driver, without which parsers take nothing, has no byte. [facts/ios-cli.md 1.13]
func processMemoryText(m host.Memory) *columns.Page {
	w := columns.Text(fmt.Sprintf("Processor Pool Total: %10d Used: %10d Free: %10d\n lsmpi_io Pool Total: %10d Used: %10d Free: %10d\n\n", m.Total, m.Total-min(m.Available, m.Total), m.Available, 0, 0, 0))
	w.Table(processMemoryTable).Row(1, 0, m.Allocated, m.Freed, m.Resident, 0, 0, "option150")
	fmt.Fprintf(w, "                         %10d Total\n", m.Resident)
	return w
}

// ifName is the IOS name of a Linux device.
func (b *Box) ifName(device string) string {
	for _, m := range b.Netif.Mapping() {
		if m.Device == device {
			return m.Name
		}
	}
	return device
}

func (b *Box) arpText(list []host.Neighbour) *columns.Page {
	w := &columns.Page{}
	t := w.Table(arpTable)
	ifs, _ := b.Netif.Interfaces()
	for _, i := range ifs {
		for _, a := range i.Addrs {
			t.Row("Internet", a.Addr(), "-", i.MAC.Cisco(), "ARPA", i.Name)
		}
	}
	sorted.By(list, func(x, y host.Neighbour) int { return x.Addr.Compare(y.Addr) })
	for _, n := range list {
		mac := n.MAC.Cisco()
		if n.Incomplete {
			mac = "Incomplete"
		}
		t.Row("Internet", n.Addr, "0", mac, "ARPA", b.ifName(n.Device))
	}
	return w
}

// tcpText is show tcp brief; as on a router, `all` adds what listens.
func tcpText(b *Box, all bool) *columns.Page {
	w := &columns.Page{}
	t := w.Table(tcpTable)
	n := 0
	row := func(local, foreign, state string) {
		n++
		t.Row(n, local, foreign, state)
	}
	for _, e := range listeners(b.Supervisor) {
		if all && e.Proto == "tcp" {
			row(fmt.Sprintf("%s.%d", e.AddrPort().Addr(), e.Port), "*.*", "LISTEN")
		}
	}
	for _, c := range b.HTTPD.Connections() {
		row(dotted2(c.Local), dotted2(c.Remote), "ESTAB")
	}
	for _, s := range b.SSHD.Sessions() {
		row("*.22", dotted2(s.Remote), "ESTAB")
	}
	return w
}

func dotted2(a netip.AddrPort) string {
	return fmt.Sprintf("%s.%d", a.Addr().Unmap(), a.Port())
}

// techSupport runs the commands whose answers an expert asks for. Secrets do
// not leave the box with it.
func (b *Box) techSupport(in *language.Invocation) error {
	for _, c := range []struct {
		name string
		text func() *columns.Page
	}{
		{"show version", func() *columns.Page { return columns.Text(b.versionText(in.Config.Hostname)) }},
		{"show clock", func() *columns.Page { return columns.Text(ClockText(in.Config.Clock.Local(time.Now()), b.ClockMark())) }},
		{"show services", func() *columns.Page { return ServicesText(b) }},
		{"show running-config", func() *columns.Page { return columns.Text(redact(b.StartupText())) }},
		{"show processes cpu", b.processesText},
		{"show memory statistics", func() *columns.Page { return memoryText(host.ReadMemory()) }},
		{"show ip route", func() *columns.Page { return b.routesText(host.Routes()) }},
		{"show arp", func() *columns.Page { return b.arpText(host.Neighbours()) }},
		{"show file-server statistics", b.fileCounters},
		{"show logging", func() *columns.Page { return columns.Text(b.Logging.ShowText()) }},
	} {
		if _, err := fmt.Fprintf(in.Out, "\n------------------ %s ------------------\n\n%s", c.name, c.text()); err != nil {
			return err
		}
	}
	return nil
}

// redact hides what is secret in lines.
func redact(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if at, ok := archive.Secret(l); ok {
			lines[i] = l[:at] + "<removed>"
		}
	}
	return strings.Join(lines, "\n")
}
