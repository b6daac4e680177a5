package httpd

import (
	"net"
	"testing"
	"time"
)

// TestWires: of an open connection the kernel's round trip and what the client
// has not taken yet are told; one that was closed is left out.
func TestWires(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := New(nil, nil)
	client, err := net.Dial("tcp4", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	c := s.tracker.admit(accepted.(*net.TCPConn), nil)
	defer c.Close()
	_ = c.TCPConn.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	_, _ = c.TCPConn.Write(make([]byte, 32<<20)) // more than both ends hold
	all := s.Wires()
	w, ok := all[Ends{addrPort(client.RemoteAddr()), addrPort(client.LocalAddr())}]
	if !ok || len(all) != 1 || w.RTT <= 0 || w.Waiting == 0 {
		t.Errorf("%+v", all)
	}
	c.Close()
	if all := s.Wires(); len(all) != 0 {
		t.Errorf("after it was closed: %+v", all)
	}
}
