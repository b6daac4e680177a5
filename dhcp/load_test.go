package dhcp

import (
	"encoding/binary"
	"net"
	"os"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"option150/dhcp/dhcptest"
	"option150/dhcp/wire"
)

// TestLoad offers exchanges at a fixed rate, as perfdhcp does, whether or not
// the server keeps up: DHCP_LOAD is exchanges a second. It reports and asserts
// nothing of time; without the variable it is a short one.
func TestLoad(t *testing.T) {
	rate, length := 500, 500*time.Millisecond
	if n, err := strconv.Atoi(os.Getenv("DHCP_LOAD")); err == nil {
		rate, length = n, 5*time.Second
	}
	s, at := start(t, Options{Store: t.TempDir()}, loopSpec("8"))
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetReadBuffer(8 << 20)
	total := int(float64(rate) * length.Seconds())
	sent := make([]atomic.Int64, total) // of the REQUEST, nanoseconds
	var offers, acks atomic.Int64
	lat := make([]time.Duration, 0, total)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2048)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			xid := int(binary.BigEndian.Uint32(buf[4:]))
			if xid >= total || n < 243 {
				continue
			}
			m := mac(byte(xid>>8), byte(xid))
			m[2], m[3] = byte(xid>>24), byte(xid>>16)
			switch buf[242] {
			case wire.MsgOffer:
				offers.Add(1)
				r := dhcptest.Phone(m, wire.MsgRequest, opt(50, slices.Clone(buf[16:20])), opt(54, ipb("127.0.0.1")))
				r.XID, r.GIAddr = uint32(xid), "127.0.0.1"
				sent[xid].Store(int64(time.Since(begin)))
				_, _ = c.Write(r.Bytes())
			case wire.MsgAck:
				if at := sent[xid].Load(); at > 0 {
					acks.Add(1)
					lat = append(lat, time.Since(begin)-time.Duration(at))
				}
			}
		}
	}()
	first := time.Now()
	for n := 0; n < total; {
		due := int(float64(rate) * time.Since(first).Seconds())
		for ; n < min(due, total); n++ {
			m := mac(byte(n>>8), byte(n))
			m[2], m[3] = byte(n>>24), byte(n>>16)
			r := dhcptest.Phone(m, wire.MsgDiscover)
			r.XID, r.GIAddr = uint32(n), "127.0.0.1"
			_, _ = c.Write(r.Bytes())
		}
		time.Sleep(500 * time.Microsecond)
	}
	during := acks.Load()
	took := time.Since(first)
	time.Sleep(time.Second)
	_ = c.SetReadDeadline(time.Now())
	<-done
	slices.Sort(lat)
	if len(lat) == 0 {
		t.Fatal("nothing was answered")
	}
	x := s.Statistics()
	t.Logf("offered %d/s: %d of %d exchanges, %.0f/s while offered, REQUEST p50 %s p99 %s, dropped %d", rate, acks.Load(), total,
		float64(during)/took.Seconds(), lat[len(lat)/2].Round(10*time.Microsecond), lat[len(lat)*99/100].Round(10*time.Microsecond), x.Extra.Late)
}

var begin = time.Now()
