package hfs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"option150/platform/fileserver"
	"option150/platform/listen"
	"option150/platform/tftp"
)

// TestBothTransports, on real sockets: every name is asked over TFTP as
// a phone does it, without options, and over HTTP.
func TestBothTransports(t *testing.T) {
	s, files, _ := box(t)
	do := overSocket(serve(t, s))
	engine := tftp.New(tftp.Options{Opener: files})
	c, err := engine.Prepare(t.Context(), nil, tftp.Spec{Endpoints: []listen.Endpoint{{Proto: listen.UDP, Addr: netip.MustParseAddr("127.0.0.1")}}})
	if err != nil {
		t.Fatal(err)
	}
	c.Commit()
	at := net.UDPAddrFromAddrPort(engine.Status().Listeners[0].AddrPort())
	t.Cleanup(func() { <-engine.Stop(-1) })
	statusOf := map[int]int{-1: 200, 1: 404, 2: 403, 3: 503}
	var long []string // with a suffix they are longer than the file system takes
	for n := 249; n <= 257; n++ {
		long = append(long, strings.Repeat("n", n), "phones/"+strings.Repeat("n", n-7), strings.Repeat("n", n-5)+".loads")
	}
	for _, name := range append(long,
		"SEP001E7A000001.cnf.xml", "sep001e7a000001.cnf.XML", "SEP001E7A000001.cnf.xml.sgn", "CTLSEP001E7A000001.tlv",
		"SCCP41.9-4-2SR3-1S.loads", "jar41sccp.9-4-2ES26.sbn", "phones/jar41sccp.9-4-2ES26.sbn", `phones\JAR41sccp.9-4-2ES26.sbn`,
		"German_Germany/7960-tones.xml", "French_France/7960-tones.xml", "Communicator/Ringlist.xml", "a b+c%41.raw",
		"empty.tlv", "startup-config", "../nvram/startup-config", `..\x`, "fifo", "link", "busy.loads", "none",
	) {
		content, code, err := rrq(at, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		r, body := do(t, "GET "+(&url.URL{Path: "/" + name}).EscapedPath()+" HTTP/1.1\r\nHost:x\r\n\r\n")
		if strings.Contains(name, "nnn") && code != 1 {
			t.Errorf("a name of %d octets: error %d", len(name), code)
		}
		if want := statusOf[code]; r.StatusCode != want || want == 200 && body != content {
			t.Errorf("%s: TFTP error %d with %d bytes, HTTP %d with %d bytes", name, code, len(content), r.StatusCode, len(body))
		}
	}
	var n fileserver.Counters
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if n = files.Counters(); n.RequestsInProgress == 0 && n.HttpConnectRequests == 0 || time.Now().After(end) {
			break
		}
	}
	if n.Requests != n.HttpRequests || n.RequestsProcessed != n.HttpRequestsProcessed || n.RequestsNotFound != n.HttpRequestsNotFound ||
		n.RequestsOverflow != n.HttpRequestsOverflow || n.RequestsInProgress != 0 {
		t.Errorf("counters differ: %+v", n)
	}
}

// rrq fetches in blocks of 512; code is that of an ERROR packet, -1 for none.
func rrq(server *net.UDPAddr, name string) (content string, code int, err error) {
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: server.IP})
	if err != nil {
		return "", 0, err
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := c.WriteToUDP([]byte("\x00\x01"+name+"\x00octet\x00"), server); err != nil {
		return "", 0, err
	}
	var got []byte
	buf := make([]byte, 2048)
	for want := uint16(1); ; {
		n, from, err := c.ReadFromUDP(buf)
		if err != nil {
			return "", 0, err
		}
		if n < 4 {
			return "", 0, errors.New("short packet")
		}
		number := binary.BigEndian.Uint16(buf[2:])
		switch op := binary.BigEndian.Uint16(buf); {
		case op == 5:
			return "", int(number), nil
		case op != 3:
			return "", 0, fmt.Errorf("packet of kind %d", op)
		case number == want:
			got = append(got, buf[4:n]...)
			want++
		}
		if _, err := c.WriteToUDP([]byte{0, 4, buf[2], buf[3]}, from); err != nil {
			return "", 0, err
		}
		if n < 516 {
			return string(got), -1, nil
		}
	}
}
