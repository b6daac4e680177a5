package engine

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"option150/dhcp/v6/wire"
	"option150/platform/journal"
)

// Topics of `debug ipv6 dhcp` and `debug ipv6 dhcp detail`.
const (
	TopicDebug  = "ipv6 dhcp"
	TopicDetail = "ipv6 dhcp detail"
)

// Address6 is an address as IOS prints it: in capitals.
func Address6(a netip.Addr) string {
	if !a.IsValid() {
		return "unspecified"
	}
	return strings.ToUpper(a.WithZone("").String())
}

func dbg(format string, args ...any) journal.DebugLine {
	return journal.DebugLine{Topic: TopicDebug, Text: "IPv6 DHCP: " + fmt.Sprintf(format, args...)}
}

// DebugLines implements journal.Debugged.
func (r Received) DebugLines() []journal.DebugLine {
	name := r.Type
	if r.Relays > 0 {
		name = "RELAY-FORWARD with " + name
	}
	return append([]journal.DebugLine{dbg("Received %s from %s on %s", name, Address6(r.From), r.Interface)}, detail(r.packet)...)
}

// DebugLines implements journal.Debugged.
func (s Sent) DebugLines() []journal.DebugLine {
	var l []journal.DebugLine
	if s.Pool != "" {
		l = append(l, dbg("Using interface pool %s", s.Pool))
	}
	switch {
	case s.Addr.IsValid() && s.Type == "ADVERTISE":
		l = append(l, dbg("Allocated new address %s", Address6(s.Addr)))
	case s.Addr.IsValid() && s.Renewal:
		l = append(l, dbg("Updating binding address entry for address %s", Address6(s.Addr)))
	case s.Addr.IsValid():
		l = append(l, dbg("Allocating address %s in binding for %s, IAID %08X", Address6(s.Addr), Address6(s.From), s.IAID))
	}
	l = append(l, dbg("Sending %s to %s on %s", s.Type, Address6(s.From), s.Interface))
	return append(l, detail(s.packet)...)
}

// DebugLines implements journal.Debugged.
func (d Discarded) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{dbg("%s from %s on %s discarded: %s", d.Type, Address6(d.From), d.Interface, d.Why)}
}

// DebugLines implements journal.Debugged.
func (m Malformed) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{dbg("packet from %s on %s is malformed: %s", Address6(m.From), m.Interface, m.Why)}
}

// DebugLines implements journal.Debugged.
func (n NoAddress) DebugLines() []journal.DebugLine {
	if n.Pool == "" {
		return []journal.DebugLine{dbg("No pool for clients on %s", n.Interface)}
	}
	return []journal.DebugLine{dbg("No free address in pool %s", n.Pool)}
}

// DebugLines implements journal.Debugged.
func (r Released) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{dbg("Freeing address %s of pool %s", Address6(r.Addr), r.Pool)}
}

// DebugLines implements journal.Debugged.
func (c Conflict) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{dbg("Address %s is in use: conflict", Address6(c.Addr))}
}

// DebugLines implements journal.Debugged.
func (x Expired) DebugLines() []journal.DebugLine {
	return []journal.DebugLine{dbg("Address %s of pool %s expired", Address6(x.Addr), x.Pool)}
}

// optionNames are the options as IOS calls them.
var optionNames = map[uint16]string{
	wire.OptClientID: "CLIENTID", wire.OptServerID: "SERVERID", wire.OptIANA: "IA-NA", wire.OptIATA: "IA-TA", wire.OptIAAddr: "IAADDR",
	wire.OptORO: "ORO", wire.OptPreference: "PREFERENCE", wire.OptElapsed: "ELAPSED-TIME", wire.OptRelayMsg: "RELAY-MSG",
	wire.OptStatus: "STATUS-CODE", wire.OptRapidCommit: "RAPID-COMMIT", wire.OptVendorClass: "VENDOR-CLASS", wire.OptVendorOpts: "VENDOR-OPTS",
	wire.OptInterfaceID: "INTERFACE-ID", wire.OptDNSServers: "DNS-SERVERS", wire.OptDomainList: "DOMAIN-LIST", wire.OptIAPD: "IA-PD",
	wire.OptInfoRefresh: "INFO-REFRESH", wire.OptClientFQDN: "CLIENT-FQDN", wire.OptClientLLAddr: "CLIENT-LL-ADDR", wire.OptRelayPort: "RELAY-PORT",
}

// detail takes a packet apart for people, relays and all.
func detail(packet string) (out []journal.DebugLine) {
	say := func(format string, args ...any) {
		out = append(out, journal.DebugLine{Topic: TopicDetail, Text: fmt.Sprintf(format, args...)})
	}
	var options func(b []byte, indent string)
	message := func(b []byte, indent string) {
		switch {
		case len(b) < 4:
		case b[0] == wire.RelayForward || b[0] == wire.RelayReply:
			if len(b) >= 34 {
				say("%stype %s(%d), hop %d", indent, TypeName(b[0]), b[0], b[1])
				say("%slink %s, peer %s", indent, Address6(netip.AddrFrom16([16]byte(b[2:18]))), Address6(netip.AddrFrom16([16]byte(b[18:34]))))
				options(b[34:], indent)
			}
		default:
			say("%stype %s(%d), xid %d", indent, TypeName(b[0]), b[0], uint32(b[1])<<16|uint32(b[2])<<8|uint32(b[3]))
			options(b[4:], indent)
		}
	}
	options = func(b []byte, indent string) {
		for len(b) >= 4 && len(out) < 256 {
			code, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
			if n > len(b)-4 {
				return
			}
			v := b[4 : 4+n]
			name := optionNames[code]
			if name == "" {
				name = "UNKNOWN"
			}
			say("%soption %s(%d), len %d", indent, name, code, n)
			switch code {
			case wire.OptRelayMsg:
				message(v, indent+"  ")
			case wire.OptIANA, wire.OptIAPD:
				if n >= 12 {
					say("%s  IAID 0x%08X, T1 %d, T2 %d", indent, binary.BigEndian.Uint32(v), binary.BigEndian.Uint32(v[4:]), binary.BigEndian.Uint32(v[8:]))
					options(v[12:], indent+"  ")
				}
			case wire.OptIAAddr:
				if n >= 24 {
					say("%s  IPv6 address %s", indent, Address6(netip.AddrFrom16([16]byte(v))))
					say("%s  preferred %d, valid %d", indent, binary.BigEndian.Uint32(v[16:]), binary.BigEndian.Uint32(v[20:]))
					options(v[24:], indent+"  ")
				}
			case wire.OptElapsed:
				if n == 2 {
					say("%s  elapsed-time %d", indent, binary.BigEndian.Uint16(v))
				}
			default:
				if n > 0 {
					say("%s  %s", indent, strings.ToUpper(hex.EncodeToString(v[:min(n, 64)])))
				}
			}
			b = b[4+n:]
		}
	}
	message([]byte(packet), "  ")
	return out
}
