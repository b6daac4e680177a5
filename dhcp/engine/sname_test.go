package engine

import (
	"testing"

	"option150/dhcp/wire"
)

// sname is empty in every reply: IOS has no line of a pool that fills it, and a
// pool says all it has to say in siaddr, file, 66 and 150. `show ip dhcp pool
// NAME resolution` tells so; dhcp.TestResolve holds it to that.
func TestSnameIsNeverSent(t *testing.T) {
	w := newWorld(t, func(s *Spec) {
		s.TrustAll = true
		p := &s.Pools[0]
		p.Bootfile, p.NextServers = "boot.bin", p.DefaultRouters
		p.Options = append(p.Options, Option{Code: 67, Kind: OptionASCII, Text: "other.bin"}, Option{Code: 12, Kind: OptionASCII, Text: "name"})
		s.Pools[2].Bootfile = "boot.bin"
	})
	o := w.one(phoneRequest(mac(0, 1), wire.MsgDiscover))
	a := o.YIAddr.String()
	inform := phoneRequest(mac(0, 1), wire.MsgInform)
	inform.CIAddr = a
	bootp := phoneRequest(mac(0x0a, 1), 0)
	bootp.Opts = []tlv{opt(61, idMAC(mac(0x0a, 1)))}
	all := map[string][]got{
		"OFFER":      {o},
		"ACK":        w.arrives(phoneRequest(mac(0, 1), wire.MsgRequest, opt(50, ipb(a)), opt(54, ipb(us)))),
		"NAK":        w.arrives(phoneRequest(mac(0, 2), wire.MsgRequest, opt(50, ipb(a)), opt(54, ipb(us)))),
		"INFORM":     w.arrives(inform, fromUnicast(a)),
		"BOOTREPLY":  w.arrives(bootp),
		"of a relay": w.arrives(relayed(3, wire.MsgDiscover, "10.88.0.1"), fromRelay("10.88.0.1")),
	}
	for name, g := range all {
		if len(g) != 1 {
			t.Errorf("%s: %d replies", name, len(g))
			continue
		}
		if !wire.AllZero(g[0].Payload[44:108]) {
			t.Errorf("%s: sname % x", name, g[0].Payload[44:108])
		}
		if name == "OFFER" && (g[0].Payload[108] != 'b' || wire.AllZero(g[0].Payload[20:24])) {
			t.Errorf("%s: file or siaddr is empty", name)
		}
	}
}
