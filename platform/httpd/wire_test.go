package httpd

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
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
	f, err := accepted.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer accepted.Close()
	fd, err := unix.Dup(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	loop, err := s.theLoop()
	if err != nil {
		t.Fatal(err)
	}
	defer loop.end()
	c := s.tracker.admit(fd, addrPort(client.RemoteAddr()), addrPort(client.LocalAddr()), loop, nil)
	defer c.finish()
	for rest := make([]byte, 32<<20); err == nil; { // more than both ends hold
		_, err = c.put(new(vector), rest, nil, false)
	}
	all := s.Wires()
	w, ok := all[Ends{addrPort(client.RemoteAddr()), addrPort(client.LocalAddr())}]
	if !ok || len(all) != 1 || w.RTT <= 0 || w.Waiting == 0 {
		t.Errorf("%+v", all)
	}
	c.finish()
	if all := s.Wires(); len(all) != 0 {
		t.Errorf("after it was closed: %+v", all)
	}
}
