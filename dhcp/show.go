package dhcp

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"option150/dhcp/engine"
	"option150/dhcp/wire"
	"option150/platform/columns"
)

// The renderers below print the classic IOS layouts of facts/dhcp.md 1.6,
// byte for byte. They are pure; now only says in which time zone to print.

// The tables of the show commands.
var (
	BindingTable = columns.Form("IP address          Client-ID/              Lease expiration        Type\n"+
		"                    Hardware address/\n"+
		"                    User name\n", "%-20s%-24s%-24s%s\n", "ip_address client_id_hardware_address_user_name lease_expiration type")
	PoolTable = columns.Form(" Current index        IP address range                    Leased/Excluded/Total\n", " %-21s%-17s- %-18s%-6d/ %-6d/ %d\n",
		"current_index ip_address_range_first ip_address_range_last leased excluded total").With("pool high low total_addresses leased_addresses excluded_addresses")
	ReceivedTable   = columns.Form("Message              Received\n", "%-21s%d\n", "message received")
	SentTable       = columns.Form("Message              Sent\n", "%-21s%d\n", "message sent")
	ForwardedTable  = columns.Form("Message              Forwarded\n", "%-21s%d\n", "message forwarded")
	CountersTable   = columns.Form("", "%-45s%d\n", "counter count")
	ConflictTable   = columns.Form("IP address        Detection method   Detection time          VRF\n", "%-18s%-19s%-24s%s\n", "ip_address detection_method detection_time vrf")
	ExcludedTable   = columns.Form("Start IP        End IP          Number of IP's  VRF             \n"+strings.Repeat("=", 64)+"\n", "%-16s%-16s%-16d%s\n", "start_ip end_ip number_of_ip_s vrf")
	ForeignTable    = columns.Form(foreignTop(), foreignRow, "vlan ip_address mac_address client_subnet subnet_mask relay_agent_address last_updated")
	LeaseLimitTable = columns.Form(fmt.Sprintf(leaseLimitRow, "Interface", "Count", "Limit"), leaseLimitRow, "interface count limit")
)

const (
	foreignRow    = "%-6s%-17s%-16s%-17s%-17s%-21s%s\n"
	leaseLimitRow = "%-24s%-8v%s\n"
)

func foreignTop() string {
	rule := strings.Repeat("-", 106) + "\n"
	return rule + fmt.Sprintf(foreignRow, "VLAN", "IP-Address", "MAC-Address", "Client-Subnet", "Subnet-Mask", "Relay-Agent-Address", "Last-Updated") + rule
}

const (
	stampMinutes = "Jan 02 2006 03:04 PM"
	stampSeconds = "Jan 02 2006 15:04:05"
)

