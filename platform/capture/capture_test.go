package capture_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/google/gopacket"

	"option150/platform/capture"
	"option150/platform/ether"
	"option150/platform/journal"
	"option150/platform/netns"
	"option150/platform/testkit/wiretap"
	"option150/platform/wire"
)

func TestMain(m *testing.M) { os.Exit(netns.Run(m)) }

var (
	_ gopacket.ZeroCopyPacketDataSource = (*capture.Source)(nil)
	_ journal.Debugged                  = wire.Refused{}
)

var (
	boxAddr   = netip.MustParseAddr("10.0.0.1")
	phoneAddr = netip.MustParseAddr("10.0.0.2")
	phoneMAC  = ether.MAC{0x00, 0x1e, 0x7a, 0, 0, 1}
)

// world is a box and a phone on a switch.
func world(t *testing.T) (box, ph *netns.Host, port *netns.Port) {
	t.Helper()
	netns.Need(t)
	l, err := netns.NewLAN()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	plug := func(name string, mac []byte, a netip.Addr) (*netns.Host, *netns.Port) {
		h, err := netns.NewHost(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		p, err := l.Plug(h, netns.Cable{MAC: mac, Addr: netip.PrefixFrom(a, 24)})
		if err != nil {
			t.Fatal(err)
		}
		return h, p
	}
	box, port = plug("box", []byte{2, 0, 0, 0, 0, 1}, boxAddr)
	ph, _ = plug("phone", phoneMAC[:], phoneAddr)
	return box, ph, port
}

func on[T any](t *testing.T, h *netns.Host, f func() (T, error)) T {
	t.Helper()
	var v T
	if err := h.Do(func() (err error) { v, err = f(); return err }); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestRecordTransfer(t *testing.T) {
	box, ph, _ := world(t)
	var file bytes.Buffer
	rec := on(t, box, func() (*wiretap.Recorder, error) {
		return wiretap.Start("eth0", capture.Filter{TCP: []uint16{6970}, UDP: []uint16{69}}, &file)
	})
	ln := on(t, box, func() (net.Listener, error) { return net.Listen("tcp4", "10.0.0.1:6970") })
	defer ln.Close()
	const size = 500_000
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		var req [18]byte
		io.ReadFull(c, req[:])
		c.Write(make([]byte, size))
	}()
	c := on(t, ph, func() (net.Conn, error) { return net.Dial("tcp4", "10.0.0.1:6970") })
	fmt.Fprint(c, "GET /x HTTP/1.1\r\n\r")
	if n, err := io.Copy(io.Discard, c); n != size || err != nil {
		t.Fatal(n, err)
	}
	c.Close()
	for _, port := range []string{"69", "70"} { // 70 is not wanted
		udp := on(t, box, func() (net.PacketConn, error) { return net.ListenPacket("udp4", "10.0.0.1:"+port) })
		u := on(t, ph, func() (net.Conn, error) { return net.Dial("udp4", "10.0.0.1:"+port) })
		u.Write([]byte("\x00\x01x\x00octet\x00"))
		u.Close()
		if _, _, err := udp.ReadFrom(make([]byte, 100)); err != nil { // it was on the wire
			t.Fatal(err)
		}
		udp.Close()
	}
	st, err := rec.Stop()
	if err != nil || st.Dropped != 0 {
		t.Fatal(st, err)
	}
	ps, err := wiretap.ReadAll(&file, 10000)
	if err != nil || uint64(len(ps)) != st.Received {
		t.Fatal(len(ps), st, err)
	}
	var got int
	var rrq string
	var there [size + 2]bool      // bytes of the answer, by their place in it: some are sent twice on a busy machine
	var first uint32              // the sequence number of its SYN
	requests := map[string]bool{} // the same goes for the request
	for _, p := range ps {
		switch {
		case p.TCP() && p.Src.Port() == 6970 && p.Flags&capture.SYN != 0:
			first = p.Seq
		case p.TCP() && p.Src.Port() == 6970:
			for i := range p.Payload {
				if at := int(p.Seq-first) + i; at < len(there) && !there[at] {
					there[at] = true
					got++
				}
			}
		case p.TCP() && p.Dst.Port() == 6970 && len(p.Payload) > 0:
			requests[string(p.Payload)] = true
		case p.UDP():
			rrq += string(p.Payload)
			if p.SrcMAC != phoneMAC || p.Src.Addr() != phoneAddr || p.TTL != 64 || p.VLAN != -1 || p.Type != 0x0800 {
				t.Errorf("%+v", p)
			}
		}
		if p.Time.IsZero() || time.Since(p.Time) > time.Minute {
			t.Error("time", p.Time)
		}
	}
	if got != size || len(requests) != 1 || !requests["GET /x HTTP/1.1\r\n\r"] || rrq != "\x00\x01x\x00octet\x00" {
		t.Errorf("%d bytes, requests %v, rrq %q", got, requests, rrq)
	}
}

func TestCloseWakesReader(t *testing.T) {
	box, _, _ := world(t)
	src := on(t, box, func() (*capture.Source, error) { return capture.Open("eth0", capture.Options{}) })
	done := make(chan error, 1)
	go func() {
		for {
			if _, _, err := src.ZeroCopyReadPacketData(); err != nil {
				done <- err
				return
			}
		}
	}()
	time.Sleep(20 * time.Millisecond)
	src.Close()
	select {
	case err := <-done:
		if !errors.Is(err, os.ErrClosed) {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("the reader still waits")
	}
	if _, err := capture.Open("nothing0", capture.Options{}); err == nil {
		t.Error("opened an interface that does not exist")
	}
}

// TestLinkDown: the reader survives the interface going down and coming back.
func TestLinkDown(t *testing.T) {
	box, ph, _ := world(t)
	src := on(t, box, func() (*capture.Source, error) {
		prog, err := capture.Filter{UDP: []uint16{4051}}.Assemble()
		if err != nil {
			return nil, err
		}
		return capture.Open("eth0", capture.Options{Filter: prog})
	})
	defer src.Close()
	for round := range 2 {
		if round > 0 {
			if err := errors.Join(box.SetLink("eth0", false), box.SetLink("eth0", true)); err != nil {
				t.Fatal(err)
			}
		}
		deadline := time.Now().Add(5 * time.Second)
		src.SetReadDeadline(deadline)
		u := on(t, ph, func() (net.Conn, error) { return net.Dial("udp4", "10.0.0.255:4051") })
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() { // until one arrives: the link takes a moment
			defer close(done)
			for {
				u.Write([]byte("PFS-TEST"))
				select {
				case <-stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
			}
		}()
		frame, ci, err := src.ZeroCopyReadPacketData()
		close(stop)
		<-done
		u.Close()
		if err != nil {
			t.Fatal(round, err)
		}
		p, err := capture.NewDecoder().Decode(frame, ci)
		if err != nil || string(p.Payload) != "PFS-TEST" || p.Src.Addr() != phoneAddr {
			t.Error(p, err)
		}
		if ci.AncillaryData[0] != capture.Broadcast || ci.Length != len(frame) || ci.InterfaceIndex == 0 {
			t.Errorf("%+v", ci)
		}
	}
}

// TestTaggedFrame: the kernel takes the tag off and tells it beside.
func TestTaggedFrame(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 || ^uint(0)>>32 == 0 {
		t.Skip("verified on 64-bit little-endian machines only")
	}
	box, ph, _ := world(t)
	src := on(t, box, func() (*capture.Source, error) { return capture.Open("eth0", capture.Options{Promiscuous: true}) })
	defer src.Close()
	src.SetReadDeadline(time.Now().Add(5 * time.Second))
	out := on(t, ph, func() (*capture.Source, error) { return capture.Open("eth0", capture.Options{}) })
	defer out.Close()
	f := append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, phoneMAC[:]...)
	f = append(f, 0x81, 0, 0, 110, 0x88, 0xb5)
	f = append(f, make([]byte, 46)...)
	sendRaw(t, ph, f)
	for {
		frame, ci, err := src.ZeroCopyReadPacketData()
		if err != nil {
			t.Fatal(err)
		}
		p, _ := capture.NewDecoder().Decode(frame, ci)
		if p.Type != 0x88b5 {
			continue // IPv6 neighbour discovery and the like
		}
		if p.VLAN != 110 || p.SrcMAC != phoneMAC {
			t.Errorf("%+v", p)
		}
		return
	}
}

func TestWatchRefused(t *testing.T) {
	box, ph, _ := world(t)
	j := journal.New(64)
	cur := j.Cursor()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- box.Do(func() error {
			return capture.NewWatcher(6970, nil).Watch(ctx, "eth0", j, func() { close(ready) })
		})
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	dial := func() error {
		return ph.Do(func() error {
			c, err := net.Dial("tcp4", "10.0.0.1:6970")
			if err == nil {
				c.Close()
			}
			return err
		})
	}
	ln := on(t, box, func() (net.Listener, error) { return net.Listen("tcp4", "10.0.0.1:6970") })
	if err := dial(); err != nil {
		t.Fatal(err)
	}
	ln.Close()
	if err := dial(); err == nil {
		t.Fatal("connected to a closed port")
	}
	tctx, tcancel := context.WithTimeout(ctx, 5*time.Second)
	defer tcancel()
	var e journal.Entry
	var err error
	for { // the phone asks for the hardware address of the box first
		if e, _, err = cur.Next(tctx); err != nil {
			t.Fatal(err)
		}
		if _, ok := e.Event.(wire.Sought); !ok {
			break
		}
	}
	if want := (wire.Refused{Client: phoneAddr, MAC: phoneMAC, Server: boxAddr, Port: 6970}); e.Event != want {
		t.Errorf("got %+v, want %+v", e.Event, want)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for {
		e, _, more := cur.TryNext()
		if !more {
			break
		}
		if _, ok := e.Event.(wire.Sought); !ok {
			t.Errorf("more than one event, %+v: the accepted connection counts as refused?", e.Event)
		}
	}
}
