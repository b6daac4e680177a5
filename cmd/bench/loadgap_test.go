package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"
)

// A known phone at T2 has its address, asks for none and names no server; it says for how
// long it has been asking; and the time nobody is answered is what was measured.
func TestGap(t *testing.T) {
	listen := func() *net.UDPConn {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	server, phones := listen(), listen()
	addr := netip.MustParseAddr("10.150.64.7")
	bad := make(chan string, 1)
	go func() {
		b := make([]byte, 2048)
		for late := false; ; {
			n, from, err := server.ReadFromUDPAddrPort(b)
			if err != nil {
				return
			}
			p := b[:n]
			options := map[byte]bool{}
			for o := p[dhcpHeader+4:]; len(o) > 1 && o[0] != 255; o = o[2+int(o[1]):] {
				if options[o[0]] = true; o[0] == 53 && o[2] != dhcpRequest {
					bad <- "it is no REQUEST"
					return
				}
			}
			if netip.AddrFrom4([4]byte(p[12:16])) != addr || options[50] || options[54] {
				bad <- "it is no REQUEST of a phone at T2"
				return
			}
			if late = late || binary.BigEndian.Uint16(p[8:]) >= 1; !late {
				continue // the server is dead, until a phone has asked for a second
			}
			p[0] = 2
			copy(p[16:20], p[12:16])
			p[dhcpHeader+4+2] = dhcpAck
			_, _ = server.WriteToUDPAddrPort(p, from)
		}
	}()
	g := &gaps{j: job{For: 1500 * time.Millisecond, Rebind: true}, conn: phones, targets: []netip.AddrPort{server.LocalAddr().(*net.UDPAddr).AddrPort()},
		known: []lease{{mac: macOf(1), addr: addr}}}
	r, err := g.run(1)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case why := <-bad:
		t.Fatal(why)
	default:
	}
	if r.Done == 0 || r.Failed > 0 || r.Longest < time.Second || r.Waited < time.Second {
		t.Errorf("%+v", r)
	}
}
