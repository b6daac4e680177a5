package hfs

import (
	"bufio"
	"io"
	"net"
	"testing"
)

// BenchmarkSmallFile is a phone's little file from flash:, again and again on a
// connection, the client included, which allocates nothing. A connection ends
// after Limits.Requests, here long before.
func BenchmarkSmallFile(b *testing.B) {
	s, _, _ := box(b)
	at := serve(b, s).String()
	var c net.Conn
	defer func() { _ = c.Close() }()
	r := bufio.NewReader(nil)
	ask := []byte("GET /Ringlist.xml HTTP/1.1\r\nHost: 10.150.0.1:6970\r\n\r\n")
	body := make([]byte, len("<rings/>"))
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%5000 == 0 {
			if c != nil {
				_ = c.Close()
			}
			var err error
			if c, err = net.Dial("tcp", at); err != nil {
				b.Fatal(err)
			}
			r.Reset(c)
		}
		if _, err := c.Write(ask); err != nil {
			b.Fatal(err)
		}
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) == 2 {
				break
			}
		}
		if _, err := io.ReadFull(r, body); err != nil {
			b.Fatal(err)
		}
	}
}
