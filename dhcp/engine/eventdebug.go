package engine

import (
	"fmt"
	"net/netip"

	"option150/dhcp/wire"
	"option150/platform/ether"
	"option150/platform/journal"
)

// Topics of the debug commands `debug ip dhcp server events`, `packet`, `class`
// and `linkage`.
const (
	TopicEvents  = "ip dhcp server events"
	TopicPacket  = "ip dhcp server packet"
	TopicClass   = "ip dhcp server class"
	TopicLinkage = "ip dhcp server linkage"
)

// The lines below are those of IOS (facts/dhcp.md 1.8), printed only for
// things that really happened: IOS's workspaces, radix trees and ARP entries
// do not exist here.

func ev(format string, args ...any) journal.DebugLine {
	return journal.DebugLine{Topic: TopicEvents, Text: fmt.Sprintf(format, args...)}
}

func pk(format string, args ...any) journal.DebugLine {
	return journal.DebugLine{Topic: TopicPacket, Text: fmt.Sprintf(format, args...)}
}

// through says where a request came from.
func through(iface string, relay netip.Addr) string {
	if relay.IsValid() {
		return "through relay " + relay.String()
	}
	return "on interface " + iface
}

// bootreply is the line about the packet that carried a reply.
func bootreply(delivery string, mac ether.MAC, addr, relay netip.Addr) journal.DebugLine {
	switch {
	case relay.IsValid():
		return pk("DHCPD: unicasting BOOTREPLY for client %s to relay %s.", mac.Cisco(), relay)
	case delivery == "broadcasting":
		return pk("DHCPD: broadcasting BOOTREPLY to client %s.", mac.Cisco())
	}
	return pk("DHCPD: unicasting BOOTREPLY to client %s (%s).", mac.Cisco(), addr)
}

// DebugLines implements journal.Debugged.
func (d Discover) DebugLines() []journal.DebugLine {
	htype := d.HType
	if htype == 0 {
		htype = 1
	}
	l := []journal.DebugLine{
		pk("DHCPD: DHCPDISCOVER received from client %s %s.", d.ClientID, through(d.Interface, d.Relay)),
		ev("DHCPD: Sending notification of DISCOVER:"),
		ev("  DHCPD: htype %d chaddr %s", htype, d.MAC.Cisco()),
	}
	if d.RemoteID != "" {
		l = append(l, ev("  DHCPD: remote id %s", d.RemoteID))
	}
	if d.CircuitID != "" {
		l = append(l, ev("  DHCPD: circuit id %s", d.CircuitID))
	}
	return append(l, ev("DHCPD: Seeing if there is an internally specified pool class:"),
		ev("  DHCPD: htype %d chaddr %s", htype, d.MAC.Cisco()))
}

// DebugLines implements journal.Debugged.
func (o Offer) DebugLines() []journal.DebugLine {
	return sent("DHCPOFFER", o.ClientID, o.MAC, o.Addr, o.Relay, o.OnlyRequested, o.Delivery)
}

func sent(what, client string, mac ether.MAC, addr, relay netip.Addr, only bool, delivery string) []journal.DebugLine {
	l := []journal.DebugLine{pk("DHCPD: Sending %s to client %s (%s).", what, client, addr)}
	if only {
		l = append(l, pk("DHCPD: Setting only requested parameters"))
	}
	return append(l, bootreply(delivery, mac, addr, relay))
}

// DebugLines implements journal.Debugged.
func (r Requested) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{pk("DHCPD: DHCPREQUEST received from client %s.", r.ClientID)}
}

// DebugLines implements journal.Debugged.
func (a Ack) DebugLines() []journal.DebugLine {
	first := ev("DHCPD: assigned IP address %s to client %s.", a.Addr, a.ClientID)
	if a.Renewal {
		first = ev("DHCPD: Found previous server binding")
	}
	l := []journal.DebugLine{first,
		ev("DHCPD: Sending notification of ASSIGNMENT:"),
		ev(" DHCPD: address %s mask %s", a.Addr, a.Mask),
		ev("  DHCPD: htype 1 chaddr %s", a.MAC.Cisco()),
		ev("  DHCPD: lease time remaining (secs) = %d", wire.Seconds(a.Lease)),
	}
	return append(l, sent("DHCPACK", a.ClientID, a.MAC, a.Addr, a.Relay, a.OnlyRequested, a.Delivery)...)
}

