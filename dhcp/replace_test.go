package dhcp

import (
	"net/netip"
	"testing"

	"option150/dhcp/dhcptest"
	"option150/dhcp/wire"
	"option150/platform/ether"
)

// The box takes the place of another server on a live LAN: its phones answer
// ARP, and renew, rebind and boot as if nothing had happened.
func TestWireReplace(t *testing.T) {
	for _, c := range []struct {
		name, bits string
		phones     int
	}{{"80 phones", "24", 80}, {"500 phones", "22", 500}} {
		t.Run(c.name, func(t *testing.T) {
			w := cableOf(t, c.bits)
			at := func(i int) netip.Addr { return wire.FromU32(wire.U32(ip("10.77.0.100")) + uint32(i)) }
			phone := func(i int) ether.MAC { return mac(byte(0x10+i>>8), byte(i)) }
			used := map[netip.Addr]bool{}
			for i := range c.phones {
				w.be(at(i).String(), phone(i))
				used[at(i)] = true
			}
			w.serve(Options{}, func(s *Spec) {
				n := netip.MustParsePrefix("10.77.0.0/" + c.bits)
				s.PingPackets, s.Excluded = 2, []Range{{First: ip("10.77.0.1"), Last: ip("10.77.0.99")}}
				s.Pools[0].Network = n
				s.Interfaces[0].Addrs[0] = netip.PrefixFrom(ip("10.77.0.1"), n.Bits())
			})
			xid := uint32(1000)
			stranger := func(n byte) {
				t.Helper()
				xid++
				if a := w.take(mac(0x90, n), xid); used[a] {
					t.Fatalf("%s was given to a stranger", a)
				}
			}
			for n := range 20 {
				stranger(byte(n))
			}
			for i := range c.phones {
				xid++
				r := dhcptest.Phone(phone(i), wire.MsgRequest)
				r.XID, r.CIAddr = xid, at(i).String()
				switch i % 3 {
				case 0:
					w.put(r, r.CIAddr+":68", "10.77.0.1:67", w.own)
				case 1:
					w.put(r, r.CIAddr+":68", "255.255.255.255:67", wire.BroadcastMAC)
				default:
					r.CIAddr = ""
					r = dhcptest.Phone(phone(i), wire.MsgRequest, opt(50, ipb(at(i).String())))
					r.XID = xid
					w.put(r, "0.0.0.0:68", "255.255.255.255:67", wire.BroadcastMAC)
				}
				if f, ok := w.next(xid, answerWait); !ok || f.Type != wire.MsgAck || f.YIAddr != at(i) {
					t.Fatalf("phone %d of %s: %v type %d %s %s", i, at(i), ok, f.Type, f.YIAddr, f.Opts[56])
				}
			}
			if cs := w.s.Conflicts(); len(cs) != 0 {
				t.Errorf("%d conflicts", len(cs))
			}
			if n := len(w.s.Bindings()); n != c.phones+20+1 { // and the manual one
				t.Errorf("%d bindings", n)
			}
			stranger(99)
		})
	}
}
