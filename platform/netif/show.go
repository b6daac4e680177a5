package netif

import (
	"fmt"
	"strings"
	"time"

	"option150/platform/columns"
)

// View is an interface as the show commands print it: how it is, and what the
// configuration adds.
type View struct {
	Interface
	Description string
	// Method is where the addresses come from, in the words of IOS: "NVRAM" of
	// the startup configuration, "manual" typed since, "other" of the host.
	// "" is printed as "unset".
	Method  string
	Rate    Rate
	Cleared time.Time // when an operator cleared the counters; zero = never
}

// The tables of the show commands.
var (
	BriefTable        = columns.Form("Interface                  IP-Address      OK? Method Status                Protocol\n", "%-26s %-15s %s %-6s %-21s %s\n", "interface ip_address ok method status protocol")
	DescriptionsTable = columns.Form("Interface                      Status         Protocol Description\n", "%-30s %-14s %-8s %s", "interface status protocol description")
	StatusTable       = columns.Form("\nPort      Name               Status       Vlan       Duplex  Speed Type\n", "%-9s %-18.18s %-12s %-10s %6s %6s %s\n", "port name status vlan duplex speed type")
	SummaryTable      = columns.Form(summaryTop, "%s %-22s"+strings.Repeat(" %9d", 9)+"\n", "up interface ihq iqd ohq oqd rxbs rxps txbs txps trtl")
)

const summaryTop = `
 *: interface is up
 IHQ: pkts in input hold queue     IQD: pkts dropped from input queue
 OHQ: pkts in output hold queue    OQD: pkts dropped from output queue
 RXBS: rx rate (bits/sec)          RXPS: rx rate (pkts/sec)
 TXBS: tx rate (bits/sec)          TXPS: tx rate (pkts/sec)
 TRTL: throttle count

  Interface                   IHQ       IQD       OHQ       OQD      RXBS      RXPS      TXBS      TXPS      TRTL
-----------------------------------------------------------------------------------------------------------------
`

// ShowBrief is `show ip interface brief`.
func ShowBrief(list []View) *columns.Page {
	b := &columns.Page{}
	t := b.Table(BriefTable)
	for i := range list {
		v := &list[i]
		ip := "unassigned"
		if len(v.Addrs) > 0 {
			ip = v.Addrs[0].Addr().String()
		}
		method := v.Method
		if method == "" {
			method = "unset"
		}
		t.Row(v.Name, ip, "YES", method, v.Status(), v.Protocol())
	}
	return b
}

func (v *View) heading(b *strings.Builder) {
	fmt.Fprintf(b, "%s is %s, line protocol is %s\n", v.Name, v.Status(), v.Protocol())
}

// ShowInterfaces is `show interfaces`. It prints what Linux knows; a line of
// IOS that would have to be made up is left out.
func ShowInterfaces(list []View) string {
	var b strings.Builder
	for i := range list {
		list[i].interfaceText(&b)
	}
	return b.String()
}

