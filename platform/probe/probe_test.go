package probe

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

var loopback = netip.MustParseAddr("127.0.0.1")

// udp answers every datagram on a port of its own.
func udp(t *testing.T, reply func(request []byte) []byte) uint16 {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: loopback.AsSlice()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	go func() {
		buf := make([]byte, 2048)
		for {
			n, from, err := c.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if r := reply(buf[:n]); r != nil {
				_, _ = c.WriteToUDPAddrPort(r, from)
			}
		}
	}()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// closed is a TCP port nobody listens on.
func closed(t *testing.T) uint16 {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return uint16(l.Addr().(*net.TCPAddr).Port)
}

func port(t *testing.T, s *httptest.Server) uint16 {
	t.Helper()
	return netip.MustParseAddrPort(s.Listener.Addr().String()).Port()
}

// TestFiles: an error is an answer of who serves files, silence is none, and
// only data is the file.
func TestFiles(t *testing.T) {
	silent := udp(t, func([]byte) []byte { return nil })
	refuses := udp(t, func([]byte) []byte { return []byte("\x00\x05\x00\x01No such file\x00") })
	ended := make(chan bool, 4)
	sends := udp(t, func(b []byte) []byte {
		if b[1] == opError {
			ended <- true
			return nil
		}
		if string(b) != "\x00\x01x.loads\x00octet\x00" && string(b) != "\x00\x01"+anyName+"\x00octet\x00" {
			t.Errorf("asked %q", b)
		}
		return []byte("\x00\x03\x00\x01data")
	})
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/x.loads" {
			http.NotFound(w, r)
		}
	}))
	defer web.Close()
	for _, c := range []struct {
		name        string
		tftp, http  uint16
		files, file bool
		detail      string
	}{
		{"nobody", silent, closed(t), false, false, "refuses the connection"},
		{"TFTP without the file", refuses, closed(t), true, false, "TFTP answers error 1"},
		{"TFTP with it", sends, closed(t), true, true, "TFTP sends"},
		{"HTTP with it", silent, port(t, web), true, true, "answers"},
	} {
		p := Prober{TFTP: c.tftp, HTTP: c.http, Wait: 200 * time.Millisecond}
		if a := p.Files(context.Background(), loopback); a.OK != c.files || !strings.Contains(a.Detail, c.detail) {
			t.Errorf("%s: Files: %+v", c.name, a)
		}
		if a := p.File(context.Background(), loopback, "x.loads"); a.OK != c.file {
			t.Errorf("%s: File: %+v", c.name, a)
		}
	}
	<-ended // a transfer that begins is ended
}

// FuzzTFTPAnswer: whatever comes back, the question ends.
func FuzzTFTPAnswer(f *testing.F) {
	for _, s := range []string{"\x00\x03\x00\x01x", "\x00\x05\x00\x01x\x00", "\x00\x06", "", "\x00\x05\x00", "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		port := udp(t, func(b []byte) []byte {
			if b[1] == opRead {
				return answer
			}
			return nil
		})
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		r := tftp(ctx, netip.AddrPortFrom(loopback, port), "x")
		if r.text == "" || r.has && !r.answered {
			t.Errorf("%+v", r)
		}
	})
}
