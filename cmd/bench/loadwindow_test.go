package main

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// windows is a server that sends blocks of 100 four at a time; every seventh
// packet is lost where lossy is set.
func windows(t *testing.T, lossy bool) netip.AddrPort {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		in, sent, known := make([]byte, 600), 0, map[netip.AddrPort]bool{}
		for {
			n, from, err := c.ReadFromUDPAddrPort(in)
			if err != nil {
				return
			}
			if in[1] == opRRQ {
				known[from] = strings.Contains(string(in[:n]), "f.bin\x00octet\x00blksize\x00100\x00windowsize\x004\x00")
				_, _ = c.WriteToUDPAddrPort([]byte("\x00\x06blksize\x00100\x00windowsize\x004\x00"), from)
				continue
			}
			if !known[from] || in[1] != opACK {
				continue
			}
			for block := int(binary.BigEndian.Uint16(in[2:])) + 1; block <= int(binary.BigEndian.Uint16(in[2:]))+4; block++ {
				at := (block - 1) * 100
				if at > len(content) {
					break
				}
				if sent++; lossy && sent%7 == 0 {
					continue
				}
				packet := append(binary.BigEndian.AppendUint16([]byte{0, opDATA}, uint16(block)), content[at:min(at+100, len(content))]...)
				_, _ = c.WriteToUDPAddrPort(packet, from)
			}
		}
	}()
	return addrPort(t, c.LocalAddr())
}

func TestWindowClients(t *testing.T) {
	for _, lossy := range []bool{false, true} {
		j := contentJob("window", windows(t, lossy))
		j.Clients, j.Count, j.Block, j.Window = 1, 1, 100, 4
		r, err := j.windowed()
		if err != nil || r.Done != 1 || r.Failed != 0 || r.Bytes != j.Size || r.Elapsed > 60*time.Second {
			t.Errorf("lossy %v: %+v, %v", lossy, r, err)
		}
	}
}

// What is wished for stands below the table, with its aim and whether it is met.
func TestWishes(t *testing.T) {
	b := &bench{rounds: 1}
	table := b.report.table("Title", []string{"option150", "peer"}, nil)
	s := func(done int) []sample { return []sample{{result: result{Done: done, Elapsed: time.Second}}} }
	b.wishes(table, []contest{{"load", job{}, nil, []wish{{perSecond, "peer", 1}, {perSecond, "", 200}, {failed, "", none}, {perSecond, "absent", 1}}}},
		[]map[string][]sample{{"option150": s(150), "peer": s(100)}})
	var w strings.Builder
	b.report.print(&w)
	text := strings.Join(strings.Fields(w.String()), " ")
	for _, want := range []string{"that of peer, x 1.50 1 met", "requests a second, 1/s 150 200 MISSED", "not served 0 0.50 met", "absent was not measured"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, &w)
		}
	}
}
