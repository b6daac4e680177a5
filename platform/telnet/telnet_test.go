package telnet

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// talk has a server say something and gives what arrived here and what it was
// answered.
func talk(t *testing.T, says []byte) (read, answered []byte) {
	t.Helper()
	here, there := net.Pipe()
	c := newConn(here, 80, 255)
	answers := make(chan []byte)
	go func() {
		b, _ := io.ReadAll(there)
		answers <- b
	}()
	go func() {
		_, _ = there.Write(says)
		_ = there.Close()
	}()
	read, _ = io.ReadAll(c)
	_ = c.Close()
	return read, <-answers
}

// TestNegotiation: what a server offers is taken or refused, once, and nothing of
// it is text.
func TestNegotiation(t *testing.T) {
	read, answered := pipe(t, []byte("\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\xff\xfa\x18\x01\xff\xf0\xff\xfd\x21\xff\xfb\x26Hello\r\x00\r\n\xff\xff\xff\xfb\x01\xff\xf1!"))
	if string(read) != "Hello\r\r\n\xff!" {
		t.Errorf("read %q", read)
	}
	want := "\xff\xfd\x01\xff\xfd\x03\xff\xfb\x18\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\xff\xff\xff\xf0\xff\xfa\x18\x00VT100\xff\xf0\xff\xfc\x21\xff\xfe\x26"
	if string(answered) != want {
		t.Errorf("answered %q\nwant     %q", answered, want)
	}
}

// TestPlayedWith: a server that changes its mind for ever is not answered for
// ever.
func TestPlayedWith(t *testing.T) {
	read, answered := pipe(t, append(bytes.Repeat([]byte("\xff\xfb\x01\xff\xfc\x01"), 5000), 'x'))
	if string(read) != "x" || len(answered) != 3*maxAnswers {
		t.Errorf("read %q, answered %d bytes", read, len(answered))
	}
}

// pipe is talk over TCP: the answers are read only at the end.
func pipe(t *testing.T, says []byte) (read, answered []byte) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan []byte)
	go func() {
		s, err := l.Accept()
		if err != nil {
			done <- nil
			return
		}
		_, _ = s.Write(says)
		_ = s.(*net.TCPConn).CloseWrite()
		b, _ := io.ReadAll(s)
		_ = s.Close()
		done <- b
	}()
	c, err := Dial(t.Context(), netip.MustParseAddrPort(l.Addr().String()), 80, 255)
	if err != nil {
		t.Fatal(err)
	}
	read, _ = io.ReadAll(c)
	_ = c.Close()
	return read, <-done
}

// TestTyped: a line ends as the protocol wants it, 255 is doubled.
func TestTyped(t *testing.T) {
	here, there := net.Pipe()
	c := newConn(here, 80, 24)
	go func() {
		_, _ = c.Write([]byte("show\r\xff"))
		_ = c.Close()
	}()
	_ = there.SetReadDeadline(time.Now().Add(10 * time.Second))
	if got, _ := io.ReadAll(there); string(got) != "show\r\x00\xff\xff" {
		t.Errorf("%q", got)
	}
}

func FuzzServer(f *testing.F) {
	f.Add([]byte("\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0x"))
	f.Add([]byte("\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, says []byte) {
		read, answered := talk(t, says)
		if len(read) > len(says) || len(answered) > maxAnswers*16 {
			t.Fatalf("%d bytes became %d, answered by %d", len(says), len(read), len(answered))
		}
	})
}
