package dhcp

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
)

// The renderers below print the classic IOS layouts of facts/dhcp.md 1.6,
// byte for byte. They are pure; now only says in which time zone to print.

const (
	stampMinutes = "Jan 02 2006 03:04 PM"
	stampSeconds = "Jan 02 2006 15:04:05"
)

// ShowBinding is `show ip dhcp binding`.
func ShowBinding(bs []engine.Binding, now time.Time) string {
	var b strings.Builder
	b.WriteString("Bindings from all pools not associated with VRF:\n")
	b.WriteString("IP address          Client-ID/              Lease expiration        Type\n")
	b.WriteString("                    Hardware address/\n")
	b.WriteString("                    User name\n")
	for _, v := range bs {
		id := v.ClientID
		if len(id) == 0 {
			id = v.MAC[:]
		}
		expires := "Infinite"
		if !v.Expiry.IsZero() {
			expires = v.Expiry.In(now.Location()).Format(stampMinutes)
		}
		lines := wrapID(engine.FormatClientID(id))
		fmt.Fprintf(&b, "%-20s%-24s%-24s%s\n", v.Addr, lines[0], expires, v.Type)
		for _, l := range lines[1:] {
			fmt.Fprintf(&b, "%20s%s\n", "", l)
		}
	}
	return b.String()
}

// wrapID breaks a dotted identifier after every four groups; the broken line
// keeps its dot.
func wrapID(s string) []string {
	const width = 4 * 5
	var out []string
	for len(s) > width {
		out = append(out, s[:width])
		s = s[width:]
	}
	return append(out, s)
}

// ShowPool is `show ip dhcp pool`.
func ShowPool(ps []engine.PoolStat) string {
	var b strings.Builder
	for _, p := range ps {
		fmt.Fprintf(&b, "\nPool %s :\n", p.Name)
		fmt.Fprintf(&b, " Utilization mark (high/low)    : %d / %d\n", p.High, p.Low)
		b.WriteString(" Subnet size (first/next)       : 0 / 0 \n")
		fmt.Fprintf(&b, " Total addresses                : %d\n", p.Total)
		fmt.Fprintf(&b, " Leased addresses               : %d\n", p.Leased)
		b.WriteString(" Pending event                  : none\n")
		if n := len(p.Subnets); n == 1 {
			b.WriteString(" 1 subnet is currently in the pool :\n")
		} else {
			fmt.Fprintf(&b, " %d subnets are currently in the pool :\n", n)
		}
		if len(p.Subnets) > 0 {
			b.WriteString(" Current index        IP address range                    Leased addresses\n")
		}
		for _, s := range p.Subnets {
			fmt.Fprintf(&b, " %-21s%-17s- %-18s%d\n", s.Current, s.First, s.Last, s.Leased)
		}
	}
	return b.String()
}

// ShowStatistics is `show ip dhcp server statistics`.
func ShowStatistics(s engine.Statistics) string {
	var b strings.Builder
	row := func(label string, n any) { fmt.Fprintf(&b, "%-21s%d\n", label, n) }
	row("Memory usage", s.MemoryUsage)
	row("Address pools", s.AddressPools)
	row("Database agents", s.DatabaseAgents)
	row("Automatic bindings", s.Automatic)
	row("Manual bindings", s.Manual)
	row("Expired bindings", s.Expired)
	row("Malformed messages", s.Malformed)
	row("Secure arp entries", s.SecureARP)
	b.WriteString("\nMessage              Received\n")
	row("BOOTREQUEST", s.Received.BootRequest)
	row("DHCPDISCOVER", s.Received.Discover)
	row("DHCPREQUEST", s.Received.Request)
	row("DHCPDECLINE", s.Received.Decline)
	row("DHCPRELEASE", s.Received.Release)
	row("DHCPINFORM", s.Received.Inform)
	b.WriteString("\nMessage              Sent\n")
	row("BOOTREPLY", s.Sent.BootReply)
	row("DHCPOFFER", s.Sent.Offer)
	row("DHCPACK", s.Sent.Ack)
	row("DHCPNAK", s.Sent.Nak)
	return b.String()
}

