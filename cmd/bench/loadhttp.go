package main

import (
	"bufio"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// patience bounds every wait for a server.
const patience = 10 * time.Second

// browser is a client that speaks as much HTTP/1.1 as a phone: it asks for a
// file and reads as many bytes as the header promises.
type browser struct {
	conn net.Conn
	r    *bufio.Reader
	ask  []byte
	buf  []byte
}

// dial connects from the address of phone i.
func (j job) dial(i int) (*browser, error) {
	d := net.Dialer{Timeout: patience, LocalAddr: &net.TCPAddr{IP: j.phone(i).AsSlice()}}
	c, err := d.Dial("tcp4", j.Target.String())
	if err != nil {
		return nil, err
	}
	b := &browser{conn: c, r: bufio.NewReaderSize(c, 4<<10), buf: make([]byte, min(max(j.Size, 1), 256<<10))}
	b.ask = fmt.Appendf(nil, "GET /%s HTTP/1.1\r\nHost: %s\r\n\r\n", j.File, j.Target)
	return b, nil
}

// get asks once and reads the whole answer. sum is the CRC-32 of the body when
// it is asked for.
func (b *browser) get(want int64, sum *uint32) error {
	if err := b.conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := b.conn.Write(b.ask); err != nil {
		return err
	}
	status, err := b.r.ReadString('\n')
	if err != nil {
		return err
	}
	length := int64(-1)
	for {
		line, err := b.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if text == "" {
			break
		}
		if k, v, ok := strings.Cut(text, ":"); ok && strings.EqualFold(k, "Content-Length") {
			if length, err = strconv.ParseInt(strings.TrimSpace(v), 10, 64); err != nil {
				return err
			}
		}
	}
	if !strings.Contains(status, " 200 ") {
		return fmt.Errorf("answered %s", strings.TrimSpace(status))
	}
	if length != want {
		return fmt.Errorf("%d bytes promised instead of %d", length, want)
	}
	for left := length; left > 0; {
		n, err := b.r.Read(b.buf[:min(left, int64(len(b.buf)))])
		if sum != nil {
			*sum = crc32.Update(*sum, crc32.IEEETable, b.buf[:n])
		}
		left -= int64(n)
		if err != nil && left > 0 {
			return err
		}
	}
	return nil
}

// verify gets the file once and compares it.
func (j job) verify() error {
	b, err := j.dial(j.Clients)
	if err != nil {
		return err
	}
	defer b.conn.Close()
	sum := uint32(0)
	if err := b.get(j.Size, &sum); err != nil {
		return err
	}
	if sum != j.Sum {
		return errors.New("other bytes than those of the file")
	}
	return nil
}

// keepAlive is clients that ask again and again on one connection each, for a
// time or a number of requests.
func (j job) keepAlive() result {
	if err := j.verify(); err != nil {
		return result{Failed: 1, Problem: err.Error()}
	}
	return inParallel(j.Clients, func(i int, t *tally) {
		b, err := j.dial(i)
		if err != nil {
			t.fail(err)
			return
		}
		defer b.conn.Close()
		end := time.Now().Add(j.For)
		for n := 0; (j.Count == 0 || n < j.Count) && (j.For == 0 || time.Now().Before(end)); n++ {
			start := time.Now()
			if err := b.get(j.Size, nil); err != nil {
				t.fail(err)
				return
			}
			t.Done++
			t.Bytes += j.Size
			t.times = append(t.times, time.Since(start))
		}
	})
}

// cold is clients that connect all at once, ask once and go away.
func (j job) cold() result {
	if err := j.verify(); err != nil {
		return result{Failed: 1, Problem: err.Error()}
	}
	return inParallel(j.Clients, func(i int, t *tally) {
		start := time.Now()
		b, err := j.dial(i)
		if err == nil {
			err = b.get(j.Size, nil)
			b.conn.Close()
		}
		if err != nil {
			t.fail(err)
			return
		}
		t.Done++
		t.Bytes += j.Size
		t.times = append(t.times, time.Since(start))
	})
}

// poll asks until the first right answer and says when that was.
func (j job) poll(ready io.Writer) (result, error) {
	fmt.Fprintln(ready, "ready")
	end := time.Now().Add(j.For)
	for {
		err := j.verify()
		if err == nil {
			return result{Done: 1, At: time.Now()}, nil
		}
		if time.Now().After(end) {
			return result{}, fmt.Errorf("no answer within %s: %w", j.For, err)
		}
		time.Sleep(200 * time.Microsecond)
	}
}
