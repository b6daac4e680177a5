package peers

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	piece   = 4096
	maxFile = 128 << 20 // the largest firmware file known has 82 MB
	// absent instead of a length: the parent has not got the file.
	absent = 0xffffffff
)

// track keeps a connection so that Close ends it.
func (n *Node) track(c net.Conn) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		c.Close()
		return false
	}
	n.conns[c] = true
	return true
}

func (n *Node) drop(c net.Conn) {
	n.mu.Lock()
	delete(n.conns, c)
	n.mu.Unlock()
	c.Close()
}

// accept takes connections: of children, or of parents if those connect.
func (n *Node) accept() {
	for {
		c, err := n.tcp.Accept()
		if err != nil {
			return
		}
		if !n.track(c) {
			return
		}
		a := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap()
		if !n.cfg.Habits.ParentConnects {
			n.wg.Go(func() { n.serve(c, a); n.drop(c) })
			continue
		}
		select {
		case n.from(a) <- c:
		default:
			n.drop(c)
		}
	}
}

// from are the connections a parent has opened to us.
func (n *Node) from(a netip.Addr) chan net.Conn {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.incoming[a] == nil {
		n.incoming[a] = make(chan net.Conn, 8)
	}
	return n.incoming[a]
}

// adopted is a new child of ours.
func (n *Node) adopted(a netip.Addr) {
	n.mu.Lock()
	count := len(n.children)
	parent := false
	for _, h := range n.trees {
		parent = parent || h.parent.IsValid()
	}
	ended := n.ctx.Err() != nil
	n.mu.Unlock()
	n.slotsLine(parent, count)
	if !n.cfg.Habits.ParentConnects || ended {
		return
	}
	n.wg.Go(func() {
		for n.connectTo(a) {
		}
		n.mu.Lock()
		n.children[a].done = true
		n.mu.Unlock()
	})
}

// connectTo serves a child over a connection of ours and reports whether it
// may want another one.
func (n *Node) connectTo(a netip.Addr) (again bool) {
	c, err := n.dial(a)
	if err != nil {
		return false
	}
	defer n.drop(c)
	return n.serve(c, a) && !n.done(a)
}

func (n *Node) done(a netip.Addr) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	c := n.children[a]
	return c == nil || c.done || n.ctx.Err() != nil
}

func (n *Node) dial(a netip.Addr) (c net.Conn, err error) {
	err = n.cfg.In(func() (e error) {
		d := net.Dialer{Timeout: n.cfg.Habits.Patience, KeepAlive: -1, LocalAddr: &net.TCPAddr{IP: n.cfg.Addr.Addr().AsSlice()}}
		c, e = d.DialContext(n.ctx, "tcp4", netip.AddrPortFrom(a, Port).String())
		return e
	})
	if err != nil {
		return nil, err
	}
	if !n.track(c) {
		return nil, net.ErrClosed
	}
	return c, nil
}

// touch notes that a child is alive.
func (n *Node) touch(a netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.children[a] == nil {
		n.children[a] = &child{}
	}
	n.children[a].active = time.Now()
}

// serve answers a child: a line asks for a file, the answer is its length in
// four bytes and the file, once it is there whole. It reports whether a file
// was sent to its end.
func (n *Node) serve(c net.Conn, a netip.Addr) (whole bool) {
	br := bufio.NewReaderSize(c, 512)
	for {
		line, err := br.ReadSlice('\n')
		name, ok := strings.CutPrefix(strings.TrimSpace(string(line)), mark+"GET ")
		if err != nil || !ok {
			return whole
		}
		n.touch(a)
		f := n.file(name)
		for waiting := true; waiting; {
			select {
			case <-n.ctx.Done():
				return false
			case <-f.ready:
				waiting = false
			case <-time.After(n.cfg.Habits.Patience / 4):
				n.touch(a)
			}
		}
		if !n.write(c, a, f) {
			return false
		}
		if whole = true; !n.cfg.Habits.KeepConnection {
			return true
		}
	}
}

