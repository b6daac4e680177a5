package dhcp

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"option150/dhcp/engine"
)

// echoes probes addresses behind relays with ICMP, as IOS does everywhere.
type echoes struct {
	conn *icmp.PacketConn
	id   int
	seq  atomic.Uint32
	wg   sync.WaitGroup
}

// openEchoes needs CAP_NET_RAW.
func openEchoes(to chan<- engine.Sighting) (*echoes, error) {
	c, err := icmp.ListenPacket("ip4:icmp", "0.0.0.0")
	if err != nil {
		return nil, err
	}
	x := &echoes{conn: c, id: rand.IntN(1 << 16)}
	x.wg.Go(func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			m, err := icmp.ParseMessage(1, buf[:n])
			if err != nil || m.Type != ipv4.ICMPTypeEchoReply {
				continue
			}
			e, ok := m.Body.(*icmp.Echo)
			ipa, ok2 := from.(*net.IPAddr)
			if !ok || !ok2 || e.ID != x.id {
				continue
			}
			if a, ok := netip.AddrFromSlice(ipa.IP.To4()); ok {
				select {
				case to <- engine.Sighting{Addr: a, Reply: true}:
				default:
				}
			}
		}
	})
	return x, nil
}

func (x *echoes) probe(a netip.Addr) {
	m := icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: x.id, Seq: int(x.seq.Add(1) & 0xffff), Data: []byte("option150 address probe")}}
	if b, err := m.Marshal(nil); err == nil {
		_, _ = x.conn.WriteTo(b, &net.IPAddr{IP: a.AsSlice()})
	}
}

func (x *echoes) close() {
	_ = x.conn.Close()
	x.wg.Wait()
}
