package v6

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"option150/dhcp/v6/engine"
	"option150/dhcp/v6/wire"
	"option150/platform/columns"
)

// The renderers below print the layouts of IOS. [genieparser goldens of `show
// ipv6 dhcp`; Cisco, IOS IPv6 Command Reference] They are pure; now only says in
// which time zone to print.

// The tables of the show commands.
var (
	ReceivedTable = columns.Form("Messages                         Received\n", messageRow, "messages received")
	SentTable     = columns.Form("Messages                         Sent\n", messageRow, "messages sent")
	CountersTable = columns.Form("", "%-45s%d\n", "counter count")
)

const messageRow = "%-33s%d\n"

const stampMinutes = "Jan 02 2006 03:04 PM"

// ShowDUID is `show ipv6 dhcp`.
func ShowDUID(duid []byte) string {
	return "This device's DHCPv6 unique identifier(DUID): " + engine.DUIDText(duid) + "\n"
}

// life is a lifetime as it is printed.
func life(d time.Duration) string {
	if d == engine.Infinite {
		return "INFINITE"
	}
	return fmt.Sprint(int64(d / time.Second))
}

// ShowBinding is `show ipv6 dhcp binding`.
func ShowBinding(bs []engine.Binding, now time.Time) string {
	var b strings.Builder
	for i, v := range bs {
		same := i > 0 && slices.Equal(bs[i-1].DUID, v.DUID) && bs[i-1].Client == v.Client
		if !same {
			fmt.Fprintf(&b, "Client: %s \n", engine.Address6(v.Client))
			fmt.Fprintf(&b, "  DUID: %s\n", engine.DUIDText(v.DUID))
			b.WriteString("  Username : unassigned\n")
			b.WriteString("  VRF : default\n")
			fmt.Fprintf(&b, "  Interface : %s\n", v.Interface)
		}
		if !same || bs[i-1].IAID != v.IAID {
			t1, t2 := "INFINITE", "INFINITE"
			if v.Preferred != engine.Infinite {
				s := int64(v.Preferred / time.Second)
				t1, t2 = fmt.Sprint(s/2), fmt.Sprint(s*4/5)
			}
			fmt.Fprintf(&b, "  IA NA: IA ID 0x%08X, T1 %s, T2 %s\n", v.IAID, t1, t2)
		}
		fmt.Fprintf(&b, "    Address: %s\n", engine.Address6(v.Addr))
		fmt.Fprintf(&b, "            preferred lifetime %s, valid lifetime %s\n", life(v.Preferred), life(v.Valid))
		if v.Expiry.IsZero() {
			b.WriteString("            expires at INFINITE\n")
			continue
		}
		fmt.Fprintf(&b, "            expires at %s (%d seconds)\n", v.Expiry.In(now.Location()).Format(stampMinutes), max(int64(v.Expiry.Sub(now)/time.Second), 0))
	}
	return b.String()
}

// ShowPool is `show ipv6 dhcp pool`.
func ShowPool(ps []engine.PoolStat) string {
	var b strings.Builder
	for i := range ps {
		p := &ps[i]
		fmt.Fprintf(&b, "DHCPv6 pool: %s\n", p.Name)
		if p.Prefix.IsValid() {
			preferred, valid := p.Lifetimes()
			fmt.Fprintf(&b, "  Address allocation prefix: %s/%d valid %s preferred %s (%d in use, %d conflicts)\n",
				engine.Address6(p.Prefix.Addr()), p.Prefix.Bits(), life(valid), life(preferred), p.Used, p.Conflicts)
		}
		for _, n := range p.Networks {
			fmt.Fprintf(&b, "  Link-address prefix: %s/%d\n", engine.Address6(n.Addr()), n.Bits())
		}
		for _, v := range p.Vendors {
			fmt.Fprintf(&b, "  Vendor-specific information options: enterprise-ID: %d\n", v.Enterprise)
			for k := range v.Options {
				o := &v.Options[k]
				fmt.Fprintf(&b, "    suboption %d %s\n", o.Code, o.Words())
			}
		}
		for _, a := range p.DNSServers {
			fmt.Fprintf(&b, "  DNS server: %s\n", engine.Address6(a))
		}
		for _, n := range p.Domains {
			fmt.Fprintf(&b, "  Domain name: %s\n", n)
		}
		if p.Refresh != 0 {
			fmt.Fprintf(&b, "  Information refresh: %s\n", life(p.Refresh))
		}
		fmt.Fprintf(&b, "  Active clients: %d\n", p.Clients)
	}
	return b.String()
}