// DebugLines implements journal.Debugged.
func (n Nak) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{
		pk("DHCPD: Sending DHCPNAK to client %s.", n.ClientID),
		bootreply(n.Delivery, n.MAC, n.Addr, n.Relay),
	}
}

// DebugLines implements journal.Debugged.
func (r Release) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{
		pk("DHCPD: DHCPRELEASE message received from client %s (%s).", r.ClientID, r.Addr),
		ev("DHCPD: Sending notification of TERMINATION:"),
		ev(" DHCPD: address %s", r.Addr),
		ev(" DHCPD: reason flags: RELEASE "),
		ev("  DHCPD: htype 1 chaddr %s", r.MAC.Cisco()),
		ev("DHCPD: returned %s to address pool %s.", r.Addr, r.Pool),
	}
}

// DebugLines implements journal.Debugged.
func (i Inform) DebugLines() []journal.DebugLine {
	return append([]journal.DebugLine{pk("DHCPD: DHCPINFORM received from client %s (%s).", i.ClientID, i.Addr)},
		sent("DHCPACK", i.ClientID, i.MAC, i.Addr, netip.Addr{}, i.OnlyRequested, "unicasting")...)
}

// DebugLines implements journal.Debugged.
func (b Bootp) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{
		pk("DHCPD: BOOTREQUEST from %s %s.", b.MAC.Cisco(), through(b.Interface, b.Relay)),
		bootreply(b.Delivery, b.MAC, b.Addr, b.Relay),
	}
}

// DebugLines implements journal.Debugged.
func (n NoLease) DebugLines() []journal.DebugLine {
	if n.Why == reasonNoPool {
		return []journal.DebugLine{ev("DHCPD: there is no pool for %s.", n.Link)}
	}
	return []journal.DebugLine{ev("DHCPD: no address for client %s: %s.", n.ClientID, n.Why)}
}

// DebugLines implements journal.Debugged.
func (x Expired) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{
		ev("DHCPD: the lease for address %s has expired.", x.Addr),
		ev("DHCPD: returned %s to address pool %s.", x.Addr, x.Pool),
	}
}

// DebugLines implements journal.Debugged.
func (x Moved) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{ev("DHCPD: returned %s to address pool %s.", x.From, x.Pool)}
}

// DebugLines implements journal.Debugged.
func (c Cleared) DebugLines() []journal.DebugLine {
	if c.What != "binding" {
		return nil
	}
	return []journal.DebugLine{ev("DHCPD: returned %s to address pool %s.", c.Addr, c.Pool)}
}

// DebugLines implements journal.Debugged.
func (u Untrusted) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{pk("DHCPD: inconsistent relay information from client %s on interface %s.", u.MAC.Cisco(), u.Interface),
		pk("DHCPD: relay information option exists, but giaddr is zero.")}
}

// DebugLines implements journal.Debugged.
func (m Malformed) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{pk("DHCPD: dropped a packet on interface %s: %s.", m.Interface, m.Why)}
}

// DebugLines implements journal.Debugged.
func (d DatabaseWritten) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{ev("DHCPD: writing bindings to %s.", d.URL), ev("DHCPD: wrote automatic bindings to %s.", d.URL)}
}

// DebugLines implements journal.Debugged.
func (c Classified) DebugLines() []journal.DebugLine {
	text := fmt.Sprintf("DHCPD: class '%s' of pool %s matches client %s.", c.Class, c.Pool, c.ClientID)
	if c.Pool == "" {
		text = fmt.Sprintf("DHCPD: no class of a pool matches client %s.", c.ClientID)
	}
	return []journal.DebugLine{{Topic: TopicClass, Text: text}}
}

// DebugLines implements journal.Debugged.
func (l Linkage) DebugLines() (out []journal.DebugLine) {
	for _, n := range l.Networks {
		where := "served on " + n.Interface
		if n.Interface == "" {
			where = "served through relays"
		}
		out = append(out, journal.DebugLine{Topic: TopicLinkage, Text: fmt.Sprintf("DHCPD: network %s of pool %s is %s.", n.Network, n.Pool, where)})
	}
	return out
}

// DebugLines implements journal.Debugged.
func (l LeaseLimit) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{ev("DHCPD: no address for client %s: interface %s has %d leases.", l.ClientID, l.Interface, l.Limit)}
}
