package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"
)

// The TFTP a phone speaks: octet, blocks of 512, one at a time. [RFC 1350]
const (
	opRRQ       = 1
	opDATA      = 3
	opACK       = 4
	opERROR     = 5
	tftpBlock   = 512
	tftpTimeout = time.Second // after which a request or ACK is sent again, a quarter more or less
	tftpTries   = 8
)

// fetcher is one transfer.
type fetcher struct {
	conn   *net.UDPConn
	server netip.AddrPort // port 69, then the server's transfer identifier
	rtt    time.Duration
	t      *tally
	size   int64
	sum    uint32
	again  bool // it acknowledges a block that comes once more once more
}

// tftp is clients that each read the file once (or Count times one after
// another), all beginning together.
func (j job) tftp() (result, error) {
	conns := make([]*net.UDPConn, j.Clients)
	for i := range conns {
		c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: j.phone(i).AsSlice()})
		if err != nil {
			return result{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	return inParallel(j.Clients, func(i int, t *tally) {
		for n := range max(j.Count, 1) {
			start := time.Now()
			// A transfer is told from the one before by the client's port.
			if n > 0 {
				c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: j.phone(i).AsSlice()})
				if err != nil {
					t.fail(err)
					return
				}
				defer c.Close()
				conns[i] = c
			}
			f := &fetcher{conn: conns[i], server: j.Target, rtt: j.RTT, t: t}
			if err := f.fetch(j.File); err != nil {
				t.fail(err)
				continue
			}
			if f.size != j.Size || f.sum != j.Sum {
				t.fail(fmt.Errorf("%d bytes received, not those %d of the file", f.size, j.Size))
				continue
			}
			t.Done++
			t.Bytes += f.size
			t.times = append(t.times, time.Since(start))
		}
	}), nil
}

func (f *fetcher) fetch(name string) error {
	out := append([]byte{0, opRRQ}, name...)
	out = append(out, "\x00octet\x00"...)
	if err := f.send(out); err != nil {
		return err
	}
	buf := make([]byte, 4+tftpBlock+1)
	ack := []byte{0, opACK, 0, 0}
	known := false // the server's transfer identifier
	want := uint16(1)
	for tries := 0; ; {
		n, from, err := f.receive(buf)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			if tries++; tries == tftpTries {
				return fmt.Errorf("no answer to %d tries for block %d", tries, want)
			}
			f.t.Resent++
			if err := f.send(out); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if n < 4 || from.Addr() != f.server.Addr() || known && from != f.server {
			continue // a second answer to a request that was sent twice
		}
		switch binary.BigEndian.Uint16(buf) {
		case opERROR:
			return fmt.Errorf("error %d %q", binary.BigEndian.Uint16(buf[2:]), bytes.TrimRight(buf[4:n], "\x00"))
		case opDATA:
		default:
			continue
		}
		block := binary.BigEndian.Uint16(buf[2:])
		if block != want {
			if f.again && known && block == want-1 {
				if err := f.send(out); err != nil {
					return err
				}
			}
			continue // an old one: acknowledged already, not again [RFC 1123 4.2.3.1]
		}
		f.server, known, tries = from, true, 0
		data := buf[4:n]
		f.size += int64(len(data))
		f.sum = crc32.Update(f.sum, crc32.IEEETable, data)
		binary.BigEndian.PutUint16(ack[2:], block)
		out = ack
		if f.rtt > 0 {
			time.Sleep(f.rtt)
		}
		if err := f.send(out); err != nil {
			return err
		}
		want++
		if len(data) < tftpBlock {
			return nil
		}
	}
}

func (f *fetcher) send(p []byte) error {
	f.t.Packets++
	_, err := f.conn.WriteToUDPAddrPort(p, f.server)
	return err
}

func (f *fetcher) receive(buf []byte) (int, netip.AddrPort, error) {
	if err := f.conn.SetReadDeadline(time.Now().Add(tftpTimeout*3/4 + rand.N(tftpTimeout/2))); err != nil {
		return 0, netip.AddrPort{}, err
	}
	n, from, err := f.conn.ReadFromUDPAddrPort(buf)
	if err == nil {
		f.t.Packets++
	}
	return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
}