// ShowBinding is `show ip dhcp binding`.
func ShowBinding(bs []engine.Binding, now time.Time) *columns.Page {
	b := &columns.Page{}
	b.WriteString("Bindings from all pools not associated with VRF:\n")
	t := b.Table(BindingTable)
	for _, v := range bs {
		id := v.ClientID
		if len(id) == 0 {
			id = v.MAC[:]
		}
		expires := "Infinite"
		if !v.Expiry.IsZero() {
			expires = v.Expiry.In(now.Location()).Format(stampMinutes)
		}
		whole := engine.FormatClientID(id)
		lines := wrapID(whole)
		t.Object([]any{v.Addr, whole, expires, v.Type}, v.Addr, lines[0], expires, v.Type)
		for _, l := range lines[1:] {
			t.Note(strings.Repeat(" ", 20) + l + "\n")
		}
	}
	return b
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
func ShowPool(ps []engine.PoolStat) *columns.Page {
	b := &columns.Page{}
	for _, p := range ps {
		fmt.Fprintf(b, "\nPool %s :\n", p.Name)
		fmt.Fprintf(b, " Utilization mark (high/low)    : %d / %d\n", p.High, p.Low)
		b.WriteString(" Subnet size (first/next)       : 0 / 0 \n")
		fmt.Fprintf(b, " Total addresses                : %d\n", p.Total)
		fmt.Fprintf(b, " Leased addresses               : %d\n", p.Leased)
		fmt.Fprintf(b, " Excluded addresses             : %d\n", p.Excluded)
		b.WriteString(" Pending event                  : none\n")
		if n := len(p.Subnets); n == 1 {
			b.WriteString(" 1 subnet is currently in the pool :\n")
		} else {
			fmt.Fprintf(b, " %d subnets are currently in the pool :\n", n)
		}
		if len(p.Subnets) == 0 {
			continue
		}
		t := b.Table(PoolTable).Given(p.Name, p.High, p.Low, p.Total, p.Leased, p.Excluded)
		for _, s := range p.Subnets {
			t.Row(s.Current, s.First, s.Last, s.Leased, s.Excluded, int64(wire.U32(s.Last))-int64(wire.U32(s.First))+1)
		}
	}
	return b
}

// ShowStatistics is `show ip dhcp server statistics` in the form of IOS XE. What
// only a relay, a pool manager or a client counts is 0: this box is none of them,
// and never receives as a relay what servers answer.
func ShowStatistics(s engine.Statistics) *columns.Page {
	b := &columns.Page{}
	row := func(label string, n any) { fmt.Fprintf(b, "%-21s%d\n", label, n) }
	row("Memory usage", s.MemoryUsage)
	row("Address pools", s.AddressPools)
	row("Database agents", s.DatabaseAgents)
	row("Automatic bindings", s.Automatic)
	row("Manual bindings", s.Manual)
	row("Expired bindings", s.Expired)
	row("Malformed messages", s.Malformed)
	row("Secure arp entries", s.SecureARP)
	row("Renew messages", s.Renew)
	row("Workspace timeouts", 0)
	row("Static routes", 0)
	row("Relay bindings", 0)
	for _, what := range []string{"active", "terminated", "selecting"} {
		fmt.Fprintf(b, "%-29s%d\n", "Relay bindings "+what, 0)
	}
	b.WriteString("\n")
	t := b.Table(ReceivedTable)
	t.Row("BOOTREQUEST", s.Received.BootRequest)
	t.Row("DHCPDISCOVER", s.Received.Discover)
	t.Row("DHCPREQUEST", s.Received.Request)
	t.Row("DHCPDECLINE", s.Received.Decline)
	t.Row("DHCPRELEASE", s.Received.Release)
	t.Row("DHCPINFORM", s.Received.Inform)
	for _, what := range []string{"DHCPVENDOR", "BOOTREPLY", "DHCPOFFER", "DHCPACK", "DHCPNAK"} {
		t.Row(what, 0)
	}
	b.WriteString("\n")
	t = b.Table(SentTable)
	t.Row("BOOTREPLY", s.Sent.BootReply)
	t.Row("DHCPOFFER", s.Sent.Offer)
	t.Row("DHCPACK", s.Sent.Ack)
	t.Row("DHCPNAK", s.Sent.Nak)
	b.WriteString("\n")
	t = b.Table(ForwardedTable)
	for _, what := range []string{"BOOTREQUEST", "DHCPDISCOVER", "DHCPREQUEST", "DHCPDECLINE", "DHCPRELEASE", "DHCPINFORM", "DHCPVENDOR", "BOOTREPLY", "DHCPOFFER", "DHCPACK", "DHCPNAK"} {
		t.Row(what, 0)
	}
	b.WriteString("\nDHCP-DPM Statistics\n")
	for _, what := range []string{"Offer notifications sent", "Offer callbacks received", "Classname requests sent", "Classname callbacks received"} {
		fmt.Fprintf(b, "%-32s%d\n", what, 0)
	}
	return b
}

// ShowCounters is the table of the counters IOS does not have. [our own]
func ShowCounters(s engine.Statistics) *columns.Page {
	b := &columns.Page{}
	t := b.Table(CountersTable)
	x := s.Extra
	t.Row("Requests for another server", x.OtherServer)
	t.Row("Requests of clients not known here", x.UnknownClient)
	t.Row("Requests for an address that two claim", x.Contested)
	t.Row("Requests without a needed field", x.Incomplete)
	t.Row("Requests from a network without a pool", x.NoPool)
	t.Row("Requests without an address to give", x.NoLease)
	t.Row("DECLINE of somebody else's address ignored", x.ForeignDecline)
	t.Row("RELEASE of somebody else's address ignored", x.ForeignRelease)
	t.Row("Ethernet source other than client address", x.MACMismatch)
	t.Row("Option 82 without a relay dropped", x.Untrusted)
	t.Row("Over the rate limit dropped", x.RateLimited)
	t.Row("Over what one station may have", x.Starved)
	t.Row("Over the limit of leases of an interface", x.OverLimit)
	t.Row("Held because another server answers", x.Held)
	t.Row("Refused because bindings cannot be written", x.DiskRefused)
	t.Row("Dropped because the disk is behind", x.Overload)
	t.Row("Dropped for a newer copy, room, or after 1 s", x.Late)
	t.Row("Replies that could not be sent", x.SendFailed)
	t.Row("DHCPLEASEQUERY received", s.Received.LeaseQuery)
	t.Row("DHCPLEASEQUERY answered", s.Sent.LeaseReply)
	return b
}

// ShowConflict is `show ip dhcp conflict`.
func ShowConflict(cs []engine.ConflictEntry, now time.Time) *columns.Page {
	b := &columns.Page{}
	t := b.Table(ConflictTable)
	for _, c := range cs {
		t.Row(c.Addr, c.Method, c.Since.In(now.Location()).Format(stampMinutes), "")
	}
	return b
}

// ShowExcluded is `show ip dhcp excluded-addresses all`.
func ShowExcluded(rs []engine.VRFRange) *columns.Page {
	b := &columns.Page{}
	b.WriteString("Exclude Address list :\n")
	t := b.Table(ExcludedTable)
	for _, r := range rs {
		t.Row(r.First, r.Last, r.Count(), r.VRF)
	}
	return b
}

// ShowForeignServers is the watch for other servers in the shape of `show ip
// dhcp snooping track server`; vlan is always 1, the box sees one LAN per
// interface.
func ShowForeignServers(fs []engine.ForeignEntry, now time.Time) *columns.Page {
	b := &columns.Page{}
	t := b.Table(ForeignTable)
	for _, f := range fs {
		subnet, mask := "0.0.0.0", "0.0.0.0"
		if f.Mask.IsValid() && f.Addr.IsValid() {
			subnet, mask = wire.FromU32(wire.U32(f.Addr)&wire.U32(f.Mask)).String(), f.Mask.String()
		}
		t.Row("1", f.Server, f.MAC.Cisco(), subnet, mask, orZero(f.Relay), f.Last.In(now.Location()).Format(stampSeconds))
	}
	return b
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
func ShowLeaseLimit(c engine.Config, counts []engine.LeaseCount) *columns.Page {
	b := &columns.Page{}
	if c.LimitLog {
		b.WriteString("DHCP limit lease logging is enabled\n")
	}
	t := b.Table(LeaseLimitTable)
	for _, l := range counts {
		limit := "none"
		if l.Limit > 0 {
			limit = fmt.Sprint(l.Limit)
		}
		t.Row(l.Interface, l.Leases, limit)
	}
	return b
}
