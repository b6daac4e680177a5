package upstream

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"option150/hfs"
	"option150/platform/httpd"
	"option150/platform/listen"
	"option150/platform/tftp"
)

// doors are the sockets of a box: a phone asks there as it does at home. It is
// at 127.0.0.1, so the alternates of these tests are at another address.
type doors struct {
	tftp *net.UDPAddr
	http netip.AddrPort
}

func (b *box) doors(t *testing.T) doors {
	t.Helper()
	here := netip.MustParseAddr("127.0.0.1")
	engine := tftp.New(tftp.Options{Opener: b.files})
	c, err := engine.Prepare(t.Context(), nil, tftp.Spec{Endpoints: []listen.Endpoint{{Proto: listen.UDP, Addr: here}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	web := httpd.New(map[string]httpd.Module{hfs.NameModule: hfs.New(b.files).Module()}, nil)
	c, err = web.Prepare(t.Context(), nil, httpd.Spec{Listeners: []httpd.Listener{{
		Endpoint: listen.Endpoint{Proto: listen.TCP, Addr: here, Owner: hfs.Owner}, Modules: []string{hfs.NameModule}}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		web.Close(ctx)
		<-engine.Stop(-1)
	})
	return doors{net.UDPAddrFromAddrPort(engine.Status().Listeners[0].AddrPort()), web.Listeners()[0].Bound}
}

// overTFTP fetches in blocks of 512; code is that of an ERROR packet, -1 for
// none. first is called when the first block is here.
func (d doors) overTFTP(name string, first func()) (content []byte, code int, err error) {
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := c.WriteToUDP([]byte("\x00\x01"+name+"\x00octet\x00"), d.tftp); err != nil {
		return nil, 0, err
	}
	buf := make([]byte, 2048)
	for want := uint16(1); ; {
		n, from, err := c.ReadFromUDP(buf)
		if err != nil {
			return content, 0, err
		}
		number := binary.BigEndian.Uint16(buf[2:])
		switch op := binary.BigEndian.Uint16(buf); {
		case op == 5:
			return content, int(number), nil
		case op != 3:
			return content, 0, fmt.Errorf("packet of kind %d", op)
		case number == want:
			if content = append(content, buf[4:n]...); want == 1 && first != nil {
				first()
				first = nil
			}
			want++
		}
		if _, err := c.WriteToUDP([]byte{0, 4, buf[2], buf[3]}, from); err != nil {
			return content, 0, err
		}
		if n < 516 {
			return content, -1, nil
		}
	}
}

// tsize is the size that TFTP tells before the first byte, -1 for none. [RFC 2349]
func (d doors) tsize(name string) (int64, error) {
	o, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return 0, err
	}
	defer o.Close()
	_ = o.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := o.WriteToUDP([]byte("\x00\x01"+name+"\x00octet\x00tsize\x000\x00"), d.tftp); err != nil {
		return 0, err
	}
	buf := make([]byte, 600)
	n, from, err := o.ReadFromUDP(buf)
	if err != nil {
		return 0, err
	}
	_, _ = o.WriteToUDP([]byte("\x00\x05\x00\x00enough\x00"), from)
	if f := strings.Split(string(buf[2:n]), "\x00"); buf[1] == 6 && len(f) > 1 && f[0] == "tsize" {
		return strconv.ParseInt(f[1], 10, 64)
	}
	return -1, nil
}

// overHTTP fetches as a phone does. An error is one in the middle of the body.
func (d doors) overHTTP(name string, first func()) (content []byte, status int, length int64, err error) {
	c, err := net.Dial("tcp4", d.http.String())
	if err != nil {
		return nil, 0, 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(30 * time.Second))
	fmt.Fprintf(c, "GET /%s HTTP/1.1\r\nHost:x\r\n\r\n", name)
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return nil, 0, 0, err
	}
	defer r.Body.Close()
	head := make([]byte, 1)
	if _, err = io.ReadFull(r.Body, head); err == nil && first != nil {
		first()
	}
	rest, e := io.ReadAll(r.Body)
	return append(head, rest...), r.StatusCode, r.ContentLength, errors.Join(err, e)
}

// TestStreamedWhileItArrives: a file of many chunks goes out over both
// transports while it comes in, with its length from the first byte on, and
// where the line was cut it is taken up by range: every byte crosses it once.
func TestStreamedWhileItArrives(t *testing.T) {
	body := image(part, 400_000)
	c := newClusterAt(t, "127.0.0.2:0", map[string][]byte{part: body})
	more := make(chan struct{})
	c.pause, c.more = 150_000, more
	c.cut, c.cuts = 300_000, 1
	b := newBox(t, alternates(c))
	d := b.doors(t)
	began := make(chan struct{}, 2)
	first := func() { began <- struct{}{} }
	type got struct {
		body []byte
		err  error
	}
	answers := make(chan got, 2)
	go func() {
		body, code, err := d.overTFTP(part, first)
		if err == nil && code != -1 {
			err = fmt.Errorf("error %d", code)
		}
		answers <- got{body, err}
	}()
	go func() {
		out, status, length, err := d.overHTTP(part, first)
		if err == nil && (status != 200 || length != int64(len(body))) {
			err = fmt.Errorf("status %d, length %d", status, length)
		}
		answers <- got{out, err}
	}()
	for range 2 {
		select {
		case <-began:
		case <-time.After(20 * time.Second):
			t.Fatal("nothing is sent before the file is whole")
		}
	}
	if n, err := d.tsize(part); n != int64(len(body)) || err != nil {
		t.Errorf("tsize of a file that arrives: %d, %v", n, err)
	}
	close(more)
	for range 2 {
		if a := <-answers; a.err != nil || string(a.body) != string(body) {
			t.Errorf("%d bytes of %d, %v", len(a.body), len(body), a.err)
		}
	}
	if n := b.Counters().WanBytes; n != uint64(len(body)) || c.times(part) != 2 {
		t.Errorf("%d bytes over the line for %d, asked %d times", n, len(body), c.times(part))
	}
	ranged := false
	c.set(func() {
		for _, r := range c.seen {
			ranged = ranged || r.Header.Get("Range") == "bytes=300000-" && r.Header.Get("If-Range") != ""
		}
	})
	if !ranged {
		t.Error("it was not taken up by range on condition")
	}
}

// TestBrokenInTheMiddle: a file that is cut and is another one, or none, when it
// is taken up again, ends for the phones in error 0 and in a body that is too
// short, never in a file that looks whole.
func TestBrokenInTheMiddle(t *testing.T) {
	for _, gone := range []bool{true, false} {
		body := image(part, 400_000)
		c := newClusterAt(t, "127.0.0.2:0", map[string][]byte{part: body})
		more := make(chan struct{})
		c.pause, c.more = 100_000, more
		c.cut, c.cuts = 200_000, 1
		b := newBox(t, alternates(c))
		d := b.doors(t)
		change := func() {
			c.set(func() {
				if gone {
					delete(c.files, part)
				} else {
					c.files[part] = image(part, 500_000)
				}
			})
			close(more)
		}
		over := make(chan error, 1)
		both := make(chan struct{}, 2)
		go func() {
			got, status, _, err := d.overHTTP(part, func() { both <- struct{}{} })
			if err == nil {
				err = fmt.Errorf("whole over HTTP: %d, %d bytes", status, len(got))
			} else {
				err = nil
			}
			over <- err
		}()
		go func() { <-both; <-both; change() }()
		got, code, err := d.overTFTP(part, func() { both <- struct{}{} })
		if err != nil || code != 0 || len(got) >= len(body) {
			t.Errorf("gone %v, TFTP: error %d, %d bytes, %v", gone, code, len(got), err)
		}
		if err := <-over; err != nil {
			t.Errorf("gone %v: %v", gone, err)
		}
	}
}
