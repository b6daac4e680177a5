package netns_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"

	"option150/platform/capture"
	"option150/platform/netns"
	"option150/platform/testkit/wiretap"
)

// TestMirror: the mirror port sees each frame that two other hosts send to
// each other, none longer than a wire carries, and an ordinary port does not.
func TestMirror(t *testing.T) {
	l := newLAN(t)
	a, _ := newHost(t, l, "a", netns.Cable{Addr: netip.MustParsePrefix("10.0.0.1/24"), Frames: true})
	b, _ := newHost(t, l, "b", netns.Cable{Addr: netip.MustParsePrefix("10.0.0.2/24"), Frames: true})
	box, _ := newHost(t, l, "box", netns.Cable{Addr: netip.MustParsePrefix("10.0.0.3/24")})
	if _, err := l.Mirror(box, netns.Cable{Interface: "eth1"}, false); err != nil {
		t.Fatal(err)
	}
	for _, ifname := range []string{"eth0", "eth1"} {
		var rec *wiretap.Recorder
		var file bytes.Buffer
		if err := box.Do(func() (err error) {
			rec, err = wiretap.Start(ifname, capture.Filter{TCP: []uint16{4051}}, &file)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if _, err := rec.Stop(); err != nil {
				t.Fatal(err)
			}
			ps, err := wiretap.ReadAll(&file, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			n, longest := 0, 0
			for _, p := range ps {
				n += len(p.Payload)
				longest = max(longest, len(p.Payload))
			}
			if ifname == "eth1" && (n < 1<<20 || longest > 1460) {
				t.Errorf("the mirror port saw %d bytes, the longest frame had %d", n, longest)
			}
			if ifname == "eth0" && n > 1460*4 { // before the switch knows where b is
				t.Errorf("an ordinary port saw %d bytes", n)
			}
		}()
	}
	var ln net.Listener
	if err := a.Do(func() (err error) { ln, err = net.Listen("tcp4", "10.0.0.1:4051"); return err }); err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Write(make([]byte, 1<<20))
	}()
	var c net.Conn
	if err := b.Do(func() (err error) {
		c, err = (&net.Dialer{}).DialContext(context.Background(), "tcp4", "10.0.0.1:4051")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n, err := io.Copy(io.Discard, c); err != nil || n != 1<<20 {
		t.Fatal(n, err)
	}
}
