package lab

import (
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv6"

	"option150/platform/netns"
)

// Advertiser is the router of a lab of IPv6: it tells the phones which network
// they are on and that addresses are to be had by DHCPv6. It routes nothing.
type Advertiser struct {
	conn *icmp.PacketConn
	quit chan struct{}
	once sync.Once
	wg   sync.WaitGroup
}

// StartAdvertiser sends router advertisements from a host, once a second and
// when it is asked.
func StartAdvertiser(h *netns.Host, device string, network netip.Prefix, managed bool) (*Advertiser, error) {
	a := &Advertiser{quit: make(chan struct{})}
	var ifi *net.Interface
	err := h.Do(func() (err error) {
		if ifi, err = net.InterfaceByName(device); err != nil {
			return err
		}
		a.conn, err = icmp.ListenPacket("ip6:ipv6-icmp", "::")
		return err
	})
	if err != nil {
		return nil, err
	}
	p := a.conn.IPv6PacketConn()
	_ = p.SetMulticastHopLimit(255)
	_ = p.SetHopLimit(255)
	_ = p.SetMulticastInterface(ifi)
	packet := advertisement(network, managed)
	send := func() {
		_, _ = p.WriteTo(packet, &ipv6.ControlMessage{IfIndex: ifi.Index, HopLimit: 255}, &net.IPAddr{IP: net.ParseIP("ff02::1"), Zone: device})
	}
	a.wg.Go(func() {
		t := time.NewTicker(time.Second)
		defer t.Stop()
		for {
			send()
			select {
			case <-a.quit:
				return
			case <-t.C:
			}
		}
	})
	return a, nil
}

// advertisement is the ICMPv6 message. [RFC 4861 4.2, 4.6.2]
func advertisement(network netip.Prefix, managed bool) []byte {
	b := []byte{134, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	if managed {
		b[5] = 0xc0
	}
	b = append(b, 3, 4, byte(network.Bits()), 0x80) // on the link, not for addresses of their own
	b = binary.BigEndian.AppendUint32(b, 3600)
	b = binary.BigEndian.AppendUint32(b, 3600)
	n := network.Masked().Addr().As16()
	return append(append(b, 0, 0, 0, 0), n[:]...)
}

// Close ends it.
func (a *Advertiser) Close() {
	a.once.Do(func() { close(a.quit); _ = a.conn.Close() })
	a.wg.Wait()
}
