package lab

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	"option150/platform/netns"
)

// Control is the call control of a lab: on the ports of SCCP and SIP it registers
// the phones that ask for it, so that they have where to register. It is no call
// control beyond that.
type Control struct {
	// Rejects makes it say no and close the connection, as one does that does not
	// know the device.
	Rejects atomic.Bool

	wg    sync.WaitGroup
	mu    sync.Mutex
	open  []interface{ Close() error }
	conns map[net.Conn]bool
}

// ControlAddr is the address of call control in a lab.
var ControlAddr = netip.MustParseAddr("10.150.0.2")

// StartControl opens the ports on a host that has the address.
func StartControl(h *netns.Host, at netip.Addr) (*Control, error) {
	c := &Control{conns: map[net.Conn]bool{}}
	err := h.Do(func() error {
		for _, port := range []int{2000, 5060} {
			l, err := net.Listen("tcp4", netip.AddrPortFrom(at, uint16(port)).String())
			if err != nil {
				return err
			}
			c.open = append(c.open, l)
			c.wg.Go(func() { c.accept(l) })
		}
		u, err := net.ListenUDP("udp4", &net.UDPAddr{IP: at.AsSlice(), Port: 5060})
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
		c.mu.Lock()
		c.conns[conn] = true
		c.mu.Unlock()
		c.wg.Go(func() { // until the phone goes
			c.talk(conn, bufio.NewReader(conn))
			_ = conn.Close()
			c.mu.Lock()
			delete(c.conns, conn)
			c.mu.Unlock()
		})
	}
}

// talk registers whoever asks for it, or says no.
func (c *Control) talk(conn net.Conn, in *bufio.Reader) {
	for {
		first, err := in.Peek(4)
		if err != nil {
			return
		}
		var reply []byte
		if first[3] == 0 { // the length of a message of SCCP
			reply, err = c.sccp(in)
		} else {
			reply, err = c.sip(in)
		}
		if err == nil && reply != nil {
			_, err = conn.Write(reply)
		}
		if err != nil || c.Rejects.Load() {
			return
		}
	}
}

// sccp answers a message: RegisterAck or RegisterReject to Register, an answer to
// a keep-alive, nothing to others. [facts/phones.md 8]
func (c *Control) sccp(in *bufio.Reader) ([]byte, error) {
	var head [12]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return nil, err
	}
	n := int64(binary.LittleEndian.Uint32(head[:])) - 4
	if n < 0 || n > 4096 {
		return nil, errors.New("no message of SCCP")
	}
	if _, err := io.CopyN(io.Discard, in, n); err != nil {
		return nil, err
	}
	message := func(id uint32, body []byte) []byte {
		b := make([]byte, 12, 12+len(body))
		binary.LittleEndian.PutUint32(b, uint32(4+len(body)))
		binary.LittleEndian.PutUint32(b[8:], id)
		return append(b, body...)
	}
	switch binary.LittleEndian.Uint32(head[8:]) {
	case 0x0001:
		if c.Rejects.Load() {
			return message(0x009d, append([]byte("No Such Device"), make([]byte, 22)...)), nil
		}
		return message(0x0081, make([]byte, 20)), nil
	case 0x0000:
		return message(0x0100, nil), nil
	}
	return nil, nil
}

// sip answers a request over TCP.
func (c *Control) sip(in *bufio.Reader) ([]byte, error) {
	var q bytes.Buffer
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if q.Len()+len(line) > 16<<10 {
			return nil, errors.New("no message of SIP")
		}
		if strings.TrimSpace(line) == "" {
			break
		}
		q.WriteString(line)
	}
	if c.Rejects.Load() && bytes.HasPrefix(q.Bytes(), []byte("REGISTER ")) {
		return said("403 Forbidden", q.Bytes()), nil
	}
	return said("200 OK", q.Bytes()), nil
}

// said is the answer to a request, with the headers that name it and, where it
// is to register, what it registers.
func said(status string, q []byte) []byte {
	names := []string{"Via:", "From:", "To:", "Call-ID:", "CSeq:"}
	if bytes.HasPrefix(q, []byte("REGISTER ")) && strings.HasPrefix(status, "200") {
		names = append(names, "Contact:", "Expires:")
	}
	b := bytes.NewBufferString("SIP/2.0 " + status + "\r\n")
	for _, line := range bytes.Split(q, []byte("\r\n")) {
		for _, h := range names {
			if bytes.HasPrefix(line, []byte(h)) {
				b.Write(line)
				b.WriteString("\r\n")
			}
		}
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return b.Bytes()
}

// answer says 200 to every SIP request over UDP.
func answer(u *net.UDPConn) {
	buf := make([]byte, 4096)
	for {
		n, from, err := u.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			_, _ = u.WriteToUDPAddrPort(said("200 OK", buf[:n]), from)
		}
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