// ShowCounters is the table of the counters IOS does not have. [our own]
func ShowCounters(s engine.Statistics) string {
	var b strings.Builder
	row := func(label string, n uint64) { fmt.Fprintf(&b, "%-45s%d\n", label, n) }
	x := s.Extra
	row("Requests for another server", x.OtherServer)
	row("Requests of clients not known here", x.UnknownClient)
	row("Requests for an address that two claim", x.Contested)
	row("Requests without a needed field", x.Incomplete)
	row("Requests from a network without a pool", x.NoPool)
	row("Requests without an address to give", x.NoLease)
	row("DECLINE of somebody else's address ignored", x.ForeignDecline)
	row("RELEASE of somebody else's address ignored", x.ForeignRelease)
	row("Ethernet source other than client address", x.MACMismatch)
	row("Option 82 without a relay dropped", x.Untrusted)
	row("Over the rate limit dropped", x.RateLimited)
	row("Over what one station may have", x.Starved)
	row("Over the limit of leases of an interface", x.OverLimit)
	row("Held because another server answers", x.Held)
	row("Refused because bindings cannot be written", x.DiskRefused)
	row("Dropped because the disk is behind", x.Overload)
	row("Dropped for a newer copy, room, or after 1 s", x.Late)
	row("Replies that could not be sent", x.SendFailed)
	row("DHCPLEASEQUERY received", s.Received.LeaseQuery)
	row("DHCPLEASEQUERY answered", s.Sent.LeaseReply)
	return b.String()
}

// ShowConflict is `show ip dhcp conflict`.
func ShowConflict(cs []engine.ConflictEntry, now time.Time) string {
	var b strings.Builder
	b.WriteString("IP address        Detection method   Detection time          VRF\n")
	for _, c := range cs {
		fmt.Fprintf(&b, "%-18s%-19s%-24s%s\n", c.Addr, c.Method, c.Since.In(now.Location()).Format(stampMinutes), "")
	}
	return b.String()
}

// ShowExcluded is `show ip dhcp excluded-addresses all`.
func ShowExcluded(rs []engine.VRFRange) string {
	var b strings.Builder
	b.WriteString("Exclude Address list :\n")
	b.WriteString("Start IP        End IP          Number of IP's  VRF             \n")
	b.WriteString(strings.Repeat("=", 64) + "\n")
	for _, r := range rs {
		fmt.Fprintf(&b, "%-16s%-16s%-16d%s\n", r.First, r.Last, r.Count(), r.VRF)
	}
	return b.String()
}

// ShowForeignServers is the watch for other servers in the shape of `show ip
// dhcp snooping track server`; vlan is always 1, the box sees one LAN per
// interface.
func ShowForeignServers(fs []engine.ForeignEntry, now time.Time) string {
	const format = "%-6s%-17s%-16s%-17s%-17s%-21s%s\n"
	var b strings.Builder
	rule := strings.Repeat("-", 106) + "\n"
	b.WriteString(rule)
	fmt.Fprintf(&b, format, "VLAN", "IP-Address", "MAC-Address", "Client-Subnet", "Subnet-Mask", "Relay-Agent-Address", "Last-Updated")
	b.WriteString(rule)
	for _, f := range fs {
		subnet, mask := "0.0.0.0", "0.0.0.0"
		if f.Mask.IsValid() && f.Addr.IsValid() {
			subnet, mask = wire.FromU32(wire.U32(f.Addr)&wire.U32(f.Mask)).String(), f.Mask.String()
		}
		fmt.Fprintf(&b, format, "1", f.Server, f.MAC.Cisco(), subnet, mask, orZero(f.Relay), f.Last.In(now.Location()).Format(stampSeconds))
	}
	return b.String()
}

func orZero(a netip.Addr) netip.Addr {
	if !a.IsValid() {
		return netip.IPv4Unspecified()
	}
	return a
}

// ShowTrusted is `show ip dhcp relay information trusted-sources`. [Cisco, IOS
// IP Addressing Services Command Reference]
func ShowTrusted(c engine.Config) string {
	if c.TrustAll {
		return "All interfaces are trusted source of relay agent information option\n"
	}
	var b strings.Builder
	b.WriteString("List of trusted sources of relay agent information option:\n")
	n := 0
	for _, l := range c.Links {
		if l.Trusted {
			if n++; n%4 == 1 && n > 1 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%-19s", l.Name)
		}
	}
	if n > 0 {
		b.WriteByte('\n')
	}
	return b.String()
}

// ShowLeaseLimit is `show ip dhcp limit lease`.
func ShowLeaseLimit(c engine.Config, counts []engine.LeaseCount) string {
	var b strings.Builder
	if c.LimitLog {
		b.WriteString("DHCP limit lease logging is enabled\n")
	}
	fmt.Fprintf(&b, "%-24s%-8s%s\n", "Interface", "Count", "Limit")
	for _, l := range counts {
		limit := "none"
		if l.Limit > 0 {
			limit = fmt.Sprint(l.Limit)
		}
		fmt.Fprintf(&b, "%-24s%-8d%s\n", l.Interface, l.Leases, limit)
	}
	return b.String()
}
