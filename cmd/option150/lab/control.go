package lab

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"option150/platform/netns"
)

// Control is the call control of a lab: it takes the connections of phones on
// the ports of SCCP and SIP and answers SIP requests, so that phones have where
// to register. It is no call control beyond that.
type Control struct {
	// Rejects makes it close what it took at once, as one does that does not
	// know the device.
	Rejects atomic.Bool

	wg    sync.WaitGroup
	mu    sync.Mutex
	open  []interface{ Close() error }
	conns map[net.Conn]bool
}

// ControlAddr is the address of call control in a lab.
var ControlAddr = netip.MustParseAddr("10.150.0.2")

// StartControl opens the ports on a host.
func StartControl(h *netns.Host) (*Control, error) {
	c := &Control{conns: map[net.Conn]bool{}}
	err := h.Do(func() error {
		for _, port := range []int{2000, 5060} {
			l, err := net.Listen("tcp4", fmt.Sprintf("%s:%d", ControlAddr, port))
			if err != nil {
				return err
			}
			c.open = append(c.open, l)
			c.wg.Go(func() { c.accept(l) })
		}
		u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: ControlAddr.AsSlice(), Port: 5060})
		if err != nil {
			return err
		}
		c.open = append(c.open, u)
		c.wg.Go(func() { answer(u) })
		return nil
	})
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *Control) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if c.Rejects.Load() {
			_ = conn.Close()
			continue
		}
		c.mu.Lock()
		c.conns[conn] = true
		c.mu.Unlock()
		c.wg.Go(func() { // until the phone goes
			_, _ = conn.Read(make([]byte, 1))
			_ = conn.Close()
			c.mu.Lock()
			delete(c.conns, conn)
			c.mu.Unlock()
		})
	}
}

// answer says 200 to every SIP request, with the headers that name it.
func answer(u *net.UDPConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := u.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		var b bytes.Buffer
		b.WriteString("SIP/2.0 200 OK\r\n")
		for _, line := range bytes.Split(buf[:n], []byte("\r\n")) {
			for _, h := range []string{"Via:", "From:", "To:", "Call-ID:", "CSeq:"} {
				if bytes.HasPrefix(line, []byte(h)) {
					b.Write(line)
					b.WriteString("\r\n")
				}
			}
		}
		b.WriteString("Content-Length: 0\r\n\r\n")
		_, _ = u.WriteToUDPAddrPort(b.Bytes(), from)
	}
}

// Close takes it away.
func (c *Control) Close() {
	for _, o := range c.open {
		_ = o.Close()
	}
	c.mu.Lock()
	for conn := range c.conns {
		_ = conn.Close()
	}
	c.mu.Unlock()
	c.wg.Wait()
}
