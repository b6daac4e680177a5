package tftp

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"option150/platform/fileserver"
	"option150/platform/service"
)

// A packet of a transfer is read without an allocation.
func TestReadingAllocatesNothing(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	to := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	w, err := newUDPWire(conn)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.detach(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := newInbox(1)
	ack := ackPacket(1)
	if n := testing.AllocsPerRun(200, func() {
		if _, err := c.WriteToUDPAddrPort(ack, to); err != nil {
			t.Fatal(err)
		}
		n, err := w.read(in)
		for err == unix.EAGAIN { // it is on its way
			n, err = w.read(in)
		}
		if n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if _, err := w.read(in); err != unix.EAGAIN {
		t.Error("with nothing there:", err)
	}
	if in.got[0].local != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("it came to %v", in.got[0].local)
	}
}

// A socket remembers whose packet came last, and forgets it when the transfer
// has ended: what it served is not kept.
func TestSocketForgetsWhatEnded(t *testing.T) {
	w := serve(t, testSet{settings: settings{PoolSize: 1}}, map[string][]byte{"a": fileOf(1200)})
	sock := func() *socket { return w.set.Places()[1].Value }
	p, q := w.probe(), w.probe() // both on the one socket
	port := func(p *probe) uint16 { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }
	p.ask("a", "octet")
	p.expect("DATA 1 512")
	q.ask("a", "octet")
	q.expect("DATA 1 512")
	p.ack(1)
	p.expect("DATA 2 512")
	first := sock().last.Load()
	if first == nil || first.key.peer.Port() != port(p) {
		t.Fatal("the transfer of the first packet is not remembered")
	}
	q.ack(1)
	q.expect("DATA 2 512")
	if l := sock().last.Load(); l == nil || l.key.peer.Port() != port(q) {
		t.Error("the transfer of the last packet is not remembered")
	}
	p.ack(2)
	p.expect("DATA 3 176")
	p.ack(3)
	w.result(0)
	if l := sock().last.Load(); l == first {
		t.Error("a transfer that has ended is kept")
	}
	q.ack(2)
	q.expect("DATA 3 176")
	q.ack(3)
	w.result(1)
	if l := sock().last.Load(); l != nil {
		t.Error("a transfer that has ended is kept")
	}
}

// On a socket for both families the kernel tells of an IPv4 packet once, and
// where an IPv6 packet was sent to as soon as there is a client of it.
func TestBothFamiliesAreToldOnce(t *testing.T) {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	w, err := newUDPWire(conn)
	if err != nil {
		t.Fatal(err)
	}
	if !w.v6 {
		t.Skip("no IPv6 here")
	}
	in := newInbox(1)
	take := func(network, to string) *datagram {
		c, err := net.ListenUDP(network, nil)
		if err != nil {
			t.Skip(err)
		}
		defer c.Close()
		if _, err := c.WriteToUDPAddrPort(ackPacket(1), netip.AddrPortFrom(netip.MustParseAddr(to), w.port)); err != nil {
			t.Skip(err)
		}
		if n, err := w.read(in); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		return &in.got[0]
	}
	for range 2 {
		if d := take("udp4", "127.0.0.9"); d.local != netip.MustParseAddr("127.0.0.9") {
			t.Errorf("an IPv4 packet came to %v", d.local)
		}
		told := int(in.msgs[0].Hdr.Controllen)
		if once := unix.CmsgSpace(unix.SizeofInet4Pktinfo); (told == once) != !w.six.Load() {
			t.Errorf("it is told in %d octets, of which it takes %d; asked for IPv6: %v", told, once, w.six.Load())
		}
		if d := take("udp6", "::1"); d.local.IsValid() != w.six.Load() {
			t.Errorf("an IPv6 packet came to %v, asked: %v", d.local, w.six.Load())
		}
		if err := w.tellSix(); err != nil {
			t.Fatal(err)
		}
	}
}

// Who waits for a place of the serving count is a value in a queue and not a
// goroutine; each gets it in turn, and who has waited for too long is told to
// ask again.
func TestWaitingForAPlace(t *testing.T) {
	content := fileOf(1500)
	files := fileserver.New(fileserver.Options{Generated: func(name string) ([]byte, time.Time, string, bool) {
		return content, time.Time{}, `"x"`, name == "a.cnf.xml"
	}})
	c := fileserver.Spec{Config: fileserver.Default()}
	c.MaximumServingCount = 1
	change, err := files.Prepare(t.Context(), nil, service.Spec(c))
	if err != nil {
		t.Fatal(err)
	}
	change.Commit()
	w := newWorld(t, testSet{}, nil)
	w.opener, w.giveBack = files, (*fileserver.File).Finish
	w.serveOn("127.0.0.1:0")
	const most = 4 // fit into the queue
	all := make([]*probe, 1+most)
	for i := range all {
		all[i] = w.probe()
		all[i].ask("a.cnf.xml", "octet")
		all[i].expect("DATA 1 512")
	}
	w.until("the look-ups", func() bool { return w.lookups.Load() == 0 })
	all[0].ack(1)
	all[0].expect("DATA 2 512") // it has the place
	before := runtime.NumGoroutine()
	for i, p := range all[1:] {
		p.ack(1)
		w.until("the queue", func() bool { return files.Waiting() == i+1 }) // in this order: each has another socket
	}
	if n := runtime.NumGoroutine(); n > before+2 {
		t.Errorf("%d goroutines more for %d who wait", n-before, most)
	}
	all[1].sendTo(all[1].tid, []byte("\x00\x05\x00\x00enough\x00"))
	w.until("one to leave", func() bool { return files.Waiting() == most-1 })
	for i := range all[:len(all)-2] {
		if i == 1 {
			continue
		}
		p := all[i]
		if i > 0 {
			p.expect("DATA 2 512") // the place of the one before
		}
		p.ack(2)
		p.expect("DATA 3 476")
		p.ack(3)
	}
	// The last but one has the place now and does nothing with it.
	all[len(all)-2].expect("DATA 2 512")
	for p := all[len(all)-1]; ; {
		if got := show(p.read(10 * time.Second)); got == "ERROR 3 "+replyBusy.text {
			break
		} else if got != "DATA 1 512" {
			t.Fatalf("who waited for too long got %s", got)
		}
	}
	if n, _ := files.Serving(); n != 1 {
		t.Errorf("%d places are held", n)
	}
}