func (n *Node) write(c net.Conn, a netip.Addr, f *content) bool {
	head := binary.BigEndian.AppendUint32(nil, absent)
	if f.ok {
		head = binary.BigEndian.AppendUint32(nil, uint32(len(f.data)))
	}
	if _, err := c.Write(head); err != nil {
		return false
	}
	began := time.Now()
	for rest := f.data; len(rest) > 0; {
		// A phone writes what it hands on to its flash too.
		due := time.Duration(len(f.data)-len(rest)) * time.Second / time.Duration(n.cfg.Habits.Rate)
		time.Sleep(due - time.Since(began))
		k := min(len(rest), piece)
		if err := c.SetWriteDeadline(time.Now().Add(n.cfg.Habits.Patience)); err != nil {
			return false
		}
		if _, err := c.Write(rest[:k]); err != nil {
			return false
		}
		rest = rest[k:]
		n.touch(a)
		n.mu.Lock()
		n.sent += int64(k)
		sent := n.sent
		n.mu.Unlock()
		if n.cfg.Habits.Dies != nil && n.cfg.Habits.Dies(n.cfg.Device, sent) {
			n.die()
			return false
		}
	}
	return true
}

// die takes the power off: the link goes down, and no connection says goodbye
// when the phone is switched on again.
func (n *Node) die() {
	if n.cfg.PowerOff != nil {
		n.cfg.PowerOff()
	}
	n.stop(ErrPowerOff)
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetLinger(0)
		}
	}
}

// pull gets a file from the parent.
func (n *Node) pull(h *hierarchy, file string) ([]byte, error) {
	c, err := n.toParent(h)
	if err != nil {
		return nil, err
	}
	if n.cfg.Habits.KeepConnection {
		n.mu.Lock()
		n.kept = c
		n.mu.Unlock()
	} else {
		defer n.drop(c)
	}
	if err := n.probe(c); err != nil {
		return nil, err
	}
	if _, err := fmt.Fprintf(c, "%sGET %s\n", mark, file); err != nil {
		return nil, err
	}
	// The parent may itself be waiting for the file: as long as it is there.
	head := make([]byte, 4)
	if err := n.read(c, head, true); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head)
	if size == absent || size > maxFile {
		return nil, errors.New("has not got the file")
	}
	data := make([]byte, size)
	return data, n.read(c, data, false)
}

// toParent is a connection to the parent, opened by the side that does.
func (n *Node) toParent(h *hierarchy) (net.Conn, error) {
	n.mu.Lock()
	kept := n.kept
	n.mu.Unlock()
	if kept != nil && kept.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap() == h.parent {
		return kept, nil
	}
	if kept != nil {
		n.drop(kept)
	}
	if !n.cfg.Habits.ParentConnects {
		return n.dial(h.parent)
	}
	select {
	case c := <-n.from(h.parent):
		return c, nil
	case <-n.ctx.Done():
		return nil, n.ctx.Err()
	case <-time.After(2 * n.cfg.Habits.Patience):
		return nil, errors.New("opened no connection")
	}
}

// read fills b. While it waits for the first byte it bears with a parent that
// has nothing yet: the probes of the connection tell whether it is still there.
func (n *Node) read(c net.Conn, b []byte, waits bool) error {
	limit := time.Time{}
	for at := 0; at < len(b); {
		if !waits {
			limit = time.Now().Add(n.cfg.Habits.Patience)
		}
		if err := c.SetReadDeadline(limit); err != nil {
			return err
		}
		k, err := c.Read(b[at:])
		at += k
		if err != nil && at < len(b) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

// probe makes the kernel notice a peer that has gone.
func (n *Node) probe(c net.Conn) error {
	t := c.(*net.TCPConn)
	every := max(time.Second, n.cfg.Habits.Patience/5)
	err := t.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: every, Interval: every, Count: 4})
	rc, e := t.SyscallConn()
	if e == nil {
		e = rc.Control(func(fd uintptr) {
			err = errors.Join(err, unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(n.cfg.Habits.Patience.Milliseconds())))
		})
	}
	return errors.Join(err, e)
}
