package host

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
)

// TestTrace: who answers on the way is told from who has been reached, and a
// message about another's packet is none of ours.
func TestTrace(t *testing.T) {
	p := &Pinger{id: 7, seq: 9}
	echo := func(id, seq int) []byte {
		b, err := (&icmp.Message{Type: ipv4.ICMPTypeEcho, Body: &icmp.Echo{ID: id, Seq: seq}}).Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		return append(append([]byte{0x45}, make([]byte, 19)...), b...)
	}
	said := func(typ ipv4.ICMPType, body icmp.MessageBody) []byte {
		b, err := (&icmp.Message{Type: typ, Body: body}).Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	to, from := netip.MustParseAddr("192.0.2.9"), &net.IPAddr{IP: net.IPv4(10, 0, 0, 1)}
	for _, c := range []struct {
		name string
		b    []byte
		from net.Addr
		want Answer
	}{
		{"a machine on the way", said(ipv4.ICMPTypeTimeExceeded, &icmp.TimeExceeded{Data: echo(7, 9)}), from, Expired},
		{"about the request before", said(ipv4.ICMPTypeTimeExceeded, &icmp.TimeExceeded{Data: echo(7, 8)}), from, NoAnswer},
		{"about another's", said(ipv4.ICMPTypeTimeExceeded, &icmp.TimeExceeded{Data: echo(6, 9)}), from, NoAnswer},
		{"cut short", said(ipv4.ICMPTypeTimeExceeded, &icmp.TimeExceeded{Data: []byte{0x45}}), from, NoAnswer},
		{"no way there", said(ipv4.ICMPTypeDestinationUnreachable, &icmp.DstUnreach{Data: echo(7, 9)}), from, Unreachable},
		{"there", said(ipv4.ICMPTypeEchoReply, &icmp.Echo{ID: 7, Seq: 9}), &net.IPAddr{IP: to.AsSlice()}, Replied},
		{"somebody else", said(ipv4.ICMPTypeEchoReply, &icmp.Echo{ID: 7, Seq: 9}), from, NoAnswer},
	} {
		if got := p.judge(c.b, c.from, to); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	local := netip.MustParseAddr("127.0.0.1")
	real, err := NewPinger(netip.Addr{})
	if err != nil {
		t.Skipf("raw sockets: %v", err)
	}
	defer real.Close()
	if a, who, _ := real.Trace(t.Context(), local, 1, 5*time.Second); a != Replied || who != local {
		t.Errorf("%v of %s", a, who)
	}
}

// TestParseTraffic: names and values stand in pairs of lines; what is no counter
// is left out, and half a file is no error.
func TestParseTraffic(t *testing.T) {
	got := parseTraffic("Ip: Forwarding DefaultTTL InReceives\nIp: 2 64 77\nTcp: MaxConn ActiveOpens\nTcp: -1 5\nUdp: InDatagrams NoPorts\n")
	if got["Ip"]["InReceives"] != 77 || got["Tcp"]["ActiveOpens"] != 5 || len(got["Tcp"]) != 1 || got["Udp"] != nil {
		t.Errorf("%v", got)
	}
	if ReadTraffic()["Ip"] == nil {
		t.Error("this kernel tells nothing")
	}
}
