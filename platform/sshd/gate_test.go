package sshd

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"option150/platform/testkit"

	"golang.org/x/crypto/ssh"
)

// from dials the box from another address of this machine.
func from(t *testing.T, host, addr string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(host)}, Timeout: 5 * time.Second}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// login is a client that is let in, from an address, once answer gives the
// password.
func loginFrom(t *testing.T, host, addr string, answer func() string) error {
	t.Helper()
	c, chans, reqs, err := ssh.NewClientConn(from(t, host, addr), addr, &ssh.ClientConfig{User: "admin", HostKeyCallback: ssh.InsecureIgnoreHostKey(),
		Auth: []ssh.AuthMethod{ssh.PasswordCallback(func() (string, error) { return answer(), nil })}})
	if err != nil {
		return err
	}
	return ssh.NewClient(c, chans, reqs).Close()
}

// TestHalfOpen: ten silent connections of one host keep nobody else out, nor do
// a thousand of a hundred hosts; who is asked for his password meanwhile keeps
// his place; refusals are logged.
func TestHalfOpen(t *testing.T) {
	b := start(t, Spec{}, nil)
	asked, typed, came := make(chan bool), make(chan string), make(chan error, 1)
	go func() {
		came <- loginFrom(t, "127.0.0.7", b.addr, func() string { close(asked); return <-typed })
	}()
	<-asked
	for range hostShare {
		from(t, "127.0.0.9", b.addr)
	}
	testkit.Until(t, "a host with its share", func() bool { return b.gate.len() == hostShare+1 })
	if err := loginFrom(t, "127.0.0.8", b.addr, func() string { return "lab" }); err != nil {
		t.Errorf("beside a host with its share: %v", err)
	}
	for i := range 1000 {
		from(t, fmt.Sprintf("127.1.0.%d", i%100+1), b.addr)
	}
	testkit.Until(t, "all places taken", func() bool { return b.gate.len() == MaxUnauthenticated })
	began := time.Now()
	if err := loginFrom(t, "127.0.0.8", b.addr, func() string { return "lab" }); err != nil {
		t.Errorf("beside 1000 of 100 hosts: %v", err)
	}
	t.Logf("an operator was in after %v", time.Since(began))
	typed <- "lab"
	if err := <-came; err != nil {
		t.Errorf("somebody who typed his password: %v", err)
	}
	b.rec.mu.Lock()
	defer b.rec.mu.Unlock()
	refused := 0
	for _, e := range b.rec.all {
		if r, ok := e.(Refused); ok {
			if _, logged := r.LogMessage(); logged {
				refused++
			}
		}
	}
	if refused < 900 {
		t.Errorf("%d refusals are logged", refused)
	}
}

// TestGate: whose place goes.
func TestGate(t *testing.T) {
	type end struct {
		net.Conn
		name string
	}
	var g gate
	enter := func(host, name string) (*guest, string) {
		in, out := g.enter(end{name: name}, netip.MustParseAddr(host))
		if out == nil {
			return in, ""
		}
		return in, out.(end).name
	}
	var typing *guest
	for i := range hostShare {
		in, out := enter("192.0.2.1", fmt.Sprint("a", i))
		if in == nil || out != "" {
			t.Fatal(i, out)
		}
		if i == 0 {
			typing = in
			g.asks(in)
		}
	}
	if in, out := enter("192.0.2.1", "a10"); in == nil || out != "a1" {
		t.Errorf("beyond its share %q goes", out)
	}
	for i := range MaxUnauthenticated - hostShare {
		if in, out := enter(fmt.Sprintf("192.0.3.%d", i), fmt.Sprint("b", i)); in == nil || out != "" {
			t.Fatal(i, out)
		}
	}
	if in, out := enter("192.0.2.99", "c"); in == nil || out != "a2" {
		t.Errorf("of the host with most, %q goes", out)
	}
	for _, w := range g.waiting {
		g.asks(w)
	}
	if in, out := enter("192.0.2.98", "d"); in == nil || out != "a0" {
		t.Errorf("all are asked for a password, %q goes", out)
	}
	g.left(typing) // whose place went already
	if g.len() != MaxUnauthenticated {
		t.Error(g.len())
	}
	var all gate
	for i := range MaxUnauthenticated {
		in, _ := all.enter(end{}, netip.AddrFrom4([4]byte{192, 0, 4, byte(i)}))
		all.asks(in)
	}
	if in, out := all.enter(end{}, netip.MustParseAddr("192.0.2.1")); in != nil || out != nil {
		t.Error("a host with one place, and a password to type, gave way")
	}
}
