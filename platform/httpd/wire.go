package httpd

import (
	"net/netip"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// Ends names a connection by its two ends.
type Ends struct{ Local, Remote netip.AddrPort }

// Wire is what the kernel's TCP knows of a connection. [tcp(7), TCP_INFO]
type Wire struct {
	RTT     time.Duration // smoothed; 0 = not measured
	Resent  int           // segments sent once more since it was opened
	Waiting int64         // bytes given to it that the client has not acknowledged
}

// Wires tells it of the open connections. It asks the kernel about each and is
// for an operator who waits.
func (s *Server) Wires() map[Ends]Wire {
	s.tracker.mu.Lock()
	all := slices.Clone(s.tracker.conns)
	s.tracker.mu.Unlock()
	out := make(map[Ends]Wire, len(all))
	for _, c := range all {
		_ = c.inspect(func(fd uintptr) { // not called for one that was closed meanwhile
			info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
			if err != nil {
				return
			}
			queued, _ := unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
			out[Ends{c.local, c.remote}] = Wire{time.Duration(info.Rtt) * time.Microsecond, int(info.Total_retrans), int64(queued)}
		})
	}
	return out
}

// inspect has f look at the socket, whoever has it.
func (c *conn) inspect(f func(fd uintptr)) error {
	tcp := c.handed()
	if tcp == nil {
		return c.descriptor.control(f)
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Control(f)
}