func (v *View) interfaceText(b *strings.Builder) {
	v.heading(b)
	if !v.Present {
		fmt.Fprintf(b, "  Hardware is not present (Linux device %s)\n", v.Device)
		if v.Description != "" {
			fmt.Fprintf(b, "  Description: %s\n", v.Description)
		}
		return
	}
	bandwidth, delay := assumed(v.Name)
	if v.Speed > 0 {
		bandwidth = v.Speed * 1000
	}
	fmt.Fprintf(b, "  Hardware is Linux device %s, address is %s (bia %[2]s)\n", v.Device, v.MAC.Cisco())
	if v.Description != "" {
		fmt.Fprintf(b, "  Description: %s\n", v.Description)
	}
	if len(v.Addrs) > 0 {
		fmt.Fprintf(b, "  Internet address is %s\n", v.Addrs[0])
	}
	fmt.Fprintf(b, "  MTU %d bytes, BW %d Kbit/sec, DLY %d usec,\n", v.MTU, bandwidth, delay)
	b.WriteString("     reliability 255/255, txload 1/255, rxload 1/255\n")
	b.WriteString("  Encapsulation ARPA, loopback not set\n")
	if v.Duplex != "" && v.Speed > 0 {
		fmt.Fprintf(b, "  %s Duplex, %dMbps, link type is auto\n", v.Duplex, v.Speed)
	}
	b.WriteString("  ARP type: ARPA\n")
	since := "never"
	if !v.Cleared.IsZero() {
		d := time.Since(v.Cleared)
		since = fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	fmt.Fprintf(b, "  Last clearing of \"show interface\" counters %s\n", since)
	c := &v.Counters
	// Linux does not tell what waits in a queue at a moment; that is 0 here.
	fmt.Fprintf(b, "  Input queue: 0/%d/%d/0 (size/max/drops/flushes); Total output drops: %d\n", v.InQueue, c.InDropped, c.OutDropped)
	fmt.Fprintf(b, "  Output queue: 0/%d (size/max)\n", v.OutQueue)
	fmt.Fprintf(b, "  5 minute input rate %d bits/sec, %d packets/sec\n", v.Rate.InBits, v.Rate.InPackets)
	fmt.Fprintf(b, "  5 minute output rate %d bits/sec, %d packets/sec\n", v.Rate.OutBits, v.Rate.OutPackets)
	fmt.Fprintf(b, "     %d packets input, %d bytes, %d no buffer\n", c.InPackets, c.InBytes, c.InMissed)
	fmt.Fprintf(b, "     Received %d multicasts\n", c.InMulticast)
	fmt.Fprintf(b, "     %d input errors, %d CRC, %d frame, %d overrun, 0 ignored\n", c.InErrors, c.InCRC, c.InFrame, c.InOverrun)
	fmt.Fprintf(b, "     %d packets output, %d bytes, %d underruns\n", c.OutPackets, c.OutBytes, c.OutUnderrun)
	fmt.Fprintf(b, "     %d output errors, %d collisions, 0 interface resets\n", c.OutErrors, c.Collisions)
	fmt.Fprintf(b, "     %d lost carrier, %d no carrier\n", c.OutCarrier, c.OutWindow)
}

// ShowDescriptions is `show interfaces description`. [facts/ios-cli.md 3.5]
func ShowDescriptions(list []View) *columns.Page {
	b := &columns.Page{}
	t := b.Table(DescriptionsTable)
	for i := range list {
		v := &list[i]
		status := strings.Replace(v.Status(), "administratively", "admin", 1)
		t.Row(ShortName(v.Name), status, v.Protocol(), v.Description)
	}
	return b
}

// ShowStatus is `show interfaces status`, the table of switches: a port of this
// box is routed, and its duplex and speed are what the device says.
func ShowStatus(list []View) *columns.Page {
	b := &columns.Page{}
	t := b.Table(StatusTable)
	for i := range list {
		v := &list[i]
		status, duplex, speed := "notconnect", "auto", "auto"
		switch {
		case v.Present && !v.AdminUp:
			status = "disabled"
		case v.LineUp:
			status = "connected"
		}
		if v.LineUp && v.Duplex != "" {
			duplex = "a-" + strings.ToLower(v.Duplex)
		}
		if v.LineUp && v.Speed > 0 {
			speed = fmt.Sprintf("a-%d", v.Speed)
		}
		t.Row(ShortName(v.Name), v.Description, status, "routed", duplex, speed, "Linux "+v.Device)
	}
	return b
}

// ShowSummary is `show interfaces summary`: NAPALM takes the packets dropped
// from it. What waits in a queue at a moment and throttling are not counted.
func ShowSummary(list []View) *columns.Page {
	b := &columns.Page{}
	t := b.Table(SummaryTable)
	for i := range list {
		v := &list[i]
		mark := " "
		if v.LineUp {
			mark = "*"
		}
		t.Row(mark, v.Name, 0, v.Counters.InDropped, 0, v.Counters.OutDropped, v.Rate.InBits, v.Rate.InPackets, v.Rate.OutBits, v.Rate.OutPackets, 0)
	}
	return b
}

// ShowIPInterface is `show ip interface`.
func ShowIPInterface(list []View) string {
	var b strings.Builder
	for i := range list {
		list[i].ipText(&b)
	}
	return b.String()
}

func (v *View) ipText(b *strings.Builder) {
	v.heading(b)
	if len(v.Addrs) == 0 {
		b.WriteString("  Internet protocol processing disabled\n")
		return
	}
	fmt.Fprintf(b, "  Internet address is %s\n", v.Addrs[0])
	b.WriteString("  Broadcast address is 255.255.255.255\n")
	fmt.Fprintf(b, "  Address determined by %s\n", determined(v.Method))
	fmt.Fprintf(b, "  MTU is %d bytes\n", v.MTU)
	b.WriteString("  Helper address is not set\n")
	for _, p := range v.Addrs[1:] {
		fmt.Fprintf(b, "  Secondary address %s\n", p)
	}
	b.WriteString("  Outgoing access list is not set\n")
	b.WriteString("  Inbound  access list is not set\n")
}

func determined(method string) string {
	switch method {
	case "NVRAM":
		return "non-volatile memory"
	case "manual":
		return "setup command"
	}
	return "the host system"
}
