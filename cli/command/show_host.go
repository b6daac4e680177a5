package command

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"option150/cli/grammar"
	"option150/cli/language"
	"option150/platform/archive"
	"option150/platform/host"
	"option150/platform/sorted"
)

// showHost are the show commands about the machine.
func showHost(b *Box) []language.Declaration {
	const doc = "facts/ios-cli.md 1.13"
	return []language.Declaration{
		text(`processes("Active process statistics")
			[ cpu("CPU use per process")
				[ ( sorted("Sorted by use")
						| history("History") ) ] ]`, 0, doc, func(*language.Invocation) string { return b.processesText() }),
		text(`processes memory("Memory use per process") [ sorted("Sorted by use") ]`, 0, doc, func(*language.Invocation) string { return processMemoryText(host.ReadMemory()) }),
		text(`memory("Memory statistics") [ ( statistics("Memory pool statistics") | summary("Summary of memory usage") ) ]`, 0, doc, func(*language.Invocation) string { return memoryText(host.ReadMemory()) }),
		text(`ip route("IP routing table")`, 0, doc, func(*language.Invocation) string { return b.routesText(host.Routes()) }),
		text(`ip route <dest:A.B.C.D>("Network to display information about") [ <mask:MASK>("Network mask") ]`, 0, doc, func(in *language.Invocation) string {
			return routeText(host.Routes(), b.ifName, grammar.Get[netip.Addr](in.Args, "dest"), grammar.Get[netip.Addr](in.Args, "mask"))
		}),
		text(`ip arp("IP ARP table")`, 0, doc, func(*language.Invocation) string { return b.arpText(host.Neighbours()) }),
		text(`arp("ARP table")`, 0, doc, func(*language.Invocation) string { return b.arpText(host.Neighbours()) }),
		text(`tcp("Status of TCP connections")
			brief("Brief display")
			[ all$all("All endpoints, those that listen too") ]
			[ numeric("Numeric addresses") ]`, 0, doc, func(in *language.Invocation) string { return tcpText(b, in.Args.Has("all")) }),
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

// processesText: the box is one process; NAPALM and Ansible read the first line.
func (b *Box) processesText() string {
	five, one, fiveMinutes := b.Host.CPU()
	ms := b.Host.Used().Milliseconds()
	return fmt.Sprintf("CPU utilization for five seconds: %d%%/0%%; one minute: %d%%; five minutes: %d%%\n"+
		" PID Runtime(ms)     Invoked      uSecs   5Sec   1Min   5Min TTY Process \n"+
		"   1 %11d           1          0 %5.2f%% %5.2f%% %5.2f%%   0 option150\n",
		five, one, fiveMinutes, ms, float64(five), float64(one), float64(fiveMinutes))
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
func memoryText(m host.Memory) string {
	used := m.Total - min(m.Available, m.Total)
	return fmt.Sprintf("                Head      Total(b)       Used(b)       Free(b)     Lowest(b)    Largest(b)\n"+
		"Processor   F0000000  %12d  %12d  %12d  %12d  %12d\n"+
		"      I/O   F8000000  %12d  %12d  %12d  %12d  %12d\n"+
		"\nThis box: resident %d, peak %d bytes\n",
		m.Total, used, m.Available, m.Available, m.Available, 0, 0, 0, 0, 0, m.Resident, m.Peak)
}

// processMemoryText: the one process, what its heap was given and gave back,
// and what it holds of the machine. [facts/ios-cli.md 1.13]
func processMemoryText(m host.Memory) string {
	return fmt.Sprintf("Processor Pool Total: %10d Used: %10d Free: %10d\n\n"+
		" PID TTY  Allocated      Freed    Holding    Getbufs    Retbufs Process\n"+
		"   1   0 %10d %10d %10d          0          0 option150\n"+
		"                         %10d Total\n",
		m.Total, m.Total-min(m.Available, m.Total), m.Available, m.Allocated, m.Freed, m.Resident, m.Resident)
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

func (b *Box) arpText(list []host.Neighbour) string {
	var w strings.Builder
	w.WriteString("Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n")
	ifs, _ := b.Netif.Interfaces()
	for _, i := range ifs {
		for _, a := range i.Addrs {
			fmt.Fprintf(&w, "Internet  %-15s          -   %-14s  ARPA   %s\n", a.Addr(), i.MAC.Cisco(), i.Name)
		}
	}
	sorted.By(list, func(x, y host.Neighbour) int { return x.Addr.Compare(y.Addr) })
	for _, n := range list {
		mac := n.MAC.Cisco()
		if n.Incomplete {
			mac = "Incomplete"
		}
		fmt.Fprintf(&w, "Internet  %-15s          0   %-14s  ARPA   %s\n", n.Addr, mac, b.ifName(n.Device))
	}
	return w.String()
}

// tcpText is show tcp brief; as on a router, `all` adds what listens.
func tcpText(b *Box, all bool) string {
	var w strings.Builder
	w.WriteString("TCB       Local Address               Foreign Address             (state)\n")
	n := 0
	row := func(local, foreign, state string) {
		n++
		fmt.Fprintf(&w, "%08X  %-27s %-27s %s\n", n, local, foreign, state)
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
	return w.String()
}

func dotted2(a netip.AddrPort) string {
	return fmt.Sprintf("%s.%d", a.Addr().Unmap(), a.Port())
}

// techSupport runs the commands whose answers an expert asks for. Secrets do
// not leave the box with it.
func (b *Box) techSupport(in *language.Invocation) error {
	for _, c := range []struct {
		name string
		text func() string
	}{
		{"show version", func() string { return b.versionText(in.Config.Hostname) }},
		{"show clock", func() string { return ClockText(in.Config.Clock.Local(time.Now()), b.ClockMark()) }},
		{"show services", func() string { return ServicesText(b) }},
		{"show running-config", func() string { return redact(b.StartupText()) }},
		{"show processes cpu", b.processesText},
		{"show memory statistics", func() string { return memoryText(host.ReadMemory()) }},
		{"show ip route", func() string { return b.routesText(host.Routes()) }},
		{"show arp", func() string { return b.arpText(host.Neighbours()) }},
		{"show file-server statistics", b.fileCounters},
		{"show logging", b.Logging.ShowText},
	} {
		if _, err := fmt.Fprintf(in.Out, "\n------------------ %s ------------------\n\n", c.name); err != nil {
			return err
		}
		if _, err := io.WriteString(in.Out, c.text()); err != nil {
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
