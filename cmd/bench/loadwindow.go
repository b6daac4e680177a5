package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net"
	"os"
	"strconv"
	"time"
)

const opOACK = 6

// windowed is clients that read the file with large blocks and several of them
// for each acknowledgement, as boot loaders of other makers do. [RFC 2348, 7440]
func (j job) windowed() (result, error) {
	return inParallel(j.Clients, func(i int, t *tally) {
		for range max(j.Count, 1) {
			start := time.Now()
			conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: j.phone(i).AsSlice()})
			if err != nil {
				t.fail(err)
				return
			}
			_ = conn.SetReadBuffer(1 << 20)
			f := &fetcher{conn: conn, server: j.Target, rtt: j.RTT, t: t}
			err = f.windows(j.File, j.Block, j.Window)
			conn.Close()
			switch {
			case err != nil:
				t.fail(err)
			case f.size != j.Size || f.sum != j.Sum:
				t.fail(fmt.Errorf("%d bytes received, not those %d of the file", f.size, j.Size))
			default:
				t.Done++
				t.Bytes += f.size
				t.times = append(t.times, time.Since(start))
			}
		}
	}), nil
}

// windows is one transfer.
func (f *fetcher) windows(name string, block, window int) error {
	out := []byte{0, opRRQ}
	for _, s := range []string{name, "octet", "blksize", strconv.Itoa(block), "windowsize", strconv.Itoa(window)} {
		out = append(append(out, s...), 0)
	}
	if err := f.send(out); err != nil {
		return err
	}
	buf, ack := make([]byte, 4+block+1), []byte{0, opACK, 0, 0}
	want, since := uint16(0), 0 // 0: the answer to the options
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
		if n < 4 || from.Addr() != f.server.Addr() || want > 0 && from != f.server {
			continue
		}
		op, number := binary.BigEndian.Uint16(buf), binary.BigEndian.Uint16(buf[2:])
		switch {
		case op == opERROR:
			return fmt.Errorf("error %d", number)
		case op == opOACK && want == 0:
			f.server, out, want = from, ack, 1
			if err := f.send(out); err != nil {
				return err
			}
			continue
		case op != opDATA || want == 0:
			continue
		case number != want: // a gap: go on from here
			if since = 0; number-want < 1<<15 {
				if err := f.send(out); err != nil {
					return err
				}
			}
			continue
		}
		tries = 0
		data := buf[4:n]
		f.size += int64(len(data))
		f.sum = crc32.Update(f.sum, crc32.IEEETable, data)
		binary.BigEndian.PutUint16(ack[2:], number)
		want++
		if want == 0 {
			return errors.New("the file has too many blocks for this client")
		}
		if since++; since == window || len(data) < block {
			since = 0
			if err := f.send(out); err != nil {
				return err
			}
		}
		if len(data) < block {
			return nil
		}
	}
}
