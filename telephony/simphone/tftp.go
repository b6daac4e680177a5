package simphone

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"
)

// Operations and sizes of TFTP. [RFC 1350]
const (
	opRRQ     = 1
	opData    = 3
	opAck     = 4
	opError   = 5
	opOACK    = 6 // RFC 2347
	blockSize = 512
	portTFTP  = 69

	tftpFull = 3 // error code: disk full: how a server says that it is busy [facts/files.md 10]
)

// rrq is the read request of every phone captured so far: octet, no options.
// [facts/phones.md 1.4]
func rrq(name string, blocks int) []byte {
	b := append([]byte{0, opRRQ}, name...)
	b = append(b, "\x00octet\x00"...)
	if blocks > 0 {
		b = fmt.Appendf(b, "blksize\x00%d\x00", blocks) // RFC 2348
	}
	return b
}

// narrowWay is the largest datagram that comes through where Blocks are too large.
const narrowWay = 600

// tftpGet asks one server for one file. result is Done, NoAnswer, CutOff,
// TooLarge or "error N text"; code is N, or -1.
func (p *Phone) tftpGet(ctx context.Context, server netip.Addr, name string, limit int) (data []byte, code int, result string, err error) {
	start := time.Now()
	defer func() {
		if err == nil {
			p.log(Step{Kind: File, Transport: "TFTP", Server: server, Name: name, Result: result,
				Bytes: int64(len(data)), Took: time.Since(start)})
		}
	}()
	var c *net.UDPConn
	err = p.o.In(func() (e error) {
		c, e = net.ListenUDP(network("udp", server), nil)
		return e
	})
	if err != nil {
		return nil, -1, "", p.failed("TFTP", err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	t := transfer{p: p, cut: p.spec.Faults.CutAfter, ctx: ctx, c: c, server: server, limit: limit, out: rrq(name, p.spec.Faults.Blocks), to: netip.AddrPortFrom(server, portTFTP)}
	code, result = t.run()
	if ctx.Err() != nil {
		return nil, -1, "", ctx.Err()
	}
	if result != Done && result != CutOff {
		return nil, code, result, nil
	}
	return t.data.Bytes(), code, result, nil
}

// transfer is one lock-step transfer.
type transfer struct {
	p      *Phone
	ctx    context.Context
	c      *net.UDPConn
	server netip.Addr
	limit  int
	cut    int            // a fault: it ends after so many bytes
	out    []byte         // the last packet sent
	to     netip.AddrPort // port 69 until the server has answered from its own
	bound  bool
	agreed int    // size of a block; 0 = 512
	block  uint16 // last block taken; rolls over to 0 after 65535
	data   bytes.Buffer
}

func (t *transfer) run() (code int, result string) {
	buf := make([]byte, 4+max(blockSize, t.p.spec.Faults.Blocks)+1)
	for tries := 0; tries < t.p.o.Timers.TFTPTries; tries++ {
		// A send that fails (no route, no neighbour) is silence, as it is on
		// a phone.
		_, _ = t.c.WriteToUDPAddrPort(t.out, t.to)
		end := time.Now().Add(t.p.o.Timers.TFTP)
		for {
			if err := t.c.SetReadDeadline(end); err != nil || t.ctx.Err() != nil {
				return -1, NoAnswer
			}
			n, from, err := t.c.ReadFromUDPAddrPort(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break // retransmit the last packet
			}
			if err != nil {
				continue // an ICMP error of a former send
			}
			from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
			if from.Addr() != t.server || (t.bound && from != t.to) {
				continue // a stranger
			}
			if t.p.spec.Faults.Deaf && from.Port() != portTFTP || t.p.spec.Faults.Blocks > 0 && n > narrowWay {
				continue // what stands between does not let it through
			}
			done, progress, code, result := t.take(buf[:n], from)
			if done {
				return code, result
			}
			if progress {
				tries = -1 // and send the acknowledgement at once
				break
			}
		}
	}
	if t.bound {
		return -1, CutOff
	}
	return -1, NoAnswer
}

func (t *transfer) size() int { return cmp.Or(t.agreed, blockSize) }

// take looks at one packet of the server.
func (t *transfer) take(b []byte, from netip.AddrPort) (done, progress bool, code int, result string) {
	if len(b) < 4 {
		return false, false, -1, ""
	}
	op, n := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	switch {
	case op == opOACK && t.block == 0:
		t.bound, t.to, t.out = true, from, []byte{0, opAck, 0, 0}
		if f := bytes.Split(b[2:], []byte{0}); len(f) > 1 && string(f[0]) == "blksize" {
			t.agreed, _ = strconv.Atoi(string(f[1]))
		}
		return false, true, -1, ""
	case op == opError:
		return true, false, int(n), fmt.Sprintf("error %d %s", n, printable(b[4:]))
	case op != opData || n != t.block+1 || len(b) > 4+t.size():
		return false, false, -1, "" // a repeated block is answered by the timer
	}
	if t.data.Len()+len(b)-4 > t.limit {
		return true, false, -1, TooLarge
	}
	t.bound, t.to, t.block = true, from, n
	t.data.Write(b[4:])
	if t.cut > 0 && t.data.Len() > t.cut {
		return true, false, -1, CutOff
	}
	t.out = binary.BigEndian.AppendUint16([]byte{0, opAck}, n)
	if len(b) == 4+t.size() {
		return false, true, -1, ""
	}
	_, _ = t.c.WriteToUDPAddrPort(t.out, t.to) // sent once, without lingering
	return true, false, -1, Done
}

// printable is the text of an error packet, bounded and on one line.
func printable(b []byte) string {
	s := []byte(text(b[:min(len(b), 80)]))
	for i, c := range s {
		if c < ' ' || c > '~' {
			s[i] = '.'
		}
	}
	return string(s)
}