// ShowInterface is `show ipv6 dhcp interface`.
func ShowInterface(c engine.Config, names []string) string {
	var b strings.Builder
	for _, n := range names {
		l := c.Link(n)
		if l == nil {
			continue
		}
		pool := "automatic"
		if l.Pool != "" {
			pool = l.Pool
		}
		fmt.Fprintf(&b, "%s is in server mode\n", n)
		fmt.Fprintf(&b, "  Using pool: %s\n", pool)
		fmt.Fprintf(&b, "  Preference value: %d\n", l.Preference)
		fmt.Fprintf(&b, "  Hint from client: %s\n", pick(l.AllowHint, "considered", "ignored"))
		fmt.Fprintf(&b, "  Rapid-Commit: %s\n", pick(l.Rapid, "enabled", "disabled"))
	}
	return b.String()
}

func pick(on bool, yes, no string) string {
	if on {
		return yes
	}
	return no
}

// ShowConflict is `show ipv6 dhcp conflict`.
func ShowConflict(cs []engine.ConflictEntry, ps []engine.PoolStat) string {
	var b strings.Builder
	for i := range ps {
		p := &ps[i]
		n := 0
		for _, c := range cs {
			if !p.Prefix.IsValid() || !p.Prefix.Contains(c.Addr) {
				continue
			}
			if n++; n == 1 {
				fmt.Fprintf(&b, "Pool %s, prefix %s/%d\n", p.Name, engine.Address6(p.Prefix.Addr()), p.Prefix.Bits())
			}
			fmt.Fprintf(&b, "  %s\n", engine.Address6(c.Addr))
		}
	}
	return b.String()
}

// ShowRouters is `show ipv6 routers`.
func ShowRouters(rs []engine.RouterEntry, now time.Time) string {
	var b strings.Builder
	flag := func(on bool) int {
		if on {
			return 1
		}
		return 0
	}
	for _, r := range rs {
		fmt.Fprintf(&b, "Router %s on %s, last update %d min\n", engine.Address6(r.Addr), r.Interface, int(max(now.Sub(r.Last), 0)/time.Minute))
		fmt.Fprintf(&b, "  Hops %d, Lifetime %d sec, AddrFlag=%d, OtherFlag=%d\n", r.HopLimit, r.Lifetime, flag(r.Managed), flag(r.Other))
	}
	return b.String()
}

// ShowStatistics is `show ipv6 dhcp statistics`.
func ShowStatistics(s engine.Statistics) *columns.Page {
	b := &columns.Page{}
	row := func(label string, n uint64) { fmt.Fprintf(b, messageRow, label, n) }
	sum := func(n [14]uint64, but byte) (all uint64) {
		for t, x := range n {
			if t != int(but) {
				all += x
			}
		}
		return all
	}
	row("Messages received", sum(s.Received, wire.RelayForward))
	row("Messages sent", sum(s.Sent, wire.RelayReply))
	row("Messages discarded", s.Discarded)
	row("Messages could not be sent", s.NotSent)
	table := func(l *columns.Layout, n [14]uint64, always ...byte) {
		b.WriteString("\n")
		table := b.Table(l)
		for t, x := range n {
			if x > 0 || slices.Contains(always, byte(t)) {
				table.Row(engine.TypeName(byte(t)), x)
			}
		}
	}
	table(ReceivedTable, s.Received, wire.Solicit, wire.Request, wire.Release)
	table(SentTable, s.Sent, wire.Advertise, wire.Reply)
	return b
}

// ShowCounters is the table of the counters IOS does not have.
func ShowCounters(s engine.Statistics) *columns.Page {
	b := &columns.Page{}
	t := b.Table(CountersTable)
	t.Row("Messages that make no sense", s.Malformed)
	t.Row("Messages from a link without a pool", s.NoPool)
	t.Row("Associations without an address to give", s.NoAddress)
	t.Row("RELEASE, DECLINE of somebody else's address", s.Foreign)
	t.Row("REBIND of addresses not known here", s.Unknown)
	t.Row("Renewals of an address that two claim", s.Contested)
	t.Row("Over what one station may have", s.Starved)
	t.Row("Refused because bindings cannot be written", s.DiskRefused)
	t.Row("Dropped because the disk is behind", s.Overload)
	t.Row("Dropped after a second", s.Late)
	t.Row("Options for which a reply had no room", s.LeftOut)
	t.Row("Bindings that expired", s.Expired)
	return b
}
